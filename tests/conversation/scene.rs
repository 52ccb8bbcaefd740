//! A fresh messenger and a school's folder, in which one conversation is held.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped::{seen, windows};
use crate::support::Messenger;

/// Where one host talks: its messenger, and a folder whose name no code page of the west has.
pub(crate) struct Scene {
    pub(crate) messenger: Messenger,
    folder: TempDir,
    class: String,
    student: String,
}

/// What a profile of the school's own prints reaches the host's log.
const PROFILE: &str = "print('Привет из профиля', '✓')
return zvonok.profile {
  name = 'own', title = 'Свой', version = 1,
  chats = {
    teachers = {
      per = 'school', type = 'TEACHER', title = 'Учителя',
      members = function(school) return school:people('teacher') end,
    },
  },
}
";

impl Scene {
    pub(crate) fn new() -> Scene {
        let messenger =
            Messenger::start(&["--mode", "partner", "--max-rate", "0", "--max-chat-rate", "0"]);
        let folder = tempfile::tempdir().expect("a folder");
        let mut scene = Scene { messenger, folder, class: String::new(), student: String::new() };
        fs::create_dir(scene.school()).expect("a folder");
        scene.rosters();
        scene.write("сломан.lua", "return 1 +");
        scene.write("профиль.lua", PROFILE);
        scene.write("битое.json", b"{\"state\":\"\xff\"}");
        scene.write("задание.txt", &*encoding_rs::WINDOWS_1251.encode(&scene.task()).0);
        scene
    }

    /// The folder with everything in it.
    pub(crate) fn school(&self) -> PathBuf {
        self.folder.path().join("Школа № 1")
    }

    /// The conversation's steps, filled in, in a file that a host is told of on its command line. On
    /// Windows a command line comes in the code page, so there the name is ASCII.
    pub(crate) fn steps(&self, text: &str) -> PathBuf {
        let folder = windows().map_or(self.school(), |_| self.folder.path().to_owned());
        let steps = folder.join("steps.json");
        fs::write(&steps, self.filled(text)).expect("the steps");
        steps
    }

    /// A file of the school's folder.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.school().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.at(name), text).expect(name);
    }

    /// The school as it is, with a class renamed, without that class's students, and with faults.
    fn rosters(&mut self) {
        let text = fs::read_to_string(generated(24)).expect("a roster");
        let roster: Value = serde_json::from_str(&text).expect("JSON");
        self.write("школа.json", &text);
        let rows = |table: &str| roster[table].as_array().expect(table).clone();
        let homeroom = |row: &Value| row["classType"] == "homeroom";
        let class = rows("classes").iter().position(homeroom).expect("a class");
        let id = rows("classes")[class]["sourcedId"].clone();
        let inside = |row: &Value| row["classSourcedId"] == id && row["role"] == "student";
        let student = rows("enrollments").into_iter().find(inside).expect("a student");
        self.student = student["userSourcedId"].as_str().expect("an id").to_owned();
        self.class = format!("class:{}", id.as_str().expect("an id"));

        let mut renamed = roster.clone();
        renamed["classes"][class]["title"] = json!("1 «Ёж» 🦔");
        self.write("переименован.json", escaped(&renamed.to_string()));
        let mut cut = renamed;
        let left: Vec<Value> = rows("enrollments").into_iter().filter(|row| !inside(row)).collect();
        cut["enrollments"] = left.into();
        self.write("обрезан.json", cut.to_string());
        let mut bad = roster.clone();
        bad["users"][1]["sourcedId"] = bad["users"][0]["sourcedId"].clone();
        bad["classes"][class]["title"] = json!(["1А"]);
        bad["enrollments"][0]["beginDate"] = json!("первое сентября");
        self.write("плохой.json", bad.to_string());
    }

    /// Settings of an exchange task.
    fn task(&self) -> String {
        let m = &self.messenger;
        format!(
            "# задание обмена\r\nroster={}\r\nstate={}\r\nreport={}\r\nprofile=it_school\r\n\
             platform=vk\r\ntoken={}\r\ncommunity={}\r\nbase_url={}\r\nlanguage=ru\r\n",
            seen(&self.at("школа.json")),
            seen(&self.at("задание.db")),
            seen(&self.at("отчёт.json")),
            m.token,
            m.community,
            m.address,
        )
    }

    /// A conversation with the names of this scene in the places of their words.
    pub(crate) fn filled(&self, text: &str) -> String {
        let m = &self.messenger;
        let (folder, large) = (seen(&self.school()), seen(large()));
        let words = [
            ("{folder}", folder.as_str()),
            ("{large}", &large),
            ("{vk}", &m.address),
            ("{max}", &m.max_address),
            ("{token}", &m.token),
            ("{max_token}", &m.max_token),
            ("{community}", &m.community.to_string()),
            ("{class}", &self.class),
            ("{student}", &self.student),
        ];
        words.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name))
    }

    /// The other way round, in what a host wrote.
    pub(crate) fn emptied(&self, text: &str) -> String {
        let m = &self.messenger;
        let (folder, large) = (seen(&self.school()), seen(large()));
        let words = [
            (folder.as_str(), "{folder}"),
            (&large, "{large}"),
            (&m.max_address, "{max}"),
            (&m.address, "{vk}"),
        ];
        words.iter().fold(text.to_owned(), |text, (name, word)| text.replace(name, word))
    }
}

/// The same document in ASCII, as many hosts write it: 🦔 is a pair of escapes.
fn escaped(json: &str) -> String {
    let mut units = [0; 2];
    let mut letter = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(&mut letter).collect()
}

/// A roster of nearly as many students as the generator makes: megabytes through every border.
fn large() -> &'static Path {
    static ROSTER: OnceLock<PathBuf> = OnceLock::new();
    ROSTER.get_or_init(|| generated(2500))
}

/// A roster by `zvonok school`.
pub(crate) fn generated(students: usize) -> PathBuf {
    let folder = windows().map_or(Path::new(env!("CARGO_TARGET_TMPDIR")), |found| &found.folder);
    let file = folder.join(format!("school-{students}-{}.json", std::process::id()));
    static ONE_BY_ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE_BY_ONE.lock().expect("the lock");
    if !file.exists() {
        let done = Command::new(env!("CARGO_BIN_EXE_zvonok"))
            .args(["school", "--seed", "7", "--students", &students.to_string(), "--output"])
            .arg(&file)
            .status()
            .expect("the generator runs");
        assert!(done.success());
    }
    file
}
