//! Lab 4: the loop with fixed steps.

use weft_lab::check::{Game, judge};

use crate::{is_caught, passes};

fn owed(game: &mut Game) {
    let mut last = game.now();
    let mut owed = 0;
    while !game.is_over() {
        let now = game.now();
        owed += now - last;
        last = now;
        while owed >= game.step() {
            game.update();
            owed -= game.step();
        }
        game.draw();
    }
}

fn due(game: &mut Game) {
    let start = game.now();
    let mut done = 0;
    while !game.is_over() {
        let due = (game.now() - start) / game.step();
        for _ in done..due {
            game.update();
        }
        done = due;
        game.draw();
    }
}

#[test]
fn right_answers_pass() {
    passes(|| judge::game_loop(owed));
    passes(|| judge::game_loop(due));
}

#[test]
fn the_world_does_not_depend_on_the_frames() {
    is_caught(&["fixed steps"], || {
        judge::game_loop(|game| {
            game.now();
            while !game.is_over() {
                game.update();
                game.now();
                game.draw();
            }
        })
    });
    is_caught(&["the clock"], || {
        judge::game_loop(|game| {
            while !game.is_over() {
                game.update();
                game.draw();
            }
        })
    });
}

#[test]
fn what_is_left_of_a_step_counts() {
    is_caught(&["the world lags behind"], || {
        judge::game_loop(|game| {
            let mut last = game.now();
            while !game.is_over() {
                let now = game.now();
                for _ in 0..(now - last) / game.step() {
                    game.update();
                }
                last = now;
                game.draw();
            }
        })
    });
}

#[test]
fn a_long_frame_is_made_up_for() {
    is_caught(&["the world lags behind"], || {
        judge::game_loop(|game| {
            let mut last = game.now();
            while !game.is_over() {
                if game.now() - last >= game.step() {
                    game.update();
                    last += game.step();
                }
                game.draw();
            }
        })
    });
}

#[test]
fn a_part_of_a_step_is_no_step() {
    is_caught(&["the world runs ahead"], || {
        judge::game_loop(|game| {
            let mut last = game.now();
            while !game.is_over() {
                let now = game.now();
                for _ in 0..(now - last).div_ceil(game.step()) {
                    game.update();
                }
                last = now;
                game.draw();
            }
        })
    });
}

#[test]
fn the_loop_draws_and_ends() {
    is_caught(&["an end"], || {
        judge::game_loop(|game| {
            loop {
                game.now();
            }
        })
    });
    is_caught(&["to the end"], || judge::game_loop(|game| drop(game.now())));
    is_caught(&["frames"], || {
        judge::game_loop(|game| {
            while !game.is_over() {
                game.update();
            }
        })
    });
}
