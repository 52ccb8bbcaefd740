-- What people ordered through the host's screens: chats made by hand, and changes to chats.

-- Every order, also one that changed nothing. Never given the same number again: by the last one an
-- unchanged cycle sees that there was an order.
CREATE TABLE orders (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     INTEGER NOT NULL,                -- times are Unix seconds
  actor  TEXT NOT NULL,                   -- sourcedId, or system
  method TEXT NOT NULL,
  chat   TEXT NOT NULL,
  people TEXT NOT NULL,                   -- JSON array of sourcedIds
  title  TEXT
);
CREATE INDEX orders_at ON orders (at);
CREATE INDEX orders_chat ON orders (chat, at);

-- Chats made by hand. A row is kept after the chat is deleted: its id is never given again.
CREATE TABLE custom (
  number       INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE,      -- the chat's key is custom:<id>
  kind         TEXT NOT NULL,
  type         TEXT NOT NULL,
  organization TEXT NOT NULL,
  class        TEXT,                      -- a homeroom or a journal
  subject      TEXT,
  title        TEXT NOT NULL,
  maker        TEXT NOT NULL,
  at           INTEGER NOT NULL,
  digest       TEXT NOT NULL,             -- of the order: the same once more makes no second chat
  retitled_by  TEXT                       -- who renamed it last
);

-- What people want otherwise than the profile: who is in, who administers, what a chat is called,
-- that it is no more. The people of a chat made by hand stand here too.
CREATE TABLE overrides (
  id        INTEGER PRIMARY KEY,
  orders    INTEGER NOT NULL,             -- the order that it came with
  chat      TEXT NOT NULL,
  person    TEXT NOT NULL,                -- empty: the chat itself
  aspect    TEXT NOT NULL,                -- member, admin, title, deleted
  value     TEXT NOT NULL,                -- yes, no; the title
  actor     TEXT NOT NULL,
  at        INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT                          -- request: a later order; roster; done; reverted: a cycle
);
CREATE UNIQUE INDEX overrides_in_force ON overrides (chat, person, aspect) WHERE closed_at IS NULL;
CREATE INDEX overrides_chat ON overrides (chat, id);
