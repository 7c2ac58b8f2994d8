//! A book of one chapter, for what is not about our own.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use weft_book::build::{Build, BuildError};

/// The book's folder, which is removed when this is dropped.
pub(crate) struct Small(TempDir);

impl Small {
    /// A book with this chapter, and with our catalogue, notes and theme.
    pub(crate) fn new(chapter: &str) -> Small {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for inner in ["book/po", "book/theme"] {
            fs::create_dir_all(root.join(inner)).expect("a folder");
        }
        let config = "[book]\nsrc = \"book\"\n[preprocessor.weft]\ncommand = \"weft preprocess\"\n[output.html]\ntheme = \"book/theme\"\n";
        fs::write(root.join("book.toml"), config).expect("a file");
        for file in ["book/po/ko.po", "book/notes.ko.md", "book/theme/index.hbs"] {
            fs::copy(repository.join(file), root.join(file)).expect("a copy");
        }
        fs::write(root.join("book/SUMMARY.md"), "- [One](one.md)\n").expect("a file");
        fs::write(root.join("book/one.md"), chapter).expect("a file");
        Small(folder)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    /// Builds it into a folder of its root.
    pub(crate) fn build(&self, dest: &str, live: bool) -> Result<(), BuildError> {
        let build = Build {
            root: self.root().to_owned(),
            dest: self.root().join(dest),
            live,
        };
        build.run()
    }
}
