//! The document that a call leaves, as C reads it.

use std::ffi::CString;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::error::{Code, Error, Result};

/// NUL-terminated JSON; serde_json escapes NUL, so that none is inside.
pub(super) type Reply = CString;

/// What an outcome returns and leaves.
pub(super) fn of(outcome: Result<(Code, Value)>) -> (Code, Reply) {
    match outcome {
        Ok((code, document)) => (code, document_of(&document)),
        Err(error) => (error.code, document_of(&error.to_json())),
    }
}

fn document_of(document: &Value) -> Reply {
    CString::new(document.to_string()).unwrap_or_default()
}

/// What a session holds that was opened and not used yet.
pub(super) fn opened() -> Value {
    json!({"format": "zvonok.reply/1", "result": null})
}

/// The document of every handle that is closed, foreign, forked or NULL.
pub(super) fn dead() -> &'static Reply {
    static DOCUMENT: OnceLock<Reply> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        document_of(
            &Error::new(
                Code::BadHandle,
                "такого сеанса нет: он закрыт, чужой или открыт до fork",
                "there is no such session: it is closed, foreign or was opened before a fork",
            )
            .to_json(),
        )
    })
}

/// The document of a session that is inside a call.
pub(super) fn busy() -> &'static Reply {
    static DOCUMENT: OnceLock<Reply> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        document_of(
            &Error::new(
                Code::Busy,
                "этот сеанс занят другим вызовом",
                "this session is inside another call",
            )
            .to_json(),
        )
    })
}
