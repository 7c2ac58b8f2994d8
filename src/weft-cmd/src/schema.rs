//! `weft schema`: the JSON Schema of what `--json` writes and of stored records.

use crate::failure::Status;
use crate::output::print;

/// Made by schemars from the types themselves, see `tests/command/schema.rs`. It stands in a file, so that nobody who only
/// uses weft has to build schemars.
const SCHEMA: &str = include_str!("schema.json");

/// Prints the schema.
pub(crate) fn run() -> anyhow::Result<Status> {
    print(SCHEMA)?;
    Ok(Status::Ran)
}
