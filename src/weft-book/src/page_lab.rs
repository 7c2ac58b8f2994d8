//! The source of a lab that runs in the page.

use weft_lab::page_lab::PageLab;

/// The scripts that such labs are made of.
const SCRIPTS: &[(&str, &str)] = &[
    ("weft-frames.js", include_str!("../../../book/theme/weft-frames.js")),
    ("weft-worker.js", include_str!("../../../book/theme/weft-worker.js")),
    (
        "weft-statistics.js",
        include_str!("../../../book/theme/weft-statistics.js"),
    ),
];

/// The lab's scripts, one after the other.
pub(crate) fn source(lab: &PageLab) -> String {
    let script = |name: &&'static str| SCRIPTS.iter().find(|script| script.0 == *name).map(|script| script.1);
    lab.scripts.iter().filter_map(script).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use weft_lab::page_lab::PAGE_LABS;

    use super::*;

    #[test]
    fn each_script_of_a_lab_is_known() {
        for lab in PAGE_LABS {
            for name in lab.scripts {
                assert!(SCRIPTS.iter().any(|script| script.0 == *name), "{name}");
            }
            assert!(source(lab).lines().count() > 3 * lab.scripts.len());
        }
    }
}
