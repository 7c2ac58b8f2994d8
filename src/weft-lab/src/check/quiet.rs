//! Panics while an answer is tried: they are faults, told as such, and print nothing.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once};

use super::explore::Court;

thread_local! {
    /// Does this thread try an answer?
    static QUIET: Cell<bool> = const { Cell::new(false) };
    /// The first panic of the schedule or call. A lock that it poisons makes others, which say less.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Where the threads of this exploration report.
    static COURT: RefCell<Option<Court>> = const { RefCell::new(None) };
}

/// This thread tries an answer from now on.
pub(super) fn enter(court: Court) {
    QUIET.set(true);
    COURT.set(Some(court));
}

/// Where this thread reports, if it tries an answer under schedules.
pub(super) fn court() -> Option<Court> {
    COURT.with_borrow(Clone::clone)
}

/// A new schedule: no panic yet.
pub(super) fn forget() {
    PANIC.take();
}

/// Runs a call in this thread, which may panic.
pub(super) fn while_quiet<R>(call: impl FnOnce() -> R) -> R {
    let before = QUIET.replace(true);
    forget();
    let result = call();
    QUIET.set(before);
    result
}

/// What a panic said; the first of them, with its place, when the hook saw it.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    PANIC.take().unwrap_or_else(|| text(payload))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("(no message)")
        .to_owned()
}

/// Sets the hook for panics. The scheduler sets one too when it first runs, which would add its report to every later
/// panic of this process: so it runs here once, and its hook is taken out.
pub(super) fn prepare(run_once: impl FnOnce()) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Other threads may panic meanwhile (tests run side by side), and must be heard.
        let before = Arc::new(panic::take_hook());
        let during = Arc::clone(&before);
        panic::set_hook(Box::new(move |info| hook(info, &**during)));
        while_quiet(run_once);
        drop(panic::take_hook());
        panic::set_hook(Box::new(move |info| hook(info, &**before)));
    });
}

fn hook(info: &PanicHookInfo<'_>, before: &dyn Fn(&PanicHookInfo<'_>)) {
    if !QUIET.try_with(Cell::get).unwrap_or(false) {
        before(info);
        return;
    }
    let place = info
        .location()
        .map(|place| format!(" ({}:{})", place.file(), place.line()));
    let message = text(info.payload()) + &place.unwrap_or_default();
    PANIC.with_borrow_mut(|first| _ = first.get_or_insert(message));
}
