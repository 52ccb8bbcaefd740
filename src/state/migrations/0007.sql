-- As what somebody was brought in by hand (staff, student, guardian, unnamed; several with spaces): who
-- leaves and comes back as somebody else is not brought in once more.
ALTER TABLE overrides ADD COLUMN standing TEXT NOT NULL DEFAULT '';
