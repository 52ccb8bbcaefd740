//! The pictures of the administrator's guide: a made-up school on MAX whose groups are on their way.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::chromium::chromium;
use crate::support::Messenger;

/// Time for the sandbox's page to draw itself.
const BUDGET: &str = "--virtual-time-budget=5000";

/// A school of two classes that an exchange has been run for.
struct School {
    messenger: Messenger,
    folder: tempfile::TempDir,
}

impl School {
    fn new() -> School {
        let messenger = Messenger::start_max();
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "state": "zvonok.db", "profile": "paragraf",
            "platform": {"kind": "max", "token": messenger.max_token,
                "base_url": messenger.max_address},
        });
        std::fs::write(folder.path().join("zvonok.json"), config.to_string()).unwrap();
        let school = School { messenger, folder };
        school.zvonok(&["school", "--seed", "11", "--students", "40", "--output", "roster.json"]);
        school
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn zvonok(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_zvonok"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn sync(&self) -> Value {
        let told = self.zvonok(&[
            "sync",
            "--json",
            "--config",
            "zvonok.json",
            "--roster",
            "roster.json",
            "--verify",
            "all",
        ]);
        serde_json::from_str(&told).expect("a report")
    }

    /// Makes the group of a task; into some only the bot is put.
    fn make(&self, task: &Value, at: usize) -> i64 {
        let (title, code) = (task["title"].as_str().unwrap(), task["code"].as_str().unwrap());
        let title = format!("{title} {code}");
        let order = json!({"title": title, "owner": 700_000 + at});
        let made = self.messenger.does("max/create", order);
        let id = made["chat_id"].as_i64().unwrap();
        self.messenger.does("max/add", json!({ "chat_id": id }));
        if at > 0 {
            self.messenger.does("max/admin", json!({ "chat_id": id }));
        }
        id
    }

    /// Some of those who were given a link follow it.
    fn come(&self, report: &Value) {
        let roster = std::fs::read_to_string(self.at("roster.json")).unwrap();
        let roster: Value = serde_json::from_str(&roster).unwrap();
        let accounts = |user: &Value| -> Option<i64> {
            let all = user["userIds"].as_array()?;
            let max = all.iter().find(|one| one["type"] == "max")?;
            max["identifier"].as_str()?.parse().ok()
        };
        let links: Vec<&str> = report["chats"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|chat| chat["link"].as_str())
            .collect();
        let users = roster["users"].as_array().unwrap().iter().filter_map(accounts);
        for (at, account) in users.enumerate().filter(|(at, _)| at % 3 != 0) {
            for link in links.iter().filter(|_| at % 5 != 0) {
                // A parent of two has come by another child's link already.
                let order = json!({"link": link, "user": account});
                let (status, told) = self.messenger.order("max/join", &order);
                assert!(status == 200 || told["error"] == "already_in", "{told}");
            }
        }
    }
}

#[test]
fn the_pictures_of_the_guide_can_be_taken_again() {
    let school = School::new();
    let first = school.sync();
    let tasks = first["tasks"].as_array().unwrap();
    let groups: Vec<i64> =
        tasks.iter().skip(1).enumerate().map(|(at, task)| school.make(task, at)).collect();
    let second = school.sync();
    school.come(&second);
    school.sync();
    school.sync();
    school.zvonok(&[
        "report",
        "--config",
        "zvonok.json",
        "--roster",
        "roster.json",
        "--html",
        "chats.html",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let keep = std::env::var_os("ZVONOK_PICTURES").map(PathBuf::from);
    let folder = keep.as_deref().unwrap_or(folder.path());
    let page = format!("file://{}", school.at("chats.html").display());
    let opened = opened(&school.at("chats.html"));
    let step = format!("{}/#max&chat={}&still", school.messenger.address, groups[0]);
    take(folder, "report", "1180,900", &page);
    take(folder, "people", "1180,760", &format!("file://{}", opened.display()));
    take(folder, "phone", "500,900", &page);
    take(folder, "step", "1100,760", &step);
}

/// The page with the people of its third chat shown, as a click would leave it, and only the chats
/// to be seen.
fn opened(page: &Path) -> PathBuf {
    let text = std::fs::read_to_string(page).unwrap();
    let hidden = "<tr class=\"people\" hidden>";
    let (at, _) = text.match_indices(hidden).nth(2).expect("a third chat");
    let (before, after) = text.split_at(at);
    let text = before.to_owned() + &after.replacen(" hidden", "", 1);
    // Without its script the page stays as it is written.
    let (text, _) = text.rsplit_once("<script>").expect("the script");
    let text = ["<header class=\"top\"", "<nav", "<section id=\"attention\""]
        .iter()
        .fold(text.to_owned(), |text, part| text.replacen(part, &format!("{part} hidden"), 1));
    let file = page.with_file_name("opened.html");
    std::fs::write(&file, text).unwrap();
    file
}

fn take(folder: &Path, name: &str, size: &str, address: &str) {
    let profile = tempfile::tempdir().unwrap();
    let picture = folder.join(format!("{name}.png"));
    let arguments =
        [format!("--screenshot={}", picture.display()), format!("--window-size={size}")];
    let arguments = [arguments[0].as_str(), arguments[1].as_str(), BUDGET];
    chromium(address, profile.path(), &arguments);
    let bytes = std::fs::metadata(&picture).expect("a picture").len();
    assert!((20_000..300_000).contains(&bytes), "{name}: {bytes} bytes");
}
