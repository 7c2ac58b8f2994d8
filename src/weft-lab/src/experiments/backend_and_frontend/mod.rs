//! Section 7 of the notes: backend and frontend.

mod worker_sizing;

pub(super) use worker_sizing::WorkerSizing;
