//! The five sockets: bound as the connection file says, each with a task that reads and one that writes.

use std::path::Path;

use anyhow::Context as _;
use jupyter_protocol::{ConnectionInfo, JupyterMessage, KernelInfoRequest};
use jupyter_zmq_client::{
    KernelHeartbeatConnection, RouterRecvConnection, RouterSendConnection, create_kernel_control_connection,
    create_kernel_heartbeat_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Duration, sleep, timeout};
use zeromq::SocketRecv as _;

use super::iopub::Iopub;
use super::wire::{self, Seen, Signer};
use crate::failure::Failure;
use crate::output::log;

/// A client that does not take a reply within this time loses it.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a failed read or write, which concerns one peer, the next one waits this long.
const PAUSE: Duration = Duration::from_millis(10);

/// Other tasks have so many turns before what was queued for a peer counts as written.
const TURNS: usize = 8;

/// Everything that a kernel hears and says.
pub(super) struct Channels {
    pub(super) shell: Inbox,
    pub(super) control: Inbox,
    pub(super) stdin: Inbox,
    pub(super) replies: Replies,
    pub(super) iopub: Iopub,
}

/// What clients send on one channel, checked.
pub(super) type Inbox = mpsc::UnboundedReceiver<JupyterMessage>;

/// Where answers go.
#[derive(Debug, Clone)]
pub(super) struct Replies {
    pub(super) shell: Outbox,
    pub(super) control: Outbox,
    pub(super) stdin: Outbox,
}

/// The sending side of one channel.
#[derive(Debug, Clone)]
pub(super) struct Outbox(mpsc::UnboundedSender<Mail>);

#[derive(Debug)]
enum Mail {
    Message(Box<JupyterMessage>),
    /// All before it is written.
    Sent(oneshot::Sender<()>),
}

impl Outbox {
    /// Sends a message, after those before it.
    pub(super) fn send(&self, message: JupyterMessage) {
        let _is_over = self.0.send(Mail::Message(Box::new(message)));
    }

    /// Waits until all is written.
    pub(super) async fn flushed(&self) {
        let (sent, is_sent) = oneshot::channel();
        if self.0.send(Mail::Sent(sent)).is_ok() {
            let _or_over = is_sent.await;
        }
    }
}

/// Reads the file that Jupyter wrote.
pub(super) fn read_file(path: &Path) -> anyhow::Result<ConnectionInfo> {
    let hint = "Jupyter writes this file and starts the kernel with it: `jupyter console --kernel weft` does both.";
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::wrong_use(
            format!("cannot read the connection file {}: {error}", path.display()),
            hint,
        )
    })?;
    let info: ConnectionInfo = serde_json::from_str(&text)
        .map_err(|error| Failure::wrong_use(format!("{} is no connection file: {error}", path.display()), hint))?;
    if !info.key.is_empty() && info.signature_scheme != "hmac-sha256" {
        let what = format!(
            "the signature scheme {:?} is not known; allowed: hmac-sha256",
            info.signature_scheme
        );
        return Err(Failure::wrong_use(what, "Set c.Session.signature_scheme = 'hmac-sha256' in Jupyter.").into());
    }
    Ok(info)
}

/// Binds all sockets.
pub(super) async fn open(info: &ConnectionInfo) -> anyhow::Result<Channels> {
    // A new message has a session of its own, which is a random number.
    let session = JupyterMessage::from(KernelInfoRequest {}).header.session;
    let heartbeat = create_kernel_heartbeat_connection(info)
        .await
        .context("the heartbeat's socket")?;
    let shell = create_kernel_shell_connection(info, &session)
        .await
        .context("the shell's socket")?;
    let control = create_kernel_control_connection(info, &session)
        .await
        .context("the control's socket")?;
    let stdin = create_kernel_stdin_connection(info, &session)
        .await
        .context("the input's socket")?;
    let seen = Seen::default();
    let (to_shell, from_shell) = shell.split();
    let (to_control, from_control) = control.split();
    let (to_stdin, from_stdin) = stdin.split();
    let iopub = Iopub::bind(info, Signer::like(&from_shell))
        .await
        .context("the output's socket")?;
    tokio::spawn(beat(heartbeat));
    Ok(Channels {
        shell: read("shell", from_shell, &seen),
        control: read("control", from_control, &seen),
        stdin: read("stdin", from_stdin, &seen),
        replies: Replies {
            shell: write("shell", to_shell),
            control: write("control", to_control),
            stdin: write("stdin", to_stdin),
        },
        iopub,
    })
}

#[expect(clippy::infinite_loop, reason = "the heartbeat ends with the kernel")]
async fn beat(mut heartbeat: KernelHeartbeatConnection) {
    loop {
        // A client that went away between question and answer is no reason to fail the next one.
        if heartbeat.single_heartbeat().await.is_err() {
            sleep(PAUSE).await;
        }
    }
}

fn read(name: &'static str, mut connection: RouterRecvConnection, seen: &Seen) -> Inbox {
    let (sender, inbox) = mpsc::unbounded_channel();
    let seen = seen.clone();
    tokio::spawn(async move {
        while !sender.is_closed() {
            let Ok(multipart) = connection.socket.recv().await else {
                sleep(PAUSE).await;
                continue;
            };
            match wire::read(multipart, &connection, &seen) {
                Ok(message) => {
                    let _is_over = sender.send(message);
                }
                Err(why) => log!("a message on the {name} channel is dropped: {why}"),
            }
        }
    });
    inbox
}

fn write(name: &'static str, mut connection: RouterSendConnection) -> Outbox {
    let (sender, mut mail) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(mail) = mail.recv().await {
            match mail {
                Mail::Message(message) => {
                    let kind = message.header.msg_type.clone();
                    match timeout(PATIENCE, connection.send(*message)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => log!("a {kind} on the {name} channel could not be sent: {error}"),
                        Err(_) => log!("a {kind} on the {name} channel was not taken by its client"),
                    }
                }
                Mail::Sent(sent) => {
                    // A sent message is only queued for the peer's own task, which was woken by it and must have its
                    // turn: else the runtime's end drops it with the reply unwritten.
                    for _turn in 0..TURNS {
                        yield_now().await;
                    }
                    let _nobody_waits = sent.send(());
                }
            }
        }
    });
    Outbox(sender)
}
