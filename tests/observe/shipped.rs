//! The dashboard and the rules that ship: what they name is there, and Prometheus's own tool takes them.

use crate::Observed;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set to `required` where the tool must be there.
const PROMTOOL: &str = "PARTNERSHIP_LEDGER_PROMTOOL";

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/observe").join(name)
}

fn metrics() -> String {
    let dir = tempfile::tempdir().expect("a directory");
    Observed::on(&dir.path().join("ledger"), &[]).metrics()
}

/// The names of all metrics, with those that a histogram has.
fn names(metrics: &str) -> BTreeSet<String> {
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types
        .flat_map(|(name, kind)| match kind {
            "histogram" => ["_bucket", "_count", "_sum"].iter().map(|suffix| format!("{name}{suffix}")).collect(),
            _ => vec![name.to_owned()],
        })
        .collect()
}

/// The names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("partnership_ledger_") || word.starts_with("rpc_server_")).map(str::to_owned).collect()
}

#[test]
fn every_metric_that_the_dashboard_and_the_rules_name_is_there() {
    let known = names(&metrics());
    let mut shown = BTreeSet::new();
    for file in ["dashboard.json", "alerts.yml"] {
        let text = std::fs::read_to_string(shipped(file)).expect("it ships");
        let missing: Vec<_> = named(&text).into_iter().filter(|name| !known.contains(name)).collect();
        assert!(missing.is_empty(), "{file} names what there is not: {missing:?}; there are {known:?}");
        shown.extend(named(&text));
    }
    assert!(shown.len() > 15, "{shown:?}");
    let dashboard = std::fs::read_to_string(shipped("dashboard.json")).expect("it ships");
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).expect("JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| !panels.is_empty()));
}

#[test]
fn promtool_takes_the_rules_and_the_metrics() {
    let has_tool = Command::new("promtool").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !has_tool {
        assert!(std::env::var_os(PROMTOOL).is_none(), "promtool of Debian's package prometheus is required");
        return eprintln!("promtool is not there: nothing is checked");
    }
    let rules = Command::new("promtool").args(["check", "rules"]).arg(shipped("alerts.yml")).output().expect("it runs");
    assert!(rules.status.success(), "{}", String::from_utf8_lossy(&rules.stderr));
    let mut check = Command::new("promtool");
    let check = check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut checking = check.spawn().expect("it runs");
    checking.stdin.take().expect("its input").write_all(metrics().as_bytes()).expect("written");
    let checked = checking.wait_with_output().expect("it ends");
    assert!(checked.status.success(), "{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
}
