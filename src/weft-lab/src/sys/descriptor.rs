//! Descriptors known by their number alone, as another task told it.

use std::io;
use std::os::fd::RawFd;

/// Reads eight bytes from the descriptor with this number (`read(2)`).
///
/// # Errors
///
/// It is not open, or holds less.
pub fn read_word(fd: RawFd) -> io::Result<u64> {
    let mut bytes = [0_u8; 8];
    // SAFETY: the buffer is as long as stated and outlives the call; a number that is not open is refused.
    let read = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
    match usize::try_from(read) {
        Ok(8) => Ok(u64::from_ne_bytes(bytes)),
        Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Is the descriptor with this number open in the calling task's table (`fcntl(2)`, `F_GETFD`)?
#[must_use]
pub fn is_open_number(fd: RawFd) -> bool {
    // SAFETY: takes numbers alone, and changes nothing.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

/// Closes the descriptor with this number (`close(2)`); one that is not open is left alone.
///
/// The number must come from a task that gave the descriptor up with `into_raw_fd`.
pub fn close_number(fd: RawFd) {
    // SAFETY: who told the number gave the descriptor up, so nobody else owns it.
    let _not_open = unsafe { libc::close(fd) };
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::{AsRawFd, IntoRawFd};

    use super::*;

    #[test]
    fn a_word_is_read_by_number() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(&7_u64.to_ne_bytes()).unwrap();
        writer.write_all(&[1]).unwrap();
        assert_eq!(read_word(reader.as_raw_fd()).unwrap(), 7);
        assert_eq!(
            read_word(reader.as_raw_fd()).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        let number = writer.into_raw_fd();
        assert!(is_open_number(number) && !is_open_number(-1));
        close_number(number);
        assert!(read_word(-1).is_err());
    }
}
