//! `weft schema`.

use schemars::generate::SchemaSettings;
use serde_json::json;
use weft_lab::board::{Board, Column};
use weft_lab::{Record, Verdict};

use super::*;

/// One schema for the four forms: a record with its verdicts, several of them, a record alone, the verdict board.
fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let record = generator.subschema_for::<Record>();
    let verdict = generator.subschema_for::<Verdict>();
    let board = generator.subschema_for::<Board>();
    let board = board.get("$ref").expect("a definition of its own");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "weft",
        "description": "What `weft run --json` and `weft verdicts --json` write, a stored record, and the verdict board as the page saves it.",
        "type": "object",
        "properties": {
            "record": record,
            "records": {"description": "The records, in the order of the runs.", "type": "array", "items": record},
            "verdicts": {"description": "What the records say of each claim.", "type": "array", "items": verdict},
        },
        "anyOf": [
            {"title": "One record, of `weft run EXPERIMENT`", "required": ["record", "verdicts"]},
            {"title": "Several records, of `weft verdicts`", "required": ["records", "verdicts"]},
            {"title": "A stored record", "$ref": "#/$defs/Record"},
            {"title": "The verdict board", "$ref": board},
        ],
        "$defs": generator.take_definitions(true),
    })
}

#[test]
fn the_schema_is_that_of_the_types() {
    let expected = format!("{:#}\n", schema());
    let printed = stdout(&weft_without_records(&["schema"]).success());
    if printed != expected {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schema.json");
        std::fs::write(&file, expected).unwrap();
        panic!(
            "the types have changed: copy {} to src/weft-cmd/src/schema.json",
            file.display()
        );
    }
}

#[test]
fn every_document_is_as_the_schema_says() {
    let schema = json(&weft_without_records(&["schema"]).success());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = document();
    let several = serde_json::json!({"records": [document["record"]], "verdicts": document["verdicts"]});
    let record = Record::from_json(&document.to_string()).unwrap();
    let column = Column::with_page_results("this-machine", [&record], &[page_result()]);
    let board = serde_json::json!(Board::new(vec![column]));
    let mut of_a_newer_claim = board.clone();
    of_a_newer_claim["columns"][0]["found"][0]["verdict"]["outcome"] = "proved".into();
    assert!(!validator.is_valid(&of_a_newer_claim));
    for whole in [document, &several, &document["record"], &board] {
        assert!(validator.is_valid(whole), "{:?}", validator.validate(whole));
    }
    let mut broken = document.clone();
    broken["record"]["seed"] = "seven".into();
    assert!(!validator.is_valid(&broken));
    broken = document.clone();
    broken["verdicts"][0].as_object_mut().unwrap().remove("outcome");
    assert!(!validator.is_valid(&broken));
    assert!(!validator.is_valid(&serde_json::json!({"verdicts": []})));
}

/// What a browser hands over.
fn page_result() -> weft_lab::board::PageResult {
    let json = serde_json::json!({
        "claim": "browser-manages", "outcome": "supported", "effect": 8.0, "low": 7.0, "high": 9.0, "unit": "1",
        "when": "2026-02-08T00:00:00.000Z", "user_agent": "Example/1.0",
    });
    serde_json::from_value(json).unwrap()
}
