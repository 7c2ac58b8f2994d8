//! Lab 1.

use weft_lab::check::{Place, judge};
use weft_lab::maps;

use crate::{is_caught, passes};

fn with_parser(list: &str, address: u64) -> Place {
    let maps = maps::parse(list);
    let Some(region) = maps::at(&maps, address) else {
        return Place::Nowhere;
    };
    place(&region.name, &region.rights)
}

fn place(name: &str, rights: &str) -> Place {
    match name {
        "[heap]" => Place::Heap,
        "[stack]" => Place::Stack,
        "[vdso]" | "[vvar]" | "[vsyscall]" => Place::Kernel,
        _ if rights.starts_with("---") => Place::Guard,
        _ if rights.contains('x') => Place::Code,
        "" => Place::Anonymous,
        _ if rights.contains('w') => Place::Data,
        _ => Place::Constants,
    }
}

/// Splits a line into words; `name` puts those behind the fifth together, `holds` compares.
fn by_hand(list: &str, address: u64, name: fn(&[&str]) -> String, holds: fn(u64, u64, u64) -> bool) -> Place {
    for line in list.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = words[0].split_once('-').unwrap();
        let (start, end) = (
            u64::from_str_radix(start, 16).unwrap(),
            u64::from_str_radix(end, 16).unwrap(),
        );
        if holds(start, end, address) {
            return place(&name(&words), words[1]);
        }
    }
    Place::Nowhere
}

fn whole(words: &[&str]) -> String {
    words[5..].join(" ")
}

fn inside(start: u64, end: u64, address: u64) -> bool {
    start <= address && address < end
}

#[test]
fn right_answers_pass() {
    passes(|| judge::classify(with_parser));
    passes(|| judge::classify(|list, address| by_hand(list, address, whole, inside)));
}

#[test]
fn the_end_of_a_region_is_not_in_it() {
    let closed = |start, end, address| start <= address && address <= end;
    is_caught(&["the first address that is not in the region"], || {
        judge::classify(|list, address| by_hand(list, address, whole, closed))
    });
}

#[test]
fn a_file_s_name_may_hold_spaces() {
    let last = |words: &[&str]| {
        words
            .get(5..)
            .and_then(<[_]>::last)
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    is_caught(&["may hold spaces"], || {
        judge::classify(|list, address| by_hand(list, address, last, inside))
    });
}

#[test]
fn the_rights_alone_do_not_say_it() {
    is_caught(&["what lies at an address"], || {
        judge::classify(|list, address| {
            let maps = maps::parse(list);
            maps::at(&maps, address).map_or(Place::Nowhere, |region| match region.rights.as_bytes() {
                [_, _, b'x', _] => Place::Code,
                [_, b'w', ..] => Place::Data,
                _ => Place::Constants,
            })
        })
    });
}

#[test]
fn one_s_own_process_is_no_general_answer() {
    is_caught(&["what lies at an address"], || {
        judge::classify(|_, address| {
            let maps = maps::of("self").unwrap();
            maps::at(&maps, address).map_or(Place::Nowhere, |region| place(&region.name, &region.rights))
        })
    });
}

#[test]
fn a_panic_is_told_with_its_message() {
    is_caught(&["it panicked: not yet implemented"], || {
        judge::classify(|_, _| panic!("not yet implemented"))
    });
}
