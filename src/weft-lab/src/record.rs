//! Everything that one run of one experiment produced, and the machine it ran on.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::{Machine, Noise};
use crate::params::{Mode, Params};

/// The version of the record's form that this build writes, and the newest that it reads.
pub const SCHEMA: u32 = 1;

/// One run of one experiment: the only thing that is stored, sent or compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// The version of this form.
    pub schema: u32,
    /// The experiment's id.
    pub experiment: String,
    /// How long it was to take.
    pub mode: Mode,
    /// What all random choices started from.
    pub seed: u64,
    /// The parameters, defaults included.
    pub params: Params,
    /// When the run began: RFC 3339, UTC.
    pub started: String,
    /// How long the run took, in nanoseconds.
    pub elapsed_ns: u64,
    /// The machine, as it was when the run began.
    pub machine: Machine,
    /// What disturbed the machine during the run.
    pub noise: Noise,
    /// Why the sampling ended, and how many looks at the data were paid for.
    pub stopping: Stopping,
    /// What this machine did not permit or have.
    #[serde(default)]
    pub missing: Vec<Missing>,
    /// The samples.
    pub series: Vec<Series>,
}

/// One condition of an experiment: what was varied, and its value there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Condition(pub BTreeMap<String, String>);

impl Condition {
    /// The condition in which `key` is `value`.
    pub fn of(key: &str, value: impl ToString) -> Self {
        Condition::default().and(key, value)
    }

    /// The same, and `key` is `value`.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over numbers as they are")]
    pub fn and(mut self, key: &str, value: impl ToString) -> Self {
        self.0.insert(key.to_owned(), value.to_string());
        self
    }

    /// The value of `key`; empty where it was not varied.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// Does every key of `part` have the same value here?
    #[must_use]
    pub fn includes(&self, part: &Condition) -> bool {
        part.0.iter().all(|(key, value)| self.get(key) == value)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        f.write_str(&parts.join(" "))
    }
}

/// Samples of one quantity under one condition.
///
/// The blocks at the same place of two series that were sampled together stood next to each other in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Series {
    /// Under which condition.
    pub condition: Condition,
    /// Of what, such as `time`.
    pub quantity: String,
    /// In which unit, such as `ns`; `1` for counts and shares.
    pub unit: String,
    /// One number a block, in the order in which they were taken.
    pub blocks: Vec<f64>,
}

/// How a run's sampling ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Stopping {
    /// Why.
    pub reason: StopReason,
    /// How often the rule may look at the data; each look costs confidence. 1: only at the end.
    pub planned_looks: u32,
    /// How often it did.
    pub looks: u32,
    /// How many rounds were taken of the main comparison.
    pub rounds: u32,
}

impl Default for Stopping {
    fn default() -> Self {
        Stopping {
            reason: StopReason::Complete,
            planned_looks: 1,
            looks: 0,
            rounds: 0,
        }
    }
}

impl Stopping {
    /// The confidence of one look, such that all looks together are right in 95 of 100 runs (Bonferroni).
    #[must_use]
    pub fn confidence(&self) -> f64 {
        1.0 - 0.05 / f64::from(self.planned_looks.max(1))
    }
}

/// Why a run's sampling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All rounds that were planned were taken.
    Complete,
    /// A planned look found the interval on one side of the region's borders.
    Decided,
    /// The time was up.
    Time,
}

/// A facility that the machine lacks or forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Missing {
    /// Which: `sched-fifo`, `pinning`, `second-cpu`, `pagemap`, `huge-pages`, `smaps-rollup`, ...
    pub facility: String,
    /// What the system said.
    pub detail: String,
}

/// Why a stored record can't be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer weft.
    #[error("the record has schema {found}, but this weft reads up to {SCHEMA}; update weft")]
    Newer {
        /// The schema that it has.
        found: u64,
    },
    /// No JSON, or cut off.
    #[error(
        "the record is not whole JSON (line {line}, column {column}); it may have been cut off while it was written or copied"
    )]
    NotJson {
        /// Where reading failed, from 1.
        line: usize,
        /// Where reading failed, from 1.
        column: usize,
        /// What the reader of JSON said.
        source: serde_json::Error,
    },
    /// JSON, but no record.
    #[error("this is not a record of weft; a record has the members that `weft schema` prints")]
    NotRecord {
        /// Which member is wrong.
        source: serde_json::Error,
    },
}

impl Record {
    /// Reads a record, or the document `{"record": ...}` that `weft run --json` prints.
    ///
    /// # Errors
    ///
    /// Text that is no JSON, JSON that is no record, and a record of a newer schema.
    pub fn from_json(json: &str) -> Result<Record, RecordError> {
        let value: serde_json::Value = serde_json::from_str(json).map_err(|source| RecordError::NotJson {
            line: source.line(),
            column: source.column(),
            source,
        })?;
        Record::from_value(value)
    }

    /// The same of JSON that has been read already.
    ///
    /// # Errors
    ///
    /// JSON that is no record, and a record of a newer schema.
    pub fn from_value(value: serde_json::Value) -> Result<Record, RecordError> {
        let value = match value {
            serde_json::Value::Object(mut members) if members.contains_key("record") => {
                members.remove("record").unwrap_or_default()
            }
            value => value,
        };
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(found) if found > u64::from(SCHEMA) => Err(RecordError::Newer { found }),
            _ => serde_json::from_value(value).map_err(|source| RecordError::NotRecord { source }),
        }
    }

    /// The record as JSON in one line, with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// The blocks of `quantity` under exactly this condition; none where it was not sampled.
    #[must_use]
    pub fn blocks(&self, quantity: &str, condition: &Condition) -> &[f64] {
        self.series
            .iter()
            .find(|series| series.quantity == quantity && series.condition == *condition)
            .map_or(&[], |series| &series.blocks)
    }

    /// All series of `quantity` whose condition includes `part`, in the order in which they were recorded.
    pub fn select<'a>(&'a self, quantity: &'a str, part: Condition) -> impl Iterator<Item = &'a Series> {
        self.series
            .iter()
            .filter(move |series| series.quantity == quantity && series.condition.includes(&part))
    }

    /// Does the machine lack this facility?
    #[must_use]
    pub fn lacks(&self, facility: &str) -> bool {
        self.missing.iter().any(|missing| missing.facility == facility)
    }

    /// Was this a comparison of a condition with itself?
    #[must_use]
    pub fn is_aa(&self) -> bool {
        self.params.flag("aa")
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! Records made by hand, for the tests of judges and figures.

    use std::collections::BTreeMap;

    use super::*;
    use crate::experiments;
    use crate::machine::Probe;

    /// A quiet record of an experiment with its defaults, `set` in their place, and these series.
    pub(crate) fn record(experiment: &str, set: &[(&str, &str)], series: Vec<Series>) -> Record {
        let about = experiments::find(experiment).unwrap().about();
        let set: BTreeMap<_, _> = set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let params = Params::resolve(about.id, about.params, Mode::Quick, &set).unwrap();
        let machine = Probe::at("/nowhere").machine(vec![0, 1]);
        Record {
            schema: SCHEMA,
            experiment: experiment.to_owned(),
            mode: Mode::Quick,
            seed: 1,
            params,
            started: "2026-02-08T00:00:00.000Z".to_owned(),
            elapsed_ns: 1_000_000_000,
            machine,
            noise: Noise::default(),
            stopping: Stopping {
                planned_looks: 4,
                ..Stopping::default()
            },
            missing: Vec::new(),
            series,
        }
    }

    /// A series whose blocks scatter around `centre` by one part in a hundred, each condition in its own way.
    pub(crate) fn around(condition: Condition, quantity: &str, unit: &str, centre: f64) -> Series {
        let own = condition
            .to_string()
            .bytes()
            .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            % 23;
        let scatter = |index: u32| f64::from((index * 7 + own * index * index + own) % 23) / 22.0 - 0.5;
        let blocks = (0..24).map(|index| centre * (1.0 + 0.01 * scatter(index))).collect();
        Series {
            condition,
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
            blocks,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> Record {
        let series = fixture::around(Condition::of("method", "fork"), "time", "ns", 100.0);
        fixture::record("creation-cost", &[], vec![series])
    }

    #[test]
    fn json_and_back() {
        let record = example();
        assert_eq!(Record::from_json(&record.to_json()).unwrap(), record);
        let document = format!("{{\"record\": {}, \"verdicts\": []}}", record.to_json());
        assert_eq!(Record::from_json(&document).unwrap(), record);
    }

    #[track_caller]
    fn check_refused(json: &str, expect: &str) {
        let error = Record::from_json(json).unwrap_err().to_string();
        assert!(error.contains(expect), "{error:?} does not say {expect:?}");
    }

    #[test]
    fn what_is_no_record_is_said() {
        let json = example().to_json();
        check_refused(&json[..json.len() / 2], "not whole JSON (line 1, column ");
        check_refused("{}", "not a record of weft");
        check_refused(
            &json.replace("\"schema\":1", "\"schema\":99"),
            "schema 99, but this weft reads up to 1",
        );
        check_refused("[1, 2]", "not a record of weft");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(?s).{0,300}", cut in 0_usize..4000) {
            let json = example().to_json();
            let _refused = Record::from_json(&text);
            let _refused = Record::from_json(json.get(..cut.min(json.len())).unwrap_or_default());
        }
    }
}
