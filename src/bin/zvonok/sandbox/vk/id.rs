//! VK ID for one person at a time: `GET /vkid/authorize`, where a page of VK would ask the person,
//! approves at once for the account in the parameter `user`, and `POST /vkid/oauth2/auth` changes
//! the code for an account. PKCE is S256 only, with the check of VK's.
//!
//! Any application may come. Errors of the exchange have status 200, since VK does not document
//! theirs, and a code is used up by the first request that names it, also by a wrong one. Of the
//! exchange's parameters the log leaves out the code and its verifier.

use std::collections::VecDeque;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::control::{Answer, Order, wrong};
use super::super::desk::{Desk, Papers, now_ms};
use super::super::exchange::{self, Reply};
use super::super::faults::{Code, Deed};
use super::super::log::{Opening, Outcome};
use super::super::max::percent;
use super::super::people::scramble;
use super::super::world::letters;
use super::PLATFORM;
use super::params::{self, Params};

/// The exchange's name in the log and in faults.
const METHOD: &str = "oauth2/auth";
/// Codes kept at a time; beyond it the oldest are forgotten.
const MOST_CODES: usize = 10_000;
/// How long a code is good, in seconds.
const GOOD_FOR: i64 = 600;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/vkid/authorize", get(authorize))
        .route("/vkid/oauth2/auth", post(auth))
        .route("/sandbox/vkid/code", post(code))
}

/// The codes that were given and not used yet, oldest first.
#[derive(Default)]
pub(crate) struct Codes {
    given: VecDeque<Given>,
    made: u64,
}

/// A code, and what must come with it.
struct Given {
    code: String,
    device_id: String,
    approval: Approval,
    /// Milliseconds since 1970.
    ends: i64,
}

/// What a person agrees to; also the body of the control request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    user: i64,
    client_id: String,
    redirect_uri: String,
    code_challenge: String,
    #[serde(default = "usual_time")]
    expires_in: i64,
}

fn usual_time() -> i64 {
    GOOD_FOR
}

/// An error of OAuth: a word and a sentence.
type Error = (String, String);

fn error(word: &str, text: &str) -> Error {
    (word.to_owned(), text.to_owned())
}

fn missing(name: &str) -> Error {
    (String::from("invalid_request"), format!("{name} is missing or invalid"))
}

fn body((word, text): &Error, state: Option<&str>) -> Value {
    let mut body = json!({ "error": word, "error_description": text });
    if let Some(state) = state {
        body["state"] = json!(state);
    }
    body
}

impl Codes {
    /// A new code for this approval, with its device.
    fn give(&mut self, approval: Approval, now: i64) -> (String, String) {
        self.made += 1;
        let signs = |salt: u64| letters(scramble(self.made ^ (salt << 56)));
        let code = format!("vk2.a.{}{}{}", signs(1), signs(2), signs(3));
        let device_id = format!("{}{}", signs(4), signs(5));
        let ends = now.saturating_add(approval.expires_in.saturating_mul(1000));
        let given = Given { code: code.clone(), device_id: device_id.clone(), approval, ends };
        self.given.push_back(given);
        if self.given.len() > MOST_CODES {
            self.given.pop_front();
        }
        (code, device_id)
    }

    /// Whose code it is, if everything that came with it is right. The code is over either way.
    fn use_up(&mut self, params: &Params, now: i64) -> Result<i64, Error> {
        if params.get("grant_type") != Some("authorization_code") {
            return Err(error("unsupported_grant_type", "grant_type is not supported"));
        }
        let code = params.get("code");
        let at = self.given.iter().position(|given| code == Some(given.code.as_str()));
        let given = at.and_then(|at| self.given.remove(at)).filter(|given| now < given.ends);
        let given = given.ok_or_else(|| error("invalid_grant", "code is invalid or expired"))?;
        let is = |name: &str, wanted: &str| params.get(name) == Some(wanted);
        if !is("client_id", &given.approval.client_id) {
            return Err(error("invalid_client", "client_id is missing or invalid"));
        }
        if !is("redirect_uri", &given.approval.redirect_uri) {
            return Err(missing("redirect_uri"));
        }
        if !is("device_id", &given.device_id) {
            return Err(missing("device_id"));
        }
        let verifier = params.get("code_verifier").filter(|verifier| is_verifier(verifier));
        match verifier.map(challenge) {
            Some(made) if made == given.approval.code_challenge => Ok(given.approval.user),
            _ => Err(missing("verifier")),
        }
    }
}

fn is_verifier(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// S256 of RFC 7636.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()))
}

impl Approval {
    /// Reads what a browser brings.
    fn read(params: &Params) -> Result<Approval, Error> {
        let need = |name| params.get(name).map(str::to_owned).ok_or_else(|| missing(name));
        if params.get("response_type") != Some("code") {
            return Err(error("unsupported_response_type", "response_type is not supported"));
        }
        let method = params.get("code_challenge_method").unwrap_or_default();
        if !method.eq_ignore_ascii_case("s256") {
            return Err(missing("code_challenge_method"));
        }
        Ok(Approval {
            user: need("user")?.parse().map_err(|_| missing("user"))?,
            client_id: need("client_id")?,
            redirect_uri: need("redirect_uri")?,
            code_challenge: need("code_challenge")?,
            expires_in: GOOD_FOR,
        })
    }

    fn check(self, papers: &Papers) -> Result<Approval, Error> {
        let person = papers.people.get(self.user).filter(|person| !person.deactivated);
        if person.is_none() {
            return Err(missing("user"));
        }
        let is_challenge = self.code_challenge.len() == 43 && is_verifier(&self.code_challenge);
        if is_challenge { Ok(self) } else { Err(missing("code_challenge")) }
    }
}

fn approve(papers: &mut Papers, approval: Approval) -> Result<(String, String), Error> {
    let approval = approval.check(papers)?;
    Ok(papers.codes.give(approval, now_ms()))
}

async fn authorize(State(desk): State<Desk>, request: Request) -> Response {
    let params = match params::read(request).await {
        Ok((params, _)) => params,
        Err(refusal) => return refusal,
    };
    let approved = Approval::read(&params).and_then(|approval| {
        let address = approval.redirect_uri.clone();
        Ok((address, desk.note(|papers| approve(papers, approval))?))
    });
    match approved {
        Ok((address, (code, device_id))) => {
            let state = params.get("state").unwrap_or_default();
            let address = back(&address, &code, &device_id, state);
            (StatusCode::FOUND, [(header::LOCATION, address)]).into_response()
        }
        Err(error) => {
            (StatusCode::BAD_REQUEST, Json(body(&error, params.get("state")))).into_response()
        }
    }
}

/// Where the browser is sent.
fn back(address: &str, code: &str, device_id: &str, state: &str) -> String {
    let sign = if address.contains('?') { '&' } else { '?' };
    let (code, device_id, state) = (percent(code), percent(device_id), percent(state));
    format!(
        "{address}{sign}code={code}&expires_in={GOOD_FOR}&device_id={device_id}&state={state}\
         &type=code_v2"
    )
}

async fn code(State(desk): State<Desk>, Order(approval): Order<Approval>) -> Answer {
    let given = desk.note(|papers| approve(papers, approval));
    let (code, device_id) = given.map_err(|(_, text)| wrong(text))?;
    Ok(Json(json!({ "code": code, "device_id": device_id })))
}

async fn auth(State(desk): State<Desk>, request: Request) -> Response {
    let params = match params::read(request).await {
        Ok((params, _)) => params,
        Err(refusal) => return refusal,
    };
    let shown = params.all().iter().filter(|(name, _)| !name.starts_with("code")).cloned();
    let shown: Vec<_> = shown.collect();
    let deed = exchange::fault(&desk, PLATFORM, &[METHOD]).await;
    let carried_out = desk.note(|papers| {
        let opening = Opening {
            platform: PLATFORM,
            method: METHOD,
            params: &shown,
            changing: false,
            batch: None,
            time: now_ms(),
        };
        exchange::carry_out(papers, &opening, true, deed, |papers, _, deed| {
            reply(papers, &params, deed.as_ref())
        })
    });
    carried_out.deliver().await
}

fn reply(papers: &mut Papers, params: &Params, deed: Option<&Deed>) -> Reply {
    let state = params.get("state");
    let (result, status) = match deed {
        Some(Deed::Error { code, message, status, .. }) => {
            let word = match code {
                Code::Name(word) => word.clone(),
                Code::Number(number) => number.to_string(),
            };
            (Err((word, message.clone().unwrap_or_default())), status.unwrap_or(200))
        }
        _ => (papers.codes.use_up(params, now_ms()), 200),
    };
    let (outcome, body) = match result {
        Ok(user) => (Outcome::Word("ok"), tokens(user, state, &papers.codes)),
        Err(error) => (Outcome::Name(error.0.clone()), body(&error, state)),
    };
    Reply { outcome, status, body, retry_after: None }
}

/// The tokens open nothing here.
fn tokens(user: i64, state: Option<&str>, codes: &Codes) -> Value {
    let token = |salt: u64| letters(scramble(codes.made ^ (salt << 56)));
    json!({
        "access_token": format!("vk2.a.access-{}", token(6)),
        "refresh_token": format!("vk2.a.refresh-{}", token(7)),
        "id_token": format!("sandbox-id-{}", token(8)),
        "token_type": "Bearer",
        "expires_in": 3600,
        "user_id": user,
        "state": state.unwrap_or_default(),
        "scope": "vkid.personal_info",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let made = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(made, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_browser_goes_back_to_an_address_that_has_a_query_already() {
        let address = back("https://school.example/vk?from=profile", "c", "d", "a&b=c");
        let wanted = "https://school.example/vk?from=profile&code=c&expires_in=600&device_id=d\
                      &state=a%26b%3Dc&type=code_v2";
        assert_eq!(address, wanted);
    }
}
