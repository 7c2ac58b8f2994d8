//! The Jupyter messaging protocol: sockets, messages, and the loop that answers them.
//!
//! ```text
//!  shell ───► wire ─► kernel: cells in their order ──────────► session ─► events
//!                       │  └► complete, inspect: beside them ──►  ▲         │
//!  stdin ◄─────────────►┤                                         │         ▼
//!  control ─► wire ─► control: interrupt, the end ────────────────┘      outputs: batched, bounded
//!                                                                           │
//!  iopub ◄── publisher ◄── iopub: status, welcome ◄─────────────────────────┘
//! ```

mod cell;
mod channels;
mod control;
mod cursor;
mod info;
mod iopub;
mod kernel;
mod outputs;
mod publisher;
mod request;
mod wire;
mod zmtp;

use std::path::Path;

use anyhow::Context as _;
use nix::unistd::{Pid, getppid};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Duration, interval};
use weft_kernel::session::{Options, Session};

use control::Control;
use kernel::Kernel;

/// So many events may wait before they hold the cells back.
const MOST_EVENTS: usize = 256;
/// How often it is looked whether the server that started us is still there.
const LOOK: Duration = Duration::from_secs(1);
/// What may still go on when the kernel has ended has this long.
const PATIENCE: Duration = Duration::from_millis(500);

/// Is a kernel on the sockets of this connection file, until it is told to end.
pub(crate) fn run(file: &Path, options: Options, output_limit: u64) -> anyhow::Result<()> {
    let info = channels::read_file(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let session = runtime.block_on(async {
        info::prepare();
        let (told, events) = mpsc::channel(MOST_EVENTS);
        let session = Session::start(options, told);
        let channels = channels::open(&info)
            .await
            .context("cannot open the kernel's sockets")?;
        let (order, orders) = mpsc::unbounded_channel();
        let control = Control {
            orders: order,
            replies: channels.replies.control.clone(),
            iopub: channels.iopub.clone(),
        };
        let limit = usize::try_from(output_limit).unwrap_or(usize::MAX);
        let (kernel, inbox) = Kernel::new(channels, session, events, orders, limit);
        tokio::spawn(watch(control.clone()));
        tokio::spawn(control.serve(inbox));
        anyhow::Ok(kernel.serve().await)
    });
    runtime.shutdown_timeout(PATIENCE);
    // Now that nobody asks it any more, it ends with all that its cells have started.
    session.map(drop)
}

/// Signals, and the end of whoever started us, are orders too.
async fn watch(control: Control) {
    let (Ok(mut interrupts), Ok(mut terminations)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    // Jupyter sets this where the kernel is to end with it.
    let has_parent = std::env::var_os("JPY_PARENT_PID").is_some();
    let parent = getppid();
    let mut look = interval(LOOK);
    loop {
        tokio::select! {
            _ = interrupts.recv() => control.interrupt(),
            _ = terminations.recv() => control.end(),
            _ = look.tick(), if has_parent => {
                if is_gone(parent) {
                    control.end();
                }
            }
        }
    }
}

fn is_gone(parent: Pid) -> bool {
    getppid() != parent
}
