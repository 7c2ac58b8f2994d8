//! `weft schema`: the JSON Schema of what `--json` writes and of stored records.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use weft_lab::{Record, Verdict};

use crate::failure::Status;
use crate::output::print;

/// Prints the schema.
pub(crate) fn run() -> anyhow::Result<Status> {
    let mut text = serde_json::to_string_pretty(&schema())?;
    text.push('\n');
    print(&text)?;
    Ok(Status::Ran)
}

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
