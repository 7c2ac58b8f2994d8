//! Where one run is done: measured in a worker, told to its log, judged and drawn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use weft_lab::measure::{Clock, MonotonicClock};
use weft_lab::{Event, Record, Request, RunError, Runner, msg, text};

use super::events::EventLog;
use super::fragments::{self, Dictionary};
use super::results::Results;

/// Measures. A test has one that replays what a worker would say.
pub(super) trait Bench: Send {
    /// Runs to the end. `start` is given what ends the run from elsewhere, `tell` is told how far it is.
    fn run(
        &self,
        request: &Request,
        start: &dyn Fn(Box<dyn Fn() + Send>),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Record, RunError>;
}

impl Bench for Runner {
    fn run(
        &self,
        request: &Request,
        start: &dyn Fn(Box<dyn Fn() + Send>),
        tell: &mut dyn FnMut(Event),
    ) -> Result<Record, RunError> {
        let mut run = self.start(request)?;
        let canceller = run.canceller();
        start(Box::new(move || canceller.cancel()));
        while let Some(event) = run.next_event() {
            tell(event);
        }
        run.finish()
    }
}

/// What a run finds around it: the languages, and who wants the record.
pub(super) struct Workplace {
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) results: Arc<Results>,
    pub(super) on_record: Box<dyn Fn(&Record) + Send + Sync>,
}

impl Workplace {
    /// Does one run, whatever happens in it.
    pub(super) fn work(
        &self,
        bench: &dyn Bench,
        request: &Request,
        log: &EventLog,
        start: &dyn Fn(Box<dyn Fn() + Send>),
    ) {
        let done = catch_unwind(AssertUnwindSafe(|| self.measure(bench, request, log, start)));
        match done {
            Ok(Ok(())) => fragments::end_well(log),
            Ok(Err(error)) => fragments::end_badly(log, &error, &*self.dictionary),
            // A fault of a judge or a figure must not end the server; the panic itself stands on standard error.
            Err(_) => fragments::end_with(
                log,
                &text!(
                    "{experiment}: the result could not be judged or drawn",
                    experiment = &request.experiment
                ),
                msg!("This is a fault in weft; report it with what the terminal shows."),
                false,
                &*self.dictionary,
            ),
        }
    }

    fn measure(
        &self,
        bench: &dyn Bench,
        request: &Request,
        log: &EventLog,
        start: &dyn Fn(Box<dyn Fn() + Send>),
    ) -> Result<(), RunError> {
        let began = MonotonicClock.now();
        fragments::tell_started(log, &*self.dictionary);
        let record = bench.run(request, start, &mut |event| match event {
            Event::Progress(progress) => {
                let elapsed_ms = MonotonicClock.now().since(began).0 / 1_000_000;
                fragments::tell_progress(log, &progress, elapsed_ms, &*self.dictionary);
            }
            // Part of some experiments; of interest only where a run fails, and then the error bears it.
            Event::Printed(_) => {}
        })?;
        self.results.put(&record);
        (self.on_record)(&record);
        fragments::tell_result(log, &record, &*self.dictionary);
        Ok(())
    }
}
