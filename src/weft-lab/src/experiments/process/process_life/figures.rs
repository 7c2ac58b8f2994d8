//! The record of process-life, drawn: the states of one life, and those of all processes of the machine.

use super::findings::{processes, program_name, state_name};
use super::{Program, STEPS};
use crate::figure::{Axis, Bar, Bars, Figure, Gantt, Lane, Plot};
use crate::record::{Condition, Record};

pub(super) fn all(record: &Record) -> Vec<Figure> {
    [life(record), census(record)]
        .into_iter()
        .filter(|figure| !figure.is_empty())
        .collect()
}

const PROGRAMS: [Program; 3] = [Program::Copied, Program::Executed, Program::None];

/// Kinds of spans, a lane each, in the order in which they begin.
fn lanes(record: &Record) -> Vec<Lane> {
    let mut lanes: Vec<((String, String), Lane)> = Vec::new();
    for series in record.select("span", Condition::default()) {
        let [from, to] = series.blocks.as_slice() else {
            continue;
        };
        let key = ["program", "state"].map(|key| series.condition.get(key).to_owned());
        let key: (String, String) = key.into();
        let place = lanes.iter().position(|(of, _)| *of == key).unwrap_or_else(|| {
            let group = PROGRAMS.iter().position(|program| program.id() == key.0).unwrap_or(2);
            let lane = Lane {
                label: state_name(&key.1),
                group,
                spans: Vec::new(),
            };
            lanes.push((key, lane));
            lanes.len() - 1
        });
        lanes[place].1.spans.push([*from, *to]);
    }
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

fn life(record: &Record) -> Figure {
    let plot = Gantt {
        axis: Axis::linear(text!("Time since the fork"), "ns"),
        groups: PROGRAMS.map(|program| program_name(program.id())).to_vec(),
        lanes: lanes(record),
    };
    Figure::new(
        record,
        "life",
        text!("One process from its fork to its end"),
        text!(
            "The states that the kernel gave for one process, a row for each pair of a program and a state, in the order in which they came. The colour says what it ran: first a copy of its parent's program, after the exec a new one, and as a zombie none. All of it is one process id."
        ),
        Plot::Gantt(plot),
    )
}

/// The states, those of a life first.
fn states(record: &Record) -> Vec<String> {
    let mut states: Vec<String> = Vec::new();
    let of_life = STEPS.iter().map(|(_, state)| state.to_string());
    let others = record
        .select("processes", Condition::default())
        .map(|series| series.condition.get("state").to_owned());
    for state in of_life.chain(others) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    states
}

fn census(record: &Record) -> Figure {
    let row = |state: &String| {
        let parts: Vec<(usize, f64)> = ["program", "kernel"]
            .into_iter()
            .enumerate()
            .map(|(group, of)| (group, processes(record, of, Some(state))))
            .collect();
        Bar {
            label: state_name(state),
            parts,
            interval: None,
        }
    };
    let is_counted = record.select("processes", Condition::default()).next().is_some();
    let plot = Bars {
        axis: Axis::linear(text!("Processes"), "1"),
        groups: vec![text!("Run a program"), text!("Threads of the kernel")],
        rows: if is_counted {
            states(record).iter().map(row).collect()
        } else {
            Vec::<Bar>::new()
        },
    };
    Figure::new(
        record,
        "states",
        text!("The states of all processes when the run began"),
        text!(
            "How many of the processes that /proc listed were in each state, those that run a program and the kernel's own threads. Nearly all of them wait."
        ),
        Plot::Bars(plot),
    )
}
