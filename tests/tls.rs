//! Certificates: the public roots, and one file of the school's own beside them.

#[path = "support/ministry.rs"]
mod ministry;

use std::path::PathBuf;
use std::time::Duration;

use ministry::Ministry;
use zvonok::platform::{Access, Class, Kind, driver};
use zvonok::secret::Secret;
use zvonok::stop::Stop;

/// What VK answers to a connect.
fn connect(request: &[u8]) -> Vec<u8> {
    let permissions = String::from_utf8_lossy(request).contains("groups.getTokenPermissions");
    let body = match permissions {
        true => r#"{"response":{"mask":4096,"permissions":[{"name":"messages","setting":4096}]}}"#,
        false => r#"{"response":{"groups":[{"id":42,"name":"Школа"}],"profiles":[]}}"#,
    };
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn access(ministry: &Ministry, ca_file: Option<PathBuf>) -> Access {
    Access {
        base_url: ministry.address.clone(),
        token: Secret::new("a-token"),
        community: "42".to_owned(),
        requests_per_second: 20,
        proxy: None,
        ca_file,
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(5),
    }
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let ministry = Ministry::open(connect);
    let vk = driver(Kind::Vk, access(&ministry, None)).expect("a driver");
    let failure = vk.connect(&Stop::never()).expect_err("nobody trusts it");
    assert_eq!((failure.class, failure.code.as_str()), (Class::Unreachable, "http.tls"));
}

#[test]
fn the_extra_file_is_trusted_beside_the_public_roots() {
    let ministry = Ministry::open(connect);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, &ministry.root.0).expect("a file");
    let vk = driver(Kind::Vk, access(&ministry, Some(file))).expect("a driver");
    assert_eq!(vk.connect(&Stop::never()).expect("it is trusted").own_account, "-42");
}

#[test]
fn a_file_without_a_certificate_is_told_when_the_session_is_opened() {
    let ministry = Ministry::open(connect);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("root.pem");
    std::fs::write(&file, "not a certificate").expect("a file");
    let error = driver(Kind::Vk, access(&ministry, Some(file))).err().expect("a refusal");
    assert!(error.to_string().contains("root.pem"), "{error}");
}
