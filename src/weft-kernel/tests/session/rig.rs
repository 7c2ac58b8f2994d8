//! A session with what it says, collected.

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use weft_kernel::session::{CellId, Event, Failure, MimeMap, Options, Outcome, Session};

/// A session, its events, and the number of its last cell.
pub(crate) struct Rig {
    runtime: Runtime,
    pub(crate) session: Session,
    events: mpsc::Receiver<(CellId, Event)>,
    cell: u64,
    /// Answers to what cells ask; taken from the front. Without one there is none.
    pub(crate) lines: Vec<String>,
    /// What was asked.
    pub(crate) prompts: Vec<String>,
}

/// What a cell did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    /// In order: `out:`, `err:`, `show:` with the MIME types, `update:`, `clear:`.
    pub(crate) events: Vec<String>,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        Rig::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Rig {
        let runtime = Runtime::new().unwrap();
        let (tell, events) = mpsc::channel(64);
        let session = Session::start(options, tell);
        runtime.block_on(session.ready()).unwrap();
        Rig {
            runtime,
            session,
            events,
            cell: 0,
            lines: Vec::new(),
            prompts: Vec::new(),
        }
    }

    pub(crate) fn run(&mut self, code: &str) -> Ran {
        self.run_watched(code, |_, _| {})
    }

    /// Runs a cell; `watch` sees each event as it comes.
    pub(crate) fn run_watched(&mut self, code: &str, mut watch: impl FnMut(&Session, &str)) -> Ran {
        self.cell += 1;
        let mut texts: Vec<String> = Vec::new();
        let executing = self.session.execute(CellId(self.cell), code.to_owned());
        let (session, events, lines, prompts) = (&self.session, &mut self.events, &mut self.lines, &mut self.prompts);
        let outcome = self.runtime.block_on(async {
            let mut executing = std::pin::pin!(executing);
            loop {
                tokio::select! {
                    biased;
                    Some((_, event)) = events.recv() => {
                        let text = told(event, lines, prompts);
                        watch(session, &text);
                        join(&mut texts, text);
                    }
                    outcome = &mut executing => break outcome,
                }
            }
        });
        while let Ok((_, event)) = self.events.try_recv() {
            join(&mut texts, told(event, &mut self.lines, &mut self.prompts));
        }
        Ran { outcome, events: texts }
    }

    /// The next event after a cell's end: whose it is, and what.
    pub(crate) fn later(&mut self) -> (u64, String) {
        let event = self.runtime.block_on(self.events.recv());
        let (cell, event) = event.unwrap();
        (cell.0, told(event, &mut self.lines, &mut self.prompts))
    }

    /// What the cell's last expression shows as plain text.
    #[track_caller]
    pub(crate) fn value(&mut self, code: &str) -> String {
        let ran = self.run(code);
        ran.plain()
    }

    #[track_caller]
    pub(crate) fn ok(&mut self, code: &str) -> Ran {
        let ran = self.run(code);
        assert!(matches!(ran.outcome, Outcome::Done { .. }), "{code}: {ran:?}");
        ran
    }

    #[track_caller]
    pub(crate) fn fails(&mut self, code: &str) -> Failure {
        let ran = self.run(code);
        match ran.outcome {
            Outcome::Failed(failure) => failure,
            _ => panic!("{code}: {ran:?}"),
        }
    }

    pub(crate) fn complete(&self, code: &str) -> Vec<String> {
        let completions = self.session.complete(code.to_owned(), code.len());
        let found = self.runtime.block_on(completions);
        found.matches.into_iter().map(|completion| completion.text).collect()
    }
}

impl Ran {
    pub(crate) fn value(&self) -> Option<&MimeMap> {
        match &self.outcome {
            Outcome::Done { value } => value.as_ref(),
            _ => None,
        }
    }

    #[track_caller]
    pub(crate) fn plain(&self) -> String {
        let value = self.value().and_then(|value| value["text/plain"].as_str());
        value.unwrap_or_else(|| panic!("no value: {self:?}")).to_owned()
    }

    pub(crate) fn stdout(&self) -> String {
        self.text("out:")
    }

    pub(crate) fn stderr(&self) -> String {
        self.text("err:")
    }

    fn text(&self, kind: &str) -> String {
        self.events
            .iter()
            .filter_map(|event| event.strip_prefix(kind))
            .collect()
    }
}

fn told(event: Event, lines: &mut Vec<String>, prompts: &mut Vec<String>) -> String {
    let types = |data: &MimeMap| data.keys().cloned().collect::<Vec<_>>().join(",");
    match event {
        Event::Stdout(text) => format!("out:{text}"),
        Event::Stderr(text) => format!("err:{text}"),
        Event::Display {
            data,
            display_id,
            update,
            ..
        } => {
            let kind = if update { "update" } else { "show" };
            format!("{kind}:{}:{}", display_id.unwrap_or_default(), types(&data))
        }
        Event::Clear { wait } => format!("clear:{wait}"),
        Event::Input { prompt, reply, .. } => {
            prompts.push(prompt);
            if !lines.is_empty() {
                let _gone = reply.send(lines.remove(0));
            }
            "asked".to_owned()
        }
    }
}

/// Text that came in pieces is one text.
fn join(texts: &mut Vec<String>, text: String) {
    let kind = text.split(':').next().unwrap_or_default().to_owned();
    match texts.last_mut() {
        Some(last) if matches!(kind.as_str(), "out" | "err") && last.starts_with(&format!("{kind}:")) => {
            last.push_str(&text[4..]);
        }
        _ => texts.push(text),
    }
}
