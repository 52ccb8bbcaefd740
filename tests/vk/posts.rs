//! What the community has posted and pinned in a chat.

use serde_json::{Value, json};
use zvonok::platform::{Answer, Class};

use crate::server::{Server, ok, refusal};
use crate::words::{class, find_post, one, s, unpin};

/// A message of a chat.
fn message(number: i64, from: i64, text: &str) -> Value {
    json!({ "id": 0, "conversation_message_id": number, "from_id": from, "text": text })
}

const LESSON: &str = "Урок начался.\nhttps://example.org/?a=1&b=2";

/// A chat of so many messages of which the community wrote these.
fn chat(count: i64, own: &'static [i64]) -> Server {
    Server::new(move |seen| {
        let offset: i64 = seen.get("offset").parse().unwrap();
        let newest = count - offset;
        let numbers = ((newest - 200).max(0) + 1..=newest.max(0)).rev();
        let written = numbers.map(|number| match own.contains(&number) {
            true => message(number, -77, LESSON),
            false => message(number, number % 9 + 1, "Здравствуйте"),
        });
        ok(json!({ "count": count, "items": written.collect::<Vec<_>>() }))
    })
}

#[test]
fn a_post_is_looked_for_back_to_where_a_chat_begins_or_a_thousand_messages() {
    for (count, own, found, requests) in [
        (0, &[][..], None, 1),
        (5, &[4], Some("4"), 1),
        (150, &[3, 140], Some("140"), 1),
        (450, &[20], Some("20"), 3),
        (450, &[], None, 3),
        (400, &[], None, 2),
        (5000, &[4100], Some("4100"), 5),
        (5000, &[3900], None, 5),
    ] {
        let server = chat(count, own);
        let outcome = one(&*server.vk(), find_post());
        assert_eq!(outcome, Ok(Answer::Post(found.map(s))), "{own:?} of {count}");
        assert_eq!(server.seen().len(), requests, "{own:?} of {count}");
    }
}

#[test]
fn only_the_communitys_own_words_are_its_post() {
    let items = [
        message(9, 5, LESSON),
        message(8, -78, LESSON),
        message(7, -77, "Урок начался."),
        message(6, -77, "https://example.org/?a=1&b=2"),
        json!({ "id": 0, "cmid": "5", "from_id": "-77", "text": LESSON, "news": {} }),
        message(4, -77, LESSON),
    ];
    let server = Server::replies(vec![ok(json!({ "count": 6, "items": items }))]);
    assert_eq!(one(&*server.vk(), find_post()), Ok(Answer::Post(Some(s("5")))));
    let server = Server::replies(vec![ok(json!({ "count": 4, "items": items[..4] }))]);
    assert_eq!(one(&*server.vk(), find_post()), Ok(Answer::Post(None)));
    let server = Server::replies(vec![ok(json!({ "count": 4 }))]);
    assert_eq!(class(&one(&*server.vk(), find_post())), Some(Class::RetryLater));
}

/// A chat in which this message is pinned, and what VK says about taking it down.
fn pinned(number: Option<i64>, refused: Option<i64>) -> Server {
    Server::new(move |seen| match (seen.method.as_str(), refused) {
        ("messages.getConversationsById", _) => {
            assert_eq!(seen.get("peer_ids"), "2000000003");
            let pinned = number.map(|number| message(number, -77, LESSON));
            let settings = json!({ "title": "5А", "pinned_message": pinned });
            ok(json!({ "items": [{ "chat_settings": settings }] }))
        }
        (_, Some(code)) => refusal(code, "no"),
        _ => ok(json!(1)),
    })
}

const LOOK: &str = "messages.getConversationsById";
const UNPIN: &str = "messages.unpin";

#[test]
fn what_somebody_has_pinned_since_then_stays() {
    for (wanted, there, methods) in [
        (Some("207"), Some(208), &[LOOK][..]),
        (Some("207"), Some(207), &[LOOK, UNPIN]),
        // A pin that is not shown may be there all the same.
        (Some("207"), None, &[LOOK, UNPIN]),
        (None, Some(208), &[UNPIN]),
        (None, None, &[UNPIN]),
    ] {
        let server = pinned(there, None);
        assert_eq!(one(&*server.vk(), unpin(wanted)), Ok(Answer::Done));
        assert_eq!(server.methods(), methods, "{wanted:?} {there:?}");
    }
}

#[test]
fn a_refusal_to_unpin_counts_only_where_something_is_pinned() {
    for code in [100, 15, 925] {
        assert_eq!(one(&*pinned(None, Some(code)).vk(), unpin(None)), Ok(Answer::Done));
        let failure = one(&*pinned(Some(207), Some(code)).vk(), unpin(None)).unwrap_err();
        assert_eq!((failure.class, failure.code), (Class::Never, format!("vk.{code}")));
    }
    let failure = one(&*pinned(None, Some(1017)).vk(), unpin(Some("207"))).unwrap_err();
    assert_eq!(failure.class, Class::ChatGone, "not even a chat is there");
}
