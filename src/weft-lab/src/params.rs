//! What a reader may change of an experiment, within stated bounds.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// How much time a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// At most 5 seconds.
    #[default]
    Quick,
    /// At most 60 seconds.
    Full,
}

impl Mode {
    /// The word for it, as in JSON and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Mode::Quick => "quick",
            Mode::Full => "full",
        }
    }
}

/// One parameter of an experiment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name, as in `--set NAME=VALUE`.
    pub name: &'static str,
    /// What it changes; a message of the catalogue.
    pub help: &'static str,
    /// What it may be.
    pub kind: ParamKind,
}

/// What a parameter may be, and what it is when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ParamKind {
    /// A whole number from `min` to `max`.
    Integer {
        /// The smallest value allowed.
        min: i64,
        /// The largest value allowed.
        max: i64,
        /// The value in quick mode.
        quick: i64,
        /// The value in full mode.
        full: i64,
    },
    /// Yes or no; no when not set.
    Flag,
    /// One of these words; the first when not set.
    Choice(&'static [&'static str]),
}

impl Param {
    /// A whole number with its bounds and its value in quick and in full mode.
    #[must_use]
    pub const fn integer(name: &'static str, help: &'static str, bounds: (i64, i64), quick: i64, full: i64) -> Self {
        Param {
            name,
            help,
            kind: ParamKind::Integer {
                min: bounds.0,
                max: bounds.1,
                quick,
                full,
            },
        }
    }

    /// One of some words, the first by default.
    #[must_use]
    pub const fn choice(name: &'static str, help: &'static str, words: &'static [&'static str]) -> Self {
        Param {
            name,
            help,
            kind: ParamKind::Choice(words),
        }
    }

    /// The parameter of every effect experiment: both conditions the same.
    #[must_use]
    pub const fn aa() -> Self {
        Param {
            name: "aa",
            help: msg!("Compare a condition with itself (A/A)"),
            kind: ParamKind::Flag,
        }
    }

    /// The value when nobody sets it.
    #[must_use]
    pub fn default(&self, mode: Mode) -> ParamValue {
        match self.kind {
            ParamKind::Integer { quick, full, .. } => {
                ParamValue::Integer(if mode == Mode::Quick { quick } else { full })
            }
            ParamKind::Flag => ParamValue::Flag(false),
            ParamKind::Choice(words) => ParamValue::Word(words.first().copied().unwrap_or_default().to_owned()),
        }
    }

    /// What is allowed, for a reader: `1 to 256`.
    #[must_use]
    pub fn bounds(&self) -> String {
        match self.kind {
            ParamKind::Integer { min, max, .. } => format!("{min} to {max}"),
            ParamKind::Flag => "true or false".to_owned(),
            ParamKind::Choice(words) => words.join(", "),
        }
    }

    fn parse(&self, value: &str) -> Option<ParamValue> {
        match self.kind {
            ParamKind::Integer { min, max, .. } => {
                let number = value.parse().ok().filter(|number| (min..=max).contains(number))?;
                Some(ParamValue::Integer(number))
            }
            ParamKind::Flag => value.parse().ok().map(ParamValue::Flag),
            ParamKind::Choice(words) => words.contains(&value).then(|| ParamValue::Word(value.to_owned())),
        }
    }
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ParamValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A word.
    Word(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParamValue::Flag(flag) => flag.fmt(f),
            ParamValue::Integer(number) => number.fmt(f),
            ParamValue::Word(word) => word.fmt(f),
        }
    }
}

/// Why a parameter was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The experiment has no such parameter.
    #[error("{}", self.text().english())]
    Unknown {
        /// The experiment.
        experiment: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The value is of the wrong kind or out of bounds.
    #[error("{}", self.text().english())]
    OutOfBounds {
        /// The experiment.
        experiment: &'static str,
        /// The parameter.
        name: &'static str,
        /// The value that was asked for.
        value: String,
        /// What is allowed.
        bounds: String,
    },
}

impl ParamError {
    /// What is wrong, for a reader.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            ParamError::Unknown {
                experiment,
                name,
                known,
            } => text!(
                "{experiment} has no parameter {name}; it has: {known}",
                experiment = experiment,
                name = format!("{name:?}"),
                known = known
            ),
            ParamError::OutOfBounds {
                experiment,
                name,
                value,
                bounds,
            } => text!(
                "{experiment}: {name}={value} is not allowed; allowed: {bounds}",
                experiment = experiment,
                name = name,
                value = value,
                bounds = bounds
            ),
        }
    }
}

/// The values of all parameters of one run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, ParamValue>);

impl Params {
    /// The defaults of `mode` with `set` in their place.
    ///
    /// # Errors
    ///
    /// A name that the experiment doesn't have, or a value out of its bounds.
    pub fn resolve(
        experiment: &'static str,
        params: &[Param],
        mode: Mode,
        set: &BTreeMap<String, String>,
    ) -> Result<Params, ParamError> {
        if let Some(name) = set
            .keys()
            .find(|name| !params.iter().any(|param| param.name == name.as_str()))
        {
            let known = params.iter().map(|param| param.name).collect::<Vec<_>>().join(", ");
            return Err(ParamError::Unknown {
                experiment,
                name: name.clone(),
                known,
            });
        }
        let value_of = |param: &Param| match set.get(param.name) {
            None => Ok(param.default(mode)),
            Some(value) => param.parse(value.trim()).ok_or_else(|| ParamError::OutOfBounds {
                experiment,
                name: param.name,
                value: value.clone(),
                bounds: param.bounds(),
            }),
        };
        params
            .iter()
            .map(|param| Ok((param.name.to_owned(), value_of(param)?)))
            .collect::<Result<_, _>>()
            .map(Params)
    }

    /// A whole number; 0 when there is no such parameter (a record made elsewhere may lack it).
    #[must_use]
    pub fn integer(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(ParamValue::Integer(number)) => *number,
            _ => 0,
        }
    }

    /// A whole number as a count; 0 when it is negative or absent.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        usize::try_from(self.integer(name)).unwrap_or(0)
    }

    /// Yes or no; no when there is no such parameter.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&ParamValue::Flag(true))
    }

    /// A word; empty when there is no such parameter.
    #[must_use]
    pub fn word(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(ParamValue::Word(word)) => word,
            _ => "",
        }
    }
}

/// The help of a parameter, ready to be translated.
impl From<&Param> for Text {
    fn from(param: &Param) -> Self {
        Text::new(param.help)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: &[Param] = &[
        Param::integer("tasks", "Tasks", (2, 16), 2, 4),
        Param::choice("scheduler", "Scheduler", &["auto", "fifo"]),
        Param::aa(),
    ];

    #[track_caller]
    fn check(set: &[(&str, &str)], expect: Result<(&str, &str), &str>) {
        let set = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        match (Params::resolve("ring", PARAMS, Mode::Quick, &set), expect) {
            (Ok(params), Ok((name, value))) => assert_eq!(params.0[name].to_string(), value),
            (Err(error), Err(words)) => assert_eq!(error.to_string(), words),
            (got, want) => panic!("{got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn defaults_and_bounds() {
        check(&[], Ok(("tasks", "2")));
        check(&[("tasks", "16")], Ok(("tasks", "16")));
        check(&[("aa", "true")], Ok(("aa", "true")));
        check(
            &[("tasks", "17")],
            Err("ring: tasks=17 is not allowed; allowed: 2 to 16"),
        );
        check(
            &[("tasks", "two")],
            Err("ring: tasks=two is not allowed; allowed: 2 to 16"),
        );
        check(
            &[("scheduler", "idle")],
            Err("ring: scheduler=idle is not allowed; allowed: auto, fifo"),
        );
        check(
            &[("task", "3")],
            Err("ring has no parameter \"task\"; it has: tasks, scheduler, aa"),
        );
    }
}
