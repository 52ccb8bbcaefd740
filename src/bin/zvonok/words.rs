//! Russian or English: decided once, and the words that several commands use.

use std::ffi::OsString;

use serde_json::Value;

/// The language of help and messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Ru,
    En,
}

impl Language {
    /// The word of this language.
    pub(crate) fn pick<T>(self, ru: T, en: T) -> T {
        match self {
            Language::Ru => ru,
            Language::En => en,
        }
    }

    /// A text of the library's documents: `{"ru": …, "en": …}`, or a plain one.
    pub(crate) fn of(self, text: &Value) -> &str {
        let own = text.get(self.pick("ru", "en")).unwrap_or(text);
        own.as_str().unwrap_or_default()
    }

    /// A number with its noun: `["чат", "чата", "чатов"]`, `["chat", "chats"]`.
    pub(crate) fn count(self, number: u64, ru: [&str; 3], en: [&str; 2]) -> String {
        let noun = match self {
            Language::Ru => ru[russian_form(number)],
            Language::En => en[usize::from(number != 1)],
        };
        format!("{} {noun}", grouped(number))
    }
}

fn russian_form(number: u64) -> usize {
    match (number % 10, number % 100) {
        (1, rest) if rest != 11 => 0,
        (2..=4, rest) if !(12..=14).contains(&rest) => 1,
        _ => 2,
    }
}

/// A number as people read it: thousands apart, from five digits on.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let (head, tail) = digits.split_at(digits.len() - 3);
    format!("{}\u{a0}{tail}", grouped_head(head))
}

fn grouped_head(digits: &str) -> String {
    match digits.len() {
        0..=3 => digits.to_owned(),
        length => {
            let (head, tail) = digits.split_at(length - 3);
            format!("{}\u{a0}{tail}", grouped_head(head))
        }
    }
}

/// `--lang`, wherever it stands, else the system's language. Help needs it before arguments are
/// parsed.
pub(crate) fn decide(arguments: &[OsString]) -> Language {
    let mut asked = None;
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let word = word.strip_prefix("--language").or_else(|| word.strip_prefix("--lang"));
        match word {
            Some("") => asked = words.next(),
            Some(rest) => asked = rest.strip_prefix('='),
            None => {}
        }
    }
    match asked {
        Some("ru") => Language::Ru,
        Some("en") => Language::En,
        _ => of_the_system(),
    }
}

fn of_the_system() -> Language {
    match sys_locale::get_locale() {
        Some(locale) if locale.starts_with("ru") => Language::Ru,
        _ => Language::En,
    }
}

/// What an operation is called in a summary: `create_chat`, Russian, English.
const OPERATIONS: [(&str, &str, &str); 21] = [
    ("create_chat", "создать чат", "create the chat"),
    ("restore_chat", "вернуть из архива", "restore the chat"),
    ("rename_chat", "переименовать", "rename"),
    ("archive_chat", "отправить в архив", "archive"),
    ("delete_chat", "удалить чат", "delete the chat"),
    ("add_member", "добавить", "add"),
    ("invite_member", "пригласить", "invite"),
    ("remove_member", "исключить", "remove"),
    ("grant_admin", "дать права", "grant admin"),
    ("revoke_admin", "забрать права", "revoke admin"),
    ("rotate_link", "сменить ссылку", "replace the link"),
    ("post_message", "написать в чат", "post a message"),
    ("start_call", "начать звонок", "start a call"),
    ("finish_call", "закончить звонок", "finish a call"),
    ("chats.create", "распоряжение: создать чат", "order: make a chat"),
    ("chats.rename", "распоряжение: переименовать", "order: rename"),
    ("chats.delete", "распоряжение: удалить чат", "order: delete the chat"),
    ("members.add", "распоряжение: добавить", "order: add"),
    ("members.remove", "распоряжение: исключить", "order: remove"),
    ("admins.grant", "распоряжение: дать права", "order: grant admin"),
    ("admins.revoke", "распоряжение: забрать права", "order: revoke admin"),
];

/// What summaries count, planned or done: `create_chat`, Russian, English.
const COUNTED: [(&str, &str, &str); 14] = [
    ("create_chat", "новые чаты", "new chats"),
    ("restore_chat", "возвращения из архива", "chats restored"),
    ("rename_chat", "переименования", "renamings"),
    ("archive_chat", "чаты в архив", "chats archived"),
    ("delete_chat", "удаления чатов", "chats deleted"),
    ("add_member", "добавления", "additions"),
    ("invite_member", "приглашения", "invitations"),
    ("remove_member", "исключения", "removals"),
    ("grant_admin", "выдача прав", "admin rights given"),
    ("revoke_admin", "снятие прав", "admin rights taken"),
    ("rotate_link", "новые ссылки", "links replaced"),
    ("post_message", "сообщения", "messages"),
    ("start_call", "начало звонков", "calls started"),
    ("finish_call", "конец звонков", "calls finished"),
];

impl Language {
    /// An operation as an order: «добавить».
    pub(crate) fn operation(self, name: &str) -> &str {
        let found = OPERATIONS.iter().find(|row| row.0 == name);
        found.map_or(name, |row| self.pick(row.1, row.2))
    }

    /// Counts by operation on one line: «новые чаты: 3 · добавления: 118».
    pub(crate) fn counts(self, counts: &Value) -> String {
        let known = COUNTED.iter().filter_map(|(name, ru, en)| {
            let number = counts.get(name)?.as_u64().filter(|number| *number > 0)?;
            Some(format!("{}: {}", self.pick(ru, en), grouped(number)))
        });
        let all: Vec<String> = known.collect();
        if all.is_empty() {
            self.pick("ничего", "nothing").to_owned()
        } else {
            all.join(" · ")
        }
    }

    /// A chat's state.
    pub(crate) fn chat_state(self, state: &str) -> &str {
        match state {
            "planned" => self.pick("будет создан", "to be made"),
            "task" => self.pick("ждёт человека", "waits for a person"),
            "active" => self.pick("действует", "active"),
            "archived" => self.pick("в архиве", "archived"),
            "gone" => self.pick("исчез", "gone"),
            "deleted" => self.pick("удалён", "deleted"),
            other => other,
        }
    }

    /// A member's state.
    pub(crate) fn member_state(self, state: &str) -> &str {
        match state {
            "unlinked" => self.pick("нет аккаунта", "no account"),
            "linked" => self.pick("ещё не в чате", "not in yet"),
            "invited" => self.pick("приглашён", "invited"),
            "joined" => self.pick("в чате", "in the chat"),
            "left" => self.pick("вышел сам", "left"),
            "refused" => self.pick("не добавить", "cannot be added"),
            "expired" => self.pick("приглашение истекло", "invitation expired"),
            "stranger" => self.pick("посторонний", "stranger"),
            other => other,
        }
    }

    /// What a task asks for.
    pub(crate) fn task(self, kind: &str) -> &str {
        match kind {
            "create_chat" => self.pick("создать группу", "make the group"),
            "add_bot" => self.pick("вернуть бота в чат", "put the bot back into"),
            "give_rights" => self.pick("дать боту права в чате", "give the bot rights in"),
            "rotate_link" => self.pick("сменить ссылку чата", "replace the link of"),
            "transfer_ownership" => self.pick("передать чат", "hand over"),
            "let_in" => self.pick("впустить человека в чат", "let a person into"),
            "give_call_link" => self.pick("дать ссылку на звонок для чата", "give a call link to"),
            other => other,
        }
    }

    /// Where a chat stands in a move.
    pub(crate) fn stands(self, word: &str) -> &str {
        match word {
            "waiting_for_group" => self.pick("ждёт группу", "waits for its group"),
            "inviting" => self.pick("люди переходят", "people are coming"),
            "ending" => self.pick("старый закрывается", "the old one ends"),
            "done" => self.pick("переехал", "done"),
            "gone" => self.pick("старого чата нет", "the old one is gone"),
            other => other,
        }
    }

    /// A chat's type.
    pub(crate) fn chat_type(self, kind: &str) -> &str {
        match kind {
            "TEACHER" => self.pick("Учительская", "Staff room"),
            "CLASS" => self.pick("Чат учеников", "Students' chat"),
            "PARENTS" => self.pick("Родительский чат", "Parents' chat"),
            "SUBJECT" => self.pick("Предметный чат", "Subject chat"),
            other => other,
        }
    }

    /// For whom of its class a chat is; nothing for a chat of no class.
    pub(crate) fn class_part(self, whole: Option<bool>) -> &'static str {
        match whole {
            Some(true) => self.pick("Весь класс", "Whole class"),
            Some(false) => self.pick("Подгруппа", "Subgroup"),
            None => "",
        }
    }

    /// What a person is in a chat.
    pub(crate) fn role(self, role: &str) -> &str {
        match role {
            "student" => self.pick("ученик", "student"),
            "teacher" => self.pick("учитель", "teacher"),
            "guardian" | "parent" | "relative" => self.pick("родитель", "parent"),
            "administrator" | "siteAdministrator" => self.pick("администратор", "administrator"),
            "principal" => self.pick("директор", "principal"),
            "" => "–",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_form_that_their_language_wants() {
        let chats =
            |number| Language::Ru.count(number, ["чат", "чата", "чатов"], ["chat", "chats"]);
        assert_eq!(chats(1), "1 чат");
        assert_eq!(chats(3), "3 чата");
        assert_eq!(chats(11), "11 чатов");
        assert_eq!(chats(112), "112 чатов");
        assert_eq!(chats(21_041), "21\u{a0}041 чат");
        assert_eq!(Language::En.count(1, [""; 3], ["chat", "chats"]), "1 chat");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
    }

    #[test]
    fn the_language_is_found_before_arguments_are_parsed() {
        let asked = |words: &[&str]| decide(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked(&["zvonok", "plan", "--lang", "en"]), Language::En);
        assert_eq!(asked(&["zvonok", "--lang=ru", "--help"]), Language::Ru);
        assert_eq!(asked(&["zvonok", "--language", "ru"]), Language::Ru);
    }
}
