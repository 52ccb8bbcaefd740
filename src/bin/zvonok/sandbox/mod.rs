//! A messenger for trying things out: one local server that answers as VK and as MAX do, with a
//! page to look at and switches for what may go wrong. Everything in it is made up and nothing
//! leaves the machine.
//!
//! `/method/…` is VK's own interface (see [`vk`]), `/vkid/…` is VK ID's (see [`vk::id`]), `/max/…`
//! is MAX's (see [`max`]), `/` is the page. A client of MAX that resolves paths against its address
//! needs `/max/` with the slash. The people are the same on both. The rest is the control
//! interface: JSON in and out, no token, `Content-Type: application/json` on every body. A refusal
//! has a 4xx status and `{"error": "…"}`. Requests that name another host than this machine, or
//! come from another site's page, are refused with 403.
//!
//! | request | body or query | what it does |
//! |---|---|---|
//! | `GET /sandbox/state` | | `{platform, community, switches, chats, calls, people, max, faults, counters, last_request}`, VK's beside `max`, which is as `/sandbox/max/state`; a chat is `{chat_id, peer_id, title, owner, link, code, members, removed, pinned, messages}`, its member `{id, name, admin, owner, invited_by, join_date, joined}` with `joined` one of `created`, `link`, `api`, `hand`; a person is `{id, name, privacy, deactivated, allows_messages, messages}`; a message is `{cmid, from, date, random_id, text}`; a call is `{call_id, join_link, started, finished}` |
//! | `GET /sandbox/requests` | `since`, `limit` | `[{n, platform, method, params, changing, result, fault?, batch?, time}]`, oldest first, with `n` over `since`; `result` is `"ok"`, the error code, `"refused"` (MAX: status 200 and `success: false`), or `"not applied"`; of MAX `method` is a template, `PUT /chats/{chatId}/pin`, and `params` are `path`, the query and `body` |
//! | `GET /sandbox/tally` | | what was started and posted: `{calls: {started, running: [call_id]}, vk: [{chat_id, title, posted, pinned}], max: […]}`; `posted` counts what the community or the bot has ever written there, `pinned` is the text |
//! | `GET /sandbox/counters` | | `{requests, changing, by_method}` |
//! | `POST /sandbox/counters/reset` | | starts them at zero |
//! | `GET /sandbox/events` | `since`, `wait` | `{version}` once it is over `since`, or after `wait` seconds (25) |
//! | `POST /sandbox/people` | `{id, first_name?, last_name?, privacy?, deactivated?, allows_messages?}` | declares what is said, keeps the rest, and answers with the person |
//! | `POST /sandbox/join` | `{link, user}` or `{chat_id, user}` | the person follows the link |
//! | `POST /sandbox/add` | `{chat_id, user, by?}` | somebody adds the person by hand |
//! | `POST /sandbox/leave` | `{chat_id, user}` | the person leaves; the community may, too |
//! | `POST /sandbox/remove` | `{chat_id, user}` | an admin removes the person by hand |
//! | `POST /sandbox/rotate` | `{chat_id}` | a new link replaces the old: `{link}` |
//! | `POST /sandbox/promote` | `{chat_id, user, admin}` | rights are given or taken by hand; without its own the community gets 925 |
//! | `POST /sandbox/rename` | `{chat_id, title}` | the chat is renamed by hand |
//! | `POST /sandbox/delete_chat` | `{chat_id, code}` | the chat ends with 927, 945, 993, 1012 or 1017; 0 brings it back |
//! | `POST /sandbox/message` | `{chat_id, user, text}` | the person writes in the chat: `{cmid}` |
//! | `POST /sandbox/pin` | `{chat_id, cmid?}` | an admin pins the message by hand, or takes the pin down; one that is not kept any more is 404 |
//! | `POST /sandbox/finish_call` | `{call_id}` | a person ends the call for all; one that does not run is 409 `not_running` |
//! | `POST /sandbox/faults` | `{match: {platform?, method?, nth?, every?, count?}, do, …}` | sets a fault, see below |
//! | `DELETE /sandbox/faults` | | takes all faults away |
//! | `POST /sandbox/kill_on` | `{pid, nth, when}` | kills the process at the nth request to either platform from now, `before` it is applied or `after`; the connection is cut |
//! | `POST /sandbox/mode` | any of the switches | `mode` (`standard`, `partner`), `create_chat_answer` (`object`, `int`), `create_chat_user_ids` (`ignore`, `add`, `error`), `removed_stay_out` (a removed person cannot follow the link again); answers with all of them |
//! | `POST /sandbox/token` | `{token}` | from now on only this token is good |
//! | `POST /sandbox/vkid/code` | `{user, client_id, redirect_uri, code_challenge, expires_in?}` | the person confirms their account to this application, as by `GET /vkid/authorize`: `{code, device_id}`, good once within `expires_in` seconds (600) |
//! | `GET /sandbox/max/state` | | `{root, bot: {user_id, username, name}, switches, chats, people, subscriptions: [{url, update_types, failing_since, held_back}], webhook: {waiting, delivered, failed}, updates_waiting}`; a group is `{chat_id, title, description, owner, link, over, members, blocked, pinned, notices, messages}`, newest last; its member `{id, name, bot, owner, admin, permissions, alias, joined, invited_by, join_time}`; a person is `{id, name, privacy, deactivated, dialog, messages}` with `dialog` one of `none`, `open`, `stopped`; a message is `{mid, from, time, edited, text, attachments}` |
//! | `POST /sandbox/max/create` | `{title, owner, description?}` | a person makes a group: `{chat_id, link}` |
//! | `POST /sandbox/max/add` | `{chat_id, user?, by?}` | somebody (the owner) adds a person, or the bot if nobody is named |
//! | `POST /sandbox/max/join` | `{link, user}` or `{chat_id, user}` | the person follows the link |
//! | `POST /sandbox/max/leave` | `{chat_id, user}` | the person leaves |
//! | `POST /sandbox/max/remove` | `{chat_id, user?, by?, block?}` | somebody (the owner) removes a person, or the bot |
//! | `POST /sandbox/max/unblock` | `{chat_id, user}` | takes a person off the chat's black list, which no bot can |
//! | `POST /sandbox/max/admin` | `{chat_id, user?, by?, admin?, permissions?, alias?}` | makes a member, or the bot, an admin with these rights (any words; all rights of a group if none are named), or with `admin: false` an admin no more |
//! | `POST /sandbox/max/transfer` | `{chat_id, user}` | the group is handed over to a member; the owner until now stays an admin |
//! | `POST /sandbox/max/rename` | `{chat_id, title, by?}` | the group is renamed by hand |
//! | `POST /sandbox/max/rotate` | `{chat_id}` | a new link replaces the old: `{link}` |
//! | `POST /sandbox/max/delete` | `{chat_id, status?, back?}` | the group ends: `denied` (as if the bot had never been in), or `removed`, `closed`, `suspended` (can be looked at); `back` brings it back |
//! | `POST /sandbox/max/message` | `{chat_id?, user, text}` | the person writes in the group, or without `chat_id` in their dialog with the bot: `{mid}` |
//! | `POST /sandbox/max/pin` | `{chat_id, mid?}` | an admin pins the message by hand, or takes the pin down |
//! | `POST /sandbox/max/press` | `{mid, user, payload?}` | the person presses a button under a message: `{callback_id}` |
//! | `POST /sandbox/max/start` | `{user, payload?}` | the person opens the dialog and presses Start: `{chat_id}` |
//! | `POST /sandbox/max/stop` | `{user, remove?}` | the person stops the bot, and with `remove` deletes the dialog |
//! | `POST /sandbox/max/contact` | `{user, phone, of?}` | the person shares their contact, or passes on that of another, which has no hash: `{mid}` |
//! | `POST /sandbox/max/launch` | `{user, start_param?, chat_id?, auth_date?}` | the person opens the mini-app: `{init_data, fragment}`, with a good signature |
//! | `POST /sandbox/max/webhook` | `{url, on, secret?, update_types?}` | updates are delivered to this address from now on, as if the bot had subscribed it; with `on: false` what is on its way there waits |
//! | `POST /sandbox/max/update` | any update with `update_type` | the bot is told this, known or not |
//! | `POST /sandbox/max/mode` | any of the switches | see [`max`]; answers with all of them |
//! | `POST /sandbox/max/token` | `{token}` | from now on only this token of MAX is good |
//!
//! A person who cannot get in, or is not in, gets 409 and one of `already_in`, `full`, `nobody`,
//! `deactivated`, `privacy`, `removed`, `blocked`, `closed`, `not_in`, `bot_not_addable`; one whose
//! dialog with the bot is not open, `not_started` or `stopped`; an address that was never subscribed,
//! `not_subscribed`.
//!
//! A fault's `do` is `drop_before` (not applied, connection closed without an answer), `drop_after`
//! (applied, closed), `delay` with `ms` and `when` (`after` by default: applied at once, answered
//! late), `error` with `code`, `message?`, `status?` and `retry_after?` (`code` is VK's number, or
//! for MAX a status or a word such as `chat.denied`, for VK ID a word such as `invalid_grant`;
//! `retry_after` is MAX's header, in seconds), `http_500` and `html` with `applied?` (false), or
//! `truncate` (applied, the answer breaks off). `method` may be a method, `execute`, a method inside
//! a batch, MAX's `PUT /chats/{chatId}/pin` or `PUT /chats/-71000000000002/pin`, VK ID's
//! `oauth2/auth`, or `*` for every HTTP request; `platform` (`vk`, `max`) narrows it. `nth` is the
//! first matching request that is hit (1 is the next), `every` hits each how-manieth, `count` limits
//! the hits (one with `nth` alone, else no limit). Inside a batch `drop_before` stops it there with
//! what came earlier applied, `error` fails that call alone, and everything else befalls the batch's
//! answer.
//!
//! The log keeps the last 10 000 entries. The state file, if there is one, holds chats (at most
//! 20 000, of 3 000 members and the last 100 messages each), people and calls, of MAX also
//! subscriptions and updates that nobody has acknowledged, and is written before an answer leaves;
//! faults, switches, the log, codes of VK ID and updates on their way to a webhook are not kept.

pub(crate) mod command;
mod control;
mod desk;
mod exchange;
mod faults;
mod log;
mod max;
mod page;
mod people;
mod server;
mod view;
mod vk;
mod world;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use desk::Desk;
pub(crate) use desk::Mode;

/// The community whose token is served if no other is named.
pub(crate) const COMMUNITY: i64 = 230_000_001;

/// How to run the sandbox; [`Default`] suits a demonstration.
pub(crate) struct Options {
    /// A loopback address; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// What the token may do.
    pub(crate) mode: Mode,
    /// The one good token.
    pub(crate) token: String,
    /// The community's positive id; without it the state file's, or [`COMMUNITY`].
    pub(crate) community: Option<i64>,
    /// Where the messenger is kept between runs.
    pub(crate) state: Option<PathBuf>,
    /// VK requests allowed in any second, 0 for no limit.
    pub(crate) rate: usize,
    /// The one good token of MAX.
    pub(crate) max_token: String,
    /// The bot's number; without it the state file's, or [`max::BOT`].
    pub(crate) max_bot: Option<i64>,
    /// What becomes of adding people in MAX.
    pub(crate) max_mode: max::AddMembers,
    /// MAX requests allowed in any second, 0 for no limit, also on requests for updates.
    pub(crate) max_rate: usize,
    /// MAX messages to one chat in any second, 0 for no limit.
    pub(crate) max_chat_rate: usize,
    /// Stop when standard input ends, so that no sandbox outlives the one who started it.
    pub(crate) until_eof: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            mode: Mode::Standard,
            token: "sandbox-token".to_owned(),
            community: None,
            state: None,
            rate: 20,
            max_token: "sandbox-max-token".to_owned(),
            max_bot: None,
            max_mode: max::AddMembers::Public,
            max_rate: 30,
            max_chat_rate: 2,
            until_eof: false,
        }
    }
}

/// Serves until killed, or until the end of standard input if the options say so. Standard output
/// gets one line of JSON,
/// `{"address","token","community","max":{"address","token","bot":{"user_id", "username"}}}`, as
/// soon as requests are accepted.
pub(crate) fn run(options: Options) -> Result<(), String> {
    let sandbox = Sandbox::start(&options)?;
    announce(&sandbox, &options).map_err(|error| error.to_string())?;
    if options.until_eof {
        // An error reading standard input is its end as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

/// A sandbox inside this process, for a demonstration; it stops when dropped.
pub(crate) struct Sandbox {
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub(crate) address: String,
    /// The community it serves.
    pub(crate) community: i64,
    /// The bot it serves: its number and its nickname.
    pub(crate) bot: (i64, String),
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts serving on a thread of its own and returns once requests are accepted.
    pub(crate) fn start(options: &Options) -> Result<Sandbox, String> {
        let desk = Desk::open(options)?;
        let runtime = runtime()?;
        let listener = runtime.block_on(listen(options))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let community = desk.read(|papers| papers.community);
        let bot = desk.read(|papers| (papers.max.bot.id, papers.max.bot.username.clone()));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.spawn(max::deliver(desk.clone()));
            runtime.spawn(server::serve(listener, desk));
            // The sender dropped without a word means the same: stop.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        });
        let address = format!("http://{address}");
        Ok(Sandbox { address, community, bot, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic over there was already reported by the panic hook.
            let _ = thread.join();
        }
    }
}

fn runtime() -> Result<Runtime, String> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| format!("no threads for the sandbox: {error}"))
}

async fn listen(options: &Options) -> Result<TcpListener, String> {
    let listen = options.listen;
    if !listen.ip().is_loopback() {
        return Err(format!("the sandbox has no locks and listens on loopback only, not {listen}"));
    }
    TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))
}

fn announce(sandbox: &Sandbox, options: &Options) -> std::io::Result<()> {
    let address = &sandbox.address;
    let community = sandbox.community.to_string();
    let (user_id, username) = &sandbox.bot;
    let max = json!({
        "address": format!("{address}{}", max::ROOT),
        "token": options.max_token,
        "bot": { "user_id": user_id, "username": username },
    });
    let token = &options.token;
    let line = json!({ "address": address, "token": token, "community": community, "max": max });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    writeln!(
        std::io::stderr(),
        "Песочница слушает: {address} (страница и API). Остановить: Ctrl+C.\n\
         The sandbox listens at {address} (page and API). Ctrl+C stops it."
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::{Options, Sandbox};

    /// A sandbox that answered and was dropped; whether its port refuses now. A connection to a free
    /// local port can, rarely, meet itself.
    fn is_gone_when_dropped() -> bool {
        let sandbox = Sandbox::start(&Options::default()).expect("a free port");
        let address = sandbox.address.trim_start_matches("http://").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        drop(sandbox);
        (0..50).any(|_| TcpStream::connect(&address).is_err())
    }

    #[test]
    fn a_sandbox_within_a_process_serves_until_it_is_dropped() {
        // A port that is let go may be a neighbour's a moment later: once free is the proof.
        assert!((0..5).any(|_| is_gone_when_dropped()));
    }
}
