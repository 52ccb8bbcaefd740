//! The global `zvonok`: what a script has beside Luau itself.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::Zoned;
use mlua::chunk::ChunkMode;
use mlua::{Lua, Result as LuaResult, Table, Value, Variadic};

use super::fault::said;
use super::matching::{MetadataKey, host_role, texts_of};
use super::objects::{Class, School};
use super::shape;
use super::source::SHARED;
use super::text;
use crate::error::Text;
use crate::roster::{texts, truthy};

/// Makes the table; `script` is the profile's text, for the lines of its keys.
pub(super) fn zvonok(lua: &Lua, script: &str, now: &Zoned) -> LuaResult<Table> {
    let table = lua.create_table()?;
    table.set("today", now.date().to_string())?;
    table.set("now", now.timestamp().display_with_offset(now.offset()).to_string())?;
    table.set("metadata", lua.create_function(MetadataKey::new)?)?;
    table.set("host_role", lua.create_function(host_role)?)?;
    table.set("fill", lua.create_function(fill)?)?;
    table.set("list", lua.create_function(|_, value: Value| list(&value))?)?;
    table.set("yes", lua.create_function(|_, value: Value| yes(&value))?)?;
    let script = script.to_owned();
    let made = Cell::new(false);
    let profile = lua.create_function(move |_, given: Table| match made.replace(true) {
        false => shape::script(&given, &script),
        true => Err(said(Text::new(
            "zvonok.profile вызывают один раз",
            "zvonok.profile is called once",
        ))),
    })?;
    table.set("profile", profile)?;
    table.set("shared", shared(lua)?)?;
    Ok(table)
}

/// The pieces that profiles share. Their functions look for `zvonok` when they are called.
fn shared(lua: &Lua) -> LuaResult<Table> {
    let chunk = lua.load(SHARED).set_name("=shared.lua").set_mode(ChunkMode::Text);
    let shared: Table = chunk.eval()?;
    shared.set_readonly(true);
    Ok(shared)
}

/// `zvonok.fill(template, …)`: values from objects and tables, the later before the earlier.
fn fill(_: &Lua, (template, sources): (String, Variadic<Value>)) -> LuaResult<String> {
    let mut values = BTreeMap::new();
    for source in sources.iter() {
        values.extend(values_of(source)?);
    }
    text::fill(&template, &values).map_err(said)
}

/// What a template can take from an object or a table.
fn values_of(source: &Value) -> LuaResult<BTreeMap<String, String>> {
    match source {
        Value::UserData(data) if data.is::<School>() => Ok(of_school(&*data.borrow()?)),
        Value::UserData(data) if data.is::<Class>() => Ok(of_class(&*data.borrow()?)),
        Value::Table(table) => table
            .pairs::<String, Value>()
            .map(|pair| pair.and_then(|(key, value)| Ok((key, short_text(&value)?))))
            .collect(),
        other => Err(said(Text::new(
            format!("fill: нужны школа, класс или таблица, а не {}", other.type_name()),
            format!("fill: a school, a class or a table is needed, not {}", other.type_name()),
        ))),
    }
}

fn short_text(value: &Value) -> LuaResult<String> {
    match value {
        Value::String(text) if text.as_bytes().len() > text::LONGEST_TEXT => {
            Err(said(text::too_long()))
        }
        other => other.to_string(),
    }
}

/// The places of a school: its name and its short name.
pub(super) fn of_school(school: &School) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("organisation".to_owned(), school.title().to_owned()),
        ("organisation_short".to_owned(), school.short_title()),
    ])
}

/// The places of a class, and those of its school. `homeroom` and `group` are the homeroom's title;
/// a journal without a homeroom goes by its own.
pub(super) fn of_class(class: &Class) -> BTreeMap<String, String> {
    let row = class.row();
    let homeroom = class.homeroom();
    let homeroom = homeroom.as_ref().map_or(&row.title, |homeroom| &homeroom.row().title);
    let mut values = of_school(&class.school());
    for (place, value) in [
        ("class", &row.title),
        ("subject", &row.subject),
        ("homeroom", homeroom),
        ("group", homeroom),
    ] {
        values.insert(place.to_owned(), value.to_string());
    }
    values
}

/// Whether a value of metadata says yes: `true`, a number but 0, `"true"`, `"1"`, `"да"`.
fn yes(value: &Value) -> LuaResult<bool> {
    Ok(truthy(Some(&plain(value)?)))
}

/// The texts of a metadata value: a list, a comma-separated text (as CSV has it), or one value.
fn list(value: &Value) -> LuaResult<Vec<String>> {
    match value {
        Value::Table(items) => texts_of(items.sequence_values::<Value>()),
        other => Ok(texts(Some(&plain(other)?))),
    }
}

fn plain(value: &Value) -> LuaResult<serde_json::Value> {
    Ok(match value {
        Value::Boolean(yes) => (*yes).into(),
        Value::Integer(number) => (*number).into(),
        Value::Number(number) if number.fract() == 0.0 => (*number as i64).into(),
        Value::Number(number) => (*number).into(),
        Value::String(text) => text.to_str()?.to_owned().into(),
        _ => serde_json::Value::Null,
    })
}
