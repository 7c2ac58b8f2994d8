//! Compiling a cell: from what is kept, by the compiler alone, or by cargo.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::answers::{self, Answer};
use super::{Setting, complain, lighter, manifest, own, real, value};

/// The variable by which evcxr says where it wants to read the place of what was built.
const RESULT_FILE: &str = "EVCXR_EXECUTION_SO_PATH";
/// Evcxr's crate.
const CRATE: &str = "ctx";
const LIBRARY: &str = "libctx.so";
const SOURCE: &str = "src/lib.rs";
/// Written beside evcxr's own source.
const QUICK: &str = "src/quick.rs";

/// Does what `cargo build` or `cargo check` would.
pub(super) fn run(setting: &Setting, words: &[&str]) -> i32 {
    let evcxrs = manifest::read(setting);
    let mut source = fs::read_to_string(setting.cells.join(SOURCE)).unwrap_or_default();
    if let Some(text) = lighter::checkable(&source)
        && fs::write(setting.cells.join(SOURCE), &text).is_ok()
    {
        source = text;
    }
    let mode = if words.contains(&"check") { "check" } else { "build" };
    let what = answers::key(setting, &(mode, &evcxrs, &source));
    if let Some(status) = copied(setting, &what) {
        return status;
    }
    let command = answers::key(setting, &(mode, &evcxrs));
    let tools = setting.cells.with_file_name("tools");
    let learnt = [
        setting.kept("commands", &command),
        tools.join("commands").join(&command),
    ];
    // The template's own build is cargo's, so that all is built, and what it says is learnt.
    let known = learnt.iter().filter(|_| !setting.records);
    if let Some(arguments) = known.into_iter().find_map(|file| load_command(setting, file)) {
        return quickly(setting, &arguments, &source)
            .unwrap_or_else(|| compile(setting, &arguments))
            .give();
    }
    let _guard = manifest::complete(setting, &evcxrs);
    // Said as it comes: the crates that a `:dep` brings are compiled here.
    let Some(answer) = by_cargo(setting, words) else {
        complain("cannot start cargo");
        return 127;
    };
    if let Some(arguments) = command_in(answer.stderr()) {
        let file = if setting.records { &learnt[0] } else { &learnt[1] };
        store_command(setting, file, &arguments);
        if answer.is_good() && mode == "build" {
            report(&arguments);
        }
        if setting.records {
            keep(setting, &what, &arguments, &answer);
        }
    }
    answer.give()
}

/// Runs cargo; what it says of crates that it compiles is passed on at once.
fn by_cargo(setting: &Setting, words: &[&str]) -> Option<Answer> {
    let mut command = real(setting, "cargo", words);
    command.arg("-v").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut cargo = command.spawn().ok()?;
    let (stdout, stderr) = (cargo.stdout.take()?, cargo.stderr.take()?);
    let messages = std::thread::spawn(move || std::io::read_to_string(stdout));
    let mut said = String::new();
    for line in BufReader::new(stderr).lines() {
        let line = line.ok()?;
        if line.trim_start().starts_with("Compiling ") {
            complain(&line);
        } else {
            said += &line;
            said.push('\n');
        }
    }
    let status = cargo.wait().ok()?;
    let stdout = messages.join().ok()?.ok()?;
    Some(Answer::new(status.code().unwrap_or(101), stdout, said))
}

/// The arguments with which cargo started the compiler for the cell, from what `cargo -v` says.
fn command_in(said: &str) -> Option<Vec<String>> {
    let shown = said
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Running `"));
    let words = shown.filter_map(|line| shlex::split(line.strip_suffix('`')?));
    let mut of_the_cell = words.filter(|words| words.windows(2).any(|pair| pair == ["--crate-name", CRATE]));
    let mut command = of_the_cell.next_back()?;
    let program = command.iter().position(|word| Path::new(word).ends_with("rustc"))?;
    Some(command.split_off(program + 1))
}

fn store_command(setting: &Setting, file: &PathBuf, arguments: &[String]) {
    let text = serde_json::to_string(arguments).unwrap_or_default();
    answers::store(setting, file, &Answer::new(0, text, String::new()));
}

fn load_command(setting: &Setting, file: &PathBuf) -> Option<Vec<String>> {
    let mut arguments = None;
    answers::load(setting, file)?.map_stdout(|text| {
        arguments = serde_json::from_str(text).ok();
        None
    });
    arguments
}

/// Compiles the cell in a form that takes less time; `None` where there is none, or where what the compiler says of it is
/// not what it says of evcxr's own source, which the reader is to see.
fn quickly(setting: &Setting, arguments: &[String], source: &str) -> Option<Answer> {
    let lighter = lighter::made(setting, source);
    let light = lighter.as_ref().map_or(source, |lighter| &lighter.text);
    let more = lighter.as_ref().map_or(&[][..], |lighter| &lighter.arguments);
    let attempt = |text: &str| {
        fs::write(setting.cells.join(QUICK), text).ok()?;
        let words = arguments.iter().map(|word| if word == SOURCE { QUICK } else { word });
        let words: Vec<String> = words
            .chain(more.iter().map(String::as_str))
            .map(str::to_owned)
            .collect();
        Some(compile(setting, &words))
    };
    let shown = value::shown(setting, light).and_then(|text| attempt(&text));
    if shown.as_ref().is_some_and(Answer::is_good) {
        return shown;
    }
    let lighter = lighter.as_ref()?;
    let mut answer = attempt(&lighter.text)?;
    if !answer.is_good() {
        if lighter.is_meant(answer.stdout()) {
            return None;
        }
        answer.map_stdout(|said| Some(said.replace(QUICK, SOURCE)));
    }
    Some(answer)
}

/// Runs the compiler alone, and says what it says in cargo's form.
fn compile(setting: &Setting, arguments: &[String]) -> Answer {
    let mut command = own(&setting.toolchain.rustc);
    command
        .args(arguments)
        // A cell is too small to be worth dividing.
        .args(["-C", "codegen-units=1"])
        .current_dir(&setting.cells)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    as_cargo_does(setting, &mut command);
    let Ok(output) = command.output() else {
        return Answer::new(101, String::new(), "error: cannot start rustc\n".to_owned());
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let mut messages = String::new();
    let mut rest = String::new();
    for line in said.lines() {
        match serde_json::from_str::<Value>(line) {
            Ok(message) if message["$message_type"] == "artifact" => {}
            Ok(message) if message.is_object() => {
                let message = json!({"reason": "compiler-message", "target": {"name": CRATE}, "message": message});
                messages += &message.to_string();
                messages.push('\n');
            }
            _ => {
                rest += line;
                rest.push('\n');
            }
        }
    }
    if output.status.success() {
        report(arguments);
        Answer::new(0, messages, rest)
    } else {
        Answer::new(101, messages, rest)
    }
}

/// The variables that cargo sets for a crate's compiler.
fn as_cargo_does(setting: &Setting, command: &mut Command) {
    let libraries = [
        setting.cells.join("target/debug/deps"),
        setting.toolchain.sysroot.join("lib"),
    ];
    let own = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let paths = libraries.into_iter().chain(std::env::split_paths(&own));
    command
        .env("LD_LIBRARY_PATH", std::env::join_paths(paths).unwrap_or(own))
        .env("CARGO", &setting.toolchain.cargo)
        .env("CARGO_MANIFEST_DIR", &setting.cells)
        .env("CARGO_MANIFEST_PATH", setting.cells.join("Cargo.toml"))
        .env("CARGO_CRATE_NAME", CRATE)
        .env("CARGO_PKG_NAME", CRATE)
        .env("CARGO_PKG_VERSION", "1.0.0")
        .env("CARGO_PKG_VERSION_MAJOR", "1")
        .env("CARGO_PKG_VERSION_MINOR", "0")
        .env("CARGO_PKG_VERSION_PATCH", "0");
}

/// Tells evcxr what was built.
fn report(arguments: &[String]) {
    if let (Some(file), Some(built)) = (std::env::var_os(RESULT_FILE), built(arguments)) {
        let _asked_elsewhere = fs::write(file, built.to_string_lossy().as_bytes());
    }
}

fn built(arguments: &[String]) -> Option<PathBuf> {
    let at = arguments.iter().position(|word| word == "--out-dir")?;
    Some(Path::new(arguments.get(at + 1)?).join(LIBRARY))
}

/// Keeps what was built of this very source, for sessions that begin with it too.
fn keep(setting: &Setting, what: &str, arguments: &[String], answer: &Answer) {
    let folder = setting.kept("builds", what);
    let Some(library) = built(arguments) else { return };
    let keep = || {
        fs::create_dir_all(&folder)?;
        if answer.is_good() && library.is_file() {
            fs::copy(&library, folder.join(LIBRARY))?;
        }
        fs::write(folder.join("out-dir"), "")
    };
    if keep().is_ok() {
        store_command(setting, &folder.join("command"), arguments);
        answers::store(setting, &folder.join("answer"), answer);
    }
}

/// What was built of this very source with the template.
fn copied(setting: &Setting, what: &str) -> Option<i32> {
    if setting.records {
        return None;
    }
    let folder = setting.kept("builds", what);
    let answer = answers::load(setting, &folder.join("answer"))?;
    if answer.is_good() {
        let arguments = load_command(setting, &folder.join("command"))?;
        let to = built(&arguments)?;
        fs::copy(folder.join(LIBRARY), &to).ok()?;
        report(&arguments);
    }
    Some(answer.give())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cells_command_is_found() {
        let said = "   Compiling serde v1\n     Running `/t/bin/rustc --crate-name serde src/lib.rs`\n   Compiling ctx v1.0.0 (/c)\n     \
                    Running `CARGO=/t /t/bin/rustc --crate-name ctx --check-cfg 'cfg(docsrs,test)' --out-dir /c/d`\n    Finished\n";
        let command = command_in(said).unwrap();
        assert_eq!(
            command,
            [
                "--crate-name",
                "ctx",
                "--check-cfg",
                "cfg(docsrs,test)",
                "--out-dir",
                "/c/d"
            ]
        );
        assert_eq!(built(&command), Some(PathBuf::from("/c/d/libctx.so")));
        assert_eq!(command_in("   Fresh ctx v1.0.0\n"), None);
    }
}
