//! Reading the small JSON documents of the interface (configuration, options, requests) so that
//! every fault is found, with its place, its value and what was expected, and an unknown key is
//! told with the nearest known one.

use serde_json::{Map, Value};

use crate::error::{Fault, Text};

/// One object of a document while it is read. Each accessor makes its key known; [`Object::finish`]
/// then reports the keys that nobody asked for.
pub(crate) struct Object<'a> {
    map: &'a Map<String, Value>,
    at: String,
    /// First part of the fault codes: `config`, `options`, `request`.
    area: &'static str,
    known: Vec<&'static str>,
}

/// Faults found so far, in the order of reading.
pub(crate) type Faults = Vec<Fault>;

/// Parses a document that must be one JSON object.
pub(crate) fn parse_object(area: &str, text: &str) -> Result<Map<String, Value>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(other) => Err(Fault::new(
            &format!("{area}.wrong_type"),
            area,
            kind_of(&other),
            expected("объект JSON", "a JSON object"),
        )),
        Err(error) => Err(Fault::new(
            &format!("{area}.broken_json"),
            format!("{area}:{}:{}", error.line(), error.column()),
            "",
            Text::new(format!("это не JSON: {error}"), format!("this is not JSON: {error}")),
        )),
    }
}

fn expected(ru: &str, en: &str) -> Text {
    Text::new(format!("ожидается {ru}"), format!("expected {en}"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The known word that is nearest to a mistyped one.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(word, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

impl<'a> Object<'a> {
    /// Starts reading an object that stands at `at` (empty for the whole document).
    pub(crate) fn new(area: &'static str, at: &str, map: &'a Map<String, Value>) -> Object<'a> {
        Object { map, at: at.to_owned(), area, known: Vec::new() }
    }

    /// The place of a key: `guard.minimum`.
    pub(crate) fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// A fault at a key of this object.
    pub(crate) fn fault(&self, key: &str, kind: &str, value: &str, message: Text) -> Fault {
        Fault::new(&format!("{}.{kind}", self.area), self.place(key), value, message)
    }

    fn wrong(&self, key: &str, value: &Value, ru: &str, en: &str) -> Fault {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
            other => other.to_string(),
        };
        self.fault(key, "bad_value", &shown, expected(ru, en))
    }

    /// The raw value; null counts as absent.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there at all, null included.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.known.push(key);
        self.map.contains_key(key)
    }

    /// Reads a key with `parse`, or records what was expected.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
        (ru, en): (&str, &str),
        parse: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            faults.push(self.wrong(key, value, ru, en));
        }
        parsed
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        let parse =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.read(key, faults, ("непустой текст", "a text that is not empty"), parse)
    }

    /// A text that may be empty.
    pub(crate) fn any_text(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        let parse = |value: &Value| value.as_str().map(str::to_owned);
        self.read(key, faults, ("текст", "a text"), parse)
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str, faults: &mut Faults) -> String {
        if self.value(key).is_none() {
            let message = Text::new("обязательное поле отсутствует", "a required field is missing");
            faults.push(self.fault(key, "missing_field", "", message));
            return String::new();
        }
        self.text(key, faults).unwrap_or_default()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        self.read(key, faults, ("true или false", "true or false"), Value::as_bool)
    }

    /// A whole number in a range.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        faults: &mut Faults,
    ) -> Option<u32> {
        let (low, high) = (*range.start(), *range.end());
        let words = (
            format!("целое число от {low} до {high}"),
            format!("a whole number from {low} to {high}"),
        );
        let parse = |value: &Value| {
            value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n))
        };
        self.read(key, faults, (&words.0, &words.1), parse)
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self, key: &'static str, faults: &mut Faults) -> Option<f64> {
        let parse = |value: &Value| value.as_f64().filter(|n| (0.0..=1.0).contains(n));
        self.read(key, faults, ("доля от 0 до 1", "a share from 0 to 1"), parse)
    }

    /// A duration such as `90s`, `10m`, `24h`.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<std::time::Duration> {
        let words = ("длительность вида 90s, 10m, 24h, 7d", "a duration such as 90s, 10m, 24h, 7d");
        self.read(key, faults, words, |value| value.as_str().and_then(crate::clock::duration))
    }

    /// One of some words.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let value = self.value(key)?;
        let found = value.as_str().and_then(|text| words.iter().find(|word| word.0 == text));
        if let Some(word) = found {
            return Some(word.1);
        }
        let list = words.iter().map(|word| word.0).collect::<Vec<_>>().join(", ");
        let near = value.as_str().and_then(|text| nearest(text, words.iter().map(|word| word.0)));
        let mut fault = self.wrong(
            key,
            value,
            &format!("одно из значений: {list}"),
            &format!("one of: {list}"),
        );
        suggest(&mut fault.message, near);
        faults.push(fault);
        None
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Option<Vec<String>> {
        self.read(key, faults, ("список текстов", "a list of texts"), |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// An object inside this one.
    pub(crate) fn object(&mut self, key: &'static str, faults: &mut Faults) -> Option<Object<'a>> {
        let map = self.read(key, faults, ("объект", "an object"), Value::as_object)?;
        Some(Object::new(self.area, &self.place(key), map))
    }

    /// The object itself, for what is read elsewhere.
    pub(crate) fn map(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<&'a Map<String, Value>> {
        self.read(key, faults, ("объект", "an object"), Value::as_object)
    }

    /// Reports every key that no accessor asked for.
    pub(crate) fn finish(self, faults: &mut Faults) {
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let mut message = Text::new("неизвестное поле", "unknown field");
            suggest(&mut message, nearest(key, self.known.iter().copied()));
            let value = self.map.get(key).map_or("", kind_of);
            faults.push(self.fault(key, "unknown_key", value, message));
        }
    }
}

fn suggest(message: &mut Text, near: Option<&str>) {
    if let Some(near) = near {
        message.ru.push_str(&format!("; возможно, имелось в виду {near}"));
        message.en.push_str(&format!("; did you mean {near}?"));
    }
}
