//! The control channel: answered at once, also while a cell runs.

use jupyter_protocol::{DebugReply, InterruptReply, JupyterMessage, JupyterMessageContent, ReplyStatus, ShutdownReply};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::channels::{Inbox, Outbox};
use super::info;
use super::iopub::Iopub;
use super::kernel::Order;
use crate::output::log;

/// The desk at which interrupts and the end are ordered.
#[derive(Clone)]
pub(super) struct Control {
    pub(super) orders: mpsc::UnboundedSender<Order>,
    pub(super) replies: Outbox,
    pub(super) iopub: Iopub,
}

impl Control {
    /// Serves until the channel closes.
    pub(super) async fn serve(self, mut inbox: Inbox) {
        while let Some(request) = inbox.recv().await {
            match &request.content {
                JupyterMessageContent::InterruptRequest(_) => {
                    self.interrupt();
                    self.answer(&request, InterruptReply::new());
                }
                JupyterMessageContent::ShutdownRequest(ask) => {
                    self.answer(&request, shutdown_reply(ask.restart));
                    // Other clients learn of it too.
                    self.iopub.tell(Some(&request), shutdown_reply(ask.restart));
                    self.end();
                }
                JupyterMessageContent::KernelInfoRequest(_) => self.answer(&request, info::reply().await),
                JupyterMessageContent::DebugRequest(ask) => self.answer(&request, debug_reply(&ask.content)),
                _ => log!("a {} on the control channel is not understood", request.header.msg_type),
            }
        }
    }

    /// Ends the cell that runs.
    pub(super) fn interrupt(&self) {
        let _is_over = self.orders.send(Order::Interrupt);
    }

    /// Ends the kernel.
    pub(super) fn end(&self) {
        let _is_over = self.orders.send(Order::End);
    }

    fn answer(&self, request: &JupyterMessage, content: impl Into<JupyterMessageContent>) {
        self.iopub.beside(request, || {
            self.replies.send(JupyterMessage::new(content, Some(request)));
        });
    }
}

pub(super) fn shutdown_reply(restart: bool) -> ShutdownReply {
    ShutdownReply {
        restart,
        status: ReplyStatus::Ok,
        error: None,
    }
}

/// There is no debugger, and `kernel_info` says so. Whoever asks all the same gets the debug adapter protocol's refusal;
/// only what asks for the debugger's state has an answer.
fn debug_reply(ask: &Value) -> DebugReply {
    let command = ask.get("command").and_then(Value::as_str).unwrap_or_default();
    let sequence = ask.get("seq").and_then(Value::as_i64).unwrap_or(0);
    let mut content = json!({
        "type": "response", "seq": sequence, "request_seq": sequence, "command": command, "success": false,
        "message": "weft-kernel has no debugger", "body": {},
    });
    if command == "debugInfo" {
        content["success"] = true.into();
        content["message"] = "".into();
        content["body"] = json!({
            "isStarted": false, "hashMethod": "Murmur2", "hashSeed": 0, "tmpFilePrefix": "", "tmpFileSuffix": "",
            "breakpoints": [], "stoppedThreads": [], "richRendering": false, "exceptionPaths": [], "copyToGlobals": false,
        });
    }
    DebugReply { content }
}
