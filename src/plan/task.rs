//! What only a person can do, as the plan sees it: which task, about which chat and whom.

use serde::{Deserialize, Serialize};

/// What a person is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Make the group, put the bot in, give it its rights.
    CreateChat,
    /// Put the bot into the chat again.
    AddBot,
    /// Give the bot the rights that it lacks in the chat.
    GiveRights,
    /// Make a new invite link: somebody who was taken out came in again by the old one.
    RotateLink,
    /// Hand the chat over: its owner does not belong there any more.
    TransferOwnership,
    /// Let somebody in by hand who was once taken out and does not get in by the link.
    LetIn,
    /// Give the chat a standing call link: the messenger lets nobody else start calls.
    GiveCallLink,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [TaskKind; 7] = [
        TaskKind::CreateChat,
        TaskKind::AddBot,
        TaskKind::GiveRights,
        TaskKind::RotateLink,
        TaskKind::TransferOwnership,
        TaskKind::LetIn,
        TaskKind::GiveCallLink,
    ];

    /// The word in documents and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            TaskKind::CreateChat => "create_chat",
            TaskKind::AddBot => "add_bot",
            TaskKind::GiveRights => "give_rights",
            TaskKind::RotateLink => "rotate_link",
            TaskKind::TransferOwnership => "transfer_ownership",
            TaskKind::LetIn => "let_in",
            TaskKind::GiveCallLink => "give_call_link",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<TaskKind> {
        TaskKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One task that the plan asks for. Kind, chat and account tell it from others; the rest is what its
/// steps name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// What is to be done.
    pub kind: TaskKind,
    /// The chat's key.
    pub chat: String,
    /// The account concerned; empty where it is the chat itself.
    pub account: String,
    /// The chat's title, as it should be.
    pub title: String,
    /// What the steps name besides.
    pub details: Details,
}

/// What the steps of a task name besides the chat. No names of people.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// The people behind the account, by `sourcedId`.
    pub people: Vec<String>,
    /// The rights that the bot lacks, in the platform's own words.
    pub rights: Vec<String>,
    /// Groups that would all fit, by their platform ids: the library does not guess between them.
    pub doubtful: Vec<String>,
}

/// The signs of a code: digits, and letters that look alike on a Russian and a Latin keyboard, so
/// that it does not matter on which it is typed. No 0, 1, 8 and O, which are taken for others.
const SIGNS: [char; 16] =
    ['2', '3', '4', '5', '6', '7', '9', 'A', 'C', 'E', 'H', 'K', 'M', 'P', 'T', 'X'];
const CYRILLIC: [(char, char); 9] = [
    ('А', 'A'),
    ('С', 'C'),
    ('Е', 'E'),
    ('Н', 'H'),
    ('К', 'K'),
    ('М', 'M'),
    ('Р', 'P'),
    ('Т', 'T'),
    ('Х', 'X'),
];
/// How many signs follow the `#`.
const SIGNS_IN_A_CODE: usize = 4;

/// The code that a number makes: every number below 65536 makes another one.
pub fn code(number: u16) -> String {
    let digit = |place: u32| SIGNS[usize::from(number >> (4 * place) & 15)];
    let digits: String = (0..SIGNS_IN_A_CODE as u32).rev().map(digit).collect();
    format!("#{digits}")
}

/// Everything in a text that looks like a code, as the library writes codes: capitals, Latin.
pub fn codes_in(text: &str) -> Vec<String> {
    let plain: Vec<char> = text.to_uppercase().chars().map(plain).collect();
    let hashes = plain.iter().enumerate().filter(|(_, sign)| **sign == '#');
    hashes.filter_map(|(at, _)| code_at(&plain[at + 1..])).collect()
}

fn plain(sign: char) -> char {
    CYRILLIC.iter().find(|(cyrillic, _)| *cyrillic == sign).map_or(sign, |(_, latin)| *latin)
}

/// Exactly four signs, and then none of a longer word.
fn code_at(rest: &[char]) -> Option<String> {
    let word = rest.iter().take_while(|sign| sign.is_alphanumeric()).count();
    let signs = rest.get(..SIGNS_IN_A_CODE).filter(|_| word == SIGNS_IN_A_CODE)?;
    let fits = signs.iter().all(|sign| SIGNS.contains(sign));
    fits.then(|| format!("#{}", signs.iter().collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::{code, codes_in};

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        let made = code(0x7A3C);
        assert_eq!(codes_in(&format!("1А, {made}")), std::slice::from_ref(&made));
        assert_eq!(codes_in("#7к2т и ещё #7K2T."), ["#7K2T", "#7K2T"]);
        assert!(codes_in("#7K2TX #7K2 7K2T #школа").is_empty());
    }

    #[test]
    fn every_number_makes_another_code() {
        let codes: std::collections::HashSet<String> = (0..=u16::MAX).map(code).collect();
        assert_eq!(codes.len(), 65536);
    }
}
