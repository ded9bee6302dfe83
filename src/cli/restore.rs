//! `restore`: a backup becomes a ledger in a new directory.

use super::failure::Failure;
use super::language::say;
use super::output::Output;
use partnership_ledger::backup::{Origin, check_backup, hex, restore};
use partnership_ledger::journal::{Journal, JournalError};
use partnership_ledger::server::{Store, StoreOptions};
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
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    data_dir: Option<PathBuf>,
    /// Only read the backup to its end and check it; nothing is written
    #[arg(long, conflicts_with = "data_dir")]
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
    let restored = match &args.data_dir {
        Some(data_dir) => restore(origin, data_dir, &open)?,
        None => check_backup(origin)?,
    };
    let (position, root) = (restored.head.size.to_string(), hex(&restored.head.root));
    let (bytes, seconds) = (restored.record_bytes.to_string(), started.elapsed().as_secs_f64());
    if out.json {
        let seconds = (seconds * 1_000.0).round() / 1_000.0;
        let answer = serde_json::json!({ "position": position, "tree_root": root, "record_bytes": bytes, "seconds": seconds });
        return out.line(&answer.to_string());
    }
    let seconds = format!("{seconds:.3}");
    out.line(&match args.data_dir.as_ref().map(|dir| dir.display().to_string()) {
        Some(dir) => say!(language, "restore-done", position = position, root = root, directory = dir, bytes = bytes, seconds = seconds),
        None => say!(language, "restore-checked", position = position, root = root, bytes = bytes, seconds = seconds),
    })
}

fn open(dir: &Path) -> Result<Arc<dyn Journal>, JournalError> {
    Ok(Store::of(dir).open(StoreOptions::default())?.journal)
}
