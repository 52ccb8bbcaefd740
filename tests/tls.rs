//! Certificates: the public roots, and one file of the school's own beside them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use zvonok::platform::{Access, Class, Kind, driver};
use zvonok::secret::Secret;
use zvonok::stop::Stop;

/// An authority of the test's own, and a server with its certificate that answers as VK does to a
/// connect.
struct Ministry {
    address: String,
    root: String,
}

impl Ministry {
    fn open() -> Ministry {
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
        std::thread::spawn(move || serve(&listener, &Arc::new(config)));
        Ministry { address, root: issuer.pem() }
    }

    fn access(&self, ca_file: Option<PathBuf>) -> Access {
        Access {
            base_url: self.address.clone(),
            token: Secret::new("a-token"),
            community: "42".to_owned(),
            requests_per_second: 20,
            proxy: None,
            ca_file,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
        }
    }
}

/// Answers until the test's process ends.
fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    for stream in listener.incoming().flatten() {
        let connection = ServerConnection::new(config.clone()).expect("a connection");
        let mut stream = BufReader::new(StreamOwned::new(connection, stream));
        while let Some(path) = request(&mut stream) {
            let body = match path.ends_with("groups.getTokenPermissions") {
                true => {
                    r#"{"response":{"mask":4096,"permissions":[{"name":"messages","setting":4096}]}}"#
                }
                false => r#"{"response":{"groups":[{"id":42,"name":"Школа"}],"profiles":[]}}"#,
            };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            if stream.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() {
                break;
            }
        }
    }
}

/// Reads one request; `None` where the client has hung up, or never trusted the certificate.
fn request(stream: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    std::io::copy(&mut stream.take(length), &mut std::io::sink()).ok()?;
    Some(path)
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let ministry = Ministry::open();
    let vk = driver(Kind::Vk, ministry.access(None)).expect("a driver");
    let failure = vk.connect(&Stop::never()).expect_err("nobody trusts it");
    assert_eq!((failure.class, failure.code.as_str()), (Class::Unreachable, "http.tls"));
}

#[test]
fn the_extra_file_is_trusted_beside_the_public_roots() {
    let ministry = Ministry::open();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, &ministry.root).expect("a file");
    let vk = driver(Kind::Vk, ministry.access(Some(file))).expect("a driver");
    assert_eq!(vk.connect(&Stop::never()).expect("it is trusted").own_account, "-42");
}

#[test]
fn a_file_without_a_certificate_is_told_when_the_session_is_opened() {
    let ministry = Ministry::open();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, "not a certificate").expect("a file");
    let error = driver(Kind::Vk, ministry.access(Some(file))).err().expect("a refusal");
    assert!(error.to_string().contains("root.pem"), "{error}");
}
