//! `verify`: the offline check of a directory: records are whole and in order, and their postings add up.

use super::failure::Failure;
use super::json;
use super::language::say;
use super::output::Output;
use super::snapshots::SnapshotCheck;
use super::store::StoreArgs;
use super::table::Table;
use super::text;
use partnership_ledger::domain::{Record, State};
use partnership_ledger::proto;
use partnership_ledger::server::{Inspection, Store};
use prost::Message as _;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::PathBuf;
use uuid::Uuid;

/// The most problems listed for people; there may be one for every record.
const LISTED: usize = 50;

#[derive(clap::Args)]
pub struct Args {
    /// The ledger's directory; no process may have it open. It is only read. With --store the one whose snapshots are looked at
    #[arg(long, value_name = "DIR", env = "PARTNERSHIP_LEDGER_DATA_DIR", default_value = "./ledger-data")]
    data_dir: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

pub fn run(args: &Args, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let dir = &args.data_dir;
    let database = args.store.to_read()?;
    let store = database.unwrap_or_else(|| Store::of(dir));
    if !store.has_ledger()? {
        return Err(Failure::usage(match args.store.address()? {
            Some(address) => say!(language, "verify-no-ledger-there", place = address.to_string()),
            None => say!(language, "verify-no-ledger", directory = dir.display().to_string()),
        }));
    }
    let mut books = Books::default();
    // A record that contradicts the others trips an assertion, which is reported as a problem, not as a crash.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut snapshots = SnapshotCheck::of(dir);
    let inspected = store.inspect(|position, bytes| {
        books.take(position, bytes);
        snapshots.take(position, bytes);
    });
    set_hook(hook);
    let mut inspection = inspected?;
    books.compare();
    inspection.notes.extend(snapshots.notes());
    let stored = inspection.problems.iter().map(|problem| match problem.last {
        0 => problem.what.clone(),
        last => format!("{} (positions {} to {last})", problem.what, problem.first),
    });
    let problems: Vec<String> = stored.chain(books.problems.iter().cloned()).collect();
    if out.json {
        write_json(&inspection, &problems, out)?;
    } else {
        show(&inspection, &books, &problems, out)?;
    }
    out.flush()?;
    match problems.len() {
        0 => Ok(()),
        found => Err(Failure::check(say!(language, "verify-problems", count = found))),
    }
}

fn show(inspection: &Inspection, books: &Books, problems: &[String], out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let mut facts = Table::facts();
    if inspection.segments == 0 {
        // Of a database, which has neither segments nor a copy of them.
        facts.fact(&say!(language, "verify-records"), inspection.log_records.to_string());
    } else {
        let records = say!(language, "verify-records-in", records = inspection.log_records.to_string(), count = inspection.segments);
        facts.fact(&say!(language, "verify-records"), records);
        facts.fact(&say!(language, "verify-store"), say!(language, "verify-store-of", records = inspection.store_records.to_string()));
    }
    facts.fact(&say!(language, "verify-root"), root(inspection));
    facts.fact(&say!(language, "verify-replayed"), books.state.position.to_string());
    facts.fact(&say!(language, "verify-accounts"), books.sums.len().to_string());
    let balance = if books.unbalanced == 0 { say!(language, "verify-zero") } else { say!(language, "verify-not-zero") };
    facts.fact(&say!(language, "verify-trial-balance"), balance);
    out.table(facts)?;
    for note in &inspection.notes {
        out.line(&say!(language, "verify-note", note = note.as_str()))?;
    }
    for problem in problems.iter().take(LISTED) {
        out.line(&say!(language, "verify-problem", problem = text::line(problem)))?;
    }
    if problems.len() > LISTED {
        out.line(&say!(language, "verify-more", count = problems.len() - LISTED))?;
    }
    if problems.is_empty() { out.line(&say!(language, "verify-well")) } else { Ok(()) }
}

fn write_json(inspection: &Inspection, problems: &[String], out: &mut Output) -> Result<(), Failure> {
    let answer = serde_json::json!({
        "position": inspection.last.to_string(),
        "tree_root": root(inspection),
        "store_records": inspection.store_records.to_string(),
        "problems": problems,
        "notes": inspection.notes,
    });
    out.line(&json::text(&answer))
}

fn root(inspection: &Inspection) -> String {
    let mut text = String::new();
    for byte in inspection.tree_head.iter().flat_map(|head| head.root) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The account balances, computed twice: by the domain's replay, and from the postings alone.
#[derive(Default)]
struct Books {
    state: State,
    /// Whether the replay stopped before the last record.
    has_stopped: bool,
    sums: BTreeMap<(String, String), i128>,
    event_ids: HashSet<Uuid>,
    unbalanced: u64,
    problems: Vec<String>,
}

impl Books {
    fn take(&mut self, position: u64, bytes: &[u8]) {
        let record = match proto::Record::decode(bytes) {
            Ok(record) if record.position == position => record,
            Ok(record) => return self.stop(position, &format!("it says that it is record {}", record.position)),
            Err(error) => return self.stop(position, &format!("it cannot be read: {error}")),
        };
        self.add_up(&record);
        self.check_event_id(&record);
        if !self.has_stopped {
            self.replay(&record);
        }
    }

    fn stop(&mut self, position: u64, why: &str) {
        self.has_stopped = true;
        self.problems.push(format!("record {position}: {why}"));
    }

    /// If the postings of every record add up to zero, so does the trial balance at every position.
    fn add_up(&mut self, record: &proto::Record) {
        let mut totals: BTreeMap<&str, i128> = BTreeMap::new();
        for effect in &record.effects {
            let Some(proto::effect::Effect::Posting(posting)) = &effect.effect else { continue };
            let Some(amount) = &posting.amount else { continue };
            *totals.entry(&amount.currency_code).or_default() += i128::from(amount.minor_units);
            let key = (posting.account.clone(), amount.currency_code.clone());
            *self.sums.entry(key).or_default() += i128::from(amount.minor_units);
        }
        for (currency_code, total) in totals {
            if total != 0 {
                self.unbalanced += 1;
                self.problems.push(format!("record {}: its postings in {currency_code} add up to {total}, not to zero", record.position));
            }
        }
    }

    fn check_event_id(&mut self, record: &proto::Record) {
        let event_id = record.event.as_ref().and_then(|event| Uuid::parse_str(&event.event_id).ok());
        if event_id.is_some_and(|event_id| !self.event_ids.insert(event_id)) {
            self.problems.push(format!("record {}: its event was recorded before", record.position));
        }
    }

    fn replay(&mut self, message: &proto::Record) {
        if message.position != self.state.position + 1 {
            return self.stop(message.position, &format!("it follows {}: the replay ends there", self.state.position));
        }
        match Record::from_message(message) {
            Err(why) => self.stop(message.position, &why),
            Ok(record) => {
                let state = &mut self.state;
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| state.evolve(&record))) {
                    let why = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
                    self.stop(message.position, &format!("it contradicts the records before it: {}", why.unwrap_or("no reason given")));
                }
            }
        }
    }

    /// Compares the domain's accounts with the sums of the postings, unless the replay stopped early.
    fn compare(&mut self) {
        if self.has_stopped {
            return;
        }
        let accounts = &self.state.accounts;
        let replayed = (0..accounts.len()).filter_map(|row| u32::try_from(row).ok()).map(|row| {
            let (account, currency) = accounts.key(row);
            ((account.to_string(), currency.to_string()), accounts.get(row).totals().balance())
        });
        let replayed: BTreeMap<_, _> = replayed.collect();
        for key in self.sums.keys().chain(replayed.keys()).collect::<BTreeSet<_>>() {
            let (stored, derived) = (self.sums.get(key), replayed.get(key));
            if stored != derived {
                let (account, currency) = key;
                self.problems.push(format!(
                    "account {account} in {currency}: its postings add up to {}, the replay has {}",
                    stored.copied().unwrap_or_default(),
                    derived.copied().unwrap_or_default()
                ));
            }
        }
    }
}
