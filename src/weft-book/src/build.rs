//! A stand-in until the real build lands: copies the theme and writes one page.

use std::path::PathBuf;

/// What to build, and where to.
#[derive(Debug, Clone)]
pub struct Build {
    /// The repository.
    pub root: PathBuf,
    /// Where the pages go.
    pub dest: PathBuf,
    /// For the live server?
    pub live: bool,
}

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the pages")]
pub struct BuildError(#[from] std::io::Error);

impl Build {
    /// Builds.
    ///
    /// # Errors
    ///
    /// A page can't be written.
    pub fn run(&self) -> Result<(), BuildError> {
        std::fs::create_dir_all(self.dest.join("ko"))?;
        let page = std::fs::read_to_string(self.root.join("book/introduction.md"))?;
        std::fs::write(self.dest.join("index.html"), format!("<pre>{page}</pre>"))?;
        std::fs::write(self.dest.join("ko/index.html"), "<p>ko</p>")?;
        Ok(())
    }
}
