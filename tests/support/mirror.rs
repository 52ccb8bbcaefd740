//! A server between the library and the sandbox's MAX that changes answers on their way back: for
//! what MAX is said to answer and the sandbox never does.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::support::{Messenger, agent};

/// Changes the good answer to a request, `GET /chats/-71000000000002`.
type Change = Box<dyn Fn(&str, &mut Value) + Send>;

/// What is changed at the moment.
pub(crate) struct Mirror(Arc<Mutex<Option<Change>>>);

impl Mirror {
    /// Stands before the messenger's MAX from now on, and changes nothing yet.
    pub(crate) fn before(messenger: &mut Messenger) -> Mirror {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let behind = std::mem::replace(&mut messenger.max_address, address);
        let change = Arc::new(Mutex::new(None));
        let shared = change.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, shared) = (behind.clone(), shared.clone());
                std::thread::spawn(move || serve(&stream, &behind, &shared));
            }
        });
        Mirror(change)
    }

    /// Changes answers so, and no longer otherwise.
    pub(crate) fn changes(&self, how: impl Fn(&str, &mut Value) + Send + 'static) {
        *self.0.lock().expect("nobody panicked") = Some(Box::new(how));
    }

    /// Passes everything on as it is.
    pub(crate) fn is_clear(&self) {
        *self.0.lock().expect("nobody panicked") = None;
    }
}

fn serve(stream: &TcpStream, behind: &str, change: &Mutex<Option<Change>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let agent = agent();
    loop {
        let (verb, target, token, body) = request(&mut reader)?;
        let asked = ureq::http::Request::builder()
            .method(verb.as_str())
            .uri(format!("{behind}{target}"))
            .header("Authorization", token)
            .body(body)
            .ok()?;
        let asked = agent.configure_request(asked).allow_non_standard_methods(true).build();
        let mut answer = agent.run(asked).ok()?;
        let status = answer.status().as_u16();
        let mut text = answer.body_mut().read_to_string().ok()?;
        if let Some(change) = &*change.lock().ok()?
            && status == 200
        {
            let mut value = serde_json::from_str(&text).ok()?;
            let path = target.split('?').next().unwrap_or_default();
            change(&format!("{verb} {path}"), &mut value);
            text = value.to_string();
        }
        let head = format!(
            "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        (&*stream).write_all((head + &text).as_bytes()).ok()?;
    }
}

/// The next request: its verb, its path with the query, its token and its body; `None` at the end
/// of the connection.
fn request(reader: &mut impl BufRead) -> Option<(String, String, String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (verb, target) = (words.next()?, words.next()?);
    let (mut token, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "authorization" => value.clone_into(&mut token),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((verb, target, token, String::from_utf8(body).ok()?))
}
