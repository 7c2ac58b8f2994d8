//! `weft-lab` and `plotters` are there in the first cell.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;
use weft_kernel::session::{Options, Outcome};
use weft_kernel::template;

use crate::Case;
use crate::rig::Rig;

pub(crate) const CASES: &[Case] = &[
    ("what_is_preloaded_is_there_in_the_first_cell", preloaded),
    ("statics_of_preloaded_crates_keep_their_values", statics),
    ("an_experiment_runs_from_a_cell", experiment),
    ("an_interrupt_cancels_a_run_and_the_cell_goes_on", cancelled),
];

/// Prepared once, where `WEFT_TEMPLATES` names no folder of templates.
static TEMPLATES: Mutex<Option<TempDir>> = Mutex::new(None);

/// Removes what the cases have shared.
pub(crate) fn clean_up() {
    drop(TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner).take());
}

fn rig() -> Rig {
    let mut folder = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
    let templates = std::env::var_os("WEFT_TEMPLATES").map_or_else(
        || {
            let own = folder.get_or_insert_with(|| tempfile::tempdir().unwrap());
            own.path().to_owned()
        },
        PathBuf::from,
    );
    template::prepare(&templates).unwrap();
    Rig::with(Options {
        templates: Some(templates),
        ..Options::default()
    })
}

fn preloaded() {
    let mut rig = rig();
    rig.ok("use weft_lab::prelude::*;");
    assert_eq!(rig.value("EXPERIMENTS.len() > 10"), "true");
    let plot = ":dep plotters = { version = \"0.3\", default-features = false, features = [\"evcxr\", \"all_series\"] }
        :dep weft-lab = \"0.1\"
        use plotters::prelude::*;
        evcxr_figure((200, 100), |root| {
            let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0f64..1f64, 0f64..1f64)?;
            chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], &RED))?;
            Ok(())
        })";
    let ran = rig.ok(plot);
    let value = ran.value().unwrap();
    assert!(
        value
            .values()
            .any(|shown| shown.as_str().is_some_and(|text| text.contains("<svg"))),
        "{value:?}"
    );
    assert!(ran.events.is_empty(), "{ran:?}");
}

fn statics() {
    let mut rig = rig();
    // The id of a progress display counts up in a static of the crate.
    rig.ok("use weft_lab::prelude::*;");
    let ids = |events: &[String]| -> Vec<String> {
        let ids = events.iter().filter_map(|event| event.strip_prefix("show:"));
        ids.map(str::to_owned).collect()
    };
    let first = ids(&rig.ok("let a: Record = run(\"thread-life\").unwrap();").events);
    let second = ids(&rig.ok("let b: Record = run(\"thread-life\").unwrap();").events);
    assert!(
        first[0].contains("-0:") && second[0].contains("-1:"),
        "{first:?} {second:?}"
    );
}

fn experiment() {
    let mut rig = rig();
    let ran = rig.ok("use weft_lab::prelude::*;\nrun(\"thread-life\").unwrap()");
    let value = ran.value().unwrap();
    for mime in ["text/plain", "text/html", "image/svg+xml"] {
        assert!(value.contains_key(mime), "{mime}: {:?}", value.keys());
    }
    assert!(
        ran.events.iter().any(|event| event.starts_with("update:weft-run-")),
        "{:?}",
        ran.events
    );
}

fn cancelled() {
    let mut rig = rig();
    rig.ok("use weft_lab::prelude::*;\nlet before: i32 = 3;");
    let ran = rig.run_watched("let ended: bool = run(\"switch-cost\").is_err();", |session, text| {
        if text.starts_with("show:weft-run-") {
            session.interrupt();
        }
    });
    assert!(matches!(ran.outcome, Outcome::Done { .. }), "{ran:?}");
    assert_eq!(rig.value("(before, ended)"), "(3, true)");
}
