//! One file per command.

pub(crate) mod calls;
pub(crate) mod chats;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod invite;
pub(crate) mod manual;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod report;
pub(crate) mod request;
pub(crate) mod run_task;
pub(crate) mod schema;
pub(crate) mod sync;
pub(crate) mod tasks;

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Error};
use zvonok::session::Session;

/// Asks the library one question for the host itself.
pub(crate) fn ask(
    session: &mut Session,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(Code, Value), Error> {
    let request = json!({"method": method, "actor": "system", "params": params});
    session.request(&request.to_string())
}

/// A list with every page of it in one: a person at a terminal wants to see all.
pub(crate) fn whole(
    session: &mut Session,
    method: &str,
    list: &str,
    mut params: Map<String, Value>,
) -> Result<Value, Error> {
    const MOST: u32 = 1000;
    put(&mut params, "per_page", Some(MOST));
    let (_, mut whole) = ask(session, method, &params)?;
    for page in 2..=crate::show::number(&whole["result"], "pages") {
        params.insert("page".to_owned(), json!(page));
        let (_, mut reply) = ask(session, method, &params)?;
        if let (Some(rows), Some(more)) =
            (whole["result"][list].as_array_mut(), reply["result"][list].as_array_mut())
        {
            rows.append(more);
        }
    }
    Ok(whole)
}

/// Puts what was given into a document; what was not stays at the library's default.
pub(crate) fn put<T: Into<Value>>(map: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}
