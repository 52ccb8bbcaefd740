//! The command line as a process: what it wrote, and the code it ended with.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run of the command line gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The command with its arguments, on an English system.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zvonok"));
    command.args(arguments).stdin(Stdio::null()).env("LANG", "en_US.UTF-8").env_remove("LC_ALL");
    command
}

/// What a run gave; it never panics, and writes no colours into a pipe.
pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ran = Ran {
        code: output.status.code().expect("no signal"),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert!(!ran.out.contains('\u{1b}'), "colours in a pipe: {}", ran.out);
    ran
}

/// Runs a command.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    ran(command(arguments).output().unwrap())
}

impl Ran {
    /// The one document on standard output, of a run that must give this code.
    pub(crate) fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert_eq!(self.out.lines().count(), 1, "{}", self.out);
        serde_json::from_str(&self.out).expect("JSON")
    }

    /// What people read, of a run that must give this code.
    pub(crate) fn says(&self, code: i32, parts: &[&str]) -> &str {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        for part in parts {
            assert!(self.out.contains(part), "no {part:?} in:\n{}", self.out);
        }
        &self.out
    }

    /// What people are told on standard error, of a run that must give this code.
    pub(crate) fn complains(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in:\n{}", self.err);
        }
    }
}
