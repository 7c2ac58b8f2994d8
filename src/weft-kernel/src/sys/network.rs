//! Leaving the network, and the count of a user's tasks.

use std::io;
use std::os::fd::AsRawFd;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

/// Puts this process, and what it makes, into a network of its own in which there is only the loopback device
/// (`unshare(2)`, `network_namespaces(7)`). An ordinary user needs a user namespace for it.
///
/// # Errors
///
/// The system does not allow it.
pub fn leave_network() -> io::Result<()> {
    if unshare(CloneFlags::CLONE_NEWNET).is_err() {
        leave_users(CloneFlags::CLONE_NEWNET)?;
    }
    // A cell's own servers and clients still find each other.
    raise_loopback()
}

/// Counts the tasks of this process, and of what it makes, apart from all others of its user: a limit on their number
/// (`RLIMIT_NPROC`, `getrlimit(2)`) that is set after this is theirs alone. The process must have one thread.
///
/// # Errors
///
/// The system does not allow user namespaces.
pub fn count_tasks_apart() -> io::Result<()> {
    leave_users(CloneFlags::empty())
}

/// A user namespace in which this user is the same, and nobody else is (`user_namespaces(7)`).
fn leave_users(and: CloneFlags) -> io::Result<()> {
    let (user, group) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | and)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

/// Sets the loopback device up (`netdevice(7)`).
fn raise_loopback() -> io::Result<()> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: a request of zeros is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, letter) in request.ifr_name.iter_mut().zip(*b"lo") {
        *place = libc::c_char::try_from(letter).unwrap_or_default();
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).unwrap_or_default();
    // SAFETY: the request names the device and holds its flags, and outlives the call.
    let status = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) };
    if status < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{Pid, Uid, pause, setresuid};

    use super::*;
    use crate::sys::{Fork, exit_now, fork};

    /// A process that does nothing but be there.
    fn idle(all: &mut Vec<i32>) -> io::Result<()> {
        match fork()? {
            Fork::Child => {
                pause();
                exit_now(0);
            }
            Fork::Parent(child) => all.push(child),
        }
        Ok(())
    }

    /// Of a user with three tasks, one that may have three: whether it can start two others, and a third one.
    fn two_and_a_third(all: &mut Vec<i32>) -> io::Result<(bool, bool)> {
        let nobody = Uid::from_raw(61_100);
        if getuid().is_root() {
            setresuid(nobody, nobody, nobody)?;
            // Who has been another user can't change their own process's entries in /proc.
            nix::sys::prctl::set_dumpable(true)?;
        }
        idle(all)?;
        idle(all)?;
        count_tasks_apart()?;
        setrlimit(Resource::RLIMIT_NPROC, 3, 3)?;
        Ok((idle(all).and_then(|()| idle(all)).is_ok(), idle(all).is_ok()))
    }

    #[test]
    fn tasks_of_the_same_user_do_not_count() {
        let child = match fork().unwrap() {
            Fork::Child => {
                let mut all = Vec::new();
                let found = two_and_a_third(&mut all);
                for pid in all {
                    let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                exit_now(found.map_or(9, |(two, third)| i32::from(two) + 2 * i32::from(third)))
            }
            Fork::Parent(child) => Pid::from_raw(child),
        };
        assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 1)));
    }
}
