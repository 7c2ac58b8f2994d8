//! One run at a time, the rest in a queue, the last results kept.
//!
//! Runs go on in a thread of their own, because following a worker blocks. Requests only look at the state that this
//! thread shares with them, under a lock that is never held while anything is measured or judged.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::watch;
use weft_lab::{Request, RunError};

use super::bench::{Bench, Workplace};
use super::events::EventLog;
use super::fragments::{self, Dictionary};
use super::refusal::Refusal;
use super::token;

/// So many runs may wait.
pub(super) const QUEUE: usize = 16;

/// So many runs that have ended are kept for pages that are loaded again,
const KEPT: usize = 64;

/// and never more than so much of what they said, but for the newest.
const KEPT_BYTES: usize = 64 << 20;

/// One run that was asked for.
pub(super) struct Run {
    id: String,
    request: Request,
    pub(super) log: Arc<EventLog>,
    stop: Mutex<Stop>,
}

/// How a run is to be ended from elsewhere.
#[derive(Default)]
struct Stop {
    is_wanted: bool,
    order: Option<Box<dyn Fn() + Send>>,
}

impl Run {
    fn stop(&self) -> MutexGuard<'_, Stop> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the end. A run that has not begun yet ends as soon as it does.
    fn cancel(&self) {
        let mut stop = self.stop();
        stop.is_wanted = true;
        if let Some(order) = &stop.order {
            order();
        }
    }

    /// The run has begun, and this ends it.
    fn can_be_ended_by(&self, order: Box<dyn Fn() + Send>) {
        let mut stop = self.stop();
        if stop.is_wanted {
            order();
        }
        stop.order = Some(order);
    }

    fn end_as_cancelled(&self, dictionary: &Dictionary) {
        let experiment = self.request.experiment.clone();
        fragments::end_badly(&self.log, &RunError::Cancelled { experiment }, dictionary);
    }
}

/// All runs of this server.
pub(super) struct Runs {
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Differs from one start of the server to the next, so that a page never takes a new run for its old one.
    stamp: String,
    dictionary: Arc<Dictionary>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<Run>>,
    current: Option<Arc<Run>>,
    by_id: HashMap<String, Arc<Run>>,
    ended: VecDeque<Arc<Run>>,
    count: u64,
    is_closing: bool,
}

impl Runs {
    /// Starts the thread in which runs go on.
    pub(super) fn start(bench: Box<dyn Bench>, workplace: Workplace) -> io::Result<Runs> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
            stamp: token::random_digits(6)?,
            dictionary: Arc::clone(&workplace.dictionary),
        });
        let (tell_end, ended) = watch::channel(false);
        let own = Arc::clone(&shared);
        thread::Builder::new().name("weft-runs".to_owned()).spawn(move || {
            while let Some(run) = own.next() {
                let start = |order| run.can_be_ended_by(order);
                workplace.work(&*bench, &run.request, &run.log, &start);
                own.retire(run);
            }
            tell_end.send_replace(true);
        })?;
        Ok(Runs { shared, ended })
    }

    /// Puts a run into the queue; its id.
    pub(super) fn submit(&self, request: Request) -> Result<String, Refusal> {
        let mut state = self.shared.state();
        if state.is_closing {
            return Err(Refusal::closing());
        }
        if state.queue.len() >= QUEUE {
            return Err(Refusal::queue_full(QUEUE));
        }
        state.count += 1;
        let id = format!("{}-{}", self.shared.stamp, state.count);
        let run = Arc::new(Run {
            id: id.clone(),
            request,
            log: Arc::new(EventLog::new()),
            stop: Mutex::default(),
        });
        state.by_id.insert(id.clone(), Arc::clone(&run));
        state.queue.push_back(run);
        state.tell_positions(state.queue.len() - 1);
        drop(state);
        self.shared.wake.notify_one();
        Ok(id)
    }

    /// The run with this id, while it is kept.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Run>> {
        self.shared.state().by_id.get(id).cloned()
    }

    /// Ends a run, whether it waits or goes on; one that has ended stays as it is. `false` for a run that is not known.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let mut state = self.shared.state();
        let Some(run) = state.by_id.get(id).cloned() else {
            return false;
        };
        if let Some(place) = state.queue.iter().position(|waiting| waiting.id == id) {
            state.queue.remove(place);
            run.end_as_cancelled(&*self.shared.dictionary);
            state.keep(run);
            state.tell_positions(place);
        } else if state.current.as_ref().is_some_and(|current| current.id == id) {
            run.cancel();
        }
        true
    }

    /// Ends all runs and takes no new ones.
    pub(super) fn close(&self) {
        let mut state = self.shared.state();
        state.is_closing = true;
        for run in std::mem::take(&mut state.queue) {
            run.end_as_cancelled(&*self.shared.dictionary);
        }
        if let Some(current) = &state.current {
            current.cancel();
        }
        drop(state);
        self.shared.wake.notify_one();
    }

    /// Waits, after [`Runs::close`], until nothing of any run is left.
    pub(super) async fn ended(&self) {
        // An error says that the thread is no more, which is an end too.
        let mut ended = self.ended.clone();
        let _either = ended.wait_for(|&ended| ended).await;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next run; `None` when there will be no more.
    fn next(&self) -> Option<Arc<Run>> {
        let mut state = self.state();
        loop {
            if state.is_closing {
                return None;
            }
            if let Some(run) = state.queue.pop_front() {
                state.current = Some(Arc::clone(&run));
                return Some(run);
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn retire(&self, run: Arc<Run>) {
        let mut state = self.state();
        state.current = None;
        state.keep(run);
        state.tell_positions(0);
    }
}

impl State {
    /// Tells the runs from this place of the queue on how many come before them.
    fn tell_positions(&self, from: usize) {
        let going_on = usize::from(self.current.is_some());
        for (place, run) in self.queue.iter().enumerate().skip(from) {
            fragments::tell_queued(&run.log, place + going_on);
        }
    }

    fn keep(&mut self, run: Arc<Run>) {
        self.ended.push_back(run);
        let bytes = |runs: &VecDeque<Arc<Run>>| runs.iter().map(|run| run.log.bytes()).sum::<usize>();
        while self.ended.len() > KEPT || (self.ended.len() > 1 && bytes(&self.ended) > KEPT_BYTES) {
            if let Some(oldest) = self.ended.pop_front() {
                self.by_id.remove(&oldest.id);
            }
        }
    }
}
