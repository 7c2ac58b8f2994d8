//! What a cell's text alone tells.

use ra_ap_syntax::ast::{self, HasModuleItem};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, TextSize};

/// Whether a cell can be evaluated as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More must follow; the next line begins with `indent`.
    Incomplete {
        /// Spaces.
        indent: String,
    },
    /// Nothing that follows can mend it.
    Invalid,
}

pub(super) const HEAD: &str = "fn cell() {\n";

/// Whether `code` can be evaluated as it stands. Answers at once, also while a cell runs.
#[must_use]
pub fn completeness(code: &str) -> Completeness {
    let code = without_commands(code);
    let begun = SourceFile::parse(&format!("{HEAD}{code}"), Edition::CURRENT);
    let unterminated = |error: &ra_ap_syntax::SyntaxError| {
        let message = error.to_string().to_lowercase();
        message.contains("missing trailing") || message.contains("unterminated")
    };
    if begun.errors().iter().any(unterminated) {
        return Completeness::Incomplete { indent: String::new() };
    }
    let mut open = Vec::new();
    let head = TextSize::of(HEAD);
    let tokens = begun.syntax_node().descendants_with_tokens();
    for token in tokens.filter_map(ra_ap_syntax::NodeOrToken::into_token) {
        if token.text_range().start() < head {
            continue;
        }
        match token.kind() {
            SyntaxKind::L_CURLY | SyntaxKind::L_PAREN | SyntaxKind::L_BRACK => open.push(token.kind()),
            SyntaxKind::R_CURLY if open.pop() != Some(SyntaxKind::L_CURLY) => return Completeness::Invalid,
            SyntaxKind::R_PAREN if open.pop() != Some(SyntaxKind::L_PAREN) => return Completeness::Invalid,
            SyntaxKind::R_BRACK if open.pop() != Some(SyntaxKind::L_BRACK) => return Completeness::Invalid,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Completeness::Incomplete {
            indent: "    ".repeat(open.len()),
        };
    }
    let whole = SourceFile::parse(&format!("{HEAD}{code}\n}}"), Edition::CURRENT);
    let end = head + TextSize::of(code.trim_end());
    let errors = whole.errors();
    if errors.is_empty() {
        Completeness::Complete
    } else if errors.iter().all(|error| error.range().end() >= end) {
        let indent = if code.trim_end().ends_with(['=', '+', '-', '*', '|', '&', ',', '.']) {
            "    ".to_owned()
        } else {
            String::new()
        };
        Completeness::Incomplete { indent }
    } else {
        Completeness::Invalid
    }
}

/// Whether `code` ends in an expression, whose value is shown.
pub(super) fn has_value(code: &str) -> bool {
    let code = without_commands(code);
    let file = SourceFile::parse(&format!("{HEAD}{code}\n}}"), Edition::CURRENT).tree();
    let body = file.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body(),
        _ => None,
    });
    body.is_some_and(|body| body.tail_expr().is_some())
}

/// The code with evcxr's command lines blank, so that all else stays on its line.
pub(super) fn without_commands(code: &str) -> String {
    let is_command = |line: &&str| line.trim_start().starts_with(':') || line.trim_start().starts_with('!');
    let lines: Vec<&str> = code
        .split('\n')
        .map(|line| if is_command(&line) { "" } else { line })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: &str) {
        let found = match completeness(code) {
            Completeness::Complete => "complete".to_owned(),
            Completeness::Incomplete { indent } => format!("incomplete {}", indent.len()),
            Completeness::Invalid => "invalid".to_owned(),
        };
        assert_eq!(found, expected, "{code:?}");
    }

    #[test]
    fn whole_cells_are_complete() {
        check("", "complete");
        check("1 + 1", "complete");
        check("let x = 1;", "complete");
        check("fn f() -> u8 {\n    1\n}", "complete");
        check(":dep rand = \"0.9\"\nuse rand::random;", "complete");
        check("println!(\"{{\");", "complete");
        check("let c = '{'; let l: &'static str = \"}\";", "complete");
        check("let r = r#\"{\"#;", "complete");
        check("// {\n/* { */ 1", "complete");
    }

    #[test]
    fn more_must_follow() {
        check("fn f() {", "incomplete 4");
        check("for i in 0..3 {\n    foo(", "incomplete 8");
        check("let x =", "incomplete 4");
        check("1 +", "incomplete 4");
        check("let s = \"abc", "incomplete 0");
        check("/* never", "incomplete 0");
        check("let r = r#\"{\"", "incomplete 0");
    }

    #[test]
    fn nothing_mends_it() {
        check("}", "invalid");
        check("(1]", "invalid");
        check("let 1x = ; foo", "invalid");
    }

    #[test]
    fn a_value_is_what_has_no_semicolon() {
        assert!(has_value("let x = 1;\nx"));
        assert!(has_value("plot()"));
        assert!(!has_value("plot();"));
        assert!(!has_value("use std::fmt;"));
        assert!(!has_value(":vars"));
        assert!(!has_value(""));
    }
}
