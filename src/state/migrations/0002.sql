-- Accounts by request: what people linked and unlinked themselves, beside what the roster names.

-- Every link and unlink that was asked for. One row of a person on a platform is in force at most.
CREATE TABLE links (
  id             INTEGER PRIMARY KEY,
  person         TEXT NOT NULL,           -- sourcedId
  platform       TEXT NOT NULL,
  account        TEXT,                    -- NULL: unlinked
  roster_account TEXT,                    -- what the roster named when the request came
  actor          TEXT NOT NULL,           -- sourcedId, or system
  at             INTEGER NOT NULL,        -- times are Unix seconds
  proof          TEXT NOT NULL,           -- request, max.init_data, max.contact
  closed_at      INTEGER,
  closed_by      TEXT                     -- request: a later one; roster: it names another account
);
CREATE UNIQUE INDEX links_in_force ON links (person, platform) WHERE closed_at IS NULL;
CREATE INDEX links_person ON links (person, id);

-- Proofs that were used, each good for one time. Only a digest, and only while one could be shown
-- again.
CREATE TABLE proofs (
  digest TEXT PRIMARY KEY NOT NULL,
  at     INTEGER NOT NULL
) WITHOUT ROWID;
