//! The sandbox answers as VK does to the token of a community.
#![cfg(feature = "cli")]
#![allow(missing_docs, reason = "the names of the tests say it")]

mod support;

use serde_json::{Value, json};
use support::{Messenger, agent, read};

fn member_ids(messenger: &Messenger, peer: &str) -> Vec<i64> {
    let answer = messenger.ok("messages.getConversationMembers", &[("peer_id", peer)]);
    let items = answer["items"].as_array().expect("a list").iter();
    items.map(|item| item["member_id"].as_i64().expect("a number")).collect()
}

#[test]
fn an_error_has_status_200_and_echoes_everything_but_the_token() {
    let messenger = Messenger::start(&["--token", "secret-one"]);
    let url = format!("{}/method/messages.getInviteLink", messenger.address);
    let form = [("v", "5.199"), ("peer_id", "2000000009"), ("access_token", "secret-one")];
    let (status, answer) = read(agent().post(url).send_form(form).expect("an answer"));
    assert_eq!(status, 200);
    assert_eq!(answer["error"]["error_code"], 927);
    let echo = answer["error"]["request_params"].as_array().expect("a list");
    assert!(echo.contains(&json!({"key": "method", "value": "messages.getInviteLink"})));
    assert!(echo.contains(&json!({"key": "oauth", "value": "1"})));
    assert!(echo.contains(&json!({"key": "peer_id", "value": "2000000009"})));
    assert!(!answer.to_string().contains("secret-one"));
    assert!(!messenger.look("requests").to_string().contains("secret-one"));
    assert!(!messenger.look("state").to_string().contains("secret-one"));
}

#[test]
fn version_method_and_token_are_checked() {
    let messenger = Messenger::start(&[]);
    assert_eq!(messenger.code("users.get", &[("v", "")]), 8);
    assert_eq!(messenger.code("users.Get", &[("user_ids", "1")]), 3);
    messenger.does("token", json!({"token": "another"}));
    assert_eq!(messenger.code("users.get", &[("user_ids", "1")]), 5);
    let url = format!("{}/method/utils.getServerTime?v=5.199", messenger.address);
    assert_eq!(read(agent().get(&url).call().unwrap()).1["error"]["error_code"], 5);
    let url = format!("{url}&access_token=another");
    assert!(read(agent().get(&url).call().unwrap()).1["response"].is_number());
}

#[test]
fn a_multipart_body_is_read_and_a_json_body_is_not() {
    let messenger = Messenger::start(&[]);
    let send = |kind: &str, body: &str| {
        let url = format!("{}/method/users.get", messenger.address);
        let request = agent().post(url).header("Authorization", "Bearer sandbox-token");
        read(request.header("Content-Type", kind).send(body).unwrap()).1
    };
    let part = |name: &str, value: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = format!("{}{}--x--\r\n", part("v", "5.199"), part("user_ids", "7"));
    assert_eq!(send("multipart/form-data; boundary=x", &body)["response"][0]["id"], 7);
    let answer = send("application/json", r#"{"v":"5.199","user_ids":"7"}"#);
    assert_eq!(answer["error"]["error_code"], 8);
}

#[test]
fn a_new_chat_has_only_the_community_which_owns_it() {
    let messenger = Messenger::start(&["--community", "555"]);
    let made = messenger.ok("messages.createChat", &[("title", "7А"), ("user_ids", "1,2")]);
    assert_eq!(made, json!({"chat_id": 1, "peer_ids": []}));
    let answer = messenger.ok("messages.getConversationMembers", &[("peer_id", "2000000001")]);
    assert_eq!(answer["count"], 1);
    let owner = &answer["items"][0];
    assert_eq!(owner["member_id"], -555);
    assert_eq!(owner["is_owner"], true);
    assert_eq!(owner["is_admin"], true);
    assert!(owner.get("can_kick").is_none());
    let own = messenger.ok("groups.getById", &[]);
    assert_eq!(own["groups"][0]["id"], 555);
    let rights = messenger.ok("groups.getTokenPermissions", &[]);
    assert!(rights["permissions"].to_string().contains("\"messages\""));
}

#[test]
fn create_chat_answers_in_either_shape_and_treats_people_as_switched() {
    let messenger = Messenger::start(&[]);
    messenger.does("mode", json!({"create_chat_answer": "int", "create_chat_user_ids": "add"}));
    let params = [("title", "a"), ("user_ids", "8,9")];
    assert_eq!(messenger.ok("messages.createChat", &params), json!(1));
    assert_eq!(member_ids(&messenger, "2000000001"), [-messenger.community, 8, 9]);
    messenger.does("mode", json!({"create_chat_user_ids": "error"}));
    assert_eq!(messenger.code("messages.createChat", &params), 936);
    let (status, _) = messenger.order("mode", &json!({"creat_chat_answer": "int"}));
    assert_eq!(status, 400, "a misspelt switch is refused");
}

#[test]
fn people_come_by_the_link_and_a_new_link_replaces_the_old() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("7А");
    let link = |reset: &str| {
        let params = [("peer_id", peer.as_str()), ("reset", reset)];
        messenger.ok("messages.getInviteLink", &params)["link"].clone()
    };
    let first = link("0");
    assert_eq!(first, link("0"));
    let newcomer = 300_000_000_001_i64;
    messenger.does("join", json!({"link": first, "user": newcomer}));
    assert_eq!(member_ids(&messenger, &peer)[1], newcomer);
    let second = link("1");
    assert_ne!(first, second);
    assert_eq!(messenger.order("join", &json!({"link": first, "user": 5})).0, 404);
    messenger.does("join", json!({"link": second, "user": 5}));
    let again = messenger.order("join", &json!({"chat_id": id, "user": 5}));
    assert_eq!(again, (409, json!({"error": "already_in"})));
    messenger.does("leave", json!({"chat_id": id, "user": 5}));
    assert_eq!(member_ids(&messenger, &peer).len(), 2);
}

#[test]
fn an_admin_removes_somebody_and_changes_the_link_by_hand() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("7А");
    let link = messenger.ok("messages.getInviteLink", &[("peer_id", &peer)])["link"].clone();
    messenger.does("join", json!({"link": link, "user": 11}));
    messenger.does("remove", json!({"chat_id": id, "user": 11}));
    assert!(!member_ids(&messenger, &peer).contains(&11));
    let again = json!({"chat_id": id, "user": 11});
    assert_eq!(messenger.order("remove", &again).0, 409);
    messenger.does("mode", json!({"removed_stay_out": true}));
    assert_eq!(messenger.order("join", &json!({"link": link, "user": 11})).0, 409);
    let new = messenger.does("rotate", json!({"chat_id": id}))["link"].clone();
    assert_eq!(messenger.order("join", &json!({"link": link, "user": 12})).0, 404);
    messenger.does("join", json!({"link": new, "user": 12}));
    assert_eq!(messenger.ok("messages.getInviteLink", &[("peer_id", &peer)])["link"], new);
}

#[test]
fn removal_and_roles_follow_membership() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("7А");
    let chat = id.to_string();
    let role = |who: &str, role: &str| {
        let params = [("peer_id", peer.as_str()), ("member_id", who), ("role", role)];
        messenger.vk("messages.setMemberRole", &params)
    };
    let remove = |who: &str| {
        messenger.vk("messages.removeChatUser", &[("chat_id", &chat), ("member_id", who)])
    };
    assert_eq!(role("5", "admin")["error"]["error_code"], 935);
    messenger.does("add", json!({"chat_id": id, "user": 5}));
    assert_eq!(role("5", "admin")["response"], 1);
    let members = messenger.ok("messages.getConversationMembers", &[("peer_id", &peer)]);
    assert_eq!(members["items"][1]["is_admin"], true);
    assert_eq!(members["items"][1]["can_kick"], true);
    assert_eq!(role("5", "member")["response"], 1);
    assert_eq!(remove("5")["response"], 1);
    assert_eq!(remove("5")["error"]["error_code"], 935);
    messenger.does("join", json!({"chat_id": id, "user": 5}));
    assert_eq!(remove("5")["response"], 1);
    messenger.does("mode", json!({"removed_stay_out": true}));
    let back = messenger.order("join", &json!({"chat_id": id, "user": 5}));
    assert_eq!(back, (409, json!({"error": "removed"})));
    let own = -messenger.community;
    messenger.does("promote", json!({"chat_id": id, "user": own, "admin": false}));
    assert_eq!(remove("5")["error"]["error_code"], 925);
    let reset = [("peer_id", peer.as_str()), ("reset", "1")];
    assert_eq!(messenger.code("messages.getInviteLink", &reset), 931);
    assert_eq!(messenger.code("messages.getInviteLink", &reset[..1]), 919);
    assert_eq!(messenger.code("messages.getConversationMembers", &reset[..1]), 917);
    messenger.does("leave", json!({"chat_id": id, "user": own}));
    assert_eq!(remove("5")["error"]["error_code"], 917);
}

#[test]
fn members_come_in_pages() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("Большой");
    for user in 1..=1_050 {
        messenger.does("add", json!({"chat_id": id, "user": user}));
    }
    assert_eq!(member_ids(&messenger, &peer).len(), 20);
    let page = |offset: &str, count: &str| {
        let params = [("peer_id", peer.as_str()), ("offset", offset), ("count", count)];
        messenger.vk("messages.getConversationMembers", &params)
    };
    let first = &page("0", "1000")["response"];
    assert_eq!(first["count"], 1_051);
    assert_eq!(first["items"].as_array().unwrap().len(), 1_000);
    assert_eq!(page("1000", "1000")["response"]["items"].as_array().unwrap().len(), 51);
    assert_eq!(page("0", "1001")["error"]["error_code"], 100);
    let old = [("peer_id", peer.as_str()), ("count", "5"), ("v", "5.131")];
    let old = messenger.vk("messages.getConversationMembers", &old);
    assert_eq!(old["error"]["error_code"], 100);
    assert!(old["error"]["error_msg"].as_str().unwrap().contains("only from version 5.154"));
}

#[test]
fn adding_and_calls_are_closed_to_a_community_and_open_to_a_partner() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("7А");
    let chat = id.to_string();
    let add =
        |user: &str| messenger.vk("messages.addChatUser", &[("chat_id", &chat), ("user_id", user)]);
    assert_eq!(add("5")["error"]["error_code"], 27);
    assert_eq!(messenger.code("calls.start", &[]), 27);
    messenger.does("mode", json!({"mode": "partner"}));
    messenger.does("people", json!({"id": 6, "privacy": true}));
    messenger.does("people", json!({"id": 7, "deactivated": true}));
    assert_eq!(add("5")["response"], 1);
    assert_eq!(add("5")["error"]["error_code"], 15);
    assert_eq!(add("6")["error"]["error_code"], 981);
    assert_eq!(add("7")["error"]["error_code"], 18);
    let many = [("chat_id", chat.as_str()), ("user_ids", "8,6")];
    assert_eq!(messenger.ok("messages.addChatUsers", &many)["failed_peer_ids"], json!([6]));
    assert_eq!(member_ids(&messenger, &peer), [-messenger.community, 5, 8]);
    let call = messenger.ok("calls.start", &[]);
    let call_id = call["call_id"].as_str().unwrap();
    assert_eq!(call_id.len(), 36);
    assert_eq!(messenger.ok("calls.forceFinish", &[("call_id", call_id)]), 1);
    assert_eq!(messenger.code("calls.forceFinish", &[("call_id", call_id)]), 100);
    assert_eq!(messenger.look("state")["calls"][0]["join_link"], call["join_link"]);
}

#[test]
fn messages_to_chats_have_no_id_and_a_repeated_random_id_sends_once() {
    let messenger = Messenger::start(&[]);
    let (_, peer) = messenger.chat("7А");
    let send = |to: &str, peers: &str, random: &str| {
        let params = [(to, peers), ("random_id", random), ("message", "Здравствуйте")];
        messenger.ok("messages.send", &params)
    };
    assert_eq!(send("peer_id", &peer, "0"), 0);
    let peers = format!("{peer},77");
    let sent = send("peer_ids", &peers, "42");
    assert_eq!(sent[0]["conversation_message_id"], 2);
    assert_eq!(sent[0]["message_id"], 0);
    assert_eq!(sent[1]["error"]["code"], 901);
    assert_eq!(send("peer_ids", &peers, "42")[0], sent[0]);
    messenger.does("people", json!({"id": 77, "allows_messages": true}));
    let allowed = messenger.ok("messages.isMessagesFromGroupAllowed", &[("user_id", "77")]);
    assert_eq!(allowed["is_allowed"], 1);
    assert!(send("user_id", "77", "0").as_i64().unwrap() > 0);
    let state = messenger.look("state");
    assert_eq!(state["people"][0]["messages"][0]["text"], "Здравствуйте");
    assert_eq!(state["chats"][0]["messages"].as_array().unwrap().len(), 2);
    assert_eq!(messenger.code("messages.send", &[("peer_id", &peer), ("message", "a")]), 100);
}

#[test]
fn a_message_is_pinned_and_the_history_forgotten() {
    let messenger = Messenger::start(&[]);
    let (_, peer) = messenger.chat("7А");
    let text = [("peer_ids", peer.as_str()), ("random_id", "0"), ("message", "Правила")];
    messenger.ok("messages.send", &text);
    let pin = |cmid: &str| messenger.vk("messages.pin", &[("peer_id", &peer), ("cmid", cmid)]);
    assert_eq!(pin("1")["response"]["text"], "Правила");
    assert_eq!(pin("2")["error"]["error_code"], 100);
    let by_id = || messenger.ok("messages.getConversationsById", &[("peer_ids", &peer)]);
    let pinned = |of: Value| of["items"][0]["chat_settings"]["pinned_message"].clone();
    assert_eq!(pinned(by_id())["conversation_message_id"], 1);
    assert_eq!(messenger.ok("messages.unpin", &[("peer_id", &peer)]), 1);
    assert_eq!(pinned(by_id()), Value::Null);
    messenger.ok("messages.deleteConversation", &[("peer_id", &peer)]);
    assert_eq!(messenger.look("state")["chats"][0]["messages"], json!([]));
}

#[test]
fn conversations_are_found_by_scanning() {
    let messenger = Messenger::start(&[]);
    let (id, _) = messenger.chat("7А");
    messenger.ok("messages.editChat", &[("chat_id", &id.to_string()), ("title", "8А")]);
    messenger.chat("Учительская");
    let range: Vec<String> = (2_000_000_001_i64..=2_000_000_100).map(|p| p.to_string()).collect();
    let found = messenger.ok("messages.getConversationsById", &[("peer_ids", &range.join(","))]);
    assert_eq!(found["count"], 2);
    let chat = &found["items"][0];
    assert_eq!(chat["chat_settings"]["title"], "8А");
    assert_eq!(chat["chat_settings"]["owner_id"], -messenger.community);
    assert_eq!(chat["chat_settings"]["state"], "in");
    assert_eq!(chat["peer"], json!({"id": 2_000_000_001_i64, "type": "chat", "local_id": 1}));
    assert_eq!(chat["can_write"]["allowed"], true);
    let range = format!("{},5", range.join(","));
    assert_eq!(messenger.code("messages.getConversationsById", &[("peer_ids", &range)]), 100);
    let page = messenger.ok("messages.getConversations", &[("count", "1"), ("offset", "1")]);
    assert_eq!(page["count"], 2);
    assert_eq!(page["items"][0]["conversation"]["chat_settings"]["title"], "Учительская");
}

#[test]
fn a_chat_that_is_over_says_why() {
    let messenger = Messenger::start(&[]);
    let (id, peer) = messenger.chat("7А");
    let chat = id.to_string();
    let end = |code: i64| messenger.does("delete_chat", json!({"chat_id": id, "code": code}));
    let edit = || messenger.code("messages.editChat", &[("chat_id", &chat), ("title", "b")]);
    let found = || messenger.ok("messages.getConversationsById", &[("peer_ids", &peer)]);
    for code in [927, 945, 993, 1012, 1017] {
        end(code);
        assert_eq!(edit(), code);
    }
    assert_eq!(found()["count"], 0);
    assert_eq!(messenger.code("messages.getConversationMembers", &[("peer_id", &peer)]), 1017);
    end(993);
    assert_eq!(found()["items"][0]["can_write"]["allowed"], false);
    assert_eq!(member_ids(&messenger, &peer).len(), 1);
    end(0);
    messenger.ok("messages.editChat", &[("chat_id", &chat), ("title", "b")]);
    assert_eq!(messenger.order("delete_chat", &json!({"chat_id": id, "code": 5})).0, 400);
}

#[test]
fn people_exist_unless_something_else_was_said() {
    let messenger = Messenger::start(&[]);
    messenger.does("people", json!({"id": 9, "deactivated": true, "first_name": "Удалённый"}));
    let ids = "300000000001,9,-4,nobody";
    let people = messenger.ok("users.get", &[("user_ids", ids)]);
    assert_eq!(people.as_array().unwrap().len(), 2);
    assert_eq!(people[0]["id"], 300_000_000_001_i64);
    assert!(people[0].get("deactivated").is_none());
    assert_eq!(people[1]["deactivated"], "deleted");
    assert_eq!(people[1]["first_name"], "Удалённый");
    let (id, _) = messenger.chat("7А");
    let (status, answer) = messenger.order("join", &json!({"chat_id": id, "user": 9}));
    assert_eq!((status, answer["error"].as_str()), (409, Some("deactivated")));
}

#[test]
fn a_batch_gives_each_result_or_false_with_the_error_beside_it() {
    let messenger = Messenger::start(&[]);
    messenger.chat("7А");
    let run = |code: &str| messenger.vk("execute", &[("code", code), ("who", "5")]);
    let answer = run(r#"return [
        API.users.get({"user_ids": [Args.who, 6]}),
        API.messages.removeChatUser({chat_id: 1, "member_id": 5}),
        API.messages.editChat({"chat_id": 1, "title": "\u0041\"Б"}),
        API.messages.no()
    ];"#);
    assert_eq!(answer["response"][0][1]["id"], 6);
    assert_eq!(answer["response"][1], false);
    assert_eq!(answer["response"][2], 1);
    assert_eq!(answer["response"][3], false);
    let errors = answer["execute_errors"].as_array().unwrap();
    let codes: Vec<_> = errors.iter().map(|error| error["error_code"].as_i64()).collect();
    assert_eq!(codes, [Some(935), Some(3)]);
    assert_eq!(errors[0]["method"], "messages.removeChatUser");
    assert_eq!(messenger.look("state")["chats"][0]["title"], "A\"Б");
    let pushed = run("var r = [], t; r.push(API.utils.getServerTime({})); t = r[0]; \
                      return {n: r.length, same: t == 1};");
    assert_eq!(pushed["error"]["error_code"], 12, "comparisons are not understood");
    let pushed = run("var r = []; r.push(API.users.get({user_ids: \"1\"})[0].id); return r;");
    assert_eq!(pushed["response"], json!([1]));
    assert_eq!(run("API.users.get({user_ids: 1});")["response"], Value::Null);
    assert_eq!(run("return nothing;")["error"]["error_code"], 13);
    assert_eq!(messenger.code("execute", &[]), 100);
    for deep in ["[".repeat(100_000), format!("a{}", ".a".repeat(100_000)), "1+".repeat(100_000)] {
        assert_eq!(run(&format!("return {deep};"))["error"]["error_code"], 12);
    }
}

#[test]
fn a_batch_of_26_calls_fails_after_25() {
    let messenger = Messenger::start(&[]);
    let batch = |calls: usize| {
        let calls = vec![r#"API.messages.createChat({"title":"a"})"#; calls].join(",");
        messenger.vk("execute", &[("code", &format!("return [{calls}];"))])
    };
    assert_eq!(batch(25)["response"].as_array().unwrap().len(), 25);
    assert_eq!(batch(26)["error"]["error_code"], 13);
    assert_eq!(messenger.look("state")["chats"].as_array().unwrap().len(), 50);
    let counters = messenger.look("counters");
    assert_eq!(counters["requests"], 2);
    assert_eq!(counters["changing"], 50);
    assert_eq!(counters["by_method"], json!({"execute": 2, "messages.createChat": 50}));
    messenger.does("counters/reset", json!({}));
    assert_eq!(messenger.look("counters")["requests"], 0);
    let log = messenger.look("requests?since=1&limit=500");
    assert_eq!(log[0]["batch"], 1);
    assert_eq!(log[0]["changing"], true);
    assert_eq!(log[25]["method"], "execute");
    assert_eq!(log[25]["result"], 13);
}
