//! Ctrl-C, and other requests to end, while something is measured.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use nix::sys::signal::{SigSet, Signal};
use weft_lab::runner::Canceller;

/// Takes SIGINT, SIGTERM and SIGHUP: the first cancels the run that goes on, a second one ends the command.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    signal: Option<Signal>,
    run: Option<Canceller>,
}

impl Interrupt {
    /// Takes the signals from now on. Call it before another thread is started, which would get them instead.
    pub(crate) fn listen() -> anyhow::Result<Interrupt> {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            signals.add(signal);
        }
        signals.thread_block().context("cannot block signals")?;
        let interrupt = Interrupt::default();
        let taker = interrupt.clone();
        let take = move || {
            while let Ok(signal) = signals.wait() {
                taker.take(signal);
            }
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(take)
            .context("cannot start a thread for signals")?;
        Ok(interrupt)
    }

    /// A signal cancels this run from now on; one that came before does so at once.
    pub(crate) fn watch(&self, run: Canceller) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.signal.is_some() {
            run.cancel();
        }
        state.run = Some(run);
    }

    /// The signal that came, if one did.
    pub(crate) fn signal(&self) -> Option<Signal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).signal
    }

    fn take(&self, signal: Signal) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.signal.is_some() {
            end_now(signal);
        }
        state.signal = Some(signal);
        if let Some(run) = state.run.take() {
            run.cancel();
        }
    }
}

#[expect(
    clippy::exit,
    reason = "asked twice to end; a run that goes on is ended by its warden"
)]
fn end_now(signal: Signal) -> ! {
    std::process::exit(128 + signal as i32)
}
