//! The registry: one line an experiment, in the order of the notes.

mod backend_and_frontend;
mod context_switching;
pub mod drills;
mod multi_process_multi_thread;
mod process;
mod process_vs_thread;
mod synchronisation;
mod thread;

use std::ffi::OsString;

use crate::experiment::Experiment;
use crate::figure::Figure;
use crate::record::Record;
use crate::verdict::Verdict;

/// Every experiment, in the order in which `weft verdicts` runs them.
pub static EXPERIMENTS: &[&dyn Experiment] = &[
    &process::ProcessLife,
    &process::OwnResources,
    &process::AddressSpace,
    &thread::ThreadLife,
    &thread::ThreadShares,
    &thread::ThreadOwns,
    &thread::ParallelSpeedup,
    &process_vs_thread::MemoryIndependence,
    &process_vs_thread::CrashContainment,
    &process_vs_thread::CreationCost,
    &process_vs_thread::SwitchCost,
    &process_vs_thread::Communication,
    &process_vs_thread::MemoryCost,
    &multi_process_multi_thread::BrowserTabs,
    &multi_process_multi_thread::SharedJob,
    &multi_process_multi_thread::WebServer,
    &multi_process_multi_thread::GameLoop,
    &context_switching::Timeline,
    &context_switching::SwitchWhere,
    &context_switching::WorkingSet,
    &synchronisation::LostUpdate,
    &synchronisation::Locks,
    &synchronisation::SyncCost,
    &backend_and_frontend::WorkerSizing,
];

/// Does what an experiment has executed this program anew for, beside its worker, and gives its status; `None` for a
/// program that was started for anything else.
pub(crate) fn run_errand(arguments: &[OsString]) -> Option<i32> {
    match arguments {
        [errand, argument] if errand == process::ERRAND => Some(process::show_own(argument.to_str()?)),
        _ => None,
    }
}

/// The experiment with this id; [drills] too, which no list shows.
#[must_use]
pub fn find(id: &str) -> Option<&'static dyn Experiment> {
    EXPERIMENTS
        .iter()
        .chain(drills::DRILLS)
        .copied()
        .find(|experiment| experiment.about().id == id)
}

impl Record {
    /// The verdicts of this record, with all that it says beside them; none for an experiment that this build doesn't know.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = self.judge();
        if let Some(experiment) = find(&self.experiment) {
            for verdict in &mut verdicts {
                verdict.findings.extend(experiment.findings(self, &verdict.claim));
            }
        }
        verdicts
    }

    /// The verdicts alone, in a fraction of the time: for thousands of records, of which nobody reads what else they say.
    #[must_use]
    pub fn judge(&self) -> Vec<Verdict> {
        find(&self.experiment)
            .map(|experiment| experiment.judge(self))
            .unwrap_or_default()
    }

    /// The figures of this record; none for an experiment that this build doesn't know.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        find(&self.experiment)
            .map(|experiment| experiment.figures(self))
            .unwrap_or_default()
    }
}
