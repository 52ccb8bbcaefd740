//! The MAX driver at the wire: what it sends, what it makes of answers, and how it behaves when
//! there is none.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use zvonok::platform::{Access, Answer, Call, Capability, Class, Kind};
use zvonok::secret::Secret;
use zvonok::stop::Stop;

#[path = "max/adding.rs"]
mod adding;
#[path = "max/happening.rs"]
mod happening;
#[path = "max/posts.rs"]
mod posts;
#[path = "support/refusing.rs"]
mod refusing;
#[path = "max/server.rs"]
mod server;
#[path = "max/trouble.rs"]
mod trouble;
#[path = "max/words.rs"]
mod words;

use server::{Reply, Seen, Server, TOKEN, access, done, driver, ok, refusal, undone};
use words::{
    CHAT, MID, add, appoint, bot, chats, class, create, describe, events, find_message, find_post,
    group, members, one, own_rights, person, pin, read_link, remove, rename, role, s, send, tell,
    unpin,
};

// What is sent.

/// MAX with everything in order.
fn content(seen: &Seen) -> Reply {
    ok(match seen.route.as_str() {
        "GET /me" => json!({ "user_id": 9001, "first_name": "Школьный бот", "is_bot": true }),
        "GET /chats/{chatId}" | "PATCH /chats/{chatId}" => group(CHAT),
        "GET /chats/{chatId}/members" => json!({ "members": [bot(9001), person(5002, false)] }),
        "GET /chats/{chatId}/members/me" => bot(9001),
        "GET /updates" => json!({ "updates": [] }),
        "GET /messages" => json!({ "messages": [] }),
        "GET /chats/{chatId}/pin" => json!({ "message": { "body": { "mid": MID } } }),
        "POST /messages" => json!({ "message": {
            "recipient": { "chat_type": "chat", "chat_id": 77 }, "timestamp": 1,
            "body": { "mid": MID, "seq": 1 },
        } }),
        _ => json!({ "success": true }),
    })
}

#[test]
fn every_call_is_a_documented_request() {
    let server = Server::new(content);
    let max = server.max();
    let expected = [
        (rename(), Answer::Done, "PATCH /chats/{chatId}"),
        (add("5002"), Answer::Done, "POST /chats/{chatId}/members"),
        (remove("5002"), Answer::Done, "DELETE /chats/{chatId}/members"),
        (role(true), Answer::Done, "POST /chats/{chatId}/members/admins"),
        (role(false), Answer::Done, "DELETE /chats/{chatId}/members/admins/{userId}"),
        (read_link(), Answer::Link(s("https://max.ru/join/AbCdEf")), "GET /chats/{chatId}"),
        (send(), Answer::Message(s(MID)), "POST /messages"),
        (tell("5002"), Answer::Told { dialog: Some(s("77")) }, "POST /messages"),
        (describe(Some("Класс 6А")), Answer::Done, "PATCH /chats/{chatId}"),
        (describe(Some("")), Answer::Done, "PATCH /chats/{chatId}"),
        (appoint(&["write", "add_admins"]), Answer::Done, "POST /chats/{chatId}/members/admins"),
        (pin(), Answer::Done, "PUT /chats/{chatId}/pin"),
        (unpin(None), Answer::Done, "DELETE /chats/{chatId}/pin"),
    ];
    for (call, answer, route) in expected {
        let before = server.seen().len();
        assert_eq!(one(&*max, call.clone()), Ok(answer), "{call:?}");
        assert_eq!(server.routes()[before..], [route], "{call:?}");
    }
    let sent = server.seen();
    assert_eq!(sent[0].body, json!({ "title": "6 «А» \"родители\" \\ 😀", "notify": false }));
    assert_eq!(sent[0].ids, [-71_000_000_000_001]);
    assert_eq!(sent[1].body, json!({ "user_ids": [5002] }));
    assert_eq!((sent[2].get("user_id"), sent[2].get("block")), ("5002", ""));
    let rights = [
        "read_all_messages",
        "add_remove_members",
        "change_chat_info",
        "pin_message",
        "write",
        "can_call",
    ];
    assert_eq!(sent[3].body, json!({ "admins": [{ "user_id": 5002, "permissions": rights }] }));
    assert_eq!(sent[4].ids[1], 5002);
    assert_eq!(sent[6].get("chat_id"), CHAT);
    assert_eq!(sent[6].body, json!({ "text": "Урок: https://example.org/?a=1&b=2" }));
    assert_eq!((sent[7].get("user_id"), sent[7].get("chat_id")), ("5002", ""));
    assert_eq!(sent[7].body, json!({ "text": "Ссылка: https://max.ru/join/AbCdEf" }));
    assert_eq!(sent[8].body["description"], "Класс 6А");
    assert_eq!(
        (&sent[9].body["description"], &sent[9].body["notify"]),
        (&json!(""), &json!(false))
    );
    let just = json!({ "user_id": 5002, "permissions": ["add_admins", "write"] });
    assert_eq!(sent[10].body, json!({ "admins": [just] }));
    assert_eq!(sent[11].body, json!({ "message_id": MID, "notify": false }));
    assert_eq!(max.counters().sent, 13);
}

#[test]
fn every_request_that_is_known_of_max_is_sent_and_no_other() {
    let server = Server::new(content);
    let max = server.max();
    max.connect(&Stop::never()).unwrap();
    let calls = [
        rename(),
        add("5002"),
        remove("5002"),
        role(true),
        role(false),
        members(),
        read_link(),
        send(),
        tell("5002"),
        find_message(Some("77")),
        own_rights(),
        events(Some("5")),
        pin(),
        unpin(Some(MID)),
        find_post(),
    ];
    let answers = max.perform(&calls, &Stop::never());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let sent: BTreeSet<_> = server.routes().into_iter().collect();
    let facts: Value = serde_json::from_str(include_str!("max/schema.json")).unwrap();
    let known: BTreeSet<_> = facts["routes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(sent, known);
}

#[test]
fn what_max_has_no_request_for_is_missing_without_one() {
    let server = Server::new(content);
    let max = server.max();
    let rotate = Call::RotateLink { chat: s(CHAT) };
    let finish = Call::FinishCall { id: s("0a1b2c3d-0000-4000-8000-0123456789ab") };
    for call in [create(), rotate, Call::Chats { only: None }, Call::StartCall, finish] {
        let failure = one(&*max, call).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Missing, "max.not_offered"));
    }
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn malformed_ids_are_refused_without_a_request() {
    let server = Server::new(content);
    let max = server.max();
    let link = |chat: &str| Call::ReadLink { chat: s(chat) };
    for call in [
        link(""),
        link("c3"),
        link("0"),
        add("ivanov"),
        remove("0"),
        remove("-5"),
        tell("ivanov"),
        tell("-5"),
        Call::OwnRights { chat: s("c3") },
        Call::Pin { chat: s("c3"), message: s(MID) },
        Call::Unpin { chat: s("0"), message: Some(s(MID)) },
        Call::FindPost { chat: s(""), parts: vec![] },
    ] {
        let failure = one(&*max, call.clone()).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "max.id"), "{call:?}");
    }
    let answers = max.perform(&[add("x"), link("x"), add("5002"), read_link()], &Stop::never());
    assert_eq!((class(&answers[0]), class(&answers[1])), (Some(Class::Never), Some(Class::Never)));
    assert!(answers[2].is_ok() && answers[3].is_ok());
    assert_eq!(server.seen().len(), 2, "the good ones were asked");
}

// What is read.

/// A dialog's messages, newest first: who wrote what.
fn written(messages: &[(i64, &str)]) -> Reply {
    let message = |(from, text): &(i64, &str)| {
        json!({
            "sender": { "user_id": from }, "recipient": { "chat_type": "dialog", "chat_id": 77 },
            "timestamp": 1, "body": { "mid": "mid.1", "seq": 1, "text": text },
        })
    };
    ok(json!({ "messages": messages.iter().map(message).collect::<Vec<_>>() }))
}

#[test]
fn a_message_is_found_by_its_links_among_those_of_the_bot_itself() {
    let (both, one_link) = (
        "1А\nhttps://max.ru/join/AbCdEf\n\n1Б\nhttps://max.ru/join/GhIjKl",
        "1А\nhttps://max.ru/join/AbCdEf",
    );
    for (messages, expected) in [
        (vec![(5002, "спасибо"), (9001, both)], true),
        (vec![(9001, both)], true),
        (vec![(5002, both)], false),
        (vec![(9001, one_link), (9001, "1Б\nhttps://max.ru/join/GhIjKl")], false),
        (vec![], false),
    ] {
        let reply = written(&messages);
        let server = Server::new(move |seen| match seen.route.as_str() {
            "GET /messages" => reply.clone(),
            _ => content(seen),
        });
        let found = one(&*server.max(), find_message(Some("77")));
        assert_eq!(found, Ok(Answer::Found(expected)), "{messages:?}");
        let sent = server.seen().into_iter().find(|seen| seen.route == "GET /messages").unwrap();
        assert_eq!((sent.get("chat_id"), sent.get("count")), ("77", "50"));
    }
}

#[test]
fn a_dialog_whose_id_is_not_known_is_not_looked_for() {
    let server = Server::new(content);
    let failure = one(&*server.max(), find_message(None)).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "max.no_dialog_id"));
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn a_dialog_of_another_shape_is_no_answer() {
    let server = Server::new(|seen| match seen.route.as_str() {
        "GET /messages" => ok(json!({ "message": null })),
        _ => content(seen),
    });
    let failure = one(&*server.max(), find_message(Some("77"))).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::RetryLater, "max.shape"));
}

#[test]
fn members_are_read_page_by_page_though_the_pages_overlap() {
    let server = Server::new(|seen| {
        assert_eq!(seen.get("count"), "100");
        let begin: i64 = seen.get("marker").parse().unwrap_or(1);
        let mut page: Vec<_> =
            (begin..(begin + 100).min(231)).map(|id| person(id, id == 7)).collect();
        if begin == 1 {
            page.push(bot(9001));
            page.push(json!({ "user_id": "5001", "is_owner": true, "alias": null }));
        }
        // One of each page is told again on the next.
        let next = (begin < 199).then_some(begin + 99);
        let list = json!({ "members": page });
        ok(next.map_or(list.clone(), |next| json!({ "members": page, "marker": next })))
    });
    let Ok(Answer::Members(all)) = one(&*server.max(), members()) else { panic!() };
    assert_eq!(all.len(), 232);
    assert_eq!(server.seen().len(), 3);
    let find = |account: &str| all.iter().find(|one| one.account == account).unwrap();
    assert!(find("9001").admin && find("9001").bot && !find("9001").owner);
    let rights = ["a_right_of_tomorrow", "add_remove_members", "write"];
    assert!(find("9001").rights.iter().eq(rights) && find("7").rights.is_empty());
    assert_eq!((find("7").name.as_str(), find("5001").name.as_str()), ("Имя", ""));
    assert!(find("5001").admin && find("5001").owner && !find("5001").bot);
    assert!(find("7").admin && !find("7").owner);
    assert!(!find("230").admin && !find("230").owner && !find("230").bot);
}

#[test]
fn a_list_of_members_that_leads_round_is_no_answer() {
    let server = Server::new(|_| ok(json!({ "members": [person(1, false)], "marker": 5 })));
    let failure = one(&*server.max(), members()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::RetryLater, "max.shape"));
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn an_answer_of_another_shape_is_not_believed() {
    for strange in [json!({}), json!([]), json!({ "members": null }), json!({ "members": [{}] })] {
        let server = Server::replies(vec![ok(strange.clone())]);
        let max = server.max();
        let reads = [members(), read_link(), chats(&[CHAT]), own_rights(), events(None)];
        for call in reads.into_iter().chain([find_post()]) {
            let failure = one(&*max, call).unwrap_err();
            let told = (failure.class, failure.code.as_str());
            assert_eq!(told, (Class::RetryLater, "max.shape"), "{strange}");
        }
        let changes = [rename(), remove("5"), role(true), add("5"), send(), tell("5")];
        for call in changes.into_iter().chain([pin(), unpin(None)]) {
            assert_eq!(class(&one(&*max, call.clone())), Some(Class::Lost), "{strange} {call:?}");
        }
    }
}

#[test]
fn chats_tell_title_owner_and_end() {
    let server = Server::new(|seen| {
        if seen.route == "GET /me" {
            return content(seen);
        }
        let mut chat = group(&seen.ids[0].to_string());
        match seen.ids[0] {
            -2 => chat["owner_id"] = json!(9001),
            -3 => chat["status"] = json!("removed"),
            -4 => chat["status"] = json!("closed"),
            -5 => return refusal(404, "chat.not.found", ""),
            -6 => return refusal(403, "chat.denied", "not a member"),
            -8 => return refusal(403, "access.denied", "Insufficient access rights"),
            // So a bot that is no admin is told.
            -7 => {
                chat = json!({ "chat_id": -7, "type": "chat", "status": "a status of tomorrow",
                    "title": null, "participants_count": 2 });
            }
            _ => {}
        }
        ok(chat)
    });
    let call = chats(&["-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8"]);
    let Ok(Answer::Chats(found)) = one(&*server.max(), call) else { panic!() };
    let short: Vec<_> = found.iter().map(|c| (c.chat.as_str(), c.own, c.gone.as_deref())).collect();
    let expected = [
        ("-1", false, None),
        ("-2", true, None),
        ("-3", false, Some("max.removed")),
        ("-4", false, Some("max.closed")),
        ("-6", false, Some("max.chat.denied")),
        ("-7", false, None),
        ("-8", false, Some("max.access.denied")),
    ];
    assert_eq!(short, expected);
    assert_eq!((found[0].title.as_str(), found[0].members), ("7Б · родители", Some(3)));
    assert_eq!((found[5].title.as_str(), found[5].members), ("", Some(2)));
    let links: Vec<_> = [0, 4, 5].map(|at: usize| found[at].link.as_deref()).into();
    assert_eq!(links, [Some("https://max.ru/join/AbCdEf"), None, None]);
}

#[test]
fn many_chats_are_read_at_once_and_told_in_order() {
    let server = Server::new(|seen| match seen.ids.first() {
        Some(id) => Reply::Late(100, group(&id.to_string())),
        None => content(seen),
    });
    let ids: Vec<String> = (1..=40).map(|id| format!("-{id}")).collect();
    let begin = Instant::now();
    let Ok(Answer::Chats(found)) = one(&*server.max(), Call::Chats { only: Some(ids.clone()) })
    else {
        panic!()
    };
    assert_eq!(found.into_iter().map(|chat| chat.chat).collect::<Vec<_>>(), ids);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    let none = Call::Chats { only: Some(Vec::new()) };
    assert_eq!(one(&*server.max(), none), Ok(Answer::Chats(Vec::new())));
}

#[test]
fn one_chat_that_cannot_be_read_now_is_a_failure_of_the_reading() {
    let server = Server::new(|seen| match seen.ids.first() {
        Some(-30) => refusal(403, "access.denied", "no"),
        Some(id) => ok(group(&id.to_string())),
        None => content(seen),
    });
    let ids = (1..=40).map(|id| format!("-{id}")).collect();
    let failure = one(&*server.max(), Call::Chats { only: Some(ids) }).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::RetryLater, "max.access.denied"));
}

#[test]
fn a_chat_without_a_link_says_why() {
    for (status, code, expected) in [
        ("active", "max.no_link", Class::RetryLater),
        ("removed", "max.removed", Class::MissingHere),
        ("left", "max.left", Class::MissingHere),
        ("closed", "max.closed", Class::ChatGone),
        ("suspended", "max.suspended", Class::RetryLater),
    ] {
        let server = Server::new(move |_| {
            ok(json!({ "chat_id": -1, "type": "chat", "status": status, "link": null }))
        });
        let failure = one(&*server.max(), read_link()).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (expected, code));
        assert!(!failure.message.en.contains("does not know"), "{failure:?}");
    }
}

// Who we are and what we may do.

#[test]
fn connecting_tells_who_we_are_and_what_max_does_not_offer() {
    let nicked = json!({ "user_id": 9001, "first_name": "Бот", "username": "id7700000000_bot" });
    for (me, name, nick) in [
        (
            json!({ "user_id": 9001, "first_name": "Школьный", "last_name": "бот" }),
            "Школьный бот",
            None,
        ),
        (json!({ "user_id": 9001, "first_name": "Школьный", "name": "Школа 5" }), "Школа 5", None),
        (json!({ "user_id": "9001", "first_name": "Бот", "username": null }), "Бот", None),
        (nicked, "Бот", Some("id7700000000_bot")),
    ] {
        let server = Server::replies(vec![ok(me)]);
        let connection = server.max().connect(&Stop::never()).unwrap();
        assert_eq!((connection.own_account.as_str(), connection.title.as_str()), ("9001", name));
        assert_eq!(connection.nick.as_deref(), nick);
        let can_not: Vec<_> =
            connection.capabilities.iter().map(|(c, can)| (c.name(), *can)).collect();
        let expected = ["create_chat", "rotate_link", "list_chats", "start_call"];
        assert_eq!(can_not, expected.map(|name| (name, false)));
    }
}

#[test]
fn connecting_tells_a_wrong_token_and_a_wrong_address() {
    let connect = |reply| Server::replies(vec![reply]).max().connect(&Stop::never()).unwrap_err();
    let failure = connect(refusal(401, "verify.token", "Invalid access_token"));
    assert_eq!((failure.class, failure.code.as_str()), (Class::TokenDead, "max.verify.token"));
    let failure = connect(refusal(404, "method.not.found", "Path /me is not recognized."));
    assert_eq!(failure.class, Class::Missing);
    let failure = connect(ok(json!({ "hello": "world" })));
    assert_eq!(failure.code, "max.shape");
}

#[test]
fn a_probe_asks_only_where_asking_can_tell() {
    let server = Server::new(content);
    let max = server.max();
    for capability in Capability::ALL {
        let can = match capability {
            Capability::AddMembers => continue,
            Capability::CreateChat
            | Capability::RotateLink
            | Capability::ListChats
            | Capability::StartCall => false,
            _ => true,
        };
        assert_eq!(max.probe(capability, &Stop::never()), Ok(Some(can)), "{capability:?}");
    }
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn no_text_that_leaves_the_driver_holds_the_token() {
    // Long enough for a token to lie where a text is cut.
    let long = format!("{}{TOKEN}", "x".repeat(280));
    for reply in [
        refusal(403, TOKEN, &format!("no: {TOKEN}")),
        refusal(400, &format!("{}{TOKEN}", "y".repeat(40)), &long),
        undone(&format!("Authorization: {TOKEN}")),
        undone(&long),
    ] {
        let server = Server::new(move |_| reply.clone());
        let max = server.max();
        let mut failures: Vec<_> = [
            rename(),
            remove("5"),
            add("5"),
            members(),
            send(),
            tell("5"),
            own_rights(),
            chats(&[CHAT]),
            events(None),
        ]
        .map(|call| one(&*max, call).unwrap_err())
        .into();
        failures.push(max.connect(&Stop::never()).unwrap_err());
        let said = format!("{failures:?}");
        assert!(!said.contains(&TOKEN[..8]), "{said}");
    }
    assert!(!format!("{:?}", access("http://x")).contains(TOKEN));
}

#[test]
fn a_token_that_cannot_be_sent_is_refused_at_once() {
    let access = Access { token: Secret::new("two words"), ..access("http://127.0.0.1:1") };
    let error = zvonok::platform::driver(Kind::Max, access).err().unwrap();
    assert_eq!(error.code, zvonok::error::Code::Config);
    assert!(error.message.en.contains("token") && !error.message.en.contains("two words"));
}

// Doing what is done already.

#[test]
fn what_is_so_already_is_done_whatever_max_says() {
    let absent = json!({ "members": [] });
    let plain = json!({ "members": [person(5002, false)] });
    let admin = json!({ "members": [person(5002, true)] });
    let others = json!({ "members": [person(1, false), person(2, false)] });
    let with = |rights: &[&str]| {
        let mut admin = person(5002, true);
        admin["permissions"] = json!(rights);
        json!({ "members": [admin] })
    };
    let writer = with(&["write", "read_all_messages", "can_call"]);
    let renamed = with(&["post_edit_delete_message", "read_all_messages"]);
    let chief = with(&["write", "read_all_messages", "add_admins"]);
    let mut owner = person(5002, true);
    owner["is_owner"] = json!(true);
    let owner = json!({ "members": [owner] });
    let wanted = ["read_all_messages", "write"];
    let cases = [
        (appoint(&wanted), &writer, true),
        (appoint(&wanted), &renamed, true),
        (appoint(&wanted), &owner, true),
        (appoint(&wanted), &chief, false),
        (appoint(&wanted), &admin, false),
        (appoint(&wanted), &plain, false),
        (appoint(&["read_all_messages", "write", "add_admins"]), &writer, false),
        (role(true), &writer, true),
        (role(false), &owner, false),
        (remove("5002"), &absent, true),
        (remove("5002"), &plain, false),
        (remove("5002"), &others, false),
        (role(true), &admin, true),
        (role(true), &plain, false),
        (role(true), &absent, false),
        (role(false), &admin, false),
        (role(false), &plain, true),
        (role(false), &absent, true),
    ];
    for (call, found, so) in cases {
        for reply in [
            undone("no reason"),
            refusal(400, "proto.payload", "no"),
            refusal(403, "chat.denied", "permission.denied"),
        ] {
            let found: Value = found.clone();
            let server = Server::new(move |seen| match seen.route.as_str() {
                "GET /chats/{chatId}/members" => ok(found.clone()),
                _ => reply.clone(),
            });
            let outcome = one(&*server.max(), call.clone());
            assert_eq!(outcome.is_ok(), so, "{call:?} {outcome:?}");
            assert_eq!(server.seen()[1].get("user_ids"), "5002");
        }
    }
}

#[test]
fn an_admin_who_must_go_loses_the_rights_first() {
    let taken = std::sync::atomic::AtomicBool::new(false);
    let server = Server::new(move |seen| match seen.route.as_str() {
        "GET /chats/{chatId}/members" => ok(json!({ "members": [person(5002, true)] })),
        "DELETE /chats/{chatId}/members/admins/{userId}" => {
            taken.store(true, std::sync::atomic::Ordering::Relaxed);
            done()
        }
        _ if taken.load(std::sync::atomic::Ordering::Relaxed) => done(),
        _ => undone("Insufficient access rights to perform this action"),
    });
    assert_eq!(one(&*server.max(), remove("5002")), Ok(Answer::Done));
    let out = "DELETE /chats/{chatId}/members";
    assert_eq!(
        server.routes(),
        [out, "GET /chats/{chatId}/members", "DELETE /chats/{chatId}/members/admins/{userId}", out]
    );
}

#[test]
fn a_yes_needs_no_second_look_and_a_no_is_a_failure() {
    let server = Server::replies(vec![done()]);
    assert_eq!(one(&*server.max(), remove("5")), Ok(Answer::Done));
    assert_eq!(server.seen().len(), 1);
    let server = Server::replies(vec![undone("Insufficient access rights to perform this action")]);
    let rights = [
        (rename(), "менять данные чата"),
        (remove("5"), "добавлять и удалять участников"),
        (role(true), "назначать администраторов"),
        (role(false), "назначать администраторов"),
    ];
    for (call, right) in rights {
        let failure = one(&*server.max(), call).unwrap_err();
        assert!(failure.message.ru.contains(right), "{failure:?}");
        assert_eq!((failure.class, failure.code.as_str()), (Class::MissingHere, "max.undone"));
        assert!(failure.message.en.contains("Insufficient access rights"));
    }
}

#[test]
fn a_driver_is_of_its_kind() {
    assert_eq!(driver(access("http://127.0.0.1:1")).kind(), Kind::Max);
}
