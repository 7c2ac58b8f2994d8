//! How long a chapter takes: to read, to run its experiments, and to change something oneself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use weft_lab::text;
use weft_lab::text::Text;

/// So many words of such a text, with its figures, are read in a minute.
const WORDS_A_MINUTE: usize = 100;

/// A prediction and a look at the verdict take so many seconds for each card,
const SECONDS_A_CARD: u32 = 45;

/// and so many more whoever changes a parameter there.
const SECONDS_OF_OWN: u32 = 120;

/// What takes time in a chapter.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Effort {
    words: usize,
    cards: u32,
    /// The seconds of a quick and of a full run, of each experiment once.
    seconds: BTreeMap<&'static str, (u32, u32)>,
}

/// What takes time in each chapter, by its file.
pub(crate) type Efforts = BTreeMap<PathBuf, Effort>;

impl Effort {
    /// Of a chapter's English text. A directive is no word.
    pub(crate) fn of_text(text: &str) -> Effort {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("{{#"));
        Effort {
            words: lines.map(|line| line.split_whitespace().count()).sum(),
            ..Effort::default()
        }
    }

    /// The chapter has a card of this experiment or lab in the page, which takes these seconds, quick and full.
    pub(crate) fn add_card(&mut self, experiment: &'static str, seconds: (u32, u32)) {
        self.cards += 1;
        self.seconds.insert(experiment, seconds);
    }

    /// The estimate in words.
    pub(crate) fn text(&self) -> Text {
        let read = u32::try_from(nearest_five(self.words.div_ceil(WORDS_A_MINUTE))).unwrap_or(u32::MAX);
        if self.seconds.is_empty() {
            return text!("About {read} minutes.", read = read);
        }
        let quick: u32 = self.seconds.values().map(|(quick, _)| quick).sum();
        let full: u32 = self.seconds.values().map(|(_, full)| full).sum();
        let runs = (quick + self.cards * SECONDS_A_CARD).div_ceil(60);
        let own = (full + self.cards * SECONDS_OF_OWN).div_ceil(60);
        text!(
            "About {all} minutes: {read} to read, {runs} for a quick run of each of {count} experiments with a prediction before it, {own} for what you change yourself. The quick runs alone take {quick} s, the full ones {full} s.",
            all = read + runs + own,
            read = read,
            runs = runs,
            count = self.seconds.len(),
            own = own,
            quick = quick,
            full = full
        )
    }
}

fn nearest_five(minutes: usize) -> usize {
    ((minutes + 2) / 5 * 5).max(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft_lab::experiments;

    #[test]
    fn words_and_runs_become_minutes() {
        let mut effort = Effort::of_text(&format!("# One\n\n{{{{#notes thread}}}}\n\n{}", "word ".repeat(2_400)));
        assert_eq!(effort.text().english(), "About 25 minutes.");
        let about = experiments::find("creation-cost").unwrap().about();
        effort.add_card(about.id, about.seconds);
        effort.add_card(about.id, about.seconds);
        let (quick, full) = about.seconds;
        let said = effort.text().english();
        assert!(said.contains("a quick run of each of 1 experiments"), "{said}");
        assert!(
            said.ends_with(&format!("take {quick} s, the full ones {full} s.")),
            "{said}"
        );
    }

    #[test]
    fn nothing_takes_less_than_five_minutes() {
        assert_eq!(Effort::of_text("").text().english(), "About 5 minutes.");
        assert_eq!((nearest_five(7), nearest_five(8), nearest_five(51)), (5, 10, 50));
    }
}
