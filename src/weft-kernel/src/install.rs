//! `weft-kernel install` and `uninstall`.

use anyhow::Context as _;
use weft_kernel::template;

use crate::args::{Install, Uninstall};
use crate::failure::{Failure, Status};
use crate::kernelspec;
use crate::output::{print, tell};

/// Tells Jupyter of this kernel.
pub(crate) fn install(args: &Install) -> anyhow::Result<Status> {
    // First what can fail, so that Jupyter is told of a kernel that works.
    prepare_template()?;
    let program = std::env::current_exe().context("cannot find out where this program stands")?;
    let kernels = kernelspec::kernels_folder(&args.place)?;
    let sandbox = args.sandbox.as_ref().map(std::path::absolute).transpose()?;
    let folder = kernelspec::write(&kernels, &args.name, &program, &args.limits, sandbox.as_deref())?;
    print(&format!(
        "The kernel {} is in {}.\nIn JupyterLab or VS Code choose \"Rust (Weft)\"; in a terminal: jupyter console --kernel {}\n",
        args.name,
        folder.display(),
        args.name
    ))?;
    Ok(Status::Done)
}

/// Builds what the first cell uses, and says so, since it takes a minute.
fn prepare_template() -> anyhow::Result<()> {
    let Some(templates) = template::default_folder() else {
        let what = "there is no folder for the prebuilt crates: neither XDG_CACHE_HOME nor HOME is set to a whole path";
        return Err(Failure::outside(what, "Set HOME to a folder that you may write to.").into());
    };
    if template::find(&templates)?.is_none() {
        tell("Building weft-lab and plotters for the first cell; this takes a minute or two, once for each compiler.");
    }
    template::prepare(&templates)?;
    Ok(())
}

/// Takes it away again.
pub(crate) fn uninstall(args: &Uninstall) -> anyhow::Result<Status> {
    let kernels = kernelspec::kernels_folder(&args.place)?;
    let folder = kernelspec::remove(&kernels, &args.name)?;
    print(&format!("{} is gone.\n", folder.display()))?;
    Ok(Status::Done)
}
