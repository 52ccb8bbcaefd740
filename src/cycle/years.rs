//! The new school year: classes that come under another `sourcedId` go on with their chats, chats of
//! classes that finished school live on where the profile says so.

use std::collections::BTreeMap;

use super::{Cycle, Known, School};
use crate::error::Result;
use crate::fingerprint::Fingerprint;
use crate::plan::{Line, Standing, Turn, Years, object_of};
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
    let years = Years { lines: &before, marks: &marks, standing: &standing };
    let mut turn = Turn::new(&years, known);
    turn.rekey(desired, known);
    carry(&mut turn, &roster, known, desired);
    for class in turn.taken.values() {
        school.lacking.classes.remove(class);
    }
    if desired.graduated == Graduated::Carry {
        for line in turn.lines.values().filter(|line| line.finished) {
            school.lacking.classes.remove(&line.class);
        }
    }
    desired.warnings.extend(std::mem::take(&mut turn.warnings));
    for (root, class) in &turn.taken {
        let text = format!("{}: goes on with the chats of {class}", turn.lines[root].class);
        cycle.host.log(crate::host::Level::Info, &text);
    }
    let lines: Vec<Line> = turn.lines.into_values().collect();
    Ok(Some(lines).filter(|lines| *lines != before))
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

/// Chats of classes that finished school, also of those that the host has forgotten since, are left
/// as they are.
fn carry(turn: &mut Turn, roster: &Roster, known: &Known, desired: &mut Desired) {
    for line in turn.lines.values_mut() {
        let class = roster.find_class(&line.class);
        line.finished &= class.is_none_or(|class| roster.class(class).dissolved);
    }
    if desired.graduated == Graduated::Archive {
        return;
    }
    let chats_of = |root: &str| {
        let root = root.to_owned();
        known.chats.values().filter(move |chat| object_of(chat) == root)
    };
    let classes = (0..roster.classes.len() as u32).map(ClassIx);
    let finished = classes.filter(|class| roster.has_finished(*class));
    let finished = finished.map(|class| &*roster.class(class).id);
    for class in finished {
        if chats_of(turn.root_of(class)).any(|chat| chat.platform_id.is_some()) {
            turn.finish(class);
        }
    }
    for line in turn.lines.values().filter(|line| line.finished) {
        desired.carry(&line.root, chats_of(&line.root).map(|chat| chat.key.clone()));
    }
}
