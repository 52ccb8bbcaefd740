//! The VK driver at the wire: what it sends, what it makes of answers, and how it behaves when
//! there is none.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use zvonok::platform::{Access, Answer, Call, Capability, Class, Kind, Proxy};
use zvonok::secret::Secret;
use zvonok::stop::Stop;

#[path = "vk/calls.rs"]
mod calls;
#[path = "vk/people.rs"]
mod people;
#[path = "vk/posts.rs"]
mod posts;
#[path = "support/refusing.rs"]
mod refusing;
#[path = "vk/server.rs"]
mod server;
#[path = "vk/trouble.rs"]
mod trouble;
#[path = "vk/words.rs"]
mod words;

use server::Reply::{Json, Nothing, Packed};
use server::{
    Server, TOKEN, access, driver, head, must_be_documented, ok, refusal, reply_to, request,
};
use words::{
    CALL, add, class, create, find_message, find_post, finish, members, one, pin, remove, rename,
    role, s, send, tell, unpin,
};

fn conversation(chat: i64, title: &str, owner: i64, state: &str) -> Value {
    json!({
        "peer": { "id": 2_000_000_000 + chat, "type": "chat", "local_id": chat },
        "chat_settings": { "owner_id": owner, "title": title, "members_count": 4, "state": state },
        "can_write": { "allowed": true },
    })
}

// What is sent.

#[test]
fn every_call_is_a_documented_request() {
    let server = Server::new(|seen| match seen.method.as_str() {
        "messages.createChat" => ok(json!({ "chat_id": 12, "peer_ids": [] })),
        "messages.getInviteLink" => ok(json!({ "link": format!("link {}", seen.get("reset")) })),
        "messages.getConversationMembers" => ok(json!({ "count": 0, "items": [] })),
        "messages.getHistory" => ok(json!({ "count": 0, "items": [] })),
        "messages.getConversationsById" => ok(json!({ "count": 0, "items": [] })),
        "messages.send" => {
            ok(json!([{ "peer_id": 1, "message_id": 0, "conversation_message_id": 207 }]))
        }
        "calls.start" => ok(json!({ "call_id": CALL, "join_link": "https://vk.com/call/join/a" })),
        _ => ok(json!(1)),
    });
    let vk = server.vk();
    let link = |text: &str| Answer::Link(s(text));
    let expected = [
        (create(), Answer::Created { chat: s("12") }, "messages.createChat"),
        (rename(), Answer::Done, "messages.editChat"),
        (add("200000000001"), Answer::Done, "messages.addChatUser"),
        (remove("-5"), Answer::Done, "messages.removeChatUser"),
        (role(true), Answer::Done, "messages.setMemberRole"),
        (role(false), Answer::Done, "messages.setMemberRole"),
        (Call::ReadLink { chat: s("3") }, link("link 0"), "messages.getInviteLink"),
        (Call::RotateLink { chat: s("3") }, link("link 1"), "messages.getInviteLink"),
        (members(), Answer::Members(vec![]), "messages.getConversationMembers"),
        (
            Call::Chats { only: Some(vec![s("3")]) },
            Answer::Chats(vec![]),
            "messages.getConversationsById",
        ),
        (Call::Chats { only: None }, Answer::Chats(vec![]), "messages.getConversationsById"),
        (send(), Answer::Message(s("207")), "messages.send"),
        (tell("5002", 7), Answer::Told { dialog: None }, "messages.send"),
        (pin(), Answer::Done, "messages.pin"),
        (find_message("5002"), Answer::Found(false), "messages.getHistory"),
        (find_post(), Answer::Post(None), "messages.getHistory"),
        (unpin(None), Answer::Done, "messages.unpin"),
        (
            Call::StartCall,
            Answer::Call { id: s(CALL), join_url: s("https://vk.com/call/join/a") },
            "calls.start",
        ),
        (finish(), Answer::Done, "calls.forceFinish"),
    ];
    for (call, answer, method) in expected {
        let before = server.seen().len();
        assert_eq!(one(&*vk, call.clone()), Ok(answer), "{call:?}");
        assert_eq!(server.methods()[before..], [method], "{call:?}");
    }
    let sent = server.seen();
    assert_eq!(sent[0].get("title"), "5 «А» \"родители\" \\ 😀");
    assert_eq!(sent[3].get("member_id"), "-5");
    assert_eq!(sent[4].get("role"), "admin");
    assert_eq!(sent[5].get("role"), "member");
    assert_eq!(sent[8].get("peer_id"), "2000000003");
    assert_eq!((sent[11].get("peer_ids"), sent[11].get("random_id")), ("2000000003", "-5"));
    assert_eq!(server.connections.load(Ordering::SeqCst), 1, "the connection is kept");
    assert_eq!((sent[12].get("peer_ids"), sent[12].get("random_id")), ("5002", "7"));
    assert_eq!(sent[12].get("message"), "Ссылка: https://vk.me/join/abc");
    assert_eq!((sent[13].get("peer_id"), sent[13].get("cmid")), ("2000000003", "207"));
    assert_eq!((sent[14].get("peer_id"), sent[14].get("count")), ("5002", "50"));
    let page = ["peer_id", "offset", "count"].map(|name| sent[15].get(name));
    assert_eq!(page, ["2000000003", "0", "200"]);
    assert_eq!(sent[16].get("peer_id"), "2000000003");
    assert_eq!((sent[17].get("group_id"), sent[18].get("call_id")), ("-77", CALL));
    assert_eq!(vk.counters().sent, 19);
}

#[test]
fn malformed_ids_are_refused_without_a_request() {
    let server = Server::replies(vec![ok(json!(1))]);
    let vk = server.vk();
    let link = |chat: &str| Call::ReadLink { chat: s(chat) };
    for call in
        [link(""), link("c3"), link("0"), link("-1"), link("2000000003"), add("ivanov"), add("0")]
    {
        let failure = one(&*vk, call.clone()).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "vk.id"), "{call:?}");
    }
    let pin = |message: &str| Call::Pin { chat: s("3"), message: s(message) };
    let finish = |id: &str| Call::FinishCall { id: s(id) };
    let lost = Call::Unpin { chat: s("c3"), message: None };
    for call in [
        tell("ivanov", 7),
        tell("-5", 7),
        tell("2000000003", 7),
        find_message("-5"),
        Call::FindPost { chat: s("0"), parts: vec![] },
        lost,
        pin("0"),
        pin("mid.1"),
        finish(""),
        finish("5"),
        finish("0a1b2c3d-0000-4000-8000-0123456789aж"),
    ] {
        let failure = one(&*vk, call.clone()).unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "vk.id"), "{call:?}");
    }
    let calls = [link("x"), link("3")];
    let answers = vk.perform(&calls, &Stop::never());
    assert_eq!(class(&answers[0]), Some(Class::Never));
    assert_eq!(server.seen().len(), 1, "the good one was asked");
}

// What is read.

#[test]
fn both_shapes_of_a_new_chat_are_read() {
    for shape in
        [json!(3), json!({ "chat_id": 3, "peer_ids": [1] }), json!("3"), json!({ "chat_id": "3" })]
    {
        let server = Server::replies(vec![ok(shape)]);
        assert_eq!(one(&*server.vk(), create()), Ok(Answer::Created { chat: s("3") }));
    }
    let server = Server::replies(vec![ok(json!({}))]);
    let failure = one(&*server.vk(), create()).unwrap_err();
    assert_eq!(failure.class, Class::Lost, "a chat was made, but which?");
}

#[test]
fn members_are_read_page_by_page_in_every_shape() {
    let server = Server::new(|seen| {
        let offset: i64 = seen.get("offset").parse().unwrap();
        assert_eq!(seen.get("count"), "1000");
        let page = (offset + 2..(offset + 1000).min(1500)).map(|id| json!({ "member_id": id + 1 }));
        let special = [
            json!({ "member_id": -77 - offset, "is_admin": true, "is_owner": 1, "news": {} }),
            json!({ "member_id": format!("{}", 300_000_000_000 + offset), "is_admin": 1, "is_owner": false }),
        ];
        let items: Vec<_> = special.into_iter().chain(page).collect();
        let profiles =
            json!([{ "id": "3", "first_name": "Мария", "last_name": "И." }, { "id": 4 }]);
        let groups = json!([{ "id": 77, "name": "Школа 5" }]);
        ok(json!({ "count": 1500, "items": items, "profiles": profiles, "groups": groups }))
    });
    let Ok(Answer::Members(all)) = one(&*server.vk(), members()) else { panic!() };
    assert_eq!(all.len(), 1500);
    assert_eq!(server.seen().len(), 2);
    let find = |account: &str| all.iter().find(|one| one.account == account).unwrap();
    let community = find("-77");
    assert!(community.admin && community.owner && community.bot);
    let teacher = find("300000000000");
    assert!(teacher.admin && !teacher.owner && !teacher.bot);
    let pupil = find("3");
    assert!(!pupil.admin && !pupil.owner && !pupil.bot);
    assert_eq!((pupil.name.as_str(), community.name.as_str()), ("Мария И.", "Школа 5"));
    assert_eq!((find("4").name.as_str(), find("5").name.as_str()), ("", ""));
}

#[test]
fn a_scan_goes_on_until_a_whole_page_is_empty() {
    let page = |peers: &str| {
        let chats = peers.split(',').map(|peer| peer.parse::<i64>().unwrap() - 2_000_000_000);
        let items = chats.filter_map(|chat| match chat {
            1 => Some(conversation(1, "Учительская", -77, "in")),
            2 => Some(conversation(2, "Чужой", 5, "in")),
            150 => Some(conversation(150, "Выгнали", -77, "kicked")),
            _ => None,
        });
        json!({ "count": 0, "items": items.collect::<Vec<_>>() })
    };
    let server = Server::new(move |seen| {
        let pages: Vec<_> = seen.calls().iter().map(|(_, call)| page(&call["peer_ids"])).collect();
        ok(if seen.method == "execute" { json!(pages) } else { pages[0].clone() })
    });
    let Ok(Answer::Chats(found)) = one(&*server.vk(), Call::Chats { only: None }) else { panic!() };
    let short: Vec<_> = found.iter().map(|c| (c.chat.as_str(), c.own, c.gone.as_deref())).collect();
    assert_eq!(short, [("1", true, None), ("2", false, None), ("150", true, Some("vk.kicked"))]);
    assert_eq!(found[0].title, "Учительская");
    assert_eq!(found[0].members, Some(4));
    assert_eq!(server.methods(), ["messages.getConversationsById", "execute"]);
}

#[test]
fn one_chat_that_is_no_more_does_not_hide_the_others() {
    let server = Server::new(move |seen| {
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for (method, call) in seen.calls() {
            let peers: Vec<i64> = call["peer_ids"].split(',').map(|p| p.parse().unwrap()).collect();
            let bad = [(2_000_000_002, 927), (2_000_000_004, 1017)];
            if let Some((_, code)) = bad.iter().find(|(peer, _)| peers.contains(peer)) {
                values.push(json!(false));
                errors.push(json!({ "method": method, "error_code": code, "error_msg": "no" }));
                continue;
            }
            let items: Vec<_> =
                peers.iter().map(|p| conversation(p - 2_000_000_000, "Чат", -77, "in")).collect();
            values.push(json!({ "items": items }));
        }
        match (seen.method.as_str(), errors.first()) {
            ("execute", _) => Json(json!({ "response": values, "execute_errors": errors })),
            (_, Some(error)) => refusal(error["error_code"].as_i64().unwrap(), "no"),
            _ => ok(values[0].clone()),
        }
    });
    let only = Some(["1", "2", "3", "4"].map(s).to_vec());
    let Ok(Answer::Chats(found)) = one(&*server.vk(), Call::Chats { only }) else { panic!() };
    let short: Vec<_> = found.iter().map(|c| (c.chat.as_str(), c.gone.as_deref())).collect();
    assert_eq!(short, [("1", None), ("3", None), ("4", Some("vk.1017"))]);
}

#[test]
fn a_packed_answer_is_unpacked() {
    static PACKED: &[u8] = include_bytes!("vk/link.json.gz");
    let server = Server::new(|_| Packed(PACKED));
    let answer = one(&*server.vk(), Call::ReadLink { chat: s("3") });
    assert_eq!(answer, Ok(Answer::Link(s("https://vk.me/join/packed"))));
    assert!(server.seen()[0].headers["accept-encoding"].contains("gzip"));
}

#[test]
fn a_message_refused_inside_an_answer_is_refused() {
    let error = json!({ "code": 1012, "description": "Writing is disabled" });
    let server = Server::replies(vec![ok(json!([{ "peer_id": 2_000_000_003, "error": error }]))]);
    let failure = one(&*server.vk(), send()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::ChatGone, "vk.1012"));
}

// Who we are and what we may do.

fn greeter(permissions: Value, community: i64) -> Server {
    Server::new(move |seen| match seen.method.as_str() {
        "groups.getTokenPermissions" => ok(permissions.clone()),
        "groups.getById" => {
            let group = json!({ "id": community, "name": "Школа 5", "screen_name": "school5" });
            ok(json!({ "groups": [group], "profiles": [] }))
        }
        _ => refusal(27, "Group authorization failed: method is unavailable with group auth."),
    })
}

#[test]
fn connecting_tells_who_we_are() {
    let server = greeter(
        json!({ "mask": 4096, "permissions": [{ "name": "messages", "setting": 4096 }] }),
        77,
    );
    let connection = server.vk().connect(&Stop::never()).unwrap();
    assert_eq!((connection.own_account.as_str(), connection.title.as_str()), ("-77", "Школа 5"));
    assert_eq!(connection.nick.as_deref(), Some("school5"));

    let unnamed = driver(Access { community: String::new(), ..server.access() });
    assert_eq!(unnamed.connect(&Stop::never()).unwrap().own_account, "-77");
}

#[test]
fn connecting_refuses_a_key_without_the_right_or_of_another_community() {
    let server =
        greeter(json!({ "mask": 8192, "permissions": [{ "name": "wall", "setting": 8192 }] }), 77);
    let failure = server.vk().connect(&Stop::never()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::TokenDead, "vk.permission"));
    assert!(failure.message.en.contains("messages") && failure.message.ru.contains("messages"));

    let server = greeter(json!({ "permissions": [{ "name": "messages" }] }), 78);
    let failure = server.vk().connect(&Stop::never()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Never, "vk.community"));
    assert!(failure.message.en.contains("77") && failure.message.en.contains("78"));
}

#[test]
fn adding_is_probed_with_a_request_that_can_change_nothing() {
    for (code, says, open) in [
        (27, "Group authorization failed: method is unavailable with group auth.", false),
        (3, "Unknown method passed", false),
        (15, "Access denied", false),
        (7, "Permission to perform this action is denied", false),
        (927, "Chat does not exist", true),
        (917, "You don't have access to this chat", true),
        (925, "You are not admin of this chat", true),
        (100, "One of the parameters specified was missing or invalid", true),
    ] {
        let server = Server::new(move |_| refusal(code, says));
        let vk = server.vk();
        assert_eq!(vk.probe(Capability::AddMembers, &Stop::never()), Ok(Some(open)), "{code}");
        assert_eq!(server.seen()[0].get("chat_id"), "100000000");
        assert_eq!(vk.probe(Capability::RotateLink, &Stop::never()), Ok(Some(true)));
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::new(|_| refusal(5, "User authorization failed"));
    let failure = server.vk().probe(Capability::AddMembers, &Stop::never()).unwrap_err();
    assert_eq!(failure.class, Class::TokenDead, "nothing was learned about adding");
}

// Batches.

#[test]
fn a_batch_is_one_request_and_each_call_gets_its_own_answer() {
    let server = Server::new(|_| {
        Json(json!({
            "response": [1, false, 1, false],
            "execute_errors": [
                { "method": "messages.removeChatUser", "error_code": 935, "error_msg": "not in chat" },
                { "method": "messages.addChatUser", "error_code": 981, "error_msg": "privacy" },
            ],
        }))
    });
    let vk = server.vk();
    let answers = vk.perform(&[remove("1"), remove("2"), rename(), add("4")], &Stop::never());
    assert_eq!(answers[..3], [Ok(Answer::Done), Ok(Answer::Done), Ok(Answer::Done)]);
    assert_eq!(answers[3].as_ref().unwrap_err().code, "vk.981");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let calls = seen[0].calls();
    assert_eq!(calls[1].1["member_id"], "2");
    assert_eq!(calls[2].1["title"], "6 «А»\nновая \"строка\"");
}

#[test]
fn only_what_failed_in_passing_is_repeated() {
    let mut turn = 0;
    let server = Server::new(move |seen| {
        turn += 1;
        if turn == 1 {
            let error = json!({ "method": "messages.addChatUser", "error_code": 10, "error_msg": "internal" });
            return Json(json!({ "response": [1, false, 1], "execute_errors": [error] }));
        }
        assert_eq!(seen.get("user_id"), "2");
        ok(json!(1))
    });
    let answers = server.vk().perform(&[add("1"), add("2"), add("3")], &Stop::never());
    assert_eq!(answers, [Ok(Answer::Done), Ok(Answer::Done), Ok(Answer::Done)]);
    assert_eq!(server.methods(), ["execute", "messages.addChatUser"]);
}

#[test]
fn a_script_that_fails_is_done_call_by_call() {
    let server = Server::new(|seen| match seen.method.as_str() {
        "execute" => {
            refusal(13, "Runtime error occurred during code invocation: response size is too big")
        }
        "messages.getConversationMembers" => {
            ok(json!({ "count": 1, "items": [{ "member_id": 5 }] }))
        }
        _ => ok(json!(1)),
    });
    let answers = server.vk().perform(&[members(), members(), add("5")], &Stop::never());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(server.methods().iter().filter(|method| *method == "execute").count(), 1);
    assert_eq!(server.seen().len(), 4);
}

#[test]
fn a_lost_batch_leaves_every_change_in_doubt_and_repeats_every_read() {
    let server = Server::new(|seen| {
        let pages =
            seen.calls().iter().map(|_| json!({ "count": 0, "items": [] })).collect::<Vec<_>>();
        if seen.get("code").contains("addChatUser") { Nothing } else { ok(json!(pages)) }
    });
    let answers = server.vk().perform(&[add("1"), members(), add("2"), members()], &Stop::never());
    let classes: Vec<_> = answers.iter().map(class).collect();
    assert_eq!(classes, [Some(Class::Lost), None, Some(Class::Lost), None]);
    assert_eq!(server.methods(), ["execute", "execute"]);
}

#[test]
fn more_calls_than_a_script_takes_are_several_scripts() {
    let server = Server::new(|seen| ok(json!(vec![1; seen.calls().len()])));
    let calls: Vec<_> = (1..=60).map(|id| add(&id.to_string())).collect();
    let answers = server.vk().perform(&calls, &Stop::never());
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(Answer::Done)).count(), 60);
    assert_eq!(
        server.seen().iter().map(|seen| seen.calls().len()).collect::<Vec<_>>(),
        [25, 25, 10]
    );
}

// Secrets and ways out.

#[test]
fn no_text_that_leaves_the_driver_holds_the_token() {
    let says: &'static str = concat!("bad token vk1.a.this-is-the-key-of-the-school", " given");
    for code in [5, 100, 98765] {
        let server = Server::new(move |_| refusal(code, says));
        let failure = one(&*server.vk(), add("5")).unwrap_err();
        let shown = format!("{failure:?}{:?}", server.access());
        assert!(!shown.contains(TOKEN) && shown.contains("bad token •••"), "{shown}");
    }
    let error = json!({ "code": 100, "description": says });
    let server = Server::replies(vec![ok(json!([{ "error": error }]))]);
    let failure = one(&*server.vk(), send()).unwrap_err();
    assert!(!format!("{failure:?}").contains(TOKEN));
}

/// Targets and logins that a proxy was asked for.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A proxy that lets the right login through and plays VK behind itself.
fn proxy(status: &'static str) -> (u16, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (target, headers) = head(&mut reader).unwrap();
            let login = headers.get("proxy-authorization").cloned().unwrap_or_default();
            log.lock().unwrap().push((target, login));
            stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).unwrap();
            if let Some((target, headers)) = head(&mut reader) {
                must_be_documented(&request(&mut reader, &target, headers).unwrap());
                reply_to(&stream, &ok(json!({ "link": "through" })));
            }
        }
    });
    (port, asked)
}

fn proxied(port: u16) -> Access {
    let login = Some((s("school"), Secret::new("p@ss:word")));
    let proxy = Some(Proxy { server: s("127.0.0.1"), port, login });
    Access { proxy, ..access("http://vk.invalid") }
}

#[test]
fn the_configured_proxy_is_used_with_its_login() {
    let (port, asked) = proxy("200 OK");
    let answer = one(&*driver(proxied(port)), Call::ReadLink { chat: s("3") });
    assert_eq!(answer, Ok(Answer::Link(s("through"))));
    // "school:p@ss:word" in base64.
    let expected = (s("vk.invalid:80"), s("Basic c2Nob29sOnBAc3M6d29yZA=="));
    assert_eq!(*asked.lock().unwrap(), [expected]);
}

#[test]
fn a_proxy_that_refuses_makes_vk_unreachable() {
    let (port, _) = proxy("407 Proxy Authentication Required");
    let vk = driver(proxied(port));
    let failure = one(&*vk, create()).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Unreachable, "http.proxy"));
    let shown = format!("{failure:?}{:?}", proxied(port));
    assert!(!shown.contains("p@ss:word") && !shown.contains("c2Nob29s"), "{shown}");
}

/// Runs another test of this file with a proxy in the environment that leads nowhere.
#[test]
fn the_environment_sets_no_proxy() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    {
        child.env(name, "http://127.0.0.1:1");
    }
    let run = child.args(["--exact", "both_shapes_of_a_new_chat_are_read"]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate here\n").unwrap();
    let plain = || access("http://127.0.0.1:1");
    let with_ca = |file: PathBuf| Access { ca_file: Some(file), ..plain() };
    let with_proxy = |server: &str| Access {
        proxy: Some(Proxy { server: s(server), port: 1, login: None }),
        ..plain()
    };
    for (access, part) in [
        (with_ca(folder.path().join("absent.pem")), "absent.pem"),
        (with_ca(empty), "no PEM certificate"),
        (with_proxy("ftp://example.org"), "proxy"),
        (with_proxy(""), "proxy"),
        (Access { community: s("-77"), ..plain() }, "-77"),
        (Access { token: Secret::new("two words"), ..plain() }, "key"),
    ] {
        let error = zvonok::platform::driver(Kind::Vk, access).err().unwrap();
        assert_eq!(error.code, zvonok::error::Code::Config);
        assert!(error.message.en.contains(part), "{error}");
        assert!(!error.message.en.contains("two words"));
    }
}
