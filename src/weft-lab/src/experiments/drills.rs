//! Experiments that misbehave, so that tests can show that nothing of a run outlives it.
//!
//! [`find`](super::find) finds them, but no list shows them: they say nothing about a claim. They do no harm to the
//! machine, since the runner contains them; that is what they are for.

use std::io::Write;

use nix::sys::signal::{Signal, raise};

use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::Figure;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::sys::{self, Mapping, Pages};
use crate::text::Text;
use crate::verdict::Verdict;

/// All of them.
pub static DRILLS: &[&dyn Experiment] = &[
    &Drill {
        about: &about("drill-orphans"),
        end: End::Record,
    },
    &Drill {
        about: &about("drill-crash"),
        end: End::Crash,
    },
    &Drill {
        about: &about("drill-exit"),
        end: End::Exit,
    },
    &Drill {
        about: &about("drill-fail"),
        end: End::Fail,
    },
    &Drill {
        about: &about("drill-hang"),
        end: End::Hang,
    },
    &Drill {
        about: &about("drill-print"),
        end: End::Print,
    },
    &Drill {
        about: &about("drill-memory"),
        end: End::Memory,
    },
];

const PARAMS: &[Param] = &[
    Param::integer("daemons", "Daemons that outlive the worker", (0, 16), 2, 2),
    Param::integer("mb", "Memory that drill-memory takes, in MB", (1, 4096), 256, 256),
];

const fn about(id: &'static str) -> About {
    About {
        id,
        question: "Does anything of this run outlive it?",
        section: Section::References,
        claims: &[],
        params: PARAMS,
        seconds: (1, 1),
        uses: &[],
        source: include_str!("drills.rs"),
    }
}

/// An experiment that first makes daemons, then ends in its own way.
#[derive(Debug)]
struct Drill {
    about: &'static About,
    end: End,
}

/// How a drill ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// With a record, as it should.
    Record,
    /// By SIGSEGV.
    Crash,
    /// With status 0, but without a record.
    Exit,
    /// With an error that it says.
    Fail,
    /// Never.
    Hang,
    /// With a record, after a megabyte on each of its outputs.
    Print,
    /// Never, with memory that it fills.
    Memory,
}

impl Experiment for Drill {
    fn about(&self) -> &'static About {
        self.about
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let ids = (0..cx.params.count("daemons"))
            .map(|_| daemon())
            .collect::<Result<Vec<f64>, Error>>()?;
        cx.put(Condition::default(), "daemon", "1", ids);
        // Who waits for this knows that the daemons are there.
        cx.phase(Text::new("Daemons made"), 0.5, 1.0);
        match self.end {
            End::Record => Ok(()),
            End::Crash => crash(),
            End::Exit => leave(),
            End::Fail => Err(Error::Check {
                what: "a drill",
                expected: "a failure".to_owned(),
                found: "a failure".to_owned(),
            }),
            End::Hang => pause_for_ever(),
            End::Print => print_a_megabyte(),
            End::Memory => {
                let _held = Mapping::resident(cx.params.count("mb") << 20, Pages::Small).during("map memory")?;
                pause_for_ever()
            }
        }
    }

    fn judge(&self, _: &Record) -> Vec<Verdict> {
        Vec::new()
    }

    fn figures(&self, _: &Record) -> Vec<Figure> {
        Vec::new()
    }
}

/// A process in a session of its own, whose parent has ended: what a daemon is. Its id.
fn daemon() -> Result<f64, Error> {
    let (reader, writer) = nix::unistd::pipe().during("make a pipe")?;
    let mut middle = sys::Child::fork(|| {
        let Ok(_) = nix::unistd::setsid() else { return 1 };
        let grandchild = sys::Child::fork(|| {
            // A child of ours dies with its parent; a daemon does not.
            if nix::sys::prctl::set_pdeathsig(None).is_err() {
                return 1;
            }
            let id = nix::unistd::getpid().as_raw().to_le_bytes();
            if nix::unistd::write(&writer, &id).is_err() {
                return 1;
            }
            pause_for_ever()
        });
        let Ok(grandchild) = grandchild else { return 1 };
        // Until it is a daemon it must not lose its parent.
        let mut id = [0; 4];
        if nix::unistd::read(&reader, &mut id).is_err() || nix::unistd::write(&writer, &id).is_err() {
            return 1;
        }
        abandon(grandchild);
        0
    })
    .during("fork")?;
    middle.wait().during("wait for a child")?;
    let mut id = [0; 4];
    nix::unistd::read(&reader, &mut id).during("read a daemon's id")?;
    Ok(f64::from(i32::from_le_bytes(id)))
}

#[expect(
    clippy::mem_forget,
    reason = "dropped, it would be killed; a drill leaves it behind on purpose"
)]
fn abandon(child: sys::Child) {
    std::mem::forget(child);
}

fn pause_for_ever() -> ! {
    loop {
        nix::unistd::pause();
    }
}

/// Rust's handler of SIGSEGV takes the first, and puts the default back.
fn crash() -> ! {
    loop {
        let _first_or_last = raise(Signal::SIGSEGV);
    }
}

#[expect(clippy::exit, reason = "a drill of a program that leaves early")]
fn leave() -> ! {
    std::process::exit(0)
}

fn print_a_megabyte() -> Result<(), Error> {
    let line = b"a line that is no event\n".repeat(43_691);
    std::io::stdout().write_all(&line).during("print")?;
    std::io::stderr().write_all(&line).during("print")
}
