//! The room in which a script runs: a fresh Luau state with the globals of an allow-list, a limit
//! of memory, and a limit of time that no script can swallow.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use mlua::chunk::ChunkMode;
use mlua::{Lua, LuaOptions, Result as LuaResult, StdLib, Table, Value, VmState};

use super::fault::{chunk_name, profile_error, said_as};
use super::ground::Ledger;
use super::library;
use super::source::Source;
use crate::error::{Code, Error, Fault, Result, Text};
use crate::stop::Stop;

/// What a script may use up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of Luau's own memory, and as many again for sets of people.
    pub memory: usize,
    /// Time for the whole evaluation.
    pub time: Duration,
}

impl Default for Limits {
    /// 64 MiB and 10 seconds.
    fn default() -> Limits {
        Limits { memory: 64 * 1024 * 1024, time: Duration::from_secs(10) }
    }
}

/// Globals that scripts keep. Whatever a newer Luau adds is out until it is written here.
const GLOBALS: &[&str] = &[
    "_VERSION",
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "math",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "setmetatable",
    "string",
    "table",
    "tostring",
    "type",
    "typeof",
    "unpack",
    "utf8",
];

/// Members of the libraries that scripts do not get: `math` without chance.
const LEFT_OUT: &[(&str, &str)] = &[("math", "random"), ("math", "randomseed"), ("math", "noise")];

/// Why the room ended a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Time,
    Stopped,
}

/// Watches the clock and the caller's wish to stop. Once it has ended a script it ends every
/// further step of it too, so that a `pcall` cannot go on.
pub(super) struct Watch {
    started: Instant,
    limit: Duration,
    stop: Stop,
    ended: Cell<Option<Ended>>,
    /// Where the script was when its time was over.
    line: Cell<Option<usize>>,
    asked: Cell<u32>,
}

impl Watch {
    fn new(limit: Duration, stop: Stop) -> Rc<Watch> {
        let (ended, asked) = (Cell::new(None), Cell::new(0));
        let line = Cell::new(None);
        Rc::new(Watch { started: Instant::now(), limit, stop, ended, line, asked })
    }

    /// Called by Luau at every loop and call; looks at the clock at each sixteenth.
    fn interrupt(&self, lua: &Lua) -> LuaResult<VmState> {
        let asked = self.asked.get().wrapping_add(1);
        self.asked.set(asked);
        if self.ended.get().is_none() && asked.is_multiple_of(16) {
            self.look();
            if self.has_ended() {
                self.line.set(line_of(lua));
            }
        }
        match self.ended.get() {
            None => Ok(VmState::Continue),
            Some(_) => Err(said_as("profile.time", Text::new("время вышло", "the time is over"))),
        }
    }

    /// Whether the script must not go on.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    fn look(&self) {
        if self.stop.reason().is_some() {
            self.ended.set(Some(Ended::Stopped));
        } else if self.started.elapsed() >= self.limit {
            self.ended.set(Some(Ended::Time));
        }
    }

    fn error(&self, ended: Ended, file: &str, object: Option<&str>) -> Error {
        if ended == Ended::Stopped {
            let (ru, en) = ("вычисление профиля остановлено", "the profile was stopped");
            return Error::new(Code::Cancelled, ru, en);
        }
        let seconds = self.limit.as_secs_f64();
        let message = Text::new(
            format!("скрипт работает дольше {seconds} с (объект {})", object.unwrap_or("-")),
            format!("the script runs longer than {seconds} s (object {})", object.unwrap_or("-")),
        );
        let at = match self.line.get() {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        };
        let fault = Fault::new("profile.time", at, object.unwrap_or_default(), message);
        Error::with_faults(Code::Profile, vec![fault])
    }
}

/// The line that the script is at; functions of the library have none.
fn line_of(lua: &Lua) -> Option<usize> {
    const DEEPEST: usize = 8;
    (0..DEEPEST).find_map(|level| lua.inspect_stack(level, |frame| frame.current_line()).flatten())
}

/// What scripts printed, in bounds.
#[derive(Default)]
pub(super) struct Printed {
    lines: RefCell<Vec<String>>,
}

impl Printed {
    const LINES: usize = 1000;
    pub(super) const LONGEST: usize = 1000;

    pub(super) fn add(&self, line: &str) {
        let mut lines = self.lines.borrow_mut();
        match lines.len() {
            Self::LINES.. => {}
            len if len + 1 == Self::LINES => lines.push("…".to_owned()),
            _ => lines.push(line.chars().take(Self::LONGEST).collect()),
        }
    }

    pub(super) fn take(&self) -> Vec<String> {
        self.lines.take()
    }
}

/// A furnished Luau state and the file that it runs.
pub(super) struct Luau {
    pub(super) lua: Lua,
    pub(super) printed: Rc<Printed>,
    file: String,
    watch: Rc<Watch>,
}

impl Luau {
    /// A fresh room for one evaluation of this source. `zvonok` is made by the caller.
    pub(super) fn new(
        source: &Source,
        limits: Limits,
        stop: Stop,
        zvonok: impl FnOnce(&Lua) -> LuaResult<Table>,
    ) -> Result<Luau> {
        let watch = Watch::new(limits.time, stop);
        let printed = Rc::<Printed>::default();
        let lua = furnished(limits, &watch, &printed, zvonok)
            .map_err(|error| profile_error(&error, &source.name, None))?;
        Ok(Luau { lua, printed, file: source.name.clone(), watch })
    }

    /// Runs the script's text. Bytecode is refused.
    pub(super) fn run(&self, source: &Source) -> Result<Value> {
        let chunk = self.lua.load(source.text.as_str());
        let chunk =
            chunk.set_name(format!("={}", chunk_name(&source.name))).set_mode(ChunkMode::Text);
        self.call(None, || chunk.eval::<Value>())
    }

    /// Whether so large a share of the script's time is over.
    pub(super) fn has_used(&self, share: f64) -> bool {
        self.watch.started.elapsed() >= self.watch.limit.mul_f64(share)
    }

    /// The line where a function of the script begins; one of another file has none here.
    pub(super) fn line_of(&self, function: &mlua::Function) -> Option<u32> {
        let info = function.info();
        let own = info.source.as_deref() == Some(&*format!("={}", chunk_name(&self.file)));
        info.line_defined.filter(|_| own).and_then(|line| u32::try_from(line).ok())
    }

    /// Does something that may run the script, for an object. What the watch says goes before the
    /// result: a script may have caught its own end and returned happily.
    pub(super) fn call<T>(
        &self,
        object: Option<&str>,
        act: impl FnOnce() -> LuaResult<T>,
    ) -> Result<T> {
        let ended = |ended| self.watch.error(ended, &self.file, object);
        self.watch.look();
        if let Some(before) = self.watch.ended.get() {
            return Err(ended(before));
        }
        let done = act();
        match self.watch.ended.get() {
            Some(meanwhile) => Err(ended(meanwhile)),
            None => done.map_err(|error| profile_error(&error, &self.file, object)),
        }
    }
}

fn furnished(
    limits: Limits,
    watch: &Rc<Watch>,
    printed: &Rc<Printed>,
    zvonok: impl FnOnce(&Lua) -> LuaResult<Table>,
) -> LuaResult<Lua> {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8;
    // A panic inside a callback is a defect of ours: it must reach the border, past any `pcall`.
    let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
    lua.set_memory_limit(limits.memory)?;
    let globals = lua.globals();
    for pair in globals.clone().pairs::<String, Value>() {
        let (name, _) = pair?;
        if !GLOBALS.contains(&name.as_str()) {
            globals.raw_remove(name)?;
        }
    }
    for (library, name) in LEFT_OUT {
        globals.get::<Table>(*library)?.raw_remove(*name)?;
    }
    library::install(&lua, printed, watch)?;
    lua.set_app_data(Ledger::new(limits.memory));
    let zvonok = zvonok(&lua)?;
    zvonok.set_readonly(true);
    globals.set("zvonok", zvonok)?;
    lua.sandbox(true)?;
    let watch = watch.clone();
    lua.set_interrupt(move |lua| watch.interrupt(lua));
    Ok(lua)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name that a script can reach, two tables deep.
    fn reachable(lua: &Lua) -> Vec<String> {
        let own = lua.globals();
        let globals: Table = own.metatable().unwrap().get("__index").unwrap();
        let mut names = Vec::new();
        for pair in globals.pairs::<String, Value>() {
            let (name, value) = pair.unwrap();
            match value {
                Value::Table(library) => {
                    let members = library.pairs::<String, Value>();
                    names.extend(members.map(|pair| format!("{name}.{}", pair.unwrap().0)));
                }
                _ => names.push(name),
            }
        }
        names.sort();
        names
    }

    #[test]
    fn the_room_holds_only_what_is_on_the_list() {
        let source = Source::new("empty.lua", "");
        let room = Luau::new(&source, Limits::default(), Stop::never(), |lua| {
            crate::profile::global::zvonok(lua, "", &jiff::Zoned::default())
        });
        insta::assert_snapshot!(reachable(&room.unwrap().lua).join("\n"));
    }
}
