//! What is wrong with an answer, in words that help.

use std::fmt;

/// How many of the last events a fault shows.
const EVENTS: usize = 14;

/// A promise that an answer broke: what was expected, what was seen, on which way, and where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The promise, in a few words: `mutual exclusion`.
    pub rule: &'static str,
    /// What a right answer does.
    pub expected: String,
    /// What this one did.
    pub seen: String,
    /// Where to look.
    pub hint: Box<str>,
    /// What happened until then, oldest first; empty where one call shows the fault.
    pub events: Vec<String>,
    /// The seed that finds the same fault again, for [`replay`](super::replay).
    pub seed: Option<u32>,
    /// Which of the seed's schedules or cases it was, from 1.
    pub case: u32,
}

impl Fault {
    pub(super) fn new(rule: &'static str, expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Fault {
            rule,
            expected: expected.into(),
            seen: seen.into(),
            hint: Box::default(),
            events: Vec::new(),
            seed: None,
            case: 0,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Where a case from a seed showed it.
    pub(super) fn found(mut self, seed: u32, case: u32) -> Self {
        self.seed = Some(seed);
        self.case = case;
        self
    }

    pub(super) fn after(mut self, mut events: Vec<String>) -> Self {
        let skipped = events.len().saturating_sub(EVENTS);
        events.drain(..skipped);
        self.events = events;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.rule)?;
        writeln!(f, "  expected: {}", self.expected)?;
        write!(f, "  seen:     {}", self.seen)?;
        for (index, event) in self.events.iter().enumerate() {
            let title = if index == 0 { "\n  before:   " } else { "\n            " };
            write!(f, "{title}{event}")?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n  hint:     {}", self.hint)?;
        }
        if let Some(seed) = self.seed {
            write!(f, "\n  again:    check::replay({seed}, || ...), case {}", self.case)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_how_and_where_to_look() {
        let fault = Fault::new("mutual exclusion", "one thread inside", "two")
            .hint("look at `lock`")
            .after((0..20).map(|step| format!("step {step}")).collect())
            .found(7, 3);
        let text = fault.to_string();
        assert_eq!(text.lines().next(), Some("mutual exclusion"));
        assert!(text.contains("\n  expected: one thread inside\n  seen:     two\n  before:   step 6\n"));
        assert!(text.ends_with("step 19\n  hint:     look at `lock`\n  again:    check::replay(7, || ...), case 3"));
    }
}
