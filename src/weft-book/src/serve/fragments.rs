//! What a run says, as the page takes it: JSON with fragments of HTML in each of the book's languages.

use serde_json::{Map, Value, json};
use weft_lab::experiment::Progress;
use weft_lab::text::Translate;
use weft_lab::{Figure, Record, RunError, Verdict, html, text};

use super::events::EventLog;
use crate::catalogue::LANGUAGES;

/// Looks an English template up in the catalogue of a language.
pub(super) type Dictionary = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

/// A fragment in each language.
fn in_each_language(dictionary: &Dictionary, render: impl Fn(Translate<'_>) -> String) -> Value {
    let fragment = |language: &str| render(&|template: &str| dictionary(language, template));
    let fragments = LANGUAGES.map(|language| (language.to_owned(), Value::from(fragment(language))));
    Value::Object(fragments.into_iter().collect())
}

/// How many runs come before this one.
pub(super) fn tell_queued(log: &EventLog, position: usize) {
    log.update("queued", String::new(), &json!({ "position": position }));
}

pub(super) fn tell_started(log: &EventLog, dictionary: &Dictionary) {
    let progress = Progress {
        fraction: 0.0,
        phase: text!("Starting a clean process"),
    };
    tell_progress(log, &progress, 0, dictionary);
}

pub(super) fn tell_progress(log: &EventLog, progress: &Progress, elapsed_ms: u64, dictionary: &Dictionary) {
    let data = json!({
        "fraction": progress.fraction,
        "elapsed_ms": elapsed_ms,
        "html": in_each_language(dictionary, |translate| html::escape(&progress.phase.render(translate))),
    });
    log.update("progress", progress.phase.english(), &data);
}

/// The record itself, its verdicts, its figures.
pub(super) fn tell_result(log: &EventLog, record: &Record, dictionary: &Dictionary) {
    log.tell("record", &json!(record));
    for verdict in record.verdicts() {
        log.tell("verdict", &verdict_data(&verdict, dictionary));
    }
    for figure in record.figures().iter().filter(|figure| !figure.is_empty()) {
        log.tell("figure", &figure_data(figure, dictionary));
    }
}

fn verdict_data(verdict: &Verdict, dictionary: &Dictionary) -> Value {
    let mut data = match json!(verdict) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let fragments = in_each_language(dictionary, |translate| html::verdict(verdict, translate));
    data.insert("html".to_owned(), fragments);
    Value::Object(data)
}

fn figure_data(figure: &Figure, dictionary: &Dictionary) -> Value {
    json!({
        "id": figure.id,
        "title": figure.title,
        "html": in_each_language(dictionary, |translate| html::figure(figure, translate)),
    })
}

pub(super) fn end_well(log: &EventLog) {
    log.end("done", &json!({}));
}

pub(super) fn end_badly(log: &EventLog, error: &RunError) {
    let cancelled = matches!(error, RunError::Cancelled { .. });
    log.end(
        "error",
        &json!({ "message": with_causes(error), "hint": error.hint(), "cancelled": cancelled }),
    );
}

/// An error in one line, with what caused it.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}
