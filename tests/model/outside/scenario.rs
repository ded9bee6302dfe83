//! Scenario files and how an answer is compared with what they expect; the same as `run.py` does it.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::ledger::Refusal;

/// A scenario file.
#[derive(Deserialize)]
pub struct Scenario {
    pub name: String,
    pub steps: Vec<Step>,
}

/// One call and what is to come of it.
#[derive(Deserialize)]
pub struct Step {
    pub call: String,
    pub request: Value,
    pub expect: Option<Value>,
    pub error: Option<Map<String, Value>>,
}

/// Somebody who can be called by the names of the contract.
pub trait Callee {
    /// Calls a method with a request in proto3 JSON.
    fn call(&mut self, method: &str, request: &Value) -> Result<Value, Refusal>;
}

/// The scenarios' folder.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// The names of all scenarios.
pub fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the scenarios are there");
    let paths = files.map(|file| file.expect("a readable folder").path());
    let mut names: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort_unstable();
    names
}

/// Reads a scenario by its name.
pub fn load(name: &str) -> Scenario {
    let path = folder().join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Plays the steps and says every difference.
pub fn play(steps: &[Step], callee: &mut impl Callee) -> Vec<String> {
    steps.iter().enumerate().flat_map(|(index, step)| play_step(step, index + 1, callee)).collect()
}

/// Plays one step and says what differs from what it expects.
pub fn play_step(step: &Step, number: usize, callee: &mut impl Callee) -> Vec<String> {
    let name = step.call.rsplit('/').next().unwrap_or_default();
    step_differences(step, callee.call(&step.call, &step.request), &format!("step {number} {name}"))
}

fn step_differences(step: &Step, answer: Result<Value, Refusal>, at: &str) -> Vec<String> {
    match (answer, &step.error) {
        (Ok(got), Some(want)) => vec![format!("{at}: want error {want:?}, got {got}")],
        (Ok(got), None) => {
            let mut found = Vec::new();
            if let Some(want) = &step.expect {
                differences(want, Some(&got), at, &mut found);
            }
            found
        }
        (Err(refusal), None) => vec![format!("{at}: {refusal:?}")],
        (Err(refusal), Some(want)) => want
            .iter()
            .filter(|(key, want)| !error_matches(key, want, &refusal))
            .map(|(key, want)| format!("{at}: want {key} {want}, got {refusal:?}"))
            .collect(),
    }
}

fn error_matches(key: &str, want: &Value, got: &Refusal) -> bool {
    match key {
        "code" => want == &Value::from(got.code.as_str()),
        "reason" => want == &Value::from(got.reason.as_str()),
        "fields" => {
            let wanted = want.as_array().into_iter().flatten().filter_map(Value::as_str);
            let mut wanted: Vec<&str> = wanted.collect();
            let mut fields: Vec<&str> = got.fields.iter().map(String::as_str).collect();
            wanted.sort_unstable();
            fields.sort_unstable();
            wanted == fields
        }
        other => panic!("a scenario compares {other} of an error"),
    }
}

/// Only the fields named are compared; a list must have the same length, unless it is `{"contains": [...]}`.
pub fn differences(want: &Value, got: Option<&Value>, at: &str, found: &mut Vec<String>) {
    match want {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("contains") => {
            contained(&fields["contains"], got, at, found);
        }
        Value::Object(fields) => {
            let Some(Value::Object(got)) = got else {
                found.push(format!("{at}: want {want}, got {got:?}"));
                return;
            };
            for (key, want) in fields {
                differences(want, got.get(key), &format!("{at}.{key}"), found);
            }
        }
        Value::Array(items) => {
            let got = got.and_then(Value::as_array);
            let Some(got) = got.filter(|got| got.len() == items.len()) else {
                found.push(format!("{at}: want {} items, got {got:?}", items.len()));
                return;
            };
            for (index, (want, got)) in items.iter().zip(got).enumerate() {
                differences(want, Some(got), &format!("{at}[{index}]"), found);
            }
        }
        _ if got != Some(want) => found.push(format!("{at}: want {want}, got {got:?}")),
        _ => {}
    }
}

fn contained(want: &Value, got: Option<&Value>, at: &str, found: &mut Vec<String>) {
    let got = got.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for want in want.as_array().into_iter().flatten() {
        let matches = |got: &Value| {
            let mut differs = Vec::new();
            differences(want, Some(got), at, &mut differs);
            differs.is_empty()
        };
        if !got.iter().any(matches) {
            found.push(format!("{at}: none of {got:?} matches {want}"));
        }
    }
}
