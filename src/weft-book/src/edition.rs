//! One language of the book, and where its parts lie on disk.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use weft_lab::text::{Text, Translate};

use crate::catalogue::Catalogue;

/// Looks an English message up in a catalogue.
type Lookup = dyn Fn(&str) -> Option<String>;

/// One language of the book.
pub(crate) struct Edition {
    /// The folder with `book.toml`.
    pub(crate) root: PathBuf,
    /// `en` or `ko`.
    pub(crate) language: String,
    translate: Box<Lookup>,
}

impl Edition {
    pub(crate) fn new(root: &Path, language: &str, catalogue: &Catalogue) -> Edition {
        Edition {
            root: root.to_owned(),
            language: language.to_owned(),
            translate: Box::new(catalogue.translator(language)),
        }
    }

    /// A sentence in this edition's language.
    pub(crate) fn say(&self, text: &Text) -> String {
        text.render(self.translate())
    }

    /// A message without places, or with places that a script fills.
    pub(crate) fn word(&self, message: &str) -> String {
        (self.translate)(message).unwrap_or_else(|| message.to_owned())
    }

    pub(crate) fn translate(&self) -> Translate<'_> {
        &*self.translate
    }
}

/// The way from a chapter to the top of the book: `../` for each folder that it is in.
pub(crate) fn way_up(chapter: &Path) -> String {
    "../".repeat(chapter.components().count().saturating_sub(1))
}

/// The notes' words of a claim, one quotation after the other.
pub(crate) fn quotations(words: &[&str]) -> String {
    let mut html = String::new();
    for (index, quoted) in words.iter().enumerate() {
        let space = if index == 0 { "" } else { " " };
        let _infallible = write!(html, "{space}<q>{}</q>", weft_lab::html::escape(quoted));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_ends_at_the_book_s_root() {
        assert_eq!(way_up(Path::new("03-process-vs-thread.md")), "");
        assert_eq!(way_up(Path::new("source/creation-cost.md")), "../");
    }

    #[test]
    fn quotations_are_escaped() {
        assert_eq!(quotations(&["a > b", "c"]), "<q>a &gt; b</q> <q>c</q>");
    }
}
