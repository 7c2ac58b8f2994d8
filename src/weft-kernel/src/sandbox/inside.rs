//! Giving up all that a kernel does not need.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, geteuid, setgroups, setresgid, setresuid};
use serde_json::Value;

use super::{SPARE_TASKS, TASKS, covers, refuse};
use crate::args::Run;
use crate::failure::Status;
use crate::output::print;

/// What is asked for; an older system gives what it has.
const WANTED: ABI = ABI::V6;
/// One file's size; a compiled cell with all its debug information is a tenth of it.
const FILE: u64 = 512 << 20;
const OPEN_FILES: u64 = 1024;
/// The system, to read and to run.
const SYSTEM: [&str; 11] = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/nix", "/sys",
];
const DEVICES: [&str; 6] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
];
/// The parts of cargo's folder without keys to registries.
const OF_CARGO: [&str; 6] = ["bin", "registry", "git", "env", "config.toml", "config"];

/// The kernel's environment: no key, no address of the user's, all that is written in its home.
pub(super) fn environment(kernel: &mut Command, home: &Path) {
    kernel.env_clear();
    for name in [
        "LANG",
        "LC_ALL",
        "TZ",
        "RUSTUP_TOOLCHAIN",
        "LD_LIBRARY_PATH",
        "PATH",
        "RUST_SRC_PATH",
    ] {
        kernel.envs(own(name).map(|value| (name, value)));
    }
    for (name, folder) in [
        ("CARGO_HOME", ".cargo"),
        ("RUSTUP_HOME", ".rustup"),
        ("XDG_CACHE_HOME", ".cache"),
    ] {
        kernel.envs(place(name, folder).map(|path| (name, path)));
    }
    kernel
        .env("HOME", home)
        .env("TMPDIR", home.join("tmp"))
        .env("XDG_DATA_HOME", home.join("data"))
        .env("WEFT_KERNEL_SESSIONS", home.join("sessions"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("RUSTUP_AUTO_INSTALL", "0");
}

/// The reader's own value: a process of this program has others for the session that it may begin.
fn own(name: &str) -> Option<OsString> {
    let is_changed =
        std::env::var_os("WEFT_TOOLS").is_some() && ["PATH", "CARGO_HOME", "RUST_SRC_PATH"].contains(&name);
    if is_changed {
        std::env::var_os(format!("WEFT_OWN_{name}"))
    } else {
        std::env::var_os(name)
    }
}

/// A folder that the environment names, or its usual place below the home folder.
fn place(name: &str, usual: &str) -> Option<PathBuf> {
    let named = |name: &str| own(name).map(PathBuf::from).filter(|path| path.is_absolute());
    named(name).or_else(|| named("HOME").map(|home| home.join(usual)))
}

/// All that is read beside the system.
fn needed() -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = vec![std::env::current_exe()?];
    paths.extend(place("RUSTUP_HOME", ".rustup"));
    if let Some(cargo) = place("CARGO_HOME", ".cargo") {
        paths.extend(OF_CARGO.map(|part| cargo.join(part)));
    }
    paths.extend(weft_kernel::template::default_folder());
    paths.extend(own("RUST_SRC_PATH").map(PathBuf::from));
    // Which need not stand in cargo's folder; a link is opened as what it names.
    let folders = own("PATH").unwrap_or_default();
    for name in ["rustc", "cargo"] {
        paths.extend(std::env::split_paths(&folders).find_map(|folder| fs::canonicalize(folder.join(name)).ok()));
    }
    let mut rustc = Command::new("rustc");
    let path = own("PATH").map(|path| ("PATH", path));
    let sysroot = rustc.args(["--print", "sysroot"]).envs(path).output();
    paths.extend(
        sysroot
            .ok()
            .map(|said| PathBuf::from(String::from_utf8_lossy(&said.stdout).trim())),
    );
    paths.retain(|path| path.is_absolute() && path.exists());
    paths.sort();
    // What is below another is opened with it.
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !kept.iter().any(|above| path.starts_with(above)) {
            kept.push(path);
        }
    }
    Ok(kept)
}

/// Gives up what is not needed, then becomes the kernel. The process has one thread.
pub(crate) fn become_kernel(args: &Run, home: &Path) -> anyhow::Result<Status> {
    let needed = needed()?;
    let ports = ports(&args.file)?;
    // Cells of another submission that multiply must not take this one's share.
    let apart = geteuid().is_root() || weft_kernel::sys::count_tasks_apart().is_ok();
    let counted = if apart { 0 } else { own_tasks() };
    for (resource, limit) in [
        (Resource::RLIMIT_FSIZE, FILE),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, OPEN_FILES),
        (Resource::RLIMIT_NPROC, counted + (TASKS + SPARE_TASKS) as u64),
    ] {
        setrlimit(resource, limit, limit).with_context(|| format!("cannot limit {resource:?}"))?;
    }
    if geteuid().is_root() {
        covers::open_ways(&needed, home).map_err(|error| {
            refuse(format!(
                "root's toolchain cannot be shown to another user here: {error}"
            ))
        })?;
        become_user(home).map_err(|error| refuse(format!("cannot become another user: {error}")))?;
    }
    restrict(&needed, &ports, home)?;
    let mut kernel = Command::new(std::env::current_exe()?);
    environment(&mut kernel, home);
    let error = kernel.arg("run").args(args.limits.words()).arg(&args.file).exec();
    Err(error).context("cannot become the kernel")
}

/// Tasks of this user that are there already, which its limit counts too.
fn own_tasks() -> u64 {
    let own = geteuid().as_raw();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let of_own = processes.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == own));
    let threads = of_own.map(|entry| fs::read_dir(entry.path().join("task")).map_or(0, |tasks| tasks.count() as u64));
    threads.sum()
}

/// The home belongs to the user that this process becomes.
fn become_user(home: &Path) -> nix::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let user = fs::metadata(home).map_or(65_534, |about| about.uid());
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(user));
    setgroups(&[])?;
    setresgid(group, group, group)?;
    setresuid(user, user, user)
}

/// The ports that Jupyter gave the kernel.
fn ports(file: &Path) -> anyhow::Result<Vec<u16>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let connection: Value = serde_json::from_str(&text)?;
    let names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
    let port = |name| connection[name].as_u64().and_then(|port| u16::try_from(port).ok());
    Ok(names.into_iter().filter_map(port).collect())
}

/// Landlock (`landlock(7)`): files, TCP, signals, for this process and all that it starts.
fn restrict(needed: &[PathBuf], ports: &[u16], home: &Path) -> anyhow::Result<()> {
    let read = AccessFs::from_read(WANTED);
    let all = AccessFs::from_all(WANTED);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(WANTED))?
        .scope(Scope::from_all(WANTED))?
        .create()?;
    for path in SYSTEM.iter().map(Path::new).chain(needed.iter().map(PathBuf::as_path)) {
        rules = allow(rules, path, read)?;
    }
    // Whoever opens a file to write it whole asks to cut it off, too.
    let write = read | AccessFs::WriteFile | AccessFs::Truncate;
    // A user namespace, by which cells leave the network, is set up by writing there; other processes stay closed.
    rules = allow(rules, Path::new("/proc"), write)?;
    for path in DEVICES {
        rules = allow(rules, Path::new(path), write)?;
    }
    rules = allow(rules, home, all)?;
    for &port in ports {
        rules = rules.add_rule(NetPort::new(port, AccessNet::BindTcp))?;
    }
    let status = rules.restrict_self()?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(refuse("this system has no Landlock, which keeps files apart"));
    }
    Ok(())
}

/// What is not there needs no rule.
fn allow(rules: RulesetCreated, path: &Path, access: landlock::BitFlags<AccessFs>) -> anyhow::Result<RulesetCreated> {
    let Ok(place) = PathFd::new(path) else {
        return Ok(rules);
    };
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(WANTED)
    };
    Ok(rules.add_rule(PathBeneath::new(place, access))?)
}

/// Tries it all in this process, which then ends, and says how far the system goes.
pub(crate) fn support() -> anyhow::Result<Status> {
    let home = std::env::temp_dir();
    if geteuid().is_root() {
        let needed = needed()?;
        let stage = tempfile::tempdir()?;
        fs::create_dir(stage.path().join("tmp"))?;
        covers::open_ways(&needed, stage.path()).context("root's toolchain cannot be shown to another user")?;
    }
    restrict(&[], &[], &home)?;
    print("files, TCP and signals as far as this system's Landlock goes; processes, sizes of files\n")?;
    Ok(Status::Done)
}
