//! The smaller questions: what the last cycle saw, what was accepted, who is where and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::State;
use super::journal::parsed;
use super::known::moment;
use crate::error::Result;
use crate::plan::{Kind, Lacking, MemberState};
use crate::platform::Capability;
use crate::profile::Reason;
use crate::roster::{Frozen, Table};

/// What the last cycle saw and left, by which an unchanged one is recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Quiet {
    /// Fingerprint of roster, profile, configuration and day.
    pub(crate) input: String,
    /// When something will be due though nothing changes; Unix seconds.
    pub(crate) next_due: i64,
    /// The cycle's number.
    pub(crate) cycle: i64,
    /// The cycle's status.
    pub(crate) status: String,
    /// The parts of its report that an unchanged cycle says again.
    pub(crate) report: serde_json::Map<String, serde_json::Value>,
}

/// The last accepted roster, as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    /// Fingerprint of the document that the host handed over.
    pub(crate) fingerprint: String,
    /// The roster without names, as a document.
    pub(crate) body: String,
    /// What its broken rows named.
    pub(crate) frozen: Frozen,
    /// When it was accepted.
    pub(crate) at: Timestamp,
}

/// A person's word that a hold may be carried out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Approval {
    /// Of what.
    pub(crate) fingerprint: String,
    /// By whom.
    pub(crate) actor: String,
}

/// One person in one chat, for screens and `explain`.
#[derive(Debug, Clone)]
pub(crate) struct MemberDetail {
    /// The person's `sourcedId`.
    pub(crate) person: String,
    /// What the person is there.
    pub(crate) role: String,
    /// Should be admin.
    pub(crate) admin: bool,
    /// Is admin.
    pub(crate) granted: bool,
    /// The account, if one is linked.
    pub(crate) account: Option<String>,
    /// Where the person stands.
    pub(crate) state: MemberState,
    /// Why in.
    pub(crate) reasons: Vec<Reason>,
    /// Why admin.
    pub(crate) admin_reasons: Vec<Reason>,
    /// Since when in this state.
    pub(crate) since: Timestamp,
    /// The cycle that brought the person into this state.
    pub(crate) cycle: i64,
    /// When the person was last given the way in.
    pub(crate) invited: Option<Timestamp>,
    /// That was told by a message; `None`: not known.
    pub(crate) delivered: Option<bool>,
}

/// Before the name of a kind of work that rests.
const PAUSE: &str = "pause.";

impl State {
    /// A single value.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn meta(&self, name: &str) -> Result<Option<String>> {
        self.db
            .prepare_cached("SELECT value FROM meta WHERE name = ?")
            .and_then(|mut query| query.query_row([name], |row| row.get(0)).optional())
            .map_err(|error| self.failure(&error))
    }

    /// Stores a single value.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_meta(&mut self, name: &str, value: &str) -> Result<()> {
        self.transaction(|db| {
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [name, value]).map(drop)
        })
    }

    /// Remembers that a kind of work met the platform's limit and rests until then.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_pause(&mut self, kind: Kind, until: Timestamp) -> Result<()> {
        self.put_meta(&format!("{PAUSE}{}", kind.name()), &until.as_second().to_string())
    }

    /// Until when each kind of work rests.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn pauses(&self) -> Result<BTreeMap<Kind, Timestamp>> {
        let query = "SELECT name, value FROM meta WHERE name LIKE 'pause.%'";
        let rows =
            self.rows(query, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let pause = |(name, until): (String, String)| {
            let kind = Kind::from_name(name.strip_prefix(PAUSE)?)?;
            Some((kind, moment(until.parse().ok()?)))
        };
        Ok(rows.into_iter().filter_map(pause).collect())
    }

    /// Forgets single values.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_meta(&mut self, names: &[&str]) -> Result<()> {
        self.transaction(|db| {
            let mut delete = db.prepare_cached("DELETE FROM meta WHERE name = ?")?;
            names.iter().try_for_each(|name| delete.execute([name]).map(drop))
        })
    }

    /// What the last cycle saw and left.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn quiet(&self) -> Result<Option<Quiet>> {
        Ok(self.meta("quiet")?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// The approval that waits for the next cycle.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn approval(&self) -> Result<Option<Approval>> {
        Ok(self.meta("approval")?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Stores an approval; the next cycle has something to do.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_approval(&mut self, approval: &Approval) -> Result<()> {
        self.put_meta("approval", &super::journal::json(approval))?;
        self.drop_meta(&["quiet"])
    }

    /// Begins a cycle and returns its number.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn begin_cycle(&mut self, roster: &str, at: Timestamp) -> Result<i64> {
        self.transaction(|db| {
            let text = "INSERT INTO cycles (started, roster) VALUES (?, ?)";
            db.prepare_cached(text)?.insert(params![at.as_second(), roster])
        })
    }

    /// Ends a cycle: its status, its report, and what an unchanged one will be recognised by.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn end_cycle(&mut self, quiet: &Quiet, at: Timestamp) -> Result<()> {
        let text = super::journal::json(quiet);
        self.transaction(|db| {
            let update = "UPDATE cycles SET finished = ?, status = ?, report = ? WHERE id = ?";
            let report = super::journal::json(&quiet.report);
            db.execute(update, params![at.as_second(), quiet.status, report, quiet.cycle])?;
            db.execute("INSERT OR REPLACE INTO meta VALUES ('quiet', ?)", [text]).map(drop)
        })
    }

    /// When the last cycle ended that got that far.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn last_cycle(&self) -> Result<Option<(i64, Timestamp, String)>> {
        let query = "SELECT id, finished, status FROM cycles WHERE finished IS NOT NULL \
                     ORDER BY id DESC LIMIT 1";
        let rows =
            self.rows(query, [], |row| Ok((row.get(0)?, moment(row.get(1)?), row.get(2)?)))?;
        Ok(rows.into_iter().next())
    }

    /// The last accepted roster.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn accepted(&self) -> Result<Option<Accepted>> {
        let rows =
            self.rows("SELECT fingerprint, body, accepted_at, frozen FROM roster", [], |row| {
                Ok(Accepted {
                    fingerprint: row.get(0)?,
                    body: row.get(1)?,
                    frozen: parsed(&row.get::<_, String>(3)?),
                    at: moment(row.get(2)?),
                })
            })?;
        Ok(rows.into_iter().next())
    }

    /// Whether a roster was ever accepted.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn has_accepted(&self) -> Result<bool> {
        Ok(!self.rows("SELECT 1 FROM roster", [], |row| row.get::<_, i64>(0))?.is_empty())
    }

    /// Stores an accepted roster and what it lacks.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn accept(&mut self, accepted: &Accepted, lacking: &Lacking) -> Result<()> {
        self.transaction(|db| {
            let text = "INSERT OR REPLACE INTO roster VALUES (1, ?, ?, ?, ?)";
            let at = accepted.at.as_second();
            db.execute(
                text,
                params![
                    accepted.fingerprint,
                    at,
                    accepted.body,
                    super::journal::json(&accepted.frozen)
                ],
            )?;
            db.execute("DELETE FROM lacking", [])?;
            let mut insert = db.prepare_cached("INSERT INTO lacking VALUES (?, ?, ?)")?;
            for (table, since) in &lacking.tables {
                insert.execute(params!["table", table.name(), since.as_second()])?;
            }
            for (org, since) in &lacking.orgs {
                insert.execute(params!["org", org, since.as_second()])?;
            }
            for (class, since) in &lacking.classes {
                insert.execute(params!["class", class, since.as_second()])?;
            }
            Ok(())
        })
    }

    /// What the last accepted roster lacked.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn lacking(&self) -> Result<Lacking> {
        let rows = self.rows("SELECT what, id, since FROM lacking", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, moment(row.get(2)?)))
        })?;
        let mut lacking = Lacking::default();
        for (what, id, since) in rows {
            let table = Table::ALL.into_iter().find(|table| table.name() == id);
            match (what.as_str(), table) {
                ("org", _) => drop(lacking.orgs.insert(id, since)),
                ("class", _) => drop(lacking.classes.insert(id, since)),
                (_, Some(table)) => drop(lacking.tables.insert(table, since)),
                _ => {}
            }
        }
        Ok(lacking)
    }

    /// What was found out about the token, and when.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn capabilities(
        &self,
        platform: &str,
    ) -> Result<BTreeMap<Capability, (bool, Timestamp)>> {
        let query = "SELECT capability, able, at FROM capabilities WHERE platform = ?";
        let rows = self.rows(query, [platform], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, moment(row.get(2)?)))
        })?;
        let known = |name: &str| Capability::ALL.into_iter().find(|one| one.name() == name);
        Ok(rows
            .into_iter()
            .filter_map(|(name, able, at)| Some((known(&name)?, (able, at))))
            .collect())
    }

    /// Remembers what was found out about the token.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_capabilities(
        &mut self,
        platform: &str,
        found: &[(Capability, bool)],
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            let text = "INSERT OR REPLACE INTO capabilities VALUES (?, ?, ?, ?)";
            let mut insert = db.prepare_cached(text)?;
            for (capability, able) in found {
                insert.execute(params![platform, capability.name(), able, at.as_second()])?;
            }
            Ok(())
        })
    }

    /// The people of a chat, or the chats of a person, or both narrowed.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn members(
        &self,
        chat: Option<&str>,
        person: Option<&str>,
    ) -> Result<Vec<MemberDetail>> {
        let query = "SELECT person, role, admin, granted, account, state, reasons, \
                     admin_reasons, since, cycle, invitations.at, delivered FROM members \
                     LEFT JOIN invitations USING (chat, account) \
                     WHERE (?1 IS NULL OR chat = ?1) AND (?2 IS NULL OR person = ?2) \
                     ORDER BY chat, person";
        self.rows(query, params![chat, person], |row| {
            let state = MemberState::from_name(&row.get::<_, String>(5)?);
            Ok(MemberDetail {
                person: row.get(0)?,
                role: row.get(1)?,
                admin: row.get(2)?,
                granted: row.get(3)?,
                account: row.get(4)?,
                state: state.unwrap_or(MemberState::Linked),
                reasons: parsed(&row.get::<_, String>(6)?),
                admin_reasons: parsed(&row.get::<_, String>(7)?),
                since: moment(row.get(8)?),
                cycle: row.get(9)?,
                invited: row.get::<_, Option<i64>>(10)?.map(moment),
                delivered: row.get(11)?,
            })
        })
    }
}
