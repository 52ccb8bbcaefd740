-- The message that told of a call's end, so that it is not taken for another one of the same words.
ALTER TABLE calls ADD COLUMN farewell TEXT;
