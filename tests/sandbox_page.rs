//! The sandbox's page, as Chromium shows it.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

#[path = "support/chromium.rs"]
mod chromium;
mod support;

use std::path::Path;
use std::process::Command;

use chromium::chromium;
use serde_json::json;
use support::Messenger;

/// Time for the page to draw itself.
const BUDGET: &str = "--virtual-time-budget=5000";

/// A school in which something has happened.
fn school() -> Messenger {
    let messenger = Messenger::start(&[]);
    let (teachers, peer) = messenger.chat("Учительская");
    let people = [748_838_410, 748_838_411, 212_000_000_004_i64, 748_838_413];
    for user in people {
        messenger.does("join", json!({"chat_id": teachers, "user": user}));
    }
    messenger.does("add", json!({"chat_id": teachers, "user": 31_337}));
    let role = [("peer_id", peer.as_str()), ("member_id", "748838410"), ("role", "admin")];
    messenger.ok("messages.setMemberRole", &role);
    let text = "Педсовет в четверг, 15:30, актовый зал.";
    messenger.ok("messages.send", &[("peer_ids", &peer), ("random_id", "7"), ("message", text)]);
    for title in ["7А, ученики", "7А, родители", "Алгебра, 7А", "<script>alert(1)</script> & Ко"]
    {
        messenger.chat(title);
    }
    messenger.does("delete_chat", json!({"chat_id": 3, "code": 993}));
    let code = "return [API.messages.removeChatUser({\"chat_id\":1,\"member_id\":31337}),\
                API.messages.removeChatUser({\"chat_id\":1,\"member_id\":5})];";
    messenger.vk("execute", &[("code", code)]);
    let matching = json!({"method": "messages.createChat", "nth": 3});
    messenger.does("faults", json!({"match": matching, "do": "drop_after"}));
    messenger.vk("messages.addChatUser", &[("chat_id", "1"), ("user_id", "9")]);
    messenger.ok("messages.pin", &[("peer_id", &peer), ("cmid", "1")]);
    let question = json!({"chat_id": teachers, "user": 748_838_411, "text": "А онлайн?"});
    messenger.does("message", question);
    messenger.does("mode", json!({"mode": "partner"}));
    let over = messenger.ok("calls.start", &[])["call_id"].clone();
    messenger.ok("calls.start", &[]);
    messenger.does("finish_call", json!({"call_id": over}));
    messenger
}

#[test]
fn it_shows_chats_members_faults_and_the_log() {
    let messenger = school();
    let profile = tempfile::tempdir().unwrap();
    let address = format!("{}/#chat=1&still", messenger.address);
    let page = chromium(&address, profile.path(), &["--dump-dom", BUDGET]);
    let has = |text: &str| assert!(page.contains(text), "«{text}» is not in {page}");
    has("<strong>Учительская</strong>");
    has("5&nbsp;участников, 2&nbsp;админа");
    has("переехал в MAX");
    has("<strong>&lt;script&gt;alert(1)&lt;/script&gt; &amp; Ко</strong>");
    assert!(!page.contains("<script>alert"), "a title is not markup");
    assert!(!page.contains("undefined"), "{page}");
    has(">212000000004</span>");
    assert!(!page.contains(">31337</span>"), "who was removed is not shown");
    has("<span class=\"role\">владелец</span>");
    has("<span class=\"role\">админ</span>");
    has("<td class=\"how\">по ссылке</td>");
    has("Педсовет в четверг");
    has("обрыв после выполнения");
    has("<td class=\"method\">messages.setMemberRole</td>");
    has("<tr class=\"changing inner\">");
    has("ошибка 935");
    has("ошибка 27");
    has("<dt>Закреплено</dt><dd>Педсовет в четверг, 15:30, актовый зал.<button");
    has("А онлайн?");
    let calls = messenger.look("state")["calls"].clone();
    let link = |at: usize| calls[at]["join_link"].as_str().unwrap().to_owned();
    has(&format!("<strong>{}</strong> <button type=\"button\" class=\"small\">завершить", link(1)));
    assert!(!page.contains(&link(0)), "a call that is over is not shown");
    let link = messenger.ok("messages.getInviteLink", &[("peer_id", "2000000001")]);
    has(link["link"].as_str().unwrap());
}

/// A school whose groups are in MAX, each at another step of being handed to the bot.
fn school_in_max() -> (Messenger, i64) {
    let messenger = Messenger::start_max();
    let group = messenger.max_group("7А, родители", 748_838_410);
    for user in [748_838_411, 212_000_000_004_i64, 748_838_413] {
        messenger.does("max/join", json!({"chat_id": group, "user": user}));
    }
    let admin = json!({"user_id": 748_838_411, "permissions": ["add_remove_members"]});
    let path = format!("/chats/{group}/members/admins");
    messenger.max_ok("POST", &path, json!({"admins": [admin]}));
    let text = json!({"text": "Собрание в **среду**, 18:00", "format": "markdown"});
    let sent = messenger.max_ok("POST", &format!("/messages?chat_id={group}"), text);
    let pin = json!({"message_id": sent["message"]["body"]["mid"], "notify": false});
    messenger.max_ok("PUT", &format!("/chats/{group}/pin"), pin);
    let question = json!({"chat_id": group, "user": 748_838_413, "text": "В каком кабинете?"});
    messenger.does("max/message", question);
    for title in ["7А, ученики", "Учительская", "<b>8Б</b>"] {
        messenger.does("max/create", json!({"title": title, "owner": 748_838_410}));
    }
    let state = messenger.look("max/state");
    let id = |at: usize| state["chats"][at]["chat_id"].clone();
    messenger.does("max/add", json!({"chat_id": id(1)}));
    messenger.does("max/add", json!({"chat_id": id(2)}));
    messenger.does("max/admin", json!({"chat_id": id(2), "permissions": ["read_all_messages"]}));
    messenger.does("max/start", json!({"user": 748_838_411, "payload": "7А-4711"}));
    messenger.max_ok("POST", "/messages?user_id=748838411", json!({"text": "Вы записаны."}));
    messenger.does("max/start", json!({"user": 748_838_413}));
    messenger.does("max/stop", json!({"user": 748_838_413}));
    messenger.max("POST", &format!("/chats/{group}/members"), json!({"user_ids": [7]}));
    messenger.chat("Учительская в VK");
    (messenger, group)
}

#[test]
fn it_shows_max_and_what_people_have_to_do_there() {
    let (messenger, group) = school_in_max();
    let profile = tempfile::tempdir().unwrap();
    let address = format!("{}/#max&chat={group}&still", messenger.address);
    let page = chromium(&address, profile.path(), &["--dump-dom", BUDGET]);
    let has = |text: &str| assert!(page.contains(text), "«{text}» is not in {page}");
    has("MAX <span class=\"count\">4</span>");
    has("ВКонтакте <span class=\"count\">1</span>");
    has("<strong>&lt;b&gt;8Б&lt;/b&gt;</strong>");
    has("5&nbsp;участников, 3&nbsp;админа");
    assert!(!page.contains("undefined"), "{page}");
    has(" · нет бота");
    has(" · бот без прав");
    has(" · прав не хватает");
    has("<li class=\"done\"><strong>Раздать ссылку</strong>");
    has("<span class=\"role\">бот, админ</span>");
    has("title=\"add_remove_members, can_call\"");
    has("<span class=\"author\">Школьный бот</span>Собрание в среду, 18:00");
    has("<dt>Закреплено</dt><dd>Собрание в среду, 18:00<button");
    has("Вы записаны.");
    has("бот остановлен");
    has("<td class=\"method\">POST /chats/{chatId}/members</td>");
    has("ошибка method.not.found");
    has(&format!("{}</td>", r#"/members  {"user_ids":[7]}"#));
    let next = messenger.look("max/state")["chats"][1]["chat_id"].clone();
    let address = format!("{}/#max&chat={next}&still", messenger.address);
    let page = chromium(&address, profile.path(), &["--dump-dom", BUDGET]);
    let step = "<li class=\"next\"><strong>Выдать права</strong>";
    assert!(page.contains(step) && page.contains("class=\"small\">выдать права</button>"));
}

#[test]
fn people_make_groups_and_let_the_bot_in_with_its_buttons() {
    let messenger = Messenger::start_max();
    let (_, peer) = messenger.chat("Учительская");
    let post = [("peer_ids", peer.as_str()), ("random_id", "7"), ("message", "Педсовет")];
    messenger.ok("messages.send", &post);
    messenger.ok("messages.pin", &[("peer_id", &peer), ("cmid", "1")]);
    messenger.does("mode", json!({"mode": "partner"}));
    messenger.ok("calls.start", &[]);
    let profile = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/page.js");
    let output = Command::new("node")
        .arg("--experimental-websocket")
        .arg(script)
        .args([&messenger.address, profile.path().to_str().unwrap()])
        .output()
        .expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let state = messenger.look("max/state");
    let chat = &state["chats"][0];
    assert_eq!((&chat["title"], &chat["owner"]), (&json!("7А, родители"), &json!(80)));
    let members = chat["members"].as_array().unwrap().iter();
    let ids: Vec<_> = members.filter_map(|member| member["id"].as_i64()).collect();
    assert_eq!(ids, [5_001, messenger.bot, 77, 80], "78 left and 79 was removed");
    let bot = &chat["members"][1];
    assert_eq!((&bot["bot"], &bot["admin"]), (&json!(true), &json!(true)));
    let person = &chat["members"][2];
    assert_eq!((&person["id"], &person["admin"]), (&json!(77), &json!(true)));
    assert_eq!(chat["messages"][0]["text"], "Добрый день");
    assert_eq!(messenger.look("state")["faults"][0]["code"], "chat.denied");
    assert_eq!(state["subscriptions"][0]["held_back"], true);
    assert_eq!(state["switches"]["webhook_duplicates"], 1);
    let vk = &messenger.look("state")["chats"][0];
    assert_eq!((&vk["removed"], vk["members"].as_array().unwrap().len()), (&json!([91]), 1));
    assert_eq!((&vk["pinned"], &vk["messages"][1]["text"]), (&json!(null), &json!("Иду")));
    let tally = messenger.look("tally");
    assert_eq!(tally["calls"], json!({"started": 1, "running": []}));
    let person = state["people"].as_array().unwrap().iter().find(|each| each["id"] == 77).unwrap();
    assert_eq!(person["dialog"], "stopped");
}

#[test]
fn both_messengers_stand_side_by_side() {
    let (messenger, group) = school_in_max();
    let profile = tempfile::tempdir().unwrap();
    let address = format!("{}/#both&still", messenger.address);
    let page = chromium(&address, profile.path(), &["--dump-dom", BUDGET]);
    let (_, halves) = page.split_once("id=\"both\"").expect("the view with both");
    let (halves, _) = halves.split_once("<main").expect("the rest of the page");
    let (vk, max) = halves.split_once("</section><section>").expect("two halves");
    assert!(vk.contains("<strong>Учительская в VK</strong>"), "{vk}");
    assert!(!vk.contains("7А, родители"), "{vk}");
    assert!(max.contains("<strong>7А, родители</strong>"), "{max}");
    assert!(max.contains("Школьный бот (бот, админ)"), "{max}");
    assert!(max.contains("Собрание в среду, 18:00") || max.contains("В каком кабинете?"), "{max}");
    assert!(max.contains("<strong>&lt;b&gt;8Б&lt;/b&gt;</strong>"), "a title is not markup");
    assert!(group < 0 && page.contains("<main hidden"), "{page}");
}

#[test]
fn it_keeps_up_with_what_happens() {
    let messenger = Messenger::start(&[]);
    messenger.chat("Раньше");
    let profile = tempfile::tempdir().unwrap();
    let address = format!("{}/#wait=1", messenger.address);
    // Chromium's own time stands still while the page waits for news, so this budget lasts for a
    // few rounds of a second each.
    let budget = ["--dump-dom", "--virtual-time-budget=1500"];
    let page = std::thread::scope(|scope| {
        let page = scope.spawn(|| chromium(&address, profile.path(), &budget));
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        messenger.chat("Позже");
        page.join().unwrap()
    });
    assert!(page.contains("<strong>Раньше</strong>"));
    assert!(page.contains("<strong>Позже</strong>"), "{page}");
    assert!(page.contains("class=\"link-state on\""));
}

#[test]
fn it_can_be_photographed_wide_and_narrow() {
    let vk = school();
    let (max, group) = school_in_max();
    let folder = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let keep = std::env::var_os("ZVONOK_SCREENSHOTS").map(std::path::PathBuf::from);
    let folder = keep.as_deref().unwrap_or(folder.path());
    let vk = format!("{}/#chat=1&still", vk.address);
    let fresh = max.look("max/state")["chats"][1]["chat_id"].clone();
    let fresh = format!("{}/#max&chat={fresh}&still", max.address);
    let both = format!("{}/#both&still", max.address);
    let max = format!("{}/#max&chat={group}&still", max.address);
    let pictures = [
        ("wide", "1440,1000", &vk),
        ("narrow", "500,1900", &vk),
        ("max-wide", "1440,1100", &max),
        ("max-step", "1100,1000", &fresh),
        ("max-narrow", "500,2600", &max),
        ("both-wide", "1440,900", &both),
        ("both-narrow", "500,1200", &both),
    ];
    for (name, size, address) in pictures {
        let file = folder.join(format!("sandbox-{name}.png"));
        let picture = format!("--screenshot={}", file.display());
        let size = format!("--window-size={size}");
        chromium(address, profile.path(), &[&picture, &size, BUDGET]);
        let bytes = std::fs::metadata(&file).expect("a screenshot").len();
        assert!(bytes > 20_000, "{name} is nearly empty: {bytes} bytes");
    }
}
