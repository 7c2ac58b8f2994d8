//! Data to standard output, words to standard error. A reader that goes away is no panic.

use std::io::{self, Write};

use anyhow::Context;

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    io::stdout().write_all(text.as_bytes()).context(CANNOT_WRITE)
}

/// Writes what is still held back.
pub(crate) fn flush() -> anyhow::Result<()> {
    io::stdout().flush().context(CANNOT_WRITE)
}

const CANNOT_WRITE: &str = "cannot write to standard output";

/// Says a line on standard error. Nobody may be listening; that changes nothing.
pub(crate) fn tell(line: &str) {
    let _unheard = writeln!(io::stderr(), "{line}");
}

/// Says what is wrong, and what to do about it.
pub(crate) fn complain(what: &str, hint: &str) {
    tell(&format!("weft: {what}"));
    if !hint.is_empty() {
        tell(&format!("      {hint}"));
    }
}
