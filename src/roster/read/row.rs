//! A typed view of one row. A value that cannot be read becomes a fault and a placeholder; a roster
//! with faults is refused as a whole, so no placeholder is ever seen.

use std::borrow::Cow;

use jiff::civil::{Date, Time};
use serde_json::Value;

use super::document::{Cell, Kind, Record};
use super::findings::{self, Findings};
use super::sketch::{Column, Holds};
use crate::error::Text;
use crate::roster::{Account, Metadata, Period, Row, Span, is_account};

/// The platforms whose accounts are read; other kinds of `userIds` (logins, e-mails) are personal
/// and serve nothing here.
const PLATFORMS: [&str; 2] = ["vk", "max"];

/// One row with the two lists that reading it may lengthen.
pub(super) struct Fields<'r, 'a> {
    pub(super) row: Row,
    pub(super) record: &'r mut Record<'a>,
    pub(super) faults: &'r mut Findings,
    pub(super) warnings: &'r mut Findings,
    /// Nothing is read: the reader is only asked which columns it knows.
    pub(super) sketch: Option<&'r mut Vec<Column>>,
}

impl<'a> Fields<'_, 'a> {
    /// Takes the value of a column out of the row.
    fn take(&mut self, column: &str, holds: Holds) -> Cell<'a> {
        if let Some(sketch) = &mut self.sketch {
            sketch.push(Column { name: column.to_owned(), holds });
        }
        self.record.take(column)
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, column: &str) -> Cow<'a, str> {
        self.required_as(column, Holds::Required)
    }

    fn required_as(&mut self, column: &str, holds: Holds) -> Cow<'a, str> {
        match self.take(column, holds) {
            Cell::Text(text) if !text.trim().is_empty() => return text,
            Cell::Null | Cell::Text(_) => self.missing(column),
            other => self.wrong_type(column, &other, &plain_text()),
        }
        Cow::Borrowed("")
    }

    /// A text that may be absent; an empty one is.
    pub(super) fn text(&mut self, column: &str) -> Option<Cow<'a, str>> {
        self.text_as(column, Holds::Text)
    }

    fn text_as(&mut self, column: &str, holds: Holds) -> Option<Cow<'a, str>> {
        let cell = self.take(column, holds);
        self.text_of(column, cell)
    }

    /// A word of a vocabulary: spaces around it do not count.
    pub(super) fn word(&mut self, column: &str) -> Option<Box<str>> {
        self.text(column).map(|text| text.trim().into())
    }

    /// A text or a number, as text.
    pub(super) fn text_or_number(&mut self, column: &str) -> Option<Box<str>> {
        match self.take(column, Holds::TextOrNumber) {
            Cell::Number(number) => Some(number.to_string().into()),
            cell => self.text_of(column, cell).map(|text| text.trim().into()),
        }
    }

    /// Whether `status` says that the row is deleted.
    pub(super) fn deleted(&mut self) -> bool {
        self.text("status").is_some_and(|status| status.trim().eq_ignore_ascii_case("tobedeleted"))
    }

    /// Whether a column has this word.
    pub(super) fn says(&mut self, column: &str, word: &str) -> bool {
        self.text(column).is_some_and(|text| text.trim().eq_ignore_ascii_case(word))
    }

    /// True or false.
    pub(super) fn boolean(&mut self, column: &str, default: bool) -> bool {
        match self.take(column, Holds::Truth) {
            Cell::Null => default,
            Cell::Bool(yes) => yes,
            Cell::Text(text) => self.boolean_text(column, &text, default),
            cell => {
                self.wrong_type(column, &cell, &truth());
                default
            }
        }
    }

    fn boolean_text(&mut self, column: &str, text: &str, default: bool) -> bool {
        match text.trim().to_ascii_lowercase().as_str() {
            "" => default,
            "true" | "1" => true,
            "false" | "0" => false,
            _ => {
                self.bad_value(column, text, &truth());
                default
            }
        }
    }

    /// A day that must be there.
    pub(super) fn required_date(&mut self, column: &str) -> Date {
        let text = self.required_as(column, Holds::RequiredDate);
        if text.is_empty() {
            return Date::ZERO;
        }
        self.date_of(column, &text).unwrap_or(Date::ZERO)
    }

    fn date_of(&mut self, column: &str, text: &str) -> Option<Date> {
        let date = parse_date(text.trim());
        if date.is_none() {
            let expected = Text::new("дата вида 2026-09-01", "a date such as 2026-09-01");
            self.bad_value(column, text, &expected);
        }
        date
    }

    /// `beginDate` and `endDate`.
    pub(super) fn span(&mut self) -> Span {
        let begin = self
            .text_as("beginDate", Holds::Date)
            .and_then(|text| self.date_of("beginDate", &text));
        let end =
            self.text_as("endDate", Holds::Date).and_then(|text| self.date_of("endDate", &text));
        if let (Some(begin), Some(end)) = (begin, end)
            && end < begin
        {
            let at = self.row.at("endDate");
            self.warnings.push(findings::bad_span(at, &end.to_string()));
        }
        Span { begin, end }
    }

    /// A time of the day.
    pub(super) fn time(&mut self, column: &str) -> Option<Time> {
        let text = self.text_as(column, Holds::Time)?;
        let time = parse_time(text.trim());
        if time.is_none() {
            self.bad_value(column, &text, &time_of_day());
        }
        time
    }

    /// A list of ids: an array of texts, or one text with commas. The first of a pair is the place
    /// in the list.
    pub(super) fn ids(&mut self, column: &str) -> Vec<(usize, Box<str>)> {
        self.list(column, false)
    }

    /// A list of texts or numbers.
    pub(super) fn words(&mut self, column: &str) -> Vec<Box<str>> {
        self.list(column, true).into_iter().map(|(_, word)| word).collect()
    }

    fn list(&mut self, column: &str, numbers: bool) -> Vec<(usize, Box<str>)> {
        match self.take(column, if numbers { Holds::Words } else { Holds::Ids }) {
            Cell::Null => Vec::new(),
            Cell::Text(text) => filled(text.split(',').map(str::trim)),
            Cell::Number(number) if numbers => vec![(0, number.to_string().into())],
            Cell::Nested(value) => match *value {
                Value::Array(items) => self.items(column, &items, numbers),
                value => self.no_list(column, &Cell::Nested(Box::new(value))),
            },
            cell => self.no_list(column, &cell),
        }
    }

    fn no_list<T>(&mut self, column: &str, cell: &Cell<'_>) -> Vec<T> {
        self.wrong_type(column, cell, &Text::new("массив строк", "an array of texts"));
        Vec::new()
    }

    fn items(&mut self, column: &str, items: &[Value], numbers: bool) -> Vec<(usize, Box<str>)> {
        let mut list = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match item {
                Value::Null => {}
                Value::String(text) if text.trim().is_empty() => {}
                Value::String(text) => list.push((place, text.as_str().into())),
                Value::Number(number) if numbers => {
                    list.push((place, number.to_string().into()));
                }
                other => self.wrong_item(&format!("{column}[{place}]"), other),
            }
        }
        list
    }

    /// `metadata`, whose values are the profile's to judge.
    pub(super) fn metadata(&mut self) -> Metadata {
        match self.take("metadata", Holds::Metadata) {
            Cell::Nested(value) if value.is_object() => match *value {
                Value::Object(metadata) => metadata,
                _ => Metadata::new(),
            },
            Cell::Null => Metadata::new(),
            Cell::Text(text) if text.trim().is_empty() => Metadata::new(),
            cell => {
                let at = self.row.at("metadata");
                let expected = Text::new("объект", "an object");
                self.faults.push(findings::wrong_type(at, "", cell.kind(), &expected));
                Metadata::new()
            }
        }
    }

    /// An id that `metadata` holds; an empty text is none.
    pub(super) fn id_in(&mut self, metadata: &Metadata, key: &str) -> Option<Box<str>> {
        if let Some(sketch) = &mut self.sketch {
            sketch.push(Column { name: format!("metadata.{key}"), holds: Holds::Text });
        }
        match metadata.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.trim().is_empty() => None,
            Some(Value::String(text)) => Some(text.as_str().into()),
            Some(other) => {
                self.wrong_item(&format!("metadata.{key}"), other);
                None
            }
        }
    }

    /// `userIds`: the first account of each platform.
    pub(super) fn accounts(&mut self) -> Vec<Account> {
        let mut accounts = Vec::new();
        for (at, kind, identifier) in self.user_ids() {
            self.add_account(&mut accounts, at, &kind, identifier.trim());
        }
        accounts
    }

    fn add_account(&mut self, accounts: &mut Vec<Account>, at: String, kind: &str, id: &str) {
        let kind = kind.trim().to_ascii_lowercase();
        if !PLATFORMS.contains(&kind.as_str()) || id.is_empty() {
            return;
        }
        if !is_account(id) {
            self.warnings.push(findings::bad_account(at, &kind));
            return;
        }
        match accounts.iter().find(|account| *account.kind == kind) {
            Some(first) if &*first.identifier == id => {}
            Some(_) => {
                let value = format!("{kind}:{id}");
                self.warnings.push(findings::several_accounts(at, &value));
            }
            None => accounts.push(Account { kind: kind.into(), identifier: id.into() }),
        }
    }

    /// The place, kind and identifier of each entry of `userIds`.
    fn user_ids(&mut self) -> Vec<(String, String, String)> {
        match self.take("userIds", Holds::Accounts) {
            Cell::Null => Vec::new(),
            Cell::Text(text) => self.user_ids_text(&text),
            Cell::Nested(value) if value.is_array() => self.user_ids_list(&value),
            cell => {
                self.wrong_user_ids("userIds", cell.kind());
                Vec::new()
            }
        }
    }

    /// OneRoster's CSV form, `{vk:1},{max:2}`; braces may be left out.
    fn user_ids_text(&mut self, text: &str) -> Vec<(String, String, String)> {
        let mut list = Vec::new();
        for (place, part) in filled(text.split(',').map(str::trim)) {
            let pair = part.trim_start_matches('{').trim_end_matches('}');
            let at = self.row.at(&format!("userIds[{place}]"));
            match pair.split_once(':') {
                Some((kind, identifier)) => list.push((at, kind.into(), identifier.into())),
                None => self.faults.push(findings::bad_value(at, "", &user_id())),
            }
        }
        list
    }

    fn user_ids_list(&mut self, value: &Value) -> Vec<(String, String, String)> {
        let mut list = Vec::new();
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            let column = format!("userIds[{place}]");
            match item {
                Value::Null => {}
                Value::Object(pair) => {
                    let kind = self.entry(pair, &column, "type");
                    let identifier = self.entry(pair, &column, "identifier");
                    let at = self.row.at(&column);
                    list.push((at, kind, identifier));
                }
                other => self.wrong_user_ids(&column, Kind::of(other)),
            }
        }
        list
    }

    fn entry(&mut self, pair: &Metadata, column: &str, key: &str) -> String {
        match pair.get(key) {
            Some(Value::String(text)) => text.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => {
                let at = self.row.at(&format!("{column}.{key}"));
                let fault = findings::wrong_type(at, "", Kind::of(other), &plain_text());
                self.faults.push(fault);
                String::new()
            }
        }
    }

    fn wrong_user_ids(&mut self, column: &str, found: Kind) {
        let at = self.row.at(column);
        self.faults.push(findings::wrong_type(at, "", found, &user_id()));
    }

    /// `periods` of a timetable.
    pub(super) fn periods(&mut self) -> Vec<Period> {
        let items = match self.take("periods", Holds::Periods) {
            Cell::Null => return Vec::new(),
            Cell::Text(text) if text.trim().is_empty() => return Vec::new(),
            Cell::Nested(value) if value.is_array() => match *value {
                Value::Array(items) => items,
                _ => return Vec::new(),
            },
            cell => {
                let expected = Text::new("массив объектов", "an array of objects");
                self.wrong_type("periods", &cell, &expected);
                return Vec::new();
            }
        };
        items.iter().enumerate().map(|(place, item)| self.period(place, item)).collect()
    }

    fn period(&mut self, place: usize, item: &Value) -> Period {
        let column = format!("periods[{place}]");
        let Value::Object(line) = item else {
            let at = self.row.at(&column);
            let expected = Text::new("объект", "an object");
            self.faults.push(findings::wrong_type(at, "", Kind::of(item), &expected));
            return Period { period: "".into(), start: None, end: None };
        };
        Period {
            period: self.period_name(&column, line.get("period")),
            start: self.period_time(&column, line, "startTime"),
            end: self.period_time(&column, line, "endTime"),
        }
    }

    fn period_name(&mut self, column: &str, value: Option<&Value>) -> Box<str> {
        match value {
            Some(Value::Number(number)) => number.to_string().into(),
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim().into(),
            None | Some(Value::Null | Value::String(_)) => {
                self.missing(&format!("{column}.period"));
                "".into()
            }
            Some(other) => {
                self.wrong_item(&format!("{column}.period"), other);
                "".into()
            }
        }
    }

    fn period_time(&mut self, column: &str, line: &Metadata, key: &str) -> Option<Time> {
        let text = match line.get(key) {
            None | Some(Value::Null) => return None,
            Some(Value::String(text)) => text,
            Some(other) => {
                self.wrong_item(&format!("{column}.{key}"), other);
                return None;
            }
        };
        let time = parse_time(filled_text(text)?);
        if time.is_none() {
            self.bad_value(&format!("{column}.{key}"), text, &time_of_day());
        }
        time
    }

    fn text_of(&mut self, column: &str, cell: Cell<'a>) -> Option<Cow<'a, str>> {
        match cell {
            Cell::Null => None,
            Cell::Text(text) if text.trim().is_empty() => None,
            Cell::Text(text) => Some(text),
            other => {
                self.wrong_type(column, &other, &plain_text());
                None
            }
        }
    }

    fn missing(&mut self, column: &str) {
        self.faults.push(findings::missing_column(self.row.at(column)));
    }

    fn bad_value(&mut self, column: &str, value: &str, expected: &Text) {
        self.faults.push(findings::bad_value(self.row.at(column), value, expected));
    }

    fn wrong_type(&mut self, column: &str, cell: &Cell<'_>, expected: &Text) {
        let value = match cell {
            Cell::Bool(yes) => yes.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.to_string(),
            Cell::Null | Cell::Nested(_) => String::new(),
        };
        let at = self.row.at(column);
        self.faults.push(findings::wrong_type(at, &value, cell.kind(), expected));
    }

    fn wrong_item(&mut self, column: &str, value: &Value) {
        let shown = match value {
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            _ => String::new(),
        };
        let at = self.row.at(column);
        self.faults.push(findings::wrong_type(at, &shown, Kind::of(value), &plain_text()));
    }
}

/// The parts that are not empty, with their places.
fn filled<'t>(parts: impl Iterator<Item = &'t str>) -> Vec<(usize, Box<str>)> {
    parts.filter(|part| !part.is_empty()).map(Into::into).enumerate().collect()
}

fn filled_text(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn plain_text() -> Text {
    Text::new("строка в кавычках", "a text in quotes")
}

fn truth() -> Text {
    Text::new("true или false", "true or false")
}

fn time_of_day() -> Text {
    Text::new("время вида 08:30 или 08:30:00", "a time such as 08:30 or 08:30:00")
}

fn user_id() -> Text {
    Text::new(
        "аккаунт вида {\"type\":\"vk\",\"identifier\":\"1\"} (в CSV {vk:1})",
        "an account such as {\"type\":\"vk\",\"identifier\":\"1\"} (in CSV {vk:1})",
    )
}

/// `YYYY-MM-DD` and nothing else: a datetime would have to be moved to the school's zone first.
fn parse_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-', [4, 2, 2])?;
    Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// `HH:MM` or `HH:MM:SS`.
fn parse_time(text: &str) -> Option<Time> {
    let [hour, minute, second] = match text.len() {
        5 => {
            let [hour, minute] = numbers(text, ':', [2, 2])?;
            [hour, minute, 0]
        }
        _ => numbers(text, ':', [2, 2, 2])?,
    };
    let small = |number: i16| i8::try_from(number).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()
}

/// Numbers of fixed widths between separators.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i16; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next().filter(|part| part.len() == width)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}
