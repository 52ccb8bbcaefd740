//! MAX's errors: an HTTP status, a dotted code and a sentence.

use serde_json::{Value, json};

use super::super::faults::Code;

/// An error of the interface.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Error {
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Error {
        Error { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// The parameters or the body are not what the method takes.
    pub(crate) fn payload(message: &str) -> Error {
        Error::new(400, "proto.payload", message)
    }

    /// The bot may not do this here, or there is no such place.
    pub(crate) fn denied(message: &str) -> Error {
        Error::new(403, "chat.denied", message)
    }

    /// The bot is an admin without the right that this takes.
    pub(crate) fn no_right() -> Error {
        Error::denied("permission.denied")
    }

    pub(crate) fn no_chat(message: &str) -> Error {
        Error::new(404, "chat.not.found", message)
    }

    /// A message or a callback that is not there, or not for the bot's eyes.
    pub(crate) fn not_found(what: &str) -> Error {
        Error::new(404, "not.found", &format!("{what} not found"))
    }

    pub(crate) fn no_method(path: &str) -> Error {
        let place = "Please check docs at https://dev.max.ru/docs";
        Error::new(404, "method.not.found", &format!("Path {path} is not recognized. {place}"))
    }

    pub(crate) fn too_many() -> Error {
        Error::new(429, "too.many.requests", "Too many requests")
    }

    /// An error that was set as a fault. A number is its HTTP status; a word goes with the status
    /// that it has in life.
    pub(crate) fn ordered(code: &Code, message: Option<&str>, status: Option<u16>) -> Error {
        let (usual, code) = match code {
            Code::Number(number) => {
                let status = u16::try_from(*number).ok().filter(|code| (400..600).contains(code));
                let status = status.unwrap_or(500);
                (status, usual_code(status).to_owned())
            }
            Code::Name(name) => (usual_status(name), name.clone()),
        };
        let message = message.unwrap_or("Error of the sandbox's switches");
        Error { status: status.unwrap_or(usual), code, message: message.to_owned() }
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

const USUAL: [(u16, &str); 10] = [
    (400, "proto.payload"),
    (400, "attachment.not.ready"),
    (401, "verify.token"),
    (403, "chat.denied"),
    (403, "access.denied"),
    (404, "chat.not.found"),
    (404, "method.not.found"),
    (429, "too.many.requests"),
    (500, "internal.error"),
    (503, "service.unavailable"),
];

fn usual_status(code: &str) -> u16 {
    USUAL.iter().find(|(_, known)| *known == code).map_or(400, |(status, _)| *status)
}

fn usual_code(status: u16) -> &'static str {
    USUAL.iter().find(|(known, _)| *known == status).map_or("internal.error", |(_, code)| code)
}

/// An answer with status 200 that says it was not done.
pub(crate) fn refused(message: &str) -> Value {
    json!({ "success": false, "message": message })
}

/// An answer that says it was done.
pub(crate) fn done() -> Value {
    json!({ "success": true })
}
