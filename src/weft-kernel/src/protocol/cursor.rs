//! Places in a code: the protocol counts characters, the evaluator counts bytes.

use jupyter_protocol::CompleteReply;
use serde_json::{Map, Value, json};
use weft_kernel::session::Completions;

use crate::boundary;

/// The byte at which a character begins.
pub(super) fn byte_of(code: &str, character: usize) -> usize {
    code.char_indices().nth(character).map_or(code.len(), |(byte, _)| byte)
}

/// Where the evaluator is to look for what stands at this byte: it looks at the name that ends there, and at a method's
/// only where its bracket is there too.
pub(super) fn end_of_name(code: &str, byte: usize) -> usize {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let length = |text: &str| {
        text.chars()
            .take_while(|letter| is_of_name(*letter))
            .map(char::len_utf8)
            .sum::<usize>()
    };
    let byte = boundary::floor(code, byte);
    let mut end = byte + length(&code[byte..]);
    if !code[..end].ends_with(is_of_name) {
        // Between names: the one before counts, as for a bracket that was opened just now.
        end = code[..end].trim_end_matches(|letter| !is_of_name(letter)).len();
    }
    end + usize::from(code[end..].starts_with('('))
}

fn character_of(code: &str, byte: usize) -> usize {
    code[..boundary::floor(code, byte)].chars().count()
}

/// What the evaluator found, as the protocol says it.
pub(super) fn completions(code: &str, found: Completions) -> CompleteReply {
    let start = character_of(code, found.start);
    let end = character_of(code, found.end);
    let types: Vec<Value> = found
        .matches
        .iter()
        .map(|one| json!({"start": start, "end": end, "text": one.text, "type": one.kind, "signature": one.label}))
        .collect();
    let mut metadata = Map::new();
    metadata.insert("_jupyter_types_experimental".to_owned(), types.into());
    CompleteReply {
        matches: found.matches.into_iter().map(|one| one.text).collect(),
        cursor_start: start,
        cursor_end: end,
        metadata,
        ..CompleteReply::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_bytes() {
        let code = "é𝛼x";
        assert_eq!([0, 1, 2, 3, 9].map(|at| byte_of(code, at)), [0, 2, 6, 7, 7]);
        assert_eq!([0, 2, 6, 7, 99].map(|at| character_of(code, at)), [0, 1, 2, 3, 3]);
        assert_eq!(character_of(code, 4), 1, "within a character");
    }

    #[test]
    fn a_name_is_looked_at_from_its_end() {
        let look = |code: &str, at| code[..end_of_name(code, at)].to_owned();
        assert_eq!(look("String::new()", 2), "String");
        assert_eq!(look("text.len() + 1", 6), "text.len(");
        assert_eq!(look("text.len(", 9), "text.len(");
        assert_eq!(look("größe + 1", 2), "größe");
        assert_eq!(look("  ", 1), "");
        assert_eq!(look("a", 9), "a");
    }
}
