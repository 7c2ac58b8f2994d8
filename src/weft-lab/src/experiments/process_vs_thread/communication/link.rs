//! The ways to pass a message, and the two ends of each.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::ring::{Ring, Waiting};
use crate::text::Text;

/// A way to pass a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    PrivateFutex,
    SharedFutex,
    Spin,
    Pipe,
    Unix,
    Tcp,
    Channel,
}

impl Way {
    pub(super) const ALL: [Way; 7] = [
        Way::PrivateFutex,
        Way::SharedFutex,
        Way::Spin,
        Way::Pipe,
        Way::Unix,
        Way::Tcp,
        Way::Channel,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Way::PrivateFutex => "private-futex",
            Way::SharedFutex => "shared-futex",
            Way::Spin => "spin",
            Way::Pipe => "pipe",
            Way::Unix => "unix",
            Way::Tcp => "tcp",
            Way::Channel => "channel",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Way::PrivateFutex => text!("Memory, private futex"),
            Way::SharedFutex => text!("Memory, shared futex"),
            Way::Spin => text!("Memory, spinning"),
            Way::Pipe => text!("Pipe"),
            Way::Unix => text!("Unix socket"),
            Way::Tcp => text!("TCP over loopback"),
            Way::Channel => text!("Channel of the library (mpsc)"),
        }
    }

    /// Can only threads use it?
    pub(super) fn is_for_threads(self) -> bool {
        matches!(self, Way::PrivateFutex | Way::Channel)
    }

    /// A new connection.
    ///
    /// # Errors
    ///
    /// No descriptor is left, or the network is down.
    pub(super) fn connect(self) -> io::Result<(End, End)> {
        match self {
            Way::PrivateFutex => memory(Waiting::PrivateFutex),
            Way::SharedFutex => memory(Waiting::SharedFutex),
            Way::Spin => memory(Waiting::Spin),
            Way::Pipe => {
                let ((reader_a, writer_b), (reader_b, writer_a)) = (io::pipe()?, io::pipe()?);
                let end = |reader: io::PipeReader, writer: io::PipeWriter| End::Descriptors {
                    reader: OwnedFd::from(reader).into(),
                    writer: OwnedFd::from(writer).into(),
                };
                Ok((end(reader_a, writer_a), end(reader_b, writer_b)))
            }
            Way::Unix => {
                let (a, b) = UnixStream::pair()?;
                Ok((socket(a.into())?, socket(b.into())?))
            }
            Way::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                let a = TcpStream::connect(listener.local_addr()?)?;
                let (b, _) = listener.accept()?;
                a.set_nodelay(true)?;
                b.set_nodelay(true)?;
                Ok((socket(a.into())?, socket(b.into())?))
            }
            Way::Channel => {
                let ((to_b, from_a), (to_a, from_b)) = (channel(), channel());
                let end = |sender, receiver| End::Channel {
                    sender,
                    receiver,
                    spare: Vec::new(),
                };
                Ok((end(to_b, from_b), end(to_a, from_a)))
            }
        }
    }
}

fn memory(waiting: Waiting) -> io::Result<(End, End)> {
    let (there, back) = (Arc::new(Ring::new(waiting)?), Arc::new(Ring::new(waiting)?));
    let end = |incoming: &Arc<Ring>, outgoing: &Arc<Ring>| End::Memory {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
    };
    Ok((end(&back, &there), end(&there, &back)))
}

fn socket(fd: OwnedFd) -> io::Result<End> {
    Ok(End::Descriptors {
        writer: fd.try_clone()?.into(),
        reader: fd.into(),
    })
}

/// One end of a connection, for one task.
#[derive(Debug)]
pub(super) enum End {
    Descriptors {
        reader: File,
        writer: File,
    },
    Memory {
        incoming: Arc<Ring>,
        outgoing: Arc<Ring>,
    },
    Channel {
        sender: Sender<Vec<u8>>,
        receiver: Receiver<Vec<u8>>,
        /// The last message that came in carries the next one out, so that no message needs new memory.
        spare: Vec<u8>,
    },
}

impl End {
    /// Sends a message.
    ///
    /// # Errors
    ///
    /// The other end is closed.
    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            End::Descriptors { writer, .. } => writer.write_all(message),
            End::Memory { outgoing, .. } => outgoing.write(message),
            End::Channel { sender, spare, .. } => {
                let mut carrier = std::mem::take(spare);
                carrier.clear();
                carrier.extend_from_slice(message);
                sender.send(carrier).map_err(|_| io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    /// Waits for a message of this size, until it is whole.
    ///
    /// # Errors
    ///
    /// The other end is closed, or sent a message of another size through a channel.
    pub(super) fn receive(&mut self, message: &mut [u8]) -> io::Result<()> {
        match self {
            End::Descriptors { reader, .. } => reader.read_exact(message),
            End::Memory { incoming, .. } => incoming.read(message),
            End::Channel { receiver, spare, .. } => {
                *spare = receiver.recv().map_err(|_| io::ErrorKind::UnexpectedEof)?;
                if spare.len() != message.len() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                message.copy_from_slice(spare);
                Ok(())
            }
        }
    }

    /// Lets a task work with this end, and closes it after, whatever happens: the other task must not wait for ever.
    pub(super) fn used_by<T>(self, work: impl FnOnce(&mut End) -> T) -> T {
        let mut held = Held(self);
        work(&mut held.0)
    }
}

/// An end that a task works with. Memory does not know by itself that a task has left it; descriptors and channels do.
/// An end that is dropped without this, as a forked process drops the end that is its parent's, says nothing.
struct Held(End);

impl Drop for Held {
    fn drop(&mut self) {
        if let End::Memory { incoming, outgoing } = &self.0 {
            outgoing.close_writer();
            incoming.close_reader();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_carries_messages_both_ways() {
        for way in Way::ALL {
            let (mut a, mut b) = way.connect().unwrap();
            for size in [1, 100, 5_000] {
                let mut found = vec![0; size];
                a.send(&vec![3; size]).unwrap();
                b.receive(&mut found).unwrap();
                assert_eq!(found, vec![3; size], "{way:?}");
                b.send(&vec![4; size]).unwrap();
                a.receive(&mut found).unwrap();
                assert_eq!(found, vec![4; size], "{way:?}");
            }
        }
    }

    #[test]
    fn every_way_tells_that_the_other_end_is_closed() {
        for way in Way::ALL {
            let (mut a, b) = way.connect().unwrap();
            b.used_by(|_| {});
            assert_eq!(
                a.receive(&mut [0]).unwrap_err().kind(),
                io::ErrorKind::UnexpectedEof,
                "{way:?}"
            );
        }
    }
}
