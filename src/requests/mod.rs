//! Questions and orders from the host's screens.
use crate::error::{Code, Error, Result};
use crate::session::Session;
use serde_json::Value;

/// Answers one request.
pub(crate) fn answer(_session: &mut Session, _request: &str) -> Result<(Code, Value)> {
    Err(Error::new(Code::Request, "", ""))
}
