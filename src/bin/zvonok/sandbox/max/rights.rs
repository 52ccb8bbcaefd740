//! What an admin may be allowed to do.

use super::error::Error;

/// The rights of a group's admin. `edit`, `delete` and `view_stats` are for channels.
const GROUP: [&str; 8] = [
    "read_all_messages",
    "add_remove_members",
    "add_admins",
    "change_chat_info",
    "pin_message",
    "write",
    "edit_link",
    "can_call",
];

const CHANNEL: [&str; 3] = ["edit", "delete", "view_stats"];

const NEED_READING: [&str; 4] = ["edit", "delete", "write", "pin_message"];

/// Every right there is in a group.
pub(crate) fn all() -> Vec<String> {
    GROUP.iter().map(|right| (*right).to_owned()).collect()
}

/// Refuses what the interface does not grant in a group, and adds what the platform itself gives
/// every admin.
pub(crate) fn granted(asked: &[String]) -> Result<Vec<String>, Error> {
    for (at, right) in asked.iter().enumerate() {
        if CHANNEL.contains(&right.as_str()) {
            return Err(Error::payload(&format!("Permission {right} is for channels only")));
        }
        if !GROUP.contains(&right.as_str()) {
            return Err(Error::payload(&format!("Can't deserialize body: permission {right}")));
        }
        if asked[..at].contains(right) {
            return Err(Error::payload(&format!("Permission {right} is given twice")));
        }
    }
    let reads = asked.iter().any(|right| right == "read_all_messages");
    let needy = asked.iter().find(|right| NEED_READING.contains(&right.as_str()));
    if let (false, Some(right)) = (reads, needy) {
        return Err(Error::payload(&format!("Permission {right} needs read_all_messages")));
    }
    let mut rights = asked.to_vec();
    if !rights.iter().any(|right| right == "can_call") {
        rights.push("can_call".to_owned());
    }
    Ok(rights)
}
