//! Lab 5: the cost of a context switch, from readings with a switch and without.

use fastrand::Rng;

use super::explore::{call, stop};
use super::fault::Fault;
use super::seed;

/// A machine that measures, with readings that are given beforehand: two threads on one core that pass a turn to and fro.
///
/// A reading has the clock's steps, noise, and now and then an interruption, as on a real machine.
#[derive(Debug)]
pub struct SwitchBench {
    rng: Rng,
    switch: f64,
    call: f64,
    /// The clock's step in nanoseconds.
    step: f64,
    /// How much slower the machine is at the end than at the beginning.
    drift: f64,
    calls: usize,
    most_hops: u64,
    with: usize,
    without: usize,
}

/// The most readings that an answer may take.
const READINGS: usize = 4000;
/// The readings after which the machine has drifted all the way.
const DRIFTS_OVER: f64 = 400.0;
const CASES: u32 = 40;
const WITHIN: f64 = 0.1;
const RULE: &str = "the cost of a switch";

impl SwitchBench {
    fn draw(rng: &mut Rng) -> Self {
        let switch = 400.0 + rng.f64() * 2600.0;
        SwitchBench {
            switch,
            // What is no switch: between a third and twice of it.
            call: switch * (0.33 + rng.f64() * 1.67),
            step: 1000.0,
            drift: 1.0 + rng.f64(),
            calls: 0,
            most_hops: 0,
            with: 0,
            without: 0,
            rng: rng.fork(),
        }
    }

    /// Nanoseconds in which the turn passed `hops` times from one thread to the other: the calls, and the switches.
    pub fn with_switches(&mut self, hops: u64) -> u64 {
        self.with += 1;
        let each = self.call + self.switch;
        self.reading(hops, each)
    }

    /// Nanoseconds of the same calls by one thread that passes the turn to itself `hops` times: no switch.
    pub fn without_switches(&mut self, hops: u64) -> u64 {
        self.without += 1;
        let each = self.call;
        self.reading(hops, each)
    }

    fn reading(&mut self, hops: u64, each: f64) -> u64 {
        self.calls += 1;
        self.most_hops = self.most_hops.max(hops);
        if self.calls > READINGS {
            let expected = format!("at most {READINGS} readings");
            stop(Fault::new("an end", expected, "more").hint("fix the number of rounds before you begin"));
        }
        let slower = 1.0 + (self.drift - 1.0) * (self.calls as f64 / DRIFTS_OVER).min(1.0);
        let noise = 0.98 + self.rng.f64() * 0.04;
        let mut time = hops as f64 * each * slower * noise;
        if self.rng.u8(..100) < 12 {
            // Somebody else had the core for a while.
            time += (3.0 + self.rng.f64() * 20.0) * (time + 50_000.0);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive time")]
        let time = ((time / self.step).round() * self.step) as u64;
        time
    }

    /// What a right answer finds: the switch, as slow as the machine was on average.
    fn truth(&self) -> (f64, f64) {
        (self.switch, self.switch * self.drift)
    }
}

pub(super) fn judge(measure: &mut dyn FnMut(&mut SwitchBench) -> f64) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=CASES {
        let mut bench = SwitchBench::draw(&mut rng);
        let found = call(|| measure(&mut bench)).map_err(|fault| fault.found(seed, case))?;
        verdict(&bench, found).map_err(|fault| fault.found(seed, case))?;
    }
    Ok(())
}

fn verdict(bench: &SwitchBench, found: f64) -> Result<(), Fault> {
    let (low, high) = bench.truth();
    let expected =
        format!("{low:.0} ns to {high:.0} ns, since the machine grew slower meanwhile, and 10% more or less");
    let seen = format!("{found:.1} ns");
    if bench.with == 0 || bench.without == 0 {
        let seen = format!("{} readings with switches, {} without", bench.with, bench.without);
        return Err(Fault::new("a baseline", "readings with switches and without", seen)
            .hint("what the calls cost by themselves has to be measured too"));
    }
    // NaN is in no range.
    if (low * (1.0 - WITHIN)..=high * (1.0 + WITHIN)).contains(&found) {
        return Ok(());
    }
    let all = bench.call + bench.switch;
    let hint = if bench.most_hops < 50 {
        "the clock has steps of 1,000 ns: put many hops into a reading, and divide"
    } else if found > 20.0 * all {
        "divide by the number of hops"
    } else if (all * (1.0 - WITHIN)..=all * bench.drift * (1.0 + WITHIN)).contains(&found) {
        "this is what a hop costs with its calls: subtract the baseline"
    } else {
        "an interruption spoils a mean and leaves a median alone; and readings with and without must take turns, \
         since the machine drifts"
    };
    Err(Fault::new(RULE, expected, seen).hint(hint))
}
