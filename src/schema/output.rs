//! What the library hands out, field by field. Fields may be added to these documents, so hosts
//! ignore those that they do not know.

use serde_json::{Map, Value, json};

use crate::error::Code;
use crate::plan::{ChatState, Kind, TaskKind};
use crate::platform;

/// One field of a document.
struct Field {
    name: &'static str,
    always: bool,
    schema: Value,
}

/// A field that is always there.
fn field(name: &'static str, mut schema: Value, about: &str) -> Field {
    if !about.is_empty() {
        schema["description"] = json!(about);
    }
    Field { name, always: true, schema }
}

/// A field that is there when there is something to say.
fn maybe(name: &'static str, schema: Value, about: &str) -> Field {
    Field { always: false, ..field(name, schema, about) }
}

fn record<const N: usize>(fields: [Field; N]) -> Value {
    let always = fields.iter().filter(|field| field.always).map(|field| field.name);
    let required: Vec<&str> = always.collect();
    let fields = fields.into_iter().map(|field| (field.name.to_owned(), field.schema));
    let properties: Map<String, Value> = fields.collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn flag() -> Value {
    json!({"type": "boolean"})
}

fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn texts() -> Value {
    list(text())
}

fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    json!({"enum": words.into_iter().collect::<Vec<_>>()})
}

fn constant(word: &str) -> Value {
    json!({ "const": word })
}

fn defined(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// The same, or null.
fn or_null(schema: Value) -> Value {
    match schema.get("type").and_then(Value::as_str).map(str::to_owned) {
        Some(kind) => {
            let mut schema = schema;
            schema["type"] = json!([kind, "null"]);
            schema
        }
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

fn sentence() -> Value {
    record([field("ru", text(), ""), field("en", text(), "")])
}

fn fault() -> Value {
    record([
        field("code", text(), "the dotted kind: roster.duplicate_id"),
        field("at", text(), "the place: users[17].sourcedId"),
        field("value", text(), "what was found there, shortened; empty where nothing is shown"),
        field("message", defined("sentence"), "what is wrong and what was expected"),
    ])
}

pub(super) fn error() -> Value {
    let negative = Code::ALL.into_iter().filter(|code| (*code as i32) < 0);
    let codes: Vec<i32> = negative.clone().map(|code| code as i32).collect();
    with_definitions(
        record([
            field("format", constant("zvonok.error/1"), ""),
            field("code", json!({ "enum": codes }), "what the function returned"),
            field("name", words(negative.map(Code::name)), "the code's name"),
            field("message", defined("sentence"), "one sentence for a person"),
            field("faults", list(defined("fault")), "every fault with its place"),
            field("retryable", flag(), "whether the same call may succeed later"),
        ]),
        [("fault", fault()), ("sentence", sentence())],
    )
}

pub(super) fn check() -> Value {
    with_definitions(
        record([
            field("format", constant("zvonok.check/1"), ""),
            field("faults", list(defined("fault")), "why the documents would be refused"),
            field("warnings", list(defined("fault")), "what would not stop a cycle"),
        ]),
        [("fault", fault()), ("sentence", sentence())],
    )
}

pub(super) fn reply() -> Value {
    record([
        field("format", constant("zvonok.reply/1"), ""),
        field("result", json!({"type": "object"}), "what the method answers"),
    ])
}

fn with_definitions<const N: usize>(mut schema: Value, all: [(&str, Value); N]) -> Value {
    let all = all.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    schema["$defs"] = Value::Object(all.collect());
    schema
}

pub(super) fn report() -> Value {
    let statuses = [Code::Ok, Code::Partial, Code::Held].map(Code::name);
    let moment_or_null = or_null(moment());
    with_definitions(
        record([
            field("format", constant("zvonok.report/1"), ""),
            field("status", words(statuses), "how it ended: the name of the code"),
            field("cycle", count(), "the last cycle that did more than find nothing changed"),
            field("started", moment(), ""),
            field("finished", moment(), ""),
            field("dry_run", flag(), "whether it was only planned"),
            field("roster", roster(), "what was read"),
            field("plan", plan(), "what was to be done"),
            field("done", defined("counts"), "what was done"),
            field("failed", list(failed()), "what was not, why, and when it is tried again"),
            field("hold", or_null(hold()), "what waits for a person's approval, if anything does"),
            field("held", list(held()), "the rules of the guard that hold something"),
            field("tasks", list(task()), "what only a person can do"),
            field("move", or_null(moving()), "the move from one messenger to another"),
            field("next_due", moment_or_null, "when a cycle has something to do by itself"),
            maybe("chats", list(chat()), "the registry; not with the detail summary"),
            maybe("operations", list(operation()), "with the detail operations"),
            field("calls", list(call()), "online lessons"),
            field("requests", requests(), "what was asked of the messengers"),
        ]),
        [
            ("counts", counts()),
            ("fault", fault()),
            ("operation", words(Kind::ALL.map(Kind::name))),
            ("sentence", sentence()),
        ],
    )
}

/// How many operations of each kind.
fn counts() -> Value {
    let kinds = Kind::ALL.map(|kind| (kind.name().to_owned(), count()));
    json!({"type": "object", "properties": kinds.into_iter().collect::<Map<_, _>>()})
}

fn roster() -> Value {
    record([
        field("fingerprint", text(), ""),
        field("unchanged", flag(), "whether it is the last one again"),
        field("orgs", count(), "rows of the table"),
        field("users", count(), ""),
        field("classes", count(), ""),
        field("enrollments", count(), ""),
        field("warnings", list(defined("fault")), "what was left out or looks wrong"),
    ])
}

fn plan() -> Value {
    let chat = record([
        field("chat", text(), "the chat's key"),
        field("title", or_null(text()), ""),
        field("becomes", or_null(text()), "the new title"),
        field("class", or_null(text()), "sourcedId"),
        field("continues", or_null(text()), "the class of which this one is the next year"),
        field("operations", defined("counts"), "what would be done"),
        field("held", defined("counts"), "what the guard would hold"),
    ]);
    let change = record([
        field("from", text(), "the key of a chat"),
        field("to", text(), "… and of another of its kind"),
        field("people", count(), "how many people go"),
    ]);
    record([
        field("fingerprint", text(), ""),
        field("operations", defined("counts"), ""),
        maybe("chats", list(chat), "in a dry run: what becomes of which chat"),
        maybe("moves", list(change), "in a dry run: who goes from chat to chat"),
    ])
}

fn failed() -> Value {
    record([
        field("operation", defined("operation"), ""),
        field("chat", text(), "the chat's key"),
        field("person", or_null(text()), "sourcedId"),
        field("people", texts(), "everybody whom the account stands for"),
        field("account", or_null(text()), "the number on the messenger"),
        field("code", text(), "the messenger's own code: vk.15"),
        field("message", defined("sentence"), ""),
        field("tries", count(), ""),
        field("next_try", moment(), ""),
    ])
}

fn hold() -> Value {
    record([
        field("fingerprint", text(), "what guard.approve and the option approve take"),
        field("since", moment(), ""),
        field("expires", moment(), "until when an approval counts"),
    ])
}

fn held() -> Value {
    let who = record([
        field("account", text(), "the number on the messenger"),
        maybe("name", text(), "as the messenger shows it in this cycle"),
    ]);
    let mut schema = record([
        maybe("chat", text(), "for a rule about one chat"),
        maybe("lately", count(), "what the last day already did and counts along"),
        field("of", count(), "out of how many members, or chats"),
        field("rule", text(), "guard.chat_share, guard.total_share, guard.chats, adopted"),
        field("limit", json!({"type": "number"}), "the rule's limit"),
        maybe("who", list(who), "the people concerned, where the rule is about them"),
        field("message", defined("sentence"), "what it means and how to allow it"),
    ]);
    for kind in Kind::ALL {
        schema["properties"][kind.name()] = count();
    }
    schema
}

fn task() -> Value {
    let steps = record([field("ru", texts(), ""), field("en", texts(), "")]);
    record([
        field("id", text(), "what tasks.done takes"),
        field("code", text(), "the word by which a new group is recognised"),
        field("kind", words(TaskKind::ALL.map(TaskKind::name)), ""),
        field("chat", text(), "the chat's key"),
        field("title", text(), "the chat's title, as it should be"),
        field("steps", steps, "what to do, step by step"),
        field("since", moment(), ""),
        field("account", or_null(text()), "the account concerned"),
        field("people", texts(), "the people behind it"),
        field("doubtful", texts(), "groups that would all fit, by their numbers"),
        maybe("closed", moment(), ""),
        maybe("closed_by", text(), ""),
    ])
}

fn platforms() -> Value {
    words([platform::Kind::Vk.name(), platform::Kind::Max.name()])
}

fn states() -> Value {
    use ChatState::{Active, Archived, Deleted, Gone, Planned, Task};
    words([Planned, Task, Active, Archived, Gone, Deleted].map(ChatState::name))
}

fn moving() -> Value {
    let from = record([
        field("platform", platforms(), ""),
        field("platform_id", or_null(text()), ""),
        field("link", or_null(text()), ""),
        field("members", count(), ""),
        field("state", states(), ""),
    ]);
    let to = record([
        field("platform", platforms(), ""),
        field("platform_id", or_null(text()), ""),
        field("link", or_null(text()), ""),
        field("state", states(), ""),
        field("joined", count(), "who should be in and is in either chat: how many are in this"),
        field("of", count(), "… of how many"),
    ]);
    let stands = ["waiting_for_group", "inviting", "ending", "done", "gone"];
    let chat = record([
        field("chat", text(), "the key of the new chat"),
        field("key", text(), "the key of the old one"),
        field("title", text(), ""),
        field("from", from, ""),
        field("to", to, ""),
        field("stands", words(stands), "how far it is"),
        field("noticed", json!({"anyOf": [moment(), {"const": false}]}), "told of the new chat"),
        field("hinders", or_null(defined("sentence")), "what stands in the way"),
    ]);
    record([
        field("from", platforms(), ""),
        field("to", platforms(), ""),
        field("chats", list(chat), ""),
        field("done", count(), "how many chats have moved"),
        field("of", count(), "… of how many"),
    ])
}

fn chat() -> Value {
    let members = record([
        field("desired", count(), "who should be in, linked or not"),
        field("linked", count(), "… and has an account"),
        field("invited", count(), "… and was given the way in"),
        field("joined", count(), "… and is in"),
        field("strangers", count(), "who is in and whom nobody named"),
        maybe("leaving", count(), "who is still in and belongs there no longer"),
    ]);
    let admins =
        record([field("desired", count(), ""), field("granted", count(), "who has the rights")]);
    record([
        field("key", text(), "<kind>:<sourcedId>; never changes"),
        field("kind", text(), "the profile's word"),
        field("type", text(), "TEACHER, CLASS, PARENTS, SUBJECT, …"),
        field("organization", or_null(text()), "sourcedId"),
        field("class", or_null(text()), "sourcedId"),
        field("subject", or_null(text()), ""),
        field(
            "whole_class",
            or_null(flag()),
            "whether it is for all of its class; not for a subgroup",
        ),
        field("title", text(), ""),
        field("platform", platforms(), ""),
        field("platform_id", or_null(text()), "the chat's number on the messenger"),
        field("link", or_null(text()), "the invite link"),
        field("state", states(), ""),
        field("locked", flag(), "whether people may not change it"),
        field("members", members, ""),
        field("admins", admins, ""),
        field("call", or_null(call()), "the call that runs, else the next one published"),
        maybe("former", flag(), "left behind on the previous messenger"),
    ])
}

fn operation() -> Value {
    record([
        field("operation", defined("operation"), ""),
        field("chat", text(), "the chat's key"),
        field("person", or_null(text()), "sourcedId"),
        field("people", texts(), "everybody whom the account stands for"),
        field("account", or_null(text()), ""),
        field("title", or_null(text()), "the new title"),
        field("reason", defined("sentence"), ""),
        field("result", text(), "planned, done, held, left, or the messenger's code"),
    ])
}

fn call() -> Value {
    record([
        field("id", text(), ""),
        field("chat", text(), "the chat's key"),
        field("title", text(), ""),
        field("state", words(["created", "published", "finished"]), ""),
        field("lesson", or_null(text()), "sourcedId"),
        field("join_url", or_null(text()), "the link, of one that is published and runs"),
        field("date", json!({"type": "string", "format": "date"}), "the day in the school's zone"),
        field("starts", or_null(moment()), ""),
        field("ends", or_null(moment()), ""),
        field("running", flag(), ""),
        field("by", text(), "who acted last"),
        field("at", moment(), "when"),
        field("maker", text(), "who made it"),
        field("started", or_null(moment()), ""),
        field("announced", or_null(moment()), "when its chat was told of it"),
        maybe("doubtful", flag(), "a start was sent and never answered"),
        maybe("unended", flag(), "the messenger refused to finish it: people may still be in"),
        maybe(
            "pending",
            words(["start", "finish", "delete", "cancel"]),
            "asked for, and not done yet",
        ),
    ])
}

fn requests() -> Value {
    record([
        field("sent", count(), "HTTP requests, repetitions included"),
        field("retried", count(), "of these, repetitions"),
        field("waited_ms", count(), "waited for the messenger's rate"),
    ])
}
