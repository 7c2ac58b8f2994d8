//! weft-kernel beside `evcxr_jupyter`, the other Rust kernel, both through the same client.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use serde::Deserialize;
use weft_lab::stats::median;

use crate::prerequisites;
use crate::workspace::{self, cargo, command, run};

/// The release of the other kernel, built with the lock file that is part of it.
const PEER: &str = "0.22.0";
pub(super) const OURS: &str = "weft";
pub(super) const THEIRS: &str = "evcxr";
/// Fewer rounds have no median to speak of.
const LEAST_ROUNDS: u32 = 5;

/// What is compared, and how it must end.
struct Row {
    quantity: &'static str,
    what: &'static str,
    bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// Ours takes at most so many times what theirs takes.
    Times(f64),
    /// Ours takes at most so many seconds.
    Seconds(f64),
    /// Ours takes at most so many times what it takes for another quantity.
    OfOwn(&'static str, f64),
    /// It is told and not judged.
    None,
}

const ROWS: &[Row] = &[
    Row {
        quantity: "ready",
        what: "start to ready",
        bound: Bound::Times(0.4),
    },
    Row {
        quantity: "first-cell",
        what: "start to the end of a first `1 + 1`",
        bound: Bound::None,
    },
    Row {
        quantity: "first-let",
        what: "first `let` that needs inference, 6 s after ready",
        bound: Bound::Times(0.5),
    },
    Row {
        quantity: "first-plot",
        what: "start to the first plot (theirs: `:dep plotters`)",
        bound: Bound::Times(0.2),
    },
    Row {
        quantity: "trivial",
        what: "warm trivial cell",
        bound: Bound::Times(0.5),
    },
    Row {
        quantity: "thirty-lines",
        what: "30 lines with closures, warm",
        bound: Bound::Times(0.4),
    },
    Row {
        quantity: "cell-10",
        what: "cell 10 of a notebook",
        bound: Bound::None,
    },
    Row {
        quantity: "cell-100",
        what: "cell 100, against our own cell 10",
        bound: Bound::OfOwn("cell-10", 1.3),
    },
    Row {
        quantity: "flood",
        what: "100 MB of output",
        bound: Bound::Seconds(15.0),
    },
];

/// One number from the client; none where the kernel did not get there.
#[derive(Debug, Deserialize)]
struct Measured {
    quantity: String,
    kernel: String,
    value: Option<f64>,
}

pub(super) fn compare(rounds: u32, alone: bool) -> Result<ExitCode> {
    let python = prerequisites::python()?;
    let source = prerequisites::std_source()?;
    let scratch = tempfile::tempdir()?;
    let ours = workspace::kernel()?;
    let install = ["install", "--name", OURS, "--prefix"];
    let cache = workspace::kernel_cache();
    run(command(ours)
        .args(install)
        .arg(scratch.path())
        .env("XDG_CACHE_HOME", &cache))?;
    let mut kernels = vec![OURS];
    if !alone {
        install_peer(scratch.path())?;
        kernels.insert(0, THEIRS);
    }
    let rounds = rounds.max(LEAST_ROUNDS);
    let mut client = command(python);
    client
        .arg(workspace::root().join("src/xtask/src/comparison/kernel_client.py"))
        .arg(rounds.to_string())
        .env("JUPYTER_PATH", scratch.path().join("share/jupyter"))
        .env("XDG_DATA_HOME", scratch.path().join("data"))
        .env("XDG_CACHE_HOME", &cache);
    if let Some(source) = source {
        client.env("RUST_SRC_PATH", source);
    }
    // A file of its own, since a kernel may print on the client's standard output.
    let numbers = scratch.path().join("numbers");
    run(client.arg(&numbers).args(&kernels))?;
    let measured: Vec<Measured> = fs::read_to_string(&numbers)?
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .context("the client wrote something else than numbers")?;
    let verdicts: Vec<Verdict> = ROWS.iter().map(|row| judge(row, &measured)).collect();
    println!("{}", table(&verdicts));
    println!("Medians of {rounds} rounds, in which the kernels take turns; a bound is of ours.");
    let is_kept = verdicts.iter().all(|verdict| verdict.is_kept != Some(false));
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds the other kernel, once, and tells Jupyter of it.
pub(super) fn install_peer(prefix: &Path) -> Result<()> {
    let tools = workspace::target().join("tools");
    // Where this very release is there, cargo has nothing to do.
    let install = ["install", "evcxr_jupyter", "--version", PEER, "--locked", "--root"];
    run(cargo().args(install).arg(&tools)).context("evcxr_jupyter could not be installed")?;
    let program = tools.join("bin/evcxr_jupyter");
    let folder = prefix.join("share/jupyter/kernels").join(THEIRS);
    fs::create_dir_all(&folder)?;
    let spec = serde_json::json!({
        "argv": [program, "--control_file", "{connection_file}"],
        "display_name": "Rust (evcxr)",
        "language": "rust",
        "interrupt_mode": "message",
    });
    fs::write(folder.join("kernel.json"), spec.to_string())?;
    Ok(())
}

/// What the rounds gave for one row.
#[derive(Debug, PartialEq)]
struct Verdict {
    what: &'static str,
    theirs: Option<f64>,
    ours: Option<f64>,
    ratio: Option<f64>,
    bound: Bound,
    is_kept: Option<bool>,
}

fn judge(row: &Row, measured: &[Measured]) -> Verdict {
    // A round in which a kernel did not get there counts as one that never ends.
    let middle = |quantity: &str, kernel: &str| {
        let of = measured
            .iter()
            .filter(|one| one.quantity == quantity && one.kernel == kernel);
        let values: Vec<f64> = of.map(|one| one.value.unwrap_or(f64::INFINITY)).collect();
        // Half way between two that never end is no number.
        let middle = median(&values);
        (!values.is_empty()).then_some(if middle.is_nan() { f64::INFINITY } else { middle })
    };
    let (theirs, ours) = (middle(row.quantity, THEIRS), middle(row.quantity, OURS));
    let base = match row.bound {
        Bound::OfOwn(quantity, _) => middle(quantity, OURS),
        _ => theirs,
    };
    let ratio = ours
        .zip(base)
        .map(|(ours, base)| ours / base)
        .filter(|ratio| !ratio.is_nan());
    let is_kept = match row.bound {
        Bound::Times(most) | Bound::OfOwn(_, most) => ratio.map(|ratio| ratio <= most),
        Bound::Seconds(most) => ours.map(|ours| ours <= most),
        Bound::None => None,
    };
    Verdict {
        what: row.what,
        theirs,
        ours,
        ratio,
        bound: row.bound,
        is_kept,
    }
}

fn table(verdicts: &[Verdict]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["what", "evcxr_jupyter", "weft-kernel", "ratio", "bound", "kept"]);
    for verdict in verdicts {
        let seconds = |value: Option<f64>| match value {
            Some(value) if value.is_finite() => format!("{value:.2} s"),
            Some(_) => "not done".to_owned(),
            None => "-".to_owned(),
        };
        let bound = match verdict.bound {
            Bound::Times(most) | Bound::OfOwn(_, most) => format!("{most}"),
            Bound::Seconds(most) => format!("{most} s"),
            Bound::None => "-".to_owned(),
        };
        let kept = match verdict.is_kept {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "-",
        };
        table.add_row([
            verdict.what.to_owned(),
            seconds(verdict.theirs),
            seconds(verdict.ours),
            verdict.ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            bound,
            kept.to_owned(),
        ]);
    }
    for column in 1..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(quantity: &str, kernel: &str, values: &[Option<f64>]) -> Vec<Measured> {
        let one = |value: &Option<f64>| Measured {
            quantity: quantity.to_owned(),
            kernel: kernel.to_owned(),
            value: *value,
        };
        values.iter().map(one).collect()
    }

    fn row(quantity: &str) -> &'static Row {
        ROWS.iter().find(|row| row.quantity == quantity).unwrap()
    }

    #[test]
    fn a_ratio_is_of_medians() {
        let mut all = measured("ready", THEIRS, &[Some(2.0), Some(3.0), Some(9.0)]);
        all.extend(measured("ready", OURS, &[Some(1.0), Some(1.2), Some(0.1)]));
        let verdict = judge(row("ready"), &all);
        assert_eq!((verdict.ratio, verdict.is_kept), (Some(1.0 / 3.0), Some(true)));
    }

    #[test]
    fn who_does_not_get_there_takes_for_ever() {
        let mut all = measured("flood", THEIRS, &[None, None, Some(50.0)]);
        all.extend(measured("flood", OURS, &[Some(3.0), None, None]));
        let verdict = judge(row("flood"), &all);
        assert_eq!(
            (verdict.ours, verdict.ratio, verdict.is_kept),
            (Some(f64::INFINITY), None, Some(false))
        );
    }

    #[test]
    fn a_late_cell_is_held_against_our_own_early_one() {
        let mut all = measured("cell-10", OURS, &[Some(0.1)]);
        all.extend(measured("cell-100", OURS, &[Some(0.14)]));
        assert_eq!(judge(row("cell-100"), &all).is_kept, Some(false));
        assert_eq!(judge(row("ready"), &all).is_kept, None, "nothing was measured");
    }
}
