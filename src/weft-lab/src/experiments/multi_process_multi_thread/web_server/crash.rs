//! One handler crashes. What happens to the others?

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::protocol::{ANSWER, CRASH, KEEP};
use super::server::{House, Model, Server};

/// Connections that are open when a handler crashes, beside its own.
pub(super) const OTHERS: usize = 8;

/// How long a client waits for an answer. Who is silent for longer counts as gone.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one trial shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// How many of the other connections are still answered.
    pub(super) survivors: usize,
    /// Is a new connection answered?
    pub(super) accepts: bool,
}

/// Opens connections, lets the handler of one more crash, and asks all others again.
///
/// # Errors
///
/// The server could not be started, did not answer at first, or its handler did not crash.
pub(super) fn trial(model: Model, house: House) -> io::Result<Shown> {
    let workers = house.workers.max(OTHERS + 2);
    let server = Server::start(model, House { workers, ..house })?;
    let mut others = Vec::new();
    for _ in 0..OTHERS {
        let mut line = open(server.address)?;
        ask(&mut line)?;
        others.push(line);
    }
    let mut victim = open(server.address)?;
    ask(&mut victim)?;
    victim.write_all(CRASH)?;
    match victim.read(&mut [0]) {
        Ok(0) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        Ok(_) => return Err(io::Error::other("the handler answered")),
        Err(error) => return Err(error),
    }
    let survivors = others.iter_mut().filter_map(|line| ask(line).ok()).count();
    let accepts = open(server.address).and_then(|mut line| ask(&mut line)).is_ok();
    Ok(Shown { survivors, accepts })
}

fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let line = TcpStream::connect_timeout(&address, PATIENCE)?;
    line.set_read_timeout(Some(PATIENCE))?;
    Ok(line)
}

fn ask(line: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; ANSWER.len()];
    line.write_all(KEEP)?;
    line.read_exact(&mut answer)?;
    if answer == ANSWER {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
