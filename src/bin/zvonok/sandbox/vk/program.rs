//! `execute`: runs a script's steps and makes its calls.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::desk::Papers;
use super::super::faults::Deed;
use super::error::Error;
use super::methods::Caller;
use super::params::{Params, undefined};
use super::script::{Expr, Step, compile};
use super::{known, opening, outcome};

/// Calls allowed in one script.
const MOST_CALLS: usize = 25;

/// What a script came to.
pub(super) struct Ran {
    pub(super) result: Result<Value, Error>,
    /// The inner calls' errors, in the order of the calls.
    pub(super) errors: Vec<Value>,
    /// A fault of an inner call that befalls the whole answer.
    pub(super) deed: Option<Deed>,
}

/// Runs the script of `code`; `batch` is the log entry of the request.
pub(super) fn execute(papers: &mut Papers, batch: u64, params: &Params) -> Ran {
    let steps = match params.get("code").ok_or_else(|| undefined("code")) {
        Ok(code) => {
            compile(code).map_err(|why| Error::new(12, &format!("Unable to compile code: {why}")))
        }
        Err(error) => Err(error),
    };
    let mut program = Program {
        papers,
        batch,
        outer: params,
        names: BTreeMap::new(),
        calls: 0,
        errors: Vec::new(),
        deed: None,
    };
    let result = steps.and_then(|steps| program.run(&steps));
    let Program { errors, deed, .. } = program;
    Ran { result, errors, deed }
}

struct Program<'a> {
    papers: &'a mut Papers,
    batch: u64,
    outer: &'a Params,
    names: BTreeMap<String, Value>,
    calls: usize,
    errors: Vec<Value>,
    deed: Option<Deed>,
}

impl Program<'_> {
    /// The value of the first `return`, or null without one.
    fn run(&mut self, steps: &[Step]) -> Result<Value, Error> {
        for step in steps {
            match step {
                Step::Return(expr) => return self.value(expr),
                Step::Do(expr) => drop(self.value(expr)?),
                Step::Set(name, expr) => {
                    let value = self.value(expr)?;
                    self.names.insert(name.clone(), value);
                }
                Step::Push(name, expr) => {
                    let value = self.value(expr)?;
                    match self.names.get_mut(name) {
                        Some(Value::Array(list)) => list.push(value),
                        _ => return Err(runtime(&format!("{name} is not a list"))),
                    }
                }
            }
        }
        Ok(Value::Null)
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Error> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::List(items) => items.iter().map(|item| self.value(item)).collect(),
            Expr::Object(pairs) => {
                let pair = |(key, expr): &(String, Expr)| Ok((key.clone(), self.value(expr)?));
                pairs.iter().map(pair).collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            Expr::Name(name) if name == "Args" => Ok(self.args()),
            Expr::Name(name) => {
                let value = self.names.get(name).cloned();
                value.ok_or_else(|| runtime(&format!("{name} is not defined")))
            }
            Expr::Field(of, name) => {
                let of = self.value(of)?;
                Ok(match (&of, name.as_str()) {
                    (Value::Array(list), "length") => json!(list.len()),
                    _ => of.get(name).cloned().unwrap_or(Value::Null),
                })
            }
            Expr::Index(of, at) => {
                let (of, at) = (self.value(of)?, self.value(at)?);
                let by_number = at.as_u64().and_then(|at| of.get(usize::try_from(at).ok()?));
                let found = by_number.or_else(|| of.get(at.as_str()?));
                Ok(found.cloned().unwrap_or(Value::Null))
            }
            Expr::Sum(left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                Ok(match (left.as_i64(), right.as_i64()) {
                    (Some(left), Some(right)) => json!(left.wrapping_add(right)),
                    _ => json!(as_param(&left) + &as_param(&right)),
                })
            }
            Expr::Api(name, params) => {
                let params = params.as_ref().map(|params| self.value(params)).transpose()?;
                self.call(name, params)
            }
        }
    }

    /// The request's own parameters but the script.
    fn args(&self) -> Value {
        let pairs = self.outer.all().iter().filter(|(key, _)| key != "code");
        pairs.map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>().into()
    }

    /// One call: its value, or false with the error put down.
    fn call(&mut self, name: &str, params: Option<Value>) -> Result<Value, Error> {
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(runtime("too many api calls"));
        }
        let params = inner_params(params)?;
        let opening = opening(name, &params, Some(self.batch));
        let n = self.papers.log.open(&opening, known(name));
        let deed = self.papers.faults.for_inner(super::PLATFORM, name);
        if let Some(deed) = &deed {
            self.papers.log.fault(n, deed.name());
        }
        let result = match &deed {
            Some(Deed::Error { code, message, .. }) => {
                Err(Error::ordered(code.number(), message.as_deref()))
            }
            Some(deed) if deed.prevents() => return Err(self.stop(deed)),
            _ => Caller { papers: self.papers, version: self.outer.version() }.call(name, &params),
        };
        self.papers.log.close(n, outcome(&result));
        self.deed = self.deed.take().or(deed.filter(|deed| !matches!(deed, Deed::Error { .. })));
        result.or_else(|error| {
            self.errors.push(json!({
                "method": name,
                "error_code": error.code,
                "error_msg": error.text,
            }));
            Ok(json!(false))
        })
    }

    /// Breaks the script off before a call; nobody gets to see the error.
    fn stop(&mut self, deed: &Deed) -> Error {
        self.deed = Some(deed.clone());
        runtime("stopped by a switch")
    }
}

/// A call's object as parameters: lists become commas, objects text.
fn inner_params(params: Option<Value>) -> Result<Params, Error> {
    match params {
        None | Some(Value::Null) => Ok(Params::default()),
        Some(Value::Object(pairs)) => Ok(Params::of(
            pairs.iter().map(|(key, value)| (key.clone(), as_param(value))).collect(),
        )),
        // An empty object is written as an empty list by some clients.
        Some(Value::Array(list)) if list.is_empty() => Ok(Params::default()),
        Some(_) => Err(runtime("parameters are not an object")),
    }
}

fn as_param(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(as_param).collect::<Vec<_>>().join(","),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn runtime(why: &str) -> Error {
    Error::new(13, &format!("Runtime error occurred during code invocation: {why}"))
}
