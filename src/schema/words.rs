//! What each key means, and what it is where it is not given. The schemas' test asks for a line for
//! every key that a reader knows, and for no other.

use serde_json::Value;

/// Place, value where it is absent (JSON; empty for none), meaning.
type Line = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // A line a key.
const WORDS: &[Line] = &[
    ("config.state", "", "the state file, an absolute path; its folder must exist"),
    ("config.profile", "", "paragraf, epos_spo, ais_poo, it_school, oneroster, or a script's absolute path"),
    ("config.settings", "{}", "values for the profile's settings"),
    ("config.organization", "", "sourcedId of the one school to serve; all schools where absent"),
    ("config.proxy", "", "how to get out; never taken from the environment"),
    ("config.proxy.server", "", "host name; empty for none"),
    ("config.proxy.port", "", "port"),
    ("config.proxy.username", "", "login"),
    ("config.proxy.password", "", "password"),
    ("config.proxy.auth", "false", "whether the proxy wants login and password"),
    ("config.ca_file", "", "PEM certificates trusted beside the public roots, an absolute path"),
    ("config.platform", "", "the messenger"),
    ("config.previous_platform", "", "the messenger that the school moves away from"),
    ("config.platform.kind", "", "which messenger"),
    ("config.platform.token", "", "the token itself"),
    ("config.platform.token_env", "", "the environment variable that has the token"),
    ("config.platform.token_file", "", "the file that has the token, an absolute path"),
    ("config.platform.base_url", "", "the API's root without a method; a sandbox's address for trying out"),
    ("config.platform.community", "", "VK: the community's positive id"),
    ("config.platform.capabilities", "{}", "what the token can do, where it should not be found out"),
    ("config.platform.capabilities.create_chat", "\"auto\"", "make a chat"),
    ("config.platform.capabilities.add_members", "\"auto\"", "put people into a chat"),
    ("config.platform.capabilities.remove_members", "\"auto\"", "take people out"),
    ("config.platform.capabilities.rename_chat", "\"auto\"", "change a title"),
    ("config.platform.capabilities.grant_admin", "\"auto\"", "give and take admin rights"),
    ("config.platform.capabilities.read_link", "\"auto\"", "read the invite link"),
    ("config.platform.capabilities.rotate_link", "\"auto\"", "replace the invite link"),
    ("config.platform.capabilities.list_members", "\"auto\"", "read who is in a chat"),
    ("config.platform.capabilities.list_chats", "\"auto\"", "find the own chats"),
    ("config.platform.capabilities.send_message", "\"auto\"", "post messages"),
    ("config.platform.capabilities.start_call", "\"auto\"", "start and finish calls"),
    ("config.platform.requests_per_second", "", "20 on MAX and 16 on VK where absent; at most 30 and 20"),
    ("config.platform.requests_in_flight", "8", "requests at once"),
    ("config.platform.events", "", "how the library learns what happens: poll on MAX where absent, none on VK"),
    ("config.platform.events_secret", "", "what a host must show to hand events in"),
    ("config.platform.reads_per_cycle", "200", "chats that one cycle reads again at most"),
    ("config.platform.vk_id", "", "the school's application of VK ID, for accounts.verify"),
    ("config.platform.vk_id.client_id", "", "the application's number"),
    ("config.platform.vk_id.redirect_uri", "", "the address registered with the application"),
    ("config.platform.vk_id.base_url", "\"https://id.vk.ru\"", "VK ID's root"),
    ("config.timezone", "\"Europe/Moscow\"", "the zone in which dates are judged"),
    ("config.language", "\"ru\"", "the language of what the library posts"),
    ("config.calls", "{}", "where the links of online lessons come from"),
    ("config.calls.provider", "", "the messenger itself, an address with <call> in it, or BigBlueButton; the profile says where absent"),
    ("config.calls.url", "", "the address of a call's room, or BigBlueButton's root"),
    ("config.calls.secret", "", "BigBlueButton's shared secret"),
    ("config.calls.secret_env", "", "the environment variable that has it"),
    ("config.calls.secret_file", "", "the file that has it, an absolute path"),
    ("config.guard", "{}", "when removals wait for a person's approval"),
    ("config.guard.minimum", "5", "fewer removals never hold anything"),
    ("config.guard.chat_share", "0.5", "share of a chat's members"),
    ("config.guard.total_share", "0.2", "share of all members"),
    ("config.guard.chats", "3", "archivings and deletions in a cycle"),
    ("config.guard.dangling_share", "0.02", "share of a table's rows that may point nowhere"),
    ("config.grace", "\"0s\"", "how long a person stays in a chat after leaving the roster"),
    ("config.missing_after", "\"72h\"", "how long what a roster lacks is left alone before it is archived"),
    ("config.archive", "{}", "what becomes of archived chats"),
    ("config.archive.members", "\"keep\"", "whether their members stay"),
    ("config.protect", "[]", "account ids that are never removed"),
    ("config.strangers", "\"remove\"", "what happens to people whom nobody named"),
    ("config.leavers", "\"invite\"", "what happens to people who left by themselves"),
    ("config.verify_every", "\"24h\"", "each chat is read again at least so often"),
    ("config.time_budget", "\"10m\"", "how long a cycle may take"),
    ("config.invitations", "{}", "how people are given the way in"),
    ("config.invitations.deliver", "true", "also by a message to those who have a dialog with the bot"),
    ("config.invitations.expire_after", "\"14d\"", "then an invitation that nobody followed counts as expired"),
    ("config.move", "{}", "what becomes of the chats on the previous messenger"),
    ("config.move.notice", "true", "whether the old chat is told where the new one is"),
    ("config.move.old", "\"keep\"", "what is done with the old chat in the end"),
    ("config.move.share", "", "the end comes when this share of the people is in the new chat"),
    ("config.move.on", "", "the end comes on this day"),

    ("options.now", "", "replaces the clock: tests, catching up"),
    ("options.dry_run", "false", "plan and report, change nothing"),
    ("options.time_budget", "", "instead of the configuration's"),
    ("options.verify", "\"due\"", "which chats are read again: those whose turn it is, all, none"),
    ("options.kinds", "[]", "only these kinds of chats; all where empty"),
    ("options.chats", "[]", "only the chats of these keys; all where empty"),
    ("options.approve", "", "the fingerprint of a hold that a person approved"),
    ("options.detail", "\"chats\"", "how much the report tells"),

    ("request.method", "", "what is asked"),
    ("request.actor", "\"system\"", "sourcedId of the person at the screen; system for the host itself"),
    ("request.params", "{}", "what the method needs"),
    ("request.now", "", "replaces the clock"),

    ("accounts.invite", "", "a one-time link by which a person links their account"),
    ("accounts.link", "", "links an account; at once, and over the roster's head until it names another"),
    ("accounts.status", "", "a person's accounts, and what they may join"),
    ("accounts.unlink", "", "unlinks the account; the person is out of all chats at once"),
    ("accounts.verify", "", "links the account that a proof names"),
    ("admins.grant", "", "gives people admin rights in a chat"),
    ("admins.revoke", "", "takes admin rights from people"),
    ("audit", "", "what was done, by whom, when and why, the newest first"),
    ("calls.create", "", "makes a call of a chat"),
    ("calls.delete", "", "takes a call away; one that runs ends first"),
    ("calls.finish", "", "ends a call"),
    ("calls.join", "", "the way in for a visitor, or why not"),
    ("calls.list", "", "online lessons in the order in which they begin"),
    ("calls.publish", "", "shows a call to its members"),
    ("calls.start", "", "starts a call"),
    ("calls.update", "", "gives a call another title, time or link"),
    ("chats.create", "", "makes a chat by hand, of a kind that the profile allows"),
    ("chats.delete", "", "takes everybody out and closes the chat for good"),
    ("chats.rename", "", "gives a chat another title; null gives an automatic one its own again"),
    ("chats.get", "", "one chat with its people and the reasons for each"),
    ("chats.list", "", "the registry: search, filters, order, pages"),
    ("chats.sync", "", "makes the missing chats and corrects the others"),
    ("diagnostics", "", "what to send to support; no secrets, no names"),
    ("events.push", "", "hands in what a host's webhook received"),
    ("explain", "", "why a person is, or is not, in a chat"),
    ("guard.approve", "", "lets the next cycle carry out what is held"),
    ("members.add", "", "lets people into a chat whom the rules do not name"),
    ("members.remove", "", "keeps people out of a chat"),
    ("plan", "", "what the next cycle would do with the last accepted roster"),
    ("tasks.done", "", "somebody says that a task is done, and the library looks"),
    ("tasks.list", "", "what only a person can do, step by step"),

    ("accounts.invite.account", "", "who alone may use the link; anybody where absent"),
    ("accounts.status.account", "", "only this account, and whether it is linked"),
    ("accounts.status.platform", "", "only this messenger"),
    ("accounts.unlink.account", "", "refused where another account is linked by now"),
    ("chats.delete.title", "", "the title that the chat must have, to delete no other by mistake"),
    ("chats.list.state", "", "only chats in this state"),
    ("chats.create.members", "[]", "sourcedIds of people"),
    ("chats.create.class", "", "sourcedId of the class that the chat belongs to"),
    ("chats.create.kind", "\"custom\"", "a kind that the profile lets people make"),

    ("calls.list.state", "", "only calls that stand so"),
    ("calls.list.search", "", "a part of the call's title"),
    ("calls.create.title", "", "the call's title, up to 200 characters; a discipline's chat has one of its own"),
    ("calls.update.title", "", "the call's new title, up to 200 characters"),

    ("params.call", "", "a call's id"),
    ("params.lesson", "", "sourcedId of a lesson"),
    ("params.date", "", "the day in the school's zone"),
    ("params.time", "", "the time of the day in the school's zone"),
    ("params.starts", "", "when it begins; instead of date and time"),
    ("params.ends", "", "when it ends"),
    ("params.join_url", "", "the link of this call"),
    ("params.name", "", "the visitor's name for the room; not stored"),
    ("params.admins", "[]", "sourcedIds of those who administer the chat"),
    ("params.filter", "", "picks people by the last accepted roster"),
    ("params.filter.class", "", "of these classes, by sourcedId"),
    ("params.filter.grade", "", "of these grades"),
    ("params.filter.no_subject", "false", "staff who teach no subject"),
    ("params.filter.role", "", "with one of these roles"),
    ("params.filter.search", "", "with this in their sourcedId"),
    ("params.filter.subject", "", "who learn or teach one of these subjects"),
    ("params.id", "", "the host's own id of the chat: the same order twice makes one chat"),
    ("params.organization", "", "sourcedId of a school"),
    ("params.people", "[]", "sourcedIds of people"),
    ("params.subject", "", "a subject"),
    ("params.title", "", "the chat's title, up to 200 characters"),
    ("params.account", "", "the number of an account on the messenger"),
    ("params.chat", "", "a chat's key: class:1a"),
    ("params.chats", "[]", "keys of chats; all where empty"),
    ("params.class", "", "sourcedId of a class"),
    ("params.contact", "", "a contact that the person shared with the bot"),
    ("params.contact.auth_date", "", "of a mini-app: authDate"),
    ("params.contact.hash", "", "the signature"),
    ("params.contact.phone", "", "of a mini-app: the phone"),
    ("params.contact.vcf_info", "", "of a message: the card as it came"),
    ("params.events", "", "the messenger's own objects"),
    ("params.expires", "\"72h\"", "how long the link works, at most 30d"),
    ("params.fingerprint", "", "of the hold in the report"),
    ("params.init_data", "", "launch data of a mini-app"),
    ("params.kind", "", "the kind of chats or of tasks"),
    ("params.kinds", "[]", "kinds of chats; all where empty"),
    ("params.link", "", "the new invite link"),
    ("params.page", "1", "which page, from 1"),
    ("params.per_page", "50", "rows on a page"),
    ("params.person", "", "sourcedId of a person"),
    ("params.phone", "", "the phone that the school has on record"),
    ("params.platform", "", "which messenger"),
    ("params.platform_id", "", "the number of the group on the messenger"),
    ("params.search", "", "a part of the title"),
    ("params.secret", "", "platform.events_secret"),
    ("params.since", "", "not before"),
    ("params.sort", "\"title\"", "the order; with a minus, downwards"),
    ("params.state", "", "which tasks: the open ones where absent, all where a task is named"),
    ("params.task", "", "the task: t3"),
    ("params.type", "", "TEACHER, CLASS, PARENTS, SUBJECT"),
    ("params.until", "", "before"),
    ("params.vk_code", "", "what VK ID sent the person's browser back with"),
    ("params.vk_code.code", "", "the code"),
    ("params.vk_code.code_verifier", "", "the verifier that the host made"),
    ("params.vk_code.device_id", "", "the device"),
    ("params.vk_code.state", "", "the state that the host made"),

    ("roster.orgs", "", "schools and other organisations"),
    ("roster.academicSessions", "", "years and terms"),
    ("roster.courses", "", "subjects"),
    ("roster.classes", "", "homerooms (classes, groups) and scheduled classes (journals)"),
    ("roster.users", "", "people"),
    ("roster.roles", "", "who is what, where and when"),
    ("roster.enrollments", "", "who learns or teaches in which class"),
    ("roster.lessons", "", "lessons by date"),
    ("roster.timetables", "", "the grid of lesson times"),
];

/// What a key means: the first area that has a word for it.
pub(super) fn about(areas: &[&str], place: &str) -> Option<&'static str> {
    line(areas, place).map(|line| line.2)
}

/// What a key is where it is not given.
pub(super) fn usual(areas: &[&str], place: &str) -> Option<Value> {
    serde_json::from_str(line(areas, place)?.1).ok()
}

fn line(areas: &[&str], place: &str) -> Option<&'static Line> {
    // Both messengers have the same keys.
    let place = place.replace("previous_platform.", "platform.");
    areas.iter().find_map(|area| {
        let key = if place.is_empty() { (*area).to_owned() } else { format!("{area}.{place}") };
        WORDS.iter().find(|line| line.0 == key)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::WORDS;
    use crate::schema::documents;

    fn descriptions(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("description").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|inner| descriptions(inner, found));
            }
            Value::Array(items) => items.iter().for_each(|inner| descriptions(inner, found)),
            _ => {}
        }
    }

    #[test]
    fn no_line_speaks_of_a_key_that_nobody_reads() {
        let mut found = BTreeSet::new();
        documents().iter().for_each(|one| descriptions(&one.schema, &mut found));
        let idle = WORDS.iter().filter(|line| !found.contains(line.2));
        assert_eq!(idle.map(|line| line.0).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn every_usual_value_is_json_and_no_key_has_two_lines() {
        let mut seen = BTreeSet::new();
        for (key, usual, _) in WORDS {
            assert!(seen.insert(key), "{key} has two lines");
            assert!(usual.is_empty() || serde_json::from_str::<Value>(usual).is_ok(), "{key}");
        }
    }
}
