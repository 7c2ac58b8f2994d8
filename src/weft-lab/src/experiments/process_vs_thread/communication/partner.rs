//! Two tasks at the two ends of a connection: the one that measures, and its partner.

use std::io;

use super::link::{End, Way};
use crate::experiment::{During, Error};
use crate::record::Condition;
use crate::sys::{self, Child, Ended};
use crate::text::Text;

/// What the two tasks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tasks {
    Threads,
    Processes,
}

impl Tasks {
    pub(super) const BOTH: [Tasks; 2] = [Tasks::Threads, Tasks::Processes];

    pub(super) fn id(self) -> &'static str {
        match self {
            Tasks::Threads => "threads",
            Tasks::Processes => "processes",
        }
    }

    /// Their names as groups of a figure, in the order of [`Tasks::BOTH`].
    pub(super) fn groups() -> Vec<Text> {
        vec![text!("Threads"), text!("Processes")]
    }
}

/// Where the two tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cores {
    One,
    Two,
}

impl Cores {
    pub(super) fn id(self) -> &'static str {
        match self {
            Cores::One => "1",
            Cores::Two => "2",
        }
    }
}

/// A way between two tasks: one condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) way: Way,
    pub(super) tasks: Tasks,
    pub(super) cores: Cores,
}

impl Path {
    pub(super) fn condition(self) -> Condition {
        Condition::of("way", self.way.id())
            .and("tasks", self.tasks.id())
            .and("cores", self.cores.id())
    }

    /// Every way between these cores: both kinds of tasks where both can use it. Who spins needs a core of its own.
    pub(super) fn all(cores: Cores) -> Vec<Path> {
        let mut paths = Vec::new();
        for way in Way::ALL {
            for tasks in Tasks::BOTH {
                let possible = tasks == Tasks::Threads || !way.is_for_threads();
                if possible && (way != Way::Spin || cores == Cores::Two) {
                    paths.push(Path { way, tasks, cores });
                }
            }
        }
        paths
    }
}

/// What the partner ended with, as a process.
const SERVED: i32 = 0;
const NOT_SERVED: i32 = 1;

/// Starts a partner on `cpu` that does `serve` at the other end of a new connection, does `measure` at this end, and
/// waits for the partner's end. Whichever of them fails, the other finds its end closed.
pub(super) fn with_partner<T>(
    path: Path,
    cpu: usize,
    serve: impl FnOnce(&mut End) -> io::Result<()> + Send,
    measure: impl FnOnce(&mut End) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mine, theirs) = path.way.connect().during("connect two tasks")?;
    let serve = move |end: End| {
        // Where pinning is forbidden, the record says so already.
        let _stays = sys::pin(cpu);
        end.used_by(serve)
    };
    match path.tasks {
        Tasks::Threads => std::thread::scope(|scope| {
            let partner = std::thread::Builder::new()
                .spawn_scoped(scope, move || serve(theirs))
                .during("start a thread")?;
            let measured = mine.used_by(measure);
            let served = partner.join().map_err(|_| broken("a panic"))?;
            let measured = measured?;
            served.during("answer a message").map(|()| measured)
        }),
        Tasks::Processes => {
            let mut ends = (Some(mine), Some(theirs));
            let mut serve = Some(serve);
            let mut partner = Child::fork(|| {
                // Each process closes what is the other's, or it would never see the other leave.
                ends.0 = None;
                match serve.take().zip(ends.1.take()).map(|(serve, end)| serve(end)) {
                    Some(Ok(())) => SERVED,
                    _ => NOT_SERVED,
                }
            })
            .during("fork")?;
            ends.1 = None;
            let mine = ends.0.take().ok_or_else(|| broken("no end of the connection"))?;
            let measured = mine.used_by(measure);
            let ended = partner.wait().during("wait for a process")?;
            let measured = measured?;
            match ended {
                Ended::Exit(SERVED) => Ok(measured),
                ended => Err(broken(&format!("{ended:?}"))),
            }
        }
    }
}

fn broken(found: &str) -> Error {
    Error::Check {
        what: "the partner of a message",
        expected: "an end without an error".to_owned(),
        found: found.to_owned(),
    }
}

/// Sends `rounds` messages and waits for the answer to each, which must be the same message.
pub(super) fn ping(end: &mut End, message: &mut [u8], rounds: u64) -> io::Result<()> {
    for round in 0..rounds {
        let mark = round.to_le_bytes()[0];
        message[0] = mark;
        end.send(message)?;
        end.receive(message)?;
        if message[0] != mark {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(())
}

/// Sends each of `rounds` messages back.
pub(super) fn echo(end: &mut End, bytes: usize, rounds: u64) -> io::Result<()> {
    let mut message = vec![0; bytes];
    for _ in 0..rounds {
        end.receive(&mut message)?;
        end.send(&message)?;
    }
    Ok(())
}

/// Sends one message, waits until asked, and sends `count` more without waiting for anyone.
pub(super) fn pour(end: &mut End, bytes: usize, count: u64) -> io::Result<()> {
    let message = vec![1; bytes];
    end.send(&message)?;
    end.receive(&mut [0])?;
    (0..count).try_for_each(|_| end.send(&message))
}

/// Takes `count` messages in.
pub(super) fn drain(end: &mut End, message: &mut [u8], count: u64) -> io::Result<()> {
    (0..count).try_for_each(|_| end.receive(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu() -> usize {
        sys::allowed_cpus()[0]
    }

    #[test]
    fn a_message_comes_back_by_every_way_between_both_kinds_of_tasks() {
        for path in Path::all(Cores::Two) {
            // Two that spin on one core wait for the scheduler: few rounds.
            let rounds = if path.way == Way::Spin { 2 } else { 50 };
            for bytes in [1, 70_000] {
                let result = with_partner(
                    path,
                    cpu(),
                    |end| echo(end, bytes, rounds),
                    |end| ping(end, &mut vec![0; bytes], rounds).during("ping"),
                );
                assert!(result.is_ok(), "{path:?}: {result:?}");
            }
        }
    }

    #[test]
    fn a_partner_that_fails_is_no_hang_but_an_error() {
        for path in Path::all(Cores::One) {
            let result = with_partner(
                path,
                cpu(),
                |_| Err(io::ErrorKind::Other.into()),
                |end| ping(end, &mut [0], 1).during("ping"),
            );
            assert!(result.is_err(), "{path:?}");
        }
    }

    #[test]
    fn a_partner_whose_asker_fails_ends_too() {
        for path in Path::all(Cores::One) {
            let result: Result<(), Error> =
                with_partner(path, cpu(), |end| echo(end, 1, 2), |_| Err(broken("on purpose")));
            assert!(result.is_err(), "{path:?}");
        }
    }

    #[test]
    fn processes_can_use_every_way_but_those_of_threads() {
        let paths = Path::all(Cores::One);
        let of = |tasks: Tasks| paths.iter().filter(|path| path.tasks == tasks).count();
        assert_eq!((of(Tasks::Threads), of(Tasks::Processes)), (6, 4));
        assert_eq!(Path::all(Cores::Two).len(), 12);
    }
}
