//! The verdict board: every claim of the notes, and what the records of each machine say of it.
//!
//! Pure, as judging is: the same records give the same board in a terminal, on the page and in a file.

pub mod drawn;
mod page_result;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::claim::{BASES, CLAIMS};
use crate::experiments;
use crate::machine::Machine;
use crate::params::{Mode, Params};
use crate::record::Record;
use crate::verdict::Verdict;

pub use page_result::{PageResult, PageResultError, runs_in_the_page};

/// The version of the board's form that this build writes.
pub const FORM: u32 = 1;

/// Every claim, and what each machine's records say of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Board {
    /// The version of this form.
    pub board: u32,
    /// The claims of the notes, in their order.
    pub claims: Vec<ClaimLine>,
    /// What was found, a column a machine.
    pub columns: Vec<Column>,
}

/// A claim, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClaimLine {
    /// Its id.
    pub id: String,
    /// The section of the notes that it stands in.
    pub section: String,
    /// The sentence in English.
    pub statement: String,
    /// The claims that it rests on; empty for a claim that is decided by itself.
    pub rests_on: Vec<String>,
}

/// What was found on one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Column {
    /// `this-machine`, or the id of a recorded profile: `as-it-is`, `one-core`.
    pub name: String,
    /// The machine, as its newest record has it; absent without a record.
    pub machine: Option<Machine>,
    /// What was found, in the order of the claims. A claim that nothing was found about is not there.
    pub found: Vec<Found>,
}

/// What was found about one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Found {
    /// What the verdict comes from.
    pub source: Source,
    /// The verdict.
    pub verdict: Verdict,
}

/// What a verdict comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A record of an experiment.
    Record {
        /// The experiment.
        experiment: String,
        /// How long it was to take.
        mode: Mode,
        /// What its random choices started from.
        seed: u64,
        /// When it began: RFC 3339, UTC.
        started: String,
    },
    /// The verdicts of other claims.
    Claims(Vec<String>),
    /// A lab that runs in the page.
    Page {
        /// When it ended: RFC 3339, UTC.
        when: String,
        /// What the browser calls itself.
        user_agent: String,
    },
}

impl Board {
    /// A board of these columns.
    #[must_use]
    pub fn new(columns: Vec<Column>) -> Board {
        let line = |claim: &crate::claim::Claim| ClaimLine {
            id: claim.id.to_owned(),
            section: claim.section.id().to_owned(),
            statement: claim.statement.to_owned(),
            rests_on: claim.parts().iter().map(|part| (*part).to_owned()).collect(),
        };
        Board {
            board: FORM,
            claims: CLAIMS.iter().map(line).collect(),
            columns,
        }
    }
}

/// The name of the column of the machine that a reader sits at.
pub const THIS_MACHINE: &str = "this-machine";

impl Column {
    /// What these records say, and what can be drawn from it. Of two records of one experiment the later one counts.
    pub fn of<'a>(name: &str, records: impl IntoIterator<Item = &'a Record>) -> Column {
        Column::with_page_results(name, records, &[])
    }

    /// As [`Column::of`], with what labs in the page have found.
    pub fn with_page_results<'a>(
        name: &str,
        records: impl IntoIterator<Item = &'a Record>,
        results: &[PageResult],
    ) -> Column {
        let mut column = Column {
            name: name.to_owned(),
            machine: None,
            found: Vec::new(),
        };
        for record in records {
            let source = Source::of(record);
            for verdict in record.verdicts() {
                column.put(source.clone(), verdict);
            }
            column.machine = Some(record.machine.clone());
        }
        for result in results {
            column.put(result.source(), result.verdict());
        }
        column.draw();
        column
    }

    /// What was found about a claim.
    #[must_use]
    pub fn find(&self, claim: &str) -> Option<&Found> {
        self.found.iter().find(|found| found.verdict.claim == claim)
    }

    fn put(&mut self, source: Source, verdict: Verdict) {
        self.found.retain(|found| found.verdict.claim != verdict.claim);
        self.found.push(Found { source, verdict });
        let place = |found: &Found| CLAIMS.iter().position(|claim| claim.id == found.verdict.claim);
        self.found.sort_by_key(place);
    }

    /// The claims that rest on others, as soon as one of those has a verdict.
    fn draw(&mut self) {
        for basis in BASES {
            let parts: Vec<Option<&Verdict>> = basis
                .parts
                .iter()
                .map(|part| self.find(part).map(|found| &found.verdict))
                .collect();
            if parts.iter().all(Option::is_none) {
                continue;
            }
            let verdict = drawn::verdict(basis, &parts);
            let source = Source::Claims(basis.parts.iter().map(|part| (*part).to_owned()).collect());
            self.put(source, verdict);
        }
    }
}

impl Source {
    fn of(record: &Record) -> Source {
        Source::Record {
            experiment: record.experiment.clone(),
            mode: record.mode,
            seed: record.seed,
            started: record.started.clone(),
        }
    }
}

/// Does a record say what the claim says, and not what became of it with other parameters? A board compares machines,
/// so it takes runs with the defaults alone.
#[must_use]
pub fn takes(record: &Record) -> bool {
    experiments::EXPERIMENTS
        .iter()
        .map(|experiment| experiment.about())
        .find(|about| about.id == record.experiment)
        .and_then(|about| Params::resolve(about.id, about.params, record.mode, &BTreeMap::new()).ok())
        .is_some_and(|defaults| defaults == record.params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Condition;
    use crate::record::fixture::{around, record};
    use crate::verdict::Outcome;

    fn creation(times: f64) -> Record {
        let side = |name: &str, method: &str, centre: f64| {
            around(Condition::of("side", name).and("method", method), "time", "ns", centre)
        };
        let series = vec![side("a", "thread", 1000.0), side("b", "fork", 1000.0 * times)];
        record("creation-cost", &[], series)
    }

    #[test]
    fn the_later_record_counts_and_the_summary_is_drawn() {
        let (slow, fast) = (creation(5.0), creation(0.5));
        let column = Column::of("this-machine", [&slow, &fast]);
        let found = column.find("creation-cost").unwrap();
        assert_eq!(found.verdict.outcome, Outcome::Refuted);
        let Source::Record { experiment, .. } = &found.source else {
            panic!("{:?}", found.source);
        };
        assert_eq!(experiment, "creation-cost");
        let drawn = column.find("summary-thread").unwrap();
        assert_eq!(drawn.verdict.outcome, Outcome::Refuted);
        assert!(matches!(&drawn.source, Source::Claims(parts) if parts.contains(&"creation-cost".to_owned())));
        // Of the process's parts nothing is known, so nothing is drawn.
        assert!(column.find("summary-process").is_none());
        assert_eq!(column.found.len(), 2);
    }

    #[test]
    fn what_was_found_stands_in_the_order_of_the_claims() {
        let result = PageResult::example("browser-manages", 8.0);
        let column = Column::with_page_results("x", [&creation(5.0)], &[result]);
        let claims: Vec<&str> = column.found.iter().map(|found| found.verdict.claim.as_str()).collect();
        assert_eq!(claims, ["creation-cost", "browser-manages", "summary-thread"]);
    }

    #[test]
    fn a_board_names_every_claim_and_goes_through_json() {
        let board = Board::new(vec![Column::of("x", [&creation(5.0)]), Column::of("y", [])]);
        assert_eq!(board.claims.len(), CLAIMS.len());
        let json = serde_json::to_string(&board).unwrap();
        let again: Board = serde_json::from_str(&json).unwrap();
        assert_eq!(again.columns[0].machine, board.columns[0].machine);
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        assert!(board.columns[1].found.is_empty());
    }

    #[test]
    fn a_run_with_other_parameters_says_something_else() {
        assert!(takes(&creation(5.0)));
        assert!(!takes(&record("creation-cost", &[("aa", "true")], vec![])));
        let mut drill = creation(5.0);
        drill.experiment = "drill-hang".to_owned();
        assert!(!takes(&drill));
    }
}
