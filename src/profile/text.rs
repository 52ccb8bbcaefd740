//! Texts that a profile makes: titles, templates, and the nearest word to a misspelt one.

use std::collections::BTreeMap;

use crate::error::Text;

/// The longest title that every platform takes (MAX's limit).
const LONGEST_TITLE: usize = 200;

/// The known word that was probably meant, if any is near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR: f64 = 0.8;
    let word = word.to_lowercase();
    known
        .map(|other| (strsim::jaro_winkler(&word, &other.to_lowercase()), other))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

/// "unknown …" with what was meant, or with everything that is known.
pub(super) fn unknown(what: (&str, &str), word: &str, known: &[&str]) -> Text {
    const LONGEST: usize = 80;
    let word = &word.chars().take(LONGEST).collect::<String>();
    let (ru, en) = match nearest(word, known.iter().copied()) {
        Some(near) => (format!("может быть, «{near}»?"), format!("did you mean \"{near}\"?")),
        None => (format!("есть: {}", known.join(", ")), format!("there are: {}", known.join(", "))),
    };
    Text::new(format!("{} «{word}»; {ru}", what.0), format!("{} \"{word}\"; {en}", what.1))
}

/// A title as it can be shown: single spaces, no control characters, not too long. The flag tells
/// whether it was cut.
pub(crate) fn tidy_title(title: &str) -> (String, bool) {
    let shown: String = title.chars().filter(|c| c.is_whitespace() || !c.is_control()).collect();
    let clean = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= LONGEST_TITLE {
        return (clean, false);
    }
    let kept: String = clean.chars().take(LONGEST_TITLE - 1).collect();
    (format!("{}…", kept.trim_end()), true)
}

/// Fills `<name>` places of a template. A `<` that opens no place stays as it is. What comes out is
/// at most [`LONGEST_TEXT`] bytes long: this memory is not counted by Luau.
pub(crate) fn fill(template: &str, values: &BTreeMap<String, String>) -> Result<String, Text> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('<') {
        if filled.len() + rest.len() > LONGEST_TEXT {
            break;
        }
        filled.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        match place(after) {
            Some(name) => {
                filled.push_str(values.get(name).ok_or_else(|| no_place(name, values))?);
                rest = &after[name.len() + 1..];
            }
            None => {
                filled.push('<');
                rest = after;
            }
        }
    }
    if filled.len() + rest.len() > LONGEST_TEXT {
        return Err(too_long());
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Longer texts than this are made by no honest profile.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;

/// A text grew beyond [`LONGEST_TEXT`].
pub(super) fn too_long() -> Text {
    Text::new("получается слишком длинный текст", "the text grows too long")
}

/// The name of the place that begins here, after its `<`.
fn place(text: &str) -> Option<&str> {
    let name = &text[..text.find('>')?];
    let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    word.then_some(name)
}

fn no_place(name: &str, values: &BTreeMap<String, String>) -> Text {
    let known: Vec<&str> = values.keys().map(String::as_str).collect();
    unknown(("в шаблоне неизвестное место", "the template has an unknown place"), name, &known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_trimmed_cleaned_and_cut() {
        assert_eq!(tidy_title("  7А\n-\u{7} Чат "), ("7А - Чат".to_owned(), false));
        let (cut, was_cut) = tidy_title(&"я".repeat(201));
        assert!(was_cut);
        assert_eq!(cut.chars().count(), 200);
        assert!(cut.ends_with("я…"));
        assert!(!tidy_title(&"я".repeat(200)).1);
    }

    #[test]
    fn a_template_takes_its_values_and_names_an_unknown_place() {
        let values = BTreeMap::from([("class".to_owned(), "7<А>".to_owned())]);
        assert_eq!(fill("<class> - a < b", &values).unwrap(), "7<А> - a < b");
        let error = fill("<clas>", &values).unwrap_err();
        assert!(error.en.contains("\"clas\"; did you mean \"class\"?"), "{}", error.en);
    }

    #[test]
    fn the_nearest_word_is_found_only_where_it_is_near() {
        assert_eq!(nearest("memmbers", ["members", "admins"].into_iter()), Some("members"));
        assert_eq!(nearest("xyz", ["members", "admins"].into_iter()), None);
    }
}
