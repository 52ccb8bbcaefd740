//! Where the link of a call comes from, and which shape it must have.

use ring::digest;

use super::Call;
use crate::error::Text;
use crate::profile::{Calls, Provider};
use crate::secret::Secret;

/// A longer link is none.
const LONGEST: usize = 2048;

/// Hosts of which it is known how their call links look (`platforms/max.md`, section 10;
/// `platforms/vk.md`, section 4.14), and what stands before the code.
const KNOWN: [(&str, &str); 4] = [
    ("max.ru", "/joincall/"),
    ("vk.com", "/call/join/"),
    ("vk.ru", "/call/join/"),
    ("telemost.yandex.ru", "/j/"),
];

/// Checks a call link that a person gives: `https`, a host, a path, and on the messengers' own hosts
/// the path of a call and of nothing else: an invite link of the chat is the usual mistake.
///
/// # Errors
/// What was expected.
pub fn check_link(link: &str) -> Result<(), Text> {
    let rest = link.strip_prefix("https://").filter(|_| is_plain(link)).ok_or_else(no_link)?;
    let (host, path) = rest.split_once('/').ok_or_else(no_link)?;
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix("www.").or(host.strip_prefix("m.")).unwrap_or(&host);
    if bare.is_empty() || !bare.contains('.') && !bare.starts_with("localhost") {
        return Err(no_link());
    }
    let path = format!("/{path}");
    let Some((_, begin)) = KNOWN.iter().find(|(known, _)| *known == bare) else {
        return if path.len() > 1 { Ok(()) } else { Err(no_link()) };
    };
    let code = path.strip_prefix(begin).unwrap_or_default();
    let code = code.split(['?', '#']).next().unwrap_or_default();
    if code.is_empty() { Err(no_call(bare, begin)) } else { Ok(()) }
}

fn is_plain(link: &str) -> bool {
    link.len() <= LONGEST && !link.contains(|sign: char| sign.is_whitespace() || sign.is_control())
}

fn no_link() -> Text {
    Text::new(
        "ожидается ссылка на звонок вида https://max.ru/joincall/…, https://vk.com/call/join/… или \
         ссылка другой системы видеосвязи, начинающаяся с https://",
        "expected a call link such as https://max.ru/joincall/…, https://vk.com/call/join/…, or one \
         of another system for calls that begins with https://",
    )
}

fn no_call(host: &str, begin: &str) -> Text {
    Text::new(
        format!("это не ссылка на звонок: ожидается https://{host}{begin}…"),
        format!("this is no call link: expected https://{host}{begin}…"),
    )
}

/// Where links come from in one installation.
#[derive(Debug, Clone)]
pub enum Source {
    /// The messenger, or a standing link of the chat.
    Messenger,
    /// A template with `<call>` in it.
    Address(String),
    /// A room of BigBlueButton.
    BigBlueButton(BigBlueButton),
}

impl Source {
    /// By the profile, with what the configuration says instead. A provider without an address, or
    /// without its secret, is none.
    pub fn of(policy: &Calls, given: (Option<Provider>, Option<&str>, Option<&Secret>)) -> Source {
        let (provider, url, secret) = given;
        let url = url.or(policy.url.as_deref()).map(str::to_owned);
        match (provider.unwrap_or(policy.provider), url, secret) {
            (Provider::Address, Some(url), _) => Source::Address(url),
            (Provider::BigBlueButton, Some(url), Some(secret)) => {
                Source::BigBlueButton(BigBlueButton { url, secret: secret.clone() })
            }
            _ => Source::Messenger,
        }
    }

    /// The link of a call, where it can be told without asking anybody.
    pub fn link(&self, call: &Call) -> Option<String> {
        match self {
            Source::Messenger => None,
            Source::Address(template) => Some(match template.contains("<call>") {
                true => template.replace("<call>", &call.room),
                false => format!("{}/{}", template.trim_end_matches('/'), call.room),
            }),
            Source::BigBlueButton(room) => Some(room.join(call, GUEST, false)),
        }
    }
}

/// Whoever comes by the link in the chat, where nobody told a name.
const GUEST: &str = "Участник";

/// A server of BigBlueButton: join addresses carry a checksum of their query and the server's secret.
#[derive(Debug, Clone)]
pub struct BigBlueButton {
    /// The API's root: `https://bbb.school.ru/bigbluebutton/api`.
    pub url: String,
    /// The server's shared secret.
    pub secret: Secret,
}

impl BigBlueButton {
    /// The address by which somebody joins.
    pub fn join(&self, call: &Call, name: &str, leads: bool) -> String {
        let role = if leads { "MODERATOR" } else { "VIEWER" };
        let query = format!(
            "fullName={}&meetingID={}&role={role}&redirect=true",
            encoded(name),
            encoded(&call.room)
        );
        self.signed("join", &query)
    }

    /// The address that opens the room; whoever leads the lesson follows it first.
    pub fn create(&self, call: &Call) -> String {
        let query = format!("meetingID={}&name={}", encoded(&call.room), encoded(&call.title));
        self.signed("create", &query)
    }

    fn signed(&self, method: &str, query: &str) -> String {
        let text = format!("{method}{query}{}", self.secret.reveal());
        let checksum = digest::digest(&digest::SHA256, text.as_bytes());
        let checksum: String = checksum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let root = self.url.trim_end_matches('/');
        format!("{root}/{method}?{query}&checksum={checksum}")
    }
}

/// A value of a query, with everything but letters and digits escaped.
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let sign = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::{BigBlueButton, check_link, encoded};
    use crate::calls::{Call, Drawn};
    use crate::secret::Secret;

    #[test]
    fn a_call_link_is_known_by_its_shape() {
        for good in [
            "https://max.ru/joincall/AbC-1",
            "https://vk.com/call/join/x?y=1",
            "https://vk.ru/call/join/x",
            "https://telemost.yandex.ru/j/123",
            "https://meet.school.ru/room-7",
        ] {
            assert_eq!(check_link(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "max.ru/joincall/x",
            "http://max.ru/joincall/x",
            "https://max.ru/joincall/",
            "https://max.ru/join/AbC",
            "https://vk.com/call/x",
            "https://vk.me/join/x y",
            "https://meet.school.ru",
            "https://meet.school.ru/",
            "https:///x",
        ] {
            assert!(check_link(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_join_address_of_bigbluebutton_is_signed_with_the_secret_and_never_shows_it() {
        let room = BigBlueButton {
            url: "https://bbb.school.ru/bigbluebutton/api/".to_owned(),
            secret: Secret::new("639259d4-9dd8-4b25-bf01-95f9567eaf4b"),
        };
        let day = date(2026, 9, 1);
        let drawn = Drawn { id: "seen".to_owned(), room: "c7".to_owned() };
        let call = Call::made(drawn, "x", day, "p", Timestamp::UNIX_EPOCH);
        let link = room.join(&call, "Имя Ё", false);
        let query = "fullName=%D0%98%D0%BC%D1%8F%20%D0%81&meetingID=c7&role=VIEWER&redirect=true";
        let start = format!("https://bbb.school.ru/bigbluebutton/api/join?{query}&checksum=");
        assert!(link.starts_with(&start), "{link}");
        let text = format!("join{query}639259d4-9dd8-4b25-bf01-95f9567eaf4b");
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(link.ends_with(&digest), "{link}");
        assert!(!format!("{room:?}{link}").contains("639259d4"));
        assert_eq!(encoded("a b&c"), "a%20b%26c");
    }
}
