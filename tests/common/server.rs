//! The program, serving in a process of its own.

use crate::common::program::{Outcome, Running, STORY, finish, process, program};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

/// Any free port of this machine.
pub const ANY_PORT: &str = "127.0.0.1:0";

/// The command that serves the ledger of a directory. It says nothing on its standard error.
pub fn serving(dir: &Path, listen: &str) -> Command {
    let mut command = process();
    command.args(["serve", "--listen", listen, "--data-dir"]).arg(dir).stderr(Stdio::null());
    command
}

/// A connection to an address.
pub async fn connect(address: &str) -> Channel {
    endpoint(address).connect().await.expect("a connection")
}

fn endpoint(address: &str) -> Endpoint {
    Endpoint::from_shared(format!("http://{address}")).expect("an address")
}

/// Asks an address by HTTP. Returns the status of the answer, and its body.
pub fn get(address: &str, path: &str, accept: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: ledger\r\nAccept: {accept}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other("no answer"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| std::io::Error::other("no status"))?;
    Ok((status, body.to_owned()))
}

/// A process that serves a ledger. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Running,
    out: BufReader<ChildStdout>,
    pub address: String,
    dir: Option<TempDir>,
}

/// How a process ended that could not start.
#[derive(Debug)]
pub struct NotStarted {
    pub status: ExitStatus,
    /// What it said in place of where it listens.
    pub said: String,
    /// What it said on its standard error, if that is a pipe.
    pub errors: String,
}

impl Server {
    /// Serves a fresh ledger.
    pub fn fresh() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut server = Self::on(&dir.path().join("ledger"));
        server.dir = Some(dir);
        server
    }

    /// Serves a fresh ledger that has recorded the story.
    pub fn with_story() -> Self {
        let server = Self::fresh();
        let outcome = finish(server.command(&["append"]).write_stdin(STORY));
        assert_eq!(outcome.code, 0, "{}", outcome.error);
        server
    }

    /// Serves the ledger of a directory.
    pub fn on(dir: &Path) -> Self {
        Self::with_options(dir, &[])
    }

    /// Serves the ledger of a directory with more options.
    pub fn with_options(dir: &Path, options: &[&str]) -> Self {
        Self::start(serving(dir, ANY_PORT).args(options)).unwrap_or_else(|not_started| panic!("{not_started:?}"))
    }

    /// Starts a command whose first line says where it listens.
    pub fn start(command: &mut Command) -> Result<Self, NotStarted> {
        Self::start_within(command, 1)
    }

    /// Starts a command that says within so many lines where it listens.
    pub fn start_within(command: &mut Command, lines: usize) -> Result<Self, NotStarted> {
        let mut process = Running(command.stdout(Stdio::piped()).spawn().expect("the program starts"));
        let mut out = BufReader::new(process.0.stdout.take().expect("its output"));
        let mut said = String::new();
        for _ in 0..lines {
            let from = said.len();
            out.read_line(&mut said).expect("text");
            if let Some(address) = said[from..].trim_end().strip_prefix("listening on ") {
                let address = address.to_owned();
                return Ok(Self { process, out, address, dir: None });
            }
        }
        if !said.is_empty() {
            process.kill();
        }
        let mut errors = String::new();
        process.0.stderr.take().map(|mut pipe| pipe.read_to_string(&mut errors).expect("text"));
        Err(NotStarted { status: process.0.wait().expect("it ends"), said, errors })
    }

    /// The next line that it says.
    pub fn says(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it says something");
        line.trim_end().to_owned()
    }

    /// Where its metrics are, which it says behind where it listens.
    pub fn observed(&mut self) -> String {
        self.says();
        let said = self.says();
        let address = said.strip_prefix("metrics on http://").and_then(|rest| rest.strip_suffix("/metrics"));
        address.unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// A command that asks this ledger.
    pub fn command(&self, words: &[&str]) -> assert_cmd::Command {
        let mut command = program();
        command.args(words).env("PARTNERSHIP_LEDGER_ADDRESS", format!("http://{}", self.address));
        command
    }

    /// What such a command comes to.
    pub fn ask(&self, words: &[&str]) -> Outcome {
        finish(&mut self.command(words))
    }

    pub fn endpoint(&self) -> Endpoint {
        endpoint(&self.address)
    }

    pub async fn connect(&self) -> Channel {
        connect(&self.address).await
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.0.try_wait().expect("it can be asked")
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Sends it a signal, such as `-HUP`.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Sends SIGTERM. Returns how it ended, and after how long.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        self.process.signal("-TERM");
        (self.process.0.wait().expect("it ends"), started.elapsed())
    }
}
