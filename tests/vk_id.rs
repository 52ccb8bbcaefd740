//! A person proves a VK account by VK ID: the code of a browser becomes a link and a place in chats.
#![cfg(feature = "cli")]

#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/refusing.rs"]
mod refusing;
#[path = "support/rig.rs"]
mod rig;
mod support;
#[allow(dead_code, reason = "each file of tests needs its own part of this")]
#[path = "support/tiny.rs"]
mod tiny;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use zvonok::error::{Code, Error};

use crate::refusing::Refusing;
use crate::rig::{Rig, at, count};
use crate::support::{agent, read};
use crate::tiny::{row, tiny};

const PARENTS: &str = "7А - Родительский чат";
const CLIENT: &str = "51000001";
const BACK: &str = "https://school.example/vk";

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The tiny school after its first cycle; `parent-301` has no account.
struct Place {
    rig: Rig,
}

impl Place {
    fn new() -> Place {
        let mut place = Place::without_vk_id(Rig::new());
        place.set_up("");
        place
    }

    fn without_vk_id(mut rig: Rig) -> Place {
        let mut roster = tiny();
        row(&mut roster, "users", "parent-301")["userIds"] = json!([]);
        rig.expect(Code::Ok, &roster, &at(1, "09:00"));
        Place { rig }
    }

    /// Configures VK ID at this address, or the sandbox's.
    fn set_up(&mut self, base_url: &str) {
        let ours = format!("{}/vkid", self.rig.messenger.address);
        let base_url = if base_url.is_empty() { &ours } else { base_url };
        let vk_id = json!({"client_id": CLIENT, "redirect_uri": BACK, "base_url": base_url});
        self.rig.set("/platform/vk_id", vk_id);
    }

    /// What a person's browser brings back.
    fn code(&self, user: i64) -> Value {
        self.code_for(json!({"user": user}))
    }

    fn code_for(&self, change: Value) -> Value {
        let mut order =
            json!({"client_id": CLIENT, "redirect_uri": BACK, "code_challenge": CHALLENGE});
        let order_fields = order.as_object_mut().unwrap();
        order_fields.extend(change.as_object().unwrap().clone());
        let mut code = self.rig.messenger.does("vkid/code", order);
        code["code_verifier"] = json!(VERIFIER);
        code
    }

    fn ask(&self, method: &str, params: Value) -> Result<(Code, Value), Error> {
        let mut session = self.rig.open().expect("a session");
        let request = json!({"method": method, "params": params, "now": at(1, "10:00")});
        let (code, mut reply) = session.request(&request.to_string())?;
        Ok((code, reply["result"].take()))
    }

    fn show(&self, code: &Value) -> Result<(Code, Value), Error> {
        self.ask("accounts.verify", json!({"person": "parent-301", "vk_code": code}))
    }

    fn good(&self, code: &Value) -> Value {
        let (outcome, told) = self.show(code).expect("an answer");
        assert_eq!(outcome, Code::Ok, "{told:#}");
        self.hides(code, &told.to_string());
        told
    }

    /// A proof that must be refused, with nothing linked and nothing secret told.
    fn bad(&self, code: &Value) -> Error {
        let error = self.show(code).expect_err("a refusal");
        self.hides(code, &format!("{error:?} {}", error.to_json()));
        assert_eq!(self.links(), 0);
        error
    }

    fn bad_as(&self, code: &Value, kind: &str) -> Error {
        let error = self.bad(code);
        assert_eq!((error.code, error.faults[0].code.as_str()), (Code::Request, kind), "{error:?}");
        error
    }

    /// Neither the reply nor the log nor the state file has anything that opens an account.
    fn hides(&self, code: &Value, reply: &str) {
        let mut places = vec![reply.to_owned(), self.rig.log.lock().unwrap().clone()];
        for name in ["zvonok.db", "zvonok.db-wal"] {
            let bytes = std::fs::read(self.rig.folder.path().join(name)).unwrap_or_default();
            places.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        let parts = code.as_object().into_iter().flatten().filter_map(|(_, part)| part.as_str());
        let secrets = parts.chain(["vk2.a.", "sandbox-id-"]).filter(|secret| secret.len() > 3);
        for secret in secrets {
            assert!(places.iter().all(|place| !place.contains(secret)), "{secret} is told");
        }
    }

    fn links(&self) -> i64 {
        count(&self.rig.state_file(), "SELECT count(*) FROM links")
    }

    /// How often VK ID was asked.
    fn exchanges(&self) -> u64 {
        self.rig.messenger.look("counters")["by_method"]["oauth2/auth"].as_u64().unwrap_or(0)
    }

    fn is_parent(&self, account: i64) -> bool {
        let world = self.rig.world();
        let (_, members) = world.iter().find(|(title, _)| title == PARENTS).expect("the chat");
        members.iter().any(|(id, _)| *id == account)
    }
}

#[test]
fn a_good_proof_links_the_account_and_brings_the_person_in() {
    let place = Place::new();
    let told = place.good(&place.code(5301));
    assert_eq!((&told["account"], &told["proof"]), (&json!("5301"), &json!("vk.id")));
    assert_eq!((&told["platform"], &told["pending"]), (&json!("vk"), &json!(false)));
    assert_eq!(told["done"], json!({"add_member": 1}));
    assert!(place.is_parent(5301));
    assert_eq!(place.links(), 1, "the state file was looked into");
    let (_, status) = place.ask("accounts.status", json!({"person": "parent-301"})).unwrap();
    assert_eq!(status["accounts"][0]["proof"], "vk.id");
    assert_eq!(status["history"][0]["account"], "5301");
}

#[test]
fn where_nobody_can_be_added_the_person_is_invited() {
    let mut place = Place::without_vk_id(Rig::with(&[]));
    place.set_up("");
    let told = place.good(&place.code(5301));
    let chats = told["chats"].as_array().expect("a list");
    let parents = chats.iter().find(|chat| chat["chat"] == "parents:7a").expect("the chat");
    assert_eq!((&parents["state"], &parents["may_join"]), (&json!("invited"), &json!(true)));
    let link = &parents["link"];
    place.rig.messenger.does("join", json!({"link": link, "user": 5301}));
    assert!(place.is_parent(5301));
}

#[test]
fn the_way_of_a_browser_ends_in_a_link() {
    let place = Place::new();
    let address = format!(
        "{}/vkid/authorize?response_type=code&client_id={CLIENT}&state=s%26t&user=5301\
         &redirect_uri=https%3A%2F%2Fschool.example%2Fvk&code_challenge={CHALLENGE}\
         &code_challenge_method=s256",
        place.rig.messenger.address
    );
    let config = ureq::Agent::config_builder().max_redirects(0).max_redirects_will_error(false);
    let config = config.http_status_as_error(false);
    let browser = config.build().new_agent();
    let sent_back = browser.get(&address).call().expect("an answer");
    assert_eq!(sent_back.status(), 302);
    let target = sent_back.headers()["location"].to_str().unwrap();
    let query = target.strip_prefix("https://school.example/vk?").expect("the host's page");
    let field = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("{name} in {query}")).1
    };
    assert_eq!(field("state"), "s%26t");
    let code = json!({"code": field("code"), "device_id": field("device_id"),
        "code_verifier": VERIFIER, "state": "s&t"});
    assert_eq!(place.good(&code)["account"], "5301");
    let plain = address.replace("=s256", "=plain");
    let (status, answer) = read(browser.get(&plain).call().expect("an answer"));
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[test]
fn a_wrong_verifier_device_application_or_address_proves_nothing() {
    let place = Place::new();
    let wrong = |key: &str, value: &str| {
        let mut code = place.code(5301);
        code[key] = json!(value);
        place.bad_as(&code, "request.proof_refused")
    };
    let error = wrong("code_verifier", &VERIFIER.replace('d', "e"));
    assert!(error.message.en.contains("verifier is missing or invalid"), "{error:?}");
    assert!(error.message.ru.contains("подтвердить учётную запись заново"), "{error:?}");
    assert_eq!(error.faults[0].at, "params.vk_code");
    wrong("code_verifier", "short");
    let error = wrong("device_id", "another-device-entirely");
    assert!(error.message.en.contains("device_id"), "{error:?}");
    wrong("code", "vk2.a.made-up-by-somebody");

    let elsewhere =
        place.code_for(json!({"user": 5301, "redirect_uri": "https://elsewhere.example"}));
    place.bad_as(&elsewhere, "request.proof_refused");
    let foreign = place.code_for(json!({"user": 5301, "client_id": "52000002"}));
    assert_eq!(place.bad(&foreign).code, Code::Config, "VK ID speaks of the application");
    let late = place.code_for(json!({"user": 5301, "expires_in": 0}));
    place.bad_as(&late, "request.proof_refused");
    assert!(!place.is_parent(5301));
}

#[test]
fn a_code_is_good_for_one_time() {
    let place = Place::new();
    let code = place.code(5301);
    place.good(&code);
    let error = place.show(&code).expect_err("it was used");
    assert_eq!(error.faults[0].code, "request.proof_refused");
    place.hides(&code, &format!("{error:?}"));
    // Wrong once is used as well: nobody may try verifiers one after another.
    let mut code = place.code(5302);
    code["code_verifier"] = json!(CHALLENGE);
    place.show(&code).expect_err("a wrong verifier");
    code["code_verifier"] = json!(VERIFIER);
    place.show(&code).expect_err("the right one too late");
    assert_eq!(place.links(), 1);
}

#[test]
fn a_request_that_cannot_be_carried_out_uses_up_no_code() {
    let place = Place::new();
    let code = place.code(5301);
    let nobody = json!({"person": "nobody", "vk_code": code});
    let error = place.ask("accounts.verify", nobody).expect_err("nobody");
    assert_eq!((error.code, place.exchanges()), (Code::Request, 0), "{error:?}");
    place.hides(&code, &format!("{error:?}"));
    place.good(&code);
}

#[test]
fn the_application_is_that_of_the_configuration_only() {
    let place = Place::without_vk_id(Rig::new());
    let error = place.bad_as(&place.code(5301), "request.no_vk_id");
    assert!(error.message.ru.contains("client_id"), "{error:?}");
    assert!(error.message.en.contains("redirect_uri"), "{error:?}");
    let place = Place::new();
    for key in ["client_id", "redirect_uri"] {
        let mut code = place.code(5301);
        code[key] = json!("52000002");
        let error = place.bad_as(&code, "request.unknown_key");
        assert_eq!(error.faults[0].at, format!("params.vk_code.{key}"));
    }
    assert_eq!(place.exchanges(), 0);
}

#[test]
fn the_application_of_the_platform_before_the_move_is_good_as_well() {
    let mut place = Place::new();
    let vk = place.rig.config["platform"].clone();
    let max = json!({"kind": "max", "token": place.rig.messenger.max_token,
        "base_url": place.rig.messenger.max_address});
    place.rig.set("/previous_platform", vk);
    place.rig.set("/platform", max);
    let code = place.code(5301);
    let (_, told) = place.show(&code).expect("a link");
    assert_eq!((&told["account"], &told["platform"]), (&json!("5301"), &json!("vk")));
    assert_eq!((&told["proof"], place.links()), (&json!("vk.id"), 1));
    place.hides(&code, &told.to_string());
    // Of MAX it means nothing.
    let vk_id = place.rig.config["previous_platform"]["vk_id"].take();
    place.rig.set("/platform/vk_id", vk_id);
    let error = place.show(&place.code(5302)).expect_err("no VK ID");
    assert_eq!(error.faults[0].code, "request.no_vk_id");
}

#[test]
fn a_vk_id_that_cannot_be_reached_leaves_the_code_good() {
    let mut place = Place::new();
    let code = place.code(5301);
    let closed = Refusing::new();
    place.set_up(&closed.url());
    let error = place.bad(&code);
    assert_eq!((error.code, error.code.retryable()), (Code::Platform, true), "{error:?}");
    assert!(error.message.ru.contains("VK ID"), "{error:?}");
    place.set_up("");
    place.good(&code);
}

#[test]
fn a_cancel_ends_the_wait_for_vk_id_and_the_next_request_is_free_of_it() {
    let mut place = Place::new();
    let code = place.code(5301);
    let closed = Refusing::new();
    place.set_up(&closed.url());
    let mut session = place.rig.open().expect("a session");
    session.canceller().cancel();
    let request = |method: &str, params: Value| {
        json!({"method": method, "params": params, "now": at(1, "10:00")}).to_string()
    };
    let verify =
        request("accounts.verify", json!({"person": "parent-301", "vk_code": code.clone()}));
    let error = session.request(&verify).expect_err("cancelled");
    assert_eq!(error.code, Code::Cancelled, "{error:?}");
    assert_eq!(place.links(), 0);
    let params = json!({"person": "parent-301", "platform": "vk", "account": "5301"});
    let (outcome, _) = session.request(&request("accounts.link", params)).expect("a link");
    assert_eq!(outcome, Code::Ok);
}

#[test]
fn a_vk_id_that_is_busy_is_told_as_passing_and_a_refused_application_as_configuration() {
    let place = Place::new();
    let told = |word: &str| {
        let matching = json!({"method": "oauth2/auth", "nth": 1});
        place.rig.fault(matching, json!({"do": "error", "code": word, "status": 400}));
        let code = place.code(5301);
        let error = place.bad(&code);
        place.rig.messenger.clear_faults();
        error
    };
    let busy = told("temporarily_unavailable");
    assert_eq!(busy.code, Code::Platform, "{busy:?}");
    assert!(busy.message.en.contains("vk_id.temporarily_unavailable"), "{busy:?}");
    let refused = told("invalid_client");
    assert_eq!((refused.code, refused.faults[0].at.as_str()), (Code::Config, "platform.vk_id"));
    assert_eq!(place.exchanges(), 2, "nothing that was sent is repeated");
}

#[test]
fn a_lost_answer_is_told_as_such_and_never_asked_for_again() {
    let place = Place::new();
    let ways = [
        json!({"do": "drop_before"}),
        json!({"do": "drop_after"}),
        json!({"do": "truncate"}),
        json!({"do": "http_500", "applied": true}),
        json!({"do": "html", "applied": true}),
    ];
    for (n, way) in ways.into_iter().enumerate() {
        place.rig.fault(json!({"method": "oauth2/auth", "nth": 1}), way.clone());
        let error = place.bad_as(&place.code(5301), "request.proof_lost");
        assert!(error.message.ru.contains("ничего не привязано"), "{error:?}");
        assert_eq!(place.exchanges(), n as u64 + 1, "{way}");
        place.rig.messenger.clear_faults();
    }
    assert!(!place.is_parent(5301));
}

#[test]
fn what_is_not_understood_is_told_without_being_shown() {
    let place = Place::new();
    let code = place.code(5301);
    let bare = place.bad(&code["code"]);
    assert_eq!(bare.faults[0].at, "params.vk_code");
    assert!(!format!("{bare:?}").contains(code["code"].as_str().unwrap()));
    for key in ["code", "code_verifier", "device_id"] {
        for value in [json!(null), json!(""), json!(123_456_789), json!(["secret-in-a-list"])] {
            let mut wrong = code.clone();
            wrong[key] = value.clone();
            let error = place.bad(&wrong);
            assert_eq!(error.faults.len(), 1, "{key} {value}: {error:?}");
            assert_eq!(error.faults[0].at, format!("params.vk_code.{key}"));
            let told = format!("{error:?}");
            assert!(!told.contains("123456789") && !told.contains("secret-in-a-list"), "{told}");
        }
    }
    let ask = |params: Value| place.ask("accounts.verify", params).expect_err("a refusal");
    let params = json!({"person": "parent-301", "platform": "max", "vk_code": code});
    assert_eq!(ask(params).faults[0].at, "params.platform");
    let params = json!({"person": "parent-301", "init_data": "a=1", "vk_code": code});
    assert_eq!(ask(params).faults[0].code, "request.no_proof");
    assert_eq!(place.exchanges(), 0);
    let params = json!({"person": "parent-301", "platform": "vk", "vk_code": code});
    assert_eq!(place.ask("accounts.verify", params).expect("a link").0, Code::Ok);
}

/// A server that takes one request and gives this answer; the request.
fn once(answer: &str) -> (String, JoinHandle<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("it"));
    let length = answer.len();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{answer}");
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).expect("a head") > 0);
        }
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1).expect("a length");
        let length = length.lines().next().unwrap().trim().parse().expect("a number");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("a body");
        stream.get_mut().write_all(answer.as_bytes()).expect("sent");
        (head, String::from_utf8(body).expect("text"))
    });
    (address, served)
}

#[test]
fn vk_id_is_sent_a_form_and_never_the_community_s_key() {
    let mut place = Place::new();
    let (address, served) = once(r#"{"user_id": "5301", "access_token": "vk2.a.of-somebody"}"#);
    place.set_up(&format!("{address}/"));
    let code = json!({"code": "vk2.a.code", "code_verifier": VERIFIER, "device_id": "device-1",
        "state": "state-1"});
    assert_eq!(place.good(&code)["account"], "5301", "an id as text");
    let (head, body) = served.join().expect("it was asked");
    assert!(head.starts_with("POST /oauth2/auth HTTP/1.1\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    assert!(!(head + &body).contains(&place.rig.messenger.token));
    let mut fields: Vec<&str> = body.split('&').collect();
    fields.sort_unstable();
    let verifier = format!("code_verifier={VERIFIER}");
    let wanted = [
        "client_id=51000001",
        "code=vk2.a.code",
        &verifier,
        "device_id=device-1",
        "grant_type=authorization_code",
        "redirect_uri=https%3A%2F%2Fschool.example%2Fvk",
        "state=state-1",
    ];
    assert_eq!(fields, wanted);
}

#[test]
fn an_answer_with_another_state_links_nothing() {
    let mut place = Place::new();
    let (address, served) = once(r#"{"user_id": 5301, "state": "state-of-another"}"#);
    place.set_up(&address);
    let code = json!({"code": "vk2.a.code", "code_verifier": VERIFIER, "device_id": "device-1",
        "state": "state-of-ours"});
    place.bad_as(&code, "request.proof_refused");
    served.join().expect("it was asked");
}

#[test]
fn vk_id_is_reached_through_the_proxy_of_the_configuration() {
    let mut place = Place::new();
    let sandbox = place.rig.messenger.address.trim_start_matches("http://").to_owned();
    let proxy = proxy::proxy(&sandbox, None);
    place.rig.config["proxy"] = json!({"server": "127.0.0.1", "port": proxy.port});
    let port = sandbox.rsplit(':').next().unwrap().to_owned();
    place.set_up(&format!("http://localhost:{port}/vkid"));
    place.good(&place.code(5301));
    let heads = proxy.heads.lock().unwrap();
    let asked = format!("CONNECT localhost:{port}");
    assert!(heads.iter().any(|head| head.starts_with(&asked)), "{heads:?}");
}

#[test]
fn the_sandbox_s_own_log_has_neither_code_nor_verifier() {
    let place = Place::new();
    let code = place.code(5301);
    place.good(&code);
    let log = place.rig.messenger.look("requests").to_string();
    assert!(log.contains("oauth2/auth") && log.contains(CLIENT));
    assert!(!log.contains(code["code"].as_str().unwrap()) && !log.contains(VERIFIER));
    let url = format!("{}/vkid/oauth2/auth", place.rig.messenger.address);
    let form = [("grant_type", "refresh_token"), ("state", "s")];
    let (status, answer) = read(agent().post(url).send_form(form).expect("an answer"));
    assert_eq!((status, &answer["error"]), (200, &json!("unsupported_grant_type")));
    assert_eq!(answer["state"], "s");
}
