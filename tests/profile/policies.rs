//! What a profile says beside its chats, and the pieces that profiles share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use zvonok::error::{Code, Result};
use zvonok::profile::{
    CustomKind, Draft, Graduated, Leavers, Limits, Lineage, Overrides, Per, Policies, Room, Source,
    Target, describe, draft, source,
};
use zvonok::stop::Stop;

use crate::requests::college;
use crate::support::{NOW, evaluated_with, roster};

const CHAT: &str = "class = zvonok.shared.class_chat { leads = zvonok.shared.leads 'к', \
                    title = '<class>' }";

fn script(more: &str) -> Source {
    let text = format!(
        "return zvonok.profile {{ name = 'p', version = 1,\nchats = {{ {CHAT} }},\n{more} }}"
    );
    Source::new("p.lua", text)
}

fn policies(more: &str) -> Policies {
    describe(&script(more)).unwrap_or_else(|e| panic!("{more}: {:?}", e.faults)).policies
}

#[test]
fn a_word_stands_for_all_kinds_and_a_table_for_some() {
    let all = policies("overrides = 'kept', leavers = 'respect'");
    assert_eq!(all.overrides.of("class"), Overrides::Kept);
    assert_eq!(all.leavers.of("class"), Some(Leavers::Respect));
    let some = policies(
        "custom = { club = { type = 'CLUB' } },\n\
         overrides = { class = 'reverted', club = 'kept' }, leavers = { club = 'respect' }",
    );
    let of = |kind| some.overrides.of(kind);
    assert_eq!(
        [of("class"), of("club"), of("other")],
        [Overrides::Reverted, Overrides::Kept, Overrides::Forbidden]
    );
    let leavers = |kind| some.leavers.of(kind);
    // Of the others the configuration decides.
    assert_eq!([leavers("club"), leavers("class")], [Some(Leavers::Respect), None]);
    assert_eq!(policies("").leavers.of("class"), None);
}

#[test]
fn chats_that_people_make_are_declared() {
    let said = policies(
        "custom = { custom = { type = 'FREE', title = '<organisation_short>' },\n\
         lab = { type = 'LAB', per = 'subject', rename = false,\n\
         admins = function(school) return school.staff end } }",
    );
    let free = CustomKind {
        per: Per::School,
        chat_type: "FREE".to_owned(),
        title: Some("<organisation_short>".to_owned()),
        rename: true,
        maker_is_admin: true,
    };
    let lab = CustomKind {
        per: Per::Subject,
        chat_type: "LAB".to_owned(),
        title: None,
        rename: false,
        maker_is_admin: false,
    };
    let kinds = [("custom".to_owned(), free), ("lab".to_owned(), lab)];
    assert_eq!(said.custom, BTreeMap::from(kinds));
}

/// What a chat made by hand in the college would be.
fn drafted(
    source: &Source,
    kind: &str,
    class: Option<&str>,
    subject: Option<&str>,
) -> Result<Draft> {
    let (now, stop, settings) = (NOW.parse().unwrap(), Stop::never(), Map::new());
    let room = Room {
        roster: &roster(&college()),
        settings: &settings,
        organization: None,
        now: &now,
        limits: Limits::default(),
        stop: &stop,
        log: &|_| {},
    };
    let target = Target {
        kind: Some(kind.to_owned()),
        class: class.map(str::to_owned),
        subject: subject.map(str::to_owned),
        ..Target::default()
    };
    draft(source, room, &target)
}

#[test]
fn e6_e7_a5_chats_made_by_hand_have_titles_by_default() {
    let cases = [
        ("epos_spo", "custom", None, None, "К1"),
        ("epos_spo", "subject", None, Some("c-history"), "История"),
        ("ais_poo", "class", Some("g1"), None, "ЭБ-23-1 - Группа"),
        ("ais_poo", "parents", Some("g2"), None, "ЭБ-23-2 - Родители"),
        ("ais_poo", "subject", Some("g1-maths"), None, "ЭБ-23-1/Математика"),
        ("ais_poo", "subject", Some("g1"), Some("c-history"), "ЭБ-23-1/История"),
    ];
    for (profile, kind, class, subject, title) in cases {
        let made = drafted(&source(profile).unwrap(), kind, class, subject).unwrap();
        assert_eq!((made.title.as_str(), made.admins), (title, None), "{profile}, {kind}");
        assert_eq!(made.organization, "s1");
    }
}

#[test]
fn a_chat_that_nobody_may_make_or_that_lacks_its_class_is_refused() {
    let cases = [
        ("epos_spo", "class", Some("g1"), None, "params.kind"),
        ("epos_spo", "subject", None, None, "params.subject"),
        ("ais_poo", "class", None, None, "params.class"),
        ("ais_poo", "class", Some("g1-maths"), None, "params.class"),
        ("ais_poo", "subject", Some("g1"), None, "params.class"),
        ("paragraf", "custom", None, None, "params.kind"),
    ];
    for (profile, kind, class, subject, at) in cases {
        let error = drafted(&source(profile).unwrap(), kind, class, subject).unwrap_err();
        assert_eq!((error.code, error.faults[0].at.as_str()), (Code::Request, at), "{profile}");
    }
}

#[test]
fn a_function_names_the_admins_of_a_chat_made_by_hand() {
    let script = script(
        "custom = { lab = { type = 'LAB', per = 'homeroom', title = 'Лаборатория <class>',\n\
         admins = function(class) return class:enrolled('teacher') end } }",
    );
    let made = drafted(&script, "lab", Some("g1"), None).unwrap();
    let admins = made.admins.map(|ids| ids.into_iter().collect::<Vec<_>>());
    assert_eq!(admins, Some(vec!["curator".to_owned(), "helper".to_owned()]));
    assert_eq!(made.title, "Лаборатория ЭБ-23-1");
    assert_eq!(serde_json::to_value(made.kind).unwrap()["type"], Value::from("LAB"));
}

#[test]
fn the_new_year_is_declared_and_its_metadata_is_kept() {
    let named = "rollover = { lineage = 'lineageId', graduated = 'carry' }";
    let rollover = policies(named).rollover;
    assert_eq!(rollover.lineage, Some(Lineage::Metadata("lineageId".to_owned())));
    assert_eq!(rollover.graduated, Graduated::Carry);
    let made = policies("rollover = { lineage = function(class) return class.id end }").rollover;
    assert_eq!(made.lineage, Some(Lineage::Function));
    assert_eq!((policies("").rollover.lineage, made.graduated), (None, Graduated::Archive));
    let reads = |more: &str| {
        let empty = roster(&json!({}));
        evaluated_with(&script(more), &empty, &Map::new(), None, Limits::default()).unwrap().reads
    };
    assert_eq!(reads(named), BTreeSet::from(["lineageId".to_owned()]));
    assert_eq!(
        reads("requests = function() return true end"),
        BTreeSet::from(["accessRoles".to_owned(), "rights".to_owned()])
    );
}

#[test]
fn a_profile_narrows_who_counts_as_a_guardian() {
    let school = json!({
        "users": [{"sourcedId": "p", "agentSourcedIds": ["g1", "g2", "g3"]}, {"sourcedId": "g1"},
            {"sourcedId": "g2"}, {"sourcedId": "g3"}],
        "roles": [{"userSourcedId": "g1", "role": "relative"},
            {"userSourcedId": "g2", "role": "parent"}, {"userSourcedId": "g3", "role": "guardian"}],
        "classes": [{"sourcedId": "1a", "title": "1А"}],
        "enrollments": [{"classSourcedId": "1a", "userSourcedId": "p"}],
    });
    let parents = "parents = zvonok.shared.parents_chat { leads = zvonok.shared.leads 'к', \
                   title = '<class>' }";
    let members = |guardians: &str, settings: serde_json::Value| {
        let text = format!(
            "return zvonok.profile {{ name = 'p', version = 1, chats = {{ {parents} }}, \
             guardians = {guardians} }}"
        );
        let (source, roster) = (Source::new("p.lua", text), roster(&school));
        let settings = settings.as_object().unwrap().clone();
        let desired = evaluated_with(&source, &roster, &settings, None, Limits::default()).unwrap();
        desired.chats["parents:1a"].members.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(members("{ roles = { 'parent', 'guardian' } }", json!({})), ["g2", "g3"]);
    assert_eq!(members("{ roles = { 'parent', 'guardian' }, most = 1 }", json!({})), ["g2"]);
    // What the school sets goes before what the profile takes for usual.
    assert_eq!(members("{ most = 1 }", json!({"max_guardians": 2})), ["g1", "g2"]);
}

#[test]
fn a_wrong_shape_is_refused_where_it_stands() {
    let cases = [
        (
            "overrides = { clas = 'kept' }",
            "overrides: unknown key \"clas\"; did you mean \"class\"?",
        ),
        ("overrides = { class = 'keep' }", "overrides.class: may be: forbidden, kept, reverted"),
        ("overrides = { class = true }", "overrides.class: string is needed, not boolean"),
        ("overrides = 7", "overrides: string / table is needed, not number"),
        ("leavers = 'stay'", "leavers: may be: invite, respect"),
        ("guardians = { role = {} }", "guardians: unknown key \"role\"; did you mean \"roles\"?"),
        ("guardians = { roles = { 'uncle' } }", "guardians.roles: a list of: guardian, parent"),
        ("guardians = { roles = {} }", "guardians.roles: a list of"),
        ("guardians = { most = 1.5 }", "guardians.most: a whole number from 0 is needed"),
        ("guardians = 3", "guardians: table is needed, not number"),
        ("custom = { Lab = { type = 'L' } }", "custom.Lab: a kind is written in small Latin"),
        ("custom = { lab = 'L' }", "custom.lab: table is needed, not string"),
        ("custom = { lab = {} }", "custom.lab.type: is not given (string)"),
        ("custom = { lab = { type = 'L', per = 'group' } }", "may be: school, homeroom, class, s"),
        ("custom = { lab = { type = 'L', admins = 'all' } }", "custom.lab.admins: may be: maker"),
        ("custom = { lab = { type = 'L', titel = '' } }", "custom.lab: unknown key \"titel\"; did"),
        ("rollover = function() end", "rollover: table is needed, not function"),
        ("rollover = { lineage = true }", "rollover.lineage: string / function is needed"),
        ("rollover = { graduated = 'delete' }", "rollover.graduated: may be: archive, carry"),
        ("requests = {}", "requests: function is needed, not table"),
    ];
    for (more, words) in cases {
        let error = describe(&script(more)).unwrap_err();
        let fault = &error.faults[0];
        assert!(fault.message.en.contains(words), "{more}: {}", fault.message.en);
        assert!(fault.at.starts_with("p.lua:"), "{more}: {}", fault.at);
        assert_ne!(fault.message.ru, fault.message.en);
    }
}

#[test]
fn each_host_has_its_policy_for_changes_by_hand() {
    let of = |name: &str| describe(&source(name).unwrap()).unwrap().policies;
    let hosts = [
        ("paragraf", Overrides::Forbidden, [""; 0].as_slice()),
        ("epos_spo", Overrides::Forbidden, &["custom", "subject"]),
        ("ais_poo", Overrides::Kept, &["class", "custom", "parents", "subject"]),
        ("it_school", Overrides::Kept, &[]),
        ("oneroster", Overrides::Kept, &["custom"]),
    ];
    for (name, overrides, custom) in hosts {
        let said = of(name);
        assert_eq!(said.overrides.of("class"), overrides, "{name}");
        assert!(said.custom.keys().eq(custom), "{name}: {:?}", said.custom.keys());
    }
    assert!(!of("epos_spo").custom["subject"].rename, "E7");
}

#[test]
fn an_error_inside_a_shared_piece_names_the_line_of_the_profile() {
    let wrong = "return zvonok.profile { name = 'p', version = 1, chats = {\n\
                 class = zvonok.shared.class_chat { title = 'x' } } }";
    let error = describe(&Source::new("p.lua", wrong)).unwrap_err();
    assert_eq!(error.faults[0].at, "p.lua:2");
    assert!(error.faults[0].message.en.contains("class_chat: нужна функция leads"));

    let forgetful =
        script("settings = {}").text.replace("zvonok.shared.leads 'к'", "function() end");
    let school = roster(&json!({"classes": [{"sourcedId": "1a", "title": "1А"}]}));
    let source = Source::new("p.lua", forgetful);
    let error = evaluated_with(&source, &school, &Map::new(), None, Limits::default()).unwrap_err();
    let fault = &error.faults[0];
    assert!(fault.message.en.contains("(object class:1a)"), "{}", fault.message.en);
    assert!(fault.message.en.contains("both sides of \"+\""), "{}", fault.message.en);
}

#[test]
fn shared_pieces_cannot_be_changed_by_a_script() {
    let spoil = "zvonok.shared.leads = nil\nreturn 1";
    let error = describe(&Source::new("p.lua", spoil)).unwrap_err();
    assert_eq!(error.faults[0].at, "p.lua:1");
    assert!(error.faults[0].message.en.contains("readonly"), "{}", error.faults[0].message.en);
}
