//! What a record says beside the verdict.

use super::{Record, names, thread};
use crate::figure::hex;
use crate::record::Condition;
use crate::sys::REGISTER_NAMES;
use crate::text::Text;
use crate::verdict::Finding;

/// An address or a count of a record as it was.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "written from a whole number"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

/// How many threads the snapshot has.
pub(super) fn threads(record: &Record) -> usize {
    record.select("mark", Condition::of("mark", "counter")).count()
}

/// An address of a thread of the snapshot, and the function there.
pub(super) fn mark<'a>(record: &'a Record, index: usize, what: &str) -> Option<(u64, &'a str)> {
    let series = record.select("mark", thread(index).and("mark", what)).next()?;
    Some((whole(*series.blocks.first()?), series.condition.get("function")))
}

/// The value of a register of a thread of the snapshot.
pub(super) fn register(record: &Record, index: usize, name: &str) -> Option<u64> {
    match record.blocks("register", &thread(index).and("register", name)) {
        [high, low] => Some(whole(*high) << 32 | whole(*low)),
        _ => None,
    }
}

/// What a thread is called.
pub(super) fn name(index: usize) -> Text {
    if index == 0 {
        text!("First thread")
    } else {
        text!("Thread {number}", number = index)
    }
}

pub(super) fn findings(record: &Record) -> Vec<Finding> {
    let standing = (0..threads(record)).filter_map(|index| standing(record, index));
    standing.chain(different(record)).chain([reader(record)]).collect()
}

fn standing(record: &Record, index: usize) -> Option<Finding> {
    let (_, function) = mark(record, index, "counter")?;
    let (stack_pointer, _) = mark(record, index, "stack-pointer")?;
    let held = REGISTER_NAMES[2];
    let text = text!(
        "{thread}: the program counter stands in {function}, the stack pointer is {pointer}, register {register} holds {value}.",
        thread: name(index),
        function = names::last(function),
        pointer = hex(stack_pointer),
        register = held,
        value = hex(register(record, index, held)?)
    );
    Some(Finding {
        id: format!("standing-{index}"),
        text,
        effect: None,
    })
}

/// Of how many registers the threads of the snapshot hold different values.
fn different(record: &Record) -> Option<Finding> {
    let values = |name: &str| -> Vec<Option<u64>> {
        (0..threads(record))
            .map(|index| register(record, index, name))
            .collect()
    };
    let differs = |name: &&&str| values(name).windows(2).any(|pair| pair[0] != pair[1]);
    let different = REGISTER_NAMES.iter().filter(differs).count();
    (threads(record) > 1).then(|| Finding {
        id: "different-registers".to_owned(),
        text: text!(
            "Of {all} registers {different} held different values in different threads at that moment.",
            all = REGISTER_NAMES.len(),
            different = different
        ),
        effect: None,
    })
}

fn reader(record: &Record) -> Finding {
    let by_signal = record.lacks("ptrace") || record.params.word("reader") == "signal";
    Finding {
        id: "reader".to_owned(),
        text: if by_signal {
            text!("The registers are those that a signal found and its handler wrote down.")
        } else {
            text!("The registers were read by the parent process, which had stopped the threads with ptrace.")
        },
        effect: None,
    }
}
