//! Ledgers that sign checkpoints, with their keys, policies, witnesses and auditors.

use crate::common::events::{append_request, long_named};
use crate::common::program::{Outcome, finish, process, program};
use crate::common::server::{ANY_PORT, NotStarted, Server, connect, serving};
use partnership_ledger::journal::embedded::{EmbeddedJournal, Options};
use partnership_ledger::journal::{Batch, Journal as _};
use partnership_ledger::proofs::{Checkpoint, Note, SecretKey, state_of};
use partnership_ledger::proto::ledger_service_client::LedgerServiceClient;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// The name of the ledger.
pub const ORIGIN: &str = "ledger.example/partners";

/// A runtime for what a test does itself.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Records new partners.
pub fn record(server: &Server, name: &str, count: u64) {
    let events: Vec<_> = (0..count).map(|number| long_named(&format!("{name}-{number}"), 1)).collect();
    runtime().block_on(async {
        let mut writer = LedgerServiceClient::new(connect(&server.address).await);
        for events in events.chunks(500) {
            writer.append(append_request(events)).await.expect("recorded");
        }
    });
}

/// What a command of the program comes to, with the paths that it names.
pub fn run(words: &[&str]) -> Outcome {
    finish(program().args(words))
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A ledger that signs checkpoints, and all that belongs to it.
pub struct World {
    pub dir: TempDir,
    /// What its checkpoints are checked by.
    pub verifier: String,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let made = run(&["checkpoint-key", "new", text(&dir.path().join("key")), "--origin", ORIGIN]);
        assert_eq!(made.code, 0, "{}", made.error);
        let world = Self { verifier: made.out.trim_end().to_owned(), dir };
        fs::write(world.path("policy"), format!("log {}\nquorum none\n", world.verifier)).expect("written");
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Serves the ledger.
    pub fn serve(&self) -> Server {
        self.serve_with("data", &[])
    }

    /// Serves the ledger of a folder with more options.
    pub fn serve_with(&self, folder: &str, options: &[&str]) -> Server {
        self.try_serve(folder, "key", options).unwrap_or_else(|not_started| panic!("{not_started:?}"))
    }

    /// The same with a key, which may not start.
    pub fn try_serve(&self, folder: &str, key: &str, options: &[&str]) -> Result<Server, NotStarted> {
        let key = self.path(key);
        let mut command = serving(&self.path(folder), ANY_PORT);
        Server::start(command.args(["--checkpoint-key", text(&key)]).args(options).stderr(Stdio::piped()))
    }

    /// Audits what a server has.
    pub fn audit(&self, server: &Server) -> Outcome {
        server.ask(&["audit", "--policy", text(&self.path("policy")), "--state", text(&self.path("auditor"))])
    }

    /// Audits what a server has, and all is well with so many records.
    pub fn audit_well(&self, server: &Server, size: u64) {
        let outcome = self.audit(server);
        assert_eq!(outcome.code, 0, "{}{}", outcome.out, outcome.error);
        assert!(outcome.out.contains(&format!("all {size} records of {ORIGIN}")), "{}", outcome.out);
    }

    /// The stored records of a folder that nobody serves.
    pub fn stored(&self, folder: &str) -> Vec<Vec<u8>> {
        let (journal, _) = EmbeddedJournal::open(&self.path(folder), Options::default()).expect("a journal");
        let records = journal.read(1, usize::MAX, usize::MAX).expect("records");
        journal.close().expect("closed");
        records.into_iter().map(|record| record.bytes).collect()
    }

    /// Makes a ledger of some records, whose log and store are whole and say that it was never otherwise: what somebody could do who has
    /// the disk.
    pub fn rewrite(&self, folder: &str, records: &[Vec<u8>]) {
        let (journal, _) = EmbeddedJournal::open(&self.path(folder), Options::default()).expect("a journal");
        let mut batch = Batch::new();
        records.iter().for_each(|record| batch.push(record));
        journal.append(0, &batch).expect("appended");
        journal.close().expect("closed");
        fs::write(self.path(folder).join("origin"), format!("{ORIGIN}\n")).expect("written");
    }

    /// Makes the key forget what it has signed, as only who has the key can.
    pub fn forget(&self) {
        let key = SecretKey::parse(&fs::read_to_string(self.path("key")).expect("a key")).expect("a key");
        let head = partnership_ledger::journal::Frontier::new().head();
        let text = Checkpoint { origin: ORIGIN.to_owned(), head }.text();
        let nothing = Note { signatures: vec![key.sign(&text, 0)], text };
        fs::write(state_of(&self.path("key")), nothing.to_string()).expect("written");
    }

    /// Makes a witness by a name, and starts it.
    pub fn witness(&self, name: &str) -> Witness {
        let made = run(&["witness", "new-key", text(&self.path(name)), "--name", &format!("{name}.example")]);
        assert_eq!(made.code, 0, "{}", made.error);
        let policy = self.path(&format!("{name}.policy"));
        fs::write(&policy, format!("log {}\nquorum none\n", self.verifier)).expect("written");
        let mut witness =
            Witness { verifier: made.out.trim_end().to_owned(), name: name.to_owned(), address: ANY_PORT.to_owned(), server: None };
        witness.start(self);
        witness
    }

    /// Writes the policies of the ledger, `witnesses`, and of the auditor: so many of some witnesses.
    pub fn ask(&self, witnesses: &[&Witness], threshold: usize) {
        let mut lines = format!("log {}\n", self.verifier);
        for witness in witnesses {
            let _ = writeln!(lines, "witness {} {} http://{}/", witness.name, witness.verifier, witness.address);
        }
        let names: Vec<&str> = witnesses.iter().map(|witness| witness.name.as_str()).collect();
        let _ = writeln!(lines, "group all-of-them {threshold} {}\nquorum all-of-them", names.join(" "));
        fs::write(self.path("witnesses"), &lines).expect("written");
        fs::write(self.path("policy"), &lines).expect("written");
    }

    /// Serves the ledger of a folder, which asks its witnesses.
    pub fn serve_witnessed(&self, folder: &str, options: &[&str]) -> Server {
        let witnesses = self.path("witnesses");
        self.serve_with(folder, &[&["--witnesses", text(&witnesses)][..], options].concat())
    }
}

/// A witness.
pub struct Witness {
    pub name: String,
    pub verifier: String,
    pub address: String,
    pub server: Option<Server>,
}

impl Witness {
    /// Starts it, on the address that it had before.
    pub fn start(&mut self, world: &World) {
        let (state, key) = (world.path(&format!("{}.state", self.name)), world.path(&self.name));
        let policy = world.path(&format!("{}.policy", self.name));
        let mut command = process();
        command.args(["witness", "serve", "--listen", &self.address, "--state", text(&state), "--key", text(&key)]);
        command.args(["--policy", text(&policy)]).stderr(Stdio::null());
        let server = Server::start(&mut command).unwrap_or_else(|not_started| panic!("{not_started:?}"));
        self.address.clone_from(&server.address);
        self.server = Some(server);
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.server.take().expect("it runs").kill();
    }
}

impl World {
    /// Has the auditor's policy ask for no witness.
    pub fn ask_nobody(&self) {
        fs::write(self.path("policy"), format!("log {}\nquorum none\n", self.verifier)).expect("written");
    }
}
