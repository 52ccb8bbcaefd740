//! The people whom an order names: by `sourcedId`, or picked by a filter.

use std::collections::BTreeSet;

use super::filter::Filter;
use crate::cycle::Belonging;
use crate::document::{Faults, Object};
use crate::error::{Code, Error, Fault, Result, Text};
use crate::roster::{OrgIx, Roster};

/// People as an order names them: a list under `key`, a filter, or both together.
pub(super) struct Named {
    key: &'static str,
    ids: Vec<String>,
    filter: Option<Filter>,
}

impl Named {
    /// Reads the list under `key` and the object under `filter`.
    pub(super) fn read(key: &'static str, params: &mut Object, faults: &mut Faults) -> Named {
        let ids = params.texts(key, faults).unwrap_or_default();
        Named { key, ids, filter: Filter::read(params, faults) }
    }

    /// The same for an order that is about people and nothing else.
    pub(super) fn required(key: &'static str, params: &mut Object, faults: &mut Faults) -> Named {
        let before = faults.len();
        let named = Named::read(key, params, faults);
        if named.ids.is_empty() && named.filter.is_none() && faults.len() == before {
            let message = Text::new(
                format!("никто не назван: нужен непустой список {key} или filter"),
                format!("nobody is named: a list {key} that is not empty, or a filter, is needed"),
            );
            faults.push(params.fault(key, "nobody", "", message));
        }
        named
    }

    /// Everybody who is named, each once: the list first, then whom the filter finds at a school.
    ///
    /// # Errors
    /// [`Code::Request`] for a filter that names a class or subject that does not exist, or that
    /// nobody meets.
    pub(super) fn pick(
        &self,
        roster: &Roster,
        belonging: &Belonging,
        school: Option<OrgIx>,
    ) -> Result<Vec<String>> {
        let mut picked = self.ids.clone();
        if let Some(filter) = &self.filter {
            picked.extend(filter.pick(roster, belonging, school)?);
        }
        let mut seen = BTreeSet::new();
        picked.retain(|person| seen.insert(person.clone()));
        Ok(picked)
    }

    /// Refuses a list with somebody whom the school does not know, or who has left it.
    ///
    /// # Errors
    /// [`Code::Request`] with a fault for each.
    pub(super) fn must_be_there(
        &self,
        roster: &Roster,
        belonging: &Belonging,
        school: Option<OrgIx>,
        also: &BTreeSet<String>,
    ) -> Result<()> {
        must_be_there((self.key, &self.ids), roster, belonging, school, also)
    }
}

/// Refuses ids of a list of people whom the roster does not know at a school; those in `also` will do
/// all the same.
///
/// # Errors
/// [`Code::Request`] with a fault for each.
pub(super) fn must_be_there(
    (key, ids): (&str, &[String]),
    roster: &Roster,
    belonging: &Belonging,
    school: Option<OrgIx>,
    also: &BTreeSet<String>,
) -> Result<()> {
    let found = |id: &str| belonging.find(school, id);
    let unknown = |(_, id): &(usize, &String)| found(id).is_none() && !also.contains(*id);
    let fault = |(at, id): (usize, &String)| {
        let message = match roster.find_person(id) {
            Some(_) if belonging.find(None, id).is_some() => Text::new(
                "этот человек не из той школы, которой принадлежит чат",
                "this person is not of the school that the chat belongs to",
            ),
            Some(_) => Text::new("этот человек выбыл из школы", "this person has left the school"),
            None => Text::new(
                "такого человека нет в данных школы",
                "the school's data has no such person",
            ),
        };
        Fault::new("request.unknown_person", format!("params.{key}[{at}]"), id, message)
    };
    let faults: Vec<Fault> = ids.iter().enumerate().filter(unknown).map(fault).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::with_faults(Code::Request, faults)) }
}

/// Those of some people whom the roster names at all: the rule that judges a request hears of these,
/// the others are refused afterwards.
pub(super) fn known(roster: &Roster, people: &[String]) -> Vec<String> {
    people.iter().filter(|person| roster.find_person(person).is_some()).cloned().collect()
}
