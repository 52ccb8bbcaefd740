//! An HTTP proxy that leads everywhere to one place and remembers what it was asked.

use std::io::{BufRead, BufReader, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

/// The proxy's port and the heads of the requests that came to it.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    pub(crate) heads: Arc<Mutex<Vec<String>>>,
}

/// Starts a proxy that connects everybody to `address` (`127.0.0.1:5000`); with a login it refuses
/// who does not give it (in base64, as the header has it).
pub(crate) fn proxy(address: &str, login: Option<&'static str>) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let (kept, address) = (heads.clone(), address.to_owned());
    spawn(move || {
        for client in listener.incoming().flatten() {
            let (kept, address) = (kept.clone(), address.clone());
            spawn(move || serve(client, &address, login, &kept));
        }
    });
    Proxy { port, heads }
}

fn serve(client: TcpStream, address: &str, login: Option<&str>, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    heads.lock().unwrap().push(head.clone());
    let mut client = client;
    if !head.starts_with("CONNECT ") || !login.is_none_or(|login| head.contains(login)) {
        let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
    }
    let Ok(mut server) = TcpStream::connect(address) else { return };
    let _ = client.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
    spawn(move || {
        let _ = copy(&mut back.0, &mut back.1);
        let _ = back.1.shutdown(Shutdown::Both);
    });
    let _ = copy(&mut reader, &mut server);
    let _ = server.shutdown(Shutdown::Both);
}
