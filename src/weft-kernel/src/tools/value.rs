//! How a cell's value is shown without compiling the cell twice.
//!
//! Evcxr first has `(value).evcxr_display();` compiled, which fails for each type that has no such method, and then the
//! value's `Debug`. Here the first attempt does for both: behind the cell stand a method that every reference to a
//! `Debug` value has, which Rust takes only where the value itself has none. Where that fails too, evcxr's own source
//! is compiled, and its errors are those that the reader sees.

use super::Setting;

const ASKED: &str = ").evcxr_display();";
const ASKED_HERE: &str = ").weft_borrowed().evcxr_display();";
/// In one line, and in front of nothing, so that all else stays on its line.
const BEHIND: &str = concat!(
    "trait WeftBorrowed { fn weft_borrowed(&self) -> &Self { self } } ",
    "impl<T: ?Sized> WeftBorrowed for T {} ",
    "trait WeftShown { fn evcxr_display(&self); } ",
    "impl<T: ?Sized + std::fmt::Debug> WeftShown for &T { fn evcxr_display(&self) { ",
    "println!(\"EVCXR_BEGIN_CONTENT text/plain\\n{:?}\\nEVCXR_END_CONTENT\", self) } }\n"
);
/// Beside the session's tools while the reader has chosen another form of values.
pub(super) const CHOSEN: &str = "values-in-a-chosen-form";

/// A cell's source with its value shown; `None` where there is no value, or where the reader has chosen its form.
pub(super) fn shown(setting: &Setting, source: &str) -> Option<String> {
    if setting.cells.with_file_name("tools").join(CHOSEN).exists() {
        return None;
    }
    let (before, behind) = source.rsplit_once(ASKED)?;
    Some(format!("{before}{ASKED_HERE}{behind}\n{BEHIND}"))
}
