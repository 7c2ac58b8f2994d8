//! What a notebook needs: `use weft_lab::prelude::*;`.

pub use crate::experiments::EXPERIMENTS;
pub use crate::notebook::{Show, run, run_request};
pub use crate::{Experiment, Figure, Mode, Outcome, Record, Request, RunError, Verdict};
