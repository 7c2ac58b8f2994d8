//! Runs an answer under many schedules, one thread at a time, and finds out how it ended.
//!
//! The answer's locks, conditions and threads are those of [`sync`](super::sync). Each of their operations is a point at
//! which a scheduler (`shuttle`) decides who goes on. So a fault doesn't wait for bad luck: its schedule is among those
//! that are tried, and its seed finds it again.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use parking_lot::Mutex;
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::fault::Fault;
use super::quiet::{self, message};
use super::schedule::{Chooser, Progress};
use super::{clocks, seed};

/// The watchdog looks this often, and gives an answer this many looks without a step.
const LOOK: Duration = Duration::from_millis(500);
const PATIENCE: u32 = 8;

const STACK: usize = 256 << 10;

/// How an answer is tried, and what to say when it doesn't end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// How many schedules.
    pub(super) schedules: usize,
    /// The most steps in one of them.
    pub(super) steps: usize,
    /// When all threads sleep: the promise, what a right answer does, and a hint.
    pub(super) asleep: [&'static str; 3],
    /// When the steps are over: the same.
    pub(super) endless: [&'static str; 3],
}

/// Where the threads of one exploration report.
#[derive(Debug, Clone)]
pub(super) struct Court {
    fault: Arc<Mutex<Option<Fault>>>,
    later: Arc<Mutex<Option<Fault>>>,
    events: Arc<Mutex<Vec<String>>>,
    progress: Arc<Progress>,
    plan: Arc<Plan>,
}

impl Court {
    fn new(plan: Plan) -> Self {
        Court {
            fault: Arc::default(),
            later: Arc::default(),
            events: Arc::default(),
            progress: Arc::default(),
            plan: Arc::new(plan),
        }
    }

    /// Something that a reader of the fault should know.
    pub(super) fn event(&self, text: impl Into<String>) {
        self.events.lock().push(text.into());
    }

    /// How often the scheduler has gone from one thread to another.
    pub(super) fn switches(&self) -> usize {
        self.progress.switches.load(Ordering::Relaxed)
    }

    /// How often the scheduler has chosen this thread of the schedule.
    pub(super) fn turns(&self, thread: usize) -> u32 {
        // Between the one that sets all up and the others is the scheduler's sentinel.
        let task = if thread == 0 { 0 } else { thread + 1 };
        self.progress.turns.lock().get(task).copied().unwrap_or(0)
    }

    /// Ends the schedule, and the exploration.
    pub(super) fn fail(&self, fault: Fault) -> ! {
        self.fault.lock().get_or_insert(fault);
        self.progress.is_over.store(true, Ordering::Relaxed);
        if !is_inside() {
            panic::resume_unwind(Box::new("reported"));
        }
        loop {
            // The scheduler never comes back here: it takes the thread down.
            pause();
        }
    }

    /// Keeps a fault that counts only if no schedule shows a plainer one.
    pub(super) fn remember(&self, fault: Fault) {
        let events = || self.events.lock().clone();
        self.later
            .lock()
            .get_or_insert_with(|| fault.after(events()).case(self.case()));
    }

    fn case(&self) -> u32 {
        self.progress.schedule.load(Ordering::Relaxed)
    }

    /// What came of all schedules.
    fn sentence<T>(&self, result: Result<Result<T, String>, Stuck>) -> Option<Fault> {
        let progress = &self.progress;
        let reported = self.fault.lock().take();
        let plain = match result {
            _ if reported.is_some() => reported,
            Err(Stuck) => Some(stuck()),
            Ok(_) if progress.is_asleep.load(Ordering::Relaxed) => Some(asleep(&self.plan)),
            Ok(_) if progress.is_endless.load(Ordering::Relaxed) => Some(endless(&self.plan)),
            Ok(Err(message)) => Some(explain(&self.plan, &message)),
            Ok(Ok(_)) => None,
        };
        let events = std::mem::take(&mut *self.events.lock());
        let later = || self.later.lock().take();
        plain.map(|fault| fault.after(events).case(self.case())).or_else(later)
    }
}

/// Is this thread one that the check schedules?
pub(super) fn is_inside() -> bool {
    shuttle::current::try_get_current_task().is_some()
}

/// The number of this thread in its schedule; 0 is the one that sets all up.
pub(super) fn me() -> usize {
    // Task 1 is the scheduler's sentinel.
    usize::from(shuttle::current::me()).saturating_sub(1)
}

/// A thread of the check's own.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> shuttle::thread::JoinHandle<()> {
    let parent = clocks::fork();
    shuttle::thread::spawn(move || {
        clocks::join(&parent);
        guarded(work);
    })
}

/// Runs a thread of a schedule. Its panic is a fault, and the end.
pub(super) fn guarded<R>(work: impl FnOnce() -> R) -> R {
    let Some(court) = quiet::court() else {
        return work();
    };
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        // This is the scheduler, which takes the thread down.
        Err(payload) if court.progress.is_over.load(Ordering::Relaxed) => panic::resume_unwind(payload),
        Err(payload) => {
            let message = message(payload.as_ref());
            court.fail(explain(&court.plan, &message))
        }
    }
}

/// Lets other threads in.
pub(super) fn pause() {
    shuttle::thread::sleep(Duration::ZERO);
}

/// Runs `body` under the plan's schedules.
pub(super) fn explore(plan: Plan, body: impl Fn(&Court) + Send + Sync + 'static) -> Result<(), Fault> {
    quiet::prepare(|| {
        Runner::new(Chooser::new(0, 1, 100, Arc::default()), config()).run(|| {});
    });
    let seed = seed::take();
    let court = Court::new(plan);
    let (done, ended) = mpsc::channel();
    let inner = court.clone();
    let thread = std::thread::Builder::new().name("check".to_owned());
    let spawned = thread.spawn(move || {
        quiet::enter(inner.clone());
        let chooser = Chooser::new(seed, plan.schedules, plan.steps, Arc::clone(&inner.progress));
        let runner = Runner::new(chooser, config());
        let tried = panic::catch_unwind(AssertUnwindSafe(move || runner.run(move || schedule(&inner, &body))));
        // Nobody listens any more when the watchdog has given up.
        let _ = done.send(tried.map_err(|payload| message(payload.as_ref())));
    });
    if let Err(error) = spawned {
        let fault = Fault::new("a thread for the check", "that the system gives one", error.to_string());
        return Err(fault.hint("too many threads run already: end some, or restart the kernel"));
    }
    let result = watch(&ended, &court.progress);
    court.sentence(result).map_or(Ok(()), |fault| Err(fault.seed(seed)))
}

/// One schedule. Beside it lives a task that can always run, by which the scheduler sees that no other can.
fn schedule(court: &Court, body: &dyn Fn(&Court)) {
    let progress = Arc::clone(&court.progress);
    let sentinel = shuttle::thread::spawn(move || {
        while !progress.is_done.load(Ordering::Relaxed) {
            pause();
        }
    });
    clocks::begin();
    court.events.lock().clear();
    quiet::forget();
    guarded(|| body(court));
    court.progress.is_done.store(true, Ordering::Relaxed);
    let _ = sentinel.join();
}

/// Calls an answer that needs no schedule. An instrument that it is given may end it with a fault.
pub(super) fn call<R>(answer: impl FnOnce() -> R) -> Result<R, Fault> {
    quiet::prepare(|| {
        Runner::new(Chooser::new(0, 1, 100, Arc::default()), config()).run(|| {});
    });
    let result = quiet::while_quiet(|| panic::catch_unwind(AssertUnwindSafe(answer)));
    result.map_err(|payload| match payload.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(payload) => panicked(&message(payload.as_ref())),
    })
}

/// Ends an answer that [`call`] has called.
pub(super) fn stop(fault: Fault) -> ! {
    panic::resume_unwind(Box::new(fault))
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    // The chooser counts them.
    config.max_steps = MaxSteps::None;
    config.silence_warnings = true;
    config.ungraceful_shutdown_config.immediately_return_on_panic = true;
    config
}

struct Stuck;

/// Waits for the end. An answer that spins or sleeps where the scheduler can't see it takes no more steps.
fn watch<T>(ended: &mpsc::Receiver<T>, progress: &Progress) -> Result<T, Stuck> {
    let (mut seen, mut looks) = (0, 0);
    loop {
        match ended.recv_timeout(LOOK) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Disconnected) => return Err(Stuck),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let steps = progress.steps.load(Ordering::Relaxed);
        looks = if steps == seen { looks + 1 } else { 0 };
        seen = steps;
        if looks >= PATIENCE {
            return Err(Stuck);
        }
    }
}

fn stuck() -> Fault {
    Fault::new(
        "progress",
        "each wait is one that others can end",
        "the answer stands still, in a loop or a wait of which the check sees nothing",
    )
    .hint(
        "take locks, conditions, atomics and threads from `weft_lab::check::sync`, and look for a loop without an end",
    )
}

fn told([rule, expected, hint]: [&'static str; 3], seen: &str) -> Fault {
    Fault::new(rule, expected, seen).hint(hint)
}

fn asleep(plan: &Plan) -> Fault {
    told(plan.asleep, "every thread waits, and nobody is left who could wake one")
}

fn endless(plan: &Plan) -> Fault {
    let seen = format!("no end after {} steps, with every thread getting its turns", plan.steps);
    told(plan.endless, &seen)
}

/// A panic that no check raised.
fn explain(plan: &Plan, message: &str) -> Fault {
    if message.contains("it already holds") {
        let seen = "a thread locks a mutex that it holds already, and so waits for itself";
        return told(plan.asleep, seen).hint("drop the guard first; a guard lives to the end of its block");
    }
    if message.starts_with("deadlock!") {
        return asleep(plan);
    }
    panicked(message)
}

fn panicked(message: &str) -> Fault {
    Fault::new("no panic", "the answer returns", format!("it panicked: {message}"))
        .hint("the message and its place are those of your code, or of a value that your code was given")
}
