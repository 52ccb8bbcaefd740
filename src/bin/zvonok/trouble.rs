//! Why a command could not do what it was asked for.

use zvonok::error::{Code, Error, Text};

/// What a command ends with.
pub(crate) type Outcome = Result<Code, Trouble>;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The library refused or failed.
    Library(Error),
    /// The arguments do not go together.
    Usage(Text),
    /// Something of this machine: a port, a file.
    System(String),
    /// Standard output could not be written.
    Io(std::io::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Library(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::Io(error)
    }
}
