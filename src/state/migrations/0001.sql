-- The state file of one installation: what was done and why. No names of people, no tokens.

-- One value each: the profile of the last cycle, the input that needs no second look, …
CREATE TABLE meta (
  name  TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- Every chat that ever had a key.
CREATE TABLE chats (
  key          TEXT PRIMARY KEY NOT NULL,
  kind         TEXT NOT NULL,
  type         TEXT NOT NULL,
  organization TEXT NOT NULL,
  class        TEXT,
  subject      TEXT,
  depends_on   TEXT NOT NULL,             -- JSON array of class sourcedIds
  title        TEXT NOT NULL,             -- as it is on the platform
  locked       INTEGER NOT NULL,
  platform     TEXT NOT NULL,
  platform_id  TEXT,
  link         TEXT,
  state        TEXT NOT NULL,
  made_at      INTEGER,                   -- times are Unix seconds
  archived_at  INTEGER,
  archive_approved INTEGER NOT NULL DEFAULT 0,
  verified_at  INTEGER,
  digest       TEXT NOT NULL DEFAULT '',  -- of what the rows of members were written from
  counts       TEXT NOT NULL DEFAULT '{}' -- JSON of the report's numbers, as the last cycle left them
) WITHOUT ROWID;

-- Who is in a chat on the platform, by account: last read or confirmed.
CREATE TABLE presence (
  chat       TEXT NOT NULL,
  account    TEXT NOT NULL,
  admin      INTEGER NOT NULL,
  protected  INTEGER NOT NULL,
  people     TEXT NOT NULL DEFAULT '[]',  -- JSON array: whom the roster last meant by it here
  meant_admin INTEGER NOT NULL DEFAULT 0,
  gone_since INTEGER,
  PRIMARY KEY (chat, account)
) WITHOUT ROWID;

-- Who should be in a chat, by person, and why.
CREATE TABLE members (
  chat          TEXT NOT NULL,
  person        TEXT NOT NULL,
  role          TEXT NOT NULL,
  admin         INTEGER NOT NULL,         -- should be admin
  granted       INTEGER NOT NULL,         -- is admin
  account       TEXT,
  state         TEXT NOT NULL,
  reasons       TEXT NOT NULL,            -- JSON
  admin_reasons TEXT NOT NULL,            -- JSON
  since         INTEGER NOT NULL,
  cycle         INTEGER NOT NULL,         -- the cycle that brought the person in
  PRIMARY KEY (chat, person)
) WITHOUT ROWID;
CREATE INDEX members_person ON members (person);

-- Every operation: the intent before the platform is asked, the result after. Also the audit.
CREATE TABLE journal (
  id        INTEGER PRIMARY KEY,
  cycle     INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  operation TEXT NOT NULL,
  chat      TEXT NOT NULL,
  account   TEXT NOT NULL,
  people    TEXT NOT NULL,                -- JSON array
  title     TEXT,
  reason    TEXT NOT NULL,                -- JSON {ru, en}
  actor     TEXT NOT NULL,                -- sourcedId, or system
  counted   INTEGER NOT NULL,             -- a loss that the guard counts and nobody approved
  result    TEXT,                         -- NULL: intended, the answer is not known
  code      TEXT,                         -- the platform's, where it failed
  done_at   INTEGER
);
CREATE INDEX journal_open ON journal (id) WHERE result IS NULL;
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_chat ON journal (chat, at);

-- Operations that failed: why, and when next.
CREATE TABLE waiting (
  chat      TEXT NOT NULL,
  operation TEXT NOT NULL,
  account   TEXT NOT NULL,
  people    TEXT NOT NULL,
  code      TEXT NOT NULL,
  message   TEXT NOT NULL,                -- JSON {ru, en}
  tries     INTEGER NOT NULL,
  next_try  INTEGER NOT NULL,
  refused   INTEGER NOT NULL,
  PRIMARY KEY (chat, operation, account)
) WITHOUT ROWID;

-- Each cycle that did more than find nothing changed.
CREATE TABLE cycles (
  id       INTEGER PRIMARY KEY,
  started  INTEGER NOT NULL,
  finished INTEGER,
  status   TEXT,
  roster   TEXT,
  report   TEXT                           -- JSON of what an unchanged cycle says again
);

-- The last accepted roster, without names.
CREATE TABLE roster (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  fingerprint TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  body        TEXT NOT NULL,
  frozen      TEXT NOT NULL               -- JSON of what its broken rows named
);

-- What the roster lacks entirely though it had it before.
CREATE TABLE lacking (
  what  TEXT NOT NULL,                    -- table, org, class
  id    TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (what, id)
) WITHOUT ROWID;

-- What the platform lets the token do, and when that was found out.
CREATE TABLE capabilities (
  platform   TEXT NOT NULL,
  capability TEXT NOT NULL,
  able       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (platform, capability)
) WITHOUT ROWID;
