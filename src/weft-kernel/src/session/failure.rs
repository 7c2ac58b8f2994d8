//! Why a cell failed, in the form that a notebook shows.

use std::fmt::Write as _;
use std::time::Duration;

use crate::supervisor::wire::{Cause, Death, Panic};

/// Why a cell failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, such as `E0308` or `panic`.
    pub ename: String,
    /// What went wrong, in a line.
    pub evalue: String,
    /// All there is to read, line by line.
    pub traceback: Vec<String>,
}

impl Failure {
    /// A failure whose text is `evalue` alone.
    #[must_use]
    pub fn new(ename: impl Into<String>, evalue: impl Into<String>) -> Failure {
        let (ename, evalue) = (ename.into(), evalue.into());
        let mut lines = evalue.lines();
        let first = format!("{ename}: {}", lines.next().unwrap_or_default());
        let traceback = std::iter::once(first).chain(lines.map(str::to_owned)).collect();
        Failure {
            ename,
            evalue,
            traceback,
        }
    }

    /// The cell was interrupted.
    pub(super) fn interrupted() -> Failure {
        Failure::new(
            "Interrupted",
            "the cell was interrupted; the variables are as they were before it",
        )
    }

    /// The session has ended.
    pub(super) fn gone() -> Failure {
        Failure::new("Ended", "the session has ended; restart the kernel")
    }
}

impl From<evcxr::Error> for Failure {
    fn from(error: evcxr::Error) -> Failure {
        match error {
            evcxr::Error::CompilationErrors(errors) => compilation(&errors),
            evcxr::Error::TypeRedefinedVariablesLost(lost) => Failure::new(
                "TypeRedefined",
                format!(
                    "a type was defined anew, so these variables are lost: {}",
                    lost.join(", ")
                ),
            ),
            evcxr::Error::SubprocessTerminated(message) => Failure::new("Died", message),
            evcxr::Error::Message(message) => Failure::new("Error", message),
        }
    }
}

fn compilation(errors: &[evcxr::CompilationError]) -> Failure {
    let Some(first) = errors.first() else {
        return Failure::new("CompileError", "the cell did not compile");
    };
    let ename = first.code().unwrap_or("CompileError").to_owned();
    let traceback = errors.iter().flat_map(shown).collect();
    Failure {
        ename,
        evalue: first.message(),
        traceback,
    }
}

/// The error as rustc draws it, at the reader's own lines.
fn shown(error: &evcxr::CompilationError) -> Vec<String> {
    let code = error.code().map(|code| format!("[{code}]")).unwrap_or_default();
    let mut lines = vec![format!("error{code}: {}", error.message())];
    for message in error.spanned_messages() {
        let Some(span) = message.span else {
            lines.extend((!message.label.is_empty()).then(|| format!("  = {}", message.label)));
            continue;
        };
        let number = span.start_line.to_string();
        let gutter = " ".repeat(number.len());
        lines.push(format!("{gutter}--> line {number}, column {}", span.start_column));
        lines.push(format!("{gutter} |"));
        if let Some(source) = message.lines.first() {
            lines.push(format!("{number} | {source}"));
            let until = if span.end_line == span.start_line {
                span.end_column
            } else {
                source.chars().count() + 1
            };
            let carets = until.saturating_sub(span.start_column).max(1);
            let mut under = format!("{gutter} | {}{}", " ".repeat(span.start_column - 1), "^".repeat(carets));
            if !message.label.is_empty() {
                let _never = write!(under, " {}", message.label);
            }
            lines.push(under);
        }
    }
    for help in error.help() {
        lines.extend(
            help.lines()
                .enumerate()
                .map(|(at, line)| format!("{}{line}", if at == 0 { "help: " } else { "      " })),
        );
    }
    lines.extend(error.evcxr_extra_hint().map(|hint| format!("note: {hint}")));
    lines
}

/// How the cell's process died.
pub(super) fn died(death: &Death) -> Failure {
    let words = death.last_words.as_str();
    let (ename, what) = match death.cause {
        Cause::Interrupt => ("Interrupted", "the cell was interrupted".to_owned()),
        Cause::Timeout(limit) => {
            let seconds = Duration::from_millis(limit).as_secs_f64();
            (
                "Timeout",
                format!("the cell was ended after {seconds} s, the limit for a cell"),
            )
        }
        Cause::Memory(limit) => ("OutOfMemory", beyond(limit)),
        Cause::Beyond => (
            "BeyondLimits",
            "the cell was ended, since it used more processes, disk or memory than a cell may".to_owned(),
        ),
        Cause::Exit(status) => ("Exit", format!("the cell ended its process with status {status}")),
        Cause::Signal(6) if words.contains("has overflowed its stack") => (
            "StackOverflow",
            "the cell overflowed its stack: a recursion without end?".to_owned(),
        ),
        Cause::Signal(6) if words.contains("memory allocation of") => (
            "OutOfMemory",
            "the cell asked for more memory than there is for it".to_owned(),
        ),
        Cause::Signal(6) => ("Abort", "the cell aborted (SIGABRT)".to_owned()),
        Cause::Signal(signal @ (11 | 7)) => {
            let name = if signal == 11 { "SIGSEGV" } else { "SIGBUS" };
            (
                "Segfault",
                format!("the cell touched memory that is not its own ({name})"),
            )
        }
        Cause::Signal(9) => (
            "Killed",
            "the cell's process was killed (SIGKILL); perhaps the system was out of memory".to_owned(),
        ),
        Cause::Signal(signal) => ("Signal", format!("the cell's process was ended by signal {signal}")),
    };
    let what = if death.between {
        what.replace("the cell", "a thread of an earlier cell")
    } else {
        what
    };
    let mut evalue = what;
    evalue.push_str(match (death.restored, death.between) {
        (true, false) => "; the variables are as they were before it",
        (true, true) => "; the variables are as they were after the last cell",
        (false, _) => "; there was no checkpoint, so the variables are lost",
    });
    if !death.threads.is_empty() {
        let _never = write!(
            evalue,
            "\nthreads of earlier cells ended with it: {}; what they had promised does not come",
            death.threads.join(", ")
        );
    }
    let mut failure = Failure::new(ename, evalue);
    if !words.trim().is_empty() {
        failure
            .traceback
            .push("the last that it wrote to standard error:".to_owned());
        let lines: Vec<&str> = words.trim_end().lines().collect();
        let from = lines.len().saturating_sub(10);
        failure
            .traceback
            .extend(lines[from..].iter().map(|line| format!("    {line}")));
    }
    failure
}

fn beyond(limit: u64) -> String {
    format!(
        "the cell's processes used more than {} MiB of memory, the limit for a cell",
        limit >> 20
    )
}

/// A panic, at the reader's own line. `source` is what was compiled of the cell.
pub(super) fn panicked(panic: &Panic, cell: &str, source: &str, restored: bool) -> Failure {
    let mut failure = Failure::new("panic", panic.message.clone());
    failure.traceback.extend(place_of(panic, cell, source));
    let frames = own_frames(&panic.frames);
    failure
        .traceback
        .extend(frames.into_iter().map(|frame| format!("    in {frame}")));
    if restored {
        failure
            .traceback
            .push("the variables are as they were before the cell".to_owned());
    }
    failure
}

/// Where it was: in the cell's lines, in an earlier cell's item, or in a library.
fn place_of(panic: &Panic, cell: &str, source: &str) -> Vec<String> {
    if panic.file.is_empty() {
        return Vec::new();
    }
    let compiled: Vec<&str> = source.lines().collect();
    let line = panic
        .line
        .checked_sub(1)
        .and_then(|at| compiled.get(at))
        .filter(|_| panic.file == "src/lib.rs");
    let Some(line) = line else {
        return vec![format!("  --> {}:{}:{}", panic.file, panic.line, panic.column)];
    };
    let caret = format!("{}^", " ".repeat(panic.column.saturating_sub(1)));
    // Among equal lines the same one from the end: what stands before the cell in the compiled source varies.
    let same_after = compiled[panic.line..].iter().filter(|other| *other == line).count();
    let same: Vec<usize> = (1..)
        .zip(cell.lines())
        .filter(|(_, other)| other == line)
        .map(|(number, _)| number)
        .collect();
    let number = same
        .len()
        .checked_sub(1 + same_after)
        .and_then(|at| same.get(at))
        .or(same.last());
    let (head, number) = match number {
        Some(number) => (
            format!("  --> line {number}, column {}", panic.column),
            number.to_string(),
        ),
        None => ("  --> in an item of an earlier cell".to_owned(), String::new()),
    };
    let gutter = " ".repeat(number.len());
    vec![head, format!("{number} | {line}"), format!("{gutter} | {caret}")]
}

/// The functions of the reader's own in a backtrace.
fn own_frames(frames: &str) -> Vec<String> {
    let names = frames
        .lines()
        .filter_map(|line| line.trim_start().split_once(": ").map(|(_, name)| name.trim()));
    let own = names.filter_map(|name| name.strip_prefix("ctx::"));
    own.filter(|name| !name.starts_with("run_user_code") && !name.starts_with("evcxr_"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic_at(line: usize) -> Panic {
        Panic {
            file: "src/lib.rs".to_owned(),
            line,
            column: 5,
            message: "no".to_owned(),
            frames: "   0: std::panicking\n   1: ctx::inner\n   2: ctx::run_user_code_3\n".to_owned(),
        }
    }

    #[test]
    fn a_panic_is_shown_at_the_reader_s_line() {
        let source = "generated\nfn inner() {\n    panic!()\n}\nmore";
        let cell = "fn inner() {\n    panic!()\n}\ninner()";
        let failure = panicked(&panic_at(3), cell, source, true);
        assert_eq!(
            failure.traceback,
            [
                "panic: no",
                "  --> line 2, column 5",
                "2 |     panic!()",
                "  |     ^",
                "    in inner",
                "the variables are as they were before the cell",
            ]
        );
    }

    #[test]
    fn of_equal_lines_the_right_one_is_named() {
        let source = "x\ny\n    f()\n    f()\nz";
        let shown = |line| place_of(&panic_at(line), "    f()\n    f()", source)[0].clone();
        assert_eq!(shown(3), "  --> line 1, column 5");
        assert_eq!(shown(4), "  --> line 2, column 5");
        let earlier = place_of(&panic_at(1), "other", source);
        assert_eq!(earlier[0], "  --> in an item of an earlier cell");
    }

    #[test]
    fn a_death_says_what_and_what_became_of_the_variables() {
        let death = |cause, words: &str| Death {
            cause,
            between: false,
            threads: Vec::new(),
            restored: true,
            last_words: words.to_owned(),
        };
        let name = |cause, words| died(&death(cause, words)).ename;
        assert_eq!(name(Cause::Signal(11), ""), "Segfault");
        assert_eq!(name(Cause::Signal(6), ""), "Abort");
        assert_eq!(
            name(Cause::Signal(6), "thread 'main' has overflowed its stack\n"),
            "StackOverflow"
        );
        assert_eq!(
            name(Cause::Signal(6), "memory allocation of 8 bytes failed"),
            "OutOfMemory"
        );
        assert_eq!(name(Cause::Exit(3), ""), "Exit");
        let lost = died(&Death {
            restored: false,
            threads: vec!["a".to_owned()],
            ..death(Cause::Signal(9), "")
        });
        assert!(lost.evalue.contains("the variables are lost") && lost.evalue.ends_with("does not come"));
    }
}
