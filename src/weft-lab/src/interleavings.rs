//! All orders in which two threads can each read a counter and write it back, with what each leaves in it.
//!
//! The book shows this list, and `tests/loom.rs` confirms it: a model checker finds the same orders and results.

/// One of the two threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thread {
    /// The first.
    A,
    /// The second.
    B,
}

/// A step that the other thread can see or that sees the other: the addition between them touches a register alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The thread reads the counter into its register.
    Read(Thread),
    /// The thread writes its register plus one into the counter.
    Write(Thread),
}

impl Step {
    /// As a line of a program: `a = x`, `x = a + 1`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Step::Read(Thread::A) => "a = x",
            Step::Write(Thread::A) => "x = a + 1",
            Step::Read(Thread::B) => "b = x",
            Step::Write(Thread::B) => "x = b + 1",
        }
    }
}

/// One order of the four steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interleaving {
    /// The steps, first to last.
    pub steps: Vec<Step>,
}

impl Interleaving {
    /// All six: each thread reads before it writes.
    #[must_use]
    pub fn all() -> Vec<Interleaving> {
        let mut found = Vec::new();
        extend(&mut Vec::new(), [0, 0], &mut found);
        found
    }

    /// What the counter holds at the end, if it held `start`.
    #[must_use]
    pub fn result(&self, start: u64) -> u64 {
        let (mut counter, mut registers) = (start, [0; 2]);
        for step in &self.steps {
            match *step {
                Step::Read(thread) => registers[thread as usize] = counter,
                Step::Write(thread) => counter = registers[thread as usize] + 1,
            }
        }
        counter
    }

    /// Does this order differ from `steps` at most in which of two neighbouring reads comes first? No thread can tell
    /// such orders apart, and a model checker may run one of them for both.
    #[must_use]
    pub fn is_alike(&self, steps: &[Step]) -> bool {
        sorted_reads(&self.steps) == sorted_reads(steps)
    }

    /// The list as the book has it, in Markdown, from a counter that holds `start`.
    #[must_use]
    pub fn table(start: u64) -> String {
        Interleaving::all()
            .iter()
            .enumerate()
            .map(|(index, interleaving)| {
                let steps: Vec<String> = interleaving
                    .steps
                    .iter()
                    .map(|step| format!("`{}`", step.code()))
                    .collect();
                format!(
                    "| {} | {} | {} |\n",
                    index + 1,
                    steps.join(" | "),
                    interleaving.result(start)
                )
            })
            .collect()
    }
}

/// Each thread has two steps, of which it has done `done`.
fn extend(so_far: &mut Vec<Step>, done: [usize; 2], found: &mut Vec<Interleaving>) {
    if so_far.len() == 4 {
        found.push(Interleaving { steps: so_far.clone() });
        return;
    }
    for thread in [Thread::A, Thread::B] {
        let mut done = done;
        let step = match done[thread as usize] {
            0 => Step::Read(thread),
            1 => Step::Write(thread),
            _ => continue,
        };
        done[thread as usize] += 1;
        so_far.push(step);
        extend(so_far, done, found);
        so_far.pop();
    }
}

fn sorted_reads(steps: &[Step]) -> Vec<Step> {
    let mut steps = steps.to_vec();
    for run in steps.chunk_by_mut(|a, b| matches!((a, b), (Step::Read(_), Step::Read(_)))) {
        run.sort_unstable();
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_six_orders_four_lose_an_increment() {
        let results: Vec<u64> = Interleaving::all()
            .iter()
            .map(|interleaving| interleaving.result(5))
            .collect();
        assert_eq!(results, [7, 6, 6, 6, 6, 7]);
    }

    #[test]
    fn the_book_has_this_list() {
        let chapter = include_str!("../../../book/06-synchronisation.md");
        assert!(chapter.contains(&Interleaving::table(5)), "{}", Interleaving::table(5));
    }
}
