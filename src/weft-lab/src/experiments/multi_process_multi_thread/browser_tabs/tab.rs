//! The life of a tab: it loads a page, shows it when asked, lets its heart beat, and has an accident when told to.

use std::hint::spin_loop;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::sys::{self, Mapping};
use crate::text::Text;

/// What can happen to a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Accident {
    /// It writes to a forbidden address.
    Crash,
    /// It computes for ever, and its heart stands still.
    Hang,
    /// It takes memory until it meets the limit.
    Memory,
}

impl Accident {
    pub(super) const ALL: [Accident; 3] = [Accident::Crash, Accident::Hang, Accident::Memory];

    pub(super) fn id(self) -> &'static str {
        match self {
            Accident::Crash => "crash",
            Accident::Hang => "hang",
            Accident::Memory => "memory",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Accident::Crash => text!("Crash"),
            Accident::Hang => text!("Hang"),
            Accident::Memory => text!("Memory up to the limit"),
        }
    }
}

/// What a supervisor tells a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Load the page of this number.
    Load(u64),
    /// Say which page you show.
    Show,
    /// Have an accident; the limit of memory is this many bytes above what is used now.
    Fail(Accident, u64),
}

/// An order on its way: what, and a number.
pub(super) type Message = [u8; 9];

impl Order {
    pub(super) fn to_message(self) -> Message {
        let (what, number) = match self {
            Order::Load(page) => (0, page),
            Order::Show => (1, 0),
            Order::Fail(accident, limit) => (2 + accident as u8, limit),
        };
        let mut message = [what; 9];
        message[1..].copy_from_slice(&number.to_le_bytes());
        message
    }

    pub(super) fn from_message(message: Message) -> Option<Order> {
        let [what, number @ ..] = message;
        let number = u64::from_le_bytes(number);
        match what {
            0 => Some(Order::Load(number)),
            1 => Some(Order::Show),
            _ => {
                let accident = Accident::ALL.get(usize::from(what) - 2)?;
                Some(Order::Fail(*accident, number))
            }
        }
    }
}

/// A tab's heart beats at least this often.
const BEAT: Duration = Duration::from_millis(2);
/// What a tab shows that has no page.
pub(super) const NO_PAGE: u64 = 0;

/// Lives until the supervisor hangs up.
pub(super) fn live(mut line: UnixStream, heart: &AtomicU64, page_bytes: usize) -> io::Result<()> {
    line.set_read_timeout(Some(BEAT))?;
    let mut page: Vec<u64> = Vec::new();
    loop {
        heart.fetch_add(1, Relaxed);
        let mut message = [0; 9];
        match line.read(&mut message) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        match Order::from_message(message) {
            Some(Order::Load(number)) => page = vec![number; page_bytes.div_ceil(size_of::<u64>())],
            Some(Order::Show) | None => {}
            Some(Order::Fail(Accident::Crash, _)) => {
                let _why_not = sys::write_to_forbidden_page();
            }
            Some(Order::Fail(Accident::Hang, _)) => hang(),
            Some(Order::Fail(Accident::Memory, limit)) => eat(limit),
        }
        line.write_all(&shown(&page).to_le_bytes())?;
    }
}

/// The number of a page that is whole.
fn shown(page: &[u64]) -> u64 {
    match page {
        [first, rest @ ..] if rest.iter().all(|word| word == first) => *first,
        _ => NO_PAGE,
    }
}

fn hang() -> ! {
    loop {
        spin_loop();
    }
}

/// Takes memory until the limit is met, and aborts then, as Rust does when an allocation fails. Comes back where no limit
/// can be set. It asks the kernel itself: a library's allocator may have address space in reserve, a different amount
/// for threads.
fn eat(limit: u64) {
    const BITE: usize = 1 << 20;
    let used = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().next()?.parse::<u64>().ok());
    let used = used.unwrap_or(0) * sys::page_bytes() as u64;
    // Another tab of this process may have set the limit, which can't be raised then.
    if sys::limit_address_space(used + limit).is_err() && sys::address_space_limit().is_none() {
        return;
    }
    let mut bites = Vec::with_capacity(1 << 12);
    while bites.len() < bites.capacity() {
        match Mapping::private(BITE) {
            Ok(bite) => {
                bite.touch();
                bites.push(bite);
            }
            Err(_) => std::process::abort(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_order_arrives_as_it_was_sent(number in any::<u64>(), which in 0_usize..5) {
            let orders = [Order::Load(number), Order::Show];
            let order = orders.get(which).copied().unwrap_or_else(|| Order::Fail(Accident::ALL[which - 2], number));
            prop_assert_eq!(Order::from_message(order.to_message()), Some(order));
        }

        #[test]
        fn reading_an_order_never_panics(message in any::<[u8; 9]>()) {
            Order::from_message(message);
        }
    }

    #[test]
    fn a_tab_loads_shows_and_leaves() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let heart = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let tab = scope.spawn(|| live(theirs, &heart, 4_096));
            let mut ask = |order: Order| {
                let mut answer = [0; 8];
                ours.write_all(&order.to_message()).unwrap();
                ours.read_exact(&mut answer).unwrap();
                u64::from_le_bytes(answer)
            };
            assert_eq!(
                [ask(Order::Show), ask(Order::Load(7)), ask(Order::Show)],
                [NO_PAGE, 7, 7]
            );
            drop(ours);
            tab.join().unwrap().unwrap();
        });
        assert!(heart.load(Relaxed) >= 3);
    }

    #[test]
    fn a_page_that_is_torn_is_none() {
        assert_eq!([shown(&[5, 5]), shown(&[5, 6]), shown(&[])], [5, NO_PAGE, NO_PAGE]);
    }
}
