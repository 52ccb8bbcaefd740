//! VK ID: which account a person has confirmed in the browser (OAuth 2.1's code with PKCE; facts of
//! VK ID's documentation and of its web SDK, autumn 2026).
//!
//! A code is good for one time. So a request that may have left is never repeated, and where its
//! answer did not come nobody knows whose the code was. Of the answer only the account's number is
//! read; the tokens in it go with it.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Result as Made, Text};
use crate::platform::http::{Http, Kind, Trouble};
use crate::platform::{Access, Class, Failure};
use crate::secret::Secret;
use crate::stop::{Reason, Stop};

/// How often it is tried in all, as long as nothing was sent.
const TRIES: u32 = 4;

/// How much of a description by VK ID is told.
const LONGEST_DESCRIPTION: usize = 200;

/// A longer word of a description may be a key.
const LONGEST_WORD: usize = 24;

/// What a person's browser brought back from VK ID, and the application that it was made for.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// VK ID's root, `https://id.vk.ru`.
    pub(crate) base_url: String,
    /// The application's number.
    pub(crate) client_id: String,
    /// The address to which the browser was sent back.
    pub(crate) redirect_uri: String,
    /// The code, good for one time and a few minutes.
    pub(crate) code: Secret,
    /// What the challenge of the authorization was made of.
    pub(crate) code_verifier: Secret,
    /// `device_id`, which came with the code.
    pub(crate) device_id: Secret,
    /// The authorization's `state`, where the host has one.
    pub(crate) state: Option<Secret>,
}

impl SignIn {
    fn form(&self) -> Vec<(&'static str, &str)> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code.reveal()),
            ("code_verifier", self.code_verifier.reveal()),
            ("client_id", self.client_id.as_str()),
            ("device_id", self.device_id.reveal()),
            ("redirect_uri", self.redirect_uri.as_str()),
        ];
        form.extend(self.state.as_ref().map(|state| ("state", state.reveal())));
        form
    }

    fn redact(&self, text: &str) -> String {
        let secrets = [&self.code, &self.code_verifier, &self.device_id];
        let secrets = secrets.into_iter().chain(&self.state);
        secrets.fold(text.to_owned(), |text, secret| secret.redact(&text))
    }
}

/// Asks VK ID whose account a code stands for; the account's number as text. Of `access` the way
/// out counts (proxy, CA file, times): VK ID never gets the community's key.
///
/// The failure is [`Class::Unreachable`] where nothing came to VK ID, [`Class::Lost`] where the code may
/// be used up without an answer, [`Class::Never`] where VK ID refuses the code,
/// [`Class::Missing`] where it refuses the application, [`Class::RetryLater`] where it is busy.
///
/// # Errors
/// A CA file or proxy that cannot be used.
pub(crate) fn signed_in(
    access: &Access,
    sign_in: &SignIn,
    stop: &Stop,
) -> Made<Result<String, Failure>> {
    let http = Http::new(access)?;
    Ok(ask(&http, sign_in, stop))
}

fn ask(http: &Http, sign_in: &SignIn, stop: &Stop) -> Result<String, Failure> {
    let url = format!("{}/oauth2/auth", sign_in.base_url.trim_end_matches('/'));
    let mut turn = 1;
    loop {
        match http.post_without_token(&url, &sign_in.form(), stop) {
            Ok(reply) => return account(sign_in, reply.status, &reply.body),
            Err(trouble) if trouble.sent || turn == TRIES => {
                return Err(unanswered(sign_in, &trouble));
            }
            Err(_) => stop.sleep(Duration::from_millis(150 << turn)).map_err(stopped)?,
        }
        turn += 1;
    }
}

/// Reads an answer of any status: errors come with more than one.
fn account(sign_in: &SignIn, status: u16, body: &[u8]) -> Result<String, Failure> {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(foreign(status));
    };
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(refused(sign_in, error, &answer));
    }
    let echoed = answer.get("state").and_then(Value::as_str).filter(|state| !state.is_empty());
    let sent = sign_in.state.as_ref().map(Secret::reveal);
    if echoed.is_some_and(|echoed| sent.is_some_and(|sent| sent != echoed)) {
        return Err(other_state());
    }
    answer.get("user_id").and_then(number).ok_or_else(nobody)
}

/// An account's number. One method of VK ID tells it as a number, another as text.
fn number(value: &Value) -> Option<String> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    number.filter(|number: &i64| *number > 0).map(|number| number.to_string())
}

fn failure(class: Class, code: &str, ru: String, en: String) -> Failure {
    Failure { class, code: code.to_owned(), message: Text::new(ru, en), after: Duration::ZERO }
}

fn refused(sign_in: &SignIn, error: &Value, answer: &Map<String, Value>) -> Failure {
    let word = error.as_str().filter(|word| is_word(word)).unwrap_or("error");
    let (class, ru, en) = match word {
        "invalid_client" | "unauthorized_client" => (
            Class::Missing,
            "VK ID не принимает приложение, указанное в vk_id",
            "VK ID refuses the application of vk_id",
        ),
        "temporarily_unavailable" | "server_error" | "slow_down" => (
            Class::RetryLater,
            "VK ID временно не отвечает на вопросы",
            "VK ID is busy for a moment",
        ),
        _ => (Class::Never, "VK ID не принял код", "VK ID refused the code"),
    };
    let said = answer.get("error_description").and_then(Value::as_str).unwrap_or_default();
    let said = match description(sign_in, said) {
        said if said.is_empty() => word.to_owned(),
        said => format!("{word}: {said}"),
    };
    failure(class, &format!("vk_id.{word}"), format!("{ru} ({said})"), format!("{en} ({said})"))
}

/// An error of OAuth, `invalid_request`.
fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// What VK ID wrote, without what was sent to it and without anything that may be a key.
fn description(sign_in: &SignIn, text: &str) -> String {
    let words = sign_in.redact(text);
    let words = words.split_whitespace().map(|word| match word.chars().count() {
        0..=LONGEST_WORD => word,
        _ => "•••",
    });
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_DESCRIPTION).collect()
}

fn other_state() -> Failure {
    failure(
        Class::Never,
        "vk_id.state",
        "VK ID ответил на другой запрос: state не совпадает".to_owned(),
        "VK ID answered to another request: the state differs".to_owned(),
    )
}

fn unanswered(sign_in: &SignIn, trouble: &Trouble) -> Failure {
    let (code, ru, en) = trouble.kind.told("VK ID");
    let class = match (trouble.sent, trouble.kind) {
        (true, _) => Class::Lost,
        (false, Kind::Stopped) => Class::Stopped,
        (false, _) => Class::Unreachable,
    };
    let detail = sign_in.redact(&trouble.detail);
    failure(class, code, format!("{ru} ({detail})"), format!("{en} ({detail})"))
}

fn nobody() -> Failure {
    failure(
        Class::Lost,
        "vk_id.user_id",
        "в ответе VK ID нет учётной записи".to_owned(),
        "VK ID's answer names no account".to_owned(),
    )
}

/// An answer that is not VK ID's: a page of a proxy, an error page.
fn foreign(status: u16) -> Failure {
    let class = match status {
        300..=499 => Class::Unreachable,
        _ => Class::Lost,
    };
    failure(
        class,
        "http.status",
        format!("вместо ответа VK ID пришло что-то другое (HTTP {status})"),
        format!("something else came instead of VK ID's answer (HTTP {status})"),
    )
}

fn stopped(reason: Reason) -> Failure {
    let (code, ru, en) = match reason {
        Reason::Cancelled => ("stop.cancelled", "работа отменена", "the work was cancelled"),
        Reason::Budget => ("stop.budget", "время вышло", "the time is over"),
    };
    failure(Class::Stopped, code, ru.to_owned(), en.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sign_in() -> SignIn {
        SignIn {
            base_url: "http://127.0.0.1".to_owned(),
            client_id: "51".to_owned(),
            redirect_uri: "https://school.example/vk".to_owned(),
            code: Secret::new("code-of-a-person"),
            code_verifier: Secret::new("verifier-of-a-person"),
            device_id: Secret::new("device"),
            state: Some(Secret::new("state-1")),
        }
    }

    fn told(status: u16, answer: &Value) -> Result<String, Failure> {
        account(&sign_in(), status, answer.to_string().as_bytes())
    }

    #[test]
    fn the_account_is_read_as_a_number_and_as_text_and_nothing_else_is_one() {
        for id in [json!(200_000_000_301_i64), json!("200000000301"), json!(" 200000000301 ")] {
            let answer = json!({"user_id": id, "access_token": "t", "state": "state-1"});
            assert_eq!(told(200, &answer).unwrap(), "200000000301");
        }
        for id in [json!(0), json!(-5), json!("id5"), json!(""), json!(5.5), json!(null)] {
            assert_eq!(told(200, &json!({"user_id": id})).unwrap_err().class, Class::Lost, "{id}");
        }
    }

    #[test]
    fn an_error_is_an_error_with_any_status() {
        let classes = [
            ("invalid_grant", Class::Never),
            ("a_new_one", Class::Never),
            ("invalid_client", Class::Missing),
            ("temporarily_unavailable", Class::RetryLater),
        ];
        for (word, class) in classes {
            for status in [200, 400, 401, 500] {
                let failure = told(status, &json!({"error": word, "user_id": 5})).unwrap_err();
                assert_eq!((failure.class, failure.code), (class, format!("vk_id.{word}")));
            }
        }
        let failure = told(200, &json!({"error": {"error_code": 5}})).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "vk_id.error"));
    }

    #[test]
    fn a_description_is_told_without_what_must_not_be_seen() {
        let text = "verifier verifier-of-a-person of code code-of-a-person is invalid, \
                    see vk2.a.abcdefghijklmnopqrstuvwxyz";
        let answer = json!({"error": "invalid_request", "error_description": text});
        let failure = told(400, &answer).unwrap_err();
        let wanted = "VK ID refused the code (invalid_request: verifier ••• of code ••• is \
                      invalid, see •••)";
        assert_eq!(failure.message.en, wanted);
        let word = json!({"error": "vk2.a.abcdefghijklmnopqrstuvwxyz"});
        assert_eq!(told(400, &word).unwrap_err().code, "vk_id.error");
    }

    #[test]
    fn an_answer_to_another_state_proves_nothing() {
        let answer = json!({"user_id": 5, "state": "state-2"});
        assert_eq!(told(200, &answer).unwrap_err().code, "vk_id.state");
        assert_eq!(told(200, &json!({"user_id": 5})).unwrap(), "5", "not all answers tell it");
    }

    #[test]
    fn a_page_of_somebody_on_the_way_leaves_the_code_as_it_was() {
        let class = |status| account(&sign_in(), status, b"<html>").unwrap_err().class;
        assert_eq!((class(302), class(403)), (Class::Unreachable, Class::Unreachable));
        assert_eq!((class(200), class(502)), (Class::Lost, Class::Lost));
    }
}
