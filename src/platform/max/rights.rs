//! What an admin's rights in one chat of MAX let the bot do (`platforms/max.md`, section 4.3).

use std::collections::BTreeSet;

use crate::platform::{Capability, OwnRights};

/// The rights without which the library cannot keep a chat in step.
pub(in crate::platform) const NEEDED: [&str; 5] =
    ["read_all_messages", "add_remove_members", "add_admins", "change_chat_info", "pin_message"];

/// What each right lets a bot do.
const LETS: [(&str, &[Capability]); 3] = [
    ("add_remove_members", &[Capability::AddMembers, Capability::RemoveMembers]),
    ("add_admins", &[Capability::GrantAdmin]),
    ("change_chat_info", &[Capability::RenameChat]),
];

/// What a bot cannot do in a chat with these rights: members and link are shown to admins only.
pub(in crate::platform) fn unable(own: &OwnRights) -> BTreeSet<Capability> {
    let lacking = LETS.iter().filter(|(right, _)| !own.admin || !own.rights.contains(*right));
    let mut unable: BTreeSet<Capability> =
        lacking.flat_map(|(_, lets)| lets.iter().copied()).collect();
    if !own.admin {
        unable.extend([Capability::ListMembers, Capability::ReadLink]);
    }
    if !own.inside {
        unable.insert(Capability::SendMessage);
    }
    unable
}
