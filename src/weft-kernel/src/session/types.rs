//! Types that a cell's text alone tells, so that its variables need no inference.

use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName, LiteralKind};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind, SyntaxNode};

use super::syntax::{HEAD, without_commands};

/// What the text tells of a cell's variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Variables {
    /// All of it: this is the code with each type written.
    Told(String),
    /// Not enough: somebody must infer.
    Untold,
}

/// Writes the types of a cell's variables where its text tells them.
pub(super) fn written(code: &str) -> Variables {
    let file = SourceFile::parse(&format!("{HEAD}{}\n}}", without_commands(code)), Edition::CURRENT).tree();
    let body = file.items().find_map(|item| match item {
        ast::Item::Fn(function) => function.body(),
        _ => None,
    });
    let Some(body) = body else {
        return Variables::Untold;
    };
    let mut written = code.to_owned();
    let mut inserted = Vec::new();
    for statement in body.statements() {
        let ast::Stmt::LetStmt(let_statement) = statement else {
            continue;
        };
        if let_statement.ty().is_some() {
            continue;
        }
        let (Some(pattern), Some(value)) = (let_statement.pat(), let_statement.initializer()) else {
            return Variables::Untold;
        };
        let ast::Pat::IdentPat(variable) = &pattern else {
            // `_` is no variable.
            if matches!(pattern, ast::Pat::WildcardPat(_)) {
                continue;
            }
            return Variables::Untold;
        };
        let Some(told) = told_by(&value) else {
            return Variables::Untold;
        };
        let name = variable.name().map(|name| name.text().to_string()).unwrap_or_default();
        // What comes later in the cell may make another type of a number.
        if told.may_change && is_named_after(body.syntax(), let_statement.syntax(), &name) {
            return Variables::Untold;
        }
        let end = usize::from(pattern.syntax().text_range().end());
        let Some(at) = end.checked_sub(HEAD.len()) else {
            return Variables::Untold;
        };
        inserted.push((at, told.text));
    }
    for (at, text) in inserted.iter().rev() {
        written.insert_str(*at, &format!(": {text}"));
    }
    Variables::Told(written)
}

struct Told {
    text: String,
    may_change: bool,
}

impl Told {
    fn surely(text: &str) -> Told {
        Told {
            text: text.to_owned(),
            may_change: false,
        }
    }
}

fn told_by(value: &ast::Expr) -> Option<Told> {
    match value {
        ast::Expr::Literal(literal) => told_by_literal(literal),
        ast::Expr::ParenExpr(inner) => told_by(&inner.expr()?),
        ast::Expr::PrefixExpr(prefix) if prefix.op_kind() == Some(ast::UnaryOp::Neg) => told_by(&prefix.expr()?),
        ast::Expr::CastExpr(cast) => {
            let text = cast.ty()?.syntax().text().to_string();
            (!text.contains('_')).then(|| Told::surely(&text))
        }
        ast::Expr::CallExpr(call) => match call.expr()?.syntax().text().to_string().as_str() {
            "String::new" | "String::from" => Some(Told::surely("String")),
            _ => None,
        },
        ast::Expr::MethodCallExpr(call) => {
            let is_text = matches!(call.receiver()?, ast::Expr::Literal(literal) if matches!(literal.kind(), LiteralKind::String(_)));
            let name = call.name_ref()?.text().to_string();
            (is_text && name == "to_string").then(|| Told::surely("String"))
        }
        ast::Expr::MacroExpr(call) => told_by_macro(&call.macro_call()?),
        _ => None,
    }
}

fn told_by_literal(literal: &ast::Literal) -> Option<Told> {
    let number = |suffix: Option<&str>, usual: &str| Told {
        text: suffix.unwrap_or(usual).to_owned(),
        may_change: suffix.is_none(),
    };
    match literal.kind() {
        LiteralKind::IntNumber(text) => Some(number(text.suffix(), "i32")),
        LiteralKind::FloatNumber(text) => Some(number(text.suffix(), "f64")),
        LiteralKind::Bool(_) => Some(Told::surely("bool")),
        LiteralKind::Char(_) => Some(Told::surely("char")),
        LiteralKind::String(_) => Some(Told::surely("&'static str")),
        _ => None,
    }
}

/// `format!`, and `vec!` of what tells its type.
fn told_by_macro(call: &ast::MacroCall) -> Option<Told> {
    let name = call.path()?.syntax().text().to_string();
    if name == "format" {
        return Some(Told::surely("String"));
    }
    let inside = call.token_tree()?.syntax().text().to_string();
    let inside = inside.get(1..inside.len().checked_sub(1)?)?;
    if name != "vec" {
        return None;
    }
    let array = SourceFile::parse(&format!("{HEAD}[{inside}]\n}}"), Edition::CURRENT);
    let elements: Vec<ast::Expr> = array
        .syntax_node()
        .descendants()
        .find_map(ast::ArrayExpr::cast)?
        .exprs()
        .collect();
    // `vec![0; n]` has two, of which the first tells.
    let first = told_by(elements.first()?)?;
    let is_repeated = inside.contains(';');
    if !is_repeated
        && !elements
            .iter()
            .all(|element| told_by(element).is_some_and(|told| told.text == first.text))
    {
        return None;
    }
    Some(Told {
        text: format!("Vec<{}>", first.text),
        may_change: first.may_change,
    })
}

/// Whether this name stands anywhere behind the statement.
fn is_named_after(body: &SyntaxNode, statement: &SyntaxNode, name: &str) -> bool {
    let end = statement.text_range().end();
    let tokens = body
        .descendants_with_tokens()
        .filter_map(ra_ap_syntax::NodeOrToken::into_token);
    let mut later = tokens.filter(|token| token.text_range().start() >= end);
    // A format string may name it too.
    later.any(|token| match token.kind() {
        SyntaxKind::IDENT => token.text() == name,
        SyntaxKind::STRING => token.text().contains(&format!("{{{name}")),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected: Option<&str>) {
        let expected = expected.map_or(Variables::Untold, |code| Variables::Told(code.to_owned()));
        assert_eq!(written(code), expected, "{code}");
    }

    #[test]
    fn what_is_written_stays() {
        check("1 + 1", Some("1 + 1"));
        check("let v: Vec<_> = f();", Some("let v: Vec<_> = f();"));
        check(":dep rand\nprintln!(\"x\");", Some(":dep rand\nprintln!(\"x\");"));
        check("{ let inner = f(); }", Some("{ let inner = f(); }"));
    }

    #[test]
    fn literals_tell_their_type() {
        check("let x = 1;", Some("let x: i32 = 1;"));
        check(
            "let mut x = -1.5; let y = 3u8;",
            Some("let mut x: f64 = -1.5; let y: u8 = 3u8;"),
        );
        check("let s = \"warp\"; s", Some("let s: &'static str = \"warp\"; s"));
        check(
            "let mut s = String::new();\ns.push('x');",
            Some("let mut s: String = String::new();\ns.push('x');"),
        );
        check("let v = vec![1, 2];", Some("let v: Vec<i32> = vec![1, 2];"));
        check("let v = vec![0u8; 10];", Some("let v: Vec<u8> = vec![0u8; 10];"));
        check(
            "let 실 = 'ㅅ'; let b = true;",
            Some("let 실: char = 'ㅅ'; let b: bool = true;"),
        );
    }

    #[test]
    fn a_number_that_is_used_later_may_be_of_another_type() {
        check("let mut n = 0;\nn += 5_000_000_000_u64;", None);
        check("let n = 0;\nprintln!(\"{n}\");", None);
        check("let v = vec![1];\ng(&v);", None);
    }

    #[test]
    fn calls_and_patterns_tell_nothing() {
        check("let v = Vec::new();", None);
        check("let (a, b) = (1, 2);", None);
        check("let x;", None);
        check("let c = |x: i32| x;", None);
        check("let n = 1 as _;", None);
    }
}
