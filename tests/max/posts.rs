//! What the bot has posted and pinned in a group.

use serde_json::{Value, json};
use zvonok::platform::{Answer, Class};

use crate::content;
use crate::server::Reply::Nothing;
use crate::server::{Reply, Server, done, ok, refusal, undone};
use crate::words::{MID, class, find_post, one, s, unpin};

const LESSON: &str = "Урок начался.\nhttps://example.org/?a=1&b=2";

/// A message of the group, as old as its number is small.
fn message(number: i64, from: i64, text: &str) -> Value {
    json!({
        "sender": { "user_id": from }, "recipient": { "chat_type": "chat", "chat_id": -71 },
        "timestamp": 1_790_000_000_000 + number * 10,
        "body": { "mid": format!("mid.{number}"), "seq": number, "text": text },
    })
}

/// A group of so many messages of which the bot wrote these. Whether `before` takes its own moment
/// in is the caller's to say, because MAX does not.
fn chat(count: i64, own: &'static [i64], inclusive: bool) -> Server {
    Server::new(move |seen| {
        if seen.route != "GET /messages" {
            return content(seen);
        }
        assert_eq!(seen.get("count"), "100");
        let before = seen.get("before").parse::<i64>().unwrap_or(i64::MAX - 1);
        let written = (1..=count).rev().map(|number| match own.contains(&number) {
            true => message(number, 9001, LESSON),
            false => message(number, number % 9 + 1, "Здравствуйте"),
        });
        let until = before + i64::from(inclusive);
        let earlier = written.filter(|m| m["timestamp"].as_i64().unwrap() < until);
        ok(json!({ "messages": earlier.take(100).collect::<Vec<_>>() }))
    })
}

#[test]
fn a_post_is_looked_for_back_to_where_a_group_begins_or_five_pages() {
    for inclusive in [false, true] {
        for (count, own, found, requests) in [
            (0, &[][..], None, 1),
            (50, &[3, 40], Some("mid.40"), 1),
            (250, &[20], Some("mid.20"), 3),
            (250, &[], None, 3),
            (5000, &[4600], Some("mid.4600"), 5),
            (5000, &[4400], None, 5),
        ] {
            let server = chat(count, own, inclusive);
            let outcome = one(&*server.max(), find_post());
            assert_eq!(outcome, Ok(Answer::Post(found.map(s))), "{own:?} of {count}");
            let pages = server.routes().iter().filter(|route| *route == "GET /messages").count();
            assert_eq!(pages, requests, "{own:?} of {count}");
        }
    }
}

#[test]
fn a_history_that_leads_round_ends() {
    let same: Vec<_> = (1..=100).map(|_| message(7, 5, "!")).collect();
    let server = Server::new(move |seen| match seen.route.as_str() {
        "GET /messages" => ok(json!({ "messages": same })),
        _ => content(seen),
    });
    assert_eq!(one(&*server.max(), find_post()), Ok(Answer::Post(None)));
    assert_eq!(server.routes(), ["GET /me", "GET /messages", "GET /messages"]);
}

#[test]
fn only_the_bots_own_words_are_its_post() {
    let passed_on = json!({ "sender": { "user_id": 9001 }, "timestamp": 5, "body": null,
        "link": { "type": "forward", "message": { "text": LESSON } } });
    let messages = [
        message(9, 5002, LESSON),
        message(8, 9002, LESSON),
        message(7, 9001, "Урок начался."),
        passed_on,
        json!({ "timestamp": 4, "body": { "mid": "mid.4", "text": LESSON } }),
        message(3, 9001, LESSON),
    ];
    let server = Server::new(move |seen| match seen.route.as_str() {
        "GET /messages" => ok(json!({ "messages": messages })),
        _ => content(seen),
    });
    assert_eq!(one(&*server.max(), find_post()), Ok(Answer::Post(Some(s("mid.3")))));
}

const LOOK: &str = "GET /chats/{chatId}/pin";
const DOWN: &str = "DELETE /chats/{chatId}/pin";

/// A group in which this message is pinned, and what MAX answers where it is to be taken down.
fn pinned(there: Value, down: Reply) -> Server {
    Server::new(move |seen| if seen.route == LOOK { ok(there.clone()) } else { down.clone() })
}

fn this(mid: &str) -> Value {
    json!({ "message": { "body": { "mid": mid, "seq": 1, "text": LESSON } } })
}

#[test]
fn what_somebody_has_pinned_since_then_stays() {
    for (wanted, there, routes) in [
        (Some(MID), this("mid.other"), &[LOOK][..]),
        (Some(MID), this(MID), &[LOOK, DOWN]),
        // A pin that is not shown may be there all the same.
        (Some(MID), json!({}), &[LOOK, DOWN]),
        (Some(MID), json!({ "message": null }), &[LOOK, DOWN]),
        (None, this("mid.other"), &[DOWN]),
    ] {
        let server = pinned(there.clone(), done());
        assert_eq!(one(&*server.max(), unpin(wanted)), Ok(Answer::Done));
        assert_eq!(server.routes(), routes, "{wanted:?} {there}");
    }
}

#[test]
fn a_refusal_to_unpin_counts_only_where_something_is_pinned() {
    let nothing = || undone("There is no pinned message");
    let outcome = one(&*pinned(json!({}), nothing()).max(), unpin(None));
    assert_eq!(outcome, Ok(Answer::Done));
    let failure = one(&*pinned(this(MID), nothing()).max(), unpin(None)).unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::RetryLater, "max.undone"));
    let denied = refusal(403, "chat.denied", "permission.denied");
    let failure = one(&*pinned(this(MID), denied).max(), unpin(Some(MID))).unwrap_err();
    assert_eq!(failure.class, Class::MissingHere);
    let told = [failure.message.ru, failure.message.en].join(" ");
    assert!(told.contains("право закреплять сообщения"), "{told}");
    assert!(told.contains("right to pin messages"), "{told}");
}

#[test]
fn a_pin_of_an_unknown_shape_is_not_taken_for_none() {
    for strange in [json!([]), json!(null), json!({ "message": {} }), json!({ "message": 5 })] {
        let server = pinned(strange.clone(), done());
        let failure = one(&*server.max(), unpin(Some(MID))).unwrap_err();
        let told = (failure.class, failure.code.as_str());
        assert_eq!(told, (Class::RetryLater, "max.shape"), "{strange}");
        assert_eq!(server.routes(), [LOOK]);
    }
    let server = pinned(this(MID), Nothing);
    assert_eq!(class(&one(&*server.max(), unpin(Some(MID)))), Some(Class::Lost));
    assert_eq!(server.routes(), [LOOK, DOWN]);
}
