//! What a confirmed operation changes in the state file, in one transaction with its journal row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::State;
use super::journal::{Verdict, close, json};
use crate::error::Result;
use crate::plan::{
    Allowed, Attempt, Census, ChatState, Kind, KnownChat, KnownHold, MemberRow, Operation, Present,
    Waiting,
};
use crate::profile::DesiredChat;

/// An operation with its journal row and what became of it.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    /// The journal row.
    pub(crate) intent: i64,
    /// The operation.
    pub(crate) operation: &'a Operation,
    /// What became of it.
    pub(crate) verdict: Verdict,
    /// Why it must wait, where it failed; `None` forgets an earlier failure.
    pub(crate) waiting: Option<Waiting>,
    /// An approval stands behind it.
    pub(crate) approved: bool,
}

impl State {
    /// Writes down what became of some operations, and what that means, all at once.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn settle(&mut self, settled: &[Outcome], at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            for one in settled {
                close(db, one.intent, &one.verdict, at)?;
                let operation = one.operation;
                if matches!(one.verdict, Verdict::Done) {
                    apply(db, operation, one.approved, at)?;
                }
                if !matches!(one.verdict, Verdict::NotSent) {
                    let attempt =
                        Attempt { operation: operation.kind, account: operation.account.clone() };
                    wait(db, &operation.chat, &attempt, one.waiting.as_ref())?;
                }
            }
            Ok(())
        })
    }

    /// Stores a chat's own row: what it is, where it stands. Its people and counts stay.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_chat(&mut self, chat: &KnownChat, made_at: Timestamp) -> Result<()> {
        self.transaction(|db| put_chat(db, chat, made_at))
    }

    /// Stores a made chat together with the journal row of its making.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn chat_made(&mut self, intent: i64, chat: &KnownChat, at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            close(db, intent, &Verdict::Done, at)?;
            put_chat(db, chat, at)?;
            let attempt = Attempt { operation: Kind::CreateChat, account: String::new() };
            wait(db, &chat.key, &attempt, None)
        })
    }

    /// Stores what a chat looked like when its members were read. What happened in it until `began`
    /// has been seen by that.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn verified(
        &mut self,
        chat: &str,
        present: &BTreeMap<String, Present>,
        began: Timestamp,
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET verified_at = ?, adopting = 0, \
                        due = CASE WHEN due <= ? THEN 0 ELSE due END WHERE key = ?";
            db.prepare_cached(text)?.execute(params![at.as_second(), began.as_second(), chat])?;
            db.prepare_cached("DELETE FROM presence WHERE chat = ?")?.execute([chat])?;
            for (account, present) in present {
                put_presence(db, chat, account, present)?;
            }
            // Who came needs no way in any more; who leaves is given a new one.
            let text = "DELETE FROM invitations WHERE chat = ?1 \
                        AND account IN (SELECT account FROM presence WHERE chat = ?1)";
            db.prepare_cached(text)?.execute([chat])?;
            Ok(())
        })
    }

    /// Stores a chat's title as the platform shows it.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_title(&mut self, chat: &str, title: &str) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET title = ? WHERE key = ?";
            db.prepare_cached(text)?.execute([title, chat]).map(drop)
        })
    }

    /// Stores where a chat stands, such as `gone`.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_chat_state(&mut self, chat: &str, state: ChatState) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE chats SET state = ? WHERE key = ?";
            db.prepare_cached(text)?.execute([state.name(), chat]).map(drop)
        })
    }

    /// Stores one chat's people and counts as a cycle left them, and what it is by the profile.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_census(
        &mut self,
        chats: &[(&DesiredChat, &KnownChat, &Census)],
        cycle: i64,
        at: Timestamp,
    ) -> Result<()> {
        self.transaction(|db| {
            for (desired, known, census) in chats {
                describe(db, desired, census)?;
                drop_members(db, &desired.key, census)?;
                for (person, row) in &census.members {
                    put_member(db, desired, person, row, cycle, at)?;
                }
                mean(db, desired, known)?;
            }
            Ok(())
        })
    }

    /// Forgets chats that were never made and are no longer wanted.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_planned(&mut self, keys: &[String]) -> Result<()> {
        self.transaction(|db| {
            for key in keys {
                db.execute("DELETE FROM chats WHERE key = ? AND platform_id IS NULL", [key])?;
                db.execute("DELETE FROM members WHERE chat = ?", [key])?;
            }
            Ok(())
        })
    }

    /// Forgets failures of operations that nobody plans any more.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn drop_waiting(&mut self, stale: &[(String, Attempt)]) -> Result<()> {
        self.transaction(|db| {
            stale.iter().try_for_each(|(chat, attempt)| wait(db, chat, attempt, None))
        })
    }

    /// Remembers since when accounts are no longer meant by the roster.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_leaving(&mut self, leaving: &[(String, String, Timestamp)]) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE presence SET gone_since = ? WHERE chat = ? AND account = ?";
            let mut update = db.prepare_cached(text)?;
            for (chat, account, since) in leaving {
                update.execute(params![since.as_second(), chat, account])?;
            }
            Ok(())
        })
    }

    /// Remembers what a person let go and is not done yet.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_allowed(&mut self, allowed: &[Allowed]) -> Result<()> {
        match allowed {
            [] => self.drop_meta(&["allowed"]),
            some => self.put_meta("allowed", &json(&some)),
        }
    }

    /// Remembers what is held and since when; `None` forgets it.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_hold(&mut self, hold: Option<&KnownHold>) -> Result<()> {
        match hold {
            Some(hold) => {
                self.put_meta("hold", &hold.content)?;
                self.put_meta("hold_of", &hold.of.to_string())?;
                self.put_meta("hold_since", &hold.since.as_second().to_string())
            }
            None => self.drop_meta(&["hold", "hold_of", "hold_since", "approval"]),
        }
    }
}

/// What a done operation means for the state file. Making a chat is [`State::chat_made`].
fn apply(
    db: &Connection,
    operation: &Operation,
    approved: bool,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let (chat, account) = (&operation.chat, &operation.account);
    match operation.kind {
        Kind::AddMember => {
            let mut present = Present::seen(false, false);
            present.people.clone_from(&operation.people);
            put_presence(db, chat, account, &present)
        }
        Kind::RemoveMember => {
            let text = "DELETE FROM presence WHERE chat = ? AND account = ?";
            db.prepare_cached(text)?.execute([chat, account])?;
            // Whoever is taken out has not left by themselves.
            let text = "UPDATE members SET state = 'linked' WHERE chat = ? AND account = ? \
                        AND state = 'joined'";
            db.prepare_cached(text)?.execute([chat, account]).map(drop)
        }
        Kind::GrantAdmin | Kind::RevokeAdmin => {
            let admin = operation.kind == Kind::GrantAdmin;
            let text =
                "UPDATE presence SET admin = ?, meant_admin = ? WHERE chat = ? AND account = ?";
            db.prepare_cached(text)?.execute(params![admin, admin, chat, account]).map(drop)
        }
        Kind::RenameChat => {
            let text = "UPDATE chats SET title = ? WHERE key = ?";
            db.prepare_cached(text)?.execute(params![operation.title, chat]).map(drop)
        }
        Kind::ArchiveChat => {
            let text = "UPDATE chats SET state = 'archived', archived_at = ?, archive_approved = ? \
                        WHERE key = ?";
            db.prepare_cached(text)?.execute(params![at.as_second(), approved, chat]).map(drop)
        }
        Kind::RestoreChat => {
            let text = "UPDATE chats SET state = 'active', archived_at = NULL WHERE key = ?";
            db.prepare_cached(text)?.execute([chat]).map(drop)
        }
        Kind::DeleteChat => {
            // Sealed, where its link was replaced on the way.
            let text = "UPDATE chats SET state = 'deleted', counts = '{}', digest = '', \
                        archived_at = CASE WHEN EXISTS (SELECT 1 FROM journal WHERE chat = ?1 \
                        AND operation = 'rotate_link' AND result = 'done' AND cycle = \
                        (SELECT max(cycle) FROM journal WHERE chat = ?1)) \
                        THEN link_since ELSE ?2 END WHERE key = ?1";
            db.prepare_cached(text)?.execute(params![chat, at.as_second()])?;
            db.prepare_cached("DELETE FROM members WHERE chat = ?")?.execute([chat]).map(drop)
        }
        // Told with what came of it: `invited`, `put_link`, `chat_made`.
        Kind::InviteMember
        | Kind::RotateLink
        | Kind::CreateChat
        | Kind::PostMessage
        | Kind::StartCall
        | Kind::FinishCall => Ok(()),
    }
}

pub(super) fn put_chat(
    db: &Connection,
    chat: &KnownChat,
    made_at: Timestamp,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO chats (key, kind, type, organization, class, subject, depends_on, title, \
         locked, platform, platform_id, link, state, made_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET \
         title = excluded.title, platform = excluded.platform, \
         platform_id = excluded.platform_id, link = excluded.link, state = excluded.state, \
         made_at = excluded.made_at",
    )?
    .execute(params![
        chat.key,
        chat.kind,
        chat.chat_type,
        chat.organization,
        chat.class,
        chat.subject,
        json(&chat.depends_on),
        chat.title,
        chat.locked,
        chat.platform.name(),
        chat.platform_id,
        chat.link,
        chat.state.name(),
        made_at.as_second(),
    ])
    .map(drop)
}

fn put_presence(
    db: &Connection,
    chat: &str,
    account: &str,
    present: &Present,
) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO presence \
         (chat, account, admin, protected, people, meant_admin, gone_since, owner, rights, adopted) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        chat,
        account,
        present.admin,
        present.protected,
        json(&present.people),
        present.meant_admin,
        present.gone_since.map(Timestamp::as_second),
        present.owner,
        json(&present.rights),
        present.adopted,
    ])
    .map(drop)
}

pub(super) fn wait(
    db: &Connection,
    chat: &str,
    attempt: &Attempt,
    waiting: Option<&Waiting>,
) -> rusqlite::Result<()> {
    let operation = attempt.operation.name();
    let Some(waiting) = waiting else {
        let text = "DELETE FROM waiting WHERE chat = ? AND operation = ? AND account = ?";
        return db.prepare_cached(text)?.execute([chat, operation, &attempt.account]).map(drop);
    };
    db.prepare_cached(
        "INSERT OR REPLACE INTO waiting \
         (chat, operation, account, people, code, message, tries, next_try, refused) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        chat,
        operation,
        attempt.account,
        json(&waiting.people),
        waiting.code,
        json(&waiting.message),
        waiting.tries,
        waiting.next_try.as_second(),
        waiting.refused,
    ])
    .map(drop)
}

/// The chat's row by the profile: everything but what only the platform decides.
fn describe(db: &Connection, desired: &DesiredChat, census: &Census) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE chats SET kind = ?, type = ?, organization = ?, class = ?, subject = ?, \
         depends_on = ?, locked = ?, counts = ?, digest = ? WHERE key = ?",
    )?
    .execute(params![
        desired.kind,
        desired.chat_type,
        desired.organization,
        desired.class,
        desired.subject,
        json(&desired.depends_on),
        desired.locked,
        json(&census.counts),
        census.digest,
        desired.key,
    ])
    .map(drop)
}

fn drop_members(db: &Connection, chat: &str, census: &Census) -> rusqlite::Result<()> {
    let people: Vec<&String> = census.members.keys().collect();
    let text = "DELETE FROM members WHERE chat = ? \
                AND person NOT IN (SELECT value FROM json_each(?))";
    db.prepare_cached(text)?.execute(params![chat, json(&people)]).map(drop)
}

fn put_member(
    db: &Connection,
    desired: &DesiredChat,
    person: &str,
    row: &MemberRow,
    cycle: i64,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let Some(member) = desired.members.get(person) else { return Ok(()) };
    db.prepare_cached(
        "INSERT INTO members (chat, person, role, admin, granted, account, state, reasons, \
         admin_reasons, since, cycle) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (chat, person) DO UPDATE SET role = excluded.role, admin = excluded.admin, \
         granted = excluded.granted, account = excluded.account, reasons = excluded.reasons, \
         admin_reasons = excluded.admin_reasons, \
         since = CASE WHEN state = excluded.state THEN since ELSE excluded.since END, \
         cycle = CASE WHEN state = excluded.state THEN cycle ELSE excluded.cycle END, \
         state = excluded.state",
    )?
    .execute(params![
        desired.key,
        person,
        member.role,
        member.admin,
        row.admin,
        row.account,
        row.state.name(),
        json(&member.reasons),
        json(&member.admin_reasons),
        at.as_second(),
        cycle,
    ])
    .map(drop)
}

/// Writes whom the roster means by each account that is in. A right that the roster gave stays
/// meant until it is taken: while it is held, it must not pass for one that was given by hand.
fn mean(db: &Connection, desired: &DesiredChat, known: &KnownChat) -> rusqlite::Result<()> {
    let text = "UPDATE presence SET people = ?1, meant_admin = (?2 OR (meant_admin AND admin)), \
                gone_since = NULL WHERE chat = ?3 AND account = ?4 \
                AND (people <> ?1 OR meant_admin <> (?2 OR (meant_admin AND admin)) \
                OR gone_since IS NOT NULL)";
    let mut update = db.prepare_cached(text)?;
    for (account, people) in crate::plan::wanted_accounts(desired, known.platform) {
        let names: Vec<&str> = people.iter().map(|(person, _)| *person).collect();
        let admin = people.iter().any(|(_, member)| member.admin);
        update.execute(params![json(&names), admin, desired.key, account])?;
    }
    Ok(())
}
