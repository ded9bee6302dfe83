//! `backup`: a copy of a running ledger, or of a directory that nobody serves; made once, extended, or kept up to date.

mod follow;
mod report;
pub mod source;
mod status;

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, say};
use super::store::StoreArgs;
use partnership_ledger::backup::{Added, BackupError, Chain, Folder, Growth, Writer};
use partnership_ledger::journal::TreeHead;
use partnership_ledger::proto::Record;
use prost::Message as _;
use prost_types::Timestamp;
use report::Report;
use source::{Copying, Source};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub struct Args {
    /// The directory to copy into, new or with an earlier copy, to which what is new is added; - is the standard output
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Copy the ledger of this directory, which nobody serves, instead of a running one
    #[arg(long, value_name = "DIR", conflicts_with_all = ["follow", "status", "store"])]
    pub data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
    /// Go on copying what is recorded, until SIGTERM or Ctrl-C; waits for a ledger that is away
    #[arg(long, conflicts_with = "status")]
    follow: bool,
    /// How often --follow looks for something new, in seconds
    #[arg(long, value_name = "SECONDS", requires = "follow", value_parser = parse_every, default_value = "1")]
    every: Duration,
    /// Only say how far the copy has come, and how far it is behind the ledger
    #[arg(long)]
    status: bool,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let is_stream = args.to == Path::new("-");
    if is_stream && (args.follow || args.status) {
        return Err(Failure::usage(say!(language, "backup-needs-directory")));
    }
    if args.store.store.is_some() && (args.follow || args.status) {
        return Err(Failure::usage(say!(language, "backup-store-once")));
    }
    if args.status {
        return status::run(&args.to, session).await;
    }
    if args.follow {
        return follow::run(&args.to, args.every, session).await;
    }
    if is_stream && io::stdout().is_terminal() {
        return Err(Failure::usage(say!(language, "backup-terminal")));
    }
    let started = Instant::now();
    let mut source = match (args.store.to_read()?, &args.data_dir) {
        (Some(database), _) => Source::of_store(&database, language)?,
        (None, Some(dir)) => Source::at_rest(dir, language)?,
        (None, None) => Source::served(session).await?,
    };
    let copied = if is_stream { stream(&mut source, session).await } else { add_to(&args.to, &mut source, language).await };
    let (head, kept) = copied.and_then(|copied| source.close().map(|()| copied))?;
    let report = Report { head, kept, seconds: started.elapsed().as_secs_f64() };
    if !is_stream {
        return report.write(&mut session.out);
    }
    report.write_to_stderr(&session.out);
    Ok(())
}

/// Adds the records that a backup directory does not have yet.
async fn add_to(dir: &Path, source: &mut Source, language: Language) -> Result<(TreeHead, Added), Failure> {
    let mut folder = Folder::open(dir)?;
    let (kept, _) = copy(source, &mut folder, Growth::NewFile, language).await?;
    Ok((folder.head(), kept))
}

/// Copies the records that a folder does not have yet; returns as well when the first of them was recorded.
async fn copy(source: &mut Source, folder: &mut Folder, growth: Growth, language: Language) -> Result<(Added, Option<Timestamp>), Failure> {
    let mut copying = source.begin(folder.head().size, language).await?;
    folder.check_ledger(copying.head.size, copying.after_leaf)?;
    let head = copying.head;
    let mut addition = folder.add(growth);
    let mut oldest = None;
    while let Some(page) = copying.next(language).await? {
        oldest = oldest.or_else(|| page.records.records().next().and_then(recorded_at));
        addition.page(&page)?;
    }
    Ok((addition.commit(head)?, oldest))
}

fn recorded_at(record: &[u8]) -> Option<Timestamp> {
    Record::decode(record).ok()?.recorded_at
}

/// Copies everything to the standard output.
async fn stream(source: &mut Source, session: &mut Session) -> Result<(TreeHead, Added), Failure> {
    let language = session.out.language;
    let mut copying: Copying = source.begin(0, language).await?;
    let mut writer = Writer::begin(&mut session.out, say!(language, "backup-output"), Chain::default())?;
    while let Some(page) = copying.next(language).await? {
        writer.page(&page)?;
    }
    let (_, chain, bytes) = writer.finish(copying.head)?;
    Ok((chain.head(), Added { records: chain.position(), bytes }))
}

fn parse_every(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 1 or 0.5".to_owned())?;
    if !(0.05..=86_400.0).contains(&seconds) {
        return Err("must be between 0.05 and 86400 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let text = error.to_string();
        match error {
            BackupError::NotEmpty { .. }
            | BackupError::NoBackup { .. }
            | BackupError::NotForBackups { .. }
            | BackupError::NoIndex { .. } => Self::usage(text),
            BackupError::InUse { .. } => Self::unavailable(text),
            BackupError::Journal(error) => error.into(),
            BackupError::Io { source, .. } => Self::of_file(text, &source),
            _ => Self::check(text),
        }
    }
}
