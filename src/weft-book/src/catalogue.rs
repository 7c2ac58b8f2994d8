//! What the Korean edition says: the messages of the chapters and of the program, from `book/po/`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polib::catalog::Catalog;

/// The editions of the book. The first is the language of the chapters and of the program; each other has a catalogue.
pub const LANGUAGES: [&str; 2] = ["en", "ko"];

/// Where the catalogues are, below the folder with `book.toml`.
const FOLDER: &str = "book/po";

/// The messages of every edition but the English one.
pub struct Catalogue {
    languages: Vec<Language>,
}

struct Language {
    id: &'static str,
    /// What mdBook's helpers translate chapters with.
    chapters: Catalog,
    /// English message to translated message, without fuzzy and empty ones.
    messages: Arc<HashMap<String, String>>,
}

/// Why there is no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The file can't be read, or is no catalogue of gettext's form.
    #[error("cannot read the catalogue {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What its reader said.
        reason: String,
    },
}

impl Catalogue {
    /// Reads the catalogues of the book whose `book.toml` is in `root`.
    ///
    /// # Errors
    ///
    /// A file that is absent or no catalogue.
    pub fn load(root: &Path) -> Result<Catalogue, CatalogueError> {
        let load = |&id: &&'static str| {
            let path = root.join(FOLDER).join(format!("{id}.po"));
            let mut chapters = polib::po_file::parse(&path).map_err(|error| CatalogueError::Unreadable {
                path,
                reason: error.to_string(),
            })?;
            mdbook_i18n_helpers::gettext::add_stripped_summary_translations(&mut chapters);
            let messages = chapters
                .messages()
                .filter(|message| message.is_translated() && !message.is_fuzzy())
                .filter_map(|message| Some((message.msgid().to_owned(), message.msgstr().ok()?.to_owned())));
            let messages = Arc::new(messages.collect());
            Ok(Language { id, chapters, messages })
        };
        let languages = LANGUAGES[1..].iter().map(load).collect::<Result<_, _>>()?;
        Ok(Catalogue { languages })
    }

    /// Looks an English message up in the catalogue of `language`. English has none, and neither has a language without
    /// an edition: there every message stays as it is.
    pub fn translator(&self, language: &str) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static + use<> {
        let messages = self.find(language).map(|language| Arc::clone(&language.messages));
        move |message| messages.as_ref()?.get(message).cloned()
    }

    /// What mdBook's helpers translate the chapters with; none for English.
    pub(crate) fn chapters(&self, language: &str) -> Option<&Catalog> {
        self.find(language).map(|language| &language.chapters)
    }

    fn find(&self, language: &str) -> Option<&Language> {
        self.languages.iter().find(|known| known.id == language)
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = self
            .languages
            .iter()
            .map(|language| (language.id, language.messages.len()));
        f.debug_map().entries(sizes).finish()
    }
}
