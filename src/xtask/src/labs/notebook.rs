//! A lab's cells as a notebook: nbformat 4.5, with what nbgrader has to know of the graded ones.

use serde::Serialize as _;
use serde_json::{Value, json};

use super::source::{Cell, Kind};

/// The notebook's text. Keys are sorted and the indent is one space, as Jupyter itself writes it.
pub(crate) fn text<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> String {
    let mut notebook = json!({
        "cells": cells.into_iter().map(cell).collect::<Vec<_>>(),
        "metadata": {
            "kernelspec": { "display_name": "Rust (Weft)", "language": "rust", "name": "weft" },
            "language_info": { "file_extension": ".rs", "mimetype": "text/x-rust", "name": "rust" },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    });
    notebook.sort_all_objects();
    let mut text = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let written = notebook.serialize(&mut serde_json::Serializer::with_formatter(&mut text, form));
    debug_assert!(written.is_ok(), "a value in memory is always written");
    text.push(b'\n');
    String::from_utf8_lossy(&text).into_owned()
}

fn cell(cell: &Cell) -> Value {
    let source: Vec<&str> = cell.text.split_inclusive('\n').collect();
    let metadata = match (grading(cell), cell.kind) {
        (Some(grading), _) => json!({ "nbgrader": grading }),
        // By this tag whoever runs a notebook knows that it goes on.
        (None, Kind::Fails) => json!({ "tags": ["raises-exception"] }),
        (None, _) => json!({}),
    };
    if matches!(cell.kind, Kind::Text | Kind::Manual { .. }) {
        return json!({ "cell_type": "markdown", "id": cell.id, "metadata": metadata, "source": source });
    }
    json!({
        "cell_type": "code",
        "execution_count": null,
        "id": cell.id,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    })
}

fn grading(cell: &Cell) -> Option<Value> {
    let (is_graded, is_solution, points) = match cell.kind {
        Kind::Text | Kind::Run | Kind::Fails => return None,
        Kind::Answer => (false, true, None),
        Kind::Test { points } => (true, false, Some(points)),
        Kind::Manual { points } => (true, true, Some(points)),
    };
    let mut grading = json!({
        "grade": is_graded,
        "grade_id": cell.id,
        "locked": !is_solution,
        "schema_version": 3,
        "solution": is_solution,
        "task": false,
    });
    if let Some(points) = points {
        grading["points"] = points.into();
    }
    Some(grading)
}
