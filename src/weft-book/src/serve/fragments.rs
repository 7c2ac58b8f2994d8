//! What a run says, as the page takes it: JSON with fragments of HTML in each of the book's languages.

use std::error::Error as _;

use serde_json::{Map, Value, json};
use weft_lab::experiment::Progress;
use weft_lab::text::{Text, Translate};
use weft_lab::{Figure, Record, RunError, Verdict, html, text};

use super::events::EventLog;
use crate::catalogue::LANGUAGES;

/// Looks an English template up in the catalogue of a language.
pub(super) type Dictionary = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

/// A fragment in each language.
pub(super) fn in_each_language(dictionary: &Dictionary, render: impl Fn(Translate<'_>) -> String) -> Value {
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

pub(super) fn end_badly(log: &EventLog, error: &RunError, dictionary: &Dictionary) {
    let cancelled = matches!(error, RunError::Cancelled { .. });
    let mut message = error.text();
    if let Some(cause) = error.source() {
        // What the system says is in its own language.
        message = text!("{what}: {why}", what: message, why = with_causes(cause));
    }
    end_with(log, &message, error.hint(), cancelled, dictionary);
}

/// Ends without a result: what happened and what to do, in each language. `message` and `hint` are the English ones.
pub(super) fn end_with(log: &EventLog, message: &Text, hint: &str, cancelled: bool, dictionary: &Dictionary) {
    let words = |language: &str| {
        let translate = |template: &str| dictionary(language, template);
        json!({"message": message.render(&translate), "hint": Text::new(hint).render(&translate)})
    };
    let said: Map<String, Value> = LANGUAGES
        .into_iter()
        .map(|language| (language.to_owned(), words(language)))
        .collect();
    let data = json!({"message": message.english(), "hint": hint, "cancelled": cancelled, "words": said});
    log.end("error", &data);
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
