//! What tells Jupyter of this kernel: a folder with `kernel.json` and the logos.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::args::{Limits, Place};
use crate::failure::Failure;
use crate::place;

/// Our own drawing, in the sizes and by the names that Jupyter knows.
const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-32x32.png", include_bytes!("../logos/logo-32x32.png")),
    ("logo-64x64.png", include_bytes!("../logos/logo-64x64.png")),
    ("logo-svg.svg", include_bytes!("../logos/logo-svg.svg")),
];

const SPEC: &str = "kernel.json";

/// A kernel that Jupyter is told of.
#[derive(Debug, PartialEq)]
pub(crate) struct Installed {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) program: PathBuf,
}

/// The folder in which Jupyter looks for kernels.
pub(crate) fn kernels_folder(place: &Place) -> anyhow::Result<PathBuf> {
    let data = if let Some(prefix) = &place.prefix {
        // Jupyter is told of it from elsewhere.
        std::path::absolute(prefix)?.join("share/jupyter")
    } else if place.sys_prefix {
        let prefix = place::python_prefix().ok_or_else(|| {
            Failure::outside(
                "there is no active Python environment, and no python3 to ask for its prefix",
                "Activate the environment that has Jupyter, or name its folder: --prefix DIR.",
            )
        })?;
        prefix.join("share/jupyter")
    } else {
        place::jupyter_data_folder().ok_or_else(|| {
            Failure::outside(
                "there is no folder for your kernels: neither XDG_DATA_HOME nor HOME is set to a whole path",
                "Set HOME, or name a folder: --prefix DIR.",
            )
        })?
    };
    Ok(data.join("kernels"))
}

/// Writes the kernel's folder, whole or not at all, and gives it.
pub(crate) fn write(
    kernels: &Path,
    name: &str,
    program: &Path,
    limits: &Limits,
    sandbox: Option<&Path>,
) -> anyhow::Result<PathBuf> {
    let folder = kernels.join(name);
    if folder.exists() && read(&folder).is_none() {
        let what = format!("{} belongs to another kernel", folder.display());
        return Err(Failure::wrong_use(what, "Choose another name: --name N.").into());
    }
    let replace = || -> io::Result<()> {
        fs::create_dir_all(kernels)?;
        let part = tempfile::Builder::new().prefix(".weft").tempdir_in(kernels)?;
        let fresh = part.path().join(name);
        fs::create_dir(&fresh)?;
        fs::write(
            fresh.join(SPEC),
            format!("{:#}\n", spec(name, program, limits, sandbox)),
        )?;
        for (logo, bytes) in LOGOS {
            fs::write(fresh.join(logo), bytes)?;
        }
        if folder.exists() {
            fs::rename(&folder, part.path().join("old"))?;
        }
        fs::rename(&fresh, &folder)
    };
    replace().map_err(|error| {
        Failure::outside(
            format!("cannot write {}: {error}", folder.display()),
            "Name a folder that you may write to: --prefix DIR.",
        )
    })?;
    Ok(folder)
}

/// Takes a kernel of this program away, and gives the folder that is gone.
pub(crate) fn remove(kernels: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let folder = kernels.join(name);
    if read(&folder).is_none() {
        let what = if folder.exists() {
            format!("{} belongs to another kernel", folder.display())
        } else {
            format!("there is no kernel {name:?} in {}", kernels.display())
        };
        let ours: Vec<String> = installed(kernels).into_iter().map(|ours| ours.name).collect();
        let hint = if ours.is_empty() {
            "None of weft-kernel is there. Where it was installed, --user, --sys-prefix or --prefix DIR says."
                .to_owned()
        } else {
            format!("Of weft-kernel there are: {}.", ours.join(", "))
        };
        return Err(Failure::wrong_use(what, hint).into());
    }
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    Ok(folder)
}

/// The kernels in this folder that are of this program, wherever it stands.
pub(crate) fn installed(kernels: &Path) -> Vec<Installed> {
    let entries = fs::read_dir(kernels).into_iter().flatten().flatten();
    let mut found: Vec<Installed> = entries.filter_map(|entry| read(&entry.path())).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// The kernel of this folder, if it is one of this program.
fn read(folder: &Path) -> Option<Installed> {
    let text = fs::read_to_string(folder.join(SPEC)).ok()?;
    let spec: Value = serde_json::from_str(&text).ok()?;
    let program = PathBuf::from(spec["argv"][0].as_str()?);
    let is_ours = spec["metadata"]["weft"].is_string();
    is_ours.then(|| Installed {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        folder: folder.to_owned(),
        program,
    })
}

fn spec(name: &str, program: &Path, limits: &Limits, sandbox: Option<&Path>) -> Value {
    let mut argv = vec![program.display().to_string(), "run".to_owned()];
    argv.extend(limits.words());
    if let Some(homes) = sandbox {
        argv.extend(["--sandbox".to_owned(), homes.display().to_string()]);
    }
    argv.push("{connection_file}".to_owned());
    let display_name = if name == "weft" {
        "Rust (Weft)".to_owned()
    } else {
        format!("Rust (Weft, {name})")
    };
    json!({
        "argv": argv,
        "display_name": display_name,
        "language": "rust",
        "interrupt_mode": "message",
        "metadata": {"debugger": false, "weft": env!("CARGO_PKG_VERSION")},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_kernel_is_written_replaced_and_removed() {
        let scratch = tempfile::tempdir().unwrap();
        let kernels = scratch.path().join("share/jupyter/kernels");
        let program = Path::new("/opt/weft-kernel");
        let limits = Limits {
            no_network: true,
            output_limit: 16 << 20,
            ..Limits::default()
        };
        let folder = write(&kernels, "weft", Path::new("/old"), &limits, None).unwrap();
        assert_eq!(write(&kernels, "weft", program, &limits, None).unwrap(), folder);
        assert_eq!(files(&kernels), ["weft"]);
        assert_eq!(
            files(&folder),
            ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]
        );
        let spec: Value = serde_json::from_str(&fs::read_to_string(folder.join(SPEC)).unwrap()).unwrap();
        assert_eq!(
            spec["argv"],
            json!(["/opt/weft-kernel", "run", "--no-network", "{connection_file}"])
        );
        assert_eq!(
            (&spec["language"], &spec["interrupt_mode"]),
            (&json!("rust"), &json!("message"))
        );
        assert_eq!(installed(&kernels)[0].program, program);
        assert_eq!(remove(&kernels, "weft").unwrap(), folder);
        assert!(files(&kernels).is_empty());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let other = scratch.path().join("rust");
        fs::create_dir(&other).unwrap();
        fs::write(other.join(SPEC), r#"{"argv": ["evcxr_jupyter"], "language": "rust"}"#).unwrap();
        let limits = Limits::default();
        let error = write(scratch.path(), "rust", Path::new("/k"), &limits, None)
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("belongs to another kernel"), "{error}");
        assert!(remove(scratch.path(), "rust").is_err());
        let error = remove(scratch.path(), "weft").unwrap_err().to_string();
        assert!(error.starts_with("there is no kernel \"weft\" in "), "{error}");
        assert!(other.join(SPEC).is_file());
    }
}
