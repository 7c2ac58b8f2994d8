//! What all clients are told: whether the kernel is busy, and what cells show.

use std::sync::{Arc, Mutex, PoisonError};

use jupyter_protocol::{
    ConnectionInfo, ExecutionState, IoPubWelcome, JupyterMessage, JupyterMessageContent, KernelInfoRequest, Status,
    UnknownMessage,
};
use serde_json::{Value, json};
use tokio::time::Duration;

use super::publisher::Publisher;
use super::wire::Signer;

/// The speaking end of the output channel; all clones speak on the same.
#[derive(Clone)]
pub(super) struct Iopub {
    publisher: Publisher,
    signer: Arc<Signer>,
    /// The request whose cell runs, if one does.
    running: Arc<Mutex<Option<JupyterMessage>>>,
}

impl Iopub {
    /// Listens for subscribers, and welcomes each.
    pub(super) async fn bind(info: &ConnectionInfo, signer: Signer) -> std::io::Result<Iopub> {
        let signer = Arc::new(signer);
        let greeter = Arc::clone(&signer);
        let welcome = move |topic: &[u8]| {
            let topic = String::from_utf8_lossy(topic).into_owned();
            greeter.bytes(addressed(JupyterMessage::new(IoPubWelcome::new(topic), None)))
        };
        Ok(Iopub {
            publisher: Publisher::bind(info, Box::new(welcome)).await?,
            signer,
            running: Arc::default(),
        })
    }

    /// Tells everybody, as something that `parent` has brought about.
    pub(super) fn tell(&self, parent: Option<&JupyterMessage>, content: impl Into<JupyterMessageContent>) {
        let message = addressed(JupyterMessage::new(content, parent));
        let topic = message.header.msg_type.clone();
        if let Some(bytes) = self.signer.bytes(message) {
            self.publisher.publish(topic.as_bytes(), &bytes);
        }
    }

    /// The kernel is in this state because of `parent`.
    pub(super) fn status(&self, parent: Option<&JupyterMessage>, execution_state: ExecutionState) {
        self.tell(parent, Status { execution_state });
    }

    /// Answers a request beside the cell that may run, and is busy meanwhile.
    pub(super) fn beside(&self, request: &JupyterMessage, answer: impl FnOnce()) {
        self.status(Some(request), ExecutionState::Busy);
        answer();
        self.status(Some(request), ExecutionState::Idle);
        // Clients show the last state that they were told of, whatever it was about.
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_ref() {
            self.status(Some(running), ExecutionState::Busy);
        }
    }

    /// A cell runs from now on, or none does.
    pub(super) fn set_running(&self, request: Option<&JupyterMessage>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = request.map(parent_of);
    }

    /// Waits until all is written, at most so long.
    pub(super) async fn flushed(&self, at_most: Duration) {
        self.publisher.flushed(at_most).await;
    }
}

/// A message's topic is its type.
fn addressed(message: JupyterMessage) -> JupyterMessage {
    let topic = message.header.msg_type.clone().into_bytes();
    message.with_zmq_identities(vec![topic.into()])
}

/// As much of a request as what it brings about needs: not its content.
pub(super) fn parent_of(request: &JupyterMessage) -> JupyterMessage {
    JupyterMessage {
        zmq_identities: request.zmq_identities.clone(),
        header: request.header.clone(),
        parent_header: None,
        metadata: json!({}),
        content: KernelInfoRequest {}.into(),
        buffers: Vec::new(),
        channel: None,
    }
}

/// A content that is written down as it is, since the protocol crate's type would sort or drop some of it.
pub(super) fn as_it_is(kind: &str, content: Value) -> JupyterMessageContent {
    JupyterMessageContent::UnknownMessage(UnknownMessage {
        msg_type: kind.to_owned(),
        content,
    })
}
