//! Whether a cell is whole, so that a console knows whether Enter runs it or begins a new line.

use jupyter_protocol::IsCompleteReply;
use ra_ap_parser::{Edition, LexedStr, SyntaxKind};
use ra_ap_syntax::SourceFile;

/// What stands around a cell, to make it a file.
const BEFORE: &str = "fn cell() {\n";

/// Looks at the code of a cell.
pub(super) fn of(code: &str) -> IsCompleteReply {
    let code = without_commands(code);
    if code.trim().is_empty() {
        return IsCompleteReply::complete();
    }
    let Balance { open, is_inside, is_wrong } = Balance::of(&code);
    if is_wrong {
        return IsCompleteReply::invalid();
    }
    let indent = " ".repeat(4 * open);
    if open > 0 || is_inside {
        return IsCompleteReply::incomplete(indent);
    }
    // On a line of its own, the closing brace is outside a comment at the cell's end.
    let file = format!("{BEFORE}{code}\n}}");
    let end = BEFORE.len() + code.trim_end().len();
    let parse = SourceFile::parse(&file, Edition::Edition2024);
    match parse.errors().iter().map(|error| usize::from(error.range().start())).min() {
        None => IsCompleteReply::complete(),
        // The parser wants more than there is.
        Some(first) if first >= end => IsCompleteReply::incomplete(indent_of_last_line(&code)),
        Some(_) => IsCompleteReply::invalid(),
    }
}

/// A line that begins with a colon is a command of the evaluator, such as `:dep`.
fn without_commands(code: &str) -> String {
    let lines = code.lines().map(|line| if line.trim_start().starts_with(':') { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

fn indent_of_last_line(code: &str) -> String {
    let last = code.trim_end().lines().next_back().unwrap_or_default();
    let own: String = last.chars().take_while(|letter| *letter == ' ').collect();
    own + "    "
}

/// How brackets, texts and comments stand at the end of a code.
struct Balance {
    /// So many brackets wait for their other half.
    open: usize,
    /// A text or a comment does.
    is_inside: bool,
    /// A bracket closes what was not open.
    is_wrong: bool,
}

impl Balance {
    fn of(code: &str) -> Balance {
        let lexed = LexedStr::new(Edition::Edition2024, code);
        let mut open = Vec::new();
        let mut balance = Balance {
            open: 0,
            is_inside: false,
            is_wrong: false,
        };
        for at in 0..lexed.len() {
            let is_unterminated = |error: &str| error.starts_with("Missing trailing");
            balance.is_inside |= lexed.error(at).is_some_and(is_unterminated);
            let other = match lexed.kind(at) {
                kind @ (SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY) => {
                    open.push(kind);
                    continue;
                }
                SyntaxKind::R_PAREN => SyntaxKind::L_PAREN,
                SyntaxKind::R_BRACK => SyntaxKind::L_BRACK,
                SyntaxKind::R_CURLY => SyntaxKind::L_CURLY,
                _ => continue,
            };
            balance.is_wrong |= open.pop() != Some(other);
        }
        balance.open = open.len();
        balance
    }
}

#[cfg(test)]
mod tests {
    use jupyter_protocol::IsCompleteReplyStatus::{self, Complete, Incomplete, Invalid};

    use super::*;

    #[track_caller]
    fn check(code: &str, status: IsCompleteReplyStatus, indent: &str) {
        let reply = of(code);
        assert_eq!((reply.status, reply.indent.as_str()), (status, indent), "{code}");
    }

    #[test]
    fn whole_cells() {
        for code in [
            "",
            "1 + 1",
            "let x = 1;",
            "let x = 1;\nx",
            "fn f() -> u8 { 1 }",
            "use std::fmt;\nstruct A;",
            "println!(\"{\"); // {",
            "r#\"{\"#",
            "'{'",
            ":dep rand = \"0.9\"",
            ":vars\nlet x = 1;",
            "loop { break; }",
            "vec![1, 2].iter().map(|x| x + 1).collect::<Vec<_>>()",
        ] {
            check(code, Complete, "");
        }
    }

    #[test]
    fn what_wants_more() {
        check("fn f() {", Incomplete, "    ");
        check("fn f() {\n    if true {", Incomplete, "        ");
        check("foo(1,", Incomplete, "    ");
        check("let s = \"abc", Incomplete, "");
        check("/* a comment", Incomplete, "");
        check("let s = r#\"abc\"", Incomplete, "");
        check("let x =", Incomplete, "    ");
        check("1 +", Incomplete, "    ");
        check("let x = 1", Incomplete, "    ");
    }

    #[test]
    fn what_more_would_not_mend() {
        for code in ["}", "foo(]", "let = 5;", "fn 1() {}", "let x = );"] {
            check(code, Invalid, "");
        }
    }
}
