//! A lab's way through a real `JupyterHub` on loopback.

use anyhow::Result;

use super::{Ending, Surroundings, kernel};
use crate::prerequisites;
use crate::workspace::{self, command, run};

/// The test in Python, with the kernel, the proxy and the packages of the hub.
pub(super) fn course(around: &Surroundings) -> Ending {
    let needed = || -> Result<_> {
        let proxy = prerequisites::hub_proxy()?;
        Ok((proxy, prerequisites::hub_python()?, prerequisites::std_source()?))
    };
    let (proxy, python, source) = match needed() {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let course = || {
        let mut test = command(python);
        test.arg("deploy/jupyterhub/test_hub.py").env("WEFT_HUB_PROXY", proxy);
        if workspace::root().join("labs/nbgrader_config.py").is_file() {
            // Else the test makes a small lab of its own.
            test.env("WEFT_HUB_LAB", "05-context-switching");
        }
        run(kernel::surround(&mut test, around, source)?)
    };
    course().into()
}
