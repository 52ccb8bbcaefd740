//! What holds between keys and therefore stands in no reader's single line.

use serde_json::{Value, json};

/// A place in a schema (a JSON pointer), and what is laid over it, in JSON.
pub(super) type Rule = (&'static str, &'static str);

/// Exactly one way to the token; VK has communities and a lower rate; events that are handed in
/// need a secret.
const PLATFORM: &str = r#"{
    "if": {"type": "object"},
    "then": {
        "oneOf": [
            {"required": ["token"], "properties": {"token": {"type": "string"}}},
            {"required": ["token_env"], "properties": {"token_env": {"type": "string"}}},
            {"required": ["token_file"], "properties": {"token_file": {"type": "string"}}}
        ]
    },
    "allOf": [
        {
            "if": {"required": ["kind"], "properties": {"kind": {"const": "vk"}}},
            "then": {
                "required": ["community"],
                "properties": {
                    "community": {"type": "string"},
                    "requests_per_second": {"maximum": 20}
                }
            }
        },
        {
            "if": {
                "required": ["kind", "events"],
                "properties": {"kind": {"const": "max"}, "events": {"const": "push"}}
            },
            "then": {
                "required": ["events_secret"],
                "properties": {"events_secret": {"type": "string"}}
            }
        }
    ]
}"#;

/// A server needs its port.
const PROXY: &str = r#"{
    "if": {"required": ["server"], "properties": {"server": {"type": "string", "minLength": 1}}},
    "then": {"required": ["port"], "properties": {"port": {"type": "integer"}}}
}"#;

/// Rooms elsewhere have an address, and those of BigBlueButton a secret; one way to it at most.
const CALLS: &str = r#"{
    "allOf": [
        {
            "if": {
                "required": ["provider"],
                "properties": {"provider": {"enum": ["address", "bigbluebutton"]}}
            },
            "then": {"required": ["url"], "properties": {"url": {"type": "string"}}}
        },
        {
            "if": {"required": ["provider"], "properties": {"provider": {"const": "bigbluebutton"}}},
            "then": {
                "anyOf": [
                    {"required": ["secret"], "properties": {"secret": {"type": "string"}}},
                    {"required": ["secret_env"], "properties": {"secret_env": {"type": "string"}}},
                    {"required": ["secret_file"], "properties": {"secret_file": {"type": "string"}}}
                ]
            }
        }
    ],
    "if": {"type": "object"},
    "then": {"not": {
        "anyOf": [
            {
                "required": ["secret", "secret_env"],
                "properties": {"secret": {"type": "string"}, "secret_env": {"type": "string"}}
            },
            {
                "required": ["secret", "secret_file"],
                "properties": {"secret": {"type": "string"}, "secret_file": {"type": "string"}}
            },
            {
                "required": ["secret_env", "secret_file"],
                "properties": {"secret_env": {"type": "string"}, "secret_file": {"type": "string"}}
            }
        ]
    }}
}"#;

/// Of a configuration.
pub(super) const CONFIG: &[Rule] = &[
    ("/properties/platform", PLATFORM),
    ("/properties/previous_platform", PLATFORM),
    ("/properties/proxy", PROXY),
    ("/properties/calls", CALLS),
];

/// One proof; a contact comes with the account that shared it and the phone that the school knows,
/// and is a card, or what a mini-app returns.
const VERIFY: &[Rule] = &[
    (
        "",
        r#"{
            "required": ["person"],
            "oneOf": [
                {"required": ["init_data"], "properties": {"init_data": {"type": "string"}}},
                {
                    "required": ["contact", "account", "phone"],
                    "properties": {"contact": {"type": "object"}}
                },
                {"required": ["vk_code"], "properties": {"vk_code": {"type": "object"}}}
            ]
        }"#,
    ),
    (
        "/properties/contact",
        r#"{
            "required": ["hash"],
            "anyOf": [
                {"required": ["vcf_info"], "properties": {"vcf_info": {"type": "string"}}},
                {"required": ["phone", "auth_date"]}
            ]
        }"#,
    ),
];

/// A filter asks for something.
const FILTER: Rule = (
    "/properties/filter",
    r#"{
        "if": {"type": "object"},
        "then": {
            "anyOf": [
                {"required": ["role"], "properties": {"role": {"not": {"type": "null"}}}},
                {"required": ["grade"], "properties": {"grade": {"not": {"type": "null"}}}},
                {"required": ["class"], "properties": {"class": {"not": {"type": "null"}}}},
                {"required": ["subject"], "properties": {"subject": {"not": {"type": "null"}}}},
                {"required": ["search"], "properties": {"search": {"not": {"type": "null"}}}},
                {"required": ["no_subject"], "properties": {"no_subject": {"const": true}}}
            ]
        }
    }"#,
);

/// Somebody is named, by a list or by a filter.
const PEOPLE: &[Rule] = &[
    (
        "",
        r#"{
            "anyOf": [
                {
                    "required": ["people"],
                    "properties": {"people": {"type": "array", "minItems": 1}}
                },
                {"required": ["filter"], "properties": {"filter": {"type": "object"}}}
            ]
        }"#,
    ),
    FILTER,
];

/// A null title gives an automatic chat its own title again.
const RENAME: &[Rule] = &[("/properties/title", r#"{"type": ["string", "null"]}"#)];

/// The call itself, or the lesson that it is of.
const START: &[Rule] = &[(
    "",
    r#"{
        "anyOf": [
            {"required": ["call"], "properties": {"call": {"type": "string"}}},
            {"required": ["lesson"], "properties": {"lesson": {"type": "string"}}}
        ]
    }"#,
)];

/// Of a method's parameters.
pub(super) fn of_method(method: &str) -> &'static [Rule] {
    match method {
        "admins.grant" | "admins.revoke" | "members.add" | "members.remove" => PEOPLE,
        "chats.create" => &[FILTER],
        "chats.rename" => RENAME,
        "accounts.verify" => VERIFY,
        "calls.start" => START,
        _ => &[],
    }
}

/// Lays rules over a schema.
pub(super) fn apply(schema: &mut Value, rules: &[Rule]) {
    for (pointer, laid) in rules {
        let laid: Value = serde_json::from_str(laid).unwrap_or_else(|_| json!({}));
        let place = schema.pointer_mut(pointer).and_then(Value::as_object_mut);
        let fields = place.zip(laid.as_object());
        fields.into_iter().for_each(|(place, laid)| place.extend(laid.clone()));
    }
}
