//! The state file as the planner sees it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Params, Row};

use super::State;
use super::journal::{parsed, sentence};
use crate::clock::earlier;
use crate::error::Result;
use crate::plan::{
    Attempt, ChatState, Counts, Invitation, Kind, Known, KnownChat, KnownHold, KnownMember,
    MemberState, Notice, Present, Waiting,
};
use crate::platform;

/// How long a removal counts for the guard (ruling 11).
const LATELY: Duration = Duration::from_secs(24 * 3600);

/// One row of `chats`, with the report's numbers.
#[derive(Debug, Clone)]
pub(crate) struct ChatRow {
    /// The chat without its people.
    pub(crate) chat: KnownChat,
    /// The numbers of the last cycle.
    pub(crate) counts: Counts,
}

/// A time of the state file.
pub(super) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl State {
    /// Runs a query and collects its rows.
    pub(super) fn rows<T>(
        &self,
        query: &str,
        params: impl Params,
        row: impl FnMut(&Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let work = || {
            let mut statement = self.db.prepare_cached(query)?;
            let rows = statement.query_map(params, row)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        work().map_err(|error| self.failure(&error))
    }

    /// Every chat, without its people, by key.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn chats(&self) -> Result<Vec<ChatRow>> {
        self.rows(
            "SELECT key, kind, type, organization, class, subject, depends_on, title, locked, \
             platform, platform_id, link, state, verified_at, counts, digest, description, own, due, \
             leaked, former, adopting, archived_at <= link_since, noticed_at, notice_link, emptying \
             FROM chats ORDER BY key",
            [],
            chat_row,
        )
    }

    /// Everything that is known, for a plan made at `now`.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn known(&self, now: Timestamp) -> Result<Known> {
        let rows = self.chats()?;
        let mut chats: BTreeMap<String, KnownChat> =
            rows.into_iter().map(|row| (row.chat.key.clone(), row.chat)).collect();
        self.load_presence(&mut chats)?;
        self.load_people(&mut chats)?;
        self.load_waiting(&mut chats)?;
        self.load_losses(&mut chats, earlier(now, LATELY).as_second())?;
        let allowed = self.meta("allowed")?.map(|text| parsed(&text)).unwrap_or_default();
        Ok(Known { chats, hold: self.hold()?, allowed, dialogs: self.dialogs()? })
    }

    fn load_presence(&self, chats: &mut BTreeMap<String, KnownChat>) -> Result<()> {
        let query = "SELECT chat, account, admin, protected, people, meant_admin, gone_since, \
                     owner, rights, adopted FROM presence";
        let rows = self.rows(query, [], |row| {
            let present = Present {
                admin: row.get(2)?,
                protected: row.get(3)?,
                people: parsed(&row.get::<_, String>(4)?),
                meant_admin: row.get(5)?,
                gone_since: row.get::<_, Option<i64>>(6)?.map(moment),
                owner: row.get(7)?,
                rights: parsed(&row.get::<_, String>(8)?),
                adopted: row.get(9)?,
            };
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, present))
        })?;
        for (chat, account, present) in rows {
            if let Some(chat) = chats.get_mut(&chat) {
                chat.present.insert(account, present);
            }
        }
        Ok(())
    }

    fn load_people(&self, chats: &mut BTreeMap<String, KnownChat>) -> Result<()> {
        for (chat, account, invitation) in self.invitations()? {
            if let Some(chat) = chats.get_mut(&chat) {
                chat.invitations.insert(account, invitation);
            }
        }
        let query = "SELECT chat, person, account, state FROM members";
        let rows = self.rows(query, [], |row| {
            let state = MemberState::from_name(&row.get::<_, String>(3)?);
            let member = KnownMember {
                account: row.get(2)?,
                state: state.unwrap_or(MemberState::Linked),
                invitation: None,
                removed_before: false,
            };
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, member))
        })?;
        let removed = self.removed_accounts()?;
        for (chat, person, mut member) in rows {
            if let Some(account) = &member.account {
                member.removed_before = removed.contains(&(chat.clone(), account.clone()));
            }
            if let Some(chat) = chats.get_mut(&chat) {
                let account = member.account.as_ref();
                member.invitation = account.and_then(|one| chat.invitations.get(one)).cloned();
                chat.people.insert(person, member);
            }
        }
        Ok(())
    }

    /// Every way in that was given to an account that has not come yet: (chat, account, which).
    fn invitations(&self) -> Result<Vec<(String, String, Invitation)>> {
        self.rows("SELECT chat, account, at, link, delivered FROM invitations", [], |row| {
            let at = moment(row.get(2)?);
            let invitation = Invitation { at, link: row.get(3)?, delivered: row.get(4)? };
            Ok((row.get(0)?, row.get(1)?, invitation))
        })
    }

    /// Accounts that the library once took out: (chat, account).
    fn removed_accounts(&self) -> Result<HashSet<(String, String)>> {
        let query = "SELECT DISTINCT chat, account FROM journal \
                     WHERE operation = 'remove_member' AND result = 'done'";
        Ok(self.rows(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
    }

    fn dialogs(&self) -> Result<BTreeMap<(platform::Kind, String), bool>> {
        let rows = self.rows("SELECT platform, account, open FROM dialogs", [], |row| {
            let platform: String = row.get(0)?;
            Ok(((messenger(&platform), row.get(1)?), row.get(2)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    fn load_waiting(&self, chats: &mut BTreeMap<String, KnownChat>) -> Result<()> {
        for (chat, attempt, waiting) in self.waiting()? {
            if let Some(chat) = chats.get_mut(&chat) {
                chat.waiting.insert(attempt, waiting);
            }
        }
        Ok(())
    }

    /// Every operation that failed and waits: (chat, what, why).
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn waiting(&self) -> Result<Vec<(String, Attempt, Waiting)>> {
        let query = "SELECT chat, operation, account, people, code, message, tries, next_try, \
                     refused FROM waiting ORDER BY chat, operation, account";
        self.rows(query, [], |row| {
            let operation = Kind::from_name(&row.get::<_, String>(1)?);
            let attempt =
                Attempt { operation: operation.unwrap_or(Kind::PostMessage), account: row.get(2)? };
            let waiting = Waiting {
                people: parsed(&row.get::<_, String>(3)?),
                code: row.get(4)?,
                message: sentence(&row.get::<_, String>(5)?),
                tries: row.get(6)?,
                next_try: moment(row.get(7)?),
                refused: row.get(8)?,
            };
            Ok((row.get(0)?, attempt, waiting))
        })
    }

    fn load_losses(&self, chats: &mut BTreeMap<String, KnownChat>, since: i64) -> Result<()> {
        let query = "SELECT chat, count(*) FROM journal WHERE at > ? AND counted = 1 \
                     AND result = 'done' AND operation IN ('remove_member', 'revoke_admin') \
                     GROUP BY chat";
        let losses =
            self.rows(query, [since], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?)))?;
        for (chat, count) in losses {
            if let Some(chat) = chats.get_mut(&chat) {
                chat.removed_lately = count;
            }
        }
        let query = "SELECT key FROM chats WHERE state = 'archived' AND archived_at > ? \
                     AND archive_approved = 0";
        for key in self.rows(query, [since], |row| row.get::<_, String>(0))? {
            if let Some(chat) = chats.get_mut(&key) {
                chat.archived_lately = true;
            }
        }
        Ok(())
    }

    fn hold(&self) -> Result<Option<KnownHold>> {
        let content = self.meta("hold")?;
        let since = self.meta("hold_since")?.and_then(|text| text.parse().ok());
        let of = self.meta("hold_of")?.and_then(|text| text.parse().ok()).unwrap_or(u32::MAX);
        let known = |(content, since)| KnownHold { content, since: moment(since), of };
        Ok(content.zip(since).map(known))
    }
}

/// A messenger by its name.
pub(super) fn messenger(name: &str) -> platform::Kind {
    if name == platform::Kind::Max.name() { platform::Kind::Max } else { platform::Kind::Vk }
}

fn chat_row(row: &Row) -> rusqlite::Result<ChatRow> {
    let platform: String = row.get(9)?;
    let state: String = row.get(12)?;
    let at: Option<i64> = row.get(23)?;
    let chat = KnownChat {
        key: row.get(0)?,
        kind: row.get(1)?,
        chat_type: row.get(2)?,
        organization: row.get(3)?,
        class: row.get(4)?,
        subject: row.get(5)?,
        depends_on: parsed(&row.get::<_, String>(6)?),
        title: row.get(7)?,
        locked: row.get(8)?,
        platform: messenger(&platform),
        platform_id: row.get(10)?,
        link: row.get(11)?,
        state: ChatState::from_name(&state).unwrap_or(ChatState::Gone),
        present: BTreeMap::new(),
        invitations: BTreeMap::new(),
        people: BTreeMap::new(),
        waiting: BTreeMap::new(),
        removed_lately: 0,
        archived_lately: false,
        verified: row.get::<_, Option<i64>>(13)?.map(moment),
        digest: row.get(15)?,
        description: row.get(16)?,
        own: row.get::<_, Option<String>>(17)?.map(|text| parsed(&text)),
        due: Some(row.get(18)?).filter(|due| *due != 0).map(moment),
        leaked: row.get::<_, Option<i64>>(19)?.map(moment),
        former: row.get(20)?,
        adopting: row.get(21)?,
        sealed: row.get::<_, Option<bool>>(22)?.unwrap_or_default(),
        notice: at.zip(row.get(24)?).map(|(at, link)| Notice { at: moment(at), link }),
        emptying: row.get(25)?,
    };
    Ok(ChatRow { chat, counts: parsed(&row.get::<_, String>(14)?) })
}
