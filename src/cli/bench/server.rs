//! The ledger that is measured: a process of the same program over a directory of its own, or one that runs already.

use super::clients::{Address, Secured};
use crate::cli::failure::Failure;
use partnership_ledger::access::{EventTypes, NewKey};
use partnership_ledger::server::DevFiles;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How a temporary server is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where its directory is made.
    pub dir: PathBuf,
    /// Its threads that serve connections; the server's default if absent.
    pub workers: Option<usize>,
    /// The program that is started; this one if absent.
    pub program: Option<PathBuf>,
    /// Whether it is served behind TLS and an access file with a scope, with its calls logged; in clear if absent. The partners
    /// of the scope.
    pub secured: Option<Vec<String>>,
    /// The database that keeps the records, and whether it may be one without a standby; the directory keeps them if absent. Each server
    /// has a ledger of its own there.
    pub database: Option<(String, bool)>,
}

/// The directory of a temporary server; removed, with its contents, when dropped.
#[derive(Debug)]
pub struct ServerDir {
    setup: Setup,
    dir: TempDir,
    /// The ledger's name, in a database.
    ledger: String,
}

impl ServerDir {
    /// A fresh directory.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        let made = tempfile::Builder::new()
            .prefix("partnership-ledger-bench-")
            .tempdir_in(std::path::absolute(&setup.dir).unwrap_or_else(|_| setup.dir.clone()));
        let dir = made.map_err(|error| Failure::usage(format!("no directory can be made in {}: {error}", setup.dir.display())))?;
        Ok(Self { setup: setup.clone(), dir, ledger: format!("bench-{}", uuid::Uuid::new_v4()) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The server's data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    /// Starts a server on it.
    pub fn start(&self) -> Result<Server, Failure> {
        let log_path = self.dir.path().join("server.log");
        let program = match &self.setup.program {
            Some(program) => program.clone(),
            None => std::env::current_exe().map_err(cannot("find this program"))?,
        };
        let log = File::create(&log_path).map_err(cannot("write its log"))?;
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(self.data_dir());
        // A ledger that is used is never measured.
        command.env_remove("PARTNERSHIP_LEDGER_STORE");
        if let Some((url, accepts_unreplicated)) = &self.setup.database {
            command.args(["--store", url, "--ledger", &self.ledger]);
            command.args(accepts_unreplicated.then_some("--accept-unreplicated"));
        }
        let secured = self.setup.secured.as_ref().map(|partners| self.secure(partners, &mut command)).transpose()?;
        if let Some(workers) = self.setup.workers {
            command.args(["--workers", &workers.to_string()]);
        }
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().map_err(cannot("start"))?;
        let out = child.stdout.take().map(BufReader::new);
        let mut server = Server { child, out, address: Address::default(), ready_after: Duration::ZERO, log: log_path };
        let first = server.next_line()?;
        server.ready_after = started.elapsed();
        match first.strip_prefix("listening on ") {
            Some(address) => {
                let address = address.trim();
                server.address = match secured {
                    Some(secured) => Address::secured(address.rsplit(':').next().unwrap_or_default(), secured),
                    None => Address::open(address),
                };
            }
            None => return Err(server.unexpected_output(&first)),
        }
        Ok(server)
    }
}

impl ServerDir {
    /// Makes the files of a server behind TLS with one key, and says so in its command.
    fn secure(&self, partners: &[String], command: &mut Command) -> Result<Secured, Failure> {
        let files = DevFiles::of(self.dir.path()).map_err(cannot("make its certificate"))?;
        let access = self.dir.path().join("access.toml");
        let NewKey { id, key, hash } = NewKey::make().map_err(|error| Failure::check(error.to_string()))?;
        let text = format!(
            "[[principal]]\nname = \"bench\"\nroles = [\"emitter\", \"auditor\"]\nevents = {:?}\nscope = {{ partners = {partners:?} }}\n\
             [[principal.key]]\nid = \"{id}\"\nsha256 = \"{hash}\"\n",
            EventTypes::groups().collect::<Vec<_>>()
        );
        std::fs::write(&access, text).map_err(cannot("write its access file"))?;
        command.arg("--access-log").arg(self.dir.path().join("access.log"));
        command.arg("--access").arg(access).arg("--tls-cert").arg(&files.tls.certificate).arg("--tls-key").arg(&files.tls.key);
        let ca = std::fs::read_to_string(&files.ca).map_err(cannot("read its certificate"))?;
        Ok(Secured { ca, key })
    }
}

fn cannot(what: &'static str) -> impl FnOnce(std::io::Error) -> Failure {
    move |error| Failure::check(format!("the temporary server cannot {what}: {error}"))
}

/// What a server reports of its start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StartReport {
    /// The position of the snapshot that it loaded; 0 without one.
    pub snapshot: u64,
    /// How long loading it took.
    pub load_seconds: f64,
    /// How many records it replayed.
    pub replayed: u64,
    /// How long replaying took.
    pub replay_seconds: f64,
}

impl StartReport {
    /// Reads "replayed N records in S s (…)" or "loaded the snapshot of position P in L s, and replayed N records in S s".
    fn read(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let behind = |word: &str, places: usize| {
            let place = words.iter().position(|known| *known == word)?;
            words.get(place + places).copied()
        };
        let seconds = |word: Option<&str>| word.and_then(|word| word.parse().ok()).unwrap_or(0.0);
        Some(Self {
            snapshot: behind("position", 1).and_then(|word| word.parse().ok()).unwrap_or(0),
            load_seconds: if line.starts_with("loaded") { seconds(behind("position", 3)) } else { 0.0 },
            replayed: behind("replayed", 1)?.parse().ok()?,
            replay_seconds: seconds(behind("records", 2)),
        })
    }
}

/// A running temporary server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    out: Option<BufReader<ChildStdout>>,
    /// Where it listens.
    pub address: Address,
    /// The time from the start of the process until it listened.
    pub ready_after: Duration,
    log: PathBuf,
}

impl Server {
    /// Returns its process id.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether its process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Reads what it reports of its start, on its second line.
    pub fn start_report(&mut self) -> Result<StartReport, Failure> {
        let line = self.next_line()?;
        StartReport::read(&line).ok_or_else(|| self.unexpected_output(&line))
    }

    /// Sends it SIGTERM and waits for its end.
    pub fn stop(mut self) -> Result<(), Failure> {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = process.map_or(Ok(()), |process| kill_process(process, Signal::TERM));
        asked.map_err(|error| Failure::check(format!("the temporary server cannot be ended: {error}")))?;
        let status = self.child.wait().map_err(cannot("be waited for"))?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::check(format!("the temporary server ended with {status}{}", self.last_log_line())))
        }
    }

    fn next_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if let Some(out) = &mut self.out {
            out.read_line(&mut line).map_err(cannot("be listened to"))?;
        }
        Ok(line)
    }

    fn unexpected_output(&self, line: &str) -> Failure {
        Failure::check(format!("the temporary server did not start; it says {:?}{}", line.trim_end(), self.last_log_line()))
    }

    /// Returns the last line of its log, after a colon; empty if there is none.
    fn last_log_line(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().last().map(|line| format!(": {line}")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_its_start_is_read() {
        let read = |line| StartReport::read(line).map(|start| (start.snapshot, start.load_seconds, start.replayed, start.replay_seconds));
        assert_eq!(read("replayed 0 records: the ledger is empty"), Some((0, 0.0, 0, 0.0)));
        assert_eq!(read("replayed 20 records in 0.500 s (40 a second)"), Some((0, 0.0, 20, 0.5)));
        assert_eq!(read("loaded the snapshot of position 7 in 0.250 s, and replayed 0 records"), Some((7, 0.25, 0, 0.0)));
        let both = "loaded the snapshot of position 7 in 0.250 s, and replayed 3 records in 0.125 s";
        assert_eq!(read(both), Some((7, 0.25, 3, 0.125)));
        assert_eq!(read("error: no"), None);
    }
}
