//! A layer between a program and the disk, `layer.c`, and what can be made of what it wrote down.
//!
//! It is loaded with `LD_PRELOAD` into a real process, so it stands below the log and below sled alike, and nothing in
//! the program knows of it. It sees what goes through the C library, as all of std and sled does. It is in C because a
//! library that takes the place of the system's own has to be unsafe code, and needs no more than the compiler that Rust
//! links with.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

pub mod disk;
pub mod image;
pub mod served;
pub mod trace;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const SOURCE: &str = include_str!("layer.c");

/// Errors' numbers on Linux.
pub const EIO: &str = "5";
pub const ENOSPC: &str = "28";
pub const EROFS: &str = "30";

/// The compiled layer; it is compiled once for each text.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = dir.join(format!("faults-{:08x}.so", crc32c::crc32c(SOURCE.as_bytes())));
        if !library.exists() {
            let building = tempfile::tempdir_in(dir).expect("a directory to build in");
            let (source, built) = (building.path().join("layer.c"), building.path().join("layer.so"));
            fs::write(&source, SOURCE).expect("the layer's text");
            let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
            let status = Command::new(&compiler).args(["-shared", "-fPIC", "-O1", "-o"]).arg(&built).arg(&source).status();
            assert!(status.is_ok_and(|status| status.success()), "{compiler} compiles tests/faults/layer/layer.c");
            fs::rename(&built, &library).expect("the layer in its place");
        }
        library
    })
}

/// A root for a data directory, with the layer's files beside it.
pub struct Layer {
    dir: tempfile::TempDir,
}

impl Layer {
    pub fn new() -> Self {
        let dir = room();
        fs::create_dir(dir.path().join("root")).expect("the root");
        Self { dir }
    }

    /// What the layer watches over.
    pub fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("a path").join("root")
    }

    /// Where a ledger is kept below it: not there at first.
    pub fn data(&self) -> PathBuf {
        self.root().join("ledger")
    }

    pub fn trace(&self) -> PathBuf {
        self.dir.path().join("trace")
    }

    /// A file beside the root, which the layer leaves alone.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Orders from now on; see `layer.c`.
    pub fn order(&self, orders: &[String]) {
        let new = self.dir.path().join("orders.new");
        fs::write(&new, orders.join("\n")).expect("orders");
        fs::rename(new, self.dir.path().join("orders")).expect("orders in their place");
    }

    /// Puts a program under the layer.
    pub fn load(&self, command: &mut Command) {
        command.env("LD_PRELOAD", library()).env("FAULTS_ROOT", self.root()).env("FAULTS_ORDERS", self.dir.path().join("orders"));
    }

    /// The same, and everything is written down.
    pub fn record(&self, command: &mut Command) {
        self.load(command);
        command.env("FAULTS_TRACE", self.trace());
    }
}

/// A directory of its own, in memory where there is such a place: what a disk does is played here, not asked of one.
pub fn room() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let room = |dir| tempfile::Builder::new().prefix("partnership-ledger-faults-").tempdir_in(dir);
    room(memory.to_owned()).or_else(|_| room(std::env::temp_dir())).expect("a directory")
}

/// An order: after `skip` operations on paths that begin with `prefix` have gone well, `what` happens `times` times
/// (0: for ever).
pub fn order(operation: &str, prefix: &str, skip: u32, times: u32, what: &str) -> String {
    format!("{operation} {prefix} {skip} {times} {what}")
}
