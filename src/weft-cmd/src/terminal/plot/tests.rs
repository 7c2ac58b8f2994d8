//! Fixed figures, drawn; no record is measured for them.

use weft_lab::Figure;
use weft_lab::figure::{Axis, Bar, Bars, Curve, Curves, Gantt, Lane, Mark, Marks, Plot};
use weft_lab::stats::Interval;
use weft_lab::text::Text;

use super::draw;
use crate::terminal::Look;

const UNICODE: Look = Look {
    width: 80,
    colour: false,
    unicode: true,
};

fn interval(low: f64, estimate: f64, high: f64) -> Interval {
    Interval { estimate, low, high }
}

fn figure(plot: Plot) -> Figure {
    Figure {
        experiment: "an-experiment".to_owned(),
        id: "figure",
        title: Text::new("A title"),
        description: Text::new("Words."),
        plot,
        machine: Text::new("a machine"),
    }
}

fn marks() -> Figure {
    let row = |label: &str, group, value| Mark {
        label: Text::new(label),
        group,
        value,
    };
    figure(Plot::Marks(Marks {
        axis: Axis::log(Text::new("Times as long"), "1"),
        groups: vec![Text::new("Threads"), Text::new("Processes")],
        rows: vec![
            row("clone", 0, interval(0.8, 0.95, 1.02)),
            row("fork", 1, interval(4.0, 4.9, 9.0)),
        ],
        region: Some([0.9, 1.1]),
        takes_prediction: true,
    }))
}

fn curves() -> Figure {
    let curve = |name: &str, points: &[(f64, f64)]| Curve {
        name: Text::new(name),
        points: points
            .iter()
            .map(|&(x, y)| (x, interval(y * 0.9, y, y * 1.1)))
            .collect(),
    };
    figure(Plot::Curves(Curves {
        x: Axis::log(Text::new("Memory, MB"), "1"),
        y: Axis::log(Text::new("Time"), "ns"),
        curves: vec![
            curve("thread", &[(1.0, 2e4), (32.0, 2e4), (128.0, 2e4)]),
            curve("fork", &[(1.0, 1e5), (32.0, 1e6), (128.0, 4e6)]),
            curve("spawn", &[(1.0, 1e5), (32.0, 1.1e5), (128.0, 1e5)]),
        ],
        region: None,
    }))
}

fn bars() -> Figure {
    figure(Plot::Bars(Bars {
        axis: Axis::linear(Text::new("Memory of one more worker"), "kB"),
        groups: vec![Text::new("own pages"), Text::new("page tables")],
        rows: vec![
            Bar {
                label: Text::new("thread"),
                parts: vec![(0, 6.6), (1, 0.0)],
                interval: None,
            },
            Bar {
                label: Text::new("fork"),
                parts: vec![(0, 110.0), (1, 320.0)],
                interval: Some(interval(400.0, 430.0, 470.0)),
            },
        ],
    }))
}

#[test]
fn a_row_has_its_dot_interval_and_value() {
    insta::assert_snapshot!(draw(&marks(), &UNICODE));
}

#[test]
fn curves_have_a_sign_each() {
    insta::assert_snapshot!(draw(&curves(), &UNICODE));
}

#[test]
fn bars_show_their_parts() {
    insta::assert_snapshot!(draw(&bars(), &UNICODE));
}

fn gantt() -> Figure {
    let lane = |label: &str, group, spans: &[[f64; 2]]| Lane {
        label: Text::new(label),
        group,
        spans: spans.to_vec(),
    };
    figure(Plot::Gantt(Gantt {
        axis: Axis::linear(Text::new("Time"), "ns"),
        groups: vec![Text::new("Threads"), Text::new("Processes")],
        lanes: vec![
            lane("Thread 1", 0, &[[0.0, 4e6], [8e6, 12e6]]),
            lane("Process 1", 1, &[[4e6, 8e6], [12e6, 12.01e6]]),
        ],
    }))
}

#[test]
fn a_lane_has_its_runs_and_their_sum() {
    let text = draw(&gantt(), &UNICODE);
    let lane = |name: &str| {
        text.lines()
            .find(|line| line.contains(name))
            .unwrap_or_default()
            .to_owned()
    };
    let (thread, process) = (lane("Thread 1"), lane("Process 1"));
    assert!(thread.ends_with("8.00 ms") && process.ends_with("4.01 ms"), "{text}");
    // Where the thread has its two runs the process has none, but for the last sign.
    let at = |line: &str, sign: char| -> Vec<usize> {
        line.chars()
            .enumerate()
            .filter(|one| one.1 == sign)
            .map(|one| one.0)
            .collect()
    };
    let (ran, waited) = (at(&thread, '█'), at(&process, '▒'));
    assert!(ran.len() > 20 && waited.len() > 10, "{text}");
    assert!(ran.iter().all(|place| !waited.contains(place)), "{text}");
    // A run shorter than a column is still seen.
    assert!(waited.last() > ran.last(), "{text}");
}

#[test]
fn without_unicode_all_is_ascii() {
    let look = Look {
        unicode: false,
        ..UNICODE
    };
    for figure in [marks(), bars(), gantt()] {
        let text = draw(&figure, &look);
        assert!(text.is_ascii(), "{text}");
    }
    insta::assert_snapshot!(draw(&marks(), &look));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 120] {
        for figure in [marks(), curves(), bars(), gantt()] {
            let text = draw(&figure, &Look { width, ..UNICODE });
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|widest| widest <= width), "{width}:\n{text}");
        }
    }
}

#[test]
fn a_figure_without_points_is_no_panic() {
    let empty = Curves {
        x: Axis::log(Text::new("x"), "1"),
        y: Axis::linear(Text::new("y"), "ns"),
        curves: Vec::new(),
        region: Some([0.9, 1.1]),
    };
    assert!(draw(&figure(Plot::Curves(empty)), &UNICODE).starts_with("A title\n"));
}
