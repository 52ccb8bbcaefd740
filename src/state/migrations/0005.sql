-- From one school year to the next: the chats of a class that is continued under another sourcedId
-- keep their keys.

-- To which class the chats under a key belong. Only digests of what the profile knows classes by.
CREATE TABLE lines (
  root     TEXT PRIMARY KEY NOT NULL,     -- the class whose sourcedId is in the keys
  class    TEXT NOT NULL,                 -- the class to which the chats belong now
  mark     TEXT,                          -- digest of the profile's lineage; NULL: it says nothing
  finished INTEGER NOT NULL DEFAULT 0     -- it finished school, and its chats live on
) WITHOUT ROWID;
