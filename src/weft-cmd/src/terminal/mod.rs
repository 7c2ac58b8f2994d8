//! What a reader sees in a terminal, and the plain lines that a pipe gets.

pub(crate) mod board;
pub(crate) mod plot;
pub(crate) mod progress;
pub(crate) mod result;
pub(crate) mod table;

use std::env;
use std::io::IsTerminal;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Columns.
    pub(crate) width: usize,
    /// May colours be used? They never carry meaning alone.
    pub(crate) colour: bool,
    /// Are signs beyond ASCII shown?
    pub(crate) unicode: bool,
}

/// A colour of the terminal's own palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Blue,
    Yellow,
    Green,
    Magenta,
    Red,
    Dim,
}

impl Look {
    /// The terminal that standard output is; `None` where it is none.
    pub(crate) fn of_standard_output() -> Option<Look> {
        std::io::stdout().is_terminal().then(|| {
            let columns = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
            Look {
                width: columns.clamp(40, 120),
                colour: has_colour(),
                unicode: has_unicode(),
            }
        })
    }

    /// `text` in a colour, where colours are shown.
    pub(crate) fn paint(&self, text: &str, colour: Colour) -> String {
        let code = match colour {
            Colour::Blue => "34",
            Colour::Yellow => "33",
            Colour::Green => "32",
            Colour::Magenta => "35",
            Colour::Red => "31",
            Colour::Dim => "2",
        };
        self.escape(text, code)
    }

    /// `text` in bold type, where the terminal has it.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.escape(text, "1")
    }

    fn escape(&self, text: &str, code: &str) -> String {
        if self.colour && !text.trim().is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// See no-color.org.
pub(crate) fn has_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A locale that is set decides; where none is, today's terminals show UTF-8.
pub(crate) fn has_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Breaks a text between words into lines of at most `width`, the first after `first` spaces, the others after `rest`.
pub(crate) fn wrap(text: &str, first: usize, rest: usize, width: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(first);
    let mut has_word = false;
    // A run of spaces inside is kept, so that columns stay columns.
    for word in text.split(' ') {
        let room = width.saturating_sub(line.chars().count());
        if has_word && word.chars().count() + 1 > room {
            lines += line.trim_end();
            lines.push('\n');
            line = " ".repeat(rest);
            has_word = false;
        }
        if has_word {
            line.push(' ');
        }
        line += word;
        has_word = true;
    }
    lines + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 0, 2, 9), "one two\n  three\n");
        assert_eq!(wrap("a  b", 1, 1, 80), " a  b\n");
        assert_eq!(wrap("incomprehensibilities", 2, 2, 9), "  incomprehensibilities\n");
        assert_eq!(wrap("", 2, 2, 9), "\n");
    }

    #[test]
    fn without_colour_nothing_is_added() {
        let look = Look {
            width: 80,
            colour: false,
            unicode: true,
        };
        assert_eq!(look.paint("x", Colour::Red), "x");
        assert_eq!(
            Look { colour: true, ..look }.paint("x", Colour::Red),
            "\x1b[31mx\x1b[0m"
        );
    }
}
