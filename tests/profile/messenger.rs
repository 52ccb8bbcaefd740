//! What a profile says to the messenger besides titles and people: descriptions, and the rights of
//! admins on MAX.

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Result};
use zvonok::profile::{Limits, Source, source};

use crate::support::{evaluated_with, one_kind, roster};
use crate::{evaluated, failure, rule, school_of_everything};

/// The rights that admins of a profile are given on MAX, with `given` as the setting.
fn permissions(given: &Value) -> Result<Vec<String>> {
    let settings = match given {
        Value::Null => Map::new(),
        given => Map::from_iter([("admin_permissions".to_owned(), given.clone())]),
    };
    let (profile, empty) = (source("oneroster").unwrap(), roster(&json!({})));
    let desired = evaluated_with(&profile, &empty, &settings, None, Limits::default())?;
    Ok(desired.admin_permissions.into_iter().collect())
}

#[test]
fn the_rights_of_admins_are_a_setting_with_a_default() {
    let default = [
        "add_remove_members",
        "can_call",
        "change_chat_info",
        "pin_message",
        "read_all_messages",
        "write",
    ];
    assert_eq!(permissions(&Value::Null).unwrap(), default);
    assert_eq!(permissions(&json!(["can_call"])).unwrap(), ["can_call"]);
    let given = json!(["write", "read_all_messages", "write"]);
    assert_eq!(permissions(&given).unwrap(), ["read_all_messages", "write"]);
}

#[test]
fn rights_that_cannot_be_given_are_refused() {
    let cases = [
        (json!([]), "config.setting_value"),
        (json!(["write"]), "config.setting_value"),
        (json!(["pin_message", "can_call"]), "config.setting_value"),
        (json!(["edit"]), "config.setting_value"),
        (json!(["can_call", "delete"]), "config.setting_value"),
        (json!("write"), "config.setting_type"),
        (json!(["read_all_messages", 7]), "config.setting_type"),
        (json!({"write": true}), "config.setting_type"),
    ];
    for (given, code) in cases {
        let error = permissions(&given).unwrap_err();
        let faults: Vec<_> = error.faults.iter().map(|f| (f.code.as_str(), &*f.at)).collect();
        assert_eq!(error.code, Code::Config, "{given}");
        assert_eq!(faults, [(code, "settings.admin_permissions")], "{given}");
    }
}

/// What the chat of the class 1a says about itself by a `description` rule.
fn description(rule: &str) -> Option<String> {
    let script = one_kind("class.students").text.replace("members =", &format!("{rule} members ="));
    let desired = evaluated(&Source::new("p.lua", script), &roster(&school_of_everything()));
    let desired = desired.unwrap_or_else(|error| panic!("{rule}: {:?}", error.faults));
    desired.chats["class:1a"].description.clone()
}

#[test]
fn a_description_is_a_template_or_a_function() {
    let title = evaluated(&one_kind("class.students"), &roster(&school_of_everything()));
    let title = title.unwrap().chats["class:1a"].title.clone();
    assert_eq!(description(""), None);
    let template = "description = 'Класс <class>. Пишет школа.',";
    assert_eq!(description(template), Some(format!("Класс {title}. Пишет школа.")));
    let function = "description = function(class, set)
        return zvonok.fill('  <class>:\\n', class) .. #class.students .. ', ' .. set.max_guardians .. '  '
    end,";
    assert_eq!(description(function), Some(format!("{title}:\n2, 6")));
}

#[test]
fn a_description_is_cut_to_what_a_messenger_takes() {
    let long = description("description = function() return string.rep('я', 16001) end,");
    assert_eq!(long, Some("я".repeat(16_000)));
}

#[test]
fn a_description_of_a_wrong_kind_is_told_with_its_place() {
    let (at, message) = failure(&rule("description = 7,"));
    assert_eq!(at, "my.lua:4", "{message}");
    assert!(message.contains("description: a text or a function is needed"), "{message}");
    let (at, message) = failure(&rule("description = function(class) return 7 end,"));
    assert_eq!(at, "my.lua:4", "{message}");
    assert!(message.contains("description:") && message.contains("class:1a"), "{message}");
    let (at, message) = failure(&rule("description = '<clas>',"));
    assert!(
        message.contains("did you mean \"class\"") && message.contains("class:1a"),
        "{at} {message}"
    );
}
