//! What the kernel keeps for a process or a thread beside its memory, and how it lays that out.

use std::ffi::c_int;
use std::io;

fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Lets this process ignore a signal, or take its default action (`sigaction(2)`).
///
/// # Errors
///
/// No such signal, or one that can't be ignored.
pub fn ignore_signal(signal: i32, ignore: bool) -> io::Result<()> {
    let action = if ignore { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: neither action runs code of this program.
    let before = unsafe { libc::signal(signal, action) };
    if before == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Does this process ignore a signal?
///
/// # Errors
///
/// No such signal.
pub fn ignores_signal(signal: i32) -> io::Result<bool> {
    // SAFETY: all of it is numbers and pointers, for which zeros are values.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given, and `action` outlives the call.
    checked(unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) })?;
    Ok(action.sa_sigaction == libc::SIG_IGN)
}

/// Sets a variable of this process's environment, while no other thread reads or writes one: the caller has started no
/// thread, or all that it has started wait for the calling one.
pub fn set_variable(name: &str, value: &str) {
    // SAFETY: no other thread is in the environment, see above.
    unsafe { std::env::set_var(name, value) };
}

/// `ADDR_NO_RANDOMIZE` of `personality(2)`.
const NOT_RANDOM: libc::c_ulong = 0x004_0000;

/// Does the kernel lay out the programs that this process starts at random addresses, as far as the process itself has a
/// say (`personality(2)`)?
///
/// # Errors
///
/// The system call is forbidden.
pub fn layout_is_random() -> io::Result<bool> {
    Ok(personality(0xffff_ffff)? & NOT_RANDOM == 0)
}

/// Lets the kernel lay out this process's programs, from the next that it starts on, always at the same addresses.
///
/// # Errors
///
/// The system call is forbidden, as in many containers.
pub fn forbid_random_layout() -> io::Result<()> {
    personality(personality(0xffff_ffff)? | NOT_RANDOM).map(drop)
}

fn personality(persona: libc::c_ulong) -> io::Result<libc::c_ulong> {
    // SAFETY: takes a number, which changes nothing in memory that is mapped already.
    let before = checked(unsafe { libc::personality(persona) })?;
    Ok(libc::c_ulong::from(before.cast_unsigned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_ignored_and_taken_again() {
        let signal = libc::SIGURG;
        assert!(!ignores_signal(signal).unwrap());
        ignore_signal(signal, true).unwrap();
        assert!(ignores_signal(signal).unwrap());
        ignore_signal(signal, false).unwrap();
        assert!(!ignores_signal(signal).unwrap());
        assert!(ignore_signal(libc::SIGKILL, true).is_err() && ignores_signal(0).is_err());
    }

    #[test]
    fn the_layout_of_this_program_s_children_is_known() {
        let is_random = layout_is_random().unwrap();
        let forbid =
            || i32::from(forbid_random_layout().is_ok_and(|()| layout_is_random().is_ok_and(|random| !random)));
        let ended = crate::sys::Child::fork(forbid).unwrap().wait().unwrap();
        assert!(matches!(ended, crate::sys::Ended::Exit(_)));
        assert_eq!(layout_is_random().unwrap(), is_random);
    }
}
