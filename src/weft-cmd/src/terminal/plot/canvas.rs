//! A field of signs with colours.

use crate::terminal::{Colour, Look};

/// A field of signs; the top row is 0.
pub(super) struct Canvas<'a> {
    cells: Vec<Vec<(char, Option<Colour>)>>,
    look: &'a Look,
}

impl<'a> Canvas<'a> {
    /// An empty field.
    pub(super) fn new(columns: usize, rows: usize, look: &'a Look) -> Self {
        Canvas {
            cells: vec![vec![(' ', None); columns]; rows],
            look,
        }
    }

    /// Puts a sign; outside of the field nothing happens.
    pub(super) fn put(&mut self, x: usize, y: usize, sign: char, colour: Option<Colour>) {
        if let Some(cell) = self.cells.get_mut(y).and_then(|row| row.get_mut(x)) {
            *cell = (sign, colour);
        }
    }

    /// The sign at a place.
    pub(super) fn at(&self, x: usize, y: usize) -> char {
        self.cells.get(y).and_then(|row| row.get(x)).map_or(' ', |cell| cell.0)
    }

    /// Puts a word, from left to right.
    pub(super) fn write(&mut self, x: usize, y: usize, word: &str) {
        for (offset, sign) in word.chars().enumerate() {
            self.put(x + offset, y, sign, None);
        }
    }

    /// One row.
    pub(super) fn row(&self, y: usize) -> String {
        let mut text = String::new();
        let row = self.cells.get(y).map_or(&[][..], Vec::as_slice);
        for run in row.chunk_by(|a, b| a.1 == b.1) {
            let signs: String = run.iter().map(|cell| cell.0).collect();
            match run.first().and_then(|cell| cell.1) {
                Some(colour) => text += &self.look.paint(&signs, colour),
                None => text += &signs,
            }
        }
        text
    }

    /// All rows, each after `indent` spaces.
    pub(super) fn lines(&self, indent: usize) -> String {
        (0..self.cells.len())
            .map(|y| format!("{}{}\n", " ".repeat(indent), self.row(y).trim_end()))
            .collect()
    }
}
