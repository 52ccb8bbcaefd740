//! A server whose certificate comes from an authority of the test's own, as that of a ministry.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What one request was answered with, from its first line to its end, by the request as it came.
pub(crate) type Answer = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

/// The authority and its server, which answers until the test's process ends.
pub(crate) struct Ministry {
    pub(crate) address: String,
    /// The authority's certificate in PEM and in DER.
    pub(crate) root: (String, Vec<u8>),
}

impl Ministry {
    pub(crate) fn open(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Ministry {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned()];
        let leaf = CertificateParams::new(names).expect("a name").signed_by(&key, &issuer);
        let chain = vec![leaf.expect("a certificate").der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate with its key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("https://localhost:{}", listener.local_addr().expect("it").port());
        let (config, answer): (_, Arc<Answer>) = (Arc::new(config), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = ServerConnection::new(config.clone()).expect("a connection");
                let answer = answer.clone();
                std::thread::spawn(move || serve(StreamOwned::new(connection, stream), &*answer));
            }
        });
        Ministry { address, root: (issuer.pem(), issuer.der().to_vec()) }
    }
}

fn serve(stream: impl Read + Write, answer: &Answer) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = request(&mut stream) {
        if stream.get_mut().write_all(&answer(&request)).is_err() {
            break;
        }
    }
}

/// Reads one request; `None` where the client has hung up, or never trusted the certificate.
fn request(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let (mut whole, mut length) = (Vec::new(), 0);
    loop {
        let before = whole.len();
        stream.read_until(b'\n', &mut whole).ok().filter(|read| *read > 0)?;
        let line = String::from_utf8_lossy(&whole[before..]).trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    stream.take(length).read_to_end(&mut whole).ok()?;
    Some(whole)
}
