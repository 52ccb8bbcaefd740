//! VK's errors, by the codes and words of its documents.

/// An error of a method.
#[derive(Debug)]
pub(crate) struct Error {
    pub(crate) code: i64,
    pub(crate) text: String,
}

impl Error {
    pub(crate) fn new(code: i64, text: &str) -> Error {
        Error { code, text: text.to_owned() }
    }

    /// The error with this code in its usual words.
    pub(crate) fn of(code: i64) -> Error {
        Error::new(code, words(code))
    }

    /// An error that was set as a fault.
    pub(crate) fn ordered(code: i64, message: Option<&str>) -> Error {
        Error::new(code, message.unwrap_or(words(code)))
    }

    pub(crate) fn param(what: &str) -> Error {
        let text = format!("One of the parameters specified was missing or invalid: {what}");
        Error { code: 100, text }
    }

    pub(crate) fn unknown_method() -> Error {
        Error::new(3, "Unknown method passed")
    }

    pub(crate) fn group_auth() -> Error {
        Error::of(27)
    }
}

fn words(code: i64) -> &'static str {
    match code {
        1 => "Unknown error occurred",
        3 => "Unknown method passed",
        5 => "User authorization failed",
        6 => "Too many requests per second",
        7 => "Permission to perform this action is denied",
        8 => "Invalid request",
        9 => "Flood control",
        10 => "Internal server error",
        14 => "Captcha needed",
        15 => "Access denied",
        18 => "User was deleted or banned",
        27 => "Group authorization failed: method is unavailable with group auth.",
        29 => "Rate limit reached",
        100 => "One of the parameters specified was missing or invalid",
        103 => "Out of limits",
        104 => "Not found",
        901 => "Can't send messages for users without permission",
        902 => "Can't send messages to this user due to their privacy settings",
        912 => "This is a chat bot feature, change this status in settings",
        914 => "Message is too long",
        917 => "You don't have access to this chat",
        919 => "You can't see invite link for this chat",
        922 => "You left this chat",
        925 => "You are not admin of this chat",
        927 => "Chat does not exist",
        931 => "You can't change invite link for this chat",
        935 => "User not found in chat",
        936 => "Contact not found",
        945 => "Chat was disabled",
        947 => "User has no access to this group",
        981 => "Can't add this user because of their privacy settings",
        984 => "You has spam restriction",
        993 => "Chat moved to MAX",
        1012 => "Writing is disabled for this chat",
        1017 => "Chat was deleted",
        _ => "Error of the sandbox's switches",
    }
}
