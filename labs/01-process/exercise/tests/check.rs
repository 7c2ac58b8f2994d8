//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_01_process::*;
use weft_lab::check;

#[test]
fn classify_this_process() {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let local = 0_u64;
    let function: fn(&str, u64) -> ::weft_lab::check::Place = classify;
    assert_eq!(
        classify(&maps, function as usize as u64),
        ::weft_lab::check::Place::Code
    );
    assert_eq!(classify(&maps, 0), ::weft_lab::check::Place::Nowhere);
    assert_ne!(classify(&maps, &raw const local as u64), ::weft_lab::check::Place::Code);
}

#[test]
fn classify_any_process() {
    let () = ::weft_lab::check::classify(classify);
}
