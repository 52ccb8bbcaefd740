//! Conditions on metadata: `{ online = true, state = { "published", "conducted" } }`, paths, and
//! the predicates that `zvonok.metadata` and `zvonok.host_role` make.

use mlua::{
    Lua, MetaMethod, Result as LuaResult, Table, UserData, UserDataMethods, Value, Variadic,
};

use super::fault::said;
use super::ground::{Charge, Ground};
use super::text::unknown;
use crate::error::Text;
use crate::roster::{Metadata, texts, truthy};

/// What one name of metadata must say.
#[derive(Debug, Clone, PartialEq)]
enum Want {
    /// Says yes (`true`) or does not (`false`).
    Truth(bool),
    /// Is one of these texts, or is a list that has one of them.
    OneOf(Vec<String>),
}

/// A condition on metadata; every name in it must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match(Vec<(String, Want)>);

impl Match {
    /// `metadata[key]` says yes.
    pub(super) fn truth(key: &str) -> Match {
        Match(vec![(key.to_owned(), Want::Truth(true))])
    }

    /// A condition from a script's table.
    pub(super) fn from_table(table: &Table) -> LuaResult<Match> {
        const MOST: usize = 20;
        let mut wants = Vec::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if wants.len() == MOST {
                return Err(bad_condition("слишком много имён", "too many names"));
            }
            let Value::String(key) = key else {
                return Err(bad_condition(
                    "слева от = должно стоять имя",
                    "a name must stand left of =",
                ));
            };
            wants.push((key.to_str()?.to_owned(), want(value)?));
        }
        wants.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Match(wants))
    }

    /// A condition from a path: `metadata.actingHead` says yes.
    pub(super) fn from_path(path: &str) -> LuaResult<Match> {
        match path.strip_prefix("metadata.") {
            Some(key) if !key.is_empty() => Ok(Match::truth(key)),
            _ => {
                let what = ("неизвестный путь", "unknown path");
                Err(said(unknown(what, path, &["metadata.<имя>"])))
            }
        }
    }

    /// Whether the metadata meets the condition. Every name is read, so that what the script
    /// depends on does not hang on the order of names.
    pub(super) fn holds(&self, metadata: &Metadata, ground: &Ground) -> bool {
        self.0
            .iter()
            .fold(true, |holds, (key, want)| want.holds(ground.metadata(metadata, key)) && holds)
    }
}

impl Want {
    fn holds(&self, value: Option<&serde_json::Value>) -> bool {
        match self {
            Want::Truth(yes) => truthy(value) == *yes,
            Want::OneOf(wanted) => {
                // A text with a comma in it is a list in CSV and may be one name in JSON.
                let whole = value.and_then(|value| value.as_str()).map(str::trim);
                wanted.iter().any(|text| whole == Some(text))
                    || texts(value).iter().any(|text| wanted.contains(text))
            }
        }
    }
}

fn want(value: Value) -> LuaResult<Want> {
    match value {
        Value::Boolean(yes) => Ok(Want::Truth(yes)),
        Value::Table(list) => texts_of(list.sequence_values::<Value>()).map(Want::OneOf),
        other => Ok(Want::OneOf(vec![text_of(&other)?])),
    }
}

/// The texts of a condition, no more than anybody would write: copies are not Luau's memory.
pub(super) fn texts_of(values: impl Iterator<Item = LuaResult<Value>>) -> LuaResult<Vec<String>> {
    const MOST: usize = 1000;
    let mut texts = Vec::new();
    for value in values {
        if texts.len() == MOST {
            return Err(bad_condition("слишком много значений", "too many values"));
        }
        texts.push(text_of(&value?)?);
    }
    Ok(texts)
}

/// A text or a number as the text that metadata is compared with. Rust writes the number, so the
/// host's locale has no say.
fn text_of(value: &Value) -> LuaResult<String> {
    const LONGEST: usize = 1000;
    match value {
        Value::String(text) if text.as_bytes().len() > LONGEST => {
            Err(bad_condition("слишком длинный текст", "a text is too long"))
        }
        Value::String(text) => Ok(text.to_str()?.trim().to_owned()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(bad_condition(
            &format!("нужен текст, число, true, false или их список, а не {}", other.type_name()),
            &format!("a text, number, true, false or a list is needed, not {}", other.type_name()),
        )),
    }
}

fn bad_condition(ru: &str, en: &str) -> mlua::Error {
    said(Text::new(format!("условие: {ru}"), format!("condition: {en}")))
}

/// A condition as a value of the script.
pub(super) struct Predicate {
    condition: Match,
    _charge: Charge,
}

impl UserData for Predicate {}

impl Predicate {
    /// `metadata[key]` is one of these texts, or has one of them.
    fn one_of(lua: &Lua, key: &str, values: &[Value]) -> LuaResult<Predicate> {
        let texts = texts_of(values.iter().cloned().map(Ok))?;
        let bytes =
            key.len() + texts.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
        let condition = Match(vec![(key.to_owned(), Want::OneOf(texts))]);
        Ok(Predicate { condition, _charge: Charge::take(lua, bytes)? })
    }
}

/// `zvonok.metadata "key"`: by itself "says yes"; called with texts, "is or has one of them".
pub(super) struct MetadataKey {
    key: String,
    _charge: Charge,
}

impl MetadataKey {
    pub(super) fn new(lua: &Lua, key: String) -> LuaResult<MetadataKey> {
        let charge = Charge::take(lua, key.len())?;
        Ok(MetadataKey { key, _charge: charge })
    }
}

impl UserData for MetadataKey {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Call, |lua, this, values: Variadic<Value>| {
            Predicate::one_of(lua, &this.key, &values)
        });
    }
}

/// `zvonok.host_role(…)`: the host's own access roles of a person, `metadata.accessRoles`.
pub(super) fn host_role(lua: &Lua, roles: Variadic<Value>) -> LuaResult<Predicate> {
    Predicate::one_of(lua, "accessRoles", &roles)
}

/// A condition given as a path, a table or a predicate; `None` where the value is none of them.
pub(super) fn condition(value: &Value) -> LuaResult<Option<Match>> {
    match value {
        Value::String(path) => Match::from_path(&path.to_str()?).map(Some),
        Value::Table(table) => Match::from_table(table).map(Some),
        Value::UserData(data) if data.is::<Predicate>() => {
            Ok(Some(data.borrow::<Predicate>()?.condition.clone()))
        }
        Value::UserData(data) if data.is::<MetadataKey>() => {
            Ok(Some(Match::truth(&data.borrow::<MetadataKey>()?.key)))
        }
        _ => Ok(None),
    }
}

/// A condition where nothing else will do.
pub(super) fn must_be_condition(value: &Value) -> LuaResult<Match> {
    condition(value)?.ok_or_else(|| {
        bad_condition(
            &format!("нужна таблица, путь или условие, а не {}", value.type_name()),
            &format!("a table, a path or a predicate is needed, not {}", value.type_name()),
        )
    })
}
