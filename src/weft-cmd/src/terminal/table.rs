//! Tables in a terminal.

use comfy_table::{ContentArrangement, Table, presets};

use super::Look;

/// A table with these headings, as wide as the terminal at most.
pub(crate) fn new(headings: &[&str], look: &Look) -> Table {
    let mut table = Table::new();
    table
        .load_preset(if look.unicode {
            presets::UTF8_FULL_CONDENSED
        } else {
            presets::ASCII_FULL_CONDENSED
        })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(look.width).unwrap_or(u16::MAX))
        .set_header(headings);
    table
}
