//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_04_multi_process_multi_thread::*;
use weft_lab::check;

#[test]
fn thread_pool_does_each_job_once() {
    let () = ::weft_lab::check::pool::<ThreadPool>();
}

#[test]
fn play_keeps_its_steps() {
    let () = ::weft_lab::check::game_loop(play);
}
