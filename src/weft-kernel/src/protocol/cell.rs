//! One cell: from its request to what its client is answered.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use jupyter_protocol::{ExecuteRequest, ExpressionResult, JupyterMessage, ReplyError};
use serde_json::Value;
use tokio::sync::Notify;
use weft_kernel::session::{CellId, Failure, Outcome, Session};

/// The cell that runs.
pub(super) struct Running {
    pub(super) cell: CellId,
    pub(super) request: JupyterMessage,
    pub(super) execute: ExecuteRequest,
    pub(super) number: usize,
    /// When it began, as the protocol writes a time.
    pub(super) started: Value,
    /// Keeps it from being begun.
    pub(super) cancel: Arc<Notify>,
    /// It was interrupted before it was begun.
    pub(super) is_interrupted: bool,
    pub(super) end: Pin<Box<dyn Future<Output = End> + Send>>,
}

/// How a cell ended, and what the expressions gave that its client wants to know.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) expressions: Vec<(String, Outcome)>,
}

/// The end of the cell that runs; where none does, there is none.
pub(super) async fn end_of(running: &mut Option<Running>) -> End {
    match running {
        Some(running) => running.end.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Runs the cell, and where it does well, what its client wants to know after it.
pub(super) fn evaluate(
    session: Arc<Session>,
    cancel: Arc<Notify>,
    cell: CellId,
    execute: &ExecuteRequest,
) -> impl Future<Output = End> + use<> {
    let code = execute.code.clone();
    let asked: BTreeMap<String, String> = execute
        .user_expressions
        .clone()
        .unwrap_or_default()
        .into_iter()
        .collect();
    async move {
        let outcome = if code.trim().is_empty() {
            Outcome::Done { value: None }
        } else {
            begun(&session, &cancel, cell, code).await
        };
        let mut expressions = Vec::new();
        if matches!(outcome, Outcome::Done { .. }) {
            for (name, expression) in asked {
                expressions.push((name, session.execute(cell, expression).await));
            }
        }
        End { outcome, expressions }
    }
}

async fn begun(session: &Session, cancel: &Notify, cell: CellId, code: String) -> Outcome {
    tokio::select! {
        biased;
        () = cancel.notified() => {
            Outcome::Interrupted(Failure::new("Interrupted", "the cell was interrupted before it began"))
        }
        ready = session.ready() => match ready {
            Ok(()) => session.execute(cell, code).await,
            Err(failure) => Outcome::Failed(failure),
        }
    }
}

/// What one expression gave.
pub(super) fn shown(outcome: Outcome) -> ExpressionResult {
    match outcome {
        Outcome::Done { value } => ExpressionResult::Ok {
            data: serde_json::from_value(Value::Object(value.unwrap_or_default())).unwrap_or_default(),
            metadata: serde_json::Map::new(),
        },
        Outcome::Failed(failure) | Outcome::Interrupted(failure) => ExpressionResult::Error {
            ename: failure.ename,
            evalue: failure.evalue,
            traceback: failure.traceback,
        },
    }
}

pub(super) fn reply_error(failure: Failure) -> ReplyError {
    ReplyError {
        ename: failure.ename,
        evalue: failure.evalue,
        traceback: failure.traceback,
    }
}
