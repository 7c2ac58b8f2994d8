//! Tasks that do nothing but look at their clock, on one core, and note where it jumps.

use std::sync::atomic::{AtomicU64, Ordering};

use super::runs::{Span, between_gaps};
use crate::experiment::{During, Error};
use crate::measure::ring::{Kind, Ring};
use crate::measure::{Clock, Nanos};
use crate::sys::{self, Mapping};

/// A shorter jump may be an interrupt; a longer one is a switch to another task.
pub(super) const JUMP: Nanos = Nanos(500_000);

/// For how many times the length of the watch a task goes on at most.
const PATIENCE: u64 = 10;

/// Some tasks that spin for a while on one core.
#[derive(Clone, Copy)]
pub(super) struct Watch<'a> {
    pub(super) clock: &'a (dyn Clock + Sync),
    pub(super) kind: Kind,
    pub(super) tasks: usize,
    /// How long, from the first task's first look.
    pub(super) length: Nanos,
    /// Whether a task goes on, for at most [`PATIENCE`] times this length, until each was stopped while another ran: on a
    /// busy core a task may wait long for its turn, and then be stopped for other programs.
    pub(super) waits_for_all: bool,
    /// How nice the second task is to the others; 0 is usual.
    pub(super) nice: u8,
}

/// What one task saw, in nanoseconds from the start of the watch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// When it ran.
    pub(super) runs: Vec<Span>,
    /// When it stood still.
    pub(super) gaps: Vec<Span>,
    /// How often the kernel says that it gave up the core.
    pub(super) voluntary: u64,
    /// How often the kernel says that the core was taken away.
    pub(super) involuntary: u64,
}

/// One task's notes: how many jumps, and each one's two ends.
struct Notes<'a>(&'a [AtomicU64]);

/// The words that all tasks share: when the first began, how many were stopped while another ran, and then for each the
/// last time that it read.
const BEGIN: usize = 0;
const ANSWERED: usize = 1;
const READ: usize = 2;

impl Notes<'_> {
    fn write(&self, jump: Span) {
        // One task alone writes here.
        let count = self.0[0].load(Ordering::Relaxed);
        let place = 1 + 2 * usize::try_from(count).unwrap_or(usize::MAX / 4);
        if let Some(words) = self.0.get(place..place + 2) {
            words[0].store(jump[0], Ordering::Relaxed);
            words[1].store(jump[1], Ordering::Relaxed);
            self.0[0].store(count + 1, Ordering::Release);
        }
    }

    fn read(&self) -> Vec<Span> {
        let count = usize::try_from(self.0[0].load(Ordering::Acquire)).unwrap_or(0);
        let words = self.0[1..].chunks_exact(2).take(count);
        words
            .map(|pair| [0, 1].map(|end: usize| pair[end].load(Ordering::Relaxed)))
            .collect()
    }
}

impl Watch<'_> {
    /// Lets the tasks spin, and says what each saw.
    pub(super) fn run(&self) -> Result<Vec<Seen>, Error> {
        // A jump takes at least `JUMP`, so this many fit into the watch, and the one in which it ends.
        let most = usize::try_from((PATIENCE + 1) * self.length.0 / JUMP.0).unwrap_or(0) + 2;
        let words_a_task = 1 + 2 * most;
        let bytes = (READ + self.tasks * (1 + words_a_task)) * size_of::<u64>();
        let memory = Mapping::shared(bytes).during("map the notes of the tasks")?;
        memory.touch();
        let (common, notes) = memory.words().split_at(READ + self.tasks);
        // Touching wrote a word of each page.
        memory.words().iter().for_each(|word| word.store(0, Ordering::Relaxed));
        let notes_of = |task: usize| Notes(&notes[task * words_a_task..(task + 1) * words_a_task]);
        let ring = Ring {
            clock: self.clock,
            kind: self.kind,
            tasks: self.tasks,
            warm_up: 0,
            turns: 1,
        };
        let reports = ring
            .run(|task| {
                let is_as_nice = task != 1 || self.nice == 0 || sys::set_nice(self.nice).is_ok();
                self.spin(task, common, &notes_of(task));
                is_as_nice
            })
            .during("start the tasks that spin")?;
        let begin = Nanos(common[BEGIN].load(Ordering::Acquire));
        let from_begin = |time: u64| Nanos(time).since(begin).0;
        let seen = reports.into_iter().enumerate().map(|(task, report)| {
            let gaps: Vec<Span> = notes_of(task)
                .read()
                .into_iter()
                .map(|gap| gap.map(from_begin))
                .collect();
            let whole = [from_begin(report.start.0), from_begin(report.end.0)];
            Seen {
                runs: between_gaps(whole, &gaps),
                gaps,
                voluntary: report.voluntary,
                involuntary: report.involuntary,
            }
        });
        Ok(seen.collect())
    }

    /// Looks at the clock until the watch is over. The first task of all says when it began.
    fn spin(&self, task: usize, common: &[AtomicU64], notes: &Notes<'_>) {
        let mut last = self.clock.now();
        let begun = match common[BEGIN].compare_exchange(0, last.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => last.0,
            Err(earlier) => earlier,
        };
        let (end, latest) = (begun + self.length.0, last.0 + PATIENCE * self.length.0);
        let read = &common[READ..];
        let mut is_answered = false;
        let all_answered = || common[ANSWERED].load(Ordering::Acquire) >= self.tasks as u64;
        while last.0 < end || (self.waits_for_all && last.0 < latest && !all_answered()) {
            let now = self.clock.now();
            if now.since(last) > JUMP {
                notes.write([last.0, now.0]);
                let ran = |other: usize| other != task && read[other].load(Ordering::Acquire) > last.0;
                if !is_answered && (0..self.tasks).any(ran) {
                    is_answered = true;
                    common[ANSWERED].fetch_add(1, Ordering::AcqRel);
                }
            }
            read[task].store(now.0, Ordering::Release);
            last = now;
        }
    }
}
