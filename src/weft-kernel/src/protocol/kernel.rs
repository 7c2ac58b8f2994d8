//! The kernel's one loop: cells in their order, other requests beside them, what cells show as they show it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jupyter_protocol::{
    CommClose, CommInfoReply, ErrorOutput, ExecuteInput, ExecuteReply, ExecuteRequest, ExecutionCount, ExecutionState,
    InputRequest, InterruptReply, IsCompleteReply, JupyterMessage, JupyterMessageContent, ReplyError, ReplyStatus,
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Duration, sleep};
use weft_kernel::session::{CellId, Completeness, Event, Failure, MimeMap, Outcome, Session, completeness};

use super::cell::{End, Running, end_of, evaluate, reply_error, shown};
use super::channels::{Channels, Inbox, Replies};
use super::iopub::{Iopub, as_it_is};
use super::outputs::{Name, Outputs, Shown};
use super::{cursor, info};
use crate::history::History;
use crate::output::log;

/// When the kernel ends, what has been said has this long to reach its readers.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A cell that was interrupted in the moment in which it was begun is looked after this often.
const LOOK: Duration = Duration::from_millis(10);

/// What others tell the loop.
#[derive(Debug)]
pub(super) enum Order {
    /// The cell that runs is to end.
    Interrupt,
    /// The kernel is to end.
    End,
}

/// A kernel at work.
pub(super) struct Kernel {
    session: Arc<Session>,
    events: mpsc::Receiver<(CellId, Event)>,
    shell: Inbox,
    stdin: Inbox,
    replies: Replies,
    iopub: Iopub,
    orders: mpsc::UnboundedReceiver<Order>,
    outputs: Outputs,
    history: History,
    /// Of the last cell that counted.
    count: usize,
    /// Cells so far, whether they counted or not.
    cells: u64,
    waiting: VecDeque<(JupyterMessage, ExecuteRequest)>,
    running: Option<Running>,
    asking: Option<Asking>,
}

/// A line of input that a cell waits for.
struct Asking {
    request: String,
    reply: oneshot::Sender<String>,
}

impl Kernel {
    pub(super) fn new(
        channels: Channels,
        session: Session,
        events: mpsc::Receiver<(CellId, Event)>,
        orders: mpsc::UnboundedReceiver<Order>,
        output_limit: usize,
    ) -> (Kernel, Inbox) {
        let outputs = Outputs::new(channels.iopub.clone(), output_limit);
        let kernel = Kernel {
            session: Arc::new(session),
            events,
            shell: channels.shell,
            stdin: channels.stdin,
            replies: channels.replies,
            iopub: channels.iopub,
            orders,
            outputs,
            history: History::of_the_reader(),
            count: 0,
            cells: 0,
            waiting: VecDeque::new(),
            running: None,
            asking: None,
        };
        (kernel, channels.control)
    }

    /// Serves until somebody wants it to end; the session goes on.
    pub(super) async fn serve(mut self) -> Arc<Session> {
        self.iopub.status(None, ExecutionState::Starting);
        loop {
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(Order::Interrupt) => self.interrupt(),
                    Some(Order::End) | None => break,
                },
                Some(reply) = self.stdin.recv() => self.answered(reply),
                Some(request) = self.shell.recv() => self.receive(request),
                Some((cell, event)) = self.events.recv() => self.show(cell, event),
                () = self.outputs.due() => self.outputs.flush(),
                () = sleep(LOOK), if self.is_to_be_interrupted() => self.interrupt(),
                end = end_of(&mut self.running) => self.finish(end),
            }
        }
        self.outputs.flush();
        drop(self.running);
        let said = async {
            self.replies.shell.flushed().await;
            self.replies.control.flushed().await;
        };
        let _or_not = tokio::time::timeout(LAST_WORDS, said).await;
        self.iopub.flushed(LAST_WORDS).await;
        self.session
    }

    /// Ends the cell that runs. One that waits for the session's start is not begun.
    fn interrupt(&mut self) {
        // The cell that asks does so no more.
        self.asking = None;
        let Some(running) = &mut self.running else {
            return;
        };
        running.is_interrupted = !self.session.is_running();
        if running.is_interrupted {
            running.cancel.notify_one();
        } else {
            self.session.interrupt();
        }
    }

    /// Whether the cell was interrupted in the moment in which it went to the session, which had not begun it.
    fn is_to_be_interrupted(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.is_interrupted)
    }

    fn receive(&mut self, request: JupyterMessage) {
        match &request.content {
            JupyterMessageContent::ExecuteRequest(execute) => {
                let execute = execute.clone();
                self.waiting.push_back((request, execute));
                self.next();
            }
            JupyterMessageContent::CompleteRequest(ask) => {
                let (code, at) = (ask.code.clone(), cursor::byte_of(&ask.code, ask.cursor_pos));
                self.spawn(request, |session| async move {
                    let found = session.complete(code.clone(), at).await;
                    cursor::completions(&code, found).into()
                });
            }
            JupyterMessageContent::InspectRequest(ask) => {
                let at = cursor::end_of_name(&ask.code, cursor::byte_of(&ask.code, ask.cursor_pos));
                let code = ask.code.clone();
                self.spawn(request, |session| async move {
                    let found = session.inspect(code, at).await;
                    let content = json!({
                        "status": "ok", "found": found.is_some(), "data": found.unwrap_or_default(), "metadata": {},
                    });
                    as_it_is("inspect_reply", content)
                });
            }
            JupyterMessageContent::KernelInfoRequest(_) => {
                self.spawn(request, |_| async { info::reply().await.into() });
            }
            JupyterMessageContent::IsCompleteRequest(ask) => self.answer(&request, is_complete(&ask.code)),
            JupyterMessageContent::HistoryRequest(ask) => self.answer(&request, self.history.reply(ask)),
            JupyterMessageContent::CommInfoRequest(_) => self.answer(&request, CommInfoReply::default()),
            JupyterMessageContent::CommOpen(open) => {
                // The protocol's way to say that there is no such target.
                let close = CommClose {
                    comm_id: open.comm_id.clone(),
                    data: serde_json::Map::new(),
                };
                self.iopub.beside(&request, || self.iopub.tell(Some(&request), close));
            }
            JupyterMessageContent::CommMsg(_) | JupyterMessageContent::CommClose(_) => {
                log!("there are no comms here, so a {} does nothing", request.header.msg_type);
            }
            // Where VS Code asks for it.
            JupyterMessageContent::InterruptRequest(_) => {
                self.interrupt();
                self.answer(&request, InterruptReply::new());
            }
            JupyterMessageContent::ShutdownRequest(ask) => {
                let reply = super::control::shutdown_reply(ask.restart);
                self.answer(&request, reply);
                self.orders.close();
            }
            _ => log!("a {} on the shell channel is not understood", request.header.msg_type),
        }
    }

    fn answer(&self, request: &JupyterMessage, content: impl Into<JupyterMessageContent>) {
        self.iopub.beside(request, || {
            self.replies.shell.send(JupyterMessage::new(content, Some(request)));
        });
    }

    /// Answers when the answer is there; the loop goes on.
    fn spawn<F>(&self, request: JupyterMessage, ask: impl FnOnce(Arc<Session>) -> F)
    where
        F: Future<Output = JupyterMessageContent> + Send + 'static,
    {
        let content = ask(Arc::clone(&self.session));
        let (iopub, shell) = (self.iopub.clone(), self.replies.shell.clone());
        tokio::spawn(async move {
            let content = content.await;
            iopub.beside(&request, || shell.send(JupyterMessage::new(content, Some(&request))));
        });
    }

    /// Begins the next cell, if none runs.
    fn next(&mut self) {
        while self.running.is_none() {
            let Some((request, execute)) = self.waiting.pop_front() else {
                return;
            };
            self.begin(request, execute);
        }
    }

    fn begin(&mut self, request: JupyterMessage, execute: ExecuteRequest) {
        self.iopub.set_running(Some(&request));
        self.iopub.status(Some(&request), ExecutionState::Busy);
        self.cells += 1;
        let cell = CellId(self.cells);
        self.outputs.begin(cell, &request, execute.silent);
        let is_blank = execute.code.trim().is_empty();
        let number = if execute.silent || is_blank {
            self.count
        } else {
            self.count + 1
        };
        if !execute.silent {
            let input = ExecuteInput {
                code: execute.code.clone(),
                execution_count: ExecutionCount::new(number),
            };
            self.iopub.tell(Some(&request), input);
        }
        let cancel = Arc::new(Notify::new());
        let end = evaluate(Arc::clone(&self.session), Arc::clone(&cancel), cell, &execute);
        // A message says when it was made.
        let now = JupyterMessage::new(CommInfoReply::default(), None).header.date;
        self.running = Some(Running {
            cell,
            started: json!(now),
            request,
            execute,
            number,
            cancel,
            is_interrupted: false,
            end: Box::pin(end),
        });
    }

    fn finish(&mut self, end: End) {
        // All that the cell has shown came before its end.
        while let Ok((cell, event)) = self.events.try_recv() {
            self.show(cell, event);
        }
        let Some(running) = self.running.take() else {
            return;
        };
        self.asking = None;
        // Before anybody learns of the failure: who sends a cell after that knows of it, and wants the cell to run.
        let failed = !matches!(end.outcome, Outcome::Done { .. });
        let doomed = if failed && running.execute.stop_on_error {
            self.take_waiting()
        } else {
            VecDeque::new()
        };
        self.outputs.end(running.cell);
        let Running { request, execute, .. } = &running;
        let failure = match end.outcome {
            Outcome::Done { value } => {
                if let Some(data) = value.as_ref().filter(|_| !execute.silent) {
                    let content = json!({"execution_count": running.number, "data": data, "metadata": {}});
                    self.iopub.tell(Some(request), as_it_is("execute_result", content));
                }
                self.remember(&running, value.as_ref());
                None
            }
            Outcome::Failed(failure) | Outcome::Interrupted(failure) => {
                self.remember(&running, None);
                if !execute.silent {
                    let Failure {
                        ename,
                        evalue,
                        traceback,
                    } = failure.clone();
                    self.iopub.tell(
                        Some(request),
                        ErrorOutput {
                            ename,
                            evalue,
                            traceback,
                        },
                    );
                }
                Some(failure)
            }
        };
        let reply = ExecuteReply {
            status: if failure.is_some() {
                ReplyStatus::Error
            } else {
                ReplyStatus::Ok
            },
            execution_count: ExecutionCount::new(running.number),
            user_expressions: Some(
                end.expressions
                    .into_iter()
                    .map(|(name, got)| (name, shown(got)))
                    .collect(),
            ),
            error: failure.map(reply_error).map(Box::new),
            payload: Vec::new(),
        };
        let metadata = json!({"started": running.started, "status": reply.status});
        let reply = JupyterMessage::new(reply, Some(request)).with_metadata(metadata);
        self.replies.shell.send(reply);
        self.iopub.set_running(None);
        self.iopub.status(Some(request), ExecutionState::Idle);
        for (request, _) in &doomed {
            self.abort(request);
        }
        self.next();
    }

    fn remember(&mut self, running: &Running, value: Option<&MimeMap>) {
        let counts = !running.execute.silent && running.execute.store_history && running.number > self.count;
        if counts {
            self.count = running.number;
            let plain = value.and_then(|value| value.get("text/plain")).and_then(Value::as_str);
            self.history.put(running.number, &running.execute.code, plain);
        }
    }

    /// Takes the cells that were sent in the belief that the one before would do well: those that are here already.
    fn take_waiting(&mut self) -> VecDeque<(JupyterMessage, ExecuteRequest)> {
        let mut others = Vec::new();
        while let Ok(request) = self.shell.try_recv() {
            match &request.content {
                JupyterMessageContent::ExecuteRequest(execute) => {
                    let execute = execute.clone();
                    self.waiting.push_back((request, execute));
                }
                _ => others.push(request),
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        for request in others {
            self.receive(request);
        }
        waiting
    }

    fn abort(&self, request: &JupyterMessage) {
        let reply = ExecuteReply {
            status: ReplyStatus::Aborted,
            execution_count: ExecutionCount::new(self.count),
            user_expressions: Some(HashMap::new()),
            error: Some(Box::new(ReplyError {
                ename: "Aborted".to_owned(),
                evalue: "a cell before this one failed".to_owned(),
                traceback: Vec::new(),
            })),
            payload: Vec::new(),
        };
        self.answer(request, reply);
    }

    fn show(&mut self, cell: CellId, event: Event) {
        match event {
            Event::Stdout(text) => self.outputs.text(cell, Name::Stdout, &text),
            Event::Stderr(text) => self.outputs.text(cell, Name::Stderr, &text),
            Event::Display {
                data,
                metadata,
                display_id,
                update,
            } => {
                self.outputs.display(
                    cell,
                    Shown {
                        data,
                        metadata,
                        display_id,
                        update,
                    },
                );
            }
            Event::Clear { wait } => self.outputs.clear(cell, wait),
            Event::Input {
                prompt,
                password,
                reply,
            } => self.ask(cell, prompt, password, reply),
        }
    }

    /// Asks the client that runs the cell for a line. Where it can't be asked, there is none.
    fn ask(&mut self, cell: CellId, prompt: String, password: bool, reply: oneshot::Sender<String>) {
        self.outputs.flush();
        let running = self.running.as_ref().filter(|running| running.cell == cell);
        let Some(running) = running.filter(|running| running.execute.allow_stdin) else {
            let why = "[weft: whoever runs this cell can't be asked for input, so it reads the end of the input]\n";
            self.outputs.text(cell, Name::Stderr, why);
            return;
        };
        let question = JupyterMessage::new(InputRequest { prompt, password }, Some(&running.request));
        self.asking = Some(Asking {
            request: question.header.msg_id.clone(),
            reply,
        });
        self.replies.stdin.send(question);
    }

    fn answered(&mut self, reply: JupyterMessage) {
        let JupyterMessageContent::InputReply(line) = reply.content else {
            log!("a {} on the stdin channel is not understood", reply.header.msg_type);
            return;
        };
        // Some clients do not say what they answer.
        let answers = |asking: &Asking| {
            reply
                .parent_header
                .as_ref()
                .is_none_or(|of| of.msg_id == asking.request)
        };
        match self.asking.take_if(|asking| answers(asking)) {
            Some(asking) => {
                let _cell_is_over = asking.reply.send(line.value);
            }
            None => log!("an input_reply that nobody waits for is dropped"),
        }
    }
}

fn is_complete(code: &str) -> IsCompleteReply {
    match completeness(code) {
        Completeness::Complete => IsCompleteReply::complete(),
        Completeness::Incomplete { indent } => IsCompleteReply::incomplete(indent),
        Completeness::Invalid => IsCompleteReply::invalid(),
    }
}
