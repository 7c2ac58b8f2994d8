//! Grading, through the real nbgrader and the real kernel.

use super::{Ending, Surroundings};
use crate::prerequisites;
use crate::workspace::{self, command, run};

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
            .args(["--start-directory", "labs/tests"])
            .env("WEFT_KERNEL", workspace::kernel()?)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        around.hide_folders(&mut tests);
        // What the first cell uses is built once, not in each run of the tests.
        tests.env("XDG_CACHE_HOME", workspace::kernel_cache());
        if let Some(source) = source {
            tests.env("RUST_SRC_PATH", source);
        }
        run(&mut tests)
    };
    grade().into()
}
