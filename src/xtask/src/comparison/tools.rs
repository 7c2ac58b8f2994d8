//! perf, hackbench and stress-ng where they measure what we measure.

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use weft_lab::machine::Probe;
use weft_lab::record::Condition;
use weft_lab::stats::median;
use weft_lab::{Record, Request, Runner, sys};

use super::Reading;
use crate::prerequisites::install;
use crate::workspace;

/// The tools.
pub(super) const NAMES: [&str; 3] = ["perf", "hackbench", "stress-ng"];

const PIPE_OF_THREADS: &str = "byte through a pipe between threads, half a round trip";
const PIPE_OF_PROCESSES: &str = "byte through a pipe between processes, half a round trip";
const STREAM_OF_THREADS: &str = "message through a pipe between threads, one way";
const STREAM_OF_PROCESSES: &str = "message through a pipe between processes, one way";
const THREAD: &str = "create a thread and wait for its end";
const FORK: &str = "fork and wait for the end";

/// One reading of another tool: what it measures, the command, and how a number in nanoseconds is read from its output.
struct Probed {
    tool: &'static str,
    quantity: &'static str,
    command: &'static [&'static str],
    read: fn(&str) -> Option<f64>,
}

const PROBED: &[Probed] = &[
    Probed {
        tool: "perf",
        quantity: PIPE_OF_THREADS,
        command: &["perf", "bench", "sched", "pipe", "--loop", "50000", "--threaded"],
        read: read_perf,
    },
    Probed {
        tool: "perf",
        quantity: PIPE_OF_PROCESSES,
        command: &["perf", "bench", "sched", "pipe", "--loop", "50000"],
        read: read_perf,
    },
    Probed {
        tool: "hackbench",
        quantity: STREAM_OF_THREADS,
        command: &[
            "hackbench",
            "--pipe",
            "--threads",
            "-g",
            "1",
            "-f",
            "1",
            "-s",
            "1",
            "-l",
            "50000",
        ],
        read: read_hackbench,
    },
    Probed {
        tool: "hackbench",
        quantity: STREAM_OF_PROCESSES,
        command: &[
            "hackbench",
            "--pipe",
            "--process",
            "-g",
            "1",
            "-f",
            "1",
            "-s",
            "1",
            "-l",
            "50000",
        ],
        read: read_hackbench,
    },
    Probed {
        tool: "stress-ng",
        quantity: THREAD,
        command: &[
            "stress-ng",
            "--pthread",
            "1",
            "--pthread-max",
            "1",
            "--pthread-ops",
            "20000",
            "--metrics",
        ],
        read: |output| read_stress("pthread", output),
    },
    Probed {
        tool: "stress-ng",
        quantity: FORK,
        command: &["stress-ng", "--fork", "1", "--fork-ops", "5000", "--metrics"],
        read: |output| read_stress("fork", output),
    },
];

/// Messages of one hackbench run, as in [`PROBED`].
const HACKBENCH_MESSAGES: f64 = 50_000.0;

/// Our own numbers: which experiment, and where in its record.
struct Ours {
    quantity: &'static str,
    experiment: &'static str,
    condition: fn() -> Condition,
}

const OURS: &[Ours] = &[
    Ours {
        quantity: PIPE_OF_THREADS,
        experiment: "switch-cost",
        condition: || pipe("thread", "shared"),
    },
    Ours {
        quantity: PIPE_OF_PROCESSES,
        experiment: "switch-cost",
        condition: || pipe("process", "separate"),
    },
    Ours {
        quantity: THREAD,
        experiment: "creation-cost",
        condition: || Condition::of("method", "thread"),
    },
    Ours {
        quantity: FORK,
        experiment: "creation-cost",
        condition: || Condition::of("method", "fork"),
    },
];

fn pipe(kind: &str, table: &str) -> Condition {
    Condition::of("part", "pipe").and("kind", kind).and("table", table)
}

/// Pairs whose quotient says how many times dearer the process is.
const RATIOS: [(&str, &str, &str); 3] = [
    (
        "pipe, half a round trip: process over thread",
        PIPE_OF_THREADS,
        PIPE_OF_PROCESSES,
    ),
    (
        "pipe, one way: process over thread",
        STREAM_OF_THREADS,
        STREAM_OF_PROCESSES,
    ),
    ("creation: fork over thread", THREAD, FORK),
];

pub(super) fn compare(wanted: &[&str], rounds: u32) -> Result<()> {
    let tools: Vec<&str> = wanted.iter().copied().filter(|tool| is_ready(tool)).collect();
    let runner = workspace::runner()?;
    let cpu = Probe::default().machine(sys::allowed_cpus()).quiet_cpu().to_string();
    let probed: Vec<&Probed> = PROBED.iter().filter(|probed| tools.contains(&probed.tool)).collect();
    let quantities: Vec<&str> = probed.iter().map(|probed| probed.quantity).collect();
    let ours: Vec<&Ours> = OURS.iter().filter(|ours| quantities.contains(&ours.quantity)).collect();
    let mut readings = Vec::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        measure_ours(&runner, &ours, &mut readings)?;
        for probed in &probed {
            let mut command = workspace::command("taskset");
            command.args(["--cpu-list", &cpu]).args(probed.command);
            let printed = output_of(&mut command)?;
            let number = (probed.read)(&printed)
                .with_context(|| format!("{} printed something else than expected: {printed}", probed.tool))?;
            put(&mut readings, probed.quantity, probed.tool, number);
        }
    }
    println!("{}", table(&readings));
    println!(
        "In perf as in ours, threads share a descriptor table and processes do not. hackbench sends without waiting"
    );
    println!("for an answer. stress-ng counts its own bookkeeping in, and forks from a larger parent than our worker.");
    Ok(())
}

fn is_ready(tool: &str) -> bool {
    let package = match tool {
        "perf" => "linux-perf",
        "hackbench" => "rt-tests",
        other => other,
    };
    let ready = install("util-linux", &["taskset"]).and_then(|()| install(package, &[tool]));
    if let Err(error) = &ready {
        println!("{tool}: skipped: {error:#}");
    }
    ready.is_ok()
}

/// Both streams, since stress-ng has written its table to either, by version.
fn output_of(command: &mut std::process::Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", workspace::words(command)))?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn measure_ours(runner: &Runner, ours: &[&Ours], readings: &mut Vec<Reading>) -> Result<()> {
    let mut records: Vec<Record> = Vec::new();
    for ours in ours {
        if !records.iter().any(|record| record.experiment == ours.experiment) {
            records.push(runner.run(&Request::quick(ours.experiment), |_| {})?);
        }
        let record = records.iter().find(|record| record.experiment == ours.experiment);
        let blocks = record.map_or(&[][..], |record| record.blocks("time", &(ours.condition)()));
        let number = median(blocks);
        // A machine that can't measure a part, as `weft doctor` says, has no number of ours to show.
        if number.is_finite() {
            put(readings, ours.quantity, "weft", number);
        }
    }
    Ok(())
}

fn put(readings: &mut Vec<Reading>, quantity: &'static str, tool: &str, number: f64) {
    let known = readings
        .iter_mut()
        .find(|reading| reading.quantity == quantity && reading.tool == tool);
    match known {
        Some(reading) => reading.rounds.push(number),
        None => readings.push(Reading {
            quantity,
            tool: tool.to_owned(),
            rounds: vec![number],
        }),
    }
}

/// How many times dearer the process is by each tool, a number a round.
fn ratios(readings: &[Reading]) -> Vec<Reading> {
    let find = |quantity: &str, tool: &str| {
        readings
            .iter()
            .find(|reading| reading.quantity == quantity && reading.tool == tool)
    };
    let mut ratios = Vec::new();
    for (quantity, below, above) in RATIOS {
        for tool in ["weft", "perf", "hackbench", "stress-ng"] {
            if let (Some(below), Some(above)) = (find(below, tool), find(above, tool)) {
                let quotients = above.rounds.iter().zip(&below.rounds);
                ratios.push(Reading {
                    quantity,
                    tool: tool.to_owned(),
                    rounds: quotients.map(|(above, below)| above / below).collect(),
                });
            }
        }
    }
    ratios
}

fn table(readings: &[Reading]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["quantity", "tool", "median", "lowest", "highest", "highest / lowest"]);
    let order = [
        PIPE_OF_THREADS,
        PIPE_OF_PROCESSES,
        STREAM_OF_THREADS,
        STREAM_OF_PROCESSES,
        THREAD,
        FORK,
    ];
    let times = order
        .iter()
        .flat_map(|quantity| readings.iter().filter(move |reading| reading.quantity == *quantity))
        .map(|reading| (reading.clone(), "ns"));
    let ratios = ratios(readings).into_iter().map(|reading| (reading, "1"));
    for (reading, unit) in times.chain(ratios) {
        let [middle, lowest, highest, spread] = reading.cells(unit);
        table.add_row([
            reading.quantity.to_owned(),
            reading.tool,
            middle,
            lowest,
            highest,
            spread,
        ]);
    }
    for column in 2..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `     5.436250 usecs/op`: an operation is a round trip.
fn read_perf(output: &str) -> Option<f64> {
    let line = output.lines().find(|line| line.contains("usecs/op"))?;
    let micros: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(micros * 1e3 / 2.0)
}

/// `Time: 0.123`, in seconds for all messages.
fn read_hackbench(output: &str) -> Option<f64> {
    let line = output.lines().find_map(|line| line.strip_prefix("Time:"))?;
    let seconds: f64 = line.trim().parse().ok()?;
    Some(seconds * 1e9 / HACKBENCH_MESSAGES)
}

/// `stress-ng: metrc: [7] fork   5000   0.61   0.03   0.55   8196.72   8620.69`: operations, then real seconds.
fn read_stress(stressor: &str, output: &str) -> Option<f64> {
    output.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word != stressor).skip(1);
        let operations: f64 = words.next()?.parse().ok()?;
        let seconds: f64 = words.next()?.parse().ok()?;
        (operations > 0.0).then(|| seconds * 1e9 / operations)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_in_nanoseconds() {
        let perf = "# Executed 50000 pipe operations between two threads\n\n     Total time: 0.271 [sec]\n\n       5.436250 usecs/op\n         183950 ops/sec\n";
        assert_eq!(read_perf(perf), Some(2_718.125));
        assert_eq!(read_hackbench("Running in process mode\nTime: 0.125\n"), Some(2_500.0));
        let stress = "stress-ng: info:  [7] dispatching hogs: 1 fork\nstress-ng: metrc: [7] stressor bogo ops real time\nstress-ng: metrc: [7] fork 5000 0.50 0.03 0.45 10000.00 10416.67\n";
        assert_eq!(read_stress("fork", stress), Some(100_000.0));
        assert_eq!(read_perf("perf: not found"), None);
        assert_eq!(read_stress("fork", "stress-ng: error: no"), None);
    }

    #[test]
    fn ratios_are_of_rounds_that_stood_together() {
        let reading = |quantity, rounds: &[f64]| Reading {
            quantity,
            tool: "perf".to_owned(),
            rounds: rounds.to_vec(),
        };
        let ratios = ratios(&[
            reading(PIPE_OF_THREADS, &[2.0, 4.0]),
            reading(PIPE_OF_PROCESSES, &[3.0, 2.0]),
        ]);
        assert_eq!(ratios.len(), 1);
        assert_eq!(ratios[0].rounds, [1.5, 0.5]);
    }

    #[test]
    fn our_conditions_stand_in_records() {
        for ours in OURS {
            assert!(
                weft_lab::experiments::find(ours.experiment).is_some(),
                "{}",
                ours.experiment
            );
        }
    }
}
