//! The supervisor: it opens the tabs, notices which of them are in trouble, and restarts what it has to.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::super::kind::Kind;
use super::tab::{NO_PAGE, Order, live};
use crate::sys::{self, Child, Mapping};

/// A tab is suspected of hanging when its heart stood still in so many looks. Looks and not time are counted: where the
/// whole machine stands still, the supervisor does not look.
const LOOKS: u32 = 10;
/// How long the supervisor waits for the answer of a tab that it doesn't suspect.
const ANSWER: Duration = Duration::from_secs(2);
/// The stack of a tab that is a thread.
const STACK: usize = 256 << 10;

/// How the browser is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) tabs: usize,
    pub(super) page_bytes: usize,
    /// How long a tab may be silent, and then again how long it may take to answer the question whether it hangs.
    pub(super) patience: Duration,
    /// Will there be an accident on purpose? It is then no news, and leaves no core dump. Such a process hides its
    /// memory from who is not root (`PR_SET_DUMPABLE`, `prctl(2)`).
    pub(super) has_accident: bool,
}

/// Tabs that are open, and their supervisor. Dropped, they end.
pub(super) struct Browser {
    plan: Plan,
    lines: Vec<UnixStream>,
    /// One a tab, or one that all tabs live in.
    children: Vec<Child>,
    hearts: Mapping,
    /// Tabs that were suspected and did answer.
    pub(super) false_alarms: usize,
}

/// What the supervisor noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The line to this tab has ended.
    Dead(usize),
    /// This tab's heart stands still, and it doesn't answer.
    Hung(usize),
}

impl Trouble {
    pub(super) fn tab(self) -> usize {
        match self {
            Trouble::Dead(tab) | Trouble::Hung(tab) => tab,
        }
    }
}

impl Browser {
    pub(super) fn open(plan: Plan) -> io::Result<Browser> {
        let mut browser = Browser {
            plan,
            lines: Vec::new(),
            children: Vec::new(),
            hearts: Mapping::shared(plan.tabs * size_of::<u64>())?,
            false_alarms: 0,
        };
        match plan.kind {
            Kind::Processes => {
                for tab in 0..plan.tabs {
                    let (line, child) = browser.start_process(tab)?;
                    browser.lines.push(line);
                    browser.children.push(child);
                }
            }
            Kind::Threads => browser.start_threads()?,
        }
        Ok(browser)
    }

    fn start_process(&self, tab: usize) -> io::Result<(UnixStream, Child)> {
        let (ours, theirs) = line()?;
        let heart = &self.hearts.words()[tab];
        let (page_bytes, has_accident) = (self.plan.page_bytes, self.plan.has_accident);
        let child = Child::fork(move || {
            if has_accident {
                fall_silent();
            }
            i32::from(live(theirs, heart, page_bytes).is_err())
        })?;
        Ok((ours, child))
    }

    fn start_threads(&mut self) -> io::Result<()> {
        let mut ends = Vec::new();
        self.lines.clear();
        for _ in 0..self.plan.tabs {
            let (ours, theirs) = line()?;
            self.lines.push(ours);
            ends.push(theirs);
        }
        let hearts = self.hearts.words();
        let (page_bytes, has_accident) = (self.plan.page_bytes, self.plan.has_accident);
        let child = Child::fork(move || {
            if has_accident {
                fall_silent();
            }
            std::thread::scope(|scope| {
                for (end, heart) in ends.into_iter().zip(hearts) {
                    let thread = std::thread::Builder::new().stack_size(STACK);
                    let started = thread.spawn_scoped(scope, move || live(end, heart, page_bytes));
                    if started.is_err() {
                        return 1;
                    }
                }
                0
            })
        })?;
        self.children = vec![child];
        Ok(())
    }

    /// Gives an order, and takes the answer in: the page that the tab shows. `None` without an answer in time.
    pub(super) fn ask(&mut self, tab: usize, order: Order) -> Option<u64> {
        let mut answer = [0; 8];
        self.tell(tab, order).ok()?;
        self.lines[tab].read_exact(&mut answer).ok()?;
        Some(u64::from_le_bytes(answer))
    }

    /// Gives an order that may never be answered.
    pub(super) fn tell(&mut self, tab: usize, order: Order) -> io::Result<()> {
        self.lines[tab].write_all(&order.to_message())
    }

    /// Watches until tabs are in trouble that are not in `known`, for at most twenty times their patience.
    pub(super) fn watch(&mut self, known: &BTreeSet<usize>) -> io::Result<Vec<Trouble>> {
        let tabs = self.plan.tabs;
        let watched: Vec<usize> = (0..tabs).filter(|tab| !known.contains(tab)).collect();
        let pulse = |hearts: &Mapping| -> Vec<u64> {
            let words = hearts.words()[..tabs].iter();
            words.map(|heart| heart.load(Relaxed)).collect()
        };
        let mut last = pulse(&self.hearts);
        let mut still = vec![0; tabs];
        for _ in 0..20 * LOOKS {
            // A tab says nothing unasked: what can be read is its end, or the answer of one that did not fail.
            let dead = self.readable(&watched)?;
            if !dead.is_empty() {
                return Ok(dead.into_iter().map(Trouble::Dead).collect());
            }
            let now = pulse(&self.hearts);
            for &tab in &watched {
                still[tab] = if now[tab] == last[tab] { still[tab] + 1 } else { 0 };
            }
            last = now;
            let suspects: Vec<usize> = watched.iter().copied().filter(|&tab| still[tab] >= LOOKS).collect();
            if !suspects.is_empty() {
                let hung = self.silent(&suspects)?;
                if !hung.is_empty() {
                    return Ok(hung.into_iter().map(Trouble::Hung).collect());
                }
                for tab in suspects {
                    still[tab] = 0;
                }
            }
        }
        Ok(Vec::new())
    }

    /// One look: which of these lines can be read, or will be within a tenth of the patience.
    fn readable(&self, tabs: &[usize]) -> io::Result<Vec<usize>> {
        let look_every = PollTimeout::try_from(self.plan.patience / LOOKS).unwrap_or(PollTimeout::ZERO);
        let mut fds: Vec<PollFd<'_>> = tabs
            .iter()
            .map(|&tab| PollFd::new(self.lines[tab].as_fd(), PollFlags::POLLIN))
            .collect();
        poll(&mut fds, look_every)?;
        let ready = fds.iter().map(|fd| fd.any().unwrap_or(false));
        Ok(tabs
            .iter()
            .copied()
            .zip(ready)
            .filter(|tab| tab.1)
            .map(|tab| tab.0)
            .collect())
    }

    /// Asks those whose hearts stand still, all at once. Which of them don't answer?
    fn silent(&mut self, suspects: &[usize]) -> io::Result<Vec<usize>> {
        let mut silent = suspects.to_vec();
        for &tab in suspects {
            let _gone = self.tell(tab, Order::Show);
        }
        for _ in 0..LOOKS {
            for tab in self.readable(&silent)? {
                if self.lines[tab].read_exact(&mut [0; 8]).is_err() {
                    // It has died meanwhile, and with it perhaps others: the next look says so.
                    return Ok(Vec::new());
                }
                silent.retain(|&other| other != tab);
                self.false_alarms += 1;
            }
            if silent.is_empty() {
                break;
            }
        }
        Ok(silent)
    }

    /// Restarts what has to be restarted for this tab, and loads pages into it: the tab alone where it is a process,
    /// all tabs where they are threads, since a thread can't be ended from outside and takes all with it when it dies.
    /// Gives the tabs that were restarted.
    pub(super) fn restart(&mut self, tab: usize, page: u64) -> io::Result<Vec<usize>> {
        let restarted = match self.plan.kind {
            Kind::Processes => {
                self.children[tab].kill();
                self.children[tab].wait()?;
                let (line, child) = self.start_process(tab)?;
                self.lines[tab] = line;
                self.children[tab] = child;
                vec![tab]
            }
            Kind::Threads => {
                self.children[0].kill();
                self.children[0].wait()?;
                self.start_threads()?;
                (0..self.plan.tabs).collect()
            }
        };
        for &tab in &restarted {
            self.load(tab, page)?;
        }
        Ok(restarted)
    }

    /// Loads a page, and sees it shown.
    pub(super) fn load(&mut self, tab: usize, page: u64) -> io::Result<()> {
        match self.ask(tab, Order::Load(page)) {
            Some(shown) if shown == page && page != NO_PAGE => Ok(()),
            _ => Err(io::Error::other("a tab did not load its page")),
        }
    }

    /// The processes of the browser, without its supervisor.
    pub(super) fn pids(&self) -> Vec<i32> {
        self.children.iter().map(Child::id).collect()
    }
}

fn line() -> io::Result<(UnixStream, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(ANSWER))?;
    Ok((ours, theirs))
}

/// What an accident on purpose says is no news.
fn fall_silent() {
    std::panic::set_hook(Box::new(|_| {}));
    let _heard = sys::fail_silently();
}
