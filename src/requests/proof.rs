//! Proofs that somebody holds an account on MAX, computed with the bot's token (`platforms/max.md`,
//! sections 9.2 and 9.3). Nothing here is stored; phones and names are compared and forgotten.

use ring::hmac::{self, HMAC_SHA256, Key};
use serde_json::Value;

use crate::error::{Code, Error, Fault, Text};
use crate::fingerprint;

/// How old a proof may be, in seconds.
const FRESH: i64 = 3600;

/// How far a proof's clock may run ahead of ours, in seconds.
const SKEW: i64 = 60;

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not of the form that MAX hands out.
    Malformed,
    /// A key stands in it twice.
    Repeated,
    /// The signature is not one of this bot's token.
    Forged,
    /// Older than an hour.
    Stale,
    /// From the future.
    Early,
    /// Shown once before.
    Used,
    /// The phone is not the one that the school knows.
    OtherPhone,
}

impl Flaw {
    /// The fault's code after `request.`.
    fn code(self) -> &'static str {
        match self {
            Flaw::Malformed => "proof_malformed",
            Flaw::Repeated => "proof_repeated_key",
            Flaw::Forged => "proof_forged",
            Flaw::Stale => "proof_stale",
            Flaw::Early => "proof_early",
            Flaw::Used => "proof_used",
            Flaw::OtherPhone => "proof_other_phone",
        }
    }

    /// A request with such a proof in `key` is refused.
    pub(super) fn refusal(self, key: &str) -> Error {
        let code = format!("request.{}", self.code());
        let fault = Fault::new(&code, format!("params.{key}"), "", self.text());
        Error::with_faults(Code::Request, vec![fault])
    }

    /// What it means, for people.
    fn text(self) -> Text {
        let (ru, en) = match self {
            Flaw::Malformed => ("это не данные, которые выдаёт MAX", "not what MAX hands out"),
            Flaw::Repeated => ("поле повторяется", "a field stands there twice"),
            Flaw::Forged => (
                "подпись не сделана токеном этого бота",
                "the signature was not made with this bot's token",
            ),
            Flaw::Stale => ("подтверждению больше часа", "the proof is older than an hour"),
            Flaw::Early => ("подтверждение из будущего", "the proof is from the future"),
            Flaw::Used => ("подтверждение уже предъявляли", "the proof was shown before"),
            Flaw::OtherPhone => (
                "телефон не тот, который знает школа",
                "the phone is not the one that the school knows",
            ),
        };
        Text::new(ru, en)
    }
}

/// What a mini-app's launch data prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    /// The account that opened the mini-app.
    pub(super) account: String,
    /// Digest of what must not be shown again: the `query_id`, or the signature where there is none.
    pub(super) once: String,
}

/// A contact that a person shared with the bot.
#[derive(Debug, Clone)]
pub(super) enum Contact {
    /// The attachment of a message, after the button `request_contact`.
    Card {
        /// The card as it came, line ends included.
        vcf_info: String,
        /// Its signature.
        hash: String,
    },
    /// What `WebApp.requestContact()` returns.
    App {
        /// The phone.
        phone: String,
        /// `authDate`, in seconds.
        auth_date: String,
        /// Its signature.
        hash: String,
    },
}

/// Checks a mini-app's launch data at `now`, Unix seconds.
pub(super) fn launch(token: &str, init_data: &str, now: i64) -> Result<Launch, Flaw> {
    let mut fields = fields(init_data)?;
    let at = fields.iter().position(|(key, _)| key == "hash").ok_or(Flaw::Malformed)?;
    let (_, hash) = fields.remove(at);
    fields.sort();
    let lines: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let secret = hmac::sign(&key(b"WebAppData"), token.as_bytes());
    holds(&key(secret.as_ref()), &lines.join("\n"), &hash)?;
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    fresh(field("auth_date").ok_or(Flaw::Malformed)?, now)?;
    let user: Value =
        field("user").and_then(|user| serde_json::from_str(user).ok()).ok_or(Flaw::Malformed)?;
    let account = user["id"].as_i64().filter(|id| *id > 0).ok_or(Flaw::Malformed)?;
    let once = fingerprint::of(field("query_id").unwrap_or(&hash));
    Ok(Launch { account: account.to_string(), once })
}

/// Checks at `now` that MAX confirms the phone which the school has on record; `account` is who
/// shared the contact. A card does not name the account: who sent the message does.
pub(super) fn contact(
    token: &str,
    contact: &Contact,
    account: &str,
    on_record: &str,
    now: i64,
) -> Result<(), Flaw> {
    let key = key(token.as_bytes());
    let phones = match contact {
        Contact::Card { vcf_info, hash } => {
            holds(&key, vcf_info, hash)?;
            phones_of(vcf_info)
        }
        Contact::App { phone, auth_date, hash } => {
            let bare = phone.trim_start_matches('+');
            let text = format!("authDate={auth_date}\nphone={bare}\nuserId={account}");
            holds(&key, &text, hash)?;
            fresh(auth_date, now)?;
            vec![plain(phone)]
        }
    };
    let wanted = plain(on_record);
    // A record without a number must not match a card without one.
    let same = wanted.len() >= 10 && phones.contains(&wanted);
    if same { Ok(()) } else { Err(Flaw::OtherPhone) }
}

fn key(secret: &[u8]) -> Key {
    Key::new(HMAC_SHA256, secret)
}

/// Compares in constant time.
fn holds(key: &Key, message: &str, hash: &str) -> Result<(), Flaw> {
    let tag = from_hex(hash).ok_or(Flaw::Forged)?;
    hmac::verify(key, message.as_bytes(), &tag).map_err(|_| Flaw::Forged)
}

/// Lower-case hexadecimal, as MAX writes it.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? * 16 + digit(*pair.get(1)?)?)).collect()
}

fn fresh(auth_date: &str, now: i64) -> Result<(), Flaw> {
    let made: i64 = auth_date.parse().map_err(|_| Flaw::Malformed)?;
    if made > now.saturating_add(SKEW) {
        return Err(Flaw::Early);
    }
    if made < now.saturating_sub(FRESH) { Err(Flaw::Stale) } else { Ok(()) }
}

/// The fields of launch data, each value decoded once. Clients hand out the whole once more encoded
/// at times.
fn fields(init_data: &str) -> Result<Vec<(String, String)>, Flaw> {
    let whole = if init_data.contains('=') { init_data.to_owned() } else { decoded(init_data)? };
    let mut fields: Vec<(String, String)> = Vec::new();
    for part in whole.split('&') {
        let (key, value) = part.split_once('=').ok_or(Flaw::Malformed)?;
        if fields.iter().any(|(before, _)| before == key) {
            return Err(Flaw::Repeated);
        }
        fields.push((key.to_owned(), decoded(value)?));
    }
    Ok(fields)
}

/// Undoes the encoding of URLs; a plus is a space.
fn decoded(text: &str) -> Result<String, Flaw> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (pair, after) = after.split_at_checked(2).ok_or(Flaw::Malformed)?;
                let pair = std::str::from_utf8(pair).map_err(|_| Flaw::Malformed)?;
                let byte = from_hex(&pair.to_ascii_lowercase()).ok_or(Flaw::Malformed)?;
                bytes.extend(byte);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).map_err(|_| Flaw::Malformed)
}

/// The phones of a card: `TEL;TYPE=cell:79990000001`.
fn phones_of(card: &str) -> Vec<String> {
    let phone = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let name = name.split(';').next()?.rsplit('.').next()?;
        name.eq_ignore_ascii_case("TEL").then(|| plain(value))
    };
    card.lines().filter_map(phone).collect()
}

/// The digits of a phone, with Russia's 8 and a missing country code as 7.
fn plain(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        10 => format!("7{digits}"),
        11 if digits.starts_with('8') => format!("7{}", &digits[1..]),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "made-up-token";
    const NOW: i64 = 1_788_242_400;

    fn hex(tag: &hmac::Tag) -> String {
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn encoded(text: &str) -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect()
    }

    /// Launch data as a client hands them out, signed for these fields.
    fn minted(token: &str, fields: &[(&str, &str)]) -> String {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let lines: Vec<String> = sorted.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let secret = hmac::sign(&key(b"WebAppData"), token.as_bytes());
        let hash = hex(&hmac::sign(&key(secret.as_ref()), lines.join("\n").as_bytes()));
        let parts: Vec<String> =
            fields.iter().map(|(k, v)| format!("{k}={}", encoded(v))).collect();
        format!("{}&hash={hash}", parts.join("&"))
    }

    fn usual(date: i64) -> String {
        let user = r#"{"id":5002,"first_name":"Мама + папа","language_code":"ru"}"#;
        let date = date.to_string();
        minted(TOKEN, &[("query_id", "q-1"), ("user", user), ("auth_date", &date)])
    }

    fn flaw(init_data: &str) -> Flaw {
        launch(TOKEN, init_data, NOW).unwrap_err()
    }

    #[test]
    fn launch_data_prove_the_account() {
        let launch = launch(TOKEN, &usual(NOW - 5), NOW).unwrap();
        assert_eq!(launch.account, "5002");
        assert_eq!(launch.once, fingerprint::of("q-1"));
        assert!(super::launch(TOKEN, &encoded(&usual(NOW)), NOW).is_ok(), "encoded once more");
    }

    #[test]
    fn the_signature_is_the_documented_one() {
        // Computed with Python's hmac module: HMAC(HMAC("WebAppData", "made-up-token"), "auth_date=1788242400…").
        let data = "auth_date=1788242400&query_id=q-1&user=%7B%22id%22%3A5002%7D\
                    &hash=ab24daf3fa19365973154a1630d095171ac7829308c1242fcd2c5377201120c1";
        assert_eq!(launch(TOKEN, data, NOW).unwrap().account, "5002");
    }

    #[test]
    fn launch_data_of_another_bot_or_changed_afterwards_are_forged() {
        let user = r#"{"id":5002}"#;
        let date = NOW.to_string();
        assert_eq!(flaw(&minted("another", &[("user", user), ("auth_date", &date)])), Flaw::Forged);
        assert_eq!(flaw(&usual(NOW).replace("5002", "5003")), Flaw::Forged);
        assert_eq!(flaw(&format!("{}&chat=1", usual(NOW))), Flaw::Forged);
        let upper = usual(NOW);
        let (rest, hash) = upper.rsplit_once('=').unwrap();
        assert_eq!(flaw(&format!("{rest}={}", hash.to_uppercase())), Flaw::Forged);
        assert_eq!(flaw(&format!("{rest}=")), Flaw::Forged);
        assert_eq!(flaw(&format!("{rest}={}", &hash[..40])), Flaw::Forged);
    }

    #[test]
    fn a_repeated_key_is_refused() {
        let data = usual(NOW);
        assert_eq!(flaw(&format!("{data}&query_id=q-1")), Flaw::Repeated);
        let hash = data.rsplit_once('&').unwrap().1;
        assert_eq!(flaw(&format!("{data}&{hash}")), Flaw::Repeated);
    }

    #[test]
    fn only_an_hour_counts_and_a_minute_ahead() {
        assert!(launch(TOKEN, &usual(NOW - 3600), NOW).is_ok());
        assert_eq!(flaw(&usual(NOW - 3601)), Flaw::Stale);
        assert!(launch(TOKEN, &usual(NOW + 60), NOW).is_ok());
        assert_eq!(flaw(&usual(NOW + 61)), Flaw::Early);
    }

    #[test]
    fn what_is_no_launch_data_is_malformed() {
        let date = NOW.to_string();
        for text in ["", "hash", "a=%", "a=%zz&hash=00", "a=%ff&hash=00", "a=1"] {
            assert_eq!(flaw(text), Flaw::Malformed, "{text}");
        }
        assert_eq!(flaw(&minted(TOKEN, &[("auth_date", &date)])), Flaw::Malformed);
        assert_eq!(flaw(&minted(TOKEN, &[("user", "{\"id\":5}")])), Flaw::Malformed);
        let nobody = [("user", "{\"id\":-5}"), ("auth_date", &date)];
        assert_eq!(flaw(&minted(TOKEN, &nobody)), Flaw::Malformed);
    }

    fn card(vcf: &str) -> Contact {
        let hash = hex(&hmac::sign(&key(TOKEN.as_bytes()), vcf.as_bytes()));
        Contact::Card { vcf_info: vcf.to_owned(), hash }
    }

    const VCF: &str =
        "BEGIN:VCARD\r\nVERSION:3.0\r\nTEL;TYPE=cell:79990000001\r\nFN:Мама\r\nEND:VCARD\r\n";

    #[test]
    fn a_shared_card_proves_the_phone_that_the_school_knows() {
        for phone in ["+7 (999) 000-00-01", "89990000001", "9990000001"] {
            assert_eq!(contact(TOKEN, &card(VCF), "5002", phone, NOW), Ok(()), "{phone}");
        }
        for phone in ["+7 999 000-00-02", "", "1", "нет"] {
            let refused = contact(TOKEN, &card(VCF), "5002", phone, NOW);
            assert_eq!(refused, Err(Flaw::OtherPhone), "{phone}");
        }
        let bare = card("BEGIN:VCARD\r\nEND:VCARD");
        assert_eq!(contact(TOKEN, &bare, "5002", "", NOW), Err(Flaw::OtherPhone));
    }

    #[test]
    fn a_card_that_was_forwarded_or_changed_proves_nothing() {
        let Contact::Card { vcf_info, hash } = card(VCF) else { panic!("a card") };
        let unix = Contact::Card { vcf_info: vcf_info.replace("\r\n", "\n"), hash };
        assert_eq!(contact(TOKEN, &unix, "5002", "89990000001", NOW), Err(Flaw::Forged));
        let bare = Contact::Card { vcf_info, hash: String::new() };
        assert_eq!(contact(TOKEN, &bare, "5002", "89990000001", NOW), Err(Flaw::Forged));
        let other = contact("another", &card(VCF), "5002", "89990000001", NOW);
        assert_eq!(other, Err(Flaw::Forged));
    }

    fn app(date: i64) -> Contact {
        let text = format!("authDate={date}\nphone=79990000001\nuserId=5002");
        let hash = hex(&hmac::sign(&key(TOKEN.as_bytes()), text.as_bytes()));
        Contact::App { phone: "+79990000001".to_owned(), auth_date: date.to_string(), hash }
    }

    #[test]
    fn a_contact_of_the_mini_app_proves_phone_and_account() {
        let check = |date, account| contact(TOKEN, &app(date), account, "89990000001", NOW);
        assert_eq!(check(NOW, "5002"), Ok(()));
        assert_eq!(check(NOW, "5003"), Err(Flaw::Forged));
        assert_eq!(check(NOW - 3601, "5002"), Err(Flaw::Stale));
        let other = contact(TOKEN, &app(NOW), "5002", "89990000002", NOW);
        assert_eq!(other, Err(Flaw::OtherPhone));
    }
}
