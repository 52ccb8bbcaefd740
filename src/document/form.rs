//! What may stand under a key of the interface's documents: the words by which a fault says what
//! was expected, and the same as a JSON Schema. One value serves both, so that neither can say
//! something else than the other.

use serde_json::{Value, json};

use super::Shape;

/// What is expected under a key.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A text that is not empty.
    Text,
    /// A text that may be empty.
    AnyText,
    /// `true` or `false`.
    Flag,
    /// A whole number from the first to the second.
    Number(u32, u32),
    /// A number from 0 to 1.
    Share,
    /// `90s`, `10m`, `24h`, `7d`.
    Duration,
    /// RFC 3339 with an offset.
    Moment,
    /// A day.
    Date,
    /// The name of a time zone.
    Zone,
    /// The number of an account.
    Account,
    /// The number of a VK community; empty for none.
    Community,
    /// The number of a chat on a messenger.
    ChatNumber,
    /// An address that people follow.
    Link,
    /// The address of a room, or of what has rooms.
    Address,
    /// A secret of 5 to 256 plain signs.
    Password,
    /// What a token can do: `"auto"`, `true` or `false`.
    Able,
    /// One of some words.
    OneOf(Vec<&'static str>),
    /// A list of texts.
    Texts,
    /// A text that is not empty, or several.
    SomeTexts,
    /// A chat's title.
    Title,
    /// A time of the day.
    Time,
    /// A person's name, shown to nobody but a room.
    Name,
    /// An id that the host makes up itself.
    Id,
    /// A list of accounts' numbers; a community's is negative on VK.
    Accounts,
    /// A list of whatever a messenger sent.
    Events,
    /// An object whose keys are read elsewhere.
    Map,
    /// An object with these keys.
    Object(Shape),
    /// Words alone, in Russian and English; the schemas' test asks for one of the others.
    Words(&'static str, &'static str),
}

impl From<(&'static str, &'static str)> for Form {
    fn from((ru, en): (&'static str, &'static str)) -> Form {
        Form::Words(ru, en)
    }
}

impl Form {
    /// What is expected, in Russian and English.
    pub(super) fn words(&self) -> (String, String) {
        let (ru, en) = match self {
            Form::Text => ("непустой текст", "a text that is not empty"),
            Form::AnyText => ("текст", "a text"),
            Form::Flag => ("true или false", "true or false"),
            Form::Share => ("доля от 0 до 1", "a share from 0 to 1"),
            Form::Duration => {
                ("длительность вида 90s, 10m, 24h, 7d", "a duration such as 90s, 10m, 24h, 7d")
            }
            Form::Moment => {
                ("время вида 2026-09-01T08:25:00+03:00", "a time such as 2026-09-01T08:25:00+03:00")
            }
            Form::Date => ("дата вида 2026-12-01", "a date such as 2026-12-01"),
            Form::Zone => (
                "имя часового пояса, например Europe/Moscow",
                "a zone's name such as Europe/Moscow",
            ),
            Form::Account => (
                "номер учётной записи: положительное десятичное число текстом",
                "an account's number: a positive decimal number as text",
            ),
            Form::Community => (
                "положительный идентификатор сообщества цифрами, текстом",
                "the community's positive id in digits, as a text",
            ),
            Form::ChatNumber => {
                ("номер чата текстом, например -71000000000001", "a chat's number as text")
            }
            Form::Link => ("ссылка вида https://…", "a link such as https://…"),
            Form::Address => (
                "адрес вида https://meet.school.ru/<call>",
                "an address such as https://meet.school.ru/<call>",
            ),
            Form::Password => (
                "от 5 до 256 латинских букв, цифр, знаков _ и -",
                "5 to 256 Latin letters, digits, _ and -",
            ),
            Form::Able => ("\"auto\", true или false", "\"auto\", true or false"),
            Form::SomeTexts => (
                "непустой текст или список таких текстов",
                "a text that is not empty, or a list of such",
            ),
            Form::Title => ("название до 200 знаков", "a title of up to 200 characters"),
            Form::Time => ("время вида 08:30", "a time such as 08:30"),
            Form::Name => ("имя до 100 знаков", "a name of up to 100 characters"),
            Form::Id => (
                "до 64 латинских букв, цифр и знаков . _ -",
                "up to 64 Latin letters, digits and signs . _ -",
            ),
            Form::Texts => ("список текстов", "a list of texts"),
            Form::Accounts => {
                ("список номеров учётных записей текстом", "a list of accounts' numbers as text")
            }
            Form::Events => ("список событий", "a list of events"),
            Form::Map | Form::Object(_) => ("объект", "an object"),
            Form::Words(ru, en) => (*ru, *en),
            Form::Number(low, high) => {
                return (
                    format!("целое число от {low} до {high}"),
                    format!("a whole number from {low} to {high}"),
                );
            }
            Form::OneOf(words) => {
                let list = words.join(", ");
                return (format!("одно из значений: {list}"), format!("one of: {list}"));
            }
        };
        (ru.to_owned(), en.to_owned())
    }

    /// The same as a JSON Schema; `None` where there are only words. The keys of an object are
    /// added by whoever knows what they mean.
    pub(crate) fn schema(&self) -> Option<Value> {
        let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
        Some(match self {
            Form::Text => json!({"type": "string", "minLength": 1}),
            Form::AnyText => json!({"type": "string"}),
            Form::Flag => json!({"type": "boolean"}),
            Form::Number(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
            Form::Share => json!({"type": "number", "minimum": 0, "maximum": 1}),
            Form::Duration => text("^[0-9]+[smhd]$"),
            Form::Moment => json!({"type": "string", "format": "date-time"}),
            Form::Date => json!({"type": "string", "format": "date"}),
            Form::Zone => text("^[A-Za-z0-9_+/-]+$"),
            Form::Account => text("^[1-9][0-9]{0,18}$"),
            Form::Community => text("^[0-9]{0,18}$"),
            Form::ChatNumber => text("^-?[1-9][0-9]{0,18}$"),
            Form::Link => text("^https://\\S+$"),
            Form::Address => text("^https?://\\S+$"),
            Form::Password => text("^[A-Za-z0-9_-]{5,256}$"),
            Form::Able => json!({"enum": ["auto", true, false]}),
            Form::OneOf(words) => json!({"enum": words}),
            Form::SomeTexts => json!({
                "type": ["string", "array"],
                "minLength": 1,
                "minItems": 1,
                "items": {"type": "string", "minLength": 1},
            }),
            Form::Title => text("\\S"),
            Form::Time => text("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
            Form::Name => json!({"type": "string", "pattern": "\\S"}),
            Form::Id => text("^[A-Za-z0-9._-]{1,64}$"),
            Form::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Form::Accounts => json!({"type": "array", "items": text("^-?[1-9][0-9]{0,18}$")}),
            Form::Events => json!({"type": "array"}),
            Form::Map | Form::Object(_) => json!({"type": "object"}),
            Form::Words(..) => return None,
        })
    }
}
