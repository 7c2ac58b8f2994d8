//! A lab's way through a real `JupyterHub` on loopback.

use anyhow::Result;

use super::{Ending, Surroundings};
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
        let kernel = workspace::kernel()?;
        let mut test = command(python);
        test.arg("deploy/jupyterhub/test_hub.py")
            .env("WEFT_KERNEL", kernel)
            .env("WEFT_HUB_PROXY", proxy)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        if workspace::root().join("labs/nbgrader_config.py").is_file() {
            // Else the test makes a small lab of its own.
            test.env("WEFT_HUB_LAB", "05-context-switching");
        }
        around.hide_folders(&mut test);
        // What the first cell uses is built once, not in each run of the test.
        test.env("XDG_CACHE_HOME", workspace::kernel_cache());
        if let Some(source) = source {
            test.env("RUST_SRC_PATH", source);
        }
        run(&mut test)
    };
    course().into()
}
