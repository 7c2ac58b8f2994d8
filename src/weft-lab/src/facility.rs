//! What an experiment can use beyond an ordinary user's rights on an ordinary machine, what is lost without it, and how
//! to get it.

use std::time::Duration;

use crate::machine::Probe;
use crate::sys::{self, Child, Scheduler, Tracee};
use crate::text::Text;

/// Something that a machine may lack or forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility {
    /// As in [`crate::record::Missing`].
    pub id: &'static str,
    /// What is missing and which part of a verdict is lost; a message of the catalogue.
    pub lost: &'static str,
    /// How to get it; a message of the catalogue.
    pub remedy: &'static str,
}

/// All of them.
pub static FACILITIES: &[Facility] = &[
    Facility {
        id: "pinning",
        lost: msg!("The run could not be pinned to a core, so conditions may have run on different cores."),
        remedy: msg!(
            "Allow a fixed core: the system call sched_setaffinity is forbidden here, perhaps by a container's profile."
        ),
    },
    Facility {
        id: "second-cpu",
        lost: msg!("The run may use one core only, so conditions across cores are left out."),
        remedy: msg!("Allow a second core, for example in the taskset command or the container's limits."),
    },
    Facility {
        id: "sched-fifo",
        lost: msg!("SCHED_FIFO is not allowed, so the fair scheduler decided the order of the tasks."),
        remedy: msg!("Run as root, or raise the limit on real-time priority: ulimit -r 1."),
    },
    Facility {
        id: "huge-pages",
        lost: msg!("The kernel gave no huge pages, so the part with huge pages is left out."),
        remedy: msg!("As root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"),
    },
    Facility {
        id: "memory",
        lost: msg!("Too little memory is free for the largest sizes, so the sweep ends early."),
        remedy: msg!("Close programs that use much memory, or set a smaller size."),
    },
    Facility {
        id: "smaps-rollup",
        lost: msg!(
            "The proportional set size can't be read, so the memory of a group of processes can't be summed up."
        ),
        remedy: msg!("It needs Linux 4.14 and a readable /proc/PID/smaps_rollup."),
    },
    Facility {
        id: "kernel-memory",
        lost: msg!("The kernel's own memory for stacks and page tables can't be read, so that part is left out."),
        remedy: msg!("It needs a readable /proc/meminfo with the lines KernelStack and PageTables."),
    },
    Facility {
        id: "cat",
        lost: msg!("The program cat can't be run, so workers that run a new program are left out."),
        remedy: msg!("Install it, for example with the package coreutils, so that it is on the PATH."),
    },
    Facility {
        id: "tasks",
        lost: msg!("The limit on tasks was met, so a part of the run is left out."),
        remedy: msg!("Raise the limit: ulimit -u, or the container's limit on processes."),
    },
    Facility {
        id: "time",
        lost: msg!("The core was so busy that the time was up before the last parts of the run, which are left out."),
        remedy: msg!("Close what runs beside it, or pass --full."),
    },
    Facility {
        id: "usual-nice",
        lost: msg!("Weft was started with a nice value of its own, so the part with a nicer task is left out."),
        remedy: msg!("Start weft without nice or renice."),
    },
    Facility {
        id: "task-status",
        lost: msg!("A task can't read its own counts in /proc, so getrusage alone counts its switches."),
        remedy: msg!("It needs a readable /proc/thread-self/status."),
    },
    Facility {
        id: "pagemap",
        lost: msg!("Physical frames can't be read, so only the values show that the memory is independent."),
        remedy: msg!("Run as root: reading frame numbers needs the capability CAP_SYS_ADMIN."),
    },
    Facility {
        id: "memory-limit",
        lost: msg!("A memory limit can't be set, so the failure by memory is left out."),
        remedy: msg!("The system call setrlimit is forbidden here, perhaps by a container's profile."),
    },
    Facility {
        id: "separate-files",
        lost: msg!(
            "A thread can't get a descriptor table of its own, so that half of the pipe comparison is left out."
        ),
        remedy: msg!("The system call unshare is forbidden here, perhaps by a container's profile."),
    },
    Facility {
        id: "task-list",
        lost: msg!("The kernel's list of a process's threads can't be read, so they can't be counted."),
        remedy: msg!("It needs a readable /proc/self/task: mount proc, or loosen the container's profile."),
    },
    Facility {
        id: "ptrace",
        lost: msg!(
            "Tracing a child is forbidden, so a signal's handler wrote the registers down instead of the parent."
        ),
        remedy: msg!(
            "The system call ptrace is forbidden here, perhaps by a container's profile or by the Yama module."
        ),
    },
    Facility {
        id: "symbols",
        lost: msg!("Functions have no names here, so a program counter is only known to stand in code."),
        remedy: msg!("Build weft without stripping its symbol table: strip = \"debuginfo\" and not \"symbols\"."),
    },
    Facility {
        id: "stopped-threads",
        lost: msg!("Some threads could not be stopped and read, so those trials are lost."),
        remedy: msg!("The machine may be busy: close what runs, or ask for fewer threads."),
    },
    Facility {
        id: "writers",
        lost: msg!("Some changes could not be made, so those trials are lost."),
        remedy: msg!("Check the limit on open files with ulimit -n, and that the folder /proc may be entered."),
    },
    Facility {
        id: "own-code",
        lost: msg!(
            "The program can't read its own machine code, so what the compiler made of an addition is not shown."
        ),
        remedy: msg!("It needs a readable /proc/self/mem, which a container's profile may forbid."),
    },
    Facility {
        id: "loopback",
        lost: msg!("A TCP connection over loopback can't be made, so it is left out."),
        remedy: msg!("Bring the loopback interface up: ip link set lo up."),
    },
];

impl Facility {
    /// The facility with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Facility> {
        FACILITIES.iter().find(|facility| facility.id == id)
    }

    /// What is lost, ready to be translated.
    #[must_use]
    pub fn lost(&self) -> Text {
        Text::new(self.lost)
    }

    /// How to get it, ready to be translated.
    #[must_use]
    pub fn remedy(&self) -> Text {
        Text::new(self.remedy)
    }

    /// Is it here, now, for this user? Tries it out where that leaves no trace; `Err` says what the system said.
    ///
    /// # Errors
    ///
    /// It is missing.
    pub fn check(&self) -> Result<(), String> {
        let probe = Probe::default();
        let needs_file = |path: &str| {
            probe
                .read(path)
                .map(drop)
                .ok_or_else(|| format!("{path} can't be read"))
        };
        let cpus = sys::allowed_cpus();
        match self.id {
            "pinning" => in_thread(|| sys::pin_to(&sys::allowed_cpus())),
            "second-cpu" => {
                if cpus.len() > 1 {
                    Ok(())
                } else {
                    Err(format!("allowed: CPU {cpus:?}"))
                }
            }
            "sched-fifo" => in_thread(|| sys::set_scheduler(Scheduler::Fifo)),
            "usual-nice" => match sys::niceness() {
                0 => Ok(()),
                nice => Err(format!("nice {nice}")),
            },
            "huge-pages" => {
                let enabled = probe
                    .read("sys/kernel/mm/transparent_hugepage/enabled")
                    .unwrap_or_else(|| "no huge pages".to_owned());
                if enabled.contains("[always]") || enabled.contains("[madvise]") {
                    Ok(())
                } else {
                    Err(enabled)
                }
            }
            "memory" => match probe.available_bytes() {
                Some(bytes) if bytes < 2 << 30 => Err(format!("{} MiB available", bytes >> 20)),
                _ => Ok(()),
            },
            "smaps-rollup" => needs_file("proc/self/smaps_rollup"),
            "task-status" => needs_file("proc/thread-self/status"),
            "kernel-memory" => needs_file("proc/meminfo"),
            "pagemap" => pagemap(),
            "task-list" => std::fs::read_dir("/proc/self/task")
                .map(drop)
                .map_err(|error| error.to_string()),
            "ptrace" => ptrace().map_err(|error| error.to_string()),
            "separate-files" => in_thread(sys::unshare_files),
            "own-code" => std::fs::File::open("/proc/self/mem")
                .map(drop)
                .map_err(|error| error.to_string()),
            "loopback" => loopback(),
            _ => Ok(()),
        }
    }
}

/// Tries something out in a thread of its own, which takes the change with it when it ends.
fn in_thread(attempt: impl FnOnce() -> std::io::Result<()> + Send) -> Result<(), String> {
    std::thread::scope(|scope| scope.spawn(attempt).join())
        .map_err(|_| "the attempt panicked".to_owned())?
        .map_err(|error| error.to_string())
}

/// Without the capability the kernel gives zeros for frame numbers (`proc_pid_pagemap(5)`).
fn pagemap() -> Result<(), String> {
    let value = Box::new(1_u64);
    match sys::frame_of(std::ptr::from_ref(&*value) as usize) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("frame numbers are hidden".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Tries it on a child that does nothing but wait.
fn ptrace() -> std::io::Result<()> {
    let child = Child::fork(|| {
        nix::unistd::pause();
        0
    })?;
    Tracee::interrupt(child.id(), child.id()).map(drop)
}

fn loopback() -> Result<(), String> {
    let attempt = || {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        std::net::TcpStream::connect_timeout(&listener.local_addr()?, Duration::from_secs(2)).map(drop)
    };
    attempt().map_err(|error: std::io::Error| error.to_string())
}
