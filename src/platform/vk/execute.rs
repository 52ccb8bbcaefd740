//! Up to 25 calls in one request: VK's `execute` takes a script and answers with a list, in which a
//! failed call is `false` and its error stands, in order, in a list beside it.

use serde_json::Value;

use super::error::VkError;
use super::request::{Nature, Request};

/// Calls in one script at most.
pub(super) const MOST: usize = 25;

/// What became of one call of a script.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    Done(Value),
    Failed(VkError),
    /// The answer does not tell.
    Unclear,
}

/// One request that makes all of these.
pub(super) fn request(calls: &[&Request]) -> Request {
    let natures = calls.iter().map(|call| call.nature);
    let nature = natures.max_by_key(|nature| *nature as u8).unwrap_or(Nature::Read);
    let calls: Vec<_> = calls.iter().map(|call| call.script()).collect();
    Request::new("execute", nature).with("code", format!("return [{}];", calls.join(",")))
}

/// The answer of a script, call by call.
///
/// A `false` may be a failure or what the method honestly answered. Errors carry their method's
/// name, so where a method has as many errors as its calls have `false`, each takes its own in
/// order; where it has none, `false` is an answer; between the two nobody can tell.
pub(super) fn parts(
    calls: &[&Request],
    response: Value,
    errors: Vec<(String, VkError)>,
) -> Vec<Part> {
    let Value::Array(values) = response else { return unclear(calls) };
    if values.len() != calls.len() {
        return unclear(calls);
    }
    let failed = |method: &str| {
        let of_method = calls.iter().zip(&values).filter(|(call, _)| call.method == method);
        of_method.filter(|(_, value)| is_failed(value)).count()
    };
    let known = |method: &str| errors.iter().filter(|(name, _)| name == method).count();
    let told: Vec<_> = calls.iter().map(|c| (failed(c.method), known(c.method))).collect();
    let mut errors = errors;
    let mut parts = Vec::with_capacity(calls.len());
    for ((call, value), (failed, known)) in calls.iter().zip(values).zip(told) {
        parts.push(match is_failed(&value) {
            true if failed == known => next(&mut errors, call.method),
            true if known > 0 => Part::Unclear,
            _ => Part::Done(value),
        });
    }
    parts
}

fn is_failed(value: &Value) -> bool {
    matches!(value, Value::Bool(false) | Value::Null)
}

fn next(errors: &mut Vec<(String, VkError)>, method: &str) -> Part {
    let found = errors.iter().position(|(name, _)| name == method);
    found.map_or(Part::Unclear, |at| Part::Failed(errors.remove(at).1))
}

fn unclear(calls: &[&Request]) -> Vec<Part> {
    calls.iter().map(|_| Part::Unclear).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(method: &'static str) -> Request {
        Request::new(method, Nature::Set)
    }

    fn error(code: i64) -> VkError {
        VkError { code, text: String::new(), local: None }
    }

    #[test]
    fn literals_survive_quotes_backslashes_lines_and_every_alphabet() {
        let title = "«5 \"А\"» \\ класс\n\u{2028}😀'";
        let script = call("messages.editChat").with("title", title).script();
        let inner = script.strip_prefix("API.messages.editChat(").unwrap();
        let json: Value = serde_json::from_str(inner.strip_suffix(')').unwrap()).unwrap();
        assert_eq!(json["title"], title);
        assert!(!script.contains(['\n', '\u{2028}']));
    }

    #[test]
    fn errors_go_to_the_calls_that_failed() {
        let (a, b) = (call("a"), call("b"));
        let calls = [&a, &b, &a];
        let errors = vec![("a".to_owned(), error(1)), ("b".to_owned(), error(2))];
        let parts = parts(&calls, json!([1, false, false]), errors);
        assert_eq!(parts, [Part::Done(json!(1)), Part::Failed(error(2)), Part::Failed(error(1))]);
    }

    #[test]
    fn an_honest_false_is_no_failure_and_a_doubtful_one_is_unclear() {
        let (a, b) = (call("a"), call("b"));
        let calls = [&a, &b, &b];
        let one = vec![("b".to_owned(), error(2))];
        let parts = parts(&calls, json!([false, false, false]), one);
        assert_eq!(parts, [Part::Done(json!(false)), Part::Unclear, Part::Unclear]);
    }

    #[test]
    fn an_answer_of_another_length_tells_nothing() {
        let a = call("a");
        assert_eq!(parts(&[&a, &a], json!([1]), Vec::new()), [Part::Unclear, Part::Unclear]);
        assert_eq!(parts(&[&a], Value::Null, Vec::new()), [Part::Unclear]);
    }
}
