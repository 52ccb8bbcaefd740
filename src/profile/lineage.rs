//! By what a class is known again under another `sourcedId`: the profile's `rollover.lineage`, asked
//! about every homeroom and journal.

use std::collections::BTreeMap;

use mlua::{Function, Value};

use super::evaluate::{Evaluation, Object};
use super::fault::said_at;
use super::objects::Class;
use super::policy::Lineage;
use super::shape::Script;
use crate::error::{Result, Text};
use crate::roster::{ClassIx, ClassType, OrgIx};

impl Evaluation<'_> {
    /// What the profile says of each class, by its `sourcedId`; nothing is said of a class whose
    /// metadata, or whose function, has nothing.
    pub(super) fn lineages(
        &self,
        script: &Script,
        schools: &[OrgIx],
    ) -> Result<BTreeMap<String, String>> {
        let mut said = BTreeMap::new();
        let Some(lineage) = &script.rules.policies.rollover.lineage else { return Ok(said) };
        for &school in schools {
            for class_type in [ClassType::Homeroom, ClassType::Scheduled] {
                for (class, row) in self.roster.classes_of(school, class_type) {
                    let text = self.lineage(lineage, script.rules.lineage.as_ref(), class);
                    let text = self.attempt(text)?.flatten();
                    let text = text.map(|text| text.trim().to_owned());
                    said.extend(
                        text.filter(|text| !text.is_empty()).map(|text| (row.id.to_string(), text)),
                    );
                }
            }
        }
        // What the function looked at decides about no chat.
        self.ground.take_touched();
        Ok(said)
    }

    fn lineage(
        &self,
        lineage: &Lineage,
        function: Option<&Function>,
        class: ClassIx,
    ) -> Result<Option<String>> {
        let row = self.roster.class(class);
        let Some(function) = function else {
            let Lineage::Metadata(name) = lineage else { return Ok(None) };
            return Ok(crate::roster::texts(row.metadata.get(name)).into_iter().next());
        };
        let object = format!("class:{}", row.id);
        let argument = self.argument(&object, &Object::Class(Class::new(&self.ground, class)))?;
        self.luau.call(Some(&object), || match function.call(argument)? {
            Value::Nil => Ok(None),
            Value::String(text) => Ok(Some(text.to_string_lossy())),
            other => Err(said_at("profile.script", wrong(&other), self.luau.line_of(function))),
        })
    }
}

fn wrong(answer: &Value) -> Text {
    let kind = answer.type_name();
    Text::new(
        format!("lineage: функция должна вернуть текст или nil, а вернула {kind}"),
        format!("lineage: the function must return a text or nil, it returned {kind}"),
    )
}
