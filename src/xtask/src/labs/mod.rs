//! The labs: notebooks and exercise crates, written from two Markdown sources a lab.

mod exercise;
mod notebook;
mod source;
#[cfg(test)]
mod tests;
mod translation;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::workspace::{self, WrongUse, write_whole};
pub(crate) use exercise::package;
pub(crate) use source::{Cell, Kind};

/// Write the labs' notebooks and exercise crates from their Markdown.
///
/// A lab is a folder of `labs/` with a `lab.md`, and perhaps an `exercise.md`. What is written is committed.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail where a file is not what its sources give
    #[arg(long, conflicts_with_all = ["out", "missing"])]
    check: bool,
    /// The language of the notebooks
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: String,
    /// Write the notebooks alone, into this folder
    #[arg(long, value_name = "DIR", required_if_eq("released", "true"))]
    out: Option<PathBuf>,
    /// Without solutions, model answers and hidden tests
    #[arg(long)]
    released: bool,
    /// Print what the language's catalogue lacks, as entries for it
    #[arg(long, conflicts_with = "out")]
    missing: bool,
}

/// One lab, read from its folder.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) cells: Vec<Cell>,
    /// How many of the cells stand in `lab.md`; the others are the exercise.
    first_of_exercise: usize,
}

/// Does what the arguments say.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let labs = all()?;
    if options.missing {
        return print_missing(&labs, &options.lang);
    }
    if let Some(folder) = &options.out {
        write_notebooks(&labs, &options.lang, options.released, folder)?;
        println!("{} notebooks in {}", labs.len(), folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    if options.lang != "en" {
        return Err(WrongUse("notebooks in another language need a folder of their own: --out DIR".to_owned()).into());
    }
    let files = committed(&labs)?;
    if options.check {
        check(&files)?;
        println!("{} labs, {} files: as their sources give them", labs.len(), files.len());
        return Ok(ExitCode::SUCCESS);
    }
    let mut written = 0;
    for (path, text) in &files {
        let path = workspace::root().join("labs").join(path);
        if fs::read_to_string(&path).ok().as_ref() != Some(text) {
            write_whole(&path, text)?;
            written += 1;
        }
    }
    println!("{} labs: {written} of {} files written", labs.len(), files.len());
    Ok(ExitCode::SUCCESS)
}

/// Every lab, in the order of the chapters.
pub(crate) fn all() -> Result<Vec<Lab>> {
    let folder = workspace::root().join("labs");
    let mut slugs: Vec<String> = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
        .filter(|entry| entry.path().join("lab.md").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    slugs.sort();
    slugs.into_iter().map(|slug| Lab::read(&folder, slug)).collect()
}

/// Writes the notebooks alone, a folder a lab.
pub(crate) fn write_notebooks(labs: &[Lab], language: &str, is_released: bool, folder: &Path) -> Result<()> {
    for lab in labs {
        write_whole(&folder.join(lab.notebook_path()), &lab.notebook(language, is_released)?)?;
    }
    Ok(())
}

/// Fails for a paragraph of a lab that the language's catalogue lacks, and for one that it has from no lab any more.
pub(crate) fn check_translated(labs: &[Lab], language: &str) -> Result<()> {
    let catalogue = translation::catalogue(language)?;
    let mut missing = Vec::new();
    for lab in labs {
        let messages = translation::missing(&lab.cells, &catalogue)?;
        missing.extend(messages.iter().map(|message| format!("labs/{}: {message}", lab.slug)));
    }
    if !missing.is_empty() {
        let told = missing.join("\n  ");
        bail!("book/po/{language}.po lacks (see `cargo xtask labs --missing --lang {language}`):\n  {told}");
    }
    let all: Vec<_> = labs.iter().flat_map(|lab| lab.cells.clone()).collect();
    let left_over = translation::left_over(&all, &catalogue)?;
    if !left_over.is_empty() {
        let told = left_over.join("\n  ");
        bail!("book/po/{language}.po has what no lab says any more; remove it:\n  {told}");
    }
    Ok(())
}

/// The files that are committed, by their paths in `labs/`, and what must stand in each.
pub(crate) fn committed(labs: &[Lab]) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for lab in labs {
        files.push((lab.notebook_path(), lab.notebook("en", false)?));
        if !lab.exercise().is_empty() {
            let made = exercise::files(&lab.slug, &lab.title, lab.exercise());
            let made = made.with_context(|| format!("labs/{}/exercise.md", lab.slug))?;
            let folder = Path::new(&lab.slug).join("exercise");
            files.extend(made.into_iter().map(|(path, text)| (folder.join(path), text)));
        }
    }
    Ok(files)
}

/// Fails for a committed file that is not what its sources give.
pub(crate) fn check(files: &[(PathBuf, String)]) -> Result<()> {
    let folder = workspace::root().join("labs");
    let differs = |(path, text): &&(PathBuf, String)| fs::read_to_string(folder.join(path)).ok().as_ref() != Some(text);
    let stale: Vec<String> = files
        .iter()
        .filter(differs)
        .map(|(path, _)| format!("labs/{}", path.display()))
        .collect();
    if !stale.is_empty() {
        bail!(
            "not what the sources give: {}; run `cargo xtask labs`",
            stale.join(", ")
        );
    }
    Ok(())
}

fn print_missing(labs: &[Lab], language: &str) -> Result<ExitCode> {
    let catalogue = translation::catalogue(language)?;
    for lab in labs {
        let (first, second) = lab.cells.split_at(lab.first_of_exercise);
        for (cells, file) in [(first, "lab.md"), (second, "exercise.md")] {
            for message in translation::missing(cells, &catalogue)? {
                print!("{}", translation::entry(&format!("labs/{}/{file}", lab.slug), &message));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Lab {
    fn read(folder: &Path, slug: String) -> Result<Lab> {
        let read = |name: &str| match fs::read_to_string(folder.join(&slug).join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read labs/{slug}/{name}")),
        };
        let (lab, exercise) = (
            read("lab.md")?.unwrap_or_default(),
            read("exercise.md")?.unwrap_or_default(),
        );
        let names = ["lab.md", "exercise.md"].map(|name| format!("labs/{slug}/{name}"));
        let first_of_exercise = source::cells(&[(&names[0], &lab)])?.len();
        let cells = source::cells(&[(&names[0], &lab), (&names[1], &exercise)])?;
        let title = lab.lines().next().and_then(|line| line.strip_prefix("# "));
        let title = title.with_context(|| format!("{}:1: the first line must be the title: # TITLE", names[0]))?;
        Ok(Lab {
            title: title.trim().to_owned(),
            cells,
            first_of_exercise,
            slug,
        })
    }

    /// The cells of `exercise.md`.
    pub(crate) fn exercise(&self) -> &[Cell] {
        &self.cells[self.first_of_exercise..]
    }

    /// Where its notebook stands in `labs/`.
    pub(crate) fn notebook_path(&self) -> PathBuf {
        Path::new(&self.slug).join(format!("{}.ipynb", self.slug))
    }

    /// Its notebook's text.
    pub(crate) fn notebook(&self, language: &str, is_released: bool) -> Result<String> {
        let mut cells = match language {
            "en" => self.cells.clone(),
            other => translation::translate(&self.cells, &translation::catalogue(other)?)
                .with_context(|| format!("labs/{} in {other}", self.slug))?,
        };
        if is_released {
            for cell in &mut cells {
                cell.text = source::without_solution(cell);
            }
        }
        Ok(notebook::text(&cells))
    }

    /// The names of the tests.
    pub(crate) fn tests(&self) -> Vec<&str> {
        let tests = self.cells.iter().filter(|cell| matches!(cell.kind, Kind::Test { .. }));
        tests.map(|cell| cell.id.as_str()).collect()
    }

    /// Lines that stand in a solution, a model answer or a hidden test, and nowhere in what a student gets.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let released: Vec<String> = self.cells.iter().map(source::without_solution).collect();
        let is_secret = |line: &&str| line.len() >= 24 && !released.iter().any(|text| text.contains(line));
        let lines = self.cells.iter().flat_map(|cell| cell.text.lines());
        let told = lines.map(str::trim).filter(|line| !line.starts_with("//"));
        told.filter(is_secret).map(str::to_owned).collect()
    }

    /// The exercise's files with the answers in.
    pub(crate) fn solved(&self) -> [(PathBuf, String); 2] {
        exercise::solved(&self.slug, &self.title, self.exercise())
    }
}
