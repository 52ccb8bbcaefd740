//! A server of a few lines that plays MAX by a script, and the driver set up to speak to it.
//! Whatever the driver sends is compared with the facts of MAX's published OpenAPI description in
//! `schema.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use zvonok::platform::{Access, Kind, Platform};
use zvonok::secret::Secret;

pub(crate) const TOKEN: &str = "f9LHodD0cOL5this-is-the-token-of-the-school";

pub(crate) fn access(url: &str) -> Access {
    Access {
        base_url: url.to_owned(),
        token: Secret::new(TOKEN),
        community: String::new(),
        requests_per_second: 1000,
        proxy: None,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(20),
    }
}

pub(crate) fn driver(access: Access) -> Box<dyn Platform> {
    zvonok::platform::driver(Kind::Max, access).unwrap()
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Verb and path with the names of its parameters.
    pub(crate) route: String,
    /// The values of the path's parameters.
    pub(crate) ids: Vec<i64>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    Json(u16, Value),
    /// The same with a `Retry-After` of so many seconds.
    Wait(u16, &'static str, Value),
    /// The same as 200 after so many milliseconds.
    Late(u64, Value),
    Page(u16, &'static str),
    /// Promises more than it sends.
    Half,
    /// Closes without a word.
    Nothing,
    Hang,
}

pub(crate) use Reply::{Half, Hang, Json, Late, Nothing, Page, Wait};

pub(crate) fn ok(body: Value) -> Reply {
    Json(200, body)
}

pub(crate) fn done() -> Reply {
    ok(json!({ "success": true }))
}

pub(crate) fn undone(says: &str) -> Reply {
    ok(json!({ "success": false, "message": says }))
}

pub(crate) fn refusal(status: u16, code: &str, says: &str) -> Reply {
    Json(status, json!({ "code": code, "message": says }))
}

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn new(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let server = Server { url, seen: seen.clone() };
        let script = Arc::new(Mutex::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, script) = (seen.clone(), script.clone());
                std::thread::spawn(move || serve(&stream.unwrap(), &seen, &script));
            }
        });
        server
    }

    /// Gives these replies in order and the last one for ever.
    pub(crate) fn replies(replies: Vec<Reply>) -> Server {
        let mut turn = 0;
        Server::new(move |_| {
            turn += 1;
            replies[(turn - 1).min(replies.len() - 1)].clone()
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn routes(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.route).collect()
    }

    pub(crate) fn access(&self) -> Access {
        access(&self.url)
    }

    pub(crate) fn max(&self) -> Box<dyn Platform> {
        driver(self.access())
    }
}

/// Whatever a test is about, what it made the driver send must be what MAX documents.
impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.seen().iter().for_each(must_be_documented);
        }
    }
}

fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<Seen>>,
    script: &Mutex<impl FnMut(&Seen) -> Reply>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = request(&mut reader) {
        seen.lock().unwrap().push(request.clone());
        let reply = script.lock().unwrap()(&request);
        reply_to(stream, &reply)?;
    }
    Some(())
}

/// The next request; `None` at the end of the connection.
fn request(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let (verb, rest) = line.split_once(' ')?;
    let target = rest.split(' ').next()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = if length == 0 { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (route, ids) = route(verb, path);
    Some(Seen { route, ids, query, headers, body, at: Instant::now() })
}

/// Numbers of a path are its parameters, and MAX has two kinds of them.
fn route(verb: &str, path: &str) -> (String, Vec<i64>) {
    let mut ids = Vec::new();
    let parts = path.split('/').map(|part| match part.parse() {
        Ok(id) => {
            ids.push(id);
            if ids.len() == 1 { "{chatId}" } else { "{userId}" }
        }
        Err(_) => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    (format!("{verb} {path}"), ids)
}

fn reply_to(mut stream: &TcpStream, reply: &Reply) -> Option<()> {
    let head = |status: u16, kind: &str, length: usize| {
        format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n")
    };
    let whole = match reply {
        Json(status, value) => {
            let body = value.to_string();
            format!("{}\r\n{body}", head(*status, "application/json", body.len()))
        }
        Wait(status, wait, value) => {
            let body = value.to_string();
            let head = head(*status, "application/json", body.len());
            format!("{head}Retry-After: {wait}\r\n\r\n{body}")
        }
        Late(wait, value) => {
            std::thread::sleep(Duration::from_millis(*wait));
            return reply_to(stream, &ok(value.clone()));
        }
        Page(status, body) => format!("{}\r\n{body}", head(*status, "text/html", body.len())),
        Half => format!("{}\r\n{{\"success\":", head(200, "application/json", 1000)),
        Nothing => String::new(),
        Hang => {
            std::thread::sleep(Duration::from_secs(60));
            return None;
        }
    };
    stream.write_all(whole.as_bytes()).ok()?;
    if matches!(reply, Half | Nothing) {
        return stream.shutdown(std::net::Shutdown::Both).err().map(|_| ());
    }
    Some(())
}

// What MAX documents.

fn must_be_documented(seen: &Seen) {
    assert_eq!(seen.headers["authorization"], TOKEN, "the token alone, without a word before it");
    assert_eq!(seen.headers["user-agent"], concat!("zvonok/", env!("CARGO_PKG_VERSION")));
    let kind = seen.headers.get("content-type").map(String::as_str);
    assert_eq!(kind, (!seen.body.is_null()).then_some("application/json"), "{seen:?}");
    let sent = format!("{:?} {}", seen.query, seen.body);
    assert!(!sent.contains(TOKEN) && !sent.contains("access_token"), "{sent}");

    let facts: Value = serde_json::from_str(include_str!("schema.json")).unwrap();
    let facts = &facts["routes"][&seen.route];
    assert!(facts.is_object(), "{} is not a request that MAX has", seen.route);
    assert_eq!(seen.ids.len(), seen.route.matches('{').count());
    let query = seen.query.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    must_fit(&seen.route, &query, &facts["query"], true);
    if let Some(names) = facts["one_of"].as_array() {
        let given = names.iter().filter(|name| query.contains_key(name.as_str().unwrap())).count();
        assert_eq!(given, 1, "{}: {query:?}", seen.route);
    }
    let empty = Map::new();
    let body = seen.body.as_object().unwrap_or(&empty);
    assert_eq!(facts["body"].is_object(), seen.body.is_object(), "{}", seen.route);
    must_fit(&seen.route, body, &facts["body"], false);
}

fn must_fit(place: &str, sent: &Map<String, Value>, facts: &Value, in_query: bool) {
    let none = Map::new();
    let known = facts.as_object().unwrap_or(&none);
    for (name, fact) in known {
        let required = fact["required"].as_bool().unwrap_or_default();
        assert!(!required || sent.contains_key(name), "{place} needs {name}");
    }
    for (name, value) in sent {
        let fact = known.get(name).unwrap_or_else(|| panic!("{place} has no {name}"));
        value_must_fit(&format!("{place}: {name}"), value, fact, in_query);
    }
}

fn value_must_fit(place: &str, value: &Value, fact: &Value, in_query: bool) {
    let items = match (fact["list"].as_bool().unwrap_or_default(), value) {
        (false, value) => vec![value.clone()],
        (true, Value::Array(items)) => items.clone(),
        (true, value) => value.as_str().unwrap().split(',').map(|item| json!(item)).collect(),
    };
    let (least, most) = (fact["least"].as_u64(), fact["most"].as_u64());
    assert!(items.len() as u64 >= least.unwrap_or(0), "{place}");
    assert!(items.len() as u64 <= most.unwrap_or(u64::MAX), "{place}");
    let different: BTreeSet<_> = items.iter().map(Value::to_string).collect();
    assert!(different.len() == items.len() || fact["unique"] != true, "{place} has twice the same");
    for item in &items {
        match fact["type"].as_str().unwrap() {
            "integer" => number_must_fit(place, item, fact, in_query),
            "boolean" => assert!(item.is_boolean(), "{place}: {item}"),
            "object" => must_fit(place, item.as_object().unwrap(), &fact["fields"], false),
            _ => {
                let length = item.as_str().unwrap().chars().count() as u64;
                assert!(length >= fact["shortest"].as_u64().unwrap_or(0), "{place}");
                assert!(length <= fact["longest"].as_u64().unwrap_or(u64::MAX), "{place}");
            }
        }
        if let Some(values) = fact["values"].as_array() {
            assert!(values.contains(item), "{place}: {item}");
        }
    }
}

fn number_must_fit(place: &str, item: &Value, fact: &Value, in_query: bool) {
    let number = if in_query {
        item.as_str().unwrap().parse().unwrap_or_else(|_| panic!("{place}: {item}"))
    } else {
        item.as_i64().unwrap_or_else(|| panic!("{place}: {item}"))
    };
    assert!(number >= fact["minimum"].as_i64().unwrap_or(i64::MIN), "{place}: {item}");
    assert!(number <= fact["maximum"].as_i64().unwrap_or(i64::MAX), "{place}: {item}");
}
