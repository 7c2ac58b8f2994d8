//! How far grading is, and what it came to.

use std::cell::RefCell;
use std::fmt;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::flags::Flag;
use crate::output::tell;
use crate::terminal::{Look, table};

/// One submission's points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Graded {
    student: String,
    lab: String,
    score: f64,
    max: f64,
    seconds: f64,
    /// Something waits for a person.
    manual: bool,
    /// Why it could not be graded by machine.
    pub(super) error: Option<String>,
}

impl Graded {
    pub(super) fn read(said: &Value) -> Graded {
        let text = |name: &str| said[name].as_str().map(str::to_owned);
        Graded {
            student: text("student").unwrap_or_default(),
            lab: text("lab").unwrap_or_default(),
            score: said["score"].as_f64().unwrap_or(0.0),
            max: said["max"].as_f64().unwrap_or(0.0),
            seconds: said["seconds"].as_f64().unwrap_or(0.0),
            manual: said["manual"] == true,
            error: text("error"),
        }
    }

    fn note(&self) -> String {
        match &self.error {
            Some(error) => format!("not graded: {error}"),
            None if self.manual => "an answer waits for you".to_owned(),
            None => String::new(),
        }
    }
}

/// A file that was handed in and is not graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PassedOver {
    file: String,
    why: String,
}

impl PassedOver {
    pub(super) fn read(said: &Value) -> PassedOver {
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        PassedOver {
            file: text("file"),
            why: text("why"),
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passed over {}: {}.", self.file, self.why)
    }
}

/// A bar on a terminal, a line a submission elsewhere.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress {
    pub(super) fn hear(&self, said: &Value) {
        let mut bar = self.bar.borrow_mut();
        match said["event"].as_str() {
            Some("begin") => {
                let total = said["total"].as_u64().unwrap_or(0);
                tell(&format!("{total} submissions, {} at a time.", said["jobs"]));
                if std::io::stderr().is_terminal() {
                    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed}  {wide_msg}");
                    *bar = Some(
                        ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
                    );
                }
            }
            Some("graded") => {
                let one = Graded::read(said);
                let line = format!("{} {}: {} of {} points", one.student, one.lab, one.score, one.max);
                match &*bar {
                    Some(bar) => {
                        bar.set_message(line);
                        bar.inc(1);
                    }
                    None => tell(&format!("{line} ({:.1} s)", one.seconds)),
                }
            }
            Some("passed over") => tell(&PassedOver::read(said).to_string()),
            _ => {}
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.finish_and_clear();
        }
    }
}

/// A row a submission, then the flags, then what was passed over, then one line.
pub(super) fn summary(graded: &[Graded], passed_over: &[PassedOver], flags: &[Flag]) -> String {
    let mut sorted: Vec<&Graded> = graded.iter().collect();
    sorted.sort_by(|one, next| (&one.lab, &one.student).cmp(&(&next.lab, &next.student)));
    let rows = sorted.iter().map(|one| {
        [
            one.lab.clone(),
            one.student.clone(),
            format!("{} of {}", one.score, one.max),
            one.note(),
        ]
    });
    let flagged = flags.iter().map(|flag| {
        [
            flag.lab.clone(),
            flag.student.clone(),
            flag.kind.to_owned(),
            flag.detail.clone(),
        ]
    });
    let not_taken = passed_over.iter().map(|one| {
        [
            String::new(),
            one.file.clone(),
            "passed over".to_owned(),
            one.why.clone(),
        ]
    });
    let rows = rows.chain(flagged).chain(not_taken);
    let mut text = match Look::of_standard_output() {
        Some(look) => {
            let mut table = table::new(&["Lab", "Student", "Points", "Note"], &look);
            table.add_rows(rows);
            format!("{table}\n")
        }
        None => rows.map(|row| row.join("\t") + "\n").collect(),
    };
    let count = |is: fn(&Graded) -> bool| graded.iter().filter(|one| is(one)).count();
    text += &format!(
        "{} submissions graded; {} wait for you; {} could not be graded and have zero; {} flags on records, which cost no points; {} files passed over.\n",
        graded.len(),
        count(|one| one.manual),
        count(|one| one.error.is_some()),
        flags.len(),
        passed_over.len()
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_line_counts() {
        let said = json!({"student": "kim", "lab": "05-x", "score": 2.0, "max": 3.5, "seconds": 1.0, "manual": true,
            "error": null});
        let failed = json!({"student": "lee", "lab": "05-x", "score": 0.0, "max": 3.5, "seconds": 1.0,
            "manual": false, "error": "it was not done in 5 seconds"});
        let passed_over = PassedOver::read(&json!({"file": "class/park/work.rar", "why": "only zips are opened"}));
        let text = summary(&[Graded::read(&failed), Graded::read(&said)], &[passed_over], &[]);
        assert_eq!(
            text,
            "05-x\tkim\t2 of 3.5\tan answer waits for you\n\
             05-x\tlee\t0 of 3.5\tnot graded: it was not done in 5 seconds\n\
             \tclass/park/work.rar\tpassed over\tonly zips are opened\n\
             2 submissions graded; 1 wait for you; 1 could not be graded and have zero; 0 flags on records, which cost no \
             points; 1 files passed over.\n"
        );
    }
}
