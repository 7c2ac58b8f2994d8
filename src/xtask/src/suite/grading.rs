//! Grading, through the real nbgrader and the real kernel.

use super::steps::OURS;
use super::{Ending, Surroundings, kernel};
use crate::prerequisites;
use crate::workspace::{self, cargo, command, run};

/// Release, hand in, grade, feedback, grades.
pub(super) fn check(around: &Surroundings) -> Ending {
    let (python, source) = match prerequisites::nbgrader().and_then(|python| Ok((python, prerequisites::std_source()?)))
    {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let grade = || {
        run(cargo()
            .args(["build", "--quiet", "--locked", "--bin", "weft"])
            .args(OURS))?;
        let mut tests = command(python);
        tests
            .env("WEFT", workspace::target().join("debug/weft"))
            .args(["-m", "unittest", "discover", "--verbose", "--pattern", "grading.py"])
            .args(["--start-directory", "labs/tests"]);
        run(kernel::surround(&mut tests, around, source)?)
    };
    grade().into()
}
