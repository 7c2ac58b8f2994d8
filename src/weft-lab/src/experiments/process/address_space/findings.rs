//! What a record says beside the verdict.

use std::collections::BTreeSet;

use super::{FOLLOWED, Object, object};
use crate::format;
use crate::record::{Condition, Record};
use crate::stats::proportion;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

pub(super) fn findings(record: &Record) -> Vec<Finding> {
    let heaps = [
        (
            Object::Boxed,
            text!("An object of 2 KiB lay in the region that the kernel calls [heap], in {seen} of {trials} programs."),
        ),
        (
            Object::LargeBoxed,
            text!(
                "An object of 1 MiB lay in [heap] in {seen} of {trials} programs; else the allocator had asked the kernel for a mapping of its own."
            ),
        ),
        (
            Object::ThreadBoxed,
            text!(
                "An object of 2 KiB that another thread had allocated lay in [heap] in {seen} of {trials} programs; else in the allocator's mapping for that thread."
            ),
        ),
    ];
    let heaps = heaps
        .into_iter()
        .filter_map(|(kind, text)| share(kind.id(), record.blocks("in-heap", &object(kind)), text));
    let order = share(
        "order",
        record.blocks("in-order", &Condition::default()),
        text!(
            "From low to high they lay in the order code, data, zeroed data, heap, the threads' stacks, the first stack, in {seen} of {trials} programs."
        ),
    );
    let different = different(record);
    [setting(record)]
        .into_iter()
        .chain([different, order])
        .flatten()
        .chain(heaps)
        .collect()
}

fn share(id: &str, blocks: &[f64], text: Text) -> Option<Finding> {
    let (seen, trials) = (blocks.iter().filter(|seen| **seen > 0.5).count(), blocks.len());
    let text = text
        .with("seen", format::count(seen as u64))
        .with("trials", format::count(trials as u64));
    (trials > 0).then(|| Finding {
        id: id.to_owned(),
        text,
        effect: Some(Effect::new(EffectKind::Proportion, proportion(seen, trials), "1")),
    })
}

/// How many different addresses the same object had.
pub(super) fn addresses(record: &Record, kind: Object) -> usize {
    let blocks = record.blocks("address", &object(kind));
    blocks
        .iter()
        .map(|address| address.to_bits())
        .collect::<BTreeSet<_>>()
        .len()
}

fn different(record: &Record) -> Option<Finding> {
    let programs = record.blocks("address", &object(FOLLOWED[0])).len();
    let [code, heap, stack] = FOLLOWED.map(|kind| format::count(addresses(record, kind) as u64));
    (programs > 0).then(|| Finding {
        id: "addresses".to_owned(),
        text: text!(
            "In {programs} programs the same function had {code} different addresses, the same object on the heap {heap}, and the same local variable {stack}.",
            programs = format::count(programs as u64),
            code = code,
            heap = heap,
            stack = stack
        ),
        effect: None,
    })
}

/// Why addresses differ or don't.
fn setting(record: &Record) -> Option<Finding> {
    let first = |quantity: &str| record.blocks(quantity, &Condition::default()).first().copied();
    let is_off = first("randomize-va-space").is_some_and(|setting| setting < 0.5);
    let text = match first("random") {
        _ if is_off => text!("Random addresses are switched off for the whole machine: randomize_va_space is 0."),
        Some(random) if random < 0.5 => {
            text!("Random addresses are switched off for these programs, by their personality.")
        }
        Some(_) => text!("The kernel lays programs out at random addresses."),
        None => return None,
    };
    Some(Finding {
        id: "setting".to_owned(),
        text,
        effect: None,
    })
}
