//! How far a run is: a bar on a terminal, a line a phase elsewhere. On standard error, for standard output is for data.

use std::cell::RefCell;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use weft_lab::Event;

use super::{has_colour, has_unicode};
use crate::output::tell;

/// The bar has this many steps.
const STEPS: u64 = 1_000;

/// The progress of one run.
pub(crate) enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// What stands before each line.
        name: String,
        /// The phase that was said last.
        phase: RefCell<String>,
    },
}

impl Progress {
    /// A run of this experiment begins, the first or a later one of several.
    pub(crate) fn begin(experiment: &str, place: Option<(usize, usize)>) -> Self {
        let name = match place {
            Some((number, of)) => format!("[{number}/{of}] {experiment}"),
            None => experiment.to_owned(),
        };
        if !std::io::stderr().is_terminal() {
            return Progress::Lines {
                name,
                phase: RefCell::default(),
            };
        }
        // No ticker of its own: a thread that wakes would disturb what is measured. Events come often enough.
        let bar = ProgressBar::new(STEPS).with_style(style()).with_prefix(name);
        bar.set_message("Starting");
        Progress::Bar(bar)
    }

    /// Shows an event. What an experiment prints is part of its doing, such as the last words of a task that crashes.
    pub(crate) fn show(&self, event: &Event) {
        let Event::Progress(progress) = event else { return };
        let words = progress.phase.english();
        match self {
            Progress::Bar(bar) => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1,000")]
                bar.set_position((progress.fraction.clamp(0.0, 1.0) * STEPS as f64) as u64);
                bar.set_message(words);
            }
            Progress::Lines { name, phase } => {
                if *phase.borrow() != words {
                    tell(&format!("{name}: {words}"));
                    phase.replace(words);
                }
            }
        }
    }

    /// The run has ended.
    pub(crate) fn end(self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let bar = if has_colour() { "{bar:24.cyan}" } else { "{bar:24}" };
    let chars = if has_unicode() { "━╸ " } else { "=> " };
    ProgressStyle::with_template(&format!("{{prefix}} {bar} {{percent:>3}}% {{elapsed}}  {{wide_msg}}"))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars(chars)
}
