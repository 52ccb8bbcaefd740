//! The room's own words for why somebody is in a set, for rules that give none with `:because`.

use std::collections::HashMap;
use std::rc::Rc;

/// The room's own words for reasons, one text shared by all who have it.
#[derive(Default)]
pub(super) struct Words(HashMap<String, (Rc<str>, Rc<str>)>);

impl Words {
    /// The role and why: it is in force at a school.
    pub(super) fn role(&mut self, role: &str) -> (Rc<str>, Rc<str>) {
        self.shared(role, || format!("роль «{}»", in_russian(role)))
    }

    /// The role and why: it is in force in a class.
    pub(super) fn enrollment(&mut self, role: &str) -> (Rc<str>, Rc<str>) {
        self.shared(role, || match role {
            "student" => "ученик класса".to_owned(),
            "teacher" => "учитель класса".to_owned(),
            other => format!("в классе с ролью «{}»", in_russian(other)),
        })
    }

    fn shared(&mut self, role: &str, word: impl Fn() -> String) -> (Rc<str>, Rc<str>) {
        let made = || (role.into(), word().into());
        self.0.entry(role.to_owned()).or_insert_with(made).clone()
    }
}

/// OneRoster's roles in the words of a school.
fn in_russian(role: &str) -> &str {
    match role {
        "student" => "ученик",
        "teacher" => "учитель",
        "guardian" | "parent" | "relative" => "законный представитель",
        "principal" => "директор",
        "siteAdministrator" | "districtAdministrator" | "systemAdministrator" => "администратор",
        "administrator" => "администрация",
        "counselor" => "советник",
        "aide" => "помощник",
        "proctor" => "наблюдатель",
        other => other,
    }
}
