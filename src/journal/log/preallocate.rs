//! Makes the next segment ready ahead of need, so that no commit waits for a file to be created and filled.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use super::segment::create_filled;
use crate::journal::disk::sync_dir;

/// The file until it becomes a segment; opening removes one that is left.
pub(crate) const PREALLOCATED_NAME: &str = "spare.new";

/// A file of zeros, synced, that waits to become a segment.
#[derive(Debug)]
pub(crate) struct PreallocatedFile {
    pub file: File,
    pub path: PathBuf,
    pub bytes: u64,
}

impl PreallocatedFile {
    /// Creates one here and now.
    pub fn create(wal: &Path, name: &str, bytes: u64) -> std::io::Result<Self> {
        let path = wal.join(name);
        let file = create_filled(&path, bytes)?;
        sync_dir(wal)?;
        Ok(Self { file, path, bytes })
    }
}

#[derive(Debug, Default)]
struct Progress {
    wanted: Option<u64>,
    ready: Option<PreallocatedFile>,
    is_making: bool,
    is_stopped: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<Progress>,
    changed: Condvar,
}

/// The background thread that makes spares.
#[derive(Debug)]
pub(crate) struct Preallocator {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Preallocator {
    pub fn start(wal: PathBuf) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("journal-spare".into()).spawn({
            let shared = Arc::clone(&shared);
            move || run(&shared, &wal)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks for a spare, unless there is one.
    pub fn request(&self, bytes: u64) {
        let mut state = self.shared.state.lock();
        if state.ready.is_none() && !state.is_making {
            state.wanted = Some(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// The spare, having waited for it if it was asked for; `None` if there is none of that size.
    pub fn take(&self, at_least: u64) -> Option<PreallocatedFile> {
        let mut state = self.shared.state.lock();
        while state.wanted.is_some() || state.is_making {
            self.shared.changed.wait(&mut state);
        }
        state.ready.take().filter(|spare| spare.bytes >= at_least)
    }
}

impl Drop for Preallocator {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.is_stopped = true;
        self.shared.changed.notify_all();
        drop(state);
        // The thread has no panic of its own to tell of: it answers a failure by having no spare.
        let _ = self.thread.take().map(JoinHandle::join);
        if let Some(spare) = self.shared.state.lock().ready.take() {
            // Only space is lost if this fails, and the next opening frees it.
            let _ = fs::remove_file(spare.path);
        }
    }
}

fn run(shared: &Shared, wal: &Path) {
    let mut state = shared.state.lock();
    while !state.is_stopped {
        let Some(bytes) = state.wanted.take() else {
            shared.changed.wait(&mut state);
            continue;
        };
        state.is_making = true;
        drop(state);
        let spare = PreallocatedFile::create(wal, PREALLOCATED_NAME, bytes);
        if let Err(error) = &spare {
            // The appending thread will try itself, and fail with the reason.
            tracing::warn!(%error, "the next segment of the log could not be made ready");
        }
        state = shared.state.lock();
        state.ready = spare.ok();
        state.is_making = false;
        shared.changed.notify_all();
    }
    state.wanted = None;
    shared.changed.notify_all();
}
