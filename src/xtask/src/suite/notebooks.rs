//! The labs' notebooks, run whole by a Jupyter client under the kernel.

use anyhow::Result;

use super::{Ending, Surroundings};
use crate::workspace::{self, command, run};
use crate::{labs, prerequisites};

/// Each notebook with its solutions runs without an error; without them it fails in the test cells, and nowhere else.
pub(super) fn check(around: &Surroundings) -> Ending {
    let (python, source) = match prerequisites::python().and_then(|python| Ok((python, prerequisites::std_source()?))) {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let check = || -> Result<()> {
        let kernel = workspace::kernel()?;
        let folder = tempfile::tempdir()?;
        let [solved, released] = ["solved", "released"].map(|name| folder.path().join(name));
        labs::write_notebooks(&labs::all()?, "en", false, &solved)?;
        labs::write_notebooks(&labs::all()?, "en", true, &released)?;
        let mut tests = command(python);
        tests
            .arg("labs/tests/notebooks.py")
            .args([solved, released])
            .env("WEFT_KERNEL", kernel)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        around.hide_folders(&mut tests);
        // What the first cell uses is built once, not in each run of the tests.
        tests.env("XDG_CACHE_HOME", workspace::kernel_cache());
        if let Some(source) = source {
            tests.env("RUST_SRC_PATH", source);
        }
        run(&mut tests)
    };
    check().into()
}
