//! Data to standard output, words to standard error. A reader that goes away is no panic.

use std::io::{self, Write};

use anyhow::Context;

/// Writes to standard output.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to standard output")
}

/// Says a line on standard error. Nobody may be listening; that changes nothing.
pub(crate) fn tell(line: &str) {
    let _unheard = writeln!(io::stderr(), "{line}");
}

/// Says what is wrong, and what to do about it.
pub(crate) fn complain(what: &str, hint: &str) {
    tell(&format!("weft-kernel: {what}"));
    if !hint.is_empty() {
        tell(&format!("             {hint}"));
    }
}

/// A line for whoever reads the log of the Jupyter server, where a kernel's standard error goes.
macro_rules! log {
    ($($words:tt)*) => { $crate::output::tell(&format!("weft-kernel: {}", format_args!($($words)*))) };
}
pub(crate) use log;
