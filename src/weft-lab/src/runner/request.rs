//! What a reader asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::Experiment;
use crate::experiments::{self, EXPERIMENTS};
use crate::page_lab::PageLab;
use crate::params::{Mode, ParamError, Params};
use crate::text::Text;

/// Which experiment to run, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The experiment's id.
    pub experiment: String,
    /// How long it may take.
    #[serde(default)]
    pub mode: Mode,
    /// What all random choices start from; drawn at random where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Parameters that are not the defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is no such experiment.
    #[error("{}", self.text().english())]
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is.
        known: String,
    },
    /// It is a lab in the page, which no worker can run.
    #[error("{}", self.text().english())]
    InPage {
        /// What was asked for.
        id: &'static str,
    },
    /// A parameter is wrong.
    #[error(transparent)]
    Param(#[from] ParamError),
}

impl RequestError {
    /// What is wrong, for a reader.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            RequestError::Unknown { id, known } => text!(
                "there is no experiment {id}; there are: {known}",
                id = format!("{id:?}"),
                known = known
            ),
            RequestError::InPage { id } => text!("{id} runs in the page and not in a terminal", id = id),
            RequestError::Param(error) => error.text(),
        }
    }

    /// What the reader can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            RequestError::InPage { .. } => {
                msg!("Open the book with `weft serve` and run it on its card.")
            }
            _ => msg!("`weft list` shows the experiments with their parameters and bounds."),
        }
    }
}

impl Request {
    /// A quick run with the defaults.
    pub fn quick(experiment: impl Into<String>) -> Self {
        Request {
            experiment: experiment.into(),
            ..Request::default()
        }
    }

    /// The experiment and all its parameters.
    ///
    /// # Errors
    ///
    /// An unknown experiment or parameter, or a value out of bounds.
    pub fn resolve(&self) -> Result<(&'static dyn Experiment, Params), RequestError> {
        let experiment = experiments::find(&self.experiment).ok_or_else(|| self.unknown())?;
        let about = experiment.about();
        let params = Params::resolve(about.id, about.params, self.mode, &self.set)?;
        Ok((experiment, params))
    }

    /// As [`Request::resolve`], and the experiment is one of the registry: for who may not ask for a drill.
    ///
    /// # Errors
    ///
    /// As [`Request::resolve`].
    pub fn resolve_listed(&self) -> Result<(&'static dyn Experiment, Params), RequestError> {
        let is_listed = |experiment: &&dyn Experiment| experiment.about().id == self.experiment;
        if EXPERIMENTS.iter().any(is_listed) {
            self.resolve()
        } else {
            Err(self.unknown())
        }
    }

    fn unknown(&self) -> RequestError {
        if let Some(lab) = PageLab::find(&self.experiment) {
            return RequestError::InPage { id: lab.id };
        }
        let known: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.about().id).collect();
        RequestError::Unknown {
            id: self.experiment.clone(),
            known: known.join(", "),
        }
    }
}
