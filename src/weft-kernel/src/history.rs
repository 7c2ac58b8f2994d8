//! The cells that the reader has run, kept over restarts: a file of lines of JSON in the reader's data folder.
//!
//! Several kernels write to it. Each line goes in by one write, under a lock on a file beside it; a line that can't be
//! read is passed over. Where nothing can be written, the history is that of this kernel alone.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jupyter_protocol::{HistoryEntry, HistoryReply, HistoryRequest};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use crate::output::log;
use crate::{boundary, place};

/// A longer file loses its older half.
const MOST_BYTES: u64 = 8 << 20;
/// Longer outputs are cut.
const MOST_OUTPUT: usize = 4096;

/// What a cell was, and what came of it. A line without a cell says that a session has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    session: usize,
    #[serde(default, rename = "line")]
    number: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

/// The history, as one kernel writes and reads it.
#[derive(Debug)]
pub(crate) struct History {
    /// None where nothing can be written.
    file: Option<PathBuf>,
    session: usize,
    /// What this kernel has run, where there is no file.
    own: Vec<Line>,
}

impl History {
    /// The history of whoever runs this, with a new session.
    pub(crate) fn of_the_reader() -> History {
        let found = place::data_folder().map(|folder| folder.join("weft/notebook-history.jsonl"));
        if let Some(file) = found {
            return History::open(file);
        }
        log!("neither XDG_DATA_HOME nor HOME is set to a whole path, so the history ends with this kernel");
        History::alone()
    }

    fn alone() -> History {
        History {
            file: None,
            session: 1,
            own: Vec::new(),
        }
    }

    fn open(file: PathBuf) -> History {
        match begin_session(&file) {
            Ok(session) => History {
                file: Some(file),
                session,
                own: Vec::new(),
            },
            Err(error) => {
                log!(
                    "{} can't be written, so the history ends with this kernel: {error}",
                    file.display()
                );
                History::alone()
            }
        }
    }

    /// Keeps a cell.
    pub(crate) fn put(&mut self, line: usize, input: &str, output: Option<&str>) {
        let line = Line {
            session: self.session,
            number: line,
            input: Some(input.to_owned()),
            output: output.map(|text| text[..boundary::floor(text, MOST_OUTPUT)].to_owned()),
        };
        match &self.file {
            None => self.own.push(line),
            Some(file) => {
                if let Err(error) = locked(file).and_then(|_lock| append(file, &line)) {
                    log!("a cell is missing in the history, {}: {error}", file.display());
                }
            }
        }
    }

    /// Answers what a client asks about earlier cells.
    pub(crate) fn reply(&self, ask: &HistoryRequest) -> HistoryReply {
        let lines = match &self.file {
            None => self.own.clone(),
            Some(file) => locked(file).and_then(|_lock| read(file)).unwrap_or_default(),
        };
        let cells = lines.into_iter().filter(|line| line.input.is_some());
        let wants_output = match ask {
            HistoryRequest::Range { output, .. }
            | HistoryRequest::Tail { output, .. }
            | HistoryRequest::Search { output, .. } => *output,
        };
        let chosen = self.choose(cells.collect(), ask);
        HistoryReply::new(chosen.into_iter().map(|line| line.entry(wants_output)).collect())
    }

    fn choose(&self, mut lines: Vec<Line>, ask: &HistoryRequest) -> Vec<Line> {
        let count = |n: i32| usize::try_from(n).unwrap_or(0);
        let last = |lines: Vec<Line>, n: i32| {
            let surplus = lines.len().saturating_sub(count(n));
            lines.into_iter().skip(surplus).collect()
        };
        match ask {
            HistoryRequest::Tail { n, .. } => last(lines, *n),
            HistoryRequest::Range {
                session, start, stop, ..
            } => {
                // 0 is this session, -1 the one before it.
                let session = match session.unwrap_or(0) {
                    named @ 1.. => count(named),
                    before => self.session.saturating_sub(before.unsigned_abs() as usize),
                };
                let range = count(*start)..count(*stop);
                lines.retain(|line| line.session == session && range.contains(&line.number));
                lines
            }
            HistoryRequest::Search { pattern, unique, n, .. } => {
                lines.retain(|line| line.input.as_deref().is_some_and(|input| matches(pattern, input)));
                if *unique {
                    // The last of each, in the order in which they stand.
                    let mut latest = BTreeMap::new();
                    for (at, line) in lines.iter().enumerate() {
                        latest.insert(line.input.clone(), at);
                    }
                    let mut at = 0..;
                    lines.retain(|line| latest.get(&line.input) == at.next().as_ref());
                }
                last(lines, *n)
            }
        }
    }
}

impl Line {
    fn entry(self, with_output: bool) -> HistoryEntry {
        let input = self.input.unwrap_or_default();
        if with_output {
            HistoryEntry::InputOutput(self.session, self.number, (input, self.output.unwrap_or_default()))
        } else {
            HistoryEntry::Input(self.session, self.number, input)
        }
    }
}

/// Whether the whole text is as the pattern says: `*` is anything, `?` any character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where the last star stands, and how far it reaches.
    let mut star = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(&letter) if letter == '?' || letter == text[at] => {
                (at, of) = (at + 1, of + 1);
            }
            _ => match star {
                Some((stands, reaches)) => {
                    star = Some((stands, reaches + 1));
                    (at, of) = (reaches + 1, stands + 1);
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|&letter| letter == '*')
}

/// Gives the next session its number, and cuts a file that has grown too long.
fn begin_session(file: &Path) -> io::Result<usize> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let _lock = locked(file)?;
    let mut lines = if file.exists() { read(file)? } else { Vec::new() };
    let session = lines.iter().map(|line| line.session).max().unwrap_or(0) + 1;
    if file.exists() && fs::metadata(file)?.len() > MOST_BYTES {
        lines.drain(..lines.len() / 2);
        let mut part = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        for line in &lines {
            part.write_all(&bytes_of(line)?)?;
        }
        part.persist(file)?;
    }
    let begun = Line {
        session,
        number: 0,
        input: None,
        output: None,
    };
    append(file, &begun)?;
    Ok(session)
}

fn locked(file: &Path) -> io::Result<Flock<File>> {
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file.with_extension("lock"))?;
    Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
}

fn append(file: &Path, line: &Line) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(file)?;
    let mut bytes = bytes_of(line)?;
    // A kernel that died while it wrote has left half a line.
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            bytes.insert(0, b'\n');
        }
    }
    file.write_all(&bytes)
}

fn bytes_of(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn read(file: &Path) -> io::Result<Vec<Line>> {
    let bytes = fs::read(file)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(n: i32) -> HistoryRequest {
        HistoryRequest::Tail {
            n,
            output: false,
            raw: true,
        }
    }

    fn search(pattern: &str, unique: bool, n: i32) -> HistoryRequest {
        HistoryRequest::Search {
            pattern: pattern.to_owned(),
            unique,
            output: false,
            raw: true,
            n,
        }
    }

    fn range(session: i32, start: i32, stop: i32) -> HistoryRequest {
        HistoryRequest::Range {
            session: Some(session),
            start,
            stop,
            output: true,
            raw: true,
        }
    }

    fn entries(history: &History, ask: &HistoryRequest) -> String {
        serde_json::to_string(&history.reply(ask).history).unwrap()
    }

    #[test]
    fn it_is_kept_over_restarts_and_shared_by_kernels() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/history.jsonl");
        let mut first = History::open(file.clone());
        let mut second = History::open(file.clone());
        first.put(1, "a", Some("1"));
        second.put(1, "b", None);
        first.put(2, "c\n d", None);
        let third = History::open(file);
        assert_eq!(entries(&third, &tail(9)), r#"[[1,1,"a"],[2,1,"b"],[1,2,"c\n d"]]"#);
        assert_eq!(entries(&third, &tail(1)), r#"[[1,2,"c\n d"]]"#);
        assert_eq!(entries(&third, &range(1, 1, 2)), r#"[[1,1,["a","1"]]]"#);
        assert_eq!(entries(&third, &range(-1, 1, 9)), r#"[[2,1,["b",""]]]"#);
        assert_eq!(entries(&third, &range(0, 1, 9)), "[]");
    }

    #[test]
    fn half_a_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        History::open(file.clone()).put(1, "a", None);
        let mut torn = OpenOptions::new().append(true).open(&file).unwrap();
        torn.write_all(b"{\"session\":1,\"li").unwrap();
        let mut history = History::open(file);
        history.put(1, "b", None);
        assert_eq!(entries(&history, &tail(9)), r#"[[1,1,"a"],[2,1,"b"]]"#);
    }

    #[test]
    fn cells_are_searched_by_pattern() {
        let mut history = History::alone();
        for (line, input) in (1..).zip(["let a = 1;", "a", "let b = 2;", "a"]) {
            history.put(line, input, None);
        }
        assert_eq!(
            entries(&history, &search("let*", false, 9)),
            r#"[[1,1,"let a = 1;"],[1,3,"let b = 2;"]]"#
        );
        assert_eq!(entries(&history, &search("?", true, 9)), r#"[[1,4,"a"]]"#);
        assert_eq!(entries(&history, &search("*", false, 1)), r#"[[1,4,"a"]]"#);
        assert_eq!(entries(&history, &search("*", true, -1)), "[]");
    }

    #[test]
    fn patterns() {
        assert!(matches("a*c", "abbc") && matches("*", "") && matches("**b", "ab") && matches("?é?", "aéb"));
        assert!(!matches("a*c", "abb") && !matches("?", "") && !matches("", "a"));
        assert!(!matches(&"*a".repeat(40), &"b".repeat(4000)), "and in no time");
    }

    #[test]
    fn a_long_history_loses_its_older_half() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        let mut history = History::open(file.clone());
        let cell = "x".repeat(1 << 20);
        (1..=9).for_each(|line| history.put(line, &cell, None));
        let history = History::open(file.clone());
        let first = history.reply(&tail(99)).history.len();
        assert!((4..=5).contains(&first), "{first}");
        assert!(fs::metadata(file).unwrap().len() < MOST_BYTES);
    }

    #[test]
    fn nothing_to_write_to_is_no_failure() {
        let mut history = History::open(PathBuf::from("/proc/no/history.jsonl"));
        history.put(1, "a", None);
        assert_eq!(entries(&history, &tail(9)), r#"[[1,1,"a"]]"#);
    }
}
