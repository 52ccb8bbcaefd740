//! The registry of chats: a row per class, as schools know it from Параграф, or a plain list.

use std::collections::HashMap;
use std::io;

use serde_json::Value;

use super::{faults, number, table, text};
use crate::people::People;
use crate::terminal::{Terminal, Tone};

/// Longer titles push their own line aside, not all the others.
const LONGEST_TITLE: usize = 26;

/// A class with its two chats.
#[derive(Default)]
struct Class<'c> {
    name: String,
    parents: Option<&'c Value>,
    students: Option<&'c Value>,
}

/// The registry: staff rooms, a row per class, and whatever else there is. Of each part at most
/// `most` rows.
pub(crate) fn by_class(
    terminal: &Terminal,
    chats: &[Value],
    people: &People,
    most: usize,
) -> io::Result<()> {
    let of_type = |kind: &'static str| chats.iter().filter(move |chat| chat["type"] == kind);
    for staff in of_type("TEACHER") {
        let title = terminal.tone(Tone::Head, text(staff, "title"));
        terminal.say(format!("{title}  {}  {}", filled(staff), whereabouts(terminal, staff)))?;
    }
    let classes = classes(chats, people);
    if !classes.is_empty() {
        terminal.say(class_rows(terminal, &classes[..classes.len().min(most)]))?;
        faults::more(terminal, classes.len().saturating_sub(most))?;
    }
    let known = ["TEACHER", "CLASS", "PARENTS"];
    let rest: Vec<&Value> =
        chats.iter().filter(|chat| !known.contains(&text(chat, "type"))).collect();
    others(terminal, &rest, most)
}

fn classes<'c>(chats: &'c [Value], people: &People) -> Vec<Class<'c>> {
    let mut classes: Vec<Class> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for chat in chats {
        let students = chat["type"] == "CLASS";
        if !students && chat["type"] != "PARENTS" {
            continue;
        }
        let id = text(chat, "class");
        let place = *places.entry(id).or_insert_with(|| {
            classes.push(Class { name: class_name(chat, people), ..Class::default() });
            classes.len() - 1
        });
        let side =
            if students { &mut classes[place].students } else { &mut classes[place].parents };
        *side = Some(chat);
    }
    classes
}

/// The class's title: from the roster, else what stands before the dash in the chat's title.
fn class_name(chat: &Value, people: &People) -> String {
    let id = text(chat, "class");
    let by_title = || text(chat, "title").rsplit_once(" - ").map(|(class, _)| class);
    people.class(id).or_else(by_title).unwrap_or(id).to_owned()
}

fn filled(chat: &Value) -> String {
    let members = &chat["members"];
    format!("{}/{}", number(members, "joined"), number(members, "desired"))
}

/// How wide the widest of these counts is.
fn filled_width<'c>(chats: impl Iterator<Item = Option<&'c Value>>) -> usize {
    chats.flatten().map(|chat| filled(chat).len()).max().unwrap_or_default()
}

/// The link, or why there is none.
fn whereabouts(terminal: &Terminal, chat: &Value) -> String {
    match (text(chat, "state"), text(chat, "link")) {
        ("active", link) if !link.is_empty() => link.to_owned(),
        (state, _) => terminal.language.chat_state(state).to_owned(),
    }
}

/// Three columns where they fit, else a line per chat: a link that is cut cannot be copied.
fn class_rows(terminal: &Terminal, classes: &[Class]) -> String {
    let heads = terminal.pick(
        ["Класс", "Родительский чат", "Чат учеников"],
        ["Class", "Parents' chat", "Students' chat"],
    );
    let counts = filled_width(classes.iter().flat_map(|class| [class.parents, class.students]));
    let cell = |chat: Option<&Value>| match chat {
        Some(chat) => format!("{:>counts$} {}", filled(chat), whereabouts(terminal, chat)),
        None => "–".to_owned(),
    };
    let rows: Vec<Vec<String>> = classes
        .iter()
        .map(|class| vec![class.name.clone(), cell(class.parents), cell(class.students)])
        .collect();
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or_default()
    };
    let needed = (0..3).map(widest).sum::<usize>() + 10;
    if terminal.width().is_none_or(|width| needed <= width) {
        return table(terminal, &heads, rows);
    }
    narrow(terminal, classes)
}

fn narrow(terminal: &Terminal, classes: &[Class]) -> String {
    let mut lines = Vec::new();
    for class in classes {
        let sides = [
            (class.parents, terminal.pick("родители", "parents")),
            (class.students, terminal.pick("ученики", "students")),
        ];
        let mut name = class.name.as_str();
        for (chat, word) in sides {
            let Some(chat) = chat else { continue };
            let place = whereabouts(terminal, chat);
            lines.push(format!("{name:<5} {word:<8} {:>7}  {place}", filled(chat)));
            name = "";
        }
    }
    lines.join("\n")
}

fn others(terminal: &Terminal, chats: &[&Value], most: usize) -> io::Result<()> {
    if chats.is_empty() {
        return Ok(());
    }
    let head = terminal.pick("Предметные и другие чаты", "Subject chats and others");
    terminal.say(terminal.tone(Tone::Head, format!("\n{head}: {}", chats.len())))?;
    let shown = &chats[..chats.len().min(most)];
    let counts = filled_width(shown.iter().copied().map(Some));
    let titles = shown.iter().map(|chat| text(chat, "title").chars().count()).max();
    let titles = titles.unwrap_or_default().min(LONGEST_TITLE);
    for chat in shown {
        let (title, place) = (text(chat, "title"), whereabouts(terminal, chat));
        let part = match chat["whole_class"].as_bool() {
            Some(false) => {
                format!(" ({})", terminal.language.class_part(Some(false)).to_lowercase())
            }
            _ => String::new(),
        };
        terminal.say(format!("{title:<titles$} {:>counts$} {place}{part}", filled(chat)))?;
    }
    faults::more(terminal, chats.len().saturating_sub(most))
}

/// The plain list, in the library's order.
pub(crate) fn list(terminal: &Terminal, chats: &[Value]) -> io::Result<()> {
    let heads = terminal.pick(
        ["Ключ", "Название", "Тип", "Класс", "Состояние", "В чате", "Всего", "Админы"],
        ["Key", "Title", "Type", "Class", "State", "In", "Of", "Admins"],
    );
    let row = |chat: &Value| {
        let (members, admins) = (&chat["members"], &chat["admins"]);
        vec![
            text(chat, "key").to_owned(),
            text(chat, "title").to_owned(),
            terminal.language.chat_type(text(chat, "type")).to_owned(),
            terminal.language.class_part(chat["whole_class"].as_bool()).to_owned(),
            terminal.language.chat_state(text(chat, "state")).to_owned(),
            number(members, "joined").to_string(),
            number(members, "desired").to_string(),
            format!("{}/{}", number(admins, "granted"), number(admins, "desired")),
        ]
    };
    terminal.say(table(terminal, &heads, chats.iter().map(row).collect()))
}
