//! What the cells write, on its way to the kernel.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

use super::Fds;
use super::stream::{Piece, Stream};
use super::wire::Frame;

/// How much is read at once.
const PIECE: usize = 64 << 10;
/// How much of standard error is kept to say why a runner died.
const LAST_WORDS: usize = 4 << 10;
/// A prompt is no longer than this.
const OPEN_LINE: usize = 200;

/// The writing ends of standard output and standard error.
pub(super) type Writers = (OwnedFd, OwnedFd);

/// The reading ends, and what has been seen of this run.
#[derive(Debug)]
pub(super) struct Output {
    stdout: File,
    stderr: File,
    /// Kept open, so that the pipes do not end with a runner.
    _writers: Option<Writers>,
    stream: Stream,
    piece: Vec<u8>,
    last_words: Vec<u8>,
    open_line: Vec<u8>,
}

impl Output {
    pub(super) fn new() -> io::Result<(Output, Writers)> {
        let (stdout, to_stdout) = pipe2(OFlag::O_CLOEXEC)?;
        let (stderr, to_stderr) = pipe2(OFlag::O_CLOEXEC)?;
        for reader in [&stdout, &stderr] {
            fcntl(reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let output = Output {
            stdout: stdout.into(),
            stderr: stderr.into(),
            _writers: None,
            stream: Stream::default(),
            piece: vec![0; PIECE],
            last_words: Vec::new(),
            open_line: Vec::new(),
        };
        Ok((output, (to_stdout, to_stderr)))
    }

    pub(super) fn keeping(self, writers: Writers) -> Output {
        Output {
            _writers: Some(writers),
            ..self
        }
    }

    pub(super) fn fds(&self) -> Fds<'_> {
        (self.stdout.as_fd(), self.stderr.as_fd())
    }

    /// A run begins.
    pub(super) fn begin(&mut self) {
        self.last_words.clear();
        self.open_line.clear();
    }

    /// Reads once of each; standard error goes to the kernel at once. Whether there was anything.
    pub(super) fn read(&mut self, kernel: &mut impl io::Write) -> io::Result<(Vec<Piece>, bool)> {
        let mut pieces = Vec::new();
        let count = read(&mut self.stdout, &mut self.piece);
        self.stream.feed(&self.piece[..count], &mut pieces);
        let more = self.read_stderr(kernel)?;
        Ok((pieces, count > 0 || more))
    }

    fn read_stderr(&mut self, kernel: &mut impl io::Write) -> io::Result<bool> {
        let count = read(&mut self.stderr, &mut self.piece);
        let new = &self.piece[..count];
        if count > 0 {
            self.last_words.extend_from_slice(new);
            let extra = self.last_words.len().saturating_sub(LAST_WORDS);
            self.last_words.drain(..extra);
            Frame::Stderr(new.to_vec()).write(kernel)?;
        }
        Ok(count > 0)
    }

    /// What the stream held back.
    pub(super) fn flush(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        self.stream.flush(&mut pieces);
        pieces
    }

    /// Remembers the line that has no end yet: it may be a prompt.
    pub(super) fn note_text(&mut self, text: &[u8]) {
        if let Some(end) = text.iter().rposition(|byte| *byte == b'\n') {
            self.open_line.clear();
            self.open_line.extend_from_slice(&text[end + 1..]);
        } else {
            self.open_line.extend_from_slice(text);
        }
        let extra = self.open_line.len().saturating_sub(OPEN_LINE);
        self.open_line.drain(..extra);
    }

    /// The reader has ended the line.
    pub(super) fn close_line(&mut self) {
        self.open_line.clear();
    }

    pub(super) fn open_line(&self) -> String {
        String::from_utf8_lossy(&self.open_line).into_owned()
    }

    pub(super) fn last_words(&self) -> String {
        String::from_utf8_lossy(&self.last_words).into_owned()
    }

    /// The last line on standard error.
    pub(super) fn last_error_line(&self) -> String {
        let words = self.last_words();
        let mut lines = words.trim_end().lines();
        lines.next_back().unwrap_or_default().to_owned()
    }
}

/// Reads what is there; nothing where nothing is, or at the end.
fn read(from: &mut File, piece: &mut [u8]) -> usize {
    from.read(piece).unwrap_or(0)
}
