//! Reading the small JSON documents of the interface (configuration, options, requests) so that
//! every fault is found, with its place, its value and what was expected, and an unknown key is
//! told with the nearest known one. What each key may hold is said once, as a [`Form`], for the
//! faults and for the JSON Schemas.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::error::{Fault, Text};

mod form;

pub(crate) use form::Form;

/// One object of a document while it is read. Each accessor makes its key known; [`Object::finish`]
/// then reports the keys that nobody asked for.
pub(crate) struct Object<'a> {
    map: &'a Map<String, Value>,
    at: String,
    /// First part of the fault codes: `config`, `options`, `request`.
    area: &'static str,
    keys: Shape,
    /// Nothing is read: the reader is only asked which keys it knows.
    sketching: bool,
}

/// The keys of an object as its reader asks for them, in that order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape(Rc<RefCell<Vec<Key>>>);

/// One key of an object.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What is expected; `None` where the reader did not say.
    pub(crate) form: Option<Form>,
    /// Whether the object is refused without it.
    pub(crate) required: bool,
}

impl Shape {
    /// The keys.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.0.borrow().clone()
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.borrow().iter().map(|key| key.name).collect()
    }

    fn note(&self, name: &'static str, form: Option<Form>, required: bool) {
        let mut keys = self.0.borrow_mut();
        match keys.iter_mut().find(|key| key.name == name) {
            Some(key) => {
                key.form = form.or(key.form.take());
                key.required |= required;
            }
            None => keys.push(Key { name, form, required }),
        }
    }
}

/// The keys that a reader knows, found by letting it read nothing.
pub(crate) fn sketch<T>(read: impl FnOnce(&mut Object, &mut Faults) -> T) -> Shape {
    let map = Map::new();
    let mut object = Object { sketching: true, ..Object::new("", "", &map) };
    read(&mut object, &mut Faults::new());
    object.keys
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
        Object { map, at: at.to_owned(), area, keys: Shape::default(), sketching: false }
    }

    /// The place of a key: `guard.minimum`.
    pub(crate) fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// A fault at a key of this object.
    pub(crate) fn fault(&self, key: &str, kind: &str, value: &str, message: Text) -> Fault {
        Fault::new(&format!("{}.{kind}", self.area), self.place(key), value, message)
    }

    fn wrong(&self, key: &str, value: &Value, form: &Form) -> Fault {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
            other => other.to_string(),
        };
        let (ru, en) = form.words();
        self.fault(key, "bad_value", &shown, expected(&ru, &en))
    }

    /// The raw value; null counts as absent.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.keys.note(key, None, false);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there at all, null included.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.keys.note(key, None, false);
        self.map.contains_key(key)
    }

    /// Reads a key with `parse`, or records what was expected.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
        form: impl Into<Form>,
        parse: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let form = form.into();
        self.keys.note(key, Some(form.clone()), false);
        let value = self.value(key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            faults.push(self.wrong(key, value, &form));
        }
        parsed
    }

    /// The same for what is never shown again, not even in a fault: secrets, names, what people
    /// wrote.
    pub(crate) fn hidden<T>(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
        form: impl Into<Form>,
        parse: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let form = form.into();
        self.keys.note(key, Some(form.clone()), false);
        let parsed = parse(self.value(key)?);
        if parsed.is_none() {
            let (ru, en) = form.words();
            faults.push(self.fault(key, "bad_value", "", expected(&ru, &en)));
        }
        parsed
    }

    /// Records a fault where a key is not there, and tells whether it is.
    pub(crate) fn demand(&mut self, key: &'static str, faults: &mut Faults) -> bool {
        self.keys.note(key, None, true);
        let there = self.value(key).is_some();
        if !there {
            let message = Text::new("обязательное поле отсутствует", "a required field is missing");
            faults.push(self.fault(key, "missing_field", "", message));
        }
        there
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        let parse =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        self.read(key, faults, Form::Text, parse)
    }

    /// A text that may be empty.
    pub(crate) fn any_text(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        self.read(key, faults, Form::AnyText, |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str, faults: &mut Faults) -> String {
        self.keys.note(key, Some(Form::Text), true);
        if !self.demand(key, faults) {
            return String::new();
        }
        self.text(key, faults).unwrap_or_default()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        self.read(key, faults, Form::Flag, Value::as_bool)
    }

    /// A whole number in a range.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        faults: &mut Faults,
    ) -> Option<u32> {
        let parse = |value: &Value| {
            value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n))
        };
        self.read(key, faults, Form::Number(*range.start(), *range.end()), parse)
    }

    /// A share from 0 to 1.
    pub(crate) fn share(&mut self, key: &'static str, faults: &mut Faults) -> Option<f64> {
        let parse = |value: &Value| value.as_f64().filter(|n| (0.0..=1.0).contains(n));
        self.read(key, faults, Form::Share, parse)
    }

    /// A duration such as `90s`, `10m`, `24h`.
    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<std::time::Duration> {
        let parse = |value: &Value| value.as_str().and_then(crate::clock::duration);
        self.read(key, faults, Form::Duration, parse)
    }

    /// A moment.
    pub(crate) fn moment(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<jiff::Timestamp> {
        let parse = |value: &Value| value.as_str().and_then(crate::clock::moment);
        self.read(key, faults, Form::Moment, parse)
    }

    /// One of some words.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        faults: &mut Faults,
    ) -> Option<T> {
        let form = Form::OneOf(words.iter().map(|word| word.0).collect());
        self.keys.note(key, Some(form.clone()), false);
        let value = self.value(key)?;
        let found = value.as_str().and_then(|text| words.iter().find(|word| word.0 == text));
        if let Some(word) = found {
            return Some(word.1);
        }
        let near = value.as_str().and_then(|text| nearest(text, words.iter().map(|word| word.0)));
        let mut fault = self.wrong(key, value, &form);
        suggest(&mut fault.message, near);
        faults.push(fault);
        None
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Option<Vec<String>> {
        self.read(key, faults, Form::Texts, |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        })
    }

    /// An object inside this one.
    pub(crate) fn object(&mut self, key: &'static str, faults: &mut Faults) -> Option<Object<'a>> {
        let keys = Shape::default();
        let map = self.read(key, faults, Form::Object(keys.clone()), Value::as_object);
        self.inside(key, keys, map)
    }

    /// An object inside this one that is never shown, not even in a fault.
    pub(crate) fn hidden_object(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<Object<'a>> {
        let keys = Shape::default();
        let map = self.hidden(key, faults, Form::Object(keys.clone()), Value::as_object);
        self.inside(key, keys, map)
    }

    /// A reader that is only asked for its keys is shown every object, an empty one.
    fn inside(
        &self,
        key: &str,
        keys: Shape,
        map: Option<&'a Map<String, Value>>,
    ) -> Option<Object<'a>> {
        let map = map.or(self.sketching.then_some(self.map))?;
        let sketching = self.sketching;
        Some(Object { keys, sketching, ..Object::new(self.area, &self.place(key), map) })
    }

    /// The object itself, for what is read elsewhere.
    pub(crate) fn map(
        &mut self,
        key: &'static str,
        faults: &mut Faults,
    ) -> Option<&'a Map<String, Value>> {
        self.read(key, faults, Form::Map, Value::as_object)
    }

    /// Reports every key that no accessor asked for.
    pub(crate) fn finish(self, faults: &mut Faults) {
        let known = self.keys.names();
        for key in self.map.keys().filter(|key| !known.contains(&key.as_str())) {
            let mut message = Text::new("неизвестное поле", "unknown field");
            suggest(&mut message, nearest(key, known.iter().copied()));
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
