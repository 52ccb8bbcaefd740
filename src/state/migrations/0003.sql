-- Where nobody can be added: tasks for people, invitations, events, and what the library's own
-- account may do in each chat.

-- What only a person can do. A row is kept after it is closed: it is never asked for twice under
-- another number.
CREATE TABLE tasks (
  id        INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as t<id>; never given again
  code      TEXT NOT NULL UNIQUE,         -- #7K2Q
  kind      TEXT NOT NULL,
  chat      TEXT NOT NULL,
  subject   TEXT NOT NULL,                -- the account concerned, or empty
  title     TEXT NOT NULL,                -- the chat's title when last looked at
  details   TEXT NOT NULL,                -- JSON of what the steps name besides
  since     INTEGER NOT NULL,             -- times are Unix seconds
  looked_at INTEGER,
  closed_at INTEGER,
  closed_by TEXT                          -- library: found done or no longer needed; else an actor
);
CREATE UNIQUE INDEX tasks_open ON tasks (kind, chat, subject) WHERE closed_at IS NULL;

-- Groups into which people put the library's own account, and which no key has yet.
CREATE TABLE groups (
  platform    TEXT NOT NULL,
  platform_id TEXT NOT NULL,
  title       TEXT,                       -- NULL: not read yet
  by_account  TEXT,                       -- who put it in
  code        TEXT,                       -- a task's code that somebody wrote there
  since       INTEGER NOT NULL,
  PRIMARY KEY (platform, platform_id)
) WITHOUT ROWID;

-- Who has a dialog with the library's own account, and so can be written to.
CREATE TABLE dialogs (
  platform TEXT NOT NULL,
  account  TEXT NOT NULL,
  open     INTEGER NOT NULL,
  chat     TEXT,                          -- the dialog's own id, where it was told
  at       INTEGER NOT NULL,
  PRIMARY KEY (platform, account)
) WITHOUT ROWID;

-- One-time links by which people link their accounts. Only a digest of the link's word is kept.
CREATE TABLE invites (
  digest   TEXT PRIMARY KEY NOT NULL,
  person   TEXT NOT NULL,
  platform TEXT NOT NULL,
  actor    TEXT NOT NULL,
  at       INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  used_at  INTEGER
) WITHOUT ROWID;

ALTER TABLE chats ADD COLUMN description TEXT;
ALTER TABLE chats ADD COLUMN own TEXT;                          -- JSON of the own rights there
ALTER TABLE chats ADD COLUMN own_at INTEGER;
ALTER TABLE chats ADD COLUMN due INTEGER NOT NULL DEFAULT 0;    -- from then on it is read again; 0: no reason
ALTER TABLE chats ADD COLUMN link_since INTEGER;
ALTER TABLE chats ADD COLUMN leaked INTEGER;                    -- somebody taken out came in again
ALTER TABLE chats ADD COLUMN former INTEGER NOT NULL DEFAULT 0; -- left behind on the previous platform

ALTER TABLE chats ADD COLUMN adopting INTEGER NOT NULL DEFAULT 0; -- bound, and its people not read yet

ALTER TABLE presence ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN rights TEXT NOT NULL DEFAULT '[]';
ALTER TABLE presence ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;

-- The way in that was given to an account that has not come yet.
CREATE TABLE invitations (
  chat      TEXT NOT NULL,
  account   TEXT NOT NULL,
  at        INTEGER NOT NULL,
  link      TEXT NOT NULL,                -- digest: one that was replaced lets nobody in
  delivered INTEGER,                      -- in a message; NULL: not known
  PRIMARY KEY (chat, account)
) WITHOUT ROWID;

-- The move to another messenger, for chats that were left behind.
ALTER TABLE chats ADD COLUMN noticed_at INTEGER;                -- told where the new chat is
ALTER TABLE chats ADD COLUMN notice_link TEXT;                  -- digest of the link that was told
ALTER TABLE chats ADD COLUMN emptying INTEGER NOT NULL DEFAULT 0; -- its people are taken out
