//! Questions with an answer that the template knows.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Setting, complain, real, say};

/// What stands for the folder of the cells, which is another one in each session.
const CELLS: &str = "{weft-cells}";

/// What a program said.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answer {
    status: i32,
    stdout: String,
    stderr: String,
}

/// Answers from the template, or by the real program. `about` is what the answer depends on beside the words.
pub(super) fn answer(setting: &Setting, name: &str, words: &[&str], about: &str) -> i32 {
    let key = key(
        setting,
        &(name, words.join("\0").replace(&setting.cells_text(), CELLS), about),
    );
    let file = setting.kept("answers", &key);
    if let Some(answer) = load(setting, &file) {
        return answer.give();
    }
    let Some(answer) = Answer::of(&mut real(setting, name, words)) else {
        complain(&format!("cannot start {name}"));
        return 127;
    };
    if setting.records {
        store(setting, &file, &answer);
    }
    answer.give()
}

pub(super) fn load(setting: &Setting, file: &PathBuf) -> Option<Answer> {
    let text = fs::read_to_string(file).ok()?;
    serde_json::from_str(&text.replace(CELLS, &setting.cells_text())).ok()
}

pub(super) fn store(setting: &Setting, file: &PathBuf, answer: &Answer) {
    let text = serde_json::to_string(answer).unwrap_or_default();
    let write = || {
        fs::create_dir_all(file.parent()?).ok()?;
        fs::write(file, text.replace(&setting.cells_text(), CELLS)).ok()
    };
    let _asked_again = write();
}

/// A name for what something depends on, the toolchain included.
pub(super) fn key(setting: &Setting, about: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    (&setting.toolchain.version, about).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Answer {
    pub(super) fn new(status: i32, stdout: String, stderr: String) -> Answer {
        Answer { status, stdout, stderr }
    }

    /// What this command says.
    pub(super) fn of(command: &mut std::process::Command) -> Option<Answer> {
        let output = command.output().ok()?;
        Some(Answer {
            status: output.status.code().unwrap_or(101),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    pub(super) fn is_good(&self) -> bool {
        self.status == 0
    }

    pub(super) fn stderr(&self) -> &str {
        &self.stderr
    }

    pub(super) fn stdout(&self) -> &str {
        &self.stdout
    }

    pub(super) fn map_stdout(&mut self, change: impl FnOnce(&str) -> Option<String>) {
        if let Some(changed) = change(&self.stdout) {
            self.stdout = changed;
        }
    }

    /// Says it again.
    pub(super) fn give(&self) -> i32 {
        use std::io::Write as _;
        let _closed = std::io::stderr().lock().write_all(self.stderr.as_bytes());
        say(self.stdout.as_bytes());
        self.status
    }
}

impl Setting {
    fn cells_text(&self) -> String {
        self.cells.to_string_lossy().into_owned()
    }

    /// The file of something kept under this key.
    pub(super) fn kept(&self, kind: &str, key: &str) -> PathBuf {
        self.template.join(kind).join(key)
    }
}
