//! The socket that everything a cell shows goes out of: one publisher, any number of subscribers.
//!
//! Of the publishers of the crate zeromq, one waits for its slowest subscriber, so that a client that stands still would
//! hold back all others, and the other cannot say that somebody has subscribed. This one has a queue for each
//! subscriber, greets it when it has subscribed, and drops messages only for one that has left [`MOST_BEHIND`] unread.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jupyter_protocol::{ConnectionInfo, Transport};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Duration, sleep, timeout};

use super::zmtp::{self, Wish};
use crate::output::log;

/// So many bytes may wait for one subscriber. A cell's output is bounded far below; see `output`.
const MOST_BEHIND: usize = 128 << 20;

/// A peer that has not said within this time what it is, is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// After an accept that failed, for want of descriptors say, the next one waits this long.
const PAUSE: Duration = Duration::from_millis(50);

/// Makes what greets a subscriber, ready for the wire, from the topic that it has subscribed to.
pub(super) type Welcome = Box<dyn Fn(&[u8]) -> Option<Arc<[u8]>> + Send + Sync>;

/// The publishing socket; all clones publish to the same subscribers.
#[derive(Clone)]
pub(super) struct Publisher {
    subscribers: Arc<Mutex<Vec<Arc<Subscriber>>>>,
    written: Arc<Notify>,
    welcome: Arc<Welcome>,
}

#[derive(Debug)]
struct Subscriber {
    topics: Mutex<Vec<Vec<u8>>>,
    queue: mpsc::UnboundedSender<Arc<[u8]>>,
    behind: AtomicUsize,
    is_told: AtomicBool,
}

impl Publisher {
    /// Listens where the connection file says, from now on until the program ends.
    pub(super) async fn bind(info: &ConnectionInfo, welcome: Welcome) -> io::Result<Publisher> {
        let publisher = Publisher {
            subscribers: Arc::default(),
            written: Arc::default(),
            welcome: Arc::new(welcome),
        };
        let accepting = publisher.clone();
        match info.transport {
            Transport::TCP => {
                let ip = if info.ip == "*" { "0.0.0.0" } else { info.ip.as_str() };
                let listener = TcpListener::bind((ip, info.iopub_port)).await?;
                tokio::spawn(async move {
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => {
                                let _slower = stream.set_nodelay(true);
                                tokio::spawn(accepting.clone().serve(stream));
                            }
                            Err(_) => sleep(PAUSE).await,
                        }
                    }
                });
            }
            Transport::IPC => {
                let listener = UnixListener::bind(format!("{}-{}", info.ip, info.iopub_port))?;
                tokio::spawn(async move {
                    loop {
                        match listener.accept().await {
                            Ok((stream, _)) => drop(tokio::spawn(accepting.clone().serve(stream))),
                            Err(_) => sleep(PAUSE).await,
                        }
                    }
                });
            }
        }
        Ok(publisher)
    }

    /// Sends one message, ready for the wire, to all who asked for its topic.
    pub(super) fn publish(&self, topic: &[u8], bytes: &Arc<[u8]>) {
        self.with(|subscribers| {
            for subscriber in subscribers.iter().filter(|subscriber| subscriber.wants(topic)) {
                subscriber.put(bytes);
            }
        });
    }

    /// Waits until all that was published is written, at most so long.
    pub(super) async fn flushed(&self, at_most: Duration) {
        let all_written = async {
            loop {
                let written = self.written.notified();
                let is_written = |subscriber: &Arc<Subscriber>| subscriber.behind.load(Ordering::Acquire) == 0;
                let is_done = self.with(|subscribers| subscribers.iter().all(is_written));
                if is_done {
                    break;
                }
                written.await;
            }
        };
        let _or_not = timeout(at_most, all_written).await;
    }

    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
        if !matches!(timeout(PATIENCE, zmtp::greet(&mut stream)).await, Ok(Ok(()))) {
            return;
        }
        let (queue, messages) = mpsc::unbounded_channel();
        let subscriber = Arc::new(Subscriber {
            topics: Mutex::default(),
            queue,
            behind: AtomicUsize::new(0),
            is_told: AtomicBool::new(false),
        });
        self.with(|subscribers| subscribers.push(Arc::clone(&subscriber)));
        let (reader, writer) = tokio::io::split(stream);
        tokio::select! {
            _end = self.listen(reader, &subscriber) => {}
            _end = self.write(writer, messages, &subscriber) => {}
        }
        self.with(|subscribers| subscribers.retain(|other| !Arc::ptr_eq(other, &subscriber)));
        self.written.notify_waiters();
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Arc<Subscriber>>) -> T) -> T {
        act(&mut self.subscribers.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn listen(&self, mut reader: impl AsyncRead + Unpin, subscriber: &Subscriber) -> io::Result<()> {
        loop {
            match zmtp::read_wish(&mut reader).await? {
                Wish::Subscribe(topic) => {
                    let welcome = (self.welcome)(&topic);
                    // Nothing is published in between: what comes after the welcome is complete.
                    self.with(|_| {
                        if let Some(bytes) = &welcome {
                            subscriber.put(bytes);
                        }
                        subscriber.topics().push(topic);
                    });
                }
                Wish::Cancel(topic) => {
                    let mut topics = subscriber.topics();
                    if let Some(at) = topics.iter().position(|known| *known == topic) {
                        topics.remove(at);
                    }
                }
                Wish::None => {}
            }
        }
    }

    async fn write(
        &self,
        mut writer: impl AsyncWrite + Unpin,
        mut messages: mpsc::UnboundedReceiver<Arc<[u8]>>,
        subscriber: &Subscriber,
    ) -> io::Result<()> {
        while let Some(message) = messages.recv().await {
            writer.write_all(&message).await?;
            if subscriber.behind.fetch_sub(message.len(), Ordering::Release) == message.len() {
                subscriber.is_told.store(false, Ordering::Relaxed);
                self.written.notify_waiters();
            }
        }
        Ok(())
    }
}

impl Subscriber {
    fn topics(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants(&self, topic: &[u8]) -> bool {
        self.topics().iter().any(|wanted| topic.starts_with(wanted))
    }

    fn put(&self, bytes: &Arc<[u8]>) {
        if self.behind.load(Ordering::Relaxed) + bytes.len() > MOST_BEHIND {
            if !self.is_told.swap(true, Ordering::Relaxed) {
                let most = MOST_BEHIND >> 20;
                log!("a client has left {most} MiB unread; what follows is dropped for it");
            }
            return;
        }
        self.behind.fetch_add(bytes.len(), Ordering::Relaxed);
        // It may have gone away this very moment.
        let _is_gone = self.queue.send(Arc::clone(bytes));
    }
}
