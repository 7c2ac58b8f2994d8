//! What comes off the wire is checked before anything is done with it: its form, its signature, and that it is new.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt;
use jupyter_protocol::{Header, JupyterMessage};
use jupyter_zmq_client::{Connection, RawMessage, RouterRecvConnection};
use zeromq::{SocketSend, ZmqMessage, ZmqResult};

use super::{request, zmtp};

/// So many messages are remembered, for being told from new ones. `jupyter_client` remembers as many.
const REMEMBERED: usize = 65_536;

/// What stands between a message's identities and its signature.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The messages that have been seen, on whatever channel.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    known: HashSet<Vec<u8>>,
    order: VecDeque<Vec<u8>>,
}

impl Seen {
    /// Whether it is the first message with this signature, or where there is no key, with this header.
    ///
    /// The id alone does not tell: `jupyter_client` counts the messages of a manager and of its client apart, and
    /// writes the same session before both counts.
    fn is_new(&self, signature: &[u8], header: &[u8]) -> bool {
        let mark = if signature.is_empty() { header } else { signature };
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !memory.known.insert(mark.to_vec()) {
            return false;
        }
        memory.order.push_back(mark.to_vec());
        if memory.order.len() > REMEMBERED
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.known.remove(&oldest);
        }
        true
    }
}

/// Reads a message that came on this connection; otherwise says why it counts for nothing.
pub(super) fn read(
    multipart: ZmqMessage,
    connection: &RouterRecvConnection,
    seen: &Seen,
) -> Result<JupyterMessage, String> {
    let delimiter = multipart.iter().position(|frame| &frame[..] == DELIMITER);
    let signature = delimiter.and_then(|at| multipart.get(at + 1)).cloned();
    let raw = RawMessage::from_multipart(multipart, &connection.mac).map_err(|error| error.to_string())?;
    let [header, parent, metadata, content, buffers @ ..] = raw.jparts.as_slice() else {
        return Err("it has less than four parts".to_owned());
    };
    let is_new = seen.is_new(signature.as_deref().unwrap_or_default(), header);
    let header: Header = serde_json::from_slice(header).map_err(|error| format!("its header: {error}"))?;
    if !is_new {
        return Err(format!("{} {} came before", header.msg_type, header.msg_id));
    }
    let wrong = |part: &str, error: serde_json::Error| format!("the {part} of {}: {error}", header.msg_type);
    let metadata = serde_json::from_slice(metadata).map_err(|error| wrong("metadata", error))?;
    let content = serde_json::from_slice(content).map_err(|error| wrong("content", error))?;
    let content = request::content(&header.msg_type, content).map_err(|error| wrong("content", error))?;
    Ok(JupyterMessage {
        zmq_identities: raw.zmq_identities.clone(),
        // Where there is none, it is an empty object.
        parent_header: serde_json::from_slice(parent).ok(),
        metadata,
        content,
        buffers: buffers.to_vec(),
        channel: None,
        header,
    })
}

/// Signs messages, and makes them ready for the wire.
pub(super) struct Signer(Mutex<Connection<Wire>>);

/// A socket that keeps what it is given, as bytes.
#[derive(Debug, Default)]
struct Wire(Vec<u8>);

#[async_trait]
impl SocketSend for Wire {
    async fn send(&mut self, message: ZmqMessage) -> ZmqResult<()> {
        let frames: Vec<&[u8]> = message.iter().map(AsRef::as_ref).collect();
        self.0 = zmtp::encode(frames.into_iter());
        Ok(())
    }
}

impl Signer {
    /// Signs as this connection does.
    pub(super) fn like(connection: &RouterRecvConnection) -> Signer {
        Signer(Mutex::new(Connection {
            socket: Wire::default(),
            mac: connection.mac.clone(),
            session_id: connection.session_id.clone(),
        }))
    }

    /// The bytes of a message; none where it can't be put into words, which no message of ours can't.
    pub(super) fn bytes(&self, message: JupyterMessage) -> Option<Arc<[u8]>> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.send(message).now_or_never()?.ok()?;
        Some(std::mem::take(&mut connection.socket.0).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_once() {
        let seen = Seen::default();
        assert!(seen.is_new(b"s1", b"{}") && seen.is_new(b"s2", b"{}"));
        assert!(!seen.is_new(b"s1", b"{}"));
    }

    #[test]
    fn without_a_key_a_header_counts_once() {
        let seen = Seen::default();
        assert!(seen.is_new(b"", b"{1}") && seen.is_new(b"", b"{2}"));
        assert!(!seen.is_new(b"", b"{1}"));
    }

    #[test]
    fn memory_is_bounded() {
        let seen = Seen::default();
        for number in 0..2 * REMEMBERED {
            assert!(seen.is_new(number.to_string().as_bytes(), b""));
        }
        let memory = seen.0.lock().unwrap();
        assert_eq!((memory.known.len(), memory.order.len()), (REMEMBERED, REMEMBERED));
    }
}
