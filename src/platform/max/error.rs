//! What MAX's errors mean for us: a table, not a program. MAX documents few of its errors; the
//! others are those that its official clients, their tests and their users have met until October
//! 2026.

use std::time::Duration;

use super::request::{ADD, DEMOTE, EVENTS, PIN, PROMOTE, REMOVE, RENAME, TELL, UNPIN};
use crate::error::Text;
use crate::platform::{Class, Failure};

/// An error as MAX tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MaxError {
    /// Of HTTP; 200 where MAX answered that it did nothing.
    pub(super) status: u16,
    /// MAX's own name of the error, such as `chat.denied`; may be empty.
    pub(super) key: String,
    /// One sentence or a key of its texts, English.
    pub(super) text: String,
}

impl MaxError {
    /// HTTP's status for too many requests.
    pub(super) const TOO_MANY: u16 = 429;

    /// A request that MAX took and did not do; `text` is MAX's reason.
    pub(super) fn undone(text: &str) -> MaxError {
        MaxError { status: 200, key: "undone".to_owned(), text: text.to_owned() }
    }

    /// An account that could not be added, by the error of its own.
    pub(super) fn not_added(key: &str, text: &str) -> MaxError {
        let key = if key.is_empty() { "undone" } else { key };
        MaxError { status: 200, key: key.to_owned(), text: text.to_owned() }
    }

    /// The failure of a request to `route`.
    pub(super) fn failure(&self, route: &str) -> Failure {
        let rule = rule(self, route);
        let key = match shortened(&self.key, 60) {
            key if key.is_empty() => self.status.to_string(),
            key => key,
        };
        let (ru, en) = rule.told(route);
        let said = match self.text.trim() {
            "" => format!("{route}: {key}"),
            text => format!("{route}: {key}: {}", shortened(text, 300)),
        };
        Failure {
            class: rule.class,
            code: format!("max.{}", rule.name.unwrap_or(&key)),
            message: Text::new(format!("{ru} ({said})"), format!("{en} ({said})")),
            after: Duration::from_secs(rule.after),
        }
    }
}

fn shortened(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

struct Rule {
    status: u16,
    /// Empty: any.
    key: &'static str,
    when: When,
    class: Class,
    /// Seconds, for [`Class::RetryLater`].
    after: u64,
    ru: &'static str,
    en: &'static str,
    /// Our name of the error where MAX's own says too little.
    name: Option<&'static str>,
}

impl Rule {
    const fn named(self, name: &'static str) -> Rule {
        Rule { name: Some(name), ..self }
    }

    /// The sentences, and what a person must give where the bot lacks something in the chat.
    fn told(&self, route: &str) -> (String, String) {
        let (ru, en) = (self.ru.to_owned(), self.en.to_owned());
        match RIGHTS.iter().find(|(of, ..)| *of == route) {
            Some((_, give_ru, give_en)) if self.class == Class::MissingHere => {
                (format!("{ru}; {give_ru}"), format!("{en}; {give_en}"))
            }
            _ => (ru, en),
        }
    }
}

/// The right that a request needs, as a person is asked to give it.
const RIGHTS: [(&str, &str, &str); 6] = [
    (
        REMOVE,
        "нужно право добавлять и удалять участников",
        "it needs the right to add and remove members",
    ),
    (PROMOTE, "нужно право назначать администраторов", "it needs the right to appoint admins"),
    (DEMOTE, "нужно право назначать администраторов", "it needs the right to appoint admins"),
    (RENAME, "нужно право менять данные чата", "it needs the right to change the chat's info"),
    (PIN, "нужно право закреплять сообщения", "it needs the right to pin messages"),
    (UNPIN, "нужно право закреплять сообщения", "it needs the right to pin messages"),
];

/// What one error means may hang on its text or on the request.
#[derive(PartialEq)]
enum When {
    Always,
    /// The text has this, in lower case.
    Says(&'static str),
    Route(&'static str),
    Both(&'static str, &'static str),
}

fn rule(error: &MaxError, route: &str) -> &'static Rule {
    let text = error.text.to_lowercase();
    let fits = |rule: &&Rule| {
        rule.status == error.status
            && (rule.key.is_empty() || rule.key == error.key)
            && match rule.when {
                When::Always => true,
                When::Says(part) => text.contains(part),
                When::Route(of) => of == route,
                When::Both(of, part) => of == route && text.contains(part),
            }
    };
    RULES.iter().find(fits).unwrap_or(&UNKNOWN)
}

const HOUR: u64 = 3600;

/// What is new to us may pass or not: asking once an hour does no harm.
static UNKNOWN: Rule = Rule {
    status: 0,
    key: "",
    when: When::Always,
    class: Class::RetryLater,
    after: HOUR,
    ru: "MAX ответил ошибкой, которой эта версия не знает",
    en: "MAX answered with an error that this version does not know",
    name: None,
};

const fn row(
    status: u16,
    key: &'static str,
    when: When,
    class: Class,
    after: u64,
    ru: &'static str,
    en: &'static str,
) -> Rule {
    Rule { status, key, when, class, after, ru, en, name: None }
}

use Class::{ChatGone, Missing, MissingHere, Never, RetryLater, RetryNow, TokenDead};
use When::{Always, Both, Route, Says};

const NO_RIGHTS: &str = "insufficient access rights";
const NO_PERMISSION: &str = "permission.denied";
const NOT_ADMIN: &str = "because.not.admin";
const SUSPENDED: &str = "error.dialog.suspended";

/// The first row that fits counts, so rows with a condition stand before the others of their kind.
///
/// A right that the bot lacks is lacking in one chat only and people can give it, so it is
/// [`MissingHere`] and not [`Missing`], which would end the same in all chats. So is a chat that the
/// bot is not in: people can let it in again, and [`ChatGone`] is for good. Whoever is not added for
/// a reason that may last is refused ([`Never`]) and not kept waiting, because a link is another way
/// in; so is whoever cannot be written to, until they open the dialog themselves.
#[rustfmt::skip]
static RULES: &[Rule] = &[
    row(200, "add.participant.privacy", Always, Never, 0, "настройки приватности человека запрещают добавлять его: нужна ссылка-приглашение", "the person's privacy settings forbid adding: use the invite link"),
    row(200, "add.participant.not.found", Always, Never, 0, "MAX не знает такого пользователя", "MAX does not know this user"),
    // So MAX answers a request that it has closed to bots, whatever rights they have.
    row(200, "undone", Both(ADD, NO_RIGHTS), Missing, 0, "MAX не даёт ботам добавлять людей", "MAX does not let bots add people"),
    row(200, "", Route(ADD), Never, 0, "MAX не добавил человека: нужна ссылка-приглашение", "MAX did not add the person: use the invite link"),
    row(200, "undone", Route(TELL), RetryLater, HOUR, "MAX не дал боту написать этому человеку", "MAX did not let the bot write to this person"),
    row(200, "undone", Says(NO_RIGHTS), MissingHere, 0, "боту не хватает прав в этом чате: дайте их в настройках администраторов чата", "the bot lacks rights in this chat: give them in the settings of the chat's admins"),
    row(200, "undone", Always, RetryLater, HOUR, "MAX ответил, что ничего не сделал", "MAX answered that it did nothing"),
    row(200, "no_link", Always, RetryLater, HOUR, "у чата нет ссылки-приглашения или её не видно боту: создайте её в настройках чата", "the chat has no invite link that the bot may see: make one in the chat's settings"),
    row(200, "removed", Always, MissingHere, 0, "бота убрали из чата: верните его и сделайте администратором", "the bot was removed from the chat: let it in again and make it an admin"),
    row(200, "left", Always, MissingHere, 0, "бот вышел из чата: верните его и сделайте администратором", "the bot has left the chat: let it in again and make it an admin"),
    row(200, "suspended", Always, RetryLater, HOUR, "MAX приостановил этот чат", "MAX has suspended this chat"),
    row(200, "closed", Always, ChatGone, 0, "чат закрыт", "the chat was closed"),
    row(400, "", Always, Never, 0, "MAX не принял запрос", "MAX refused the request as it is"),
    row(401, "", Always, TokenDead, 0, "MAX не принимает токен бота: он отозван или неверен; нужен новый", "MAX refuses the bot's token: revoked or wrong; a new one is needed"),
    row(403, "chat.denied", Route(ADD), Never, 0, "боту не дали добавить людей в этот чат: нужна ссылка-приглашение", "the bot may not add people to this chat: use the invite link"),
    row(403, "chat.denied", Both(TELL, SUSPENDED), Never, 0, "человек остановил бота или удалил диалог с ним", "the person has stopped the bot or deleted the dialog").named("dialog.suspended"),
    row(403, "", Route(TELL), RetryLater, HOUR, "MAX не дал боту написать этому человеку", "MAX did not let the bot write to this person"),
    row(403, "chat.denied", Says(NO_PERMISSION), MissingHere, 0, "у бота в этом чате нет нужного права: дайте его в настройках администраторов чата", "the bot lacks the right in this chat: give it in the settings of the chat's admins"),
    row(403, "chat.denied", Says(NOT_ADMIN), MissingHere, 0, "в этом чате пишут только администраторы: сделайте бота администратором", "only admins may write in this chat: make the bot an admin"),
    row(403, "chat.denied", Says(SUSPENDED), RetryLater, HOUR, "бот ещё не прошёл проверку в MAX или человек остановил его", "MAX has not approved the bot yet, or the person has stopped it"),
    row(403, "chat.denied", Always, MissingHere, 0, "у бота нет доступа к чату: проверьте, что он в чате и администратор", "the bot has no access to the chat: check that it is in it and an admin"),
    row(403, "", Route(ADD), Missing, 0, "MAX не даёт ботам добавлять людей", "MAX does not let bots add people"),
    row(403, "", Says(NO_RIGHTS), MissingHere, 0, "боту не хватает прав в этом чате: дайте их в настройках администраторов чата", "the bot lacks rights in this chat: give them in the settings of the chat's admins"),
    row(403, "", Always, RetryLater, HOUR, "MAX отказал в доступе", "MAX denied access"),
    row(404, "method.not.found", Always, Missing, 0, "MAX не даёт этот метод", "MAX does not offer this method"),
    row(404, "chat.not.found", Route(TELL), Never, 0, "человек ещё не открывал диалог с ботом", "the person has not opened a dialog with the bot yet").named("dialog.not.found"),
    row(404, "chat.not.found", Always, ChatGone, 0, "такого чата нет", "there is no such chat"),
    row(404, "", Always, Never, 0, "MAX не нашёл этого", "MAX did not find this"),
    row(405, "", Route(EVENTS), Missing, 0, "события этого бота MAX шлёт на вебхук и по запросу не отдаёт: укажите platform.events: push и передавайте их запросом events.push", "MAX sends this bot's events to a webhook and tells none when asked: set platform.events to push and hand them over with the request events.push"),
    row(405, "", Always, Missing, 0, "MAX не даёт этот метод", "MAX does not offer this method"),
    row(415, "", Always, Never, 0, "MAX не принял вид запроса", "MAX refused the request's content type"),
    row(429, "", Always, RetryNow, 0, "слишком много запросов в секунду", "too many requests a second"),
    row(500, "", Always, RetryNow, 0, "внутренняя ошибка сервера MAX", "internal error of MAX's server"),
    row(502, "", Always, RetryNow, 0, "сервер MAX временно недоступен", "MAX's server is away for a moment"),
    row(503, "", Always, RetryNow, 0, "MAX временно недоступен", "MAX is away for a moment"),
    row(504, "", Always, RetryNow, 0, "сервер MAX не успел ответить", "MAX's server ran out of time"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_a_conditional_row_is_never_hidden() {
        for (at, rule) in RULES.iter().enumerate() {
            let before = &RULES[..at];
            assert!(before.iter().all(|b| b.status <= rule.status), "{} {}", rule.status, rule.en);
            let hides = |b: &&Rule| {
                b.status == rule.status
                    && b.when == When::Always
                    && (b.key.is_empty() || b.key == rule.key)
            };
            assert!(!before.iter().any(|b| hides(&b)), "can never be reached: {}", rule.en);
        }
    }

    #[test]
    fn waiting_time_stands_exactly_where_it_has_a_meaning() {
        for rule in RULES {
            assert_eq!(rule.after > 0, rule.class == Class::RetryLater, "{}", rule.en);
        }
    }
}
