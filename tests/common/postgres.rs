//! A real database: a primary, and a standby if one is asked for, started in a temporary directory and stopped with the test. They run as
//! the user `postgres` where the test is root's, which the database refuses.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Set to `required`, a database that is not installed fails the tests instead of leaving them out.
const REQUIRED: &str = "PARTNERSHIP_LEDGER_POSTGRES";
/// Where Debian keeps the programs of each version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// Whom they run as if the test is root's.
const USER: &str = "postgres";
/// How the standby names itself.
const STANDBY: &str = "standby";
/// How long something is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a database is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standby {
    /// Without a standby.
    None,
    /// With one that every commit waits for.
    Synchronous,
    /// With one that no commit waits for.
    Asynchronous,
}

/// One server.
pub struct Node {
    dir: PathBuf,
    pub port: u16,
    programs: PathBuf,
}

/// A database. Its servers are stopped when this is dropped.
pub struct Postgres {
    pub primary: Node,
    pub standby: Option<Node>,
    _dir: TempDir,
}

/// Where the programs are; `None` if they are not installed, and need not be.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(INSTALLED).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").is_file());
    found.sort();
    let is_required = std::env::var(REQUIRED).is_ok_and(|value| value == "required");
    assert!(!is_required || !found.is_empty(), "{INSTALLED} has no PostgreSQL");
    if found.is_empty() {
        eprintln!("left out, as PostgreSQL is not installed: {REQUIRED}=required insists on it");
    }
    found.pop()
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// A port that nobody listens on, below those that the system gives to outgoing connections: a server that starts later still finds it free.
fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 10_000).expect("less than 10 000");
    let candidates = std::iter::repeat_with(|| 15_000 + (begin + TRIED.fetch_add(1, Ordering::Relaxed)) % 15_000);
    let mut free = candidates.take(1_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a port")
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} took longer than {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Postgres {
    /// Starts a database; `None` if there is none to start.
    pub fn start(with: Standby) -> Option<Self> {
        let programs = programs()?;
        let dir = tempfile::Builder::new().prefix("ledger-postgres-").tempdir().expect("a directory");
        if is_root() {
            run(Command::new("chown").arg(USER).arg(dir.path()));
        }
        let node = |name: &str| Node { dir: dir.path().join(name), port: free_port(), programs: programs.clone() };
        let (primary, standby) = (node("primary"), node(STANDBY));
        primary.initialise(with);
        primary.start();
        let standby = (with != Standby::None).then(|| {
            standby.copy_of(&primary);
            standby.start();
            standby
        });
        let postgres = Self { primary, standby, _dir: dir };
        if with != Standby::None {
            until("the standby", || postgres.primary.ask("select count(*) from pg_stat_replication where state = 'streaming'") == "1");
        }
        Some(postgres)
    }

    /// The standby.
    pub fn standby(&self) -> &Node {
        self.standby.as_ref().expect("a standby")
    }

    /// Its address for the ledger, with both hosts.
    pub fn url(&self) -> String {
        let ports: Vec<u16> = [Some(&self.primary), self.standby.as_ref()].into_iter().flatten().map(|node| node.port).collect();
        url(&ports)
    }
}

/// The address of a database on ports of this machine.
pub fn url(ports: &[u16]) -> String {
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("postgres://{USER}@{}/postgres?sslmode=disable", hosts.join(","))
}

impl Drop for Postgres {
    fn drop(&mut self) {
        for node in [Some(&self.primary), self.standby.as_ref()].into_iter().flatten() {
            node.stop_if_running();
        }
    }
}

impl Node {
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        if !is_root() {
            return Command::new(path);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", USER, "--"]).arg(path);
        command
    }

    fn initialise(&self, with: Standby) {
        run(self.program("initdb").args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&self.dir));
        let names = if with == Standby::Synchronous { STANDBY } else { "" };
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nshared_buffers = 16MB\nmax_connections = 50\n\
             synchronous_standby_names = '{names}'\nwal_sender_timeout = 5s\n"
        );
        self.append_settings(&settings);
    }

    fn append_settings(&self, settings: &str) {
        let file = self.dir.join("postgresql.conf");
        let text = std::fs::read_to_string(&file).expect("settings") + settings;
        std::fs::write(&file, text).expect("written");
    }

    fn copy_of(&self, primary: &Self) {
        let from = format!("host=127.0.0.1 port={} user={USER} application_name={STANDBY}", primary.port);
        run(self.program("pg_basebackup").args(["--no-sync", "-c", "fast", "-R", "-X", "stream", "-d", &from, "-D"]).arg(&self.dir));
    }

    /// Starts it, and waits until it answers.
    pub fn start(&self) {
        let options = format!("-p {}", self.port);
        let log = self.dir.join("server.log");
        run(self.program("pg_ctl").args(["start", "-s", "-w", "-D"]).arg(&self.dir).arg("-l").arg(log).args(["-o", &options]));
    }

    /// Ends it at once, without a last checkpoint: as a crash does.
    pub fn crash(&self) {
        run(self.program("pg_ctl").args(["stop", "-s", "-m", "immediate", "-D"]).arg(&self.dir));
    }

    /// Makes a standby take commits.
    pub fn promote(&self) {
        run(self.program("pg_ctl").args(["promote", "-s", "-w", "-D"]).arg(&self.dir));
    }

    fn stop_if_running(&self) {
        let stopped = self.program("pg_ctl").args(["stop", "-s", "-m", "immediate", "-D"]).arg(&self.dir).stderr(Stdio::null()).status();
        drop(stopped);
    }

    /// Runs a statement; returns what it answers, a line for each row.
    pub fn ask(&self, statement: &str) -> String {
        let port = self.port.to_string();
        let mut command = self.program("psql");
        command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port, "-U", USER, "-d", "postgres", "-c", statement]);
        run(&mut command).trim().to_owned()
    }

    /// Sends a signal to all of its processes, such as `-STOP`.
    pub fn signal(&self, name: &str) {
        let text = std::fs::read_to_string(self.dir.join("postmaster.pid")).expect("it runs");
        let main = text.lines().next().expect("a number").to_owned();
        let children = std::fs::read_dir("/proc").expect("processes").flatten().filter_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // What stands in parentheses is a name.
            let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?;
            (parent == main).then(|| entry.file_name().to_string_lossy().into_owned())
        });
        let processes: Vec<String> = std::iter::once(main.clone()).chain(children).collect();
        run(Command::new("kill").arg(name).args(processes));
    }

    /// Encrypts its connections from now on, by a certificate and its key, PEM.
    pub fn encrypt(&self, certificate: &str, key: &str) {
        let (certificate_file, key_file) = (self.dir.join("server.crt"), self.dir.join("server.key"));
        std::fs::write(&certificate_file, certificate).expect("written");
        std::fs::write(&key_file, key).expect("written");
        run(Command::new("chmod").arg("600").arg(&key_file));
        if is_root() {
            run(Command::new("chown").arg(USER).args([&certificate_file, &key_file]));
        }
        self.ask("alter system set ssl = on");
        self.ask("select pg_reload_conf()");
        until("encryption", || self.ask("show ssl") == "on");
    }

    /// Where it keeps its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn run(command: &mut Command) -> String {
    // A server that is started keeps its output: that of the starter is no pipe then.
    let is_starting = command.get_args().any(|argument| argument == "start");
    let stdout = if is_starting { Stdio::null() } else { Stdio::piped() };
    let stderr = if is_starting { Stdio::null() } else { Stdio::piped() };
    let done = command.current_dir("/").stdin(Stdio::null()).stdout(stdout).stderr(stderr).output().expect("it runs");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}
