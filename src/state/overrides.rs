//! What people ordered through the host's screens, and what of it is in force.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::State;
use super::custom::{insert_custom, retitle};
use super::journal::{json, parsed};
use super::known::moment;
use super::moves::rekey;
use crate::error::Result;
use crate::plan::Rekeyed;

/// What a person wants otherwise than the profile says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To be in the chat, or not.
    Member(bool),
    /// To administer it, or not.
    Admin(bool),
    /// What an automatic chat is called.
    Title(String),
    /// The chat is no more.
    Deleted,
}

impl Wish {
    /// The columns `aspect` and `value`.
    fn words(&self) -> (&'static str, &str) {
        let yes = |yes: bool| if yes { "yes" } else { "no" };
        match self {
            Wish::Member(is) => ("member", yes(*is)),
            Wish::Admin(is) => ("admin", yes(*is)),
            Wish::Title(title) => ("title", title),
            Wish::Deleted => ("deleted", ""),
        }
    }

    fn of(aspect: &str, value: String) -> Wish {
        match aspect {
            "member" => Wish::Member(value == "yes"),
            "admin" => Wish::Admin(value == "yes"),
            "title" => Wish::Title(value),
            _ => Wish::Deleted,
        }
    }

    /// The word in documents: `in`, `out`, `admin`, `no_admin`, `title`, `deleted`.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Wish::Member(true) => "in",
            Wish::Member(false) => "out",
            Wish::Admin(true) => "admin",
            Wish::Admin(false) => "no_admin",
            Wish::Title(_) => "title",
            Wish::Deleted => "deleted",
        }
    }
}

/// One change that a person made by hand.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    /// Its number.
    pub(crate) id: i64,
    /// The chat's key.
    pub(crate) chat: String,
    /// The person's `sourcedId`; empty where the chat itself is meant.
    pub(crate) person: String,
    /// What is wanted.
    pub(crate) wish: Wish,
    /// Who ordered it.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
    /// As what the person was brought in, in words; empty as long as nobody was.
    pub(crate) standing: String,
    /// When it stopped counting, and why.
    pub(crate) closed: Option<(Timestamp, String)>,
}

/// Why an override counts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The roster says the same by now, or nothing is left to which it could apply.
    Roster,
    /// It was carried out, and nothing is left to do.
    Done,
    /// The profile undoes what people change by hand.
    Reverted,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            End::Roster => "roster",
            End::Done => "done",
            End::Reverted => "reverted",
        }
    }
}

/// A person's order, as the audit shows it.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The method.
    pub(crate) method: &'static str,
    /// Who.
    pub(crate) actor: String,
    /// When.
    pub(crate) at: Timestamp,
    /// The chat's key.
    pub(crate) chat: String,
    /// The people it names.
    pub(crate) people: Vec<String>,
    /// The title that it gives.
    pub(crate) title: Option<String>,
}

/// What an order changes.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A chat is made by hand.
    Make(Box<super::Custom>),
    /// A chat made by hand gets another title.
    Retitle(String),
    /// From now on this is wanted of a person, or of the chat itself where the name is empty.
    Want(String, Wish),
    /// This is wanted no more, whether or not it was.
    Drop(String, Wish),
    /// A chat that vanished or was deleted may be made again.
    Revive {
        /// The key under which the old group is looked after, where anybody can still come into it.
        grave: Option<String>,
    },
}

const COLUMNS: &str = "id, chat, person, aspect, value, actor, at, closed_at, closed_by, standing \
     FROM overrides";

impl Override {
    fn read(row: &Row) -> rusqlite::Result<Override> {
        let closed_at: Option<i64> = row.get(7)?;
        Ok(Override {
            id: row.get(0)?,
            chat: row.get(1)?,
            person: row.get(2)?,
            wish: Wish::of(&row.get::<_, String>(3)?, row.get(4)?),
            actor: row.get(5)?,
            at: moment(row.get(6)?),
            closed: closed_at.map(moment).zip(row.get(8)?),
            standing: row.get(9)?,
        })
    }
}

impl State {
    /// The number of the last order: it grows with every one.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn last_order(&self) -> Result<i64> {
        self.rows("SELECT coalesce(max(id), 0) FROM orders", [], |row| row.get(0))
            .map(|rows| rows.into_iter().next().unwrap_or_default())
    }

    /// Writes an order down with all that it changes, or nothing.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_order(&mut self, order: &Order, changes: &[Change]) -> Result<()> {
        self.transaction(|db| write(db, order, changes))
    }

    /// The same for several orders, all or none.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_orders(&mut self, orders: &[(Order, Vec<Change>)]) -> Result<()> {
        self.transaction(|db| orders.iter().try_for_each(|(one, changes)| write(db, one, changes)))
    }

    /// What people want by hand and is in force, in the order of the orders.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn open_overrides(&self) -> Result<Vec<Override>> {
        let query = format!("SELECT {COLUMNS} WHERE closed_at IS NULL ORDER BY id");
        self.rows(&query, [], Override::read)
    }

    /// What was ever wanted by hand of a chat, or of one person there; what is in force first, then
    /// the newest.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn overrides(&self, chat: &str, person: Option<&str>) -> Result<Vec<Override>> {
        let query = format!(
            "SELECT {COLUMNS} WHERE chat = ?1 AND (?2 IS NULL OR person = ?2) \
             ORDER BY closed_at IS NOT NULL, id DESC"
        );
        self.rows(&query, params![chat, person], Override::read)
    }

    /// The accounts in a chat, each with the people for whom it stands.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn present(&self, chat: &str) -> Result<BTreeMap<String, Vec<String>>> {
        let query = "SELECT account, people FROM presence WHERE chat = ?";
        let row = |row: &Row| Ok((row.get(0)?, parsed(&row.get::<_, String>(1)?)));
        Ok(self.rows(query, [chat], row)?.into_iter().collect())
    }

    /// Ends overrides that count no more; they are kept to be looked at.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn close_overrides(&mut self, over: &[(i64, End)], at: Timestamp) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE overrides SET closed_at = ?, closed_by = ? \
                        WHERE id = ? AND closed_at IS NULL";
            let mut update = db.prepare_cached(text)?;
            over.iter().try_for_each(|(id, end)| {
                update.execute(params![at.as_second(), end.name(), id]).map(drop)
            })
        })
    }
}

impl State {
    /// Remembers as what people were brought in, by the overrides' numbers.
    ///
    /// # Errors
    /// [`crate::error::Code::State`].
    pub(crate) fn put_standings(&mut self, standings: &[(i64, String)]) -> Result<()> {
        self.transaction(|db| {
            let text = "UPDATE overrides SET standing = ? WHERE id = ?";
            let mut update = db.prepare_cached(text)?;
            standings
                .iter()
                .try_for_each(|(id, words)| update.execute(params![words, id]).map(drop))
        })
    }
}

fn write(db: &Connection, order: &Order, changes: &[Change]) -> rusqlite::Result<()> {
    let text = "INSERT INTO orders (at, actor, method, chat, people, title) \
                VALUES (?, ?, ?, ?, ?, ?)";
    let people = json(&order.people);
    let number = db.prepare_cached(text)?.insert(params![
        order.at.as_second(),
        order.actor,
        order.method,
        order.chat,
        people,
        order.title,
    ])?;
    changes.iter().try_for_each(|change| make(db, order, number, change))
}

fn make(db: &Connection, order: &Order, number: i64, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Make(custom) => insert_custom(db, custom),
        Change::Retitle(title) => retitle(db, &order.chat, title, &order.actor),
        Change::Want(person, wish) => want(db, order, number, person, wish),
        Change::Drop(person, wish) => close(db, order, person, wish),
        Change::Revive { grave } => {
            if let Some(grave) = grave {
                bury(db, order, grave)?;
            }
            close(db, order, "", &Wish::Deleted)?;
            revive(db, &order.chat)
        }
    }
}

/// The same once more keeps its first author and time.
fn want(
    db: &Connection,
    order: &Order,
    number: i64,
    person: &str,
    wish: &Wish,
) -> rusqlite::Result<()> {
    let (aspect, value) = wish.words();
    let text = "SELECT count(*) FROM overrides WHERE chat = ? AND person = ? AND aspect = ? \
                AND value = ? AND closed_at IS NULL";
    let same: i64 = db
        .prepare_cached(text)?
        .query_row(params![order.chat, person, aspect, value], |row| row.get(0))?;
    if same > 0 {
        return Ok(());
    }
    close(db, order, person, wish)?;
    let text = "INSERT INTO overrides (orders, chat, person, aspect, value, actor, at) \
                VALUES (?, ?, ?, ?, ?, ?, ?)";
    let at = order.at.as_second();
    let row = params![number, order.chat, person, aspect, value, order.actor, at];
    db.prepare_cached(text)?.execute(row).map(drop)
}

fn close(db: &Connection, order: &Order, person: &str, wish: &Wish) -> rusqlite::Result<()> {
    let text = "UPDATE overrides SET closed_at = ?, closed_by = 'request' \
                WHERE chat = ? AND person = ? AND aspect = ? AND closed_at IS NULL";
    let row = params![order.at.as_second(), order.chat, person, wish.words().0];
    db.prepare_cached(text)?.execute(row).map(drop)
}

/// Gives a deleted group that can still be entered a key of its own, by which it goes on being
/// deleted.
fn bury(db: &Connection, order: &Order, grave: &str) -> rusqlite::Result<()> {
    let moved = Rekeyed { from: order.chat.clone(), to: grave.to_owned(), former: true };
    rekey(db, &moved, order.at)?;
    let text = "UPDATE overrides SET chat = ?2 \
                WHERE chat = ?1 AND aspect = 'deleted' AND closed_at IS NULL";
    db.execute(text, [order.chat.as_str(), grave]).map(drop)
}

/// Makes of a chat that is gone one that is still to be made: nothing that was known of it holds
/// for its successor.
fn revive(db: &Connection, chat: &str) -> rusqlite::Result<()> {
    let text = "UPDATE chats SET state = 'planned', platform_id = NULL, link = NULL, own = NULL, \
                leaked = NULL, archived_at = NULL, verified_at = NULL, digest = '', counts = '{}', \
                description = NULL WHERE key = ? AND state IN ('gone', 'deleted')";
    db.execute(text, [chat])?;
    for table in ["presence", "members", "invitations", "waiting"] {
        db.execute(&format!("DELETE FROM {table} WHERE chat = ?"), [chat])?;
    }
    Ok(())
}
