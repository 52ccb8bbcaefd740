//! Functions of the standard library that the room replaces: `print` goes to the log, `pcall` gives
//! errors as texts, and numbers are
//! read and written without the host's locale (a host under `ru_RU` would write `0,5` and not read
//! `0.5`).

use std::rc::Rc;

use mlua::{
    Error as LuaError, FromLua, Function, Lua, MultiValue, Result as LuaResult, Table, Value,
    Variadic,
};

use super::fault::{caught, said};
use super::room::{Printed, Watch};
use super::text::{LONGEST_TEXT, too_long};
use crate::error::Text;

/// Puts the replacements in place.
pub(super) fn install(lua: &Lua, printed: &Rc<Printed>, watch: &Rc<Watch>) -> LuaResult<()> {
    let globals = lua.globals();
    let printed = printed.clone();
    let print = lua.create_function(move |lua, values: Variadic<Value>| {
        printed.add(&line_of(lua, &values)?);
        Ok(())
    })?;
    globals.set("print", print)?;
    let watch = watch.clone();
    let pcall = lua.create_function(move |lua, call| protected(lua, &watch, call))?;
    globals.set("pcall", pcall)?;
    globals.set("tonumber", lua.create_function(to_number)?)?;
    globals.get::<Table>("string")?.set("format", lua.create_function(format)?)
}

fn line_of(lua: &Lua, values: &[Value]) -> LuaResult<String> {
    let mut line = String::new();
    for (at, value) in values.iter().enumerate() {
        if line.len() > Printed::LONGEST {
            break;
        }
        line.push_str(if at == 0 { "" } else { "\t" });
        line.push_str(&shown(lua, value)?);
    }
    Ok(line)
}

/// `pcall`, which gives the error as text: an error kept as a value would hold memory that Luau
/// does not count. The end of the room's time passes through.
fn protected(
    lua: &Lua,
    watch: &Watch,
    (function, arguments): (Value, MultiValue),
) -> LuaResult<(bool, MultiValue)> {
    let called = match function {
        Value::Function(function) => function.call::<MultiValue>(arguments),
        other => Err(LuaError::runtime(format!("attempt to call a {} value", other.type_name()))),
    };
    match called {
        Ok(values) => Ok((true, values)),
        Err(error) if watch.has_ended() => Err(error),
        Err(error) => {
            Ok((false, MultiValue::from_iter([Value::String(lua.create_string(caught(&error))?)])))
        }
    }
}

/// A value as `tostring` shows it; Luau writes numbers by itself, without the locale.
fn shown(lua: &Lua, value: &Value) -> LuaResult<String> {
    let text: mlua::LuaString = lua.globals().get::<Function>("tostring")?.call(value)?;
    Ok(text.to_string_lossy())
}

fn to_number(_: &Lua, (value, base): (Value, Option<u32>)) -> LuaResult<Option<f64>> {
    let text = match &value {
        Value::Integer(number) => return Ok(Some(*number as f64)),
        Value::Number(number) => return Ok(Some(*number)),
        Value::String(text) => text.to_string_lossy(),
        _ => return Ok(None),
    };
    Ok(match base {
        None | Some(10) => decimal(text.trim()),
        Some(base @ 2..=36) => {
            i64::from_str_radix(text.trim(), base).ok().map(|number| number as f64)
        }
        Some(_) => None,
    })
}

fn decimal(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().map(|number| number as f64);
    }
    // Rust would also read "inf" and "nan", which are no numbers to a script.
    let plain = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse().ok().filter(|_| plain)
}

/// `string.format` for what profiles write: `%s %d %i %x %X %f %%`, with width, `-`, `0`,
/// precision.
fn format(lua: &Lua, (template, values): (String, Variadic<Value>)) -> LuaResult<String> {
    let mut out = String::new();
    let mut values = values.iter();
    let mut rest = template.as_str();
    while let Some(at) = rest.find('%') {
        if out.len() + at > LONGEST_TEXT {
            break;
        }
        out.push_str(&rest[..at]);
        let (spec, after) = Spec::parse(&rest[at + 1..])?;
        rest = after;
        if spec.kind == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| {
            bad_format("значений меньше, чем мест", "there are fewer values than places")
        })?;
        out.push_str(&spec.write(lua, value)?);
        if out.len() > LONGEST_TEXT {
            return Err(said(too_long()));
        }
    }
    if out.len() + rest.len() > LONGEST_TEXT {
        return Err(said(too_long()));
    }
    out.push_str(rest);
    Ok(out)
}

/// One place of a format.
struct Spec {
    left: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

impl Spec {
    /// Widths above this are refused: a title is no place for them.
    const WIDEST: usize = 99;

    fn parse(text: &str) -> LuaResult<(Spec, &str)> {
        let flags = text.len() - text.trim_start_matches(['-', '0']).len();
        let (width, rest) = number(&text[flags..]);
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (precision, rest) = number(rest);
                (Some(precision), rest)
            }
            None => (None, rest),
        };
        let kind = rest.chars().next().unwrap_or_default();
        let (left, zero) = (text[..flags].contains('-'), text[..flags].contains('0'));
        if !"sdixXf%".contains(kind) || width > Self::WIDEST || precision > Some(Self::WIDEST) {
            return Err(bad_format("есть только %s %d %x %f %%", "there are only %s %d %x %f %%"));
        }
        Ok((Spec { left, zero, width, precision, kind }, &rest[kind.len_utf8()..]))
    }

    fn write(&self, lua: &Lua, value: &Value) -> LuaResult<String> {
        let text = match self.kind {
            's' => {
                let text = shown(lua, value)?;
                text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
            }
            'f' => {
                format!("{:.*}", self.precision.unwrap_or(6), f64::from_lua(value.clone(), lua)?)
            }
            'x' => format!("{:x}", i64::from_lua(value.clone(), lua)?),
            'X' => format!("{:X}", i64::from_lua(value.clone(), lua)?),
            _ => i64::from_lua(value.clone(), lua)?.to_string(),
        };
        Ok(self.padded(text))
    }

    fn padded(&self, text: String) -> String {
        let fill = self.width.saturating_sub(text.chars().count());
        match (self.left, self.zero && self.kind != 's') {
            (true, _) => text + &" ".repeat(fill),
            (false, true) => {
                let digits = text.trim_start_matches('-');
                let sign = &text[..text.len() - digits.len()];
                format!("{sign}{}{digits}", "0".repeat(fill))
            }
            (false, false) => " ".repeat(fill) + &text,
        }
    }
}

/// The digits in front of a text as a number, and the rest.
fn number(text: &str) -> (usize, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let value = if end == 0 { 0 } else { text[..end].parse().unwrap_or(usize::MAX) };
    (value, &text[end..])
}

fn bad_format(ru: &str, en: &str) -> mlua::Error {
    said(Text::new(format!("string.format: {ru}"), format!("string.format: {en}")))
}
