//! What was found on this machine: the newest record of each experiment, for the verdict board.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_lab::Record;
use weft_lab::board::{self, Board, Column, PageResult, THIS_MACHINE};

use crate::board::{beside_recorded, recorded};
use crate::preprocessor::RecordedError;

/// The newest record of each experiment that was run with its defaults.
#[derive(Debug)]
pub(super) struct Results {
    /// The folder with `book.toml`, where the recorded results are.
    root: PathBuf,
    newest: Mutex<BTreeMap<String, Record>>,
}

impl Results {
    pub(super) fn new(root: &Path) -> Results {
        Results {
            root: root.to_owned(),
            newest: Mutex::default(),
        }
    }

    fn newest(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record, unless it was made with other parameters.
    pub(super) fn put(&self, record: &Record) {
        if board::takes(record) {
            self.newest().insert(record.experiment.clone(), record.clone());
        }
    }

    /// The column of this machine.
    pub(super) fn column(&self, page: &[PageResult]) -> Column {
        Column::with_page_results(THIS_MACHINE, self.newest().values(), page)
    }

    /// This machine beside the recorded ones, and this machine's records.
    pub(super) fn board(&self, page: &[PageResult]) -> Result<(Board, Vec<Record>), RecordedError> {
        let board = beside_recorded(self.column(page), recorded(&self.root)?);
        Ok((board, self.newest().values().cloned().collect()))
    }
}
