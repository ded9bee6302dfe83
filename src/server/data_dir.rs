//! Whether a data directory holds a ledger, before anything is written into it: a mistyped name must not begin an empty one.

use super::config::ServeConfig;
use super::error::ServeError;
use super::store::Store;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// What a first start may have left before its log was there: the folder of `serve --dev`, the origin, the journal's lock.
const LEFT_BY_A_FIRST_START: [&str; 3] = ["dev", "origin", "lock"];
/// What file systems put into the top of every volume.
const OF_THE_FILE_SYSTEM: &str = "lost+found";
/// Names that the refusal gives as examples.
const MAX_NAMED: usize = 3;

/// Returns whether the directory of a configuration, or its database, holds a ledger; without one, starting begins a new ledger there.
///
/// The files that the configuration names, and what belongs to them (`access.log.1`, `key.signed`), may be in a new directory.
///
/// # Errors
/// `NoLedger` if other files are in it and no ledger is; `DataDir` if it cannot be read; `HasLedger` if it holds one and the records are in
/// a database; `Journal` if that cannot be asked.
pub fn has_ledger(config: &ServeConfig) -> Result<bool, ServeError> {
    let dir = &config.data_dir;
    let has_records = Store::of(dir).may_have_records()?;
    if let Some(database) = &config.database {
        // Else it would be asked for in vain.
        let refused = || ServeError::HasLedger { dir: dir.clone() };
        return if has_records { Err(refused()) } else { Ok(Store::of_database(database.address.clone(), false, true).has_ledger()?) };
    }
    if has_records {
        return Ok(true);
    }
    let unreadable = |source| ServeError::DataDirUnreadable { dir: dir.clone(), source };
    let entries = match fs::read_dir(dir) {
        // What is no directory is refused when it is to be created.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
        entries => entries.map_err(unreadable)?,
    };
    let named = named_files(config);
    let is_own = |name: &OsStr| {
        let text = name.to_string_lossy();
        text == OF_THE_FILE_SYSTEM
            || LEFT_BY_A_FIRST_START.contains(&&*text)
            || named.iter().any(|file| text.strip_prefix(file.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    };
    let mut foreign = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        if !is_own(&name) {
            foreign.push(name.to_string_lossy().into_owned());
        }
    }
    if foreign.is_empty() { Ok(false) } else { Err(ServeError::NoLedger { dir: dir.clone(), found: examples(foreign) }) }
}

/// The names of the files in the data directory that the configuration names.
fn named_files(config: &ServeConfig) -> Vec<String> {
    let tls = config.tls.iter().flat_map(|tls| [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref(), tls.client_crl.as_ref()]);
    let log = config.access_log.as_ref().map(|log| &log.path);
    let others = [config.access.as_ref(), log, config.proofs.key.as_ref(), config.proofs.witnesses.as_ref()];
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let dir = absolute(&config.data_dir);
    let below = tls.chain(others).flatten().filter_map(|file| absolute(file).strip_prefix(&dir).ok().map(Path::to_owned));
    below.filter_map(|file| file.iter().next().map(|name| name.to_string_lossy().into_owned())).collect()
}

/// The first names in order, and how many more there are.
fn examples(mut names: Vec<String>) -> String {
    names.sort_unstable();
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let named = names.iter().map(|name| name.escape_debug().to_string()).collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::super::store::StoreOptions;
    use super::*;

    fn config(dir: &Path) -> ServeConfig {
        ServeConfig { data_dir: dir.to_owned(), ..ServeConfig::default() }
    }

    #[test]
    fn only_what_a_first_start_leaves_is_passed_over() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(has_ledger(&config(&dir.path().join("none"))).ok(), Some(false));
        for own in ["origin", "lock", "lost+found"] {
            fs::write(dir.path().join(own), "").expect("written");
        }
        fs::write(dir.path().join("access.log.1"), "").expect("written");
        let mut with_log = config(dir.path());
        with_log.access = Some(dir.path().join("access.log"));
        assert_eq!(has_ledger(&with_log).ok(), Some(false));
        let refused = has_ledger(&config(dir.path())).expect_err("foreign").to_string();
        assert!(refused.contains("(access.log.1)"), "{refused}");
        // Tiles without records are what is left of a ledger, and no reason to begin another.
        fs::create_dir(dir.path().join("tiles")).expect("made");
        assert!(has_ledger(&with_log).is_err());
    }

    #[test]
    fn each_part_of_a_ledger_is_one() {
        let whole = tempfile::tempdir().expect("a directory");
        let opened = Store::of(whole.path()).open(StoreOptions::default()).expect("it opens");
        opened.journal.close().expect("it closes");
        for part in ["wal", "store", "checkpoint"] {
            let dir = tempfile::tempdir().expect("a directory");
            fs::write(dir.path().join("other"), "").expect("written");
            fs::write(dir.path().join("checkpoint"), "of another program").expect("written");
            assert!(has_ledger(&config(dir.path())).is_err());
            fs::rename(whole.path().join(part), dir.path().join(part)).expect("moved");
            assert_eq!(has_ledger(&config(dir.path())).ok(), Some(true), "{part}");
        }
    }

    #[test]
    fn a_few_names_are_enough() {
        let names = ["d", "b", "a", "c", "e"].map(str::to_owned).to_vec();
        assert_eq!(examples(names), "a, b, c and 2 more");
    }
}
