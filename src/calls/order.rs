//! The life cycle (E10): what a person may do to a call in which state, and why not.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Call, CallState};
use crate::error::Text;

/// Why something may not be done: a code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The last part of the fault's code.
    pub code: &'static str,
    /// Why.
    pub message: Text,
}

fn refused(
    code: &'static str,
    ru: impl Into<String>,
    en: impl Into<String>,
) -> Result<(), Refusal> {
    Err(Refusal { code, message: Text::new(ru, en) })
}

fn over(en: &str) -> Result<(), Refusal> {
    refused(
        "call_over",
        "время этого звонка уже прошло",
        format!("the call's time has passed: {en}"),
    )
}

/// «Создан» may be edited; the times of a lesson's call are the lesson's. A link may be given as long
/// as the call was not started.
///
/// # Errors
/// Why not.
pub fn may_update(call: &Call, only_link: bool) -> Result<(), Refusal> {
    match call.state {
        CallState::Finished => finished(),
        _ if only_link && !call.running => Ok(()),
        CallState::Published => refused(
            "call_published",
            "звонок уже опубликован: его можно только завершить или удалить",
            "the call is published: it can only be finished or deleted",
        ),
        CallState::Created if call.by_roster => refused(
            "call_of_lesson",
            "это звонок урока: название и время меняются вместе с уроком в журнале",
            "this is a lesson's call: its title and time change with the lesson",
        ),
        CallState::Created if call.running => refused(
            "call_running",
            "звонок уже идёт: его можно только завершить или удалить",
            "the call is running: it can only be finished or deleted",
        ),
        CallState::Created => Ok(()),
    }
}

/// «Создан» → «Опубликован»; `others` are the other calls of its chat.
///
/// # Errors
/// Why not.
pub fn may_publish(
    call: &Call,
    others: &[&Call],
    one_per_chat: bool,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<(), Refusal> {
    match call.state {
        CallState::Finished => return finished(),
        CallState::Published => return Ok(()),
        CallState::Created => {}
    }
    if call.by_roster {
        return refused(
            "call_of_lesson",
            "это звонок урока: он публикуется вместе с уроком в журнале",
            "this is a lesson's call: it is published with the lesson",
        );
    }
    if call.is_over(now, zone) {
        return over("it cannot be published any more");
    }
    // A lesson's call that does not run yet gives way to what people publish.
    let taken = |other: &&&Call| {
        other.id != call.id
            && (other.running || (other.state == CallState::Published && !other.by_roster))
    };
    match others.iter().find(taken) {
        Some(other) if one_per_chat => refused(
            "chat_has_call",
            format!(
                "в чате уже есть опубликованный звонок «{}» ({}): сначала завершите или удалите его",
                other.title, other.id
            ),
            format!(
                "the chat already has a published call, “{}” ({}): finish or delete it first",
                other.title, other.id
            ),
        ),
        _ => Ok(()),
    }
}

/// Starting by hand, whether published or not (P10, P11).
///
/// # Errors
/// Why not: one call runs in a chat at a time (P12).
pub fn may_start(
    call: &Call,
    others: &[&Call],
    now: Timestamp,
    zone: &TimeZone,
) -> Result<(), Refusal> {
    if call.state == CallState::Finished {
        return finished();
    }
    if call.running {
        return Ok(());
    }
    // After its end a lesson may still be caught up on, but not on another day.
    if call.date < super::day_of(now, zone) && call.is_over(now, zone) {
        return over("it cannot be started any more");
    }
    match others.iter().find(|other| other.id != call.id && other.running) {
        Some(other) => refused(
            "chat_has_call",
            format!(
                "в этом чате уже идёт звонок «{}» ({}): сначала завершите его",
                other.title, other.id
            ),
            format!(
                "the call “{}” ({}) is running in this chat: finish it first",
                other.title, other.id
            ),
        ),
        None => Ok(()),
    }
}

/// «Опубликован» → «Завершён»; one that runs may be finished in any state.
///
/// # Errors
/// Why not.
pub fn may_finish(call: &Call) -> Result<(), Refusal> {
    match call.state {
        CallState::Finished => finished(),
        CallState::Created if !call.running => refused(
            "call_created",
            "звонок ещё не опубликован: завершать нечего, его можно изменить, опубликовать или \
             удалить",
            "the call is not published yet: there is nothing to finish; it can be edited, published \
             or deleted",
        ),
        _ => Ok(()),
    }
}

/// A call may be deleted in any state.
///
/// # Errors
/// None; the shape is that of the others.
pub fn may_delete(_: &Call) -> Result<(), Refusal> {
    Ok(())
}

fn finished() -> Result<(), Refusal> {
    refused(
        "call_finished",
        "звонок завершён: его можно только удалить",
        "the call is finished: it can only be deleted",
    )
}
