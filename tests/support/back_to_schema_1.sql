-- Takes a state file back to the first schema.
DROP TABLE links; DROP TABLE proofs;
DROP TABLE tasks; DROP TABLE groups; DROP TABLE dialogs; DROP TABLE invites;
ALTER TABLE chats DROP COLUMN description;
ALTER TABLE chats DROP COLUMN own;
ALTER TABLE chats DROP COLUMN own_at;
ALTER TABLE chats DROP COLUMN due;
ALTER TABLE chats DROP COLUMN link_since;
ALTER TABLE chats DROP COLUMN leaked;
ALTER TABLE chats DROP COLUMN former;
ALTER TABLE chats DROP COLUMN adopting;
ALTER TABLE presence DROP COLUMN owner;
ALTER TABLE presence DROP COLUMN rights;
ALTER TABLE presence DROP COLUMN adopted;
ALTER TABLE members DROP COLUMN invited_at;
ALTER TABLE members DROP COLUMN invited_link;
ALTER TABLE members DROP COLUMN delivered;
PRAGMA user_version = 1;
