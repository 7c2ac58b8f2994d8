//! Translates the chapters and fills their directives in: in-process for `weft build`, as a command for stock mdBook.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Error, Result, anyhow};
use mdbook_preprocessor::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use weft_lab::html::escape;
use weft_lab::machine::profile::Profile;
use weft_lab::text;

pub use crate::calibration::CalibrationError;
use crate::catalogue::{Catalogue, LANGUAGES};
use crate::claims::Cards;
use crate::directive::{self, Directive, Found};
pub use crate::directive::{DirectiveError, Fault};
use crate::edition::Edition;
use crate::minutes::{Effort, Efforts};
pub use crate::recorded::RecordedError;
use crate::{board, calibration, card, claims, notes, page_lab, recorded};

/// The preprocessor `weft` of `book.toml`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weft;

impl Preprocessor for Weft {
    fn name(&self) -> &'static str {
        "weft"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let language = context.config.book.language.as_deref().unwrap_or(LANGUAGES[0]);
        if !LANGUAGES.contains(&language) {
            return Err(anyhow!(
                "there is no edition in {language:?}; there are: {}",
                LANGUAGES.join(", ")
            ));
        }
        let Contents { cards, efforts } = contents(&book)?;
        let catalogue = Catalogue::load(&context.root)?;
        if let Some(messages) = catalogue.chapters(language) {
            mdbook_i18n_helpers::gettext::translate_book(messages, &mut book)?;
        }
        let notes = context.root.join(&context.config.book.src).join(notes::NOTES);
        let page = Page {
            edition: Edition::new(&context.root, language, &catalogue),
            cards,
            efforts,
            notes: std::fs::read_to_string(&notes)
                .with_context(|| format!("cannot read the notes, {}", notes.display()))?,
        };
        let mut outcome = Ok(());
        book.for_each_mut(|item| {
            if let (BookItem::Chapter(chapter), Ok(())) = (item, &outcome) {
                outcome = page.fill(chapter);
            }
        });
        outcome.map(|()| book)
    }
}

/// Runs the preprocessor as the command of `book.toml`: `weft preprocess` with the book as JSON on standard input, and
/// `weft preprocess supports RENDERER`.
#[must_use]
#[expect(
    clippy::print_stderr,
    reason = "mdBook shows a command's standard error to the reader"
)]
pub fn run_as_command() -> ExitCode {
    // Every renderer gets the same Markdown.
    if std::env::args().any(|argument| argument == "supports") {
        return ExitCode::SUCCESS;
    }
    let answer = || -> Result<()> {
        let (context, book) = mdbook_preprocessor::parse_input(io::stdin())?;
        Ok(serde_json::to_writer(io::stdout(), &Weft.run(&context, book)?)?)
    };
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weft preprocess: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What the chapters as they are written hold.
#[derive(Default)]
struct Contents {
    cards: Cards,
    efforts: Efforts,
}

/// Reads every directive of the chapters: where the lab cards are, and how long each chapter takes.
fn contents(book: &Book) -> Result<Contents> {
    let mut contents = Contents::default();
    let mut board: Option<PathBuf> = None;
    for chapter in book.chapters() {
        let mut effort = Effort::of_text(&chapter.content);
        for Found { directive, line, .. } in directives(chapter)? {
            let fault = match directive {
                Directive::Lab(claim, _) | Directive::PageLab(claim, _) => {
                    match directive {
                        Directive::Lab(_, about) => effort.add_card(about.id, about.seconds),
                        Directive::PageLab(_, lab) => effort.add_card(lab.id, lab.seconds),
                        _ => {}
                    }
                    let other = contents.cards.insert(claim.id, path(chapter));
                    other.map(|other| Fault::Again { claim: claim.id, other })
                }
                Directive::Board => board.replace(path(chapter)).map(|other| Fault::SecondBoard { other }),
                _ => None,
            };
            if let Some(fault) = fault {
                return Err(Error::new(DirectiveError {
                    chapter: path(chapter),
                    line,
                    fault,
                }));
            }
        }
        contents.efforts.insert(path(chapter), effort);
    }
    Ok(contents)
}

fn directives(chapter: &Chapter) -> Result<Vec<Found>, DirectiveError> {
    directive::find(&chapter.content).map_err(|(line, fault)| DirectiveError {
        chapter: path(chapter),
        line,
        fault,
    })
}

fn path(chapter: &Chapter) -> PathBuf {
    chapter.path.clone().unwrap_or_default()
}

/// What the directives are filled with.
struct Page {
    edition: Edition,
    cards: Cards,
    efforts: Efforts,
    notes: String,
}

impl Page {
    /// Puts what the directives stand for in their place.
    fn fill(&self, chapter: &mut Chapter) -> Result<()> {
        let place = || format!("in the edition {:?}", self.edition.language);
        let found = directives(chapter).with_context(place)?;
        let path = path(chapter);
        // From the end, so that what is before keeps its place.
        for Found { directive, line, range } in found.into_iter().rev() {
            let place = || format!("{}:{line} ({})", path.display(), place());
            let html = self.html(directive, &path).with_context(place)?;
            chapter.content.replace_range(range, &format!("\n{html}\n"));
        }
        Ok(())
    }

    fn html(&self, directive: Directive, chapter: &Path) -> Result<String> {
        let edition = &self.edition;
        match directive {
            Directive::Notes(section) => notes::quote(&self.notes, section, edition)
                .ok_or_else(|| anyhow!("the notes have no heading {:?}", section.heading())),
            Directive::Claims(section) => Ok(claims::list(section, chapter, &self.cards, edition)),
            Directive::Lab(claim, about) => {
                let record = |profile| recorded::record(&edition.root, about.section, about.id, profile);
                let (first, other) = (record(Profile::AsItIs)?, record(Profile::OneCore)?);
                let records = [(Profile::AsItIs, first.as_ref()), (Profile::OneCore, other.as_ref())];
                Ok(card::render(claim, about, records, chapter, edition)?)
            }
            Directive::Board => {
                let recorded = board::recorded(&edition.root)?;
                Ok(board::render(recorded, chapter, &self.cards, edition)?)
            }
            Directive::Minutes => {
                let effort = self.efforts.get(chapter).cloned().unwrap_or_default();
                Ok(escape(&edition.say(&effort.text())))
            }
            Directive::PageLab(claim, lab) => {
                let result = recorded::page_record(&edition.root, lab)?;
                Ok(card::page::render(claim, lab, result.as_ref(), chapter, edition)?)
            }
            Directive::Calibration => Ok(calibration::table(edition)?),
            Directive::Source(about) => Ok(code(about.source, "rust,noplayground")),
            Directive::PageSource(lab) => Ok(code(&page_lab::source(lab), "js")),
            Directive::Absent(experiment) => {
                let absent = text!(
                    "This build of weft has no code for the experiment {experiment}.",
                    experiment = experiment
                );
                Ok(format!(
                    "<p class=\"weft-absent\">{}</p>",
                    escape(&edition.say(&absent))
                ))
            }
        }
    }
}

/// Code between fences that are longer than any within it.
fn code(source: &str, language: &str) -> String {
    let runs = source.split(|character| character != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", source.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_end_its_own_fence() {
        assert_eq!(code("a\n", "rust"), "```rust\na\n```");
        assert_eq!(code("/// ````\n", "js"), "`````js\n/// ````\n`````");
    }
}
