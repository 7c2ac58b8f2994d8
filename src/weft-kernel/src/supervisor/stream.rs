//! A runner's standard output: text, rich content, and the marks that evcxr's generated code prints.

/// What a piece of a runner's standard output is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Block { mime: String, content: String },
    Panic,
    Error,
    TypeChanged(String),
    Input { prompt: String, password: bool },
}

/// All marks begin with this.
const SIGN: &[u8] = b"EVCXR_";
const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"\nEVCXR_END_CONTENT\n";
/// A line longer than this is no mark.
const LONGEST_MARK: usize = 4096;

/// Takes output as it comes, and gives it in pieces. A mark may stand behind text that has no line's end.
#[derive(Debug, Default)]
pub(super) struct Stream {
    held: Vec<u8>,
    /// The end of a block was not found before this byte.
    searched: usize,
}

impl Stream {
    /// Takes what has come.
    pub(super) fn feed(&mut self, bytes: &[u8], pieces: &mut Vec<Piece>) {
        self.held.extend_from_slice(bytes);
        while let Some(piece) = self.next_piece() {
            push(piece, pieces);
        }
    }

    /// Nothing more comes of this run: what was held back, since a mark might have begun there, is text.
    pub(super) fn flush(&mut self, pieces: &mut Vec<Piece>) {
        self.searched = 0;
        if !self.held.is_empty() {
            push(Piece::Text(std::mem::take(&mut self.held)), pieces);
        }
    }

    fn next_piece(&mut self) -> Option<Piece> {
        if self.held.is_empty() {
            return None;
        }
        let Some(sign) = find(&self.held, SIGN, 0) else {
            // The end may be the beginning of a mark.
            let kept = (1..SIGN.len())
                .rev()
                .find(|length| self.held.ends_with(&SIGN[..*length]))
                .unwrap_or(0);
            return self.take_text(self.held.len() - kept);
        };
        if sign > 0 {
            return self.take_text(sign);
        }
        let Some(end) = self.held.iter().take(LONGEST_MARK).position(|byte| *byte == b'\n') else {
            return (self.held.len() >= LONGEST_MARK).then(|| self.take_text(SIGN.len()))?;
        };
        if self.held.starts_with(BEGIN) {
            return self.take_block(end);
        }
        let line = String::from_utf8_lossy(&self.held[..end]).into_owned();
        let Some(piece) = mark(&line) else {
            return self.take_text(SIGN.len());
        };
        self.held.drain(..=end);
        Some(piece)
    }

    fn take_text(&mut self, length: usize) -> Option<Piece> {
        (length > 0).then(|| Piece::Text(self.held.drain(..length).collect()))
    }

    fn take_block(&mut self, head: usize) -> Option<Piece> {
        let Some(end) = find(&self.held, END, self.searched.max(head)) else {
            self.searched = self.held.len().saturating_sub(END.len()).max(head);
            return None;
        };
        self.searched = 0;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mime = text(&self.held[BEGIN.len()..head]).trim().to_owned();
        let content = text(self.held.get(head + 1..end).unwrap_or_default());
        self.held.drain(..end + END.len());
        Some(Piece::Block { mime, content })
    }
}

fn mark(line: &str) -> Option<Piece> {
    if line == "EVCXR_PANIC_NOTIFICATION" {
        return Some(Piece::Panic);
    }
    if line == "EVCXR_ERROR_OCCURRED" {
        return Some(Piece::Error);
    }
    if let Some(name) = line.strip_prefix("EVCXR_VARIABLE_CHANGED_TYPE:") {
        return Some(Piece::TypeChanged(name.to_owned()));
    }
    let (prompt, password) = match line.strip_prefix("EVCXR_INPUT_REQUEST_PASSWORD:") {
        Some(prompt) => (prompt, true),
        None => (line.strip_prefix("EVCXR_INPUT_REQUEST:")?, false),
    };
    Some(Piece::Input {
        prompt: prompt.to_owned(),
        password,
    })
}

fn push(piece: Piece, pieces: &mut Vec<Piece>) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(text)) => before.extend_from_slice(&text),
        (_, piece) => pieces.push(piece),
    }
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let first = wanted[0];
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expected: &[Piece]) {
        // However the pipe cuts it.
        for cut in [1, 3, 7, 1000] {
            let (mut stream, mut pieces) = (Stream::default(), Vec::new());
            for part in output.as_bytes().chunks(cut) {
                stream.feed(part, &mut pieces);
            }
            stream.flush(&mut pieces);
            assert_eq!(pieces, expected, "cut into {cut}");
        }
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn block(mime: &str, content: &str) -> Piece {
        Piece::Block {
            mime: mime.into(),
            content: content.into(),
        }
    }

    #[test]
    fn text_and_blocks_keep_their_order() {
        check(
            "a\nEVCXR_BEGIN_CONTENT text/html\n<b>\n</b>\nEVCXR_END_CONTENT\nbEVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n",
            &[
                text("a\n"),
                block("text/html", "<b>\n</b>"),
                text("b"),
                block("text/plain", "1"),
            ],
        );
    }

    #[test]
    fn an_empty_block_is_a_block() {
        check(
            "EVCXR_BEGIN_CONTENT text/plain\n\nEVCXR_END_CONTENT\n",
            &[block("text/plain", "")],
        );
    }

    #[test]
    fn marks_are_no_text() {
        check(
            "no end EVCXR_PANIC_NOTIFICATION\nEVCXR_ERROR_OCCURRED\nEVCXR_VARIABLE_CHANGED_TYPE:v\n",
            &[
                text("no end "),
                Piece::Panic,
                Piece::Error,
                Piece::TypeChanged("v".into()),
            ],
        );
        check(
            "EVCXR_INPUT_REQUEST_PASSWORD:who?\n",
            &[Piece::Input {
                prompt: "who?".into(),
                password: true,
            }],
        );
    }

    #[test]
    fn what_only_looks_like_a_mark_is_text() {
        check("EVCXR_", &[text("EVCXR_")]);
        check("EVCX", &[text("EVCX")]);
        check("EVCXR_SOMETHING else\n", &[text("EVCXR_SOMETHING else\n")]);
        check(
            "EVCXR_BEGIN_CONTENT text/plain\nno end",
            &[text("EVCXR_BEGIN_CONTENT text/plain\nno end")],
        );
        let long = format!("EVCXR_{}", "x".repeat(LONGEST_MARK));
        check(&long, &[text(&long)]);
    }

    #[test]
    fn text_does_not_wait_for_a_line_s_end() {
        let (mut stream, mut pieces) = (Stream::default(), Vec::new());
        stream.feed(b"50%\r", &mut pieces);
        assert_eq!(pieces, [text("50%\r")]);
    }
}
