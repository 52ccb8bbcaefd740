-- Calls: their rooms, whose hours they have, and how an ended one ended.

-- The name of its room, which only its link tells; calls made before have the name that was told.
ALTER TABLE calls ADD COLUMN room TEXT NOT NULL DEFAULT '';
UPDATE calls SET room = id;
-- Its day and times are the lesson's. Of those that people made before nobody knows, so they stay put.
ALTER TABLE calls ADD COLUMN by_lesson INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET by_lesson = by_roster;
ALTER TABLE calls ADD COLUMN unended INTEGER NOT NULL DEFAULT 0; -- the messenger refused to finish it

-- A cycle reads the calls that can still matter and not a school's whole history.
CREATE INDEX calls_open ON calls (id) WHERE state <> 'finished';
CREATE INDEX calls_unsettled ON calls (id)
  WHERE running = 1 OR setback IS NOT NULL OR (announced IS NOT NULL AND closed IS NULL);
CREATE INDEX calls_date ON calls (date);
CREATE INDEX calls_at ON calls (at);
CREATE INDEX calls_of_lesson ON calls (lesson) WHERE lesson IS NOT NULL;
