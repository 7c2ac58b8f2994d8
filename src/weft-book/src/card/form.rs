//! The forms of a card: the reader's prediction, and what a run may be given.

use weft_lab::claim;
use weft_lab::msg;
use weft_lab::params::{Mode, Param, ParamKind};
use weft_lab::text;

use super::Question;
use crate::edition::Edition;

/// One answer to a card's question.
pub(super) struct Answer {
    /// What the scripts know it by.
    pub(super) direction: &'static str,
    pub(super) words: String,
}

pub(super) fn question(question: claim::Question, edition: &Edition) -> Question {
    let answer = |(direction, words): (&'static str, &str)| Answer {
        direction,
        words: edition.word(words),
    };
    let (words, answers, takes_times) = match question {
        claim::Question::Ratio(words) => {
            let answers = [
                ("more", msg!("More")),
                ("same", msg!("About the same")),
                ("less", msg!("Less")),
            ];
            (words, answers.map(answer).into(), true)
        }
        claim::Question::Holds(words) => {
            let answers = [("holds", msg!("The claim holds")), ("fails", msg!("The claim fails"))];
            (words, answers.map(answer).into(), false)
        }
    };
    Question {
        words: edition.word(words),
        answers,
        takes_times,
    }
}

/// One parameter as a field of the form.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) help: String,
    /// What is allowed and what is usual; empty for yes or no.
    pub(super) bounds: String,
    /// The value in quick mode, which is what the form starts with.
    pub(super) default: String,
    pub(super) input: Input,
}

pub(super) enum Input {
    Integer { min: i64, max: i64 },
    Flag,
    Choice(&'static [&'static str]),
}

impl Field {
    pub(super) fn of(param: &Param, edition: &Edition) -> Field {
        let (input, bounds) = match param.kind {
            ParamKind::Integer { min, max, quick, full } => {
                let bounds = if quick == full {
                    text!("{min} to {max}", min = min, max = max)
                } else {
                    text!(
                        "{min} to {max}; full: {full}, unless you change it",
                        min = min,
                        max = max,
                        full = full
                    )
                };
                (Input::Integer { min, max }, edition.say(&bounds))
            }
            ParamKind::Flag => (Input::Flag, String::new()),
            ParamKind::Choice(words) => (Input::Choice(words), String::new()),
        };
        Field {
            name: param.name,
            help: edition.word(param.help),
            bounds,
            default: param.default(Mode::Quick).to_string(),
            input,
        }
    }
}
