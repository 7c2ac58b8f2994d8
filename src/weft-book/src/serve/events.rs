//! What a run has said so far, and how a page follows it: server-sent events that can be resumed.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::sse;
use futures_util::Stream;
use futures_util::stream;
use serde_json::Value;
use tokio::sync::watch;

/// Of all the progress of a run, the newest of each phase is kept, and of so many phases.
const PHASES: usize = 64;

/// Everything that a run has said, numbered from 1. Who comes late, or back, gets what they have not seen.
#[derive(Debug)]
pub(super) struct EventLog {
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Kept {
    events: Vec<Told>,
    newest: u64,
    ended: bool,
}

/// One event, as it goes to the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) data: Arc<str>,
    /// A newer event of the same name and subject takes the place of this one.
    subject: Option<String>,
}

impl EventLog {
    pub(super) fn new() -> Self {
        EventLog {
            kept: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event that stays.
    pub(super) fn tell(&self, name: &'static str, data: &Value) {
        self.add(name, data, None, false);
    }

    /// An event that a newer one of the same name and subject replaces.
    pub(super) fn update(&self, name: &'static str, subject: String, data: &Value) {
        self.add(name, data, Some(subject), false);
    }

    /// The last event: `done` or `error`.
    pub(super) fn end(&self, name: &'static str, data: &Value) {
        self.add(name, data, None, true);
    }

    fn add(&self, name: &'static str, data: &Value, subject: Option<String>, last: bool) {
        let mut kept = self.kept();
        if kept.ended {
            return;
        }
        kept.newest += 1;
        let id = kept.newest;
        if subject.is_some() {
            kept.events.retain(|old| old.name != name || old.subject != subject);
            let is_alike = |told: &Told| told.name == name && told.subject.is_some();
            if kept.events.iter().filter(|told| is_alike(told)).count() >= PHASES
                && let Some(oldest) = kept.events.iter().position(is_alike)
            {
                kept.events.remove(oldest);
            }
        }
        kept.events.push(Told {
            id,
            name,
            data: data.to_string().into(),
            subject,
        });
        kept.ended = last;
        drop(kept);
        self.newest.send_replace(id);
    }

    /// The events after number `id`, and whether the run has said its last.
    pub(super) fn after(&self, id: u64) -> (Vec<Told>, bool) {
        let kept = self.kept();
        let new = kept.events.iter().filter(|told| told.id > id).cloned().collect();
        (new, kept.ended)
    }

    /// Has whoever saw number `id` seen all that there will ever be?
    pub(super) fn is_exhausted(&self, id: u64) -> bool {
        let kept = self.kept();
        kept.ended && id >= kept.newest
    }

    /// How much memory the events take.
    pub(super) fn bytes(&self) -> usize {
        self.kept().events.iter().map(|told| told.data.len()).sum()
    }
}

/// The events of a run after number `id`, to its last one, or until the server closes.
pub(super) fn follow(
    log: Arc<EventLog>,
    id: u64,
    closing: watch::Receiver<bool>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    let follower = Follower {
        updates: log.newest.subscribe(),
        log,
        seen: id,
        unsent: Vec::new().into_iter(),
        closing,
        is_closing: false,
    };
    stream::unfold(follower, |mut follower| async {
        let told = follower.next().await?;
        let event = sse::Event::default()
            .id(told.id.to_string())
            .event(told.name)
            .data(&*told.data);
        Some((Ok(event), follower))
    })
}

struct Follower {
    log: Arc<EventLog>,
    seen: u64,
    unsent: std::vec::IntoIter<Told>,
    updates: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    is_closing: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.unsent.next() {
                self.seen = told.id;
                return Some(told);
            }
            self.updates.mark_unchanged();
            let (new, ended) = self.log.after(self.seen);
            if !new.is_empty() {
                self.unsent = new.into_iter();
                continue;
            }
            // Only now: the last words of a run come at the same moment as the server's end.
            if ended || self.is_closing {
                return None;
            }
            tokio::select! {
                _changed = self.updates.changed() => {}
                _closed = self.closing.wait_for(|&closing| closing) => self.is_closing = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(log: &EventLog, after: u64, expect: &[(u64, &str)]) {
        let (events, _) = log.after(after);
        let got: Vec<_> = events.iter().map(|told| (told.id, told.name)).collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn keeps_the_newest_of_each_phase() {
        let log = EventLog::new();
        for (phase, fraction) in [("warm up", 0.1), ("warm up", 0.2), ("compare", 0.5), ("compare", 0.9)] {
            log.update("progress", phase.to_owned(), &json!({ "fraction": fraction }));
        }
        log.tell("verdict", &json!({}));
        log.end("done", &json!({}));
        check(
            &log,
            0,
            &[(2, "progress"), (4, "progress"), (5, "verdict"), (6, "done")],
        );
        check(&log, 4, &[(5, "verdict"), (6, "done")]);
        check(&log, 6, &[]);
        assert!(log.is_exhausted(6) && !log.is_exhausted(5));
    }

    #[test]
    fn is_bounded_however_many_phases_there_are() {
        let log = EventLog::new();
        for phase in 0..1000 {
            log.update("progress", phase.to_string(), &json!({}));
        }
        assert_eq!(log.after(0).0.len(), PHASES);
        assert_eq!(log.after(0).0[0].id, 1000 - PHASES as u64 + 1);
    }

    #[test]
    fn says_nothing_after_the_end() {
        let log = EventLog::new();
        log.end("error", &json!({}));
        log.tell("verdict", &json!({}));
        check(&log, 0, &[(1, "error")]);
    }
}
