//! A profile's settings: what it declares, what the room adds, what the configuration gives.

use std::collections::BTreeMap;

use mlua::{MetaMethod, UserData, UserDataMethods, Value as LuaValue};
use serde_json::{Map, Value, json};

use super::Setting;
use super::fault::said;
use super::objects::to_lua;
use super::text::unknown;
use crate::error::{Code, Error, Fault, Result, Text};

/// The settings that every profile has; a profile may declare one of them with another default.
pub(super) fn common() -> BTreeMap<String, Setting> {
    let setting = |name: &str, default: Value, help: &str| {
        (name.to_owned(), Setting { default, help: help.to_owned() })
    };
    BTreeMap::from([
        setting(
            "organization_in_title",
            json!(false),
            "Ставить название организации перед названием каждого чата",
        ),
        setting(
            "max_guardians",
            json!(6),
            "Сколько законных представителей одного ученика входит в чаты; об остальных сообщается",
        ),
        setting(
            "admin_permissions",
            json!([
                "read_all_messages",
                "add_remove_members",
                "change_chat_info",
                "pin_message",
                "write",
                "can_call"
            ]),
            "Какие права получают администраторы чатов в MAX",
        ),
    ])
}

/// The values of all settings: the defaults, with what the configuration gives instead.
///
/// # Errors
/// [`Code::Config`] with a fault for every unknown name, wrong type or value that makes no sense.
pub(super) fn with_given(
    declared: &BTreeMap<String, Setting>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let faults: Vec<Fault> =
        given.iter().filter_map(|(key, value)| fault(declared, key, value)).collect();
    if !faults.is_empty() {
        return Err(Error::with_faults(Code::Config, faults));
    }
    let effective = |(key, setting): (&String, &Setting)| {
        (key.clone(), given.get(key).unwrap_or(&setting.default).clone())
    };
    Ok(declared.iter().map(effective).collect())
}

/// What is wrong with a value for a setting, if anything.
pub(super) fn fault(
    declared: &BTreeMap<String, Setting>,
    key: &str,
    value: &Value,
) -> Option<Fault> {
    let at = format!("settings.{key}");
    let Some(setting) = declared.get(key) else {
        let known: Vec<&str> = declared.keys().map(String::as_str).collect();
        let message =
            unknown(("у профиля нет настройки", "the profile has no setting"), key, &known);
        return Some(Fault::new("config.unknown_setting", at, &value.to_string(), message));
    };
    if !same_type(&setting.default, value) {
        let (ru, en) = type_name(&setting.default);
        let message = Text::new(format!("нужен {ru}"), format!("{en} is needed"));
        return Some(Fault::new("config.setting_type", at, &value.to_string(), message));
    }
    if key == "max_guardians" && value.as_u64().is_none() {
        let message = Text::new("нужно целое число от 0", "a whole number from 0 is needed");
        return Some(Fault::new("config.setting_value", at, &value.to_string(), message));
    }
    if key == "admin_permissions" && !can_be_given(value) {
        let message = Text::new(
            "нужно хотя бы одно право, а к write, pin_message, edit и delete ещё read_all_messages",
            "at least one right is needed, and read_all_messages with write, pin_message, edit and \
             delete",
        );
        return Some(Fault::new("config.setting_value", at, &value.to_string(), message));
    }
    None
}

/// MAX gives none of some rights to those who may not read (`platforms/max.md`, section 4.3).
fn can_be_given(rights: &Value) -> bool {
    let rights: Vec<&str> =
        rights.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let needs_reading =
        |right: &&str| matches!(*right, "write" | "pin_message" | "edit" | "delete");
    !rights.is_empty()
        && (rights.contains(&"read_all_messages") || !rights.iter().any(needs_reading))
}

/// Whether a value is of its default's type; a list's items are of the type of the default's first.
fn same_type(default: &Value, value: &Value) -> bool {
    match (default, value) {
        (Value::Array(defaults), Value::Array(items)) => match defaults.first() {
            Some(first) => items.iter().all(|item| same_type(first, item)),
            None => true,
        },
        _ => std::mem::discriminant(default) == std::mem::discriminant(value),
    }
}

fn type_name(value: &Value) -> (&'static str, &'static str) {
    match value {
        Value::Bool(_) => ("true или false", "true or false"),
        Value::Number(_) => ("число", "a number"),
        Value::Array(items) if items.first().is_some_and(Value::is_string) => {
            ("список текстов", "a list of texts")
        }
        Value::Array(_) => ("список", "a list"),
        Value::Object(_) => ("объект", "an object"),
        _ => ("текст", "a text"),
    }
}

/// The settings as a script's functions get them.
pub(super) struct Settings(pub(super) Map<String, Value>);

impl UserData for Settings {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, this, key: String| {
            match this.0.get(&key) {
                Some(value) => to_lua(lua, value),
                None => {
                    let known: Vec<&str> = this.0.keys().map(String::as_str).collect();
                    Err(said(unknown(("нет настройки", "there is no setting"), &key, &known)))
                }
            }
        });
        methods.add_meta_function(
            MetaMethod::NewIndex,
            |_, _: (LuaValue, LuaValue, LuaValue)| -> mlua::Result<()> {
                Err(said(Text::new("настройки только для чтения", "settings are read-only")))
            },
        );
    }
}
