//! What the processes of a session say to each other: the kernel, the supervisor, the runner and its standby.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The variable that tells a supervisor its job, as JSON.
pub(crate) const JOB: &str = "WEFT_SUPERVISOR";

/// What a supervisor is to do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Where the kernel listens, and where the supervisor does.
    pub(crate) folder: PathBuf,
    /// A run that takes longer is ended.
    pub(crate) cell_timeout_ms: Option<u64>,
    /// A run whose processes use more memory than this together is ended.
    pub(crate) memory_limit: Option<u64>,
    /// Cells reach no other machine.
    pub(crate) no_network: bool,
}

/// Where the kernel listens for its supervisor.
pub(crate) fn kernel_socket(folder: &Path) -> PathBuf {
    folder.join("kernel")
}

/// Where the supervisor listens for its runners.
pub(crate) fn runner_socket(folder: &Path) -> PathBuf {
    folder.join("runner")
}

/// What the kernel tells the supervisor, one JSON document a line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// A cell begins; runs are allowed again.
    Begin,
    /// End the run, if there is one; allow none until the next cell begins.
    Interrupt,
    /// The line that was asked for; none: there is no more.
    Line(Option<String>),
    /// Say [`Said::Reached`] with this number once all that came before is said.
    Reach(u64),
    /// End everything.
    Quit,
}

/// What the supervisor tells the kernel beside output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// Cells cannot be run as they must be.
    Refused(String),
    /// The run panicked.
    Panicked(Panic),
    /// The run ended early with `?`, and printed this just before.
    Erred(String),
    /// The cell's state was taken back to before it.
    Restored,
    /// The runner died.
    Died(Death),
    /// A run was not begun, since the cell had been interrupted.
    NotBegun,
    /// Why something could not be done.
    Note(String),
    /// Something that the reader should know, whatever the cell comes to.
    Warning(String),
    /// Something waits for a line.
    Asks { prompt: String, password: bool },
    /// See [`Order::Reach`].
    Reached(u64),
}

/// A panic of the main thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Panic {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
    /// The backtrace, as the standard library writes it.
    pub(crate) frames: String,
}

impl Panic {
    /// One that nobody reported: the cell has a panic hook of its own.
    pub(crate) fn unknown() -> Panic {
        Panic {
            file: String::new(),
            line: 0,
            column: 0,
            message: "the cell panicked".to_owned(),
            frames: String::new(),
        }
    }
}

/// How a runner died.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Death {
    pub(crate) cause: Cause,
    /// No cell was running.
    pub(crate) between: bool,
    /// Names of the threads of earlier cells that ended with it.
    pub(crate) threads: Vec<String>,
    /// The variables are those of before; else there was no checkpoint, and all are lost.
    pub(crate) restored: bool,
    /// The end of what it wrote to standard error.
    pub(crate) last_words: String,
}

/// Why a runner died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cause {
    Exit(i32),
    Signal(i32),
    /// The supervisor ended it.
    Interrupt,
    Timeout(u64),
    Memory(u64),
    /// The sandbox's guard saw that it uses more than it may.
    Beyond,
}

/// What the supervisor tells a runner or a standby, one JSON document a line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToRunner {
    /// Run this function of this library.
    Run { library: String, function: String },
    /// Fork a standby.
    Checkpoint,
    /// A standby is the runner from now on.
    Go,
}

/// What a runner or a standby tells the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromRunner {
    /// First thing on a connection.
    Hello { pid: i32, standby: bool },
    /// The function has returned; these other threads go on.
    Finished { threads: Vec<String> },
    /// The function could not be run.
    NotRun { error: String },
    /// A standby was forked; it says hello itself, if it lives long enough.
    Forked { standby: i32 },
    /// A fork was refused.
    NoStandby { error: String },
    /// The main thread panics, or that of a copy which the cell forked (`stray`).
    Panicked { panic: Panic, stray: bool },
}

/// Writes one document and a line's end.
pub(crate) fn say(to: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_string(what)?;
    line.push('\n');
    to.write_all(line.as_bytes())
}

/// Lines that have come so far, not all of them whole.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<u8>);

impl Lines {
    /// Reads once. `false`: the other side has gone.
    pub(crate) fn read(&mut self, from: &mut impl Read) -> io::Result<bool> {
        let mut piece = [0; 4096];
        match from.read(&mut piece) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.0.extend_from_slice(&piece[..count]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The next whole line.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.0.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }

    /// The next whole document; one that is not understood is passed over.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            if let Ok(document) = serde_json::from_str(&self.next_line()?) {
                return Some(document);
            }
        }
    }
}

/// What comes over a kernel's connection: output, and what is said beside it.
#[derive(Debug)]
pub(crate) enum Frame {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    /// A block of rich content.
    Block {
        mime: String,
        content: String,
    },
    Said(Said),
}

impl Frame {
    /// Writes it: a letter, the length in four bytes, the content.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, content) = match self {
            Frame::Stdout(bytes) => (b'o', std::borrow::Cow::Borrowed(bytes.as_slice())),
            Frame::Stderr(bytes) => (b'e', std::borrow::Cow::Borrowed(bytes.as_slice())),
            Frame::Block { mime, content } => (b'b', format!("{mime}\n{content}").into_bytes().into()),
            Frame::Said(said) => (b'j', serde_json::to_vec(said)?.into()),
        };
        let length = u32::try_from(content.len()).map_err(io::Error::other)?;
        let mut whole = Vec::with_capacity(content.len() + 5);
        whole.push(kind);
        whole.extend_from_slice(&length.to_be_bytes());
        whole.extend_from_slice(&content);
        to.write_all(&whole)
    }

    /// Takes a whole frame from the front of what has come; `None` while it is not whole.
    pub(crate) fn take(from: &mut Vec<u8>) -> Option<io::Result<Frame>> {
        let header: [u8; 5] = from.get(..5)?.try_into().ok()?;
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        if from.len() < 5 + length {
            return None;
        }
        let rest = from.split_off(5 + length);
        let whole = std::mem::replace(from, rest);
        Some(Frame::parse(header[0], &whole[5..]))
    }

    fn parse(kind: u8, content: &[u8]) -> io::Result<Frame> {
        match kind {
            b'o' => Ok(Frame::Stdout(content.to_vec())),
            b'e' => Ok(Frame::Stderr(content.to_vec())),
            b'b' => {
                let text = String::from_utf8_lossy(content);
                let (mime, content) = text.split_once('\n').unwrap_or((&text, ""));
                Ok(Frame::Block {
                    mime: mime.to_owned(),
                    content: content.to_owned(),
                })
            }
            _ => Ok(Frame::Said(serde_json::from_slice(content)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_however_they_are_cut() {
        let frames = [
            Frame::Stdout(b"ab\n".to_vec()),
            Frame::Block {
                mime: "text/html".into(),
                content: "<b>\n</b>".into(),
            },
            Frame::Said(Said::Reached(7)),
            Frame::Stderr(Vec::new()),
        ];
        let mut bytes = Vec::new();
        for frame in &frames {
            frame.write(&mut bytes).unwrap();
        }
        let mut come = Vec::new();
        let mut read = Vec::new();
        for byte in bytes {
            come.push(byte);
            while let Some(frame) = Frame::take(&mut come) {
                read.push(format!("{:?}", frame.unwrap()));
            }
        }
        let expected: Vec<String> = frames.iter().map(|frame| format!("{frame:?}")).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn a_line_that_is_not_understood_is_passed_over() {
        let mut lines = Lines::default();
        lines.read(&mut &b"nonsense\n\"Begin\"\n\"Qu"[..]).unwrap();
        assert!(matches!(lines.next::<Order>(), Some(Order::Begin)));
        assert!(lines.next::<Order>().is_none());
        lines.read(&mut &b"it\"\n"[..]).unwrap();
        assert!(matches!(lines.next::<Order>(), Some(Order::Quit)));
    }
}
