//! The static site: both editions, with the recorded results.

use std::io;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use mdbook_driver::errors::Error;

use crate::catalogue::{Catalogue, CatalogueError, LANGUAGES};
use crate::preprocessor::Weft;

/// What to build, and whither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The folder with `book.toml`.
    pub root: PathBuf,
    /// Where the English edition goes; the Korean one goes into its folder `ko`. A book that is there already is
    /// replaced once the new one is whole.
    pub dest: PathBuf,
    /// Are the pages for `weft serve`, so that their cards can run experiments?
    pub live: bool,
}

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Something else is where the site is to go.
    #[error("{dest} is not empty and no book of ours, so it is left as it is; name another folder", dest = dest.display())]
    Occupied {
        /// The folder.
        dest: PathBuf,
    },
    /// The system refused a file or a folder.
    #[error("cannot {what} {path}", path = path.display())]
    File {
        /// What was to be done.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A catalogue can't be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The book can't be loaded, filled in or rendered.
    #[error("the edition {language:?} of the book can't be built")]
    Book {
        /// Which edition.
        language: &'static str,
        /// Where and why.
        source: Error,
    },
}

/// mdBook writes these two files for each book; a folder with both is one.
const MARKS: [&str; 2] = [".nojekyll", "toc.html"];

impl Build {
    /// Builds both editions beside `dest`, then puts them there.
    ///
    /// # Errors
    ///
    /// See [`BuildError`]. After an error the site that was there is still there.
    pub fn run(&self) -> Result<(), BuildError> {
        let dest = std::path::absolute(&self.dest).map_err(during("find", &self.dest))?;
        let dest = dest.components().collect::<PathBuf>();
        check_free(&dest)?;
        let (Some(parent), Some(_)) = (dest.parent(), dest.file_name()) else {
            return Err(BuildError::Occupied { dest });
        };
        std::fs::create_dir_all(parent).map_err(during("make the folder", parent))?;
        let workshop = tempfile::Builder::new()
            .prefix(".weft-book-")
            .tempdir_in(parent)
            .map_err(during("make a folder in", parent))?;
        let theme = self.theme(workshop.path())?;
        let site = workshop.path().join("site");
        let catalogue = Catalogue::load(&self.root)?;
        for language in LANGUAGES {
            let folder = if language == LANGUAGES[0] {
                site.clone()
            } else {
                site.join(language)
            };
            self.edition(language, &folder, theme.as_deref(), &catalogue)
                .map_err(|source| BuildError::Book { language, source })?;
        }
        if dest.exists() {
            std::fs::rename(&dest, workshop.path().join("old")).map_err(during("replace", &dest))?;
        }
        std::fs::rename(&site, &dest).map_err(during("write", &dest))
    }

    fn edition(&self, language: &str, folder: &Path, theme: Option<&Path>, catalogue: &Catalogue) -> Result<(), Error> {
        let root = std::path::absolute(&self.root)?;
        let mut config = Config::from_disk(root.join("book.toml"))?;
        if language != LANGUAGES[0] {
            let translate = catalogue.translator(language);
            let word = |text: Option<String>| text.map(|text| translate(&text).unwrap_or(text));
            config.book.title = word(config.book.title.take());
            config.book.description = word(config.book.description.take());
            let site: Option<String> = config.get("output.html.site-url")?;
            config.set(
                "output.html.site-url",
                format!("{}{language}/", site.as_deref().unwrap_or("/")),
            )?;
        }
        config.book.language = Some(language.to_owned());
        folder.clone_into(&mut config.build.build_dir);
        if let Some(theme) = theme {
            config.set("output.html.theme", theme)?;
        }
        let mut book = MDBook::load_with_config(root, config)?;
        book.with_preprocessor(Weft);
        book.build()
    }

    /// The theme of live pages: the book's own, and in each page's head a mark by which the scripts know that there is
    /// a server. Static pages take the book's theme as it is.
    fn theme(&self, workshop: &Path) -> Result<Option<PathBuf>, BuildError> {
        if !self.live {
            return Ok(None);
        }
        let (from, to) = (self.root.join("book/theme"), workshop.join("theme"));
        std::fs::create_dir(&to).map_err(during("make the folder", &to))?;
        for entry in std::fs::read_dir(&from).map_err(during("read", &from))? {
            let entry = entry.map_err(during("read", &from))?;
            let path = entry.path();
            if path.is_file() {
                std::fs::copy(&path, to.join(entry.file_name())).map_err(during("copy", &path))?;
            }
        }
        let head = to.join("head.hbs");
        std::fs::write(&head, "<meta name=\"weft-live\" content=\"true\">\n").map_err(during("write", &head))?;
        Ok(Some(to))
    }
}

fn during(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let path = path.to_owned();
    move |source| BuildError::File { what, path, source }
}

/// The folder may be absent, empty or a book; anything else is not ours to replace.
fn check_free(dest: &Path) -> Result<(), BuildError> {
    if MARKS.iter().all(|mark| dest.join(mark).is_file()) {
        return Ok(());
    }
    match std::fs::read_dir(dest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(during("read the folder", dest)(source)),
        Ok(mut entries) => entries
            .next()
            .map_or(Ok(()), |_| Err(BuildError::Occupied { dest: dest.to_owned() })),
    }
}
