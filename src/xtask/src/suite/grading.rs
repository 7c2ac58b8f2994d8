//! Grading, through the real nbgrader and the real kernel.

use super::{Ending, Surroundings, kernel};
use crate::prerequisites;
use crate::workspace::{command, run};

/// Release, hand in, grade, feedback, grades.
pub(super) fn check(around: &Surroundings) -> Ending {
    let (python, source) = match prerequisites::nbgrader().and_then(|python| Ok((python, prerequisites::std_source()?)))
    {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let grade = || {
        let mut tests = command(python);
        tests
            .args(["-m", "unittest", "discover", "--verbose", "--pattern", "grading.py"])
            .args(["--start-directory", "labs/tests"]);
        run(kernel::surround(&mut tests, around, source)?)
    };
    grade().into()
}
