//! `weft-kernel install` and `uninstall`.

use anyhow::Context as _;

use crate::args::{Install, Uninstall};
use crate::failure::Status;
use crate::kernelspec;
use crate::output::print;

/// Tells Jupyter of this kernel.
pub(crate) fn install(args: &Install) -> anyhow::Result<Status> {
    let program = std::env::current_exe().context("cannot find out where this program stands")?;
    let kernels = kernelspec::kernels_folder(&args.place)?;
    let folder = kernelspec::write(&kernels, &args.name, &program, &args.limits)?;
    print(&format!(
        "The kernel {} is in {}.\nIn JupyterLab or VS Code choose \"Rust (Weft)\"; in a terminal: jupyter console --kernel {}\n",
        args.name,
        folder.display(),
        args.name
    ))?;
    Ok(Status::Done)
}

/// Takes it away again.
pub(crate) fn uninstall(args: &Uninstall) -> anyhow::Result<Status> {
    let kernels = kernelspec::kernels_folder(&args.place)?;
    let folder = kernelspec::remove(&kernels, &args.name)?;
    print(&format!("{} is gone.\n", folder.display()))?;
    Ok(Status::Done)
}
