//! What proves to a bot who somebody is: launch data of a mini-app and a shared contact, signed
//! with the bot's token as the platform does it.

use ring::hmac;
use serde_json::{Value, json};

use super::super::people::Person;

/// What a mini-app is opened with.
pub(super) struct Launch<'a> {
    pub(super) query_id: String,
    /// Seconds since 1970.
    pub(super) auth_date: i64,
    pub(super) user: &'a Person,
    pub(super) chat: (i64, &'static str),
    pub(super) start_param: Option<&'a str>,
}

impl Launch<'_> {
    /// `initData`: pairs with encoded values, the signature among them.
    pub(super) fn sign(&self, token: &str) -> String {
        let user = json!({
            "id": self.user.id,
            "first_name": self.user.first_name,
            "last_name": self.user.last_name,
            "username": null,
            "language_code": "ru",
            "photo_url": null,
        });
        let (chat_id, kind) = self.chat;
        let mut pairs = vec![
            ("auth_date", self.auth_date.to_string()),
            ("chat", json!({ "id": chat_id, "type": kind }).to_string()),
            ("query_id", self.query_id.clone()),
        ];
        pairs.extend(self.start_param.map(|param| ("start_param", param.to_owned())));
        pairs.push(("user", user.to_string()));
        let lines: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let secret = mac(b"WebAppData", token.as_bytes());
        pairs.push(("hash", hex(mac(secret.as_ref(), lines.join("\n").as_bytes()).as_ref())));
        let encoded = pairs.iter().map(|(key, value)| format!("{key}={}", percent(value)));
        encoded.collect::<Vec<_>>().join("&")
    }
}

/// The attachment of a contact; one that was passed on by somebody has no hash.
pub(super) fn contact(person: &Person, shown: Value, phone: &str, token: Option<&str>) -> Value {
    let name = person.full_name();
    let phone = phone.trim_start_matches('+');
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:ez-vcard 0.10.3\r\n\
         TEL;TYPE=cell:{phone}\r\nFN:{name}\r\nEND:VCARD\r\n"
    );
    let mut payload = json!({ "vcf_info": card, "max_info": shown });
    if let Some(token) = token {
        payload["hash"] = json!(hex(mac(token.as_bytes(), card.as_bytes()).as_ref()));
    }
    json!({ "type": "contact", "payload": payload })
}

fn mac(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything but letters, digits and four signs as `%` and two digits.
pub(crate) fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
