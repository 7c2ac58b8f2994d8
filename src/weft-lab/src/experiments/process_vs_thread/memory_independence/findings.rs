//! What a record says beside the verdict.

use super::{OTHER, Writer, codes, faults, is};
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::proportion;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

pub(super) fn findings(record: &Record) -> Vec<Finding> {
    [
        shared_mapping(record),
        copy_on_write(record),
        huge_pages(record),
        frames(record),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn finding(id: &str, text: Text, effect: Option<Effect>) -> Finding {
    Finding {
        id: id.to_owned(),
        text,
        effect,
    }
}

/// A count that a record holds as a number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn whole(count: f64) -> String {
    format::count(count as u64)
}

fn shared_mapping(record: &Record) -> Option<Finding> {
    let codes = codes(record, Writer::SharingProcess);
    let seen = codes.iter().filter(|code| is(**code, OTHER)).count();
    let text = text!(
        "Where the page was mapped as shared, the first process saw the other's value in {seen} of {trials} trials.",
        seen = format::count(seen as u64),
        trials = format::count(codes.len() as u64)
    );
    let effect = Effect::new(EffectKind::Proportion, proportion(seen, codes.len()), "1");
    (!codes.is_empty()).then(|| finding("shared-mapping", text, Some(effect)))
}

fn copy_on_write(record: &Record) -> Option<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let per_page = |write: &str| {
        let (pages, blocks) = faults(record, "small", write).pop()?;
        Some((pages, bootstrap.median(blocks).map(|faults| faults / pages)))
    };
    let ((pages, first), (_, second)) = (per_page("first")?, per_page("second")?);
    let text = text!(
        "For each of {pages} pages the child's first write cost {first} faults, its second write {second}.",
        pages = whole(pages),
        first = format::number(first.estimate),
        second = format::number(second.estimate)
    );
    Some(finding(
        "copy-on-write",
        text,
        Some(Effect::new(EffectKind::Ratio, first, "1")),
    ))
}

fn huge_pages(record: &Record) -> Option<Finding> {
    let (pages, blocks) = faults(record, "huge", "first").pop()?;
    let median = judge::bootstrap_of_sweep(record).median(blocks);
    let text = text!(
        "With the memory in huge pages the child took {faults} faults for its first write to {pages} pages of the small size.",
        faults = whole(median.estimate),
        pages = whole(pages)
    );
    Some(finding("copy-on-write-huge", text, None))
}

fn frames(record: &Record) -> Option<Finding> {
    let blocks = |moment: &str| record.blocks("same_frame", &Condition::of("moment", moment));
    let same = |moment: &str| blocks(moment).iter().filter(|same| is(**same, 1.0)).count();
    let trials = blocks("after").len();
    let text = text!(
        "Before the child wrote, the page lay in the same physical frame for both in {same} of {trials} trials; afterwards it lay in different frames in {different}.",
        same = same("before"),
        trials = trials,
        different = trials - same("after")
    );
    (trials > 0).then(|| finding("frames", text, None))
}
