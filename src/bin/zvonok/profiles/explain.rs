//! Why a script puts a person into a chat or leaves them out, told from the roster's rows.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};
use zvonok::error::{Code, Error, Fault, Text};
use zvonok::profile::{Desired, DesiredChat, Existence};
use zvonok::roster::{Class, GUARDIAN, PersonIx, Roster, Row, Span};

use super::suggestion;

/// The answer of `explain`, as the library gives it from its state file, with `facts`: the rows
/// that speak of the person and the chat, and whether each counts today.
///
/// # Errors
/// [`Code::Request`] for a chat or a person that does not exist, with the nearest one.
pub(crate) fn explain(
    roster: &Roster,
    desired: &Desired,
    key: &str,
    person: &str,
) -> Result<Value, Error> {
    let chat = desired.chats.get(key).ok_or_else(|| {
        let what = ("профиль не знает такого чата", "the profile knows no such chat");
        unknown(what, "chat", key, desired.chats.keys().map(String::as_str))
    })?;
    let found = roster.find_person(person).ok_or_else(|| {
        let what = ("в выгрузке нет такого человека", "the roster has no such person");
        unknown(what, "person", person, roster.people.iter().map(|one| &*one.id))
    })?;
    let member = chat.members.get(person);
    Ok(json!({
        "chat": key,
        "title": chat.title,
        "existence": chat.existence,
        "person": person,
        "member": member.is_some() && chat.existence == Existence::Wanted,
        "admin": member.is_some_and(|member| member.admin),
        "role": member.map(|member| member.role.as_str()),
        "reasons": member.map(|member| member.reasons.clone()).unwrap_or_default(),
        "admin_reasons": member.map(|member| member.admin_reasons.clone()).unwrap_or_default(),
        "message": message(chat, person),
        "facts": Facts { roster, chat, person: found, found: Vec::new() }.all(),
    }))
}

fn unknown<'a>(
    what: (&str, &str),
    param: &str,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    let near = suggestion(word, known);
    let message = Text::new(format!("{}{}", what.0, near.ru), format!("{}{}", what.1, near.en));
    Error::with_faults(Code::Request, vec![Fault::new("request.unknown", param, word, message)])
}

fn message(chat: &DesiredChat, person: &str) -> Text {
    let (ru, en) = match (chat.existence, chat.members.get(person)) {
        (Existence::NotYet, _) => {
            ("чат ещё не создаётся: не выполнено create_when", "the chat waits: create_when")
        }
        (Existence::Archived, _) => (
            "чат не создаётся, а созданный уходит в архив: класс расформирован или не выполнено when",
            "the chat is not made, or is archived: the class is dissolved, or when does not hold",
        ),
        (Existence::Wanted, Some(member)) if member.admin => {
            ("состоит в чате и администрирует его", "is in the chat and administers it")
        }
        (Existence::Wanted, Some(_)) => ("состоит в чате", "is in the chat"),
        (Existence::Wanted, None) => (
            "правила профиля не называют человека в этом чате",
            "no rule of the profile names the person in this chat",
        ),
    };
    Text::new(ru, en)
}

/// Gathers the rows that speak of the person and the chat.
struct Facts<'a> {
    roster: &'a Roster,
    chat: &'a DesiredChat,
    person: PersonIx,
    found: Vec<Value>,
}

impl<'a> Facts<'a> {
    fn all(mut self) -> Vec<Value> {
        self.presence();
        self.roles();
        self.enrollments();
        self.links();
        self.found
    }

    fn tell(&mut self, row: Row, counts: bool, ru: String, en: String) {
        let fact = json!({"row": row.to_string(), "counts": counts, "message": Text::new(ru, en)});
        self.found.push(fact);
    }

    fn presence(&mut self) {
        let person = self.roster.person(self.person);
        if person.absent {
            self.tell(
                person.row,
                false,
                "отключён (enabledUser) или удалён (tobedeleted): его нет ни в одном чате"
                    .to_owned(),
                "disabled (enabledUser) or deleted (tobedeleted): is in no chat".to_owned(),
            );
        }
    }

    fn roles(&mut self) {
        let roster = self.roster;
        let mut any = false;
        for role in roster.roles_of(self.person) {
            any = true;
            let org = roster.org(role.org);
            let here = *org.id == *self.chat.organization;
            let counts = here && roster.role_in_force(role);
            let when = self.when(&role.span, role.absent);
            let place = match here {
                true => Text::new("", ""),
                false => Text::new(
                    format!(" в другой организации, {}", org.id),
                    format!(" at another organisation, {}", org.id),
                ),
            };
            let title = role.metadata.get("title").and_then(Value::as_str);
            let title = title.map(|title| format!(", {title}")).unwrap_or_default();
            self.tell(
                role.row,
                counts,
                format!("роль {}{title}{}: {}", role.role, place.ru, when.ru),
                format!("role {}{title}{}: {}", role.role, place.en, when.en),
            );
        }
        if !any {
            let row = roster.person(self.person).row;
            let (ru, en) = ("ролей нет ни одной", "has no role at all");
            self.tell(row, false, ru.to_owned(), en.to_owned());
        }
    }

    fn enrollments(&mut self) {
        let roster = self.roster;
        let classes = self.classes();
        for row in roster.enrollments_of_person(self.person) {
            let class = roster.class(row.class);
            if !classes.contains(&*class.id) {
                continue;
            }
            let when = self.when(&row.span, row.absent);
            let primary = if row.primary { ", primary" } else { "" };
            self.tell(
                row.row,
                roster.enrollment_in_force(row),
                format!("в классе {} как {}{primary}: {}", class.title, row.role, when.ru),
                format!("in class {} as {}{primary}: {}", class.title, row.role, when.en),
            );
        }
    }

    /// Links with students of the chat's classes.
    fn links(&mut self) {
        let roster = self.roster;
        let classes = self.classes();
        let own = |class: &&Class| classes.contains(&*class.id);
        let classes = roster.classes.iter().filter(own);
        let classes = classes.filter_map(|class| roster.find_class(&class.id));
        let students: BTreeSet<PersonIx> = classes
            .flat_map(|class| roster.student_enrollments(class))
            .map(|row| row.person)
            .collect();
        let guards = self.is_guardian();
        for student in students {
            let row = match self.link(student) {
                Some(row) => row,
                None => continue,
            };
            let id = &roster.person(student).id;
            let known = roster.guardians_of(student).any(|one| one == self.person);
            let (ru, en) = match (known, guards) {
                (true, _) => ("", ""),
                (false, false) => (
                    ", но нет действующей роли guardian, parent или relative",
                    ", but without a role guardian, parent or relative in force",
                ),
                (false, true) => (", но связь не засчитана", ", but the link does not count"),
            };
            self.tell(
                row,
                known,
                format!("связан с учеником {id}{ru}"),
                format!("linked with the student {id}{en}"),
            );
        }
    }

    /// The row that links a student with the person, whichever side names the other.
    fn link(&self, student: PersonIx) -> Option<Row> {
        let (person, student_row) = (self.roster.person(self.person), self.roster.person(student));
        if student_row.agents.contains(&self.person) {
            return Some(student_row.row);
        }
        person.agents.contains(&student).then_some(person.row)
    }

    fn is_guardian(&self) -> bool {
        let mut roles = self.roster.roles_of(self.person);
        roles.any(|role| GUARDIAN.contains(&&*role.role) && self.roster.role_in_force(role))
    }

    /// The classes whose rows decide about the chat.
    fn classes(&self) -> BTreeSet<&'a str> {
        let chat = self.chat;
        chat.depends_on.iter().chain(&chat.class).map(String::as_str).collect()
    }

    /// Whether a span holds today, and if not, why.
    fn when(&self, span: &Span, absent: bool) -> Text {
        let today = self.roster.today();
        let later = |date: &Date| *date > today;
        match (absent, span.begin.filter(later), span.end) {
            (true, ..) => Text::new("строка удалена (tobedeleted)", "the row is deleted"),
            (_, Some(begin), _) => {
                Text::new(format!("начнётся {begin}"), format!("begins on {begin}"))
            }
            (_, _, Some(end)) if end <= today => {
                Text::new(format!("закончилась {end}"), format!("ended on {end}"))
            }
            _ if self.roster.person(self.person).absent => {
                Text::new("не считается: человек отключён", "does not count: disabled")
            }
            _ => Text::new("действует", "in force"),
        }
    }
}
