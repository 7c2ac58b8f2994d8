//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_05_context_switching::*;
use weft_lab::check;

#[test]
fn switch_cost_subtracts_its_baseline() {
    let () = ::weft_lab::check::switch_cost(switch_cost);
}
