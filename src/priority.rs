//! The priority of threads: work that may wait does not take the processor from work that somebody waits for.

/// A niceness of a thread: when the processor is busy, one of 5 gets about a third of the usual share, one of 10 a tenth.
/// A thread that was started by it has the same.
#[derive(Clone, Copy, Debug)]
pub struct Niceness(pub i32);

/// Lowers the priority of the calling thread. If the system refuses, it goes on as it is.
pub fn lower_priority(Niceness(niceness): Niceness) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), niceness) {
        tracing::debug!(%error, niceness, "a thread keeps the usual priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_lowered_by_itself() {
        let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).expect("a niceness");
        let before = niceness();
        let lowered = std::thread::spawn(move || {
            lower_priority(Niceness(before + 3));
            niceness()
        });
        assert_eq!(lowered.join().expect("no panic"), (before + 3).min(19));
        assert_eq!(niceness(), before);
    }
}
