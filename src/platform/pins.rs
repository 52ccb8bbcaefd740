//! Taking a pin down: every messenger takes down whatever is pinned, and does not tell a refusal from
//! nothing to do.

use super::{Answer, Failure};

/// Takes the pin down (`down`), but not where `pinned` shows another message than the one that is
/// meant. A refusal that may mean that nothing is pinned (`is_doubtful`) is looked into.
pub(super) fn unpin(
    message: Option<&str>,
    pinned: impl Fn() -> Result<Option<String>, Failure>,
    down: impl FnOnce() -> Result<Answer, Failure>,
    is_doubtful: impl FnOnce(&Failure) -> bool,
) -> Result<Answer, Failure> {
    // What is not shown may be pinned all the same, so only another message ends it here.
    if message.is_some() && pinned()?.is_some_and(|there| message != Some(&there)) {
        return Ok(Answer::Done);
    }
    down().or_else(|failure| {
        let nothing = is_doubtful(&failure) && pinned() == Ok(None);
        if nothing { Ok(Answer::Done) } else { Err(failure) }
    })
}
