//! The labs' notebooks, run whole by a Jupyter client under the kernel.

use anyhow::Result;

use super::{Ending, Surroundings, kernel};
use crate::workspace::{command, run};
use crate::{labs, prerequisites};

/// Each notebook with its solutions runs without an error; without them it fails in the test cells, and nowhere else.
pub(super) fn check(around: &Surroundings) -> Ending {
    let (python, source) = match prerequisites::python().and_then(|python| Ok((python, prerequisites::std_source()?))) {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let check = || -> Result<()> {
        let folder = tempfile::tempdir()?;
        let [solved, released] = ["solved", "released"].map(|name| folder.path().join(name));
        labs::write_notebooks(&labs::all()?, "en", false, &solved)?;
        labs::write_notebooks(&labs::all()?, "en", true, &released)?;
        let mut tests = command(python);
        tests.arg("labs/tests/notebooks.py").args([solved, released]);
        run(kernel::surround(&mut tests, around, source)?)
    };
    check().into()
}
