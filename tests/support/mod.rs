//! The sandbox messenger as a test has it: a process of its own that ends with the test.
#![allow(dead_code, reason = "each file of tests needs its own part of this")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running sandbox.
pub(crate) struct Messenger {
    pub(crate) address: String,
    pub(crate) token: String,
    pub(crate) community: i64,
    child: Child,
    agent: ureq::Agent,
}

impl Messenger {
    /// Starts a sandbox on a free port without a rate limit, with further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Messenger {
        let mut child = Command::new(env!("CARGO_BIN_EXE_zvonok"))
            .args(["sandbox", "--until-eof"])
            .args(if arguments.contains(&"--rate") { &[][..] } else { &["--rate", "0"] })
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is a pipe");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let hello: Value = serde_json::from_str(&line).expect("in JSON");
        let word = |name: &str| hello[name].as_str().expect(name).to_owned();
        Messenger {
            address: word("address"),
            token: word("token"),
            community: word("community").parse().expect("a number"),
            child,
            agent: agent(),
        }
    }

    /// Calls a VK method and returns the whole envelope.
    pub(crate) fn vk(&self, method: &str, params: &[(&str, &str)]) -> Value {
        let text = self.vk_text(method, params).expect("an answer");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("JSON, not {text}"))
    }

    /// Calls a VK method that must succeed and returns its response.
    pub(crate) fn ok(&self, method: &str, params: &[(&str, &str)]) -> Value {
        let mut envelope = self.vk(method, params);
        assert!(envelope.get("error").is_none(), "{method}: {envelope}");
        envelope["response"].take()
    }

    /// Calls a VK method that must fail and returns the error's code.
    pub(crate) fn code(&self, method: &str, params: &[(&str, &str)]) -> i64 {
        let envelope = self.vk(method, params);
        envelope["error"]["error_code"].as_i64().unwrap_or_else(|| panic!("{method}: {envelope}"))
    }

    /// Calls a VK method and returns the body as it came, or why it did not.
    pub(crate) fn vk_text(
        &self,
        method: &str,
        params: &[(&str, &str)],
    ) -> Result<String, ureq::Error> {
        let version = [("v", "5.199")];
        let has_version = params.iter().any(|(name, _)| *name == "v");
        let form = version.iter().filter(|_| !has_version).chain(params).copied();
        let request = self.agent.post(format!("{}/method/{method}", self.address));
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        request.send_form(form)?.body_mut().read_to_string()
    }

    /// Sends an order to the control interface; the status and the answer.
    pub(crate) fn order(&self, path: &str, order: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("{}/sandbox/{path}", self.address));
        let request = request.header("Content-Type", "application/json");
        read(request.send(order.to_string()).expect("an answer"))
    }

    /// Sends an order that must be obeyed.
    pub(crate) fn does(&self, path: &str, order: Value) -> Value {
        let (status, answer) = self.order(path, &order);
        assert_eq!(status, 200, "{path} {order}: {answer}");
        answer
    }

    pub(crate) fn look(&self, path: &str) -> Value {
        let answer = self.agent.get(format!("{}/sandbox/{path}", self.address)).call();
        read(answer.expect("an answer")).1
    }

    pub(crate) fn clear_faults(&self) {
        let address = format!("{}/sandbox/faults", self.address);
        self.agent.delete(address).call().expect("an answer");
    }

    /// Makes a chat and returns its number and its peer id as text.
    pub(crate) fn chat(&self, title: &str) -> (i64, String) {
        let made = self.ok("messages.createChat", &[("title", title)]);
        let id = made["chat_id"].as_i64().expect("a number");
        (id, (2_000_000_000 + id).to_string())
    }

    /// Ends the sandbox as a power cut would.
    pub(crate) fn cut_power(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Messenger {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        for _ in 0..500 {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // It did not end by itself; the test that looks for that fails, and no process stays.
        let _ = self.child.kill();
    }
}

/// A client that tells statuses instead of failing on them.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .proxy(None);
    config.build().new_agent()
}

pub(crate) fn read(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
