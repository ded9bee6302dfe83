//! The access log: a line of JSON for each call, by a thread and into a file of its own.
//!
//! A service thread only hands over what is known of a call; `line` makes the text, `file` writes and rotates. Where the log is
//! required an answer waits until its line is written, and there is none without it.

mod file;
mod line;
mod queue;

use crate::grpc::{Call, Method, Receipt};
use file::{LogFile, Rotation};
use line::Line;
use parking_lot::Mutex;
use queue::{Item, Queue, Work};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tonic::Code;

/// How often it is said that lines are not written.
const PAUSE: Duration = Duration::from_mins(1);

/// Where the access log goes, and what it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessLogSettings {
    /// The file.
    pub path: PathBuf,
    /// Whether answers wait for their lines, and calls are refused without.
    pub is_required: bool,
    /// Which part of the appends of emitters that were taken has a line: 1 for all of them.
    pub sample: f64,
    /// Bytes after which the file is renamed and another begun; `None` for never.
    pub max_bytes: Option<u64>,
    /// Renamed files that are kept.
    pub kept_files: usize,
}

/// The access log.
#[derive(Debug)]
pub struct AccessLog {
    settings: AccessLogSettings,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What service threads and the log's own thread share.
#[derive(Debug, Default)]
struct Shared {
    queue: Queue,
    /// Lines that were not written.
    dropped: AtomicU64,
    /// When it was last said that lines are not written.
    said: Mutex<Option<Instant>>,
    /// Whether the last write failed.
    is_failing: AtomicBool,
}

impl AccessLog {
    /// Opens the file and starts the thread.
    ///
    /// # Errors
    /// If the file cannot be opened, or the system refuses a thread.
    pub fn open(settings: &AccessLogSettings) -> io::Result<Self> {
        let rotation = Rotation { max_bytes: settings.max_bytes, kept_files: settings.kept_files };
        let file = LogFile::open(&settings.path, rotation)?;
        let shared = Arc::<Shared>::default();
        let (writes, is_required) = (Arc::clone(&shared), settings.is_required);
        let thread = std::thread::Builder::new().name("access-log".to_owned()).spawn(move || writes.run(file, is_required))?;
        Ok(Self { settings: settings.clone(), shared, thread: Mutex::new(Some(thread)) })
    }

    /// Whether answers wait for their lines.
    pub fn is_required(&self) -> bool {
        self.settings.is_required
    }

    /// Whether calls may begin: not while their answers could not be logged.
    pub fn admits(&self) -> bool {
        !self.settings.is_required || !self.shared.is_failing.load(Ordering::Relaxed)
    }

    /// Lines that were not written: the queue was full, or the file could not be written.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Takes a call's line: `code` is `None` for a stream that begins. If answers wait for it, the receipt says when it is written.
    pub fn take(&self, call: &Call, code: Option<Code>, took: Duration) -> Option<Receipt> {
        if code == Some(Code::Ok) && !self.is_sampled(call) {
            return None;
        }
        let (sender, receipt) = self.settings.is_required.then(oneshot::channel).unzip();
        let is_taken = self.shared.queue.push(Item { line: Line::of(call, code, took), written: sender });
        if !is_taken {
            self.shared.lost(1, "its queue is full");
        }
        receipt
    }

    /// Whether a call that was taken has a line: all have, except appends of emitters beyond the sample.
    fn is_sampled(&self, call: &Call) -> bool {
        let is_emitter = || call.notes.read(|noted| noted.caller.as_ref().is_some_and(|known| known.is_emitter));
        let appends = || matches!(&call.method, Method::Known(rpc) if rpc.appends());
        self.settings.sample >= 1.0 || !appends() || !is_emitter() || fastrand::f64() < self.settings.sample
    }

    /// Has the file opened anew, as somebody may have renamed it.
    pub fn reopen(&self) {
        self.shared.queue.reopen();
    }

    /// Writes what was taken, and ends.
    pub fn close(&self) {
        self.shared.queue.close();
        if let Some(thread) = self.thread.lock().take() {
            // It catches nothing, and shares nothing that a panic could break.
            let _ = thread.join();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Writes lines until the queue is closed and empty.
    fn run(&self, mut file: LogFile, is_required: bool) {
        let mut text = Vec::new();
        loop {
            match self.queue.next() {
                Work::Write(items) => {
                    text.clear();
                    items.iter().for_each(|item| item.line.write(&mut text));
                    self.write(&mut file, &text, items);
                }
                Work::Reopen => reopened(file.reopen(), is_required),
                Work::End => return,
            }
        }
    }

    fn write(&self, file: &mut LogFile, text: &[u8], items: Vec<Item>) {
        let written = file.write(text);
        let was_failing = self.is_failing.swap(written.is_err(), Ordering::Relaxed);
        match &written {
            Ok(()) if was_failing => tracing::info!("the access log is written again"),
            Ok(()) => {}
            Err(error) => self.lost(items.len() as u64, &error.to_string()),
        }
        for written_to in items.into_iter().filter_map(|item| item.written) {
            // The client may have gone away.
            let _ = written_to.send(written.is_ok());
        }
    }

    /// Counts lines that are not written, and says so now and then.
    fn lost(&self, lines: u64, why: &str) {
        let dropped = self.dropped.fetch_add(lines, Ordering::Relaxed) + lines;
        let mut said = self.said.lock();
        if said.is_none_or(|said| said.elapsed() >= PAUSE) {
            *said = Some(Instant::now());
            tracing::error!(why, dropped, "lines of the access log are not written");
        }
    }
}

fn reopened(outcome: io::Result<()>, is_required: bool) {
    match outcome {
        Ok(()) => tracing::info!("the access log was opened anew"),
        Err(error) => tracing::error!(%error, is_required, "the access log cannot be opened anew; the file of before is written on"),
    }
}
