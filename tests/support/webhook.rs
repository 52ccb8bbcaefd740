//! The other end of a webhook, on this machine.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// A webhook's other end: answers with the statuses it was given, then with 200, and passes on the
/// secret and the update of every request.
pub(crate) fn webhook(mut statuses: Vec<u16>) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, hears) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = read_request(&stream);
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n");
            write!(stream, "{head}Content-Length: 0\r\n\r\n").unwrap();
            if heard.send(request).is_err() {
                return;
            }
        }
    });
    (url, hears)
}

fn read_request(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let secret = headers.remove("x-max-bot-api-secret").unwrap_or_default();
    (secret, serde_json::from_slice(&body).unwrap())
}

/// The next one within ten seconds.
pub(crate) fn next(hears: &Receiver<(String, Value)>) -> (String, Value) {
    hears.recv_timeout(Duration::from_secs(10)).expect("an update")
}
