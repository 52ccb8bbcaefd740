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
    /// Where MAX's interface begins, its token and its bot.
    pub(crate) max_address: String,
    pub(crate) max_token: String,
    pub(crate) bot: i64,
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
            max_address: hello["max"]["address"].as_str().expect("an address").to_owned(),
            max_token: hello["max"]["token"].as_str().expect("a token").to_owned(),
            bot: hello["max"]["bot"]["user_id"].as_i64().expect("a number"),
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

    /// Starts a sandbox whose MAX has no rate limit either.
    pub(crate) fn start_max() -> Messenger {
        Messenger::start(&["--max-rate", "0", "--max-chat-rate", "0"])
    }

    /// Sends a MAX request, `PATCH` and a path from the root; null is no body.
    pub(crate) fn max_text(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, String), ureq::Error> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.max_address))
            .header("Authorization", &self.max_token);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.body(body).expect("a request");
        let request = self.agent.configure_request(request).allow_non_standard_methods(true);
        let mut response = self.agent.run(request.build())?;
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    }

    /// The same, read as JSON.
    pub(crate) fn max(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, text) = self.max_text(method, path, &body).expect("an answer");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A MAX request that must succeed; its answer.
    pub(crate) fn max_ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.max(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        assert_ne!(answer["success"], false, "{method} {path}: {answer}");
        answer
    }

    /// A MAX request that must fail; its status and its code, `refused` where it says so itself.
    pub(crate) fn max_error(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.max(method, path, body);
        if status == 200 {
            assert_eq!(answer["success"], false, "{method} {path}: {answer}");
            assert!(!answer["message"].as_str().expect("a reason").is_empty());
            return (200, "refused".to_owned());
        }
        (status, answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned())
    }

    /// A MAX group of this owner in which the bot has every right.
    pub(crate) fn max_group(&self, title: &str, owner: i64) -> i64 {
        let made = self.does("max/create", serde_json::json!({"title": title, "owner": owner}));
        let id = made["chat_id"].as_i64().expect("a number");
        self.does("max/add", serde_json::json!({"chat_id": id}));
        self.does("max/admin", serde_json::json!({"chat_id": id}));
        id
    }

    /// The updates that wait for the bot, acknowledged.
    pub(crate) fn max_updates(&self) -> Vec<Value> {
        let path = "/updates?timeout=0";
        let answer = self.max_ok("GET", path, Value::Null);
        let path = format!("{path}&marker={}", answer["marker"]);
        let none = self.max_ok("GET", &path, Value::Null);
        assert_eq!(none["updates"].as_array().map(Vec::len), Some(0));
        answer["updates"].as_array().expect("a list").clone()
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

/// The kinds of updates.
pub(crate) fn kinds(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["update_type"].as_str().expect("a kind")).collect()
}

/// A status and a code as [`Messenger::max_error`] tells them.
pub(crate) fn word(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
