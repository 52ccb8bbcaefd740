//! What the state file keeps of an accepted roster.
