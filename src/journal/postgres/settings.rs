//! Whether a database keeps what it acknowledges, by its settings.

use super::address::PostgresAddress;
use super::link::{Link, in_time};
use super::tables::SETTINGS;
use crate::journal::error::JournalError;

/// The settings that decide it; `None` for one that the database does not have.
#[derive(Debug, Default)]
struct Settings {
    fsync: Option<String>,
    full_page_writes: Option<String>,
    synchronous_commit: Option<String>,
    synchronous_standby_names: Option<String>,
}

impl Settings {
    /// What is wrong, each with what to set.
    fn faults(&self) -> Vec<&'static str> {
        let is_off = |setting: &Option<String>| setting.as_deref() == Some("off");
        let is_replicated = |setting: &Option<String>| matches!(setting.as_deref(), None | Some("on" | "remote_apply"));
        let mut faults = Vec::new();
        if is_off(&self.fsync) {
            faults.push("fsync is off: set fsync = on");
        }
        if is_off(&self.full_page_writes) {
            faults.push("full_page_writes is off: set full_page_writes = on");
        }
        if !is_replicated(&self.synchronous_commit) {
            faults.push("synchronous_commit is neither on nor remote_apply: set synchronous_commit = on");
        }
        if self.synchronous_standby_names.as_deref().is_none_or(|names| names.trim().is_empty()) {
            faults.push(
                "no standby is synchronous: set synchronous_standby_names = 'ANY 1 (NAME, NAME)', with the application_name of the standbys",
            );
        }
        faults
    }
}

/// Refuses a database that could lose what it has acknowledged.
///
/// # Errors
/// `Unreplicated`, with what to set; `Unreachable`.
pub(super) async fn check_settings(address: &PostgresAddress, link: &Link) -> Result<(), JournalError> {
    let row = in_time(address, link.client.query_one(SETTINGS, &[])).await?;
    let settings =
        Settings { fsync: row.get(0), full_page_writes: row.get(1), synchronous_commit: row.get(2), synchronous_standby_names: row.get(3) };
    match settings.faults().as_slice() {
        [] => Ok(()),
        faults => Err(JournalError::Unreplicated { place: address.to_string(), why: faults.join("; ") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(values: [&str; 4]) -> Settings {
        let [fsync, full_page_writes, synchronous_commit, synchronous_standby_names] = values.map(|value| Some(value.to_owned()));
        Settings { fsync, full_page_writes, synchronous_commit, synchronous_standby_names }
    }

    #[test]
    fn each_setting_that_loses_data_is_named() {
        assert!(settings(["on", "on", "on", "ANY 1 (a, b)"]).faults().is_empty());
        assert!(settings(["on", "on", "remote_apply", "*"]).faults().is_empty());
        for (values, named) in [
            (["off", "on", "on", "*"], "fsync"),
            (["on", "off", "on", "*"], "full_page_writes"),
            (["on", "on", "local", "*"], "synchronous_commit"),
            (["on", "on", "remote_write", "*"], "synchronous_commit"),
            (["on", "on", "on", " "], "synchronous_standby_names"),
        ] {
            let faults = settings(values).faults();
            assert!(faults.len() == 1 && faults[0].contains(named), "{values:?}: {faults:?}");
        }
    }
}
