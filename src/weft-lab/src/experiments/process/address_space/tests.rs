//! Layouts, the judge and the figures on what was made by hand. Real programs are started in `tests/process.rs`, since this
//! test's program is none that shows its own address space.

use proptest::prelude::*;

use super::show::{Mark, Shown};
use super::*;
use crate::record::Series;
use crate::record::fixture::record;
use crate::verdict::Outcome;

const MAPS: &str = "\
    10000-11000 r--p 00000000 00:00 0 /bin/weft\n\
    11000-12000 r-xp 00001000 00:00 0 /bin/weft\n\
    12000-13000 rw-p 00002000 00:00 0 /bin/weft\n\
    13000-14000 rw-p 00000000 00:00 0 \n\
    20000-21000 rw-p 00000000 00:00 0 [heap]\n\
    30000-31000 rw-p 00000000 00:00 0 \n\
    31000-32000 ---p 00000000 00:00 0 \n\
    32000-33000 rw-p 00000000 00:00 0 \n\
    34000-35000 rw-p 00000000 00:00 0 \n\
    40000-41000 r-xp 00000000 00:00 0 /lib/libc.so.6\n\
    41000-42000 r--p 00000000 00:00 0 /lib/libc.so.6\n\
    42000-43000 r--s 00000000 00:01 7 /memfd:a-mapped-file (deleted)\n\
    50000-51000 r-xp 00000000 00:00 0 [vdso]\n\
    60000-61000 rw-p 00000000 00:00 0 [stack]\n";

fn mark(object: Object, thread: usize, address: u64) -> Mark {
    Mark {
        object,
        thread,
        address,
    }
}

fn shown() -> Shown {
    Shown {
        maps: MAPS.replace("    ", ""),
        program: "/bin/weft".to_owned(),
        heap: 0x20000,
        random: Some(true),
        marks: vec![
            mark(Object::Function, 0, 0x11010),
            mark(Object::LibraryFunction, 0, 0x40010),
            mark(Object::Constant, 0, 0x10010),
            mark(Object::Data, 0, 0x12010),
            mark(Object::Zeroed, 0, 0x13010),
            mark(Object::LargeBoxed, 0, 0x30010),
            mark(Object::File, 0, 0x42000),
            mark(Object::Vdso, 0, 0x50000),
            mark(Object::Local, 0, 0x60800),
            mark(Object::Boxed, 0, 0x20010),
            mark(Object::Local, 1, 0x34800),
            mark(Object::ThreadBoxed, 1, 0x20020),
            mark(Object::Local, 2, 0x32800),
        ],
    }
}

/// Which checks are broken after this change, and whether the order still is the textbook's.
#[track_caller]
fn check(change: impl Fn(&mut Shown), broken: &[Check], in_order: bool) {
    let mut shown = shown();
    change(&mut shown);
    let layout = Layout::of(shown);
    let found: Vec<Check> = Check::ALL.into_iter().filter(|check| !layout.holds(*check)).collect();
    assert_eq!(found, broken);
    assert_eq!(layout.is_in_order(), in_order);
}

/// Moves an object elsewhere.
fn moved(object: Object, thread: usize, address: u64) -> impl Fn(&mut Shown) {
    move |shown| {
        let is_it = |mark: &&mut Mark| mark.object == object && mark.thread == thread;
        shown.marks.iter_mut().find(is_it).unwrap().address = address;
    }
}

#[test]
fn each_object_must_lie_in_its_region() {
    check(|_| {}, &[], true);
    check(moved(Object::Function, 0, 0x12020), &[Check::Code], false);
    check(moved(Object::Data, 0, 0x10020), &[Check::Data], false);
    check(moved(Object::Zeroed, 0, 0x30020), &[Check::Zeroed], false);
    check(moved(Object::Boxed, 0, 0x13020), &[Check::Heap], true);
    check(moved(Object::Local, 0, 0x20020), &[Check::Stack], false);
    // Two threads on one stack, one on the heap, and one where nothing is.
    check(moved(Object::Local, 2, 0x34020), &[Check::ThreadStacks], true);
    check(moved(Object::Local, 1, 0x20030), &[Check::ThreadStacks], true);
    check(moved(Object::Local, 1, 0x9), &[Check::ThreadStacks], false);
}

#[test]
fn an_allocator_s_own_mapping_is_heap_and_a_stack_is_not() {
    check(moved(Object::Boxed, 0, 0x30020), &[], true);
    check(moved(Object::Boxed, 0, 0x34020), &[Check::Heap], false);
}

#[test]
fn zeroed_data_and_heap_may_be_one_region() {
    let merge = |shown: &mut Shown| {
        shown.maps = shown
            .maps
            .replace("13000-14000 rw-p 00000000 00:00 0 \n", "")
            .replace("20000-21000", "13000-21000");
    };
    check(merge, &[], true);
}

#[test]
fn regions_get_their_words() {
    let layout = Layout::of(shown());
    let words: Vec<String> = layout
        .parts()
        .iter()
        .map(|(_, part, thread)| part.id().to_owned() + &thread.map(|thread| thread.to_string()).unwrap_or_default())
        .collect();
    assert_eq!(
        words,
        [
            "constants",
            "code",
            "data",
            "data",
            "heap",
            "heap",
            "guard",
            "stack2",
            "stack1",
            "file",
            "file",
            "file",
            "kernel",
            "stack0"
        ]
    );
}

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

fn laid(heap: &[f64], lost: f64) -> Record {
    let ones = vec![1.0; heap.len()];
    let checks = Check::ALL.map(|check| {
        let held = if check == Check::Heap { heap } else { &ones };
        series(check.condition(), "held", held)
    });
    let mut all = checks.to_vec();
    all.push(series(Condition::default(), "lost", &[lost]));
    all.push(series(Condition::default(), "random", &[1.0]));
    all.push(series(Condition::default(), "in-order", &ones));
    for kind in FOLLOWED {
        let addresses: Vec<f64> = (0..heap.len()).map(|index| (1 + index % 2) as f64 * 4096.0).collect();
        all.push(series(object(kind), "address", &addresses));
    }
    let layout = Layout::of(shown());
    for (index, (region, part, thread)) in layout.parts().into_iter().enumerate() {
        let condition = Condition::of("region", index)
            .and("part", part.id())
            .and("name", region.short_name());
        let condition = condition.and("thread", thread.map(|thread| thread.to_string()).unwrap_or_default());
        all.push(series(condition, "region", &[region.start as f64, region.end as f64]));
    }
    for mark in &layout.marks {
        let condition = object(mark.object).and("thread", mark.thread);
        all.push(series(condition, "mark", &[mark.address as f64]));
    }
    record("address-space", &[("trials", "4")], all)
}

#[track_caller]
fn check_outcome(heap: &[f64], lost: f64, expect: Outcome, doubts: &[&str]) {
    let verdict = &laid(heap, lost).verdicts()[0];
    assert_eq!(verdict.outcome, expect);
    let kinds: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(kinds, doubts);
}

#[test]
fn each_outcome() {
    check_outcome(&[1.0; 4], 0.0, Outcome::Supported, &[]);
    check_outcome(&[1.0, 0.0, 1.0, 1.0], 0.0, Outcome::Refuted, &[]);
    check_outcome(&[1.0; 3], 1.0, Outcome::Inconclusive, &["lost-trials"]);
    check_outcome(&[1.0; 2], 0.0, Outcome::Supported, &["few-trials"]);
    check_outcome(&[], 4.0, Outcome::Inconclusive, &["lost-trials"]);
}

#[track_caller]
fn check_setting(setting: f64, random: f64, expect: &str) {
    let mut record = laid(&[1.0; 4], 0.0);
    record.series.retain(|series| series.quantity != "random");
    record.series.push(series(Condition::default(), "random", &[random]));
    record
        .series
        .push(series(Condition::default(), "randomize-va-space", &[setting]));
    let texts: Vec<String> = record.verdicts()[0]
        .findings
        .iter()
        .map(|found| found.text.english())
        .collect();
    assert!(texts[1].contains(expect), "{texts:?}");
    assert!(
        texts[2].contains("In 4 programs the same function had 2 different addresses"),
        "{texts:?}"
    );
}

#[test]
fn findings_say_whether_addresses_are_random() {
    check_setting(2.0, 1.0, "at random addresses");
    check_setting(2.0, 0.0, "by their personality");
    check_setting(0.0, 1.0, "for the whole machine");
}

#[test]
fn the_map_leaves_out_guards_and_joins_a_library() {
    let rows: Vec<String> = laid(&[1.0; 4], 0.0).figures()[0]
        .table()
        .rows
        .iter()
        .map(|row| row[0].english())
        .collect();
    assert_eq!(
        rows,
        [
            "Stack of the first thread",
            "local variable",
            "Kernel: [vdso]",
            "the vdso, by getauxval",
            "File: a-mapped-file",
            "a mapped file",
            "File: libc.so.6",
            "a library's function",
            "Stack of thread 1",
            "local variable",
            "Stack of thread 2",
            "local variable",
            "Heap, own mapping",
            "an object of 1 MiB",
            "Heap",
            "an object of thread 1",
            "an object on the heap",
            "Zeroed data (bss)",
            "a zeroed static variable",
            "Static data: weft",
            "a static variable",
            "Code: weft",
            "a function",
            "Read-only data: weft",
            "a constant",
        ]
    );
    assert!(record("address-space", &[], Vec::new()).figures().is_empty());
}

#[test]
fn what_a_program_shows_can_be_read_again() {
    let json = serde_json::to_string(&shown()).unwrap();
    assert_eq!(serde_json::from_str::<Shown>(&json).unwrap(), shown());
    for kind in Object::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.id()));
    }
    for part in Part::ALL {
        assert_eq!(Part::find(part.id()), Some(part));
    }
}

proptest! {
    #[test]
    fn any_marks_in_any_regions_are_judged(addresses in prop::collection::vec(0_u64..0x70000, 13), heap in 0_u64..0x70000) {
        let mut shown = shown();
        for (mark, address) in shown.marks.iter_mut().zip(addresses) {
            mark.address = address;
        }
        shown.heap = heap;
        let layout = Layout::of(shown);
        prop_assert_eq!(layout.parts().len(), 14);
        let held = Check::ALL.into_iter().filter(|check| layout.holds(*check)).count();
        prop_assert!(held <= Check::ALL.len());
    }
}
