//! What cells print and show, on its way out: batched, so that a line is no message; and bounded, so that a loop that
//! prints for ever drowns neither the client nor the kernel.

use std::collections::{BTreeMap, VecDeque};

use jupyter_protocol::{ClearOutput, JupyterMessage, JupyterMessageContent, StreamContent};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until};
use weft_kernel::session::{CellId, MimeMap};

use super::iopub::{Iopub, as_it_is, parent_of};
use crate::boundary;

/// Text waits this long for more of it.
const WAIT: Duration = Duration::from_millis(20);
/// This much text is a message, whether more of it is to come or not.
const BATCH: usize = 64 << 10;
/// The end of what goes over the limit is kept: this much of it.
const TAIL: usize = 64 << 10;
/// Cells whose threads may still print are known up to this number.
const MOST_CELLS: usize = 4096;

/// Which of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Stdout,
    Stderr,
}

/// Something that a cell shows.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) data: MimeMap,
    pub(super) metadata: MimeMap,
    pub(super) display_id: Option<String>,
    pub(super) update: bool,
}

/// Everything that waits to go out.
pub(super) struct Outputs {
    iopub: Iopub,
    limit: usize,
    cells: BTreeMap<u64, Cell>,
    waiting: Option<Waiting>,
    due: Option<Instant>,
}

struct Cell {
    parent: JupyterMessage,
    is_silent: bool,
    is_over: bool,
    room: usize,
    tail: Tail,
}

/// The next message, which may still grow or be replaced.
enum Waiting {
    Text {
        cell: CellId,
        name: Name,
        text: String,
    },
    Update {
        cell: CellId,
        display_id: String,
        shown: Shown,
    },
}

impl Outputs {
    /// A cell may show so many bytes.
    pub(super) fn new(iopub: Iopub, limit: usize) -> Outputs {
        Outputs {
            iopub,
            limit,
            cells: BTreeMap::new(),
            waiting: None,
            due: None,
        }
    }

    /// What this cell shows belongs to `request`; of a silent one nothing is shown.
    pub(super) fn begin(&mut self, cell: CellId, request: &JupyterMessage, is_silent: bool) {
        let known = Cell {
            parent: parent_of(request),
            is_silent,
            is_over: false,
            room: self.limit,
            tail: Tail::default(),
        };
        self.cells.insert(cell.0, known);
        if self.cells.len() > MOST_CELLS {
            self.cells.pop_first();
        }
    }

    /// The cell has ended: the end of what went over the limit is shown now.
    pub(super) fn end(&mut self, cell: CellId) {
        self.flush();
        let Some(known) = self.cells.get_mut(&cell.0) else {
            return;
        };
        known.is_over = true;
        let tail = std::mem::take(&mut known.tail);
        if let Some(&(name, _)) = tail.pieces.front() {
            if tail.left_out > 0 {
                let notice = notice(tail.left_out, self.limit);
                self.tell_text(cell, name, &notice);
            }
            for (name, text) in tail.pieces {
                self.tell_text(cell, name, &text);
            }
        }
    }

    /// Completes when something has waited long enough.
    pub(super) async fn due(&self) {
        match self.due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// A cell has printed.
    pub(super) fn text(&mut self, cell: CellId, name: Name, text: &str) {
        let inside = self.take_room(cell, text.len());
        let (inside, outside) = text.split_at(boundary::floor(text, inside));
        self.put_text(cell, name, inside);
        if outside.is_empty() {
            return;
        }
        match self.cells.get_mut(&cell.0) {
            Some(known) if !known.is_over => known.tail.put(name, outside),
            // A thread that goes on after its cell has had its room, and was told so.
            _ => {}
        }
    }

    /// A cell shows a figure, a table, a progress display.
    pub(super) fn display(&mut self, cell: CellId, shown: Shown) {
        let size = size_of(&shown.data);
        if self.take_room(cell, size) < size {
            if let Some(known) = self.cells.get_mut(&cell.0) {
                known.tail.left_out += size;
            }
            return;
        }
        if let (true, Some(display_id)) = (shown.update, shown.display_id.clone()) {
            let replaces = matches!(&self.waiting, Some(Waiting::Update { cell: of, display_id: known, .. })
                if *of == cell && *known == display_id);
            if !replaces {
                self.flush();
                self.due = Some(Instant::now() + WAIT);
            }
            self.waiting = Some(Waiting::Update {
                cell,
                display_id,
                shown,
            });
        } else {
            self.flush();
            self.tell_shown(cell, shown);
        }
    }

    /// What a cell has shown is to vanish.
    pub(super) fn clear(&mut self, cell: CellId, wait: bool) {
        self.flush();
        self.tell(cell, ClearOutput { wait });
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) {
        self.due = None;
        match self.waiting.take() {
            Some(Waiting::Text { cell, name, text }) => self.tell_text(cell, name, &text),
            Some(Waiting::Update { cell, shown, .. }) => self.tell_shown(cell, shown),
            None => {}
        }
    }

    /// How much of `size` the cell may still show; it is taken.
    fn take_room(&mut self, cell: CellId, size: usize) -> usize {
        let limit = self.limit;
        let Some(known) = self.cells.get_mut(&cell.0) else {
            return size;
        };
        let inside = size.min(known.room);
        let was_full = known.room == 0;
        known.room -= inside;
        let is_late = known.is_over && inside < size && !was_full;
        if is_late {
            known.room = 0;
            self.put_text(cell, Name::Stdout, &late_notice(limit));
        }
        inside
    }

    fn put_text(&mut self, cell: CellId, name: Name, more: &str) {
        if more.is_empty() {
            return;
        }
        match &mut self.waiting {
            Some(Waiting::Text {
                cell: of,
                name: on,
                text,
            }) if *of == cell && *on == name => text.push_str(more),
            _ => {
                self.flush();
                self.due = Some(Instant::now() + WAIT);
                let text = more.to_owned();
                self.waiting = Some(Waiting::Text { cell, name, text });
            }
        }
        if matches!(&self.waiting, Some(Waiting::Text { text, .. }) if text.len() >= BATCH) {
            self.flush();
        }
    }

    fn tell_text(&self, cell: CellId, name: Name, text: &str) {
        let content = match name {
            Name::Stdout => StreamContent::stdout(text),
            Name::Stderr => StreamContent::stderr(text),
        };
        self.tell(cell, content);
    }

    fn tell_shown(&self, cell: CellId, shown: Shown) {
        let kind = if shown.update {
            "update_display_data"
        } else {
            "display_data"
        };
        let transient = shown
            .display_id
            .map_or_else(|| json!({}), |id| json!({"display_id": id}));
        let content = json!({"data": shown.data, "metadata": shown.metadata, "transient": transient});
        self.tell(cell, as_it_is(kind, content));
    }

    /// Tells what a cell has brought about, or where the cell is not known any more, what somebody has.
    fn tell(&self, cell: CellId, content: impl Into<JupyterMessageContent>) {
        let known = self.cells.get(&cell.0);
        if known.is_none_or(|known| !known.is_silent) {
            self.iopub.tell(known.map(|known| &known.parent), content);
        }
    }
}

/// The end of a text that is too long.
#[derive(Debug, Default)]
struct Tail {
    pieces: VecDeque<(Name, String)>,
    size: usize,
    left_out: usize,
}

impl Tail {
    fn put(&mut self, name: Name, text: &str) {
        let surplus = text.len().saturating_sub(TAIL);
        let begin = boundary::ceil(text, surplus);
        self.left_out += begin;
        let text = &text[begin..];
        match self.pieces.back_mut() {
            // Pieces are small, so that the oldest can go alone.
            Some((last, piece)) if *last == name && piece.len() + text.len() <= TAIL / 16 => piece.push_str(text),
            _ => self.pieces.push_back((name, text.to_owned())),
        }
        self.size += text.len();
        while self.size > TAIL {
            let Some((name, oldest)) = self.pieces.pop_front() else {
                break;
            };
            self.size -= oldest.len();
            // What is not needed of it goes; the rest stays.
            let keep = TAIL.saturating_sub(self.size);
            let from = boundary::ceil(&oldest, oldest.len().saturating_sub(keep));
            self.left_out += from;
            if from < oldest.len() {
                self.size += oldest.len() - from;
                self.pieces.push_front((name, oldest[from..].to_owned()));
                break;
            }
        }
    }
}

fn notice(left_out: usize, limit: usize) -> String {
    format!(
        "\n[weft: {left_out} bytes are left out here: a cell shows at most {limit}, and its last lines; --output-limit \
         changes that]\n"
    )
}

fn late_notice(limit: usize) -> String {
    format!("\n[weft: what follows is left out: a cell shows at most {limit} bytes; --output-limit changes that]\n")
}

fn size_of(data: &MimeMap) -> usize {
    let size = |value: &Value| value.as_str().map_or_else(|| value.to_string().len(), str::len);
    data.values().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_end_and_counts_the_rest() {
        let mut tail = Tail::default();
        let mut all = String::new();
        for number in 0..40_000 {
            let line = format!("línea {number}\n");
            tail.put(if number % 7 == 0 { Name::Stderr } else { Name::Stdout }, &line);
            all += &line;
        }
        let kept: String = tail.pieces.iter().map(|(_, text)| text.as_str()).collect();
        assert!(all.ends_with(&kept));
        assert!(kept.len() <= TAIL && kept.len() > TAIL - 16, "{}", kept.len());
        assert_eq!(kept.len() + tail.left_out, all.len());
        assert_eq!(kept.len(), tail.size);
    }

    #[test]
    fn one_long_text_is_cut_to_its_end() {
        let mut tail = Tail::default();
        let text = "é".repeat(TAIL);
        tail.put(Name::Stdout, "before");
        tail.put(Name::Stdout, &text);
        assert!(tail.size <= TAIL);
        assert_eq!(tail.left_out + tail.size, text.len() + 6);
    }
}
