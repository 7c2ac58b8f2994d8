//! The servers: six ways to give each connection a task, or none.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use nix::sys::socket::{Backlog, listen};

use super::events;
use super::pool::Pool;
use super::protocol::{ANSWER, Request, parse};
use crate::sys::{self, Child};
use crate::text::Text;

/// How a server shares its connections out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Model {
    Fork,
    Thread,
    Prefork,
    Pool,
    Rayon,
    Events,
}

impl Model {
    pub(super) const ALL: [Model; 6] = [
        Model::Fork,
        Model::Thread,
        Model::Prefork,
        Model::Pool,
        Model::Rayon,
        Model::Events,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Model::Fork => "fork",
            Model::Thread => "thread",
            Model::Prefork => "prefork",
            Model::Pool => "pool",
            Model::Rayon => "rayon",
            Model::Events => "events",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Model::Fork => text!("A process for each connection"),
            Model::Thread => text!("A thread for each connection"),
            Model::Prefork => text!("Processes made before"),
            Model::Pool => text!("Pool, written by hand"),
            Model::Rayon => text!("Pool, rayon's"),
            Model::Events => text!("Event loop"),
        }
    }

    pub(super) fn is_processes(self) -> bool {
        matches!(self, Model::Fork | Model::Prefork)
    }
}

/// What all servers have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct House {
    /// The core that the server, and all that it makes, runs on.
    pub(super) cpu: usize,
    /// Processes or threads that are made before, where the model has such.
    pub(super) workers: usize,
    /// Turns of a loop that each answer costs.
    pub(super) work: u64,
}

/// A server that runs. Dropped, it ends, and all that it made.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Starts one in a process of its own. The caller has become a subreaper.
    ///
    /// # Errors
    ///
    /// No loopback, no process.
    pub(super) fn start(model: Model, house: House) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Again, with more room than the library leaves for connections that wait.
        listen(&listener, Backlog::new(1_024)?)?;
        let address = listener.local_addr()?;
        let child = Child::fork(move || {
            // What a crash on purpose says is no news.
            std::panic::set_hook(Box::new(|_| {}));
            let _heard = sys::fail_silently();
            // Where pinning is forbidden, the record says so already.
            let _stays = sys::pin(house.cpu);
            i32::from(run(model, &listener, house).is_err())
        })?;
        Ok(Server { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill();
        let _ended = self.child.wait();
        // What it had made is ours now.
        sys::kill_all_children();
    }
}

/// A server's life.
fn run(model: Model, listener: &TcpListener, house: House) -> io::Result<()> {
    let work = house.work;
    match model {
        Model::Fork => loop {
            let (stream, _) = listener.accept()?;
            // A process that can't be made closes the connection, and the client sees it.
            if let Ok(child) = Child::fork(|| {
                serve(&stream, work);
                0
            }) {
                child.leave();
            }
            sys::reap_ended();
        },
        Model::Thread => loop {
            let (stream, _) = listener.accept()?;
            let _refused = std::thread::Builder::new().spawn(move || serve(&stream, work));
        },
        Model::Prefork => {
            for _ in 0..house.workers {
                accept_in_process(listener, work)?;
            }
            // The master has one task: to replace who ends.
            loop {
                sys::wait_for_any()?;
                accept_in_process(listener, work)?;
            }
        }
        Model::Pool => {
            let pool = Pool::start(house.workers, move |stream: TcpStream| serve(&stream, work))?;
            loop {
                pool.put(listener.accept()?.0);
            }
        }
        Model::Rayon => {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(house.workers);
            let pool = pool.build().map_err(io::Error::other)?;
            loop {
                let (stream, _) = listener.accept()?;
                pool.spawn(move || serve(&stream, work));
            }
        }
        Model::Events => events::run(listener, work),
    }
}

fn accept_in_process(listener: &TcpListener, work: u64) -> io::Result<()> {
    let child = Child::fork(|| {
        loop {
            match listener.accept() {
                Ok((stream, _)) => serve(&stream, work),
                Err(_) => return 1,
            }
        }
    })?;
    child.leave();
    Ok(())
}

/// Answers one connection until its end.
fn serve(mut stream: &TcpStream, work: u64) {
    let mut buffer = [0; 256];
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) | Err(_) => return,
            Ok(count) => length += count,
        }
        if let Some(request) = parse(&buffer[..length]) {
            let goes_on = stream.write_all(answer(request, work)).is_ok();
            if !goes_on || request == (Request::Hello { close: true }) {
                return;
            }
            length = 0;
        }
    }
}

/// The answer to a request, after the work that it costs.
pub(super) fn answer(request: Request, work: u64) -> &'static [u8] {
    if request == Request::Crash {
        let _why_not = sys::write_to_forbidden_page();
    }
    black_box(toil(work));
    ANSWER
}

/// Work that takes time in proportion to its turns.
pub(super) fn toil(turns: u64) -> u64 {
    (0..turns).fold(turns, |sum, turn| black_box(sum.rotate_left(5) ^ turn))
}
