//! Runs an answer under many schedules, one thread at a time, and finds out how it ended.
//!
//! The answer's locks, conditions and threads are those of [`sync`](super::sync). Each of their operations is a point at
//! which a scheduler (`shuttle`) decides who goes on. So a fault doesn't wait for bad luck: its schedule is among those
//! that are tried, and its seed finds it again.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Once};
use std::time::Duration;

use parking_lot::Mutex;
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::fault::Fault;
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

/// Where the threads of one schedule report.
#[derive(Debug, Clone, Default)]
pub(super) struct Court {
    fault: Arc<Mutex<Option<Fault>>>,
    events: Arc<Mutex<Vec<String>>>,
    later: Arc<Mutex<Option<Fault>>>,
    progress: Arc<Progress>,
}

/// What a thread unwinds with when its fault is already reported.
struct Reported;

impl Court {
    /// Something that a reader of the fault should know.
    pub(super) fn event(&self, text: impl Into<String>) {
        self.events.lock().push(text.into());
    }

    /// Ends the schedule.
    pub(super) fn fail(&self, fault: Fault) -> ! {
        self.report(fault);
        panic::resume_unwind(Box::new(Reported));
    }

    /// How often the scheduler has gone from one thread to another.
    pub(super) fn switches(&self) -> usize {
        self.progress.switches.load(Ordering::Relaxed)
    }

    /// Keeps a fault that counts only if no schedule shows a plainer one.
    pub(super) fn remember(&self, fault: Fault) {
        self.later.lock().get_or_insert_with(|| {
            fault
                .after(self.events.lock().clone())
                .found(0, self.progress.schedule.load(Ordering::Relaxed))
        });
    }

    /// Keeps the first fault, and goes on.
    pub(super) fn report(&self, fault: Fault) {
        self.fault.lock().get_or_insert(fault);
    }
}

/// Is this thread one that the check schedules?
pub(super) fn is_inside() -> bool {
    shuttle::current::try_get_current_task().is_some()
}

/// The number of this thread in its schedule; 0 is the one that sets all up.
pub(super) fn me() -> usize {
    shuttle::current::me().into()
}

/// A thread of the check's own.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> shuttle::thread::JoinHandle<()> {
    let parent = clocks::fork();
    shuttle::thread::spawn(move || {
        clocks::join(&parent);
        work();
    })
}

/// Lets other threads in.
pub(super) fn pause() {
    shuttle::thread::sleep(Duration::ZERO);
}

/// Runs `body` under the plan's schedules.
pub(super) fn explore(plan: Plan, body: impl Fn(&Court) + Send + Sync + 'static) -> Result<(), Fault> {
    prepare();
    let seed = seed::take();
    let court = Court::default();
    let progress = Arc::clone(&court.progress);
    let (done, ended) = mpsc::channel();
    let inner = (Arc::clone(&progress), court.clone());
    let thread = std::thread::Builder::new().name("check".to_owned());
    let spawned = thread.spawn(move || {
        QUIET.set(true);
        let (progress, court) = inner;
        let runner = Runner::new(Chooser::new(seed, plan.schedules, progress), config(plan.steps));
        let tried = panic::catch_unwind(AssertUnwindSafe(move || {
            runner.run(move || {
                clocks::begin();
                court.events.lock().clear();
                body(&court);
            })
        }));
        // Nobody listens any more when the watchdog has given up.
        let _ = done.send(tried.map_err(|payload| message(payload.as_ref())));
    });
    if let Err(error) = spawned {
        return Err(Fault::new(
            "a thread for the check",
            "that the system gives one",
            error.to_string(),
        ));
    }
    let result = watch(&ended, &progress);
    let reported = court.fault.lock().take();
    let fault = match (reported, result) {
        (Some(fault), _) => fault,
        (None, Ok(Ok(_))) => {
            let later = court.later.lock().take();
            return later.map_or(Ok(()), |fault| {
                let case = fault.case;
                Err(fault.found(seed, case))
            });
        }
        (None, Ok(Err(message))) => explain(&plan, &message),
        (None, Err(Stuck)) => stuck(),
    };
    let events = std::mem::take(&mut *court.events.lock());
    Err(fault
        .after(events)
        .found(seed, progress.schedule.load(Ordering::Relaxed)))
}

/// Calls an answer that needs no schedule. An instrument that it is given may end it with a fault.
pub(super) fn call<R>(answer: impl FnOnce() -> R) -> Result<R, Fault> {
    prepare();
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(answer));
    QUIET.set(before);
    result.map_err(|payload| match payload.downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(payload) => panicked(&message(payload.as_ref())),
    })
}

/// Ends an answer that [`call`] has called.
pub(super) fn stop(fault: Fault) -> ! {
    panic::resume_unwind(Box::new(fault))
}

fn config(steps: usize) -> Config {
    let mut config = Config::new();
    config.stack_size = STACK;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(steps);
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

/// A panic that no check raised.
fn explain(plan: &Plan, message: &str) -> Fault {
    let fault = |[rule, expected, hint]: [&'static str; 3], seen: &str| Fault::new(rule, expected, seen).hint(hint);
    if message.contains("it already holds") {
        let seen = "a thread locks a mutex that it holds already, and so waits for itself";
        return fault(plan.asleep, seen).hint("drop the guard first; a guard lives to the end of its block");
    }
    if message.starts_with("deadlock!") {
        return fault(plan.asleep, "every thread waits, and nobody is left who could wake one");
    }
    if message.starts_with("exceeded max_steps") {
        let seen = format!("no end after {} steps, with every thread getting its turns", plan.steps);
        return fault(plan.endless, &seen);
    }
    panicked(message)
}

fn panicked(message: &str) -> Fault {
    Fault::new("no panic", "the answer returns", format!("it panicked: {message}"))
        .hint("the message and its place are those of your code, or of a value that your code was given")
}

thread_local! {
    /// Does this thread try an answer? Its panics are faults, and are told as such.
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// What a panic said, and where.
pub(super) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("(no message)");
    let place = PLACE.with_borrow(Clone::clone);
    format!("{text}{place}")
}

/// Panics while an answer is tried print nothing. The scheduler's own report, which it would add to every later panic of
/// this process, is taken out.
fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        Runner::new(Chooser::new(0, 1, Arc::default()), config(100)).run(|| {});
        drop(panic::take_hook());
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if QUIET.try_with(Cell::get).unwrap_or(false) {
                let place = info
                    .location()
                    .map(|place| format!(" ({}:{})", place.file(), place.line()));
                PLACE.set(place.unwrap_or_default());
            } else {
                before(info);
            }
        }));
    });
}
