//! What is wrong in a roster, in both languages.

use super::document::Kind;
use crate::error::{Fault, Text};
use crate::roster::Row;

/// The only value of a document's `format`.
pub(super) const FORMAT: &str = "zvonok.roster/1";

/// So many findings are listed; the rest is counted.
const LISTED: usize = 1_000;

/// Faults or warnings in the order of reading.
#[derive(Default)]
pub(crate) struct Findings {
    listed: Vec<Fault>,
    more: usize,
}

impl Findings {
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The list; where it was cut, its last entry says by how much.
    pub(crate) fn into_list(mut self) -> Vec<Fault> {
        if self.more > 0 {
            let message = Text::new(
                format!("и ещё {}: показаны первые {LISTED}", self.more),
                format!("and {} more: the first {LISTED} are listed", self.more),
            );
            let count = self.more.to_string();
            self.listed.push(Fault::new("roster.more", "document", &count, message));
        }
        self.listed
    }
}

pub(super) fn not_utf8(document: &[u8], offset: usize) -> Fault {
    let line = 1 + document[..offset].iter().filter(|byte| **byte == b'\n').count();
    let message = Text::new(
        format!("ожидался текст в UTF-8; первый чужой байт — {offset}, строка {line}"),
        format!("expected UTF-8 text; the first foreign byte is {offset}, on line {line}"),
    );
    Fault::new("roster.not_utf8", "document", "", message)
}

pub(super) fn broken_json(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let message = Text::new(
        format!("это не JSON: строка {line}, столбец {column} ({error})"),
        format!("this is not JSON: line {line}, column {column} ({error})"),
    );
    Fault::new("roster.broken_json", format!("line {line}, column {column}"), "", message)
}

pub(super) fn not_an_object() -> Fault {
    let message = Text::new(
        format!("ожидался объект с ключом «format»: «{FORMAT}»"),
        format!("expected an object with `format` `{FORMAT}`"),
    );
    Fault::new("roster.wrong_type", "document", "", message)
}

pub(super) fn format(found: &str) -> Fault {
    let message =
        Text::new(format!("ожидался формат «{FORMAT}»"), format!("expected the format `{FORMAT}`"));
    Fault::new("roster.format", "format", found, message)
}

pub(super) fn duplicate_key(at: String) -> Fault {
    let message = Text::new(
        "ключ встречается дважды; ожидался один раз",
        "the key is given twice; expected once",
    );
    Fault::new("roster.duplicate_key", at, "", message)
}

pub(super) fn missing_table(name: &str) -> Fault {
    let message = Text::new(
        "обязательной таблицы нет; ожидался массив, можно пустой",
        "the required table is missing; expected an array, which may be empty",
    );
    Fault::new("roster.missing_table", name, "", message)
}

pub(crate) fn missing_column(at: String) -> Fault {
    let message = Text::new(
        "обязательное значение отсутствует или пусто",
        "the required value is missing or empty",
    );
    Fault::new("roster.missing_column", at, "", message)
}

pub(super) fn wrong_type(at: String, value: &str, found: Kind, expected: &Text) -> Fault {
    let found = found.text();
    let message = Text::new(
        format!("ожидается {}, а здесь {}", expected.ru, found.ru),
        format!("expected {}, found {}", expected.en, found.en),
    );
    Fault::new("roster.wrong_type", at, value, message)
}

pub(super) fn bad_value(at: String, value: &str, expected: &Text) -> Fault {
    let message =
        Text::new(format!("ожидается {}", expected.ru), format!("expected {}", expected.en));
    Fault::new("roster.bad_value", at, value, message)
}

pub(super) fn duplicate_id(at: String, id: &str, first: Row) -> Fault {
    let message = Text::new(
        format!("такой sourcedId уже есть в строке {first}; ожидается неповторяющийся"),
        format!("{first} already has this sourcedId; expected one that no other row has"),
    );
    Fault::new("roster.duplicate_id", at, id, message)
}

pub(super) fn bad_span(at: String, value: &str) -> Fault {
    let message = Text::new(
        "дата окончания раньше даты начала: строка никогда не действует",
        "the end is before the beginning: the row is never in force",
    );
    Fault::new("roster.bad_span", at, value, message)
}

/// The identifier is not shown: people put phones and names there.
pub(super) fn bad_account(at: String, kind: &str) -> Fault {
    let message = Text::new(
        "номер аккаунта — не десятичное число; аккаунт пропущен",
        "the account's identifier is not a decimal number; the account was left out",
    );
    Fault::new("roster.bad_account", at, kind, message)
}

pub(super) fn several_accounts(at: String, value: &str) -> Fault {
    let message = Text::new(
        "у человека уже есть аккаунт на этой платформе; считается первый, этот пропущен",
        "the person already has an account on this platform; the first counts, this was left out",
    );
    Fault::new("roster.several_accounts", at, value, message)
}

pub(super) fn role_without_org(at: String, role: &str) -> Fault {
    let message = Text::new(
        "роль не названа ни с одной организацией, а школ несколько; роль пропущена",
        "the role names no organisation and there are several schools; the role was left out",
    );
    Fault::new("roster.role_without_org", at, role, message)
}

pub(super) fn dangling(at: String, id: &str) -> Fault {
    let message = Text::new(
        "такой строки нет; ссылка не учтена, и никто не будет исключён из того, что она называет",
        "there is no such row; the reference was left out, and nobody is removed from what it names",
    );
    Fault::new("roster.dangling_reference", at, id, message)
}

/// Too many references of a table lead nowhere: more likely a broken export than a few mistakes.
pub(super) fn too_many_dangling(what: &str, broken: u32, of: u32, limit: f64) -> Fault {
    let share = f64::from(broken) / f64::from(of.max(1));
    let message = Text::new(
        format!(
            "ведут в никуда: {broken} из {of} (доля {share:.3}), допустимая доля {limit}; если \
             данные верны, увеличьте guard.dangling_share"
        ),
        format!(
            "{broken} of {of} lead nowhere (share {share:.3}), the limit is {limit}; if the data \
             are right, raise guard.dangling_share"
        ),
    );
    Fault::new("roster.too_many_dangling", what, &format!("{broken}/{of}"), message)
}
