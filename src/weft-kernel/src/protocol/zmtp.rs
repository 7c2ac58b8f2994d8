//! As much of ZMTP 3 as a publisher speaks: the greeting, the handshake without a secret, frames.
//!
//! RFC 23/ZMTP, <https://rfc.zeromq.org/spec/23/>; 3.1's commands for subscriptions are understood too.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A frame is followed by another of the same message.
const MORE: u8 = 1;
/// The length takes eight bytes.
const LONG: u8 = 2;
/// A frame for the protocol itself.
const COMMAND: u8 = 4;

/// What a subscriber sends is a topic or a property: never longer than this.
const LONGEST: u64 = 64 * 1024;

/// Signature, version 3.0, mechanism NULL, not as a server, filler.
const GREETING: [u8; 64] = {
    let mut greeting = [0; 64];
    greeting[0] = 0xFF;
    greeting[9] = 0x7F;
    greeting[10] = 3;
    let mechanism = *b"NULL";
    let mut at = 0;
    while at < mechanism.len() {
        greeting[12 + at] = mechanism[at];
        at += 1;
    }
    greeting
};

/// What a subscriber wants of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Subscribe(Vec<u8>),
    Cancel(Vec<u8>),
    /// Something else, which asks for nothing.
    None,
}

/// Greets a peer as a publisher, and sees to it that it is a subscriber.
pub(super) async fn greet<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.write_all(&GREETING).await?;
    let mut theirs = [0; 64];
    stream.read_exact(&mut theirs).await?;
    if theirs[0] != 0xFF || theirs[9] & 1 != 1 {
        return Err(refused("the peer does not speak ZMTP"));
    }
    if theirs[10] < 3 {
        return Err(refused("the peer speaks a ZMTP older than 3.0"));
    }
    if &theirs[12..17] != b"NULL\0" {
        return Err(refused("the peer wants another mechanism than NULL"));
    }
    stream.write_all(&ready("PUB")).await?;
    let (flags, body) = read_frame(stream).await?;
    let properties = match body.strip_prefix(b"\x05READY") {
        Some(properties) if flags & COMMAND != 0 => properties,
        _ => return Err(refused("the peer's handshake has no READY")),
    };
    match property(properties, b"Socket-Type") {
        Some(b"SUB" | b"XSUB") => Ok(()),
        _ => Err(refused("the peer is no subscriber")),
    }
}

/// The next wish of a subscriber.
pub(super) async fn read_wish<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Wish> {
    let (flags, body) = read_frame(stream).await?;
    if flags & COMMAND != 0 {
        let topic = |name: &[u8]| body.strip_prefix(name).map(<[u8]>::to_vec);
        let wish = topic(b"\x09SUBSCRIBE").map(Wish::Subscribe);
        return Ok(wish
            .or_else(|| topic(b"\x06CANCEL").map(Wish::Cancel))
            .unwrap_or(Wish::None));
    }
    Ok(match body.split_first() {
        Some((1, topic)) => Wish::Subscribe(topic.to_vec()),
        Some((0, topic)) => Wish::Cancel(topic.to_vec()),
        _ => Wish::None,
    })
}

/// A message of several frames, as it goes over the wire.
pub(super) fn encode<'a>(frames: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let count = frames.len();
    for (number, frame) in (1..).zip(frames) {
        let more = if number < count { MORE } else { 0 };
        put_frame(&mut bytes, more, frame);
    }
    bytes
}

fn put_frame(bytes: &mut Vec<u8>, flags: u8, body: &[u8]) {
    if let Ok(length) = u8::try_from(body.len()) {
        bytes.extend([flags, length]);
    } else {
        bytes.push(flags | LONG);
        bytes.extend((body.len() as u64).to_be_bytes());
    }
    bytes.extend_from_slice(body);
}

async fn read_frame<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<(u8, Vec<u8>)> {
    let flags = stream.read_u8().await?;
    let length = if flags & LONG == 0 {
        u64::from(stream.read_u8().await?)
    } else {
        stream.read_u64().await?
    };
    if length > LONGEST {
        return Err(refused("the peer sends a frame that is too long for a topic"));
    }
    let mut body = Vec::new();
    stream.take(length).read_to_end(&mut body).await?;
    if (body.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((flags, body))
}

/// The command that ends the handshake of NULL.
fn ready(socket_type: &str) -> Vec<u8> {
    let mut body = b"\x05READY\x0BSocket-Type".to_vec();
    let length = u32::try_from(socket_type.len()).unwrap_or_default();
    body.extend(length.to_be_bytes());
    body.extend(socket_type.as_bytes());
    let mut bytes = Vec::new();
    put_frame(&mut bytes, COMMAND, &body);
    bytes
}

/// The value of a property; names are compared without case.
fn property<'a>(mut bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    loop {
        let (&length, rest) = bytes.split_first()?;
        let (name, rest) = rest.split_at_checked(length.into())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length).try_into().ok()?)?;
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        bytes = rest;
    }
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_subscriber_is_greeted_and_heard() {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(&GREETING).await.unwrap();
        theirs.write_all(&ready("SUB")).await.unwrap();
        theirs
            .write_all(b"\x00\x03\x01ab\x04\x0B\x09SUBSCRIBEx\x00\x03\x00ab")
            .await
            .unwrap();
        greet(&mut ours).await.unwrap();
        assert_eq!(read_wish(&mut ours).await.unwrap(), Wish::Subscribe(b"ab".to_vec()));
        assert_eq!(read_wish(&mut ours).await.unwrap(), Wish::Subscribe(b"x".to_vec()));
        assert_eq!(read_wish(&mut ours).await.unwrap(), Wish::Cancel(b"ab".to_vec()));
    }

    #[tokio::test]
    async fn others_are_refused() {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(&GREETING).await.unwrap();
        theirs.write_all(&ready("DEALER")).await.unwrap();
        let error = greet(&mut ours).await.unwrap_err();
        assert_eq!(error.to_string(), "the peer is no subscriber");
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(&[b'G'; 64]).await.unwrap();
        assert_eq!(
            greet(&mut ours).await.unwrap_err().to_string(),
            "the peer does not speak ZMTP"
        );
    }

    #[tokio::test]
    async fn no_frame_is_believed_to_be_endless() {
        let (mut ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").await.unwrap();
        assert!(read_wish(&mut ours).await.is_err());
    }

    #[test]
    fn frames_have_their_flags_and_lengths() {
        let long = vec![b'x'; 300];
        let bytes = encode([b"ab".as_slice(), &long].into_iter());
        assert_eq!(bytes[..4], [MORE, 2, b'a', b'b']);
        assert_eq!(bytes[4..13], [LONG, 0, 0, 0, 0, 0, 0, 1, 44]);
        assert_eq!(bytes.len(), 13 + 300);
    }
}
