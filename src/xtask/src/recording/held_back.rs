//! A machine that is held back: the runs go on in a process that gives up what the profile forbids before it begins.
//!
//! What is given up can't be taken back, and the records are to be written with this program's own rights. So a child of it
//! measures, prints its records and ends. All that it starts inherits what holds it back.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use nix::unistd::{Gid, Uid};
use weft_lab::machine::Probe;
use weft_lab::machine::constraint::Constraint;
use weft_lab::machine::profile::Profile;
use weft_lab::{Record, Runner, sys};

use crate::workspace;

/// The user without rights that every Linux has, `nobody`.
const NOBODY: u32 = 65534;

/// Lets a child measure, and reads its records.
pub(super) fn records(arguments: &[String]) -> Result<Vec<Record>> {
    // The folder that it was built in may be closed to other users.
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).context("cannot open the folder to all")?;
    let weft = folder.path().join("weft");
    fs::copy(workspace::weft()?, &weft).context("cannot copy the program")?;
    let own = std::env::current_exe().context("cannot find this program's own file")?;
    let mut child = workspace::command(own);
    child
        .arg("record")
        .args(arguments)
        .arg("--held-back-with")
        .arg(&weft)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let output = child.output().context("cannot start the process that is held back")?;
    ensure!(
        output.status.success(),
        "the process that was held back failed ({}), so nothing was written",
        output.status
    );
    let lines = String::from_utf8(output.stdout).context("the records are no text")?;
    lines.lines().map(|line| Ok(Record::from_json(line)?)).collect()
}

/// What the child does: gives up its rights, makes sure of it, and measures with `weft`.
pub(super) fn work(weft: &Path, measure: impl FnOnce(&Runner) -> Result<()>) -> Result<ExitCode> {
    give_up()?;
    measure(&Runner::with_program(weft))?;
    Ok(ExitCode::SUCCESS)
}

fn give_up() -> Result<()> {
    let machine = Probe::default().machine(sys::allowed_cpus());
    sys::pin(machine.quiet_cpu()).context("cannot keep to one core")?;
    sys::forbid_huge_pages().context("cannot forbid huge pages")?;
    sys::forbid_real_time().context("cannot forbid a real-time scheduler")?;
    if Uid::effective().is_root() {
        let nobody = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
        nix::unistd::setgroups(&[]).context("cannot leave the groups")?;
        nix::unistd::setresgid(nobody.1, nobody.1, nobody.1).context("cannot change the group")?;
        nix::unistd::setresuid(nobody.0, nobody.0, nobody.0).context("cannot change the user")?;
    }
    // No program that it starts may give the rights back.
    nix::sys::prctl::set_no_new_privs().context("cannot forbid new rights")?;
    let found = Constraint::found(&Probe::default(), sys::allowed_cpus().len(), machine.logical_cpus);
    for wanted in Profile::OneCore.constraints() {
        ensure!(
            found.contains(wanted),
            "this machine can't be held back: {} is not so here",
            wanted.label().english()
        );
    }
    Ok(())
}
