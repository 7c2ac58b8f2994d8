//! A lab's Markdown, taken apart into the cells of its notebook. `labs/README.md` describes the form.

use std::collections::HashSet;
use std::fmt;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag};

/// One cell of a notebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Stable: the author's own, or made from the heading above and the place below it.
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

/// What a cell is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Markdown.
    Text,
    /// Code to run and to change, which is not graded.
    Run,
    /// Code that is meant to end in an error, after which the notebook goes on.
    Fails,
    /// Code whose solution the student writes.
    Answer,
    /// Code that grades the answers above it.
    Test { points: u32 },
    /// Markdown that the student writes and a person grades.
    Manual { points: u32 },
}

/// What is wrong with a lab's source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

impl std::error::Error for Wrong {}

pub(crate) const BEGIN_SOLUTION: &str = "// BEGIN SOLUTION";
pub(crate) const END_SOLUTION: &str = "// END SOLUTION";
pub(crate) const BEGIN_HIDDEN: &str = "// BEGIN HIDDEN TESTS";
pub(crate) const END_HIDDEN: &str = "// END HIDDEN TESTS";

const FORMS: &str = "allowed are `rust run`, `rust fails`, `rust answer ID`, `rust test ID POINTS`, `markdown manual ID POINTS`, or one word alone";

/// Takes the sources of one lab apart. `files` are names and texts, in the order of the notebook.
pub(crate) fn cells(files: &[(&str, &str)]) -> Result<Vec<Cell>, Wrong> {
    let mut cells = Vec::new();
    let mut ids = HashSet::new();
    for (file, text) in files {
        for piece in Pieces::of(text) {
            let line = text[..piece.start].matches('\n').count() + 1;
            let wrong = |line: usize, what: String| Wrong {
                file: (*file).to_owned(),
                line,
                what,
            };
            let mut cell = piece.cell().map_err(|what| wrong(line, what))?;
            if let Some(cell) = &mut cell {
                check_marks(cell).map_err(|(below, what)| wrong(line + below, what))?;
                if !cell.id.is_empty() && !ids.insert(cell.id.clone()) {
                    return Err(wrong(line, format!("the id {} is taken by a cell above", cell.id)));
                }
            }
            cells.extend(cell);
        }
    }
    name_the_rest(&mut cells, &mut ids);
    Ok(cells)
}

/// A part of a source: text up to the next heading or cell, or one cell.
struct Piece<'a> {
    start: usize,
    /// The words behind the fence; none for text.
    info: Option<String>,
    text: &'a str,
}

struct Pieces;

impl Pieces {
    fn of(source: &str) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut from = 0;
        let mut depth = 0_usize;
        for (event, range) in Parser::new_ext(source, pulldown_cmark::Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(tag) => {
                    match tag {
                        Tag::Heading {
                            level: HeadingLevel::H1 | HeadingLevel::H2,
                            ..
                        } if depth == 0 => {
                            pieces.push(Piece::text(source, from, range.start));
                            from = range.start;
                        }
                        Tag::CodeBlock(CodeBlockKind::Fenced(info)) if depth == 0 && is_cell(&info) => {
                            pieces.push(Piece::text(source, from, range.start));
                            from = range.end;
                            pieces.push(Piece {
                                start: range.start,
                                info: Some(info.into_string()),
                                text: &source[range],
                            });
                        }
                        _ => {}
                    }
                    depth += 1;
                }
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
        pieces.push(Piece::text(source, from, source.len()));
        pieces
    }
}

/// A block of one word, such as `rust` or `text`, is an illustration.
fn is_cell(info: &str) -> bool {
    let mut words = info.split_whitespace();
    matches!(words.next(), Some("rust" | "markdown")) && words.next().is_some()
}

impl<'a> Piece<'a> {
    fn text(source: &'a str, start: usize, end: usize) -> Piece<'a> {
        Piece {
            start,
            info: None,
            text: &source[start..end],
        }
    }

    fn cell(&self) -> Result<Option<Cell>, String> {
        let Some(info) = &self.info else {
            let text = self.text.trim();
            return Ok((!text.is_empty()).then(|| Cell {
                id: String::new(),
                kind: Kind::Text,
                text: text.to_owned(),
            }));
        };
        let words: Vec<&str> = info.split_whitespace().collect();
        let (kind, id) = match words[..] {
            ["rust", "run"] => (Kind::Run, ""),
            ["rust", "fails"] => (Kind::Fails, ""),
            ["rust", "answer", id] => (Kind::Answer, id),
            ["rust", "test", id, points] => (
                Kind::Test {
                    points: number(points)?,
                },
                id,
            ),
            ["markdown", "manual", id, points] => (
                Kind::Manual {
                    points: number(points)?,
                },
                id,
            ),
            _ => return Err(format!("`{info}` is no kind of cell; {FORMS}")),
        };
        if !matches!(kind, Kind::Run | Kind::Fails) && !is_id(id) {
            return Err(format!(
                "{id:?} is no id; allowed are small letters, digits and underscores, a letter first, at most 64"
            ));
        }
        let lines: Vec<&str> = self.text.trim_end().lines().collect();
        let (fence, last) = (lines.first().unwrap_or(&""), lines.last().unwrap_or(&""));
        let marks = fence.len() - fence.trim_start_matches(['`', '~']).len();
        if lines.len() < 2 || !last.starts_with(&fence[..marks]) {
            return Err(format!(
                "the block `{info}` is not closed; its last line must be {}",
                &fence[..marks]
            ));
        }
        Ok(Some(Cell {
            id: id.to_owned(),
            kind,
            text: lines[1..lines.len() - 1].join("\n").trim_matches('\n').to_owned(),
        }))
    }
}

fn number(points: &str) -> Result<u32, String> {
    points
        .parse()
        .ok()
        .filter(|&points| points > 0)
        .ok_or_else(|| format!("{points:?} is no number of points; allowed are whole numbers from 1"))
}

fn is_id(id: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_lowercase();
    id.starts_with(is_letter)
        && id.len() <= 64
        && id
            .chars()
            .all(|letter| is_letter(letter) || letter.is_ascii_digit() || letter == '_')
}

/// Marks stand in pairs, and in the cells where they mean something. An error has its line, counted from the fence.
fn check_marks(cell: &Cell) -> Result<(), (usize, String)> {
    let mut open: Option<(&str, usize)> = None;
    let mut solutions = 0;
    let pairs = [
        (BEGIN_SOLUTION, END_SOLUTION, cell.kind == Kind::Answer, "answer"),
        (BEGIN_HIDDEN, END_HIDDEN, matches!(cell.kind, Kind::Test { .. }), "test"),
    ];
    for (index, line) in cell.text.lines().enumerate() {
        let below = index + 1;
        if !matches!(cell.kind, Kind::Manual { .. }) && line.trim_start().starts_with(':') {
            let what = "the kernel takes a line that begins with `:` for an order; write `let () = ::...`".to_owned();
            return Err((below, what));
        }
        for (begin, end, is_allowed, place) in pairs {
            let text = line.trim();
            if text != begin && text != end {
                continue;
            }
            if !is_allowed {
                return Err((below, format!("`{text}` stands in a cell that is no {place}")));
            }
            match open {
                None if text == begin => open = Some((end, below)),
                Some((expected, _)) if text == expected => {
                    solutions += 1;
                    open = None;
                }
                Some((expected, _)) => return Err((below, format!("`{text}` stands before `{expected}`"))),
                None => return Err((below, format!("`{text}` has no `{begin}` above it"))),
            }
        }
    }
    match open {
        Some((expected, below)) => Err((below, format!("`{expected}` is missing below this line"))),
        None if cell.kind == Kind::Answer && solutions == 0 => Err((
            0,
            format!("the answer {} has no `{BEGIN_SOLUTION}` and `{END_SOLUTION}`", cell.id),
        )),
        None => Ok(()),
    }
}

/// Text and free code are named after the heading above them and counted below it.
fn name_the_rest(cells: &mut [Cell], ids: &mut HashSet<String>) {
    let mut section = "lab".to_owned();
    for cell in cells.iter_mut().filter(|cell| cell.id.is_empty()) {
        if let Some(heading) = cell.text.strip_prefix('#').filter(|_| cell.kind == Kind::Text) {
            let title = heading.trim_start_matches('#').lines().next().unwrap_or_default();
            section = slug(title);
        }
        let counted = (2..).map(|count| format!("{section}-{count}"));
        let free = std::iter::once(section.clone())
            .chain(counted)
            .find(|id| !ids.contains(id));
        cell.id = free.unwrap_or_default();
        ids.insert(cell.id.clone());
    }
}

fn slug(title: &str) -> String {
    let words = title
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let slug: String = slug.chars().take(48).collect();
    if slug.is_empty() { "lab".to_owned() } else { slug }
}

/// The cell's text as a student gets it: `stub` in place of each solution, no hidden tests, no model answer.
pub(crate) fn without_solution(cell: &Cell) -> String {
    if matches!(cell.kind, Kind::Manual { .. }) {
        return "YOUR ANSWER HERE (여기에 답을 쓰세요)".to_owned();
    }
    let mut kept: Vec<String> = Vec::new();
    let mut is_cut = false;
    for line in cell.text.lines() {
        let text = line.trim();
        if text == BEGIN_SOLUTION {
            let indent = &line[..line.len() - line.trim_start().len()];
            kept.extend(["// YOUR CODE HERE", "todo!()"].map(|stub| format!("{indent}{stub}")));
        }
        is_cut |= text == BEGIN_SOLUTION || text == BEGIN_HIDDEN;
        if !is_cut {
            kept.push(line.to_owned());
        }
        is_cut &= text != END_SOLUTION && text != END_HIDDEN;
    }
    kept.join("\n")
}

/// The cell's text without the marks, solutions and hidden tests in it.
pub(crate) fn with_solution(cell: &Cell) -> String {
    let is_mark = |line: &str| [BEGIN_SOLUTION, END_SOLUTION, BEGIN_HIDDEN, END_HIDDEN].contains(&line.trim());
    let kept: Vec<&str> = cell.text.lines().filter(|line| !is_mark(line)).collect();
    kept.join("\n")
}
