//! Lab 7: how many workers a server needs.

use fastrand::Rng;

use super::explore::call;
use super::fault::Fault;
use super::seed;

/// What a server has to do, and what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Cores of the machine.
    pub cores: usize,
    /// Microseconds that a request computes, on a core.
    pub compute_us: u64,
    /// Microseconds that a request waits, for a disk or another server, without a core.
    pub wait_us: u64,
    /// Requests that come in a second.
    pub requests_per_second: u64,
    /// Memory of the machine in MiB.
    pub memory_mib: u64,
    /// Memory that a worker takes in MiB.
    pub worker_mib: u64,
}

const CASES: u32 = 400;
/// So much of what is possible is enough.
const ENOUGH: f64 = 0.95;
/// One more for so many workers that are needed, and one, are allowed.
const SPARE: usize = 4;

impl Load {
    fn draw(rng: &mut Rng) -> Self {
        let cores = rng.usize(1..=32);
        let compute_us = rng.u64(100..20_000);
        let wait_us = if rng.u8(..4) == 0 {
            0
        } else {
            rng.u64(0..compute_us * 30)
        };
        // From a tenth of what the cores can do to twice.
        let most = cores as u64 * 1_000_000 / compute_us;
        let worker_mib = rng.u64(1..200);
        Load {
            cores,
            compute_us,
            wait_us,
            requests_per_second: rng.u64(most / 10..most * 2).max(1),
            worker_mib,
            memory_mib: worker_mib
                * if rng.u8(..3) == 0 {
                    rng.u64(1..60)
                } else {
                    rng.u64(500..4000)
                },
        }
    }

    /// Requests that so many workers serve in a second, each one request at a time. More than the cores can compute they
    /// don't serve, nor more than come in.
    #[must_use]
    pub fn served_by(&self, workers: usize) -> f64 {
        let by_workers = workers as f64 * 1e6 / (self.compute_us + self.wait_us) as f64;
        let by_cores = self.cores as f64 * 1e6 / self.compute_us as f64;
        by_workers.min(by_cores).min(self.requests_per_second as f64)
    }
}

pub(super) fn judge(workers: &mut dyn FnMut(&Load) -> usize) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=CASES {
        let load = Load::draw(&mut rng);
        let found = call(|| workers(&load)).map_err(|fault| fault.found(seed, case))?;
        verdict(&load, found).map_err(|fault| fault.found(seed, case))?;
    }
    Ok(())
}

fn verdict(load: &Load, found: usize) -> Result<(), Fault> {
    let seen = format!("{found} workers for {load:?}");
    let room = usize::try_from(load.memory_mib / load.worker_mib)
        .unwrap_or(usize::MAX)
        .max(1);
    if found == 0 {
        return Err(Fault::new("a worker", "at least one worker", seen).hint("round up"));
    }
    if found > room {
        let fault = Fault::new("memory", format!("at most {room} workers, which fill the memory"), seen);
        return Err(fault.hint("each worker takes `worker_mib`; no more than `memory_mib` is there"));
    }
    let best = load.served_by(room);
    let served = load.served_by(found);
    if served < best * ENOUGH {
        let expected = format!("{best:.0} requests a second can be served");
        let fault = Fault::new("too few", expected, format!("{served:.0} with {seen}"));
        return Err(fault.hint(
            "while a request waits its worker does nothing: in flight are requests a second times the \
                               seconds that each takes, waiting included (Little 1961); round up",
        ));
    }
    let fewest = (1..=room)
        .find(|workers| load.served_by(*workers) >= best * ENOUGH)
        .unwrap_or(room);
    let most = fewest + fewest.div_ceil(SPARE) + 1;
    if found > most {
        let expected = format!("{fewest} workers serve as much, so at most {most}");
        let fault = Fault::new("too many", expected, seen);
        return Err(fault.hint(
            "more workers than requests in flight stand idle; and when the cores are busy, more workers \
                               only wait for them",
        ));
    }
    Ok(())
}
