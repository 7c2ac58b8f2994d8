//! An event loop: one thread that serves whatever is ready next (`epoll(7)`).

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::protocol::{Request, parse};
use super::server::answer;

/// A connection, and what has arrived on it of a request.
struct Connection {
    stream: TcpStream,
    arrived: Vec<u8>,
}

/// Serves for ever.
///
/// # Errors
///
/// The system refuses to watch descriptors.
pub(super) fn run(listener: &TcpListener, work: u64) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    let watch = |fd: i32| EpollEvent::new(EpollFlags::EPOLLIN, u64::try_from(fd).unwrap_or_default());
    epoll.add(listener, watch(listener.as_raw_fd()))?;
    // A connection stands at the number of its descriptor.
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut ready = [EpollEvent::empty(); 64];
    loop {
        let count = match epoll.wait(&mut ready, EpollTimeout::NONE) {
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        for event in &ready[..count] {
            let place = usize::try_from(event.data()).unwrap_or_default();
            match connections.get_mut(place).and_then(Option::as_mut) {
                // Closing a descriptor ends its watch.
                Some(connection) => {
                    if !connection.go_on(work) {
                        connections[place] = None;
                    }
                }
                None => {
                    while let Ok((stream, _)) = listener.accept() {
                        stream.set_nonblocking(true)?;
                        epoll.add(&stream, watch(stream.as_raw_fd()))?;
                        let place = usize::try_from(stream.as_raw_fd()).unwrap_or_default();
                        if connections.len() <= place {
                            connections.resize_with(place + 1, || None);
                        }
                        let arrived = Vec::new();
                        connections[place] = Some(Connection { stream, arrived });
                    }
                }
            }
        }
    }
}

impl Connection {
    /// Takes in what has arrived, and answers if it is a whole request. Is the connection still open?
    fn go_on(&mut self, work: u64) -> bool {
        let mut buffer = [0; 256];
        match self.stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => self.arrived.extend_from_slice(&buffer[..count]),
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
        let Some(request) = parse(&self.arrived) else {
            return self.arrived.len() < buffer.len();
        };
        self.arrived.clear();
        // An answer is far smaller than what a socket takes in at once.
        self.stream.write_all(answer(request, work)).is_ok() && request != (Request::Hello { close: true })
    }
}
