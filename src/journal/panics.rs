//! Catches panics without printing them: sled panics on damage instead of returning an error.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`. Returns the first line of the message if it panics.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    install_hook();
    let before = IS_QUIET.replace(true);
    // Unwind safety: after a panic the caller does not use the store again.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(before);
    result.map_err(|payload| message(payload.as_ref()))
}

/// Returns the first line of a panic's message, at most 200 characters.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    // One line is enough: sled's assertions print whole pages.
    let line = text.and_then(|text| text.lines().next()).unwrap_or("no message");
    line.chars().take(200).collect()
}

/// Installs a hook that suppresses output for calls in [`catch_panic`] and for sled's own threads, and else calls the
/// previous one.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let is_sled = thread.name().is_some_and(|name| name.starts_with("sled-io"));
            if !is_sled && !IS_QUIET.get() {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_messages() {
        assert_eq!(catch_panic(|| 7), Ok(7));
        let number = 7;
        assert_eq!(catch_panic(|| panic!("lost {number}\nlong story")), Err::<(), _>("lost 7".into()));
        assert_eq!(catch_panic(|| panic!("lost")), Err::<(), _>("lost".into()));
    }
}
