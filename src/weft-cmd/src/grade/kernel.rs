//! The kernel that runs students' cells: installed for one run of grading, with its limits.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::args::Grade;
use crate::assign::Folder;
use crate::failure::Failure;
use crate::nbgrader::output;

/// The kernel's program.
const PROGRAM: &str = "weft-kernel";
const HINT: &str =
    "cargo install --path src/weft-kernel --profile kernel --locked; or let WEFT_KERNEL_PROGRAM name it.";

/// Installs it below `place`, and gives what `JUPYTER_PATH` must name.
pub(super) fn install(args: &Grade, root: &Path, place: &Folder) -> Result<PathBuf, Failure> {
    let program = find(root)?;
    let mut install = Command::new(&program);
    install
        .args(["install", "--name", "weft", "--prefix"])
        .arg(place.path())
        .args(["--cell-timeout", &args.cell_timeout.to_string()])
        .args(["--memory-limit", &args.memory_limit]);
    if !args.no_sandbox {
        check_sandbox(&program)?;
        let homes = place.path().join("homes");
        std::fs::create_dir_all(&homes)
            .map_err(|error| Failure::outside(format!("cannot make {}: {error}", homes.display()), ""))?;
        install.arg("--no-network").arg("--sandbox").arg(homes);
    }
    output(&mut install, "`weft-kernel doctor` says what is missing.")?;
    Ok(place.path().join("share/jupyter"))
}

fn find(root: &Path) -> Result<PathBuf, Failure> {
    let named = std::env::var_os("WEFT_KERNEL_PROGRAM").map(PathBuf::from);
    let beside = std::env::current_exe().ok().map(|weft| weft.with_file_name(PROGRAM));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(PROGRAM));
    let built = root.join("target/kernel").join(PROGRAM);
    let mut places = named.into_iter().chain(beside).chain(on_path).chain([built]);
    places
        .find(|program| program.is_file())
        .ok_or_else(|| Failure::outside("there is no weft-kernel here, which runs the notebooks' cells", HINT))
}

/// Refuses to grade where students' code could not be held in.
fn check_sandbox(program: &Path) -> Result<(), Failure> {
    let said = output(Command::new(program).args(["doctor", "--json"]), HINT)?;
    let doctor: Value = serde_json::from_str(&said).unwrap_or_default();
    let missing = |id: &str| {
        let findings = doctor["findings"].as_array().into_iter().flatten();
        let finding = findings.into_iter().find(|finding| finding["id"] == id);
        match finding {
            Some(finding) if finding["here"] == true => None,
            Some(finding) => finding["detail"].as_str().map(str::to_owned),
            None => Some(format!("this {PROGRAM} is too old for it")),
        }
    };
    match missing("sandbox").or_else(|| missing("no-network")) {
        None => Ok(()),
        Some(why) => Err(Failure::outside(
            format!("students' code cannot be held in a sandbox here: {why}"),
            "Grade on another machine; or, only with code that you know, add --no-sandbox.",
        )),
    }
}
