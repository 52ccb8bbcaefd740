//! Who may ask: the profile's `requests` rule over the kept roster, in one place for all methods.
//!
//! A method reads its parameters, says what it is about ([`Target`]) and asks [`Ask::permit`];
//! before that it gets no state file to work with.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Ask, SYSTEM};
use crate::cycle::kept_roster;
use crate::error::{Code, Error, Result, Text};
use crate::host::Level;
use crate::profile::{Limits, Request, Room, Target, permits};
use crate::roster::{OrgIx, Roster};
use crate::state::State;

impl Ask<'_> {
    /// Lets the request go on where the profile lets this actor do this to that; the host itself
    /// may do everything.
    ///
    /// # Errors
    /// [`Code::Denied`] with the profile's reason; [`Code::Request`] before the first accepted
    /// roster, by which people are judged; [`Code::Profile`].
    pub(super) fn permit(&mut self, target: Target) -> Result<()> {
        if let Some(reason) = self.refusal(target)? {
            return Err(Error::new(Code::Denied, reason.ru, reason.en));
        }
        self.permitted = true;
        Ok(())
    }

    /// The same for what concerns every school that the session serves.
    ///
    /// # Errors
    /// As [`Ask::permit`].
    pub(super) fn permit_everywhere(&mut self) -> Result<()> {
        for organization in self.organizations()? {
            self.permit(at(organization))?;
        }
        Ok(())
    }

    /// The same for a list of which everybody sees the part of the own schools: these, or nothing
    /// where all of it may be seen.
    ///
    /// # Errors
    /// As [`Ask::permit`], where the actor may see none.
    pub(super) fn permit_somewhere(&mut self) -> Result<Option<BTreeSet<String>>> {
        let (mut seen, mut refused, mut whole) = (BTreeSet::new(), None, true);
        for organization in self.organizations()? {
            match self.refusal(at(organization.clone()))? {
                None => seen.extend(organization),
                Some(reason) => (refused, whole) = (Some(reason), false),
            }
        }
        if let Some(reason) = refused.filter(|_| seen.is_empty()) {
            return Err(Error::new(Code::Denied, reason.ru, reason.en));
        }
        self.permitted = true;
        Ok((!whole).then_some(seen))
    }

    /// What the profile is told about a chat. Of one that does not exist it hears the key alone, so
    /// that who may not ask about it does not learn that it does not exist.
    ///
    /// # Errors
    /// [`Code::State`], [`Code::Request`] before the first accepted roster.
    pub(super) fn chat_target(&mut self, key: &str) -> Result<Target> {
        let rows = self.look_up()?.chats()?;
        let Some(row) = rows.into_iter().find(|row| row.chat.key == key) else {
            return Ok(Target { key: Some(key.to_owned()), ..Target::default() });
        };
        let custom = self.look_up()?.custom_chat(key)?;
        let chat = row.chat;
        let (_, of) = key.split_once(':').unwrap_or_default();
        // A subject's chat is the journal's, though registries show it with the homeroom.
        let of = match &custom {
            Some(custom) => custom.class.clone(),
            None => self.roster()?.find_class(of).map(|_| of.to_owned()),
        };
        let class = of.or(chat.class);
        Ok(Target {
            key: Some(chat.key),
            kind: Some(chat.kind),
            chat_type: Some(chat.chat_type),
            organization: Some(chat.organization),
            class,
            subject: chat.subject,
            locked: chat.locked,
            maker: custom.map(|custom| custom.maker),
            ..Target::default()
        })
    }

    /// Lets the request about a person go on where the profile lets this actor do this at the
    /// person's school; where no row says which that is, at every school that the session serves.
    ///
    /// # Errors
    /// As [`Ask::permit`].
    pub(super) fn permit_about(&mut self, person: &str) -> Result<()> {
        let own = match self.actor.as_str() {
            SYSTEM => None,
            _ => school_of(&*self.roster()?, person),
        };
        let schools = if own.is_some() { vec![own] } else { self.organizations()? };
        for organization in schools {
            let person = Some(person.to_owned());
            self.permit(Target { person, organization, ..Target::default() })?;
        }
        Ok(())
    }

    /// The last accepted roster, read once for each request.
    ///
    /// # Errors
    /// As [`Ask::chat_target`].
    pub(super) fn roster(&mut self) -> Result<Arc<Roster>> {
        if let Some(roster) = &self.kept {
            return Ok(roster.clone());
        }
        let state = self.look_up()?;
        let roster = Arc::new(kept_roster(self.session.config(), &self.clock, &state)?);
        self.kept = Some(roster.clone());
        Ok(roster)
    }

    /// The state file, only to find out what a request is about.
    ///
    /// # Errors
    /// As [`Ask::chat_target`].
    pub(super) fn look_up(&self) -> Result<State> {
        let state = State::reopen(&self.session.config().state)?;
        if state.has_accepted()? { Ok(state) } else { Err(crate::cycle::no_roster()) }
    }

    /// Why the profile does not let the actor do this.
    fn refusal(&mut self, target: Target) -> Result<Option<Text>> {
        if self.actor == SYSTEM {
            return Ok(None);
        }
        let roster = self.roster()?;
        let administers = self.look_up()?.administers(&self.actor)?;
        let config = self.session.config();
        let log = |line: &str| self.session.host().log(Level::Info, line);
        let room = Room {
            roster: &roster,
            settings: &config.settings,
            organization: config.organization.as_deref(),
            now: &self.clock.zoned(),
            limits: Limits::default(),
            stop: &self.session.stop(),
            log: &log,
        };
        let request = Request {
            actor: &self.actor,
            method: self.method,
            params: &self.params,
            administers: &administers,
            target,
        };
        let permission = permits(self.session.source(), room, &request)?;
        let unsaid = || Text::new("профиль этого не разрешает", "the profile does not let it");
        Ok((!permission.allowed).then(|| permission.reason.unwrap_or_else(unsaid)))
    }

    /// The schools that the session serves, each to be asked about; one question where the actor is
    /// asked nothing, or where there is one school.
    fn organizations(&mut self) -> Result<Vec<Option<String>>> {
        if self.actor == SYSTEM || self.session.config().organization.is_some() {
            return Ok(vec![self.session.config().organization.clone()]);
        }
        let roster = self.roster()?;
        let schools = roster.schools();
        let ids = schools.iter().map(|school| Some(roster.org(*school).id.to_string()));
        Ok(if schools.is_empty() { vec![None] } else { ids.collect() })
    }
}

/// Where a person is: at a school before any other organisation, by a role or class in force before
/// one that is not, by a role before a class.
fn school_of(roster: &Roster, person: &str) -> Option<String> {
    let person = roster.find_person(person)?;
    let roles = roster.roles_of(person);
    let roles = roles.map(|role| (role.org, roster.role_in_force(role), true, role.primary));
    let rows = roster.enrollments_of_person(person).map(|row| {
        let school = roster.class(row.class).school;
        (school, roster.enrollment_in_force(row), false, row.primary)
    });
    let schools = roster.schools();
    let rank = |(org, holds, by_role, primary): &(OrgIx, bool, bool, bool)| {
        (*holds, schools.contains(org), *by_role, *primary)
    };
    let (org, ..) = roles.chain(rows).max_by_key(rank)?;
    Some(roster.org(org).id.to_string())
}

fn at(organization: Option<String>) -> Target {
    Target { organization, ..Target::default() }
}
