//! Preallocates the file of the next segment in the background, so that no commit waits for it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use super::segment::create_filled;
use crate::journal::disk::sync_dir;

/// Its name until it becomes a segment; opening removes one that is left.
pub(crate) const PREALLOCATED_NAME: &str = "spare.new";

/// A file of zeros, synced, that becomes the next segment.
#[derive(Debug)]
pub(crate) struct PreallocatedFile {
    pub file: File,
    pub path: PathBuf,
    pub bytes: u64,
}

impl PreallocatedFile {
    /// Creates a file of `bytes` zeros.
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
    is_creating: bool,
    is_stopped: bool,
}

#[derive(Debug, Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

/// The background thread that preallocates files.
#[derive(Debug)]
pub(crate) struct Preallocator {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Preallocator {
    /// Starts the thread.
    pub fn start(wal: PathBuf) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = std::thread::Builder::new().name("journal-spare".into()).spawn({
            let shared = Arc::clone(&shared);
            move || run(&shared, &wal)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Requests a file of `bytes` bytes, unless one is ready or being created.
    pub fn request(&self, bytes: u64) {
        let mut progress = self.shared.progress.lock();
        if progress.ready.is_none() && !progress.is_creating {
            progress.wanted = Some(bytes);
            self.shared.changed.notify_all();
        }
    }

    /// Returns the preallocated file, after waiting for one that was requested; `None` if none of at least that size is ready.
    pub fn take(&self, at_least: u64) -> Option<PreallocatedFile> {
        let mut progress = self.shared.progress.lock();
        while progress.wanted.is_some() || progress.is_creating {
            self.shared.changed.wait(&mut progress);
        }
        progress.ready.take().filter(|file| file.bytes >= at_least)
    }
}

impl Drop for Preallocator {
    fn drop(&mut self) {
        let mut progress = self.shared.progress.lock();
        progress.is_stopped = true;
        self.shared.changed.notify_all();
        drop(progress);
        // The thread does not panic: if it fails, there is no file.
        let _ = self.thread.take().map(JoinHandle::join);
        if let Some(file) = self.shared.progress.lock().ready.take() {
            // If this fails only space is lost, until the next opening.
            let _ = fs::remove_file(file.path);
        }
    }
}

fn run(shared: &Shared, wal: &Path) {
    let mut progress = shared.progress.lock();
    while !progress.is_stopped {
        let Some(bytes) = progress.wanted.take() else {
            shared.changed.wait(&mut progress);
            continue;
        };
        progress.is_creating = true;
        drop(progress);
        let created = PreallocatedFile::create(wal, PREALLOCATED_NAME, bytes);
        if let Err(error) = &created {
            // The appending thread will create the file itself, or fail with the reason.
            tracing::warn!(%error, "the next segment of the log could not be made ready");
        }
        progress = shared.progress.lock();
        progress.ready = created.ok();
        progress.is_creating = false;
        shared.changed.notify_all();
    }
    progress.wanted = None;
    shared.changed.notify_all();
}
