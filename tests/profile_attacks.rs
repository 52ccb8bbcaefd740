//! Scripts that mean harm, or loop by mistake: each must end within its limits, with a clear error,
//! and leave the process as it was.

use std::time::{Duration, Instant};

use serde_json::{Map, json};
use zvonok::error::{Code, Error};
use zvonok::profile::{Limits, Room, Source, evaluate};
use zvonok::stop::Stop;

#[path = "profile/support.rs"]
mod support;

use support::{evaluated_with, one_kind, roster};

const TIGHT: Limits = Limits { memory: 32 * 1024 * 1024, time: Duration::from_millis(500) };

/// Where memory must be what ends a script, also on a machine that does much else meanwhile.
const PATIENT: Limits = Limits { time: Duration::from_secs(60), ..TIGHT };

fn attack(script: &str) -> Error {
    attack_within(TIGHT, script)
}

fn attack_within(limits: Limits, script: &str) -> Error {
    let started = Instant::now();
    let script =
        format!("{script}\nreturn zvonok.profile {{ name = 'p', version = 1, chats = {{}} }}");
    let source = Source::new("evil.lua", script);
    let result = evaluated_with(&source, &roster(&json!({})), &Map::new(), None, limits);
    // Far above the limit, for the same machines.
    assert!(started.elapsed() < limits.time + Duration::from_secs(8), "{:?}", started.elapsed());
    let error = result.expect_err("the attack went through");
    assert_eq!(error.code, Code::Profile);
    error
}

fn ends_with(code: &str, script: &str) {
    let limits = if code == "profile.memory" { PATIENT } else { TIGHT };
    let error = attack_within(limits, script);
    assert_eq!(error.faults[0].code, code, "{script}: {}", error.message.en);
    // Luau forgets where it was when its memory is over.
    let line = code == "profile.memory" || error.faults[0].at.starts_with("evil.lua:");
    assert!(line, "{script}: {}", error.faults[0].at);
}

#[test]
fn an_endless_loop_is_stopped() {
    ends_with("profile.time", "while true do end");
}

#[test]
fn a_loop_of_pcalls_cannot_swallow_the_end() {
    ends_with(
        "profile.time",
        "local function f() while true do end end while true do pcall(f) end",
    );
}

#[test]
fn a_swallowed_end_is_still_the_end() {
    ends_with(
        "profile.time",
        "local n = 0 for _ = 1, 3 do pcall(function() while true do end end) n = n + 1 end",
    );
    ends_with("profile.time", "pcall(function() while true do end end)");
}

#[test]
fn a_looping_handler_never_runs() {
    // There is no `xpcall`: a handler is code that runs while an error is on its way.
    ends_with("profile.script", "xpcall(error, function() while true do end end)");
    ends_with(
        "profile.time",
        "local t = setmetatable({}, { __index = function() while true do end end })\n\
         pcall(function() return t.x end)",
    );
    ends_with(
        "profile.time",
        "local t = {} for i = 1, 9 do t[i] = i end table.sort(t, function() while true do end end)",
    );
}

#[test]
fn pathological_patterns_are_stopped() {
    let text = "local s = string.rep('a', 30)";
    ends_with(
        "profile.time",
        &format!("{text} string.find(s, string.rep('a?', 30) .. string.rep('a', 31))"),
    );
    ends_with(
        "profile.time",
        &format!("{text} s = string.rep('a', 3000) string.find(s, string.rep('.-', 20) .. 'b')"),
    );
    ends_with("profile.time", "string.gsub(string.rep('a', 30000), '.-.-.-b', '')");
}

#[test]
fn growth_is_bounded() {
    ends_with("profile.memory", "local s = string.rep('x', 1e9)");
    ends_with("profile.memory", "local s = 'x' while true do s = s .. s end");
    ends_with(
        "profile.memory",
        "local s = string.gsub(string.rep('x', 1e6), 'x', string.rep('y', 1000))",
    );
    ends_with("profile.memory", "local t = {} while true do t[#t + 1] = { 1, 2, 3, 4 } end");
    ends_with("profile.script", "local t = table.create(1e9, 0)");
    ends_with("profile.memory", "local t = table.create(6e7, 0)");
    ends_with(
        "profile.memory",
        "local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 1e5) .. i end",
    );
}

#[test]
fn memory_that_luau_does_not_count_is_bounded_too() {
    ends_with(
        "profile.memory",
        "local t = {} while true do t[#t + 1] = zvonok.host_role(string.rep('x', 900)) end",
    );
    ends_with(
        "profile.script",
        "zvonok.fill(string.rep('<a>', 1e6), { a = string.rep('x', 1e4) })",
    );
    ends_with("profile.script", "zvonok.fill('<a>', { a = string.rep('x', 1e6) })");
    ends_with("profile.script", "string.format(string.rep('x', 1e6))");
    ends_with(
        "profile.script",
        "string.format(string.rep('%99d', 1000), unpack(table.create(1000, 1)))",
    );
    ends_with("profile.script", "zvonok.host_role(string.rep('x', 1e6))");
    ends_with("profile.script", "zvonok.host_role(unpack(table.create(2000, 'x')))");
    ends_with("profile.script", "zvonok.profile { name = 'a', version = 1, chats = {} }");
    ends_with(
        "profile.time",
        "local t = {} while true do t[1] = select(2, pcall(zvonok.fill, 1, 1)) end",
    );
}

#[test]
fn a_long_error_is_cut() {
    let error = attack("error(string.rep('x', 1e7))");
    assert!(error.message.en.len() < 1200, "{}", error.message.en.len());
    let error = attack("zvonok.fill('<' .. string.rep('x', 5e4) .. '>', {})");
    assert!(error.message.en.len() < 1200, "{}", error.message.en.len());
}

#[test]
fn swallowed_memory_errors_end_by_the_clock() {
    ends_with("profile.time", "while true do pcall(string.rep, 'x', 1e9) end");
}

#[test]
fn deep_recursion_is_an_error() {
    ends_with("profile.script", "local function f(n) return 1 + f(n + 1) end f(0)");
    ends_with(
        "profile.script",
        "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()",
    );
    ends_with(
        "profile.script",
        "local t = setmetatable({}, {})\n\
         getmetatable(t).__index = function(t, k) return t[k] end print(t.x)",
    );
}

#[test]
fn shared_tables_are_read_only() {
    let cases = [
        "getmetatable('').__index = function() return 1 end",
        "string.rep = print",
        "math.pi = 3",
        "zvonok.today = 'x'",
        "zvonok.profile = nil",
        "rawset(string, 'rep', print)",
        "setmetatable(string, {})",
        "table.clear(zvonok)",
    ];
    for script in cases {
        ends_with("profile.script", script);
    }
}

#[test]
fn what_leads_out_of_the_room_is_not_there() {
    for name in [
        "os",
        "io",
        "debug",
        "require",
        "package",
        "loadstring",
        "load",
        "loadfile",
        "dofile",
        "getfenv",
        "setfenv",
        "collectgarbage",
        "newproxy",
        "gcinfo",
        "coroutine",
        "buffer",
        "vector",
        "bit32",
        "_G",
        "integer",
        "shared",
        "script",
        "game",
    ] {
        let error = attack(&format!("if {name} == nil then error('absent') end"));
        assert!(error.message.en.contains("absent"), "{name} is there");
    }
    for member in ["math.random", "math.randomseed", "math.noise", "string.dump"] {
        let error = attack(&format!("if {member} == nil then error('absent') end"));
        assert!(error.message.en.contains("absent"), "{member} is there");
    }
}

#[test]
fn bytecode_is_refused() {
    for byte in ['\u{1b}', '\u{3}', '\u{6}', '\u{9}'] {
        let source = Source::new("evil.lua", format!("{byte}\u{1}\u{2}"));
        let result = evaluated_with(&source, &roster(&json!({})), &Map::new(), None, TIGHT);
        assert_eq!(result.unwrap_err().faults[0].code, "profile.syntax");
    }
}

#[test]
fn deep_nesting_of_the_text_is_an_error() {
    let deep = format!("local x = {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    ends_with("profile.syntax", &deep);
    ends_with("profile.syntax", &format!("local t = {}", "{".repeat(100_000)));
}

#[test]
fn one_evaluation_leaves_nothing_for_the_next() {
    let source = Source::new(
        "p.lua",
        "if seen then error('seen') end seen = true\n\
         return zvonok.profile { name = 'p', version = 1, chats = {} }",
    );
    for _ in 0..2 {
        evaluated_with(&source, &roster(&json!({})), &Map::new(), None, TIGHT).unwrap();
    }
}

#[test]
fn sets_kept_in_hoards_are_bounded_and_thrown_away_ones_are_not_counted() {
    let users: Vec<_> = (0..2000).map(|n| json!({"sourcedId": format!("p{n}")})).collect();
    let roles: Vec<_> = (0..2000).map(|n| json!({"userSourcedId": format!("p{n}")})).collect();
    let school = roster(
        &json!({"users": users, "roles": roles, "classes": [{"sourcedId": "1a", "title": "1А"}]}),
    );
    let limits = Limits { time: Duration::from_secs(60), ..TIGHT };
    let run =
        |members: &str| evaluated_with(&one_kind(members), &school, &Map::new(), None, limits);
    let hoard = "(function() local t, s = {}, class.school.staff\n\
        while true do t[#t + 1] = s + s end end)()";
    assert_eq!(run(hoard).unwrap_err().faults[0].code, "profile.memory");
    let waste =
        "(function() local s = class.school.staff for _ = 1, 500 do s = s + s end return s end)()";
    assert_eq!(run(waste).unwrap().chats["class:1a"].members.len(), 2000);
}

#[test]
fn rules_are_watched_too_and_name_their_object() {
    let school = roster(&json!({"classes": [{"sourcedId": "1a", "title": "1А"}]}));
    let source = one_kind("(function() while true do end end)()");
    let error = evaluated_with(&source, &school, &Map::new(), None, TIGHT).unwrap_err();
    assert_eq!(
        (error.faults[0].code.as_str(), error.faults[0].value.as_str()),
        ("profile.time", "class:1a")
    );
}

#[test]
fn a_cancel_from_another_thread_ends_a_script() {
    let stop = Stop::never();
    let other = stop.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        other.cancel();
    });
    let now = support::NOW.parse().unwrap();
    let room = Room {
        roster: &roster(&json!({})),
        settings: &Map::new(),
        organization: None,
        now: &now,
        limits: PATIENT,
        stop: &stop,
        log: &|_| {},
    };
    let error = evaluate(
        &Source::new("evil.lua", "while true do pcall(function() while true do end end) end"),
        room,
    );
    assert_eq!(error.unwrap_err().code, Code::Cancelled);
    thread.join().unwrap();
}

#[test]
fn print_is_bounded() {
    let count = std::cell::Cell::new((0, 0));
    let now = support::NOW.parse().unwrap();
    let room = Room {
        roster: &roster(&json!({})),
        settings: &Map::new(),
        organization: None,
        now: &now,
        limits: Limits::default(),
        stop: &Stop::never(),
        log: &|line| count.set((count.get().0 + 1, count.get().1.max(line.len()))),
    };
    let script = "for _ = 1, 5000 do print(string.rep('x', 5000)) end\n\
        return zvonok.profile { name = 'p', version = 1, chats = {} }";
    evaluate(&Source::new("p.lua", script), room).unwrap();
    assert_eq!(count.get(), (1000, 1000));
}

#[test]
fn a_small_stack_of_the_host_is_enough() {
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let nested = thread.spawn(|| {
        ends_with(
            "profile.script",
            "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()",
        )
    });
    nested.unwrap().join().unwrap();
}
