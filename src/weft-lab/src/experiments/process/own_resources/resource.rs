//! The resources: how each is read and changed.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{IntoRawFd, RawFd};
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::resource::{Resource as Limit, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::{Mode, umask};

use crate::sys;
use crate::text::Text;

/// Something that the kernel keeps for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Folder,
    Descriptor,
    /// The offset of a file that the second task opens itself.
    OpenedOffset,
    Mask,
    Disposition,
    Limit,
    Environment,
    Umask,
    Nice,
    /// The offset of a file that the first task had opened before it made the second.
    InheritedOffset,
    /// The flags of such a file.
    InheritedFlags,
}

impl Resource {
    pub(super) const ALL: [Resource; 11] = [
        Resource::Folder,
        Resource::Descriptor,
        Resource::OpenedOffset,
        Resource::Mask,
        Resource::Disposition,
        Resource::Limit,
        Resource::Environment,
        Resource::Umask,
        Resource::Nice,
        Resource::InheritedOffset,
        Resource::InheritedFlags,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Resource::Folder => "folder",
            Resource::Descriptor => "descriptor",
            Resource::OpenedOffset => "opened-offset",
            Resource::Mask => "signal-mask",
            Resource::Disposition => "signal-action",
            Resource::Limit => "limit",
            Resource::Environment => "environment",
            Resource::Umask => "umask",
            Resource::Nice => "nice",
            Resource::InheritedOffset => "inherited-offset",
            Resource::InheritedFlags => "inherited-flags",
        }
    }

    /// The claim is about it. What hangs on an inherited open file is the exception.
    pub(super) fn is_claimed(self) -> bool {
        !matches!(self, Resource::InheritedOffset | Resource::InheritedFlags)
    }

    pub(super) fn name(self) -> Text {
        match self {
            Resource::Folder => text!("working directory"),
            Resource::Descriptor => text!("descriptor table"),
            Resource::OpenedOffset => text!("offset, file opened by itself"),
            Resource::Mask => text!("signal mask"),
            Resource::Disposition => text!("signal action"),
            Resource::Limit => text!("limit on open files"),
            Resource::Environment => text!("environment"),
            Resource::Umask => text!("umask"),
            Resource::Nice => text!("nice value"),
            Resource::InheritedOffset => text!("offset, inherited descriptor"),
            Resource::InheritedFlags => text!("flags, inherited descriptor"),
        }
    }
}

/// The folders between which the working directory changes; every Linux system has both.
const FOLDERS: [&str; 2] = ["/", "/proc"];
/// The signals that are blocked or not, and the one that is ignored or not.
const SIGNALS: [Signal; 4] = [Signal::SIGUSR2, Signal::SIGURG, Signal::SIGWINCH, Signal::SIGALRM];
const IGNORED: i32 = libc::SIGUSR1;
const VARIABLE: &str = "WEFT_RESOURCE";
/// A file that every run has: the program's own.
const FILE: &str = "/proc/self/exe";
/// The nicest value.
const NICEST: i32 = 19;
/// What is read of a working directory that is none of the two.
const ELSEWHERE: u64 = 2;

/// What the first task has opened before it makes the second.
pub(super) struct Place {
    /// A descriptor that the second task closes.
    closed: RawFd,
    /// Its own open file, of the same file that the second task opens.
    own: File,
    /// An open file that the second task uses.
    inherited: File,
}

impl Place {
    pub(super) fn prepare() -> io::Result<Place> {
        std::env::set_current_dir(FOLDERS[0])?;
        Ok(Place {
            closed: File::open(FILE)?.into_raw_fd(),
            own: File::open(FILE)?,
            inherited: File::open(FILE)?,
        })
    }
}

/// One of the two tasks, with what it has opened itself.
pub(super) struct Task<'a> {
    place: &'a Place,
    opened: Option<File>,
}

impl<'a> Task<'a> {
    pub(super) fn at(place: &'a Place) -> Self {
        Task { place, opened: None }
    }

    /// The resource as this task finds it, as a number.
    pub(super) fn read(&self, resource: Resource) -> io::Result<u64> {
        match resource {
            Resource::Folder => {
                let folder = std::env::current_dir()?;
                let place = FOLDERS.iter().position(|known| Path::new(known) == folder);
                Ok(place.map_or(ELSEWHERE, |place| place as u64))
            }
            Resource::Descriptor => Ok(u64::from(sys::is_open_number(self.place.closed))),
            Resource::OpenedOffset => self.opened.as_ref().unwrap_or(&self.place.own).stream_position_of(),
            Resource::Mask => {
                let mask = SigSet::thread_get_mask()?;
                let bits = SIGNALS.iter().enumerate().filter(|(_, signal)| mask.contains(**signal));
                Ok(bits.map(|(bit, _)| 1 << bit).sum())
            }
            Resource::Disposition => sys::ignores_signal(IGNORED).map(u64::from),
            Resource::Limit => Ok(getrlimit(Limit::RLIMIT_NOFILE)?.0),
            Resource::Environment => {
                let value = std::env::var(VARIABLE).ok();
                Ok(value.and_then(|value| value.parse().ok()).unwrap_or(0))
            }
            Resource::Umask => {
                // It can only be read by setting it.
                let mask = umask(Mode::empty());
                umask(mask);
                Ok(mask.bits().into())
            }
            // From -20 to 19, which a number without sign can't hold.
            Resource::Nice => Ok(u64::from((sys::niceness() + 20).unsigned_abs())),
            Resource::InheritedOffset => self.place.inherited.stream_position_of(),
            Resource::InheritedFlags => {
                let flags = fcntl(&self.place.inherited, FcntlArg::F_GETFL)?;
                Ok(u64::from(OFlag::from_bits_retain(flags).contains(OFlag::O_NONBLOCK)))
            }
        }
    }

    /// Changes the resource to another value, which `value` chooses where there are several.
    pub(super) fn change(&mut self, resource: Resource, value: u32) -> io::Result<()> {
        match resource {
            Resource::Folder => std::env::set_current_dir(FOLDERS[1]),
            Resource::Descriptor => {
                sys::close_number(self.place.closed);
                Ok(())
            }
            Resource::OpenedOffset => {
                let opened = File::open(FILE)?;
                (&opened).seek(SeekFrom::Start(1 + u64::from(value)))?;
                self.opened = Some(opened);
                Ok(())
            }
            Resource::Mask => {
                let before = self.read(resource)?;
                let bits = before ^ u64::from(1 + value % 15);
                let chosen = SIGNALS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
                let mask: SigSet = chosen.map(|(_, signal)| *signal).collect();
                Ok(mask.thread_set_mask()?)
            }
            Resource::Disposition => sys::ignore_signal(IGNORED, !sys::ignores_signal(IGNORED)?),
            Resource::Limit => {
                let (soft, hard) = getrlimit(Limit::RLIMIT_NOFILE)?;
                let chosen = 64 + u64::from(value % 64);
                let lower = if soft == chosen { chosen - 1 } else { chosen };
                Ok(setrlimit(Limit::RLIMIT_NOFILE, lower.min(hard), hard)?)
            }
            Resource::Environment => {
                // The other task waits until this one has ended.
                sys::set_variable(VARIABLE, &(1 + u64::from(value)).to_string());
                Ok(())
            }
            Resource::Umask => {
                let before = umask(Mode::empty());
                umask(Mode::from_bits_truncate(before.bits() ^ (1 + value % 0o777)));
                Ok(())
            }
            Resource::Nice => {
                let usual = sys::niceness();
                let room = u32::try_from(NICEST - usual).unwrap_or(0);
                if room == 0 {
                    return Err(io::Error::other("the run is as nice as can be"));
                }
                let nicer = usual + (1 + value % room).cast_signed();
                // From a negative value zero is nicer, and nobody needs a right for it.
                sys::set_nice(u8::try_from(nicer).unwrap_or(0))
            }
            Resource::InheritedOffset => {
                let moved = SeekFrom::Current(1 + i64::from(value));
                (&self.place.inherited).seek(moved).map(drop)
            }
            Resource::InheritedFlags => {
                let flags = OFlag::from_bits_retain(fcntl(&self.place.inherited, FcntlArg::F_GETFL)?);
                let other = flags ^ OFlag::O_NONBLOCK;
                fcntl(&self.place.inherited, FcntlArg::F_SETFL(other))?;
                Ok(())
            }
        }
    }
}

/// Where an open file is read next, asked through a shared reference.
trait Offset {
    fn stream_position_of(&self) -> io::Result<u64>;
}

impl Offset for File {
    fn stream_position_of(&self) -> io::Result<u64> {
        let mut file = self;
        file.stream_position()
    }
}
