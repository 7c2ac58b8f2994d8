//! What `weft run` and `weft verdicts` share: runs one after another, each stored when it is done.

use weft_lab::{Request, RunError, Runner};

use crate::document::Judged;
use crate::failure::{Status, status_of};
use crate::interrupt::Interrupt;
use crate::output::{complain, tell};
use crate::store;
use crate::terminal::progress::Progress;

/// Runs experiments one after another.
pub(crate) struct Session {
    runner: Runner,
    interrupt: Interrupt,
    of: usize,
    begun: usize,
    failed: bool,
}

impl Session {
    /// A session of these runs; none begins if one is asked for wrongly.
    pub(crate) fn open(requests: &[Request]) -> anyhow::Result<Session> {
        for request in requests {
            request.resolve().map_err(RunError::from)?;
        }
        Ok(Session {
            runner: Runner::find()?,
            interrupt: Interrupt::listen()?,
            of: requests.len(),
            begun: 0,
            failed: false,
        })
    }

    /// Runs one experiment. `None` when it failed, which has then been said; the session can go on.
    pub(crate) fn run(&mut self, request: &Request) -> Option<Judged> {
        self.begun += 1;
        let place = (self.of > 1).then_some((self.begun, self.of));
        let progress = Progress::begin(&request.experiment, place);
        let result = self.measure(request, &progress);
        progress.end();
        match result {
            Ok(record) => Some(Judged::new(record)),
            // What to say of it is said once, at the end.
            Err(RunError::Cancelled { .. }) if self.interrupt.signal().is_some() => None,
            Err(error) => {
                debug_assert_ne!(status_of(&error), Status::WrongUse, "requests are checked before");
                self.fail(&with_source(&error), error.hint());
                None
            }
        }
    }

    fn measure(&self, request: &Request, progress: &Progress) -> Result<weft_lab::Record, RunError> {
        let mut run = self.runner.start(request)?;
        self.interrupt.watch(run.canceller());
        while let Some(event) = run.next_event() {
            progress.show(&event);
        }
        run.finish()
    }

    /// Stores a record, after its verdict has been printed: a result is not lost with the place to keep it.
    pub(crate) fn store(&mut self, judged: &Judged) {
        match store::put(&judged.record) {
            Ok(path) => tell(&format!("Stored: {}", path.display())),
            Err(failure) => self.fail(&failure.what, &failure.hint),
        }
    }

    /// Notes a failure that does not stop the session.
    pub(crate) fn fail(&mut self, what: &str, hint: &str) {
        self.failed = true;
        complain(what, hint);
    }

    /// Does `result` go wrong? Then it is noted, and the session goes on.
    pub(crate) fn note(&mut self, result: anyhow::Result<()>) {
        if let Err(error) = result {
            self.failed |= crate::failure::report(&error) != Status::Ran;
        }
    }

    /// Has a signal asked for the end?
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupt.signal().is_some()
    }

    /// How the command ends.
    pub(crate) fn status(&self) -> Status {
        match self.interrupt.signal() {
            Some(signal) => {
                complain(
                    &format!("stopped by {signal}; nothing of the run is left"),
                    "What was finished before it is stored.",
                );
                Status::Interrupted(signal)
            }
            None if self.failed => Status::Failed,
            None => Status::Ran,
        }
    }
}

fn with_source(error: &RunError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
