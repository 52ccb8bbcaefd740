//! What MAX tells of what happened (`platforms/max.md`, section 6.3).

use serde_json::Value;

use crate::platform::Event;

/// What one update means for the library; nothing where it is of no concern.
pub(in crate::platform) fn event(_update: &Value) -> Vec<Event> {
    Vec::new()
}
