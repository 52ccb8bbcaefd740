//! An address where nobody answers.

use std::net::{SocketAddr, TcpListener, TcpStream};

/// An address of this machine that refuses every connection as long as this value lives: the near
/// end of a connection of its own. A port that was only found free may be somebody else's a moment
/// later.
pub(crate) struct Refusing {
    address: SocketAddr,
    _held: (TcpListener, TcpStream),
}

impl Refusing {
    pub(crate) fn new() -> Refusing {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("it")).expect("a connection");
        Refusing { address: near.local_addr().expect("its near end"), _held: (listener, near) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
