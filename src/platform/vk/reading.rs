//! Reads that take more than one request: all pages of members, all chats.

use super::answer;
use super::exchange::Exchange;
use super::request::{self, LAST_CHAT};
use crate::platform::{Answer, Failure, FoundChat};
use crate::stop::Stop;
use serde_json::Value;

/// Peers that one getConversationsById takes.
const PAGE: i64 = 100;

/// A community with more chats than this is not a school. The end also keeps a scan finite should
/// VK ever describe chats that do not exist.
const SCAN_END: i64 = 100_000;

/// Everybody in a chat, beginning with the page that is here already.
pub(super) fn members(
    link: &Exchange,
    chat: &str,
    first: &Value,
    stop: &Stop,
) -> Result<Answer, Failure> {
    let (mut count, mut all) = answer::members(first)?;
    while all.len() < count {
        let page = link.ask(&request::members(chat, all.len())?, stop)?;
        let (now, page) = answer::members(&page)?;
        if page.is_empty() {
            break;
        }
        count = now;
        all.extend(page);
    }
    // Somebody who joined between two pages moves the others along, and one is told twice.
    all.sort_by(|a, b| a.account.cmp(&b.account));
    all.dedup_by(|a, b| a.account == b.account);
    Ok(Answer::Members(all))
}

/// What VK tells of these chats.
pub(super) fn chats(
    link: &Exchange,
    own: i64,
    ids: &[i64],
    stop: &Stop,
) -> Result<Vec<FoundChat>, Failure> {
    let pages: Vec<_> = ids.chunks(PAGE as usize).map(<[i64]>::to_vec).collect();
    Ok(pages_of(link, own, &pages, stop)?.into_iter().flatten().collect())
}

/// Every chat that the community is in. VK has no list of them for a community; its own advice is
/// to enumerate, because the ids are small numbers in sequence, local to the community.
pub(super) fn scan(link: &Exchange, own: i64, stop: &Stop) -> Result<Vec<FoundChat>, Failure> {
    let (mut all, mut next, mut width) = (Vec::new(), 1, 1);
    while next < SCAN_END {
        let begins = (0..width).map(|page| next + page * PAGE);
        let pages: Vec<Vec<i64>> = begins.map(|begin| (begin..begin + PAGE).collect()).collect();
        for page in pages_of(link, own, &pages, stop)? {
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
        next += width * PAGE;
        width = (width * 4).min(25);
    }
    Ok(all)
}

fn pages_of(
    link: &Exchange,
    own: i64,
    pages: &[Vec<i64>],
    stop: &Stop,
) -> Result<Vec<Vec<FoundChat>>, Failure> {
    let requests: Vec<_> = pages.iter().map(|page| request::conversations(page)).collect();
    let outcomes = link.ask_all(&requests, stop);
    let read = |(page, outcome): (&Vec<i64>, Result<Value, Failure>)| match outcome {
        Ok(value) => answer::chats(&value, own),
        Err(failure) => spoiled(link, own, page, failure, stop),
    };
    pages.iter().zip(outcomes).map(read).collect()
}

/// One chat that cannot be told of spoils its page: the page is asked again in pieces.
fn spoiled(
    link: &Exchange,
    own: i64,
    page: &[i64],
    failure: Failure,
    stop: &Stop,
) -> Result<Vec<FoundChat>, Failure> {
    let code = failure.code.strip_prefix("vk.").and_then(|code| code.parse().ok());
    match (code, page) {
        (Some(927 | 936), [_]) => Ok(Vec::new()),
        (Some(code), [chat]) if super::error::ends_a_chat(code) => Ok(vec![FoundChat {
            chat: chat.to_string(),
            title: String::new(),
            own: false,
            members: None,
            gone: Some(failure.code),
            link: None,
        }]),
        (Some(code), [_, _, ..]) if code == 936 || super::error::ends_a_chat(code) => {
            let piece = page.len().div_ceil(super::execute::MOST);
            let pieces: Vec<_> = page.chunks(piece).map(<[i64]>::to_vec).collect();
            Ok(pages_of(link, own, &pieces, stop)?.into_iter().flatten().collect())
        }
        _ => Err(failure),
    }
}

const _: () = assert!(SCAN_END < LAST_CHAT);
