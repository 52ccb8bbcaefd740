//! A server of a few lines that plays VK by a script, and the driver set up to speak to it.
//! Whatever the driver sends is compared with the facts of VK's published schema in `methods.json`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use zvonok::platform::{Access, Kind, Platform};
use zvonok::secret::Secret;

pub(crate) const TOKEN: &str = "vk1.a.this-is-the-key-of-the-school";

pub(crate) fn access(url: &str) -> Access {
    Access {
        base_url: url.to_owned(),
        token: Secret::new(TOKEN),
        community: "77".to_owned(),
        requests_per_second: 1000,
        proxy: None,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(20),
    }
}

pub(crate) fn driver(access: Access) -> Box<dyn Platform> {
    zvonok::platform::driver(Kind::Vk, access).unwrap()
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
}

impl Seen {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// The calls inside: those of the script, or this one.
    pub(crate) fn calls(&self) -> Vec<(String, BTreeMap<String, String>)> {
        if self.method == "execute" {
            return script(self.get("code"));
        }
        let own = |(name, _): &(&String, &String)| !matches!(name.as_str(), "v" | "lang");
        let form = self.form.iter().filter(own).map(|(k, v)| (k.clone(), v.clone())).collect();
        vec![(self.method.clone(), form)]
    }
}

/// What the server does with a request.
pub(crate) enum Reply {
    Json(Value),
    Page(u16, &'static str),
    Packed(&'static [u8]),
    /// Promises more than it sends.
    Half,
    /// Closes without a word.
    Nothing,
    Hang,
}

pub(crate) use Reply::{Half, Hang, Json, Nothing, Packed, Page};

pub(crate) fn ok(response: Value) -> Reply {
    Json(json!({ "response": response }))
}

pub(crate) fn refusal(code: i64, says: &str) -> Reply {
    Json(json!({ "error": {
        "error_code": code, "error_msg": says,
        "request_params": [{ "key": "access_token", "value": TOKEN }],
    }}))
}

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn new(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let server = Server { url, seen: seen.clone(), connections: connections.clone() };
        let script = Arc::new(Mutex::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, script) = (seen.clone(), script.clone());
                std::thread::spawn(move || serve(&stream.unwrap(), &seen, &script));
            }
        });
        server
    }

    /// Gives these replies in order and the last one for ever.
    pub(crate) fn replies(replies: Vec<Reply>) -> Server {
        let mut replies = replies.into_iter().peekable();
        let mut last = Value::Null;
        Server::new(move |_| match replies.next() {
            Some(Json(value)) => {
                last = value.clone();
                Json(value)
            }
            Some(other) => other,
            None => Json(last.clone()),
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn methods(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.method).collect()
    }

    pub(crate) fn access(&self) -> Access {
        access(&self.url)
    }

    pub(crate) fn vk(&self) -> Box<dyn Platform> {
        driver(self.access())
    }
}

/// Whatever a test is about, what it made the driver send must be what VK documents.
impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.seen().iter().for_each(must_be_documented);
        }
    }
}

pub(crate) fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<Seen>>,
    script: &Mutex<impl FnMut(&Seen) -> Reply>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    while let Some((target, headers)) = head(&mut reader) {
        let request = request(&mut reader, &target, headers)?;
        seen.lock().unwrap().push(request.clone());
        let reply = script.lock().unwrap()(&request);
        reply_to(stream, &reply)?;
    }
    Some(())
}

/// Target and headers; `None` at the end of the connection.
pub(crate) fn head(reader: &mut impl BufRead) -> Option<(String, BTreeMap<String, String>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim().split_once(": ") {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.to_owned()),
            None => return Some((target, headers)),
        };
    }
}

pub(crate) fn request(
    reader: &mut impl Read,
    target: &str,
    headers: BTreeMap<String, String>,
) -> Option<Seen> {
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let pairs = body.split('&').filter(|pair| !pair.is_empty());
    let form = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (unescaped(name), unescaped(value))
    });
    let method = target.strip_prefix("/method/")?.to_owned();
    Some(Seen { method, form: form.collect(), headers })
}

pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn reply_to(mut stream: &TcpStream, reply: &Reply) -> Option<()> {
    let head = |status: u16, kind: &str, length: usize| {
        format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n")
    };
    let whole = match reply {
        Json(value) => {
            let body = value.to_string();
            [head(200, "application/json", body.len()), "\r\n".to_owned(), body].concat().into()
        }
        Page(status, body) => {
            format!("{}\r\n{body}", head(*status, "text/html", body.len())).into()
        }
        Packed(body) => {
            let head = head(200, "application/json", body.len());
            [head.as_bytes(), b"Content-Encoding: gzip\r\n\r\n", body].concat()
        }
        Half => format!("{}\r\n{{\"response\":", head(200, "application/json", 1000)).into(),
        Nothing => Vec::new(),
        Hang => {
            std::thread::sleep(Duration::from_secs(60));
            return None;
        }
    };
    stream.write_all(&whole).ok()?;
    if matches!(reply, Half | Nothing) {
        return stream.shutdown(std::net::Shutdown::Both).err().map(|_| ());
    }
    Some(())
}

// What VK documents.

pub(crate) fn must_be_documented(seen: &Seen) {
    assert_eq!(seen.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(seen.headers["user-agent"], concat!("zvonok/", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!((seen.get("v"), seen.get("lang")), ("5.199", "ru"));
    let form = format!("{:?}", seen.form);
    assert!(!form.contains(TOKEN) && !form.contains("access_token"), "{form}");
    assert!(seen.calls().len() <= 25);
    if seen.method == "execute" {
        assert!(seen.get("code").starts_with("return ["));
    }
    for (method, parameters) in seen.calls() {
        must_fit(&method, &parameters);
    }
}

pub(crate) fn must_fit(method: &str, sent: &BTreeMap<String, String>) {
    let facts: Value = serde_json::from_str(include_str!("methods.json")).unwrap();
    let facts = &facts["methods"][method];
    assert!(facts.is_object(), "{method} is not a method that VK has");
    let known = facts["parameters"].as_object().unwrap();
    for (name, fact) in known {
        let required = fact["required"].as_bool().unwrap_or_default();
        assert!(!required || sent.contains_key(name), "{method} needs {name}");
    }
    for (name, value) in sent {
        let fact = known.get(name).unwrap_or_else(|| panic!("{method} has no {name}"));
        value_must_fit(&format!("{method}.{name}"), value, fact);
    }
}

pub(crate) fn value_must_fit(place: &str, value: &str, fact: &Value) {
    let items: Vec<_> =
        if fact["type"] == "array" { value.split(',').collect() } else { vec![value] };
    assert!(items.len() as u64 <= fact["most"].as_u64().unwrap_or(u64::MAX), "{place}");
    let length = value.chars().count() as u64;
    assert!(length >= fact["shortest"].as_u64().unwrap_or(0), "{place}");
    assert!(length <= fact["longest"].as_u64().unwrap_or(u64::MAX), "{place}");
    for item in items {
        match fact["type"].as_str().unwrap() {
            "integer" | "array" => {
                let number: i64 = item.parse().unwrap_or_else(|_| panic!("{place}: {item}"));
                assert!(number >= fact["minimum"].as_i64().unwrap_or(i64::MIN), "{place}: {item}");
                assert!(number <= fact["maximum"].as_i64().unwrap_or(i64::MAX), "{place}: {item}");
            }
            "boolean" => assert!(matches!(item, "0" | "1"), "{place}: {item}"),
            _ => {}
        }
    }
    if let Some(values) = fact["values"].as_array() {
        assert!(values.contains(&json!(value)), "{place}: {value}");
    }
}

/// The calls of `return [API.a({…}),…];`.
pub(crate) fn script(code: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut rest = code.strip_prefix("return [").unwrap().strip_suffix("];").unwrap();
    let mut calls = Vec::new();
    while !rest.is_empty() {
        let (method, tail) = rest.strip_prefix("API.").unwrap().split_once('(').unwrap();
        let mut values = serde_json::Deserializer::from_str(tail).into_iter::<Value>();
        let parameters = values.next().unwrap().unwrap();
        let after = tail[values.byte_offset()..].strip_prefix(')').unwrap();
        rest = after.strip_prefix(',').unwrap_or(after);
        let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let pairs = parameters.as_object().unwrap().iter();
        calls.push((method.to_owned(), pairs.map(|(k, v)| (k.clone(), text(v))).collect()));
    }
    calls
}
