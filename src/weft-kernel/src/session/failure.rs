//! Why a cell failed, in the form that a notebook shows.

use std::fmt::Write as _;

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
