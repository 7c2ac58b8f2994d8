//! How records, figures and verdicts show themselves in a notebook's cell, and how a run is started from one.
//!
//! ```text
//! use weft_lab::prelude::*;
//!
//! let record = run("switch-cost")?;
//! record
//! ```
//!
//! A run from a cell goes through [`Runner`], so it measures in a clean worker process like every other; its progress is
//! a display that changes. In another kernel than ours the same code works, with its progress as lines.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;
use serde_json::{Map, Value, json};

use crate::figure::Figure;
use crate::html;
use crate::record::Record;
use crate::runner::{Event, Request, RunError, Runner};
use crate::text::Text;
use crate::verdict::Verdict;

/// The cell is one of our own kernel, which takes whole display messages.
const OURS: &str = "WEFT_KERNEL";
/// The type by which it knows them.
const DISPLAY: &str = "application/vnd.weft.display+json";

/// Something that a cell can show.
pub trait Show {
    /// Its representations by MIME type.
    fn representations(&self) -> Map<String, Value>;

    /// Shows it here and now; a cell may show many things.
    fn show(&self) {
        send(&self.representations(), &json!({}));
    }

    /// What a cell does with the value of its last expression.
    fn evcxr_display(&self) {
        send(&self.representations(), &json!({ "value": true }));
    }
}

impl Show for Figure {
    fn representations(&self) -> Map<String, Value> {
        let svg = self.svg_file(&english);
        Map::from_iter([
            ("text/plain".to_owned(), self.description.english().into()),
            ("text/html".to_owned(), figure_html(self).into()),
            ("image/svg+xml".to_owned(), svg.into()),
        ])
    }
}

impl Show for Verdict {
    fn representations(&self) -> Map<String, Value> {
        std::slice::from_ref(self).representations()
    }
}

impl Show for [Verdict] {
    fn representations(&self) -> Map<String, Value> {
        let plain: Vec<String> = self.iter().map(verdict_line).collect();
        let html: String = self.iter().map(|verdict| html::verdict(verdict, &english)).collect();
        Map::from_iter([
            ("text/plain".to_owned(), plain.join("\n").into()),
            ("text/html".to_owned(), html.into()),
        ])
    }
}

impl Show for [Figure] {
    fn representations(&self) -> Map<String, Value> {
        let plain: Vec<String> = self.iter().map(|figure| figure.description.english()).collect();
        let html: String = self.iter().map(figure_html).collect();
        let mut all = Map::from_iter([
            ("text/plain".to_owned(), plain.join("\n").into()),
            ("text/html".to_owned(), html.into()),
        ]);
        if let [only] = self {
            all.insert("image/svg+xml".to_owned(), only.svg_file(&english).into());
        }
        all
    }
}

/// The verdicts, then the figures with their numbers.
impl Show for Record {
    fn representations(&self) -> Map<String, Value> {
        let (verdicts, figures) = (self.verdicts(), self.figures());
        let mut all = verdicts.representations();
        let drawn: String = figures
            .iter()
            .filter(|figure| !figure.is_empty())
            .map(figure_html)
            .collect();
        if let Some(Value::String(html)) = all.get_mut("text/html") {
            html.push_str(&drawn);
        }
        if let Some(first) = figures.iter().find(|figure| !figure.is_empty()) {
            all.insert("image/svg+xml".to_owned(), first.svg_file(&english).into());
        }
        all
    }
}

fn english(_: &str) -> Option<String> {
    None
}

fn verdict_line(verdict: &Verdict) -> String {
    let mut text = format!(
        "{}: {}. {}",
        verdict.claim,
        verdict.outcome.label().english(),
        verdict.summary.english()
    );
    for doubt in &verdict.doubts {
        text += "\n  ";
        text += &doubt.message.english();
        text += " ";
        text += &doubt.remedy.english();
    }
    text
}

/// A notebook brings none of the book's styles, so the drawing is the one that stands alone.
fn figure_html(figure: &Figure) -> String {
    let on_a_page = figure.svg(&english);
    html::figure(figure, &english).replace(&on_a_page, &figure.svg_file(&english))
}

/// Writes representations to standard output, in the form that the kernel reads.
fn send(representations: &Map<String, Value>, more: &Value) {
    let mut text = String::new();
    if std::env::var_os(OURS).is_some() {
        let mut message = json!({ "data": representations });
        if let (Some(message), Some(more)) = (message.as_object_mut(), more.as_object()) {
            message.extend(more.clone());
        }
        block(&mut text, DISPLAY, &message.to_string());
    } else {
        for (mime, content) in representations {
            block(&mut text, mime, content.as_str().unwrap_or_default());
        }
    }
    // Nobody may be reading, which is no reason for a panic.
    let _closed = io::stdout().lock().write_all(text.as_bytes());
}

fn block(text: &mut String, mime: &str, content: &str) {
    for part in ["EVCXR_BEGIN_CONTENT ", mime, "\n", content, "\nEVCXR_END_CONTENT\n"] {
        text.push_str(part);
    }
}

/// Runs an experiment in quick mode with its defaults, and shows how far it is.
///
/// # Errors
///
/// No record: see [`RunError`]. An interrupt of the cell cancels the run.
pub fn run(experiment: &str) -> Result<Record, RunError> {
    run_request(&Request::quick(experiment))
}

/// Runs what is asked for, and shows how far it is.
///
/// # Errors
///
/// No record: see [`RunError`]. An interrupt of the cell cancels the run.
pub fn run_request(request: &Request) -> Result<Record, RunError> {
    let mut run = Runner::find()?.start(request)?;
    let mut progress = Bar::new(&request.experiment);
    let canceller = run.canceller();
    let result = with_interrupt(
        move || canceller.cancel(),
        || {
            while let Some(event) = run.next_event() {
                if let Event::Progress(now) = event {
                    progress.tell(now.fraction, &now.phase);
                }
            }
            run.finish()
        },
    );
    progress.end(result.is_ok());
    result
}

/// Does `work`; an interrupt (SIGINT) meanwhile calls `heed` and does not end this process.
fn with_interrupt<T>(heed: impl FnOnce() + Send, work: impl FnOnce() -> T) -> T {
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    let before = interrupt.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK);
    let (Ok(before), Ok(signals), Ok((over, end))) = (before, SignalFd::new(&interrupt), io::pipe()) else {
        return work();
    };
    let result = thread::scope(|scope| {
        let over = &over;
        scope.spawn(move || {
            let mut fds = [
                PollFd::new(std::os::fd::AsFd::as_fd(&signals), PollFlags::POLLIN),
                PollFd::new(std::os::fd::AsFd::as_fd(over), PollFlags::POLLIN),
            ];
            while poll(&mut fds, PollTimeout::NONE) == Err(nix::errno::Errno::EINTR) {}
            if fds[0].any().unwrap_or(false) {
                let _taken = signals.read_signal();
                heed();
            }
        });
        let result = work();
        drop(end);
        result
    });
    let _never = before.thread_set_mask();
    result
}

/// How far a run is, as one display that changes.
struct Bar {
    name: String,
    id: String,
    shown: bool,
}

impl Bar {
    fn new(name: &str) -> Bar {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Bar {
            name: name.to_owned(),
            id: format!("weft-run-{}-{count}", std::process::id()),
            shown: false,
        }
    }

    fn tell(&mut self, fraction: f64, phase: &Text) {
        let percent = (fraction.clamp(0.0, 1.0) * 100.0).round();
        let phase = phase.english();
        let plain = format!("{}: {percent} %, {phase}", self.name);
        let html = format!(
            "<progress max=\"100\" value=\"{percent}\" aria-label=\"{name}\"></progress> {name}: {percent} %, {phase}",
            name = html::escape(&self.name),
            phase = html::escape(&phase)
        );
        self.show(&plain, &html);
    }

    fn end(&mut self, has_record: bool) {
        if self.shown {
            let plain = if has_record {
                format!("{}: done", self.name)
            } else {
                format!("{}: no record", self.name)
            };
            let html = html::escape(&plain);
            self.show(&plain, &html);
        }
    }

    fn show(&mut self, plain: &str, html: &str) {
        if std::env::var_os(OURS).is_none() {
            let _closed = writeln!(io::stderr(), "{plain}");
            return;
        }
        let update = std::mem::replace(&mut self.shown, true);
        let representations = Map::from_iter([
            ("text/plain".to_owned(), plain.into()),
            ("text/html".to_owned(), html.into()),
        ]);
        send(&representations, &json!({ "display_id": self.id, "update": update }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Condition;
    use crate::record::fixture::{around, record};

    #[test]
    fn a_record_shows_verdicts_and_figures() {
        let side = |name: &str, method: &str, centre: f64| {
            around(Condition::of("side", name).and("method", method), "time", "ns", centre)
        };
        let series = vec![side("a", "thread", 30_000.0), side("b", "fork", 150_000.0)];
        let shown = record("creation-cost", &[], series).representations();
        let text = |mime: &str| shown[mime].as_str().unwrap().to_owned();
        assert!(
            text("text/plain").starts_with("creation-cost: Supported."),
            "{}",
            text("text/plain")
        );
        assert!(text("text/html").contains("<table>") && text("text/html").contains("<style>"));
        assert!(text("image/svg+xml").starts_with("<svg "));
    }
}
