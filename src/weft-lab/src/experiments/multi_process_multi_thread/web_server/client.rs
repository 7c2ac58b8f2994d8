//! The client: one thread on a core of its own, which keeps many requests under way by asking each connection in turn.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt};

use super::protocol::{ANSWER, CLOSE, KEEP};
use crate::measure::{Clock, Nanos};
use crate::sys;

/// Whether a connection serves one request or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    Short,
    Kept,
}

impl Style {
    pub(super) const ALL: [Style; 2] = [Style::Short, Style::Kept];

    pub(super) fn id(self) -> &'static str {
        match self {
            Style::Short => "short",
            Style::Kept => "kept",
        }
    }
}

/// Requests under way at most, below what a listening socket lets wait even on older kernels.
const MOST_UNDER_WAY: usize = 100;

/// A throughput rests on so many answers at least, whatever the time, as long as there is patience.
const LEAST_ANSWERS: u64 = 16;

/// How long a client waits for who doesn't answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// A client, and whom it asks.
pub(super) struct Client<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) address: SocketAddr,
    pub(super) style: Style,
    /// Has the client its core for itself? If not, it lets the server run while it waits.
    pub(super) has_own_core: bool,
}

/// A request under way.
struct Asked {
    line: TcpStream,
    arrived: usize,
    /// When it was to be sent.
    due: Nanos,
    /// When it was sent.
    sent: Nanos,
}

/// What became of a request.
enum Fate {
    UnderWay,
    Answered,
    Lost,
}

/// One answer of an open loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Latency {
    /// From the moment for which the request was planned.
    pub(super) from_schedule: Nanos,
    /// From the moment at which it was sent.
    pub(super) from_send: Nanos,
}

/// What an open loop saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) latencies: Vec<Latency>,
    /// Requests that were planned and got no answer.
    pub(super) unanswered: usize,
}

/// When requests come: `count` moments at random with this many a second on average (a Poisson process), as distances
/// from the start.
pub(super) fn schedule(rate: f64, length: Duration, rng: &mut fastrand::Rng) -> Vec<Nanos> {
    let mut at = 0.0;
    let mut moments = Vec::new();
    loop {
        at -= (1.0 - rng.f64()).ln() / rate;
        match Duration::try_from_secs_f64(at) {
            Ok(moment) if moment < length => moments.push(Nanos::from(moment)),
            _ => return moments,
        }
    }
}

impl Client<'_> {
    /// A closed loop: `connections` requests are under way at any time, the next is sent when one is answered. Gives
    /// the requests answered in a second; the first eighth of the time warms up.
    ///
    /// # Errors
    ///
    /// No connection, or no answer at all.
    pub(super) fn saturate(&self, connections: usize, length: Duration) -> io::Result<f64> {
        let begin = self.clock.now();
        let length = Nanos::from(length).0;
        let (warm, end) = (Nanos(begin.0 + length / 8), Nanos(begin.0 + length / 8 + length));
        let give_up = Nanos(end.0 + Nanos::from(PATIENCE).0);
        let mut under_way: Vec<Asked> = Vec::new();
        for _ in 0..connections {
            under_way.push(self.ask(None, begin)?);
        }
        let mut answered = 0_u64;
        let mut from = begin;
        loop {
            let now = self.clock.now();
            if now >= end && (answered >= LEAST_ANSWERS || now >= give_up) {
                break;
            }
            if now < warm {
                (answered, from) = (0, now);
            }
            let mut is_idle = true;
            for asked in &mut under_way {
                match asked.fate() {
                    Fate::UnderWay => continue,
                    Fate::Answered => answered += 1,
                    Fate::Lost if self.style == Style::Kept => return Err(io::ErrorKind::ConnectionReset.into()),
                    Fate::Lost => {}
                }
                is_idle = false;
                self.ask_again(asked, now)?;
            }
            self.wait(is_idle);
        }
        let took = self.clock.now().since(from).as_f64();
        if answered == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(answered as f64 * 1e9 / took.max(1.0))
    }

    /// An open loop: requests come at these moments, whether or not earlier ones are answered. With kept connections a
    /// request waits until one of `connections` is free, and its waiting counts.
    ///
    /// # Errors
    ///
    /// No connection.
    pub(super) fn follow(&self, schedule: &[Nanos], connections: usize) -> io::Result<Seen> {
        let mut free: Vec<TcpStream> = Vec::new();
        let most = match self.style {
            Style::Short => MOST_UNDER_WAY,
            Style::Kept => {
                for _ in 0..connections {
                    free.push(TcpStream::connect(self.address)?);
                }
                connections
            }
        };
        let begin = self.clock.now();
        let last = schedule.last().copied().unwrap_or_default();
        let give_up = Nanos(begin.0 + last.0 + Nanos::from(PATIENCE).0);
        let mut due = schedule.iter().map(|moment| Nanos(begin.0 + moment.0)).peekable();
        let mut under_way: Vec<Asked> = Vec::new();
        let mut seen = Seen::default();
        while due.peek().is_some() || !under_way.is_empty() {
            let now = self.clock.now();
            if now >= give_up {
                break;
            }
            let mut is_idle = true;
            while under_way.len() < most
                && let Some(due) = due.next_if(|&due| due <= now)
            {
                under_way.push(self.ask(free.pop(), due)?);
                is_idle = false;
            }
            let mut at = 0;
            while at < under_way.len() {
                let fate = under_way[at].fate();
                if matches!(fate, Fate::UnderWay) {
                    at += 1;
                    continue;
                }
                is_idle = false;
                let asked = under_way.swap_remove(at);
                if matches!(fate, Fate::Lost) {
                    seen.unanswered += 1;
                    // The connection is gone; a kept one is made anew.
                    if self.style == Style::Kept {
                        free.push(TcpStream::connect(self.address)?);
                    }
                    continue;
                }
                let now = self.clock.now();
                seen.latencies.push(Latency {
                    from_schedule: now.since(asked.due),
                    from_send: now.since(asked.sent),
                });
                if self.style == Style::Kept {
                    free.push(asked.line);
                } else {
                    let _closed = hang_up(&asked.line);
                }
            }
            self.wait(is_idle);
        }
        seen.unanswered += under_way.len() + due.count();
        Ok(seen)
    }

    fn wait(&self, is_idle: bool) {
        if is_idle && !self.has_own_core {
            sys::yield_now();
        }
    }

    /// Sends a request, on a connection that is there or on a new one.
    fn ask(&self, line: Option<TcpStream>, due: Nanos) -> io::Result<Asked> {
        let sent = self.clock.now();
        // Over loopback the kernel makes the connection at once, whatever the server does.
        let line = line.map_or_else(|| TcpStream::connect(self.address), Ok)?;
        let mut asked = Asked {
            line,
            arrived: 0,
            due,
            sent,
        };
        asked.send(self.style)?;
        Ok(asked)
    }

    fn ask_again(&self, asked: &mut Asked, now: Nanos) -> io::Result<()> {
        if self.style == Style::Short {
            let _closed = hang_up(&asked.line);
            *asked = self.ask(None, now)?;
            return Ok(());
        }
        asked.arrived = 0;
        asked.send(self.style)
    }
}

impl Asked {
    fn send(&mut self, style: Style) -> io::Result<()> {
        let request = if style == Style::Short { CLOSE } else { KEEP };
        match self.line.write_all(request) {
            // Who crashed meanwhile is found when the answer is missing.
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => Ok(()),
            other => other,
        }
    }

    fn fate(&mut self) -> Fate {
        let mut buffer = [0; 256];
        match recv(self.line.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => Fate::Lost,
            Ok(count) => {
                self.arrived += count;
                if self.arrived < ANSWER.len() {
                    Fate::UnderWay
                } else {
                    Fate::Answered
                }
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Fate::UnderWay,
            Err(_) => Fate::Lost,
        }
    }
}

/// Lets the connection end with a reset when it is dropped (`SO_LINGER` of 0, `socket(7)`): thousands of connections a
/// second would else leave as many ports waiting (`TIME_WAIT`), and there are about 28,000.
fn hang_up(line: &TcpStream) -> io::Result<()> {
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    Ok(setsockopt(line, sockopt::Linger, &linger)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_schedule_is_in_order_and_ends_in_time(seed in any::<u64>(), rate in 1.0_f64..10_000.0) {
            let length = Duration::from_millis(100);
            let moments = schedule(rate, length, &mut fastrand::Rng::with_seed(seed));
            prop_assert!(moments.is_sorted());
            prop_assert!(moments.iter().all(|&moment| moment < Nanos::from(length)));
            prop_assert_eq!(&moments, &schedule(rate, length, &mut fastrand::Rng::with_seed(seed)));
        }
    }

    #[test]
    fn a_schedule_has_the_rate_that_it_was_given() {
        let count = schedule(1_000.0, Duration::from_secs(100), &mut fastrand::Rng::with_seed(1)).len();
        // Ten standard deviations of a count of 100,000.
        assert!((96_800..103_200).contains(&count), "{count}");
    }
}
