//! `weft schema`.

use schemars::generate::SchemaSettings;
use serde_json::json;
use weft_lab::{Record, Verdict};

use super::*;

/// One schema for the three forms: a record with its verdicts, several of them, a record alone.
fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let record = generator.subschema_for::<Record>();
    let verdict = generator.subschema_for::<Verdict>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "weft",
        "description": "What `weft run --json` and `weft verdicts --json` write, and a stored record.",
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
    for whole in [document, &several, &document["record"]] {
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
