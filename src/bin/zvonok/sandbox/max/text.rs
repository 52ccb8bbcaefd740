//! What a message may say, and what is left of its marks when it is read back.

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::Error;
use super::world::Words;

const LONGEST_TEXT: usize = 4_000;
const MOST_ATTACHMENTS: usize = 12;
const MOST_ROWS: usize = 30;
const MOST_IN_ROW: usize = 7;
const MOST_BUTTONS: usize = 210;
const LONGEST_BUTTON: usize = 128;
/// Kinds of buttons; those that lead away are at most three in a row.
const BUTTONS: [(&str, usize); 7] = [
    ("callback", MOST_IN_ROW),
    ("message", MOST_IN_ROW),
    ("clipboard", MOST_IN_ROW),
    ("link", 3),
    ("open_app", 3),
    ("request_contact", 3),
    ("request_geo_location", 3),
];

/// NewMessageBody.
#[derive(Deserialize)]
pub(super) struct NewMessage {
    text: Option<String>,
    attachments: Option<Vec<Value>>,
    link: Option<Value>,
    format: Option<String>,
}

/// What a message changes: attachments that are not named stay.
pub(super) struct Said {
    pub(super) words: Words,
    pub(super) names_attachments: bool,
}

impl NewMessage {
    /// Checks it as the platform does, before anybody asks whom it is for.
    pub(super) fn read(self) -> Result<Said, Error> {
        let format = self.format.as_deref().map(str::to_lowercase);
        if !matches!(format.as_deref(), None | Some("markdown" | "html")) {
            return Err(Error::payload("format: markdown or html is expected"));
        }
        let names_attachments = self.attachments.is_some();
        let attachments = self.attachments.unwrap_or_default();
        if attachments.len() > MOST_ATTACHMENTS {
            return Err(Error::payload("attachments: errors.maxRows"));
        }
        let attachments: Result<Vec<_>, _> = attachments.into_iter().map(attachment).collect();
        let link = self.link.map(|link| checked_link(&link).map(|()| link)).transpose()?;
        let text = self.text.map(|text| checked_text(&text, format.as_deref())).transpose()?;
        let words = Words { text, attachments: attachments?, link };
        if words.text.is_none() && words.attachments.is_empty() && words.link.is_none() {
            return Err(Error::payload("text or attachments are expected"));
        }
        Ok(Said { words, names_attachments })
    }
}

fn checked_text(text: &str, format: Option<&str>) -> Result<String, Error> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(Error::payload("text: errors.maxRowSize"));
    }
    let plain = match format {
        Some("html") => without_tags(text),
        Some(_) => without_marks(text),
        None => text.to_owned(),
    };
    if is_blank(&plain) {
        return Err(Error::payload("text: no visible text"));
    }
    Ok(plain)
}

fn checked_link(link: &Value) -> Result<(), Error> {
    let kind = link["type"].as_str().unwrap_or_default();
    let mid = link["mid"].as_str().and_then(super::world::chat_of);
    if !["forward", "reply"].contains(&kind) || mid.is_none() {
        return Err(Error::payload("link: type forward or reply and mid are expected"));
    }
    Ok(())
}

/// Whether nothing can be seen of it.
pub(super) fn is_blank(text: &str) -> bool {
    let invisible = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    text.chars().all(invisible)
}

/// The text between the tags, with the four entities read.
fn without_tags(text: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for sign in text.chars() {
        match sign {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => plain.push(sign),
            _ => {}
        }
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    entities.iter().fold(plain, |text, (entity, sign)| text.replace(entity, sign))
}

/// The text without the marks of emphasis; of a link its words are left.
fn without_marks(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let words = rest[open + 1..].split_once("](");
        let link = words.and_then(|(words, after)| Some((words, after.split_once(')')?.1)));
        match link.filter(|(words, _)| !words.contains(['[', '\n'])) {
            Some((words, after)) => {
                plain.push_str(&rest[..open]);
                plain.push_str(words);
                rest = after;
            }
            None => {
                plain.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
            }
        }
    }
    plain.push_str(rest);
    ["**", "__", "~~", "++", "`"].iter().fold(plain, |text, mark| text.replace(mark, ""))
}

/// An attachment as it will be shown; of a keyboard everything is checked, the rest passes.
fn attachment(attachment: Value) -> Result<Value, Error> {
    match attachment["type"].as_str() {
        Some("inline_keyboard") => keyboard(&attachment["payload"]["buttons"]),
        Some(_) => Ok(attachment),
        None => Err(Error::payload("Can't deserialize body: attachments need a type")),
    }
}

fn keyboard(rows: &Value) -> Result<Value, Error> {
    let wrong = |what: &str| Error::payload(&format!("inline_keyboard: {what}"));
    let rows: Option<Vec<&Vec<Value>>> =
        rows.as_array().and_then(|rows| rows.iter().map(Value::as_array).collect());
    let rows = rows.ok_or_else(|| wrong("rows of buttons are expected"))?;
    let count: usize = rows.iter().map(|row| row.len()).sum();
    if rows.len() > MOST_ROWS || count > MOST_BUTTONS || count == 0 {
        return Err(wrong("errors.maxRows"));
    }
    let shown: Result<Vec<_>, _> = rows.into_iter().map(|row| buttons(row)).collect();
    Ok(json!({ "type": "inline_keyboard", "payload": { "buttons": shown? } }))
}

fn buttons(row: &[Value]) -> Result<Value, Error> {
    let wrong = |what: &str| Error::payload(&format!("inline_keyboard: {what}"));
    let mut shown = Vec::new();
    for button in row {
        let kind = button["type"].as_str().unwrap_or_default();
        let (_, most) = BUTTONS
            .iter()
            .find(|(known, _)| *known == kind)
            .ok_or_else(|| wrong(&format!("button type {kind}")))?;
        let length = button["text"].as_str().map_or(0, |text| text.chars().count());
        if row.len() > *most || !(1..=LONGEST_BUTTON).contains(&length) {
            return Err(wrong("errors.maxRowSize"));
        }
        let mut button = button.clone();
        button["intent"] = json!("default");
        shown.push(button);
    }
    Ok(json!(shown))
}

#[cfg(test)]
mod tests {
    use super::{is_blank, without_marks, without_tags};

    #[test]
    fn marks_are_taken_off() {
        assert_eq!(without_tags("<b>a</b> &lt;b&gt; &amp;lt;"), "a <b> &lt;");
        assert_eq!(without_marks("**7А** [вход](https://max.ru/x) [a] `b`"), "7А вход [a] b");
        assert!(is_blank(" \u{200b}\n"));
        assert!(!is_blank("."));
    }
}
