//! The kernel's end of the connection to the supervisor.

use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{CellId, Event, Events, MimeMap};
use crate::supervisor::wire::{Death, Frame, Order, Panic, Said, kernel_socket, say};

/// A representation that is not followed by the cell's end within this time is shown at once and not as its value.
const VALUE_FOLLOWS: Duration = Duration::from_secs(1);
/// So often whoever waits for a supervisor sees whether it still lives.
const LOOK_AFTER: Duration = Duration::from_millis(50);
/// Rich content of this type is a whole display message, as `weft_lab::notebook` writes it.
const DISPLAY: &str = "application/vnd.weft.display+json";

/// What a cell's run has left to be told, beside its output.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Representations that came last, with nothing behind them.
    pub(super) value: MimeMap,
    pub(super) panic: Option<Panic>,
    pub(super) erred: Option<String>,
    pub(super) death: Option<Death>,
    pub(super) restored: bool,
    pub(super) not_begun: bool,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What runs is the session's own business.
    muted: bool,
    /// Open while a supervisor is there.
    supervisor: Option<UnixStream>,
    cell: CellId,
    /// The cell ends in an expression, whose representations are its value.
    has_value: bool,
    told: Told,
    reached: u64,
    /// Said with the next output.
    note: Option<String>,
    /// How many supervisors there have been.
    generation: u64,
    refused: Option<String>,
    closing: bool,
}

/// The connection, and what came over it.
#[derive(Debug, Clone)]
pub(super) struct Link {
    shared: Arc<(Mutex<Shared>, Condvar)>,
}

impl Link {
    /// Listens for supervisors in `folder`; evcxr may start a second after the first one's end.
    pub(super) fn listen(folder: &Path, events: Events) -> io::Result<Link> {
        let listener = UnixListener::bind(kernel_socket(folder))?;
        let link = Link { shared: Arc::default() };
        // Until the first `end` it is the session that is being made ready.
        link.mute();
        let listening = link.clone();
        thread::Builder::new().name("weft-link".to_owned()).spawn(move || {
            for connection in listener.incoming().flatten() {
                listening.hear(&connection, &events);
                if listening.lock().closing {
                    return;
                }
            }
        })?;
        Ok(link)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the supervisor; without one there is nobody to tell.
    pub(super) fn order(&self, order: &Order) {
        let mut shared = self.lock();
        if let Some(supervisor) = &mut shared.supervisor {
            let _gone = say(supervisor, order);
        }
    }

    /// From now on nothing is heard, until [`Link::end`].
    pub(super) fn mute(&self) {
        self.lock().muted = true;
        self.order(&Order::Begin);
    }

    /// From now on output is this cell's.
    pub(super) fn begin(&self, cell: CellId, has_value: bool) {
        {
            let mut shared = self.lock();
            shared.cell = cell;
            shared.has_value = has_value;
            shared.told = Told::default();
        }
        self.order(&Order::Begin);
    }

    /// Waits until everything is heard that the supervisor has said so far, and takes what it told of the cell.
    pub(super) fn end(&self) -> Told {
        let (wanted, generation) = {
            let shared = self.lock();
            (shared.reached + 1, shared.generation)
        };
        self.order(&Order::Reach(wanted));
        // One that has come meanwhile was asked nothing, and has nothing of the cell.
        let mut shared = self
            .shared
            .1
            .wait_while(self.lock(), |shared| {
                shared.reached < wanted && shared.supervisor.is_some() && shared.generation == generation
            })
            .unwrap_or_else(PoisonError::into_inner);
        shared.reached = shared.reached.max(wanted);
        shared.has_value = false;
        shared.muted = false;
        std::mem::take(&mut shared.told)
    }

    /// A number that changes when evcxr starts another supervisor.
    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Waits until a supervisor after that of this generation is heard, or until none will come any more.
    pub(super) fn await_after(&self, generation: u64, is_alive: impl Fn() -> bool) {
        let mut shared = self.lock();
        while shared.generation == generation && is_alive() {
            shared = self
                .shared
                .1
                .wait_timeout(shared, LOOK_AFTER)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Says something on the cell's standard error.
    pub(super) fn note(&self, note: &str) {
        self.lock().note = Some(note.to_owned());
    }

    /// Why the supervisor would not work.
    pub(super) fn refused(&self) -> Option<String> {
        self.lock().refused.clone()
    }

    /// The supervisor ends everything.
    pub(super) fn close(&self) {
        self.lock().closing = true;
        self.order(&Order::Quit);
    }

    /// Hears one supervisor to its end.
    fn hear(&self, connection: &UnixStream, events: &Events) {
        {
            let mut shared = self.lock();
            shared.supervisor = connection.try_clone().ok();
            shared.generation += 1;
            if shared.closing {
                return;
            }
        }
        self.shared.1.notify_all();
        let mut hearing = Hearing {
            link: self,
            events,
            stdout: Utf8::default(),
            stderr: Utf8::default(),
            value: MimeMap::new(),
            is_whole: false,
        };
        let mut come = Vec::new();
        let mut piece = vec![0; 64 << 10];
        loop {
            while let Some(frame) = Frame::take(&mut come) {
                if let Ok(frame) = frame {
                    hearing.take(frame);
                }
            }
            let _never = connection.set_read_timeout((!hearing.value.is_empty()).then_some(VALUE_FOLLOWS));
            match (&mut &*connection).read(&mut piece) {
                Ok(0) => break,
                Ok(count) => come.extend_from_slice(&piece[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    hearing.show_value();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        hearing.show_value();
        self.lock().supervisor = None;
        self.shared.1.notify_all();
    }
}

/// One supervisor, being heard.
struct Hearing<'a> {
    link: &'a Link,
    events: &'a Events,
    stdout: Utf8,
    stderr: Utf8,
    /// Representations that may be the cell's value,
    value: MimeMap,
    /// and to which no other can belong.
    is_whole: bool,
}

impl Hearing<'_> {
    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Stdout(bytes) => {
                self.show_value();
                let text = self.stdout.text(&bytes);
                self.send_text(text, Event::Stdout);
            }
            Frame::Stderr(bytes) => {
                self.show_value();
                let text = self.stderr.text(&bytes);
                self.send_text(text, Event::Stderr);
            }
            Frame::Block { mime, content } => self.take_block(&mime, content),
            Frame::Said(said) => self.take_said(said),
        }
    }

    fn send(&self, event: Event) {
        let cell = {
            let shared = self.link.lock();
            if shared.muted {
                return;
            }
            shared.cell
        };
        let _nobody = self.events.blocking_send((cell, event));
    }

    fn send_text(&self, text: String, event: fn(String) -> Event) {
        if !text.is_empty() {
            self.send(event(text));
        }
    }

    fn take_block(&mut self, mime: &str, content: String) {
        let has_value = self.link.lock().has_value;
        if mime == DISPLAY {
            self.show_value();
            match display(&content) {
                Some((Event::Display { data, .. }, true)) if has_value => {
                    self.value = data;
                    self.is_whole = true;
                }
                Some((event, _)) => self.send(event),
                None => self.send(Event::Stderr(format!(
                    "a display message is not understood: {content}\n"
                ))),
            }
            return;
        }
        // Whoever has several representations of one thing gives the plain text first.
        let is_next = self.value.contains_key(mime) || mime == "text/plain" || self.is_whole;
        if is_next || !has_value {
            self.show_value();
        }
        let content = if mime.ends_with("json") {
            serde_json::from_str(&content).unwrap_or(Value::String(content))
        } else {
            Value::String(content)
        };
        self.value.insert(mime.to_owned(), content);
    }

    /// Shows what was held back, since it is not the cell's value.
    fn show_value(&mut self) {
        self.is_whole = false;
        if !self.value.is_empty() {
            let data = std::mem::take(&mut self.value);
            self.send(Event::Display {
                data,
                metadata: MimeMap::new(),
                display_id: None,
                update: false,
            });
        }
    }

    fn take_said(&mut self, said: Said) {
        let note = self.link.lock().note.take();
        if let Some(note) = note {
            self.send(Event::Stderr(format!("{note}\n")));
        }
        if let Said::Asks { prompt, password } = said {
            self.ask(prompt, password);
            return;
        }
        if let Said::Reached(number) = said {
            let mut shared = self.link.lock();
            if shared.has_value {
                shared.told.value = std::mem::take(&mut self.value);
            } else {
                drop(shared);
                self.show_value();
                shared = self.link.lock();
            }
            shared.reached = shared.reached.max(number);
            self.link.shared.1.notify_all();
            return;
        }
        if let Said::Died(death) = &said
            && death.between
        {
            self.send(Event::Stderr(format!("{}\n", super::failure::died(death).evalue)));
            return;
        }
        if let Said::Warning(text) = said {
            self.send(Event::Stderr(format!("{text}\n")));
            return;
        }
        let mut shared = self.link.lock();
        match said {
            Said::Refused(reason) => shared.refused = Some(reason),
            Said::Panicked(panic) => shared.told.panic = Some(panic),
            Said::Erred(text) => shared.told.erred = Some(text),
            Said::Restored => shared.told.restored = true,
            Said::Died(death) => shared.told.death = Some(death),
            Said::NotBegun => shared.told.not_begun = true,
            Said::Note(note) => shared.told.notes.push(note),
            Said::Asks { .. } | Said::Reached(_) | Said::Warning(_) => {}
        }
    }

    /// Asks for a line; the answer goes its own way, so that output is still heard meanwhile.
    fn ask(&self, prompt: String, password: bool) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.send(Event::Input {
            prompt,
            password,
            reply,
        });
        let link = self.link.clone();
        let waiting = thread::Builder::new().name("weft-input".to_owned());
        let _started = waiting.spawn(move || link.order(&Order::Line(answer.blocking_recv().ok())));
    }
}

/// A display message: `data`, `metadata`, `display_id`, `update`; or `clear`. And whether it may be the cell's value.
fn display(content: &str) -> Option<(Event, bool)> {
    let mut message: MimeMap = serde_json::from_str(content).ok()?;
    if let Some(wait) = message.get("clear") {
        return Some((Event::Clear { wait: wait.as_bool()? }, false));
    }
    let mut map = |key: &str| match message.remove(key) {
        Some(Value::Object(map)) => map,
        _ => MimeMap::new(),
    };
    let (data, metadata) = (map("data"), map("metadata"));
    let flag = |key: &str| message.get(key).and_then(Value::as_bool).unwrap_or(false);
    let event = Event::Display {
        data,
        metadata,
        display_id: message.get("display_id").and_then(Value::as_str).map(str::to_owned),
        update: flag("update"),
    };
    Some((event, flag("value")))
}

/// Text that comes in pieces, which may end within a character.
#[derive(Debug, Default)]
struct Utf8 {
    rest: Vec<u8>,
}

impl Utf8 {
    fn text(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let cut = unfinished(&self.rest);
        let whole: Vec<u8> = self.rest.drain(..cut).collect();
        String::from_utf8_lossy(&whole).into_owned()
    }
}

/// Where a character begins that has not wholly come; the length where none does.
fn unfinished(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    for at in (from..bytes.len()).rev() {
        let needs = match bytes[at] {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return bytes.len(),
        };
        return if bytes.len() - at < needs { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_are_cut_come_whole() {
        let text = "a한글🦀b\u{e9}";
        for size in 1..6 {
            let mut utf8 = Utf8::default();
            let joined: String = text.as_bytes().chunks(size).map(|piece| utf8.text(piece)).collect();
            assert_eq!(joined, text, "pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_text_is_marked_and_holds_nothing_back() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.text(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(utf8.text(b"\x80\n"), "\u{fffd}\n");
    }

    #[test]
    fn an_end_is_not_awaited_from_a_supervisor_that_came_meanwhile() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let (events, _heard) = tokio::sync::mpsc::channel(1);
            let link = Link::listen(folder.path(), events).unwrap();
            let first = UnixStream::connect(kernel_socket(folder.path())).unwrap();
            link.await_after(0, || true);
            let (ended, end) = std::sync::mpsc::channel();
            let waiting = link.clone();
            thread::spawn(move || {
                waiting.end();
                ended.send(()).unwrap();
            });
            // Asked, the first one ends, and the next one is there already.
            let mut asked = [0; 1];
            (&first).read_exact(&mut asked).unwrap();
            let _second = UnixStream::connect(kernel_socket(folder.path())).unwrap();
            drop(first);
            end.recv_timeout(Duration::from_secs(20))
                .expect("it waits for what nobody was asked");
            link.await_after(1, || true);
            assert_eq!(link.generation(), 2);
        }
    }

    #[test]
    fn nobody_is_awaited_who_lives_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let (events, _heard) = tokio::sync::mpsc::channel(1);
        let link = Link::listen(folder.path(), events).unwrap();
        link.await_after(0, || false);
        assert_eq!(link.generation(), 0);
    }

    #[test]
    fn a_display_message_is_taken_apart() {
        let event = display(r#"{"data":{"text/plain":"1"},"display_id":"p","update":true}"#);
        let Some((
            Event::Display {
                data,
                display_id,
                update,
                ..
            },
            false,
        )) = event
        else {
            panic!("{event:?}")
        };
        assert_eq!(data["text/plain"], "1");
        assert_eq!((display_id.as_deref(), update), (Some("p"), true));
        assert!(matches!(
            display(r#"{"clear":true}"#),
            Some((Event::Clear { wait: true }, _))
        ));
        assert!(display("nonsense").is_none());
    }
}
