//! The ledger that is measured: a server of its own that is started again when it no longer answers, or one that runs already.

use super::taken::PATIENCE;
use super::world::World;
use crate::cli::bench::clients::{APPEND, Address, call, connect};
use crate::cli::bench::measure::Memory;
use crate::cli::bench::server::{Server, ServerDir, Setup};
use crate::cli::bench::wire::{Ignored, append_request};
use crate::cli::failure::Failure;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A ledger that records one event in this time has nothing else to do.
const QUIET: Duration = Duration::from_secs(1);
/// How often the server's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Of the memory that the machine has left, the part that the server may take before it is ended.
const LARGEST_PART: u64 = 3;

/// The ledger that is measured.
pub struct Target {
    /// The process of a server of its own; dropped before its directory.
    own: Option<Guarded>,
    home: Option<ServerDir>,
    pub address: Address,
}

/// A server that is ended before it takes the memory of everybody on the machine.
struct Guarded {
    server: Server,
    guard: JoinHandle<()>,
}

impl Guarded {
    fn new(server: Server) -> Self {
        let guard = tokio::spawn(guard(server.process()));
        Self { server, guard }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.guard.abort();
    }
}

impl Target {
    /// Starts a server, unless there is an address.
    pub fn start(setup: &Setup, address: Option<String>) -> Result<Self, Failure> {
        if let Some(address) = address {
            return Ok(Self { own: None, home: None, address: Address::open(&address) });
        }
        let mut target = Self { own: None, home: Some(ServerDir::new(setup)?), address: Address::default() };
        target.start_own()?;
        Ok(target)
    }

    /// Starts the server on what its directory has.
    fn start_own(&mut self) -> Result<(), Failure> {
        // The one before is gone before the next opens the directory.
        self.own = None;
        if let Some(home) = &self.home {
            let server = home.start()?;
            self.address.clone_from(&server.address);
            self.own = Some(Guarded::new(server));
        }
        Ok(())
    }

    /// Begins to watch the peak of the server's memory; `None` of a process elsewhere.
    pub fn begin_peak(&self) -> Option<Peak> {
        let process = self.own.as_ref()?.server.process();
        // Sets the peak that the system tells back to what is resident. Where it cannot be set, the peak before counts as well.
        let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        Some(Peak { process, before: Memory::of(process).peak_bytes })
    }

    /// Waits until the ledger has nothing else to do; a server of its own that does not come to that is started again. Returns
    /// whether it was.
    pub async fn settle(&mut self, world: &World) -> Result<bool, Failure> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if tokio::time::timeout(QUIET, append_one(&self.address, world)).await.is_ok_and(|done| done.is_ok()) {
                return Ok(false);
            }
            if self.own.as_mut().is_some_and(|own| own.server.has_ended()) {
                break;
            }
            tokio::time::sleep(QUIET / 10).await;
        }
        if self.home.is_none() {
            return Err(Failure::unavailable(format!("{} no longer answers: nothing more can be measured on it", self.address)));
        }
        self.start_own()?;
        Ok(true)
    }
}

async fn append_one(address: &Address, world: &World) -> Result<(), Failure> {
    let mut grpc = connect(address).await?;
    call::<Ignored>(&mut grpc, APPEND, append_request(vec![world.adjustment("quiet")], false)).await?;
    Ok(())
}

/// The peak of a process's memory since it was begun.
pub struct Peak {
    process: u32,
    before: u64,
}

impl Peak {
    /// Returns by how much the peak is beyond what was resident before, in bytes.
    pub fn grown(&self) -> u64 {
        Memory::of(self.process).peak_bytes.saturating_sub(self.before)
    }
}

/// Ends a process once it has taken much of the memory that the machine had left.
async fn guard(process: u32) {
    let most = Memory::available() / LARGEST_PART;
    while most == 0 || Memory::of(process).resident_bytes < most {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    if let Some(process) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // It may have ended already.
        let _ = kill_process(process, Signal::KILL);
    }
}
