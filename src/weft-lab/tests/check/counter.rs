//! Lab 2.

use std::sync::mpsc as real;

use weft_lab::check::sync::atomic::{AtomicU64, Ordering};
use weft_lab::check::sync::{Arc, Mutex, thread};
use weft_lab::check::{Board, Counted, Gate, judge};

use crate::{is_caught, passes};

/// A thread a gate, each of which does `visit` for a visitor.
fn with(gates: Vec<Gate>, board: &Board, visit: fn(&AtomicU64, &Mutex<u64>, &Board)) -> Counted {
    let (atomic, locked) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(0)));
    let threads: Vec<_> = gates
        .into_iter()
        .map(|mut gate| {
            let (atomic, locked, board) = (Arc::clone(&atomic), Arc::clone(&locked), board.clone());
            thread::spawn(move || {
                let mut tally = 0;
                while gate.visitor() {
                    tally += 1;
                    visit(&atomic, &locked, &board);
                }
                tally
            })
        })
        .collect();
    let tallies: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let total = atomic.load(Ordering::SeqCst) + *locked.lock().unwrap();
    Counted { total, tallies }
}

fn with_lock(gates: Vec<Gate>, board: Board) -> Counted {
    with(gates, &board, |_, locked, board| {
        let mut total = locked.lock().unwrap();
        *total += 1;
        board.show(*total);
    })
}

fn with_atomic(gates: Vec<Gate>, board: Board) -> Counted {
    with(gates, &board, |atomic, _, board| {
        board.show(atomic.fetch_add(1, Ordering::Relaxed) + 1)
    })
}

fn in_a_scope(gates: Vec<Gate>, board: Board) -> Counted {
    let total = Mutex::new(0);
    let tallies = thread::scope(|scope| {
        let serve = |mut gate: Gate| {
            let mut tally = 0;
            while gate.visitor() {
                tally += 1;
                let mut total = total.lock().unwrap();
                *total += 1;
                board.show(*total);
            }
            tally
        };
        let threads: Vec<_> = gates.into_iter().map(|gate| scope.spawn(move || serve(gate))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let total = *total.lock().unwrap();
    Counted { total, tallies }
}

#[test]
fn right_answers_pass() {
    passes(|| judge::count(with_lock));
    passes(|| judge::count(with_atomic));
    passes(|| judge::count(in_a_scope));
}

#[test]
fn reading_and_writing_are_two_steps() {
    is_caught(&["no lost update"], || {
        judge::count(|gates, board| {
            with(gates, &board, |atomic, _, board| {
                let total = atomic.load(Ordering::SeqCst) + 1;
                atomic.store(total, Ordering::SeqCst);
                board.show(total);
            })
        })
    });
    is_caught(&["no lost update"], || {
        judge::count(|gates, board| {
            with(gates, &board, |atomic, _, board| {
                atomic.fetch_add(1, Ordering::SeqCst);
                board.show(atomic.load(Ordering::SeqCst));
            })
        })
    });
    is_caught(&["no lost update"], || {
        judge::count(|gates, board| {
            with(gates, &board, |_, locked, board| {
                let total = *locked.lock().unwrap() + 1;
                *locked.lock().unwrap() = total;
                board.show(total);
            })
        })
    });
}

#[test]
fn adding_up_at_the_end_is_no_shared_counter() {
    is_caught(&["one counter for all"], || {
        judge::count(|gates, board| {
            with(gates, &board, |atomic, _, _| {
                drop(atomic.fetch_add(1, Ordering::SeqCst))
            })
        })
    });
}

#[test]
fn one_gate_after_the_other_is_not_together() {
    is_caught(&["a thread for each gate"], || {
        judge::count(|gates, board| {
            let mut total = 0;
            let mut tallies = Vec::new();
            for mut gate in gates {
                let board = board.clone();
                let thread = thread::spawn(move || {
                    let mut tally = 0;
                    while gate.visitor() {
                        tally += 1;
                        board.show(total + tally);
                    }
                    tally
                });
                let tally = thread.join().unwrap();
                total += tally;
                tallies.push(tally);
            }
            Counted { total, tallies }
        })
    });
    is_caught(&["a thread for each gate"], || {
        judge::count(|gates, board| {
            let mut total = 0;
            let mut serve = |mut gate: Gate| {
                let before = total;
                while gate.visitor() {
                    total += 1;
                    board.show(total);
                }
                total - before
            };
            let tallies = gates.into_iter().map(&mut serve).collect();
            Counted { total, tallies }
        })
    });
}

#[test]
fn tallies_are_each_thread_s_own() {
    is_caught(&["a tally of each thread"], || {
        judge::count(|gates, board| {
            let count = gates.len();
            let counted = with_lock(gates, board);
            Counted {
                tallies: vec![counted.total / count as u64; count],
                ..counted
            }
        })
    });
}

#[test]
fn a_thread_of_the_real_library_is_told_from_the_check_s() {
    is_caught(&["weft_lab::check::sync::thread"], || {
        judge::count(|gates, _| {
            let (send, ended) = real::channel();
            for mut gate in gates {
                let send = send.clone();
                std::thread::spawn(move || {
                    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| gate.visitor()));
                    send.send(caught.is_ok()).unwrap();
                });
            }
            drop(send);
            Counted {
                total: ended.iter().filter(|is_ok| *is_ok).count() as u64,
                tallies: Vec::new(),
            }
        })
    });
}
