//! `restore`: a backup becomes a ledger in a new directory.

use super::failure::Failure;
use super::language::{Language, say};
use super::output::Output;
use super::store::StoreArgs;
use partnership_ledger::backup::{Origin, Restored, check_backup, hex, restore, restore_into};
use partnership_ledger::journal::{Journal, JournalError};
use partnership_ledger::server::{OpenStore, PostgresAddress, Store, StoreOptions};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const BUFFER_BYTES: usize = 1 << 20;

#[derive(clap::Args)]
pub struct Args {
    /// The backup's directory; - reads what `backup --to -` wrote from the standard input
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where the ledger is to be: a directory that is new or empty
    #[arg(long, value_name = "DIR", required_unless_present_any = ["dry_run", "store"], conflicts_with = "store")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Restore into a database that could lose what it has acknowledged
    #[arg(long, requires = "store")]
    accept_unreplicated: bool,
    /// Only read the backup to its end and check it; nothing is written
    #[arg(long, conflicts_with_all = ["data_dir", "store"])]
    dry_run: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let started = Instant::now();
    let input = say!(language, "restore-input");
    let origin = if args.from == Path::new("-") {
        Origin::Stream(Box::new(BufReader::with_capacity(BUFFER_BYTES, io::stdin())), &input)
    } else {
        Origin::Folder(&args.from)
    };
    let database = args.store.address()?;
    let restored = match (&database, &args.data_dir) {
        (Some(address), _) => into_database(args, address, origin, language)?,
        (None, Some(data_dir)) => restore(origin, data_dir, &open)?,
        (None, None) => check_backup(origin)?,
    };
    let place = database.map(|address| address.to_string()).or_else(|| args.data_dir.as_ref().map(|dir| dir.display().to_string()));
    let (position, root) = (restored.head.size.to_string(), hex(&restored.head.root));
    let (bytes, seconds) = (restored.record_bytes.to_string(), started.elapsed().as_secs_f64());
    if out.json {
        let seconds = (seconds * 1_000.0).round() / 1_000.0;
        let answer = serde_json::json!({ "position": position, "tree_root": root, "record_bytes": bytes, "seconds": seconds });
        return out.line(&answer.to_string());
    }
    let seconds = format!("{seconds:.3}");
    out.line(&match place {
        Some(dir) => say!(language, "restore-done", position = position, root = root, directory = dir, bytes = bytes, seconds = seconds),
        None => say!(language, "restore-checked", position = position, root = root, bytes = bytes, seconds = seconds),
    })
}

/// Restores into a ledger of a database, which must have no records. A backup in a directory is read and checked before: of one that is not
/// whole nothing is written. If the database goes away meanwhile, the ledger has a part, and another name has to be taken.
fn into_database(args: &Args, address: &PostgresAddress, origin: Origin, language: Language) -> Result<Restored, Failure> {
    let store = Store::of_database(address.clone(), args.accept_unreplicated, false);
    if store.has_ledger()? {
        return Err(Failure::usage(say!(language, "restore-not-empty", place = address.to_string())));
    }
    if let Origin::Folder(folder) = &origin {
        check_backup(Origin::Folder(folder))?;
    }
    let OpenStore { journal, shared, .. } = store.open(StoreOptions::default())?;
    if !shared.map_or(Ok(true), |shared| shared.lead())? {
        return Err(Failure::unavailable(say!(language, "restore-is-led", place = address.to_string())));
    }
    Ok(restore_into(origin, journal.as_ref())?)
}

fn open(dir: &Path) -> Result<Arc<dyn Journal>, JournalError> {
    Ok(Store::of(dir).open(StoreOptions::default())?.journal)
}
