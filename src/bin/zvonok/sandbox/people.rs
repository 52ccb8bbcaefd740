//! The people of the sandbox: whoever has a positive id exists, with a made-up name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many people may be declared; beyond it a declaration is refused.
const MOST: usize = 200_000;

/// A person of the messenger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    /// Does not let anybody add them to chats; a link still works.
    pub(crate) privacy: bool,
    /// The account is deleted: it can neither be added nor follow a link.
    pub(crate) deactivated: bool,
    /// Has allowed the community to write to them.
    pub(crate) allows_messages: bool,
}

/// What `POST /sandbox/people` says of a person; what is left out stays as it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Declaration {
    pub(crate) id: i64,
    first_name: Option<String>,
    last_name: Option<String>,
    privacy: Option<bool>,
    deactivated: Option<bool>,
    allows_messages: Option<bool>,
}

/// Everybody of whom something was said; all others are as [`Person::unknown`] makes them.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct People(BTreeMap<i64, Person>);

impl People {
    /// The person with this id: positive ids are people, all others are nobody.
    pub(crate) fn get(&self, id: i64) -> Option<Person> {
        let known = self.0.get(&id).cloned();
        known.or_else(|| (id > 0).then(|| Person::unknown(id)))
    }

    /// The declared ones, by id.
    pub(crate) fn declared(&self) -> impl Iterator<Item = &Person> {
        self.0.values()
    }

    /// Takes a declaration in and returns the person as they are now.
    pub(crate) fn declare(&mut self, said: Declaration) -> Result<Person, String> {
        let Some(mut person) = self.get(said.id) else {
            return Err(format!("{} is not a person's id: it must be positive", said.id));
        };
        if self.0.len() >= MOST && !self.0.contains_key(&said.id) {
            return Err(format!("more than {MOST} declared people"));
        }
        person.first_name = said.first_name.unwrap_or(person.first_name);
        person.last_name = said.last_name.unwrap_or(person.last_name);
        person.privacy = said.privacy.unwrap_or(person.privacy);
        person.deactivated = said.deactivated.unwrap_or(person.deactivated);
        person.allows_messages = said.allows_messages.unwrap_or(person.allows_messages);
        self.0.insert(person.id, person.clone());
        Ok(person)
    }
}

impl Person {
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Somebody of whom nothing was said: an ordinary account that has not allowed messages.
    fn unknown(id: i64) -> Person {
        let (first_name, last_name) = made_up_name(id);
        Person {
            id,
            first_name,
            last_name,
            privacy: false,
            deactivated: false,
            allows_messages: false,
        }
    }
}

const HER_NAMES: [&str; 16] = [
    "Анна",
    "Мария",
    "Ольга",
    "Елена",
    "София",
    "Ирина",
    "Дарья",
    "Полина",
    "Алиса",
    "Вера",
    "Наталья",
    "Ксения",
    "Юлия",
    "Марина",
    "Татьяна",
    "Екатерина",
];
const HIS_NAMES: [&str; 16] = [
    "Иван",
    "Пётр",
    "Артём",
    "Михаил",
    "Лев",
    "Тимофей",
    "Сергей",
    "Роман",
    "Матвей",
    "Павел",
    "Андрей",
    "Илья",
    "Никита",
    "Фёдор",
    "Глеб",
    "Степан",
];
const FAMILIES: [&str; 24] = [
    "Соколов",
    "Орлов",
    "Лебедев",
    "Новиков",
    "Морозов",
    "Волков",
    "Зайцев",
    "Павлов",
    "Семёнов",
    "Голубев",
    "Виноградов",
    "Богданов",
    "Воробьёв",
    "Фёдоров",
    "Беляев",
    "Тарасов",
    "Белов",
    "Комаров",
    "Киселёв",
    "Макаров",
    "Андреев",
    "Ильин",
    "Гусев",
    "Титов",
];

/// A name that belongs to the id and to nobody in life, the same on every machine.
fn made_up_name(id: i64) -> (String, String) {
    let dice = scramble(id.unsigned_abs());
    let family = FAMILIES[(dice >> 8) as usize % FAMILIES.len()];
    let first = (dice >> 32) as usize % HER_NAMES.len();
    if dice.is_multiple_of(2) {
        (HER_NAMES[first].to_owned(), format!("{family}а"))
    } else {
        (HIS_NAMES[first].to_owned(), family.to_owned())
    }
}

/// Spreads neighbouring numbers far apart (the finaliser of SplitMix64).
pub(crate) fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
