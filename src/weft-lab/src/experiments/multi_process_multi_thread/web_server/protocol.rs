//! As much of HTTP as the servers of this experiment speak: one request, one answer, on a connection that stays or not.

/// A request on a connection that stays.
pub(super) const KEEP: &[u8] = b"GET /hello HTTP/1.1\r\n\r\n";
/// A request after which the server closes the connection.
pub(super) const CLOSE: &[u8] = b"GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n";
/// A request whose handler crashes.
pub(super) const CRASH: &[u8] = b"GET /crash HTTP/1.1\r\n\r\n";
/// The answer.
pub(super) const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// An answer; and then the end of the connection, or not.
    Hello { close: bool },
    /// A handler that writes to a forbidden address.
    Crash,
}

/// The request in what has arrived so far; `None` while its end is missing.
pub(super) fn parse(arrived: &[u8]) -> Option<Request> {
    if !arrived.ends_with(b"\r\n\r\n") {
        return None;
    }
    let mut lines = arrived.split(|&byte| byte == b'\n');
    if lines.next().is_some_and(|line| line.starts_with(b"GET /crash ")) {
        return Some(Request::Crash);
    }
    let close = lines.any(|line| line.trim_ascii_end().eq_ignore_ascii_case(b"connection: close"));
    Some(Request::Hello { close })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_request_is_read_as_it_was_meant() {
        assert_eq!(parse(KEEP), Some(Request::Hello { close: false }));
        assert_eq!(parse(CLOSE), Some(Request::Hello { close: true }));
        assert_eq!(parse(CRASH), Some(Request::Crash));
    }

    proptest! {
        #[test]
        fn a_part_of_a_request_is_none_yet(cut in 0_usize..CLOSE.len() - 1) {
            prop_assert_eq!(parse(&CLOSE[..cut]), None);
        }

        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            parse(&bytes);
            parse(&[bytes.as_slice(), b"\r\n\r\n"].concat());
        }
    }
}
