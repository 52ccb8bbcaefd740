-- Online lessons.

-- Every call. One that was deleted is kept while its lesson may still ask for another.
CREATE TABLE calls (
  id            TEXT PRIMARY KEY NOT NULL, -- drawn: rooms are named by it
  chat          TEXT NOT NULL,
  lesson        TEXT,                     -- sourcedId
  by_roster     INTEGER NOT NULL,         -- the roster made it, else a person
  title         TEXT NOT NULL,
  date          TEXT NOT NULL,            -- YYYY-MM-DD in the school's zone
  starts        INTEGER,                  -- times are Unix seconds
  ends          INTEGER,
  state         TEXT NOT NULL,            -- created, published, finished
  running       INTEGER NOT NULL,
  given_url     TEXT,                     -- the link that the host gave
  join_url      TEXT,                     -- the link in use
  platform_call TEXT,                     -- the messenger's own id
  started       INTEGER,
  started_by    TEXT NOT NULL,
  doubtful      INTEGER NOT NULL,         -- a start was sent and never answered
  announced     INTEGER,
  message       TEXT,                     -- the message that announced it
  closed        INTEGER,                  -- the chat was told of its end
  wish          TEXT,                     -- start, finish, delete, cancel: not done yet
  wished_at     INTEGER,
  maker         TEXT NOT NULL,
  by            TEXT NOT NULL,            -- who acted last: a sourcedId, or system
  at            INTEGER NOT NULL,
  setback       TEXT,                     -- JSON of what failed last, and when it is tried again
  deleted       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX calls_lesson ON calls (lesson, chat) WHERE by_roster = 1;
CREATE INDEX calls_chat ON calls (chat);

ALTER TABLE journal ADD COLUMN call TEXT;       -- the call's id, for operations on calls
ALTER TABLE journal ADD COLUMN said TEXT;       -- what was to be said; of a start, that no answer is needed
ALTER TABLE chats ADD COLUMN call_link TEXT;    -- the standing call link that a person gave
