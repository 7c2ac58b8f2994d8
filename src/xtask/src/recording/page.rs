//! A lab in the page, recorded by the browser that ran it.

use std::fs;

use anyhow::{Context, Result, bail};
use weft_lab::page_lab::{PageLab, PageRecord};

use super::{Options, folder_of, in_a_browser};
use crate::prerequisites;
use crate::workspace::{self, run};

/// The run of the browser's tests that writes the result.
const RUN: &str = "page_lab::a_full_run_to_record_in_a_browser";

/// Runs the lab in full in headless Chromium, and stores what the browser kept.
pub(super) fn record(lab: &PageLab, options: &Options) -> Result<()> {
    prerequisites::browser()?;
    let folder = tempfile::tempdir()?;
    let kept = folder.path().join("result.json");
    run(in_a_browser(RUN).env("WEFT_PAGE_RESULT", &kept))?;
    let json = fs::read_to_string(&kept).with_context(|| format!("the browser kept no result of {}", lab.id))?;
    let result = PageRecord::from_json(&json).context("the browser kept something else than a result")?;
    if result.claim != lab.id {
        bail!("the browser kept a result of {} and not of {}", result.claim, lab.id);
    }
    let verdict = result.verdict();
    println!("{}: {} ({})", lab.id, verdict.outcome.id(), verdict.summary.english());
    let path = folder_of(lab.section, options)?.join(format!("{}.json", lab.id));
    workspace::write_whole(&path, &json)?;
    println!("wrote {}", path.display());
    Ok(())
}
