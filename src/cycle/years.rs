//! The new school year: classes that come under another `sourcedId` go on with their chats, chats of
//! classes that finished school live on where the profile says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cycle, Known, School};
use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::plan::{Lacking, Line, Standing, Turn, Years, object_of};
use crate::profile::{Desired, Graduated};
use crate::roster::{ClassIx, ClassType, Roster};
use crate::state::State;

/// Brings what should be in step with the school years before. The answer is what to remember, where
/// it is other than what is remembered.
///
/// # Errors
/// [`crate::error::Code::State`].
pub(super) fn turn(
    cycle: &Cycle,
    state: &State,
    known: &mut Known,
    school: &mut School,
    desired: &mut Desired,
) -> Result<Option<Vec<Line>>> {
    let before = state.lines()?;
    if before.is_empty() && desired.lineages.is_empty() && desired.graduated == Graduated::Archive {
        return Ok(None);
    }
    let roster = school.roster.clone();
    let marks = marks(desired, &roster);
    let standing = |class: &str| standing(&roster, class);
    let years = Years { lines: &before, marks: &marks, standing: &standing, desired };
    let mut turn = Turn::new(&years, known);
    turn.rekey(desired, known);
    carry(&mut turn, &roster, known, &mut school.lacking, desired);
    for class in turn.taken.values() {
        school.lacking.classes.remove(class);
    }
    desired.warnings.extend(std::mem::take(&mut turn.warnings));
    for (root, class) in &turn.taken {
        let text = format!("{}: goes on with the chats of {class}", turn.lines[root].class);
        cycle.host.log(crate::host::Level::Info, &text);
    }
    let lines: Vec<Line> = turn.lines.into_values().collect();
    Ok(Some(lines).filter(|lines| *lines != before))
}

/// Which classes others go on with since `before`: the class then, and the class now.
pub(super) fn moved(before: &[Line], now: &[Line]) -> BTreeMap<String, String> {
    let then = |line: &Line| {
        let same = before.iter().find(|one| one.root == line.root);
        same.map_or(&line.root, |one| &one.class).clone()
    };
    let moves = now.iter().map(|line| (then(line), line.class.clone()));
    moves.filter(|(then, now)| then != now).collect()
}

/// A digest of what the profile says of each class, within its school and among its like.
fn marks(desired: &Desired, roster: &Roster) -> BTreeMap<String, String> {
    let mark = |(id, lineage): (&String, &String)| {
        let row = roster.class(roster.find_class(id)?);
        let kind = if row.class_type == ClassType::Homeroom { "homeroom" } else { "journal" };
        let mut mark = Fingerprint::new();
        mark.add(&*roster.org(row.school).id).add(kind).add(lineage);
        Some((id.clone(), mark.hex()))
    };
    desired.lineages.iter().filter_map(mark).collect()
}

fn standing(roster: &Roster, class: &str) -> Standing {
    let Some(found) = roster.find_class(class) else {
        let broken = roster.frozen.classes.contains(class);
        return if broken { Standing::Unsure } else { Standing::Missing };
    };
    match roster.class(found).dissolved {
        true => Standing::Dissolved,
        false if roster.is_left(found) => Standing::Left,
        false if roster.is_ahead(found) => Standing::Ahead,
        false => Standing::Here,
    }
}

/// Chats that live on without their class are left as they are: those that another one waits for, and
/// those of classes that finished school, also where the host has forgotten them since.
fn carry(
    turn: &mut Turn,
    roster: &Roster,
    known: &Known,
    lacking: &mut Lacking,
    desired: &mut Desired,
) {
    for line in turn.lines.values_mut() {
        let class = roster.find_class(&line.class);
        line.finished &= class.is_none_or(|class| roster.class(class).dissolved);
    }
    let mut carried = turn.awaited.clone();
    if desired.graduated == Graduated::Carry {
        finish(turn, roster, known);
        carried
            .extend(turn.lines.values().filter(|line| line.finished).map(|one| one.root.clone()));
    }
    for root in carried {
        let class = turn.lines.get(&root).map_or(&root, |line| &line.class);
        lacking.classes.remove(class);
        let chats = known.chats.values().filter(|chat| object_of(chat) == root);
        desired.carry(&root, chats.map(|chat| chat.key.clone()));
    }
}

/// Remembers which classes finished school and have chats.
fn finish(turn: &mut Turn, roster: &Roster, known: &Known) {
    let made: BTreeSet<&str> =
        known.chats.values().filter(|chat| chat.platform_id.is_some()).map(object_of).collect();
    let classes = (0..roster.classes.len() as u32).map(ClassIx);
    let finished = classes.filter(|class| roster.has_finished(*class));
    for class in finished.map(|class| &*roster.class(class).id) {
        if made.contains(turn.root_of(class)) {
            turn.finish(class);
        }
    }
}
