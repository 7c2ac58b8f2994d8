//! Lab 4: a loop that updates its world in fixed steps, however long a frame takes.

use fastrand::Rng;

use super::explore::{call, stop};
use super::fault::Fault;
use super::seed;

/// A game with a clock of its own. Drawing takes longer on some machines, and now and then a frame hangs.
#[derive(Debug)]
pub struct Game {
    rng: Rng,
    now: u64,
    step: u64,
    update: u64,
    draw: u64,
    end: u64,
    /// The first reading of the clock, and the last.
    read: Option<(u64, u64)>,
    updates: u64,
    draws: u64,
    calls: usize,
}

const CASES: u32 = 60;
const CALLS: usize = 200_000;

impl Game {
    fn draw_lot(rng: &mut Rng) -> Self {
        let step = rng.u64(5_000_000..30_000_000);
        let now = rng.u64(1_000_000_000..9_000_000_000);
        Game {
            now,
            step,
            update: step / rng.u64(4..40),
            draw: rng.u64(step / 10..step * 4),
            end: now + 2_000_000_000,
            read: None,
            updates: 0,
            draws: 0,
            calls: 0,
            rng: rng.fork(),
        }
    }

    /// The clock in nanoseconds.
    pub fn now(&mut self) -> u64 {
        self.pass(2_000);
        let first = self.read.map_or(self.now, |(first, _)| first);
        self.read = Some((first, self.now));
        self.now
    }

    /// The nanoseconds of one step.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Moves the world on by one step.
    pub fn update(&mut self) {
        self.updates += 1;
        self.pass(self.update);
    }

    /// Shows the world as it is.
    pub fn draw(&mut self) {
        self.draws += 1;
        if let Err(fault) = self.look() {
            stop(fault);
        }
        let hang = if self.rng.u8(..) < 8 { 10 * self.step } else { 0 };
        let time = self.draw + self.rng.u64(0..self.draw) + hang;
        self.pass(time);
    }

    /// Has the player had enough?
    pub fn is_over(&mut self) -> bool {
        self.pass(100);
        self.now >= self.end
    }

    fn pass(&mut self, time: u64) {
        self.calls += 1;
        self.now += time;
        if self.calls > CALLS || self.now > self.end + 400 * self.step {
            let fault = Fault::new("an end", "the loop ends when `is_over` says so", "it goes on");
            stop(fault.hint("ask `game.is_over()` once in each frame"));
        }
    }

    /// As many updates as whole steps have passed.
    fn look(&self) -> Result<(), Fault> {
        let Some((first, last)) = self.read else {
            let fault = Fault::new("the clock", "the loop reads the clock", "it draws without");
            return Err(fault.hint("how many steps have passed since the last frame? `game.now()` tells"));
        };
        let due = (last - first) / self.step;
        if due.abs_diff(self.updates) <= 1 {
            return Ok(());
        }
        let expected = format!(
            "{due} updates when a frame is drawn {} ms after the first reading",
            (last - first) / 1_000_000
        );
        let fault = Fault::new("fixed steps", expected, self.updates.to_string());
        Err(fault.hint(if self.updates > due {
            "the world runs ahead: update only for whole steps that have passed"
        } else {
            "the world lags behind: after a long frame several steps are due, and what is left of a step counts for the \
             next frame"
        }))
    }
}

pub(super) fn judge(play: &mut dyn FnMut(&mut Game)) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=CASES {
        let mut game = Game::draw_lot(&mut rng);
        call(|| play(&mut game)).map_err(|fault| fault.found(seed, case))?;
        verdict(&game).map_err(|fault| fault.found(seed, case))?;
    }
    Ok(())
}

fn verdict(game: &Game) -> Result<(), Fault> {
    if game.now < game.end {
        let fault = Fault::new("to the end", "the loop goes on until `is_over`", "it ended before");
        return Err(fault.hint("`while !game.is_over()`"));
    }
    if game.draws < 10 {
        let fault = Fault::new(
            "frames",
            "each turn of the loop draws the world",
            format!("{} frames", game.draws),
        );
        return Err(fault.hint("call `game.draw()` once in each turn, after the updates"));
    }
    Ok(())
}
