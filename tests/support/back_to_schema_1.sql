-- Takes a state file back to the first schema.
DROP TABLE links; DROP TABLE proofs;
DROP TABLE invitations; DROP TABLE tasks; DROP TABLE groups; DROP TABLE dialogs; DROP TABLE invites;
ALTER TABLE chats DROP COLUMN description;
ALTER TABLE chats DROP COLUMN own;
ALTER TABLE chats DROP COLUMN own_at;
ALTER TABLE chats DROP COLUMN due;
ALTER TABLE chats DROP COLUMN link_since;
ALTER TABLE chats DROP COLUMN leaked;
ALTER TABLE chats DROP COLUMN former;
ALTER TABLE chats DROP COLUMN adopting;
ALTER TABLE chats DROP COLUMN noticed_at;
ALTER TABLE chats DROP COLUMN notice_link;
ALTER TABLE chats DROP COLUMN emptying;
ALTER TABLE presence DROP COLUMN owner;
ALTER TABLE presence DROP COLUMN rights;
ALTER TABLE presence DROP COLUMN adopted;
DROP TABLE lines;
PRAGMA user_version = 1;
