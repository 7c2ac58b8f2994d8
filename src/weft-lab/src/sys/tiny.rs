//! The smallest program there is: it exits. Its start costs what `exec` costs, and no loader's work.

use std::ffi::CString;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::memfd::{MFdFlags, memfd_create};

/// A statically linked program of one page that calls `exit(0)`, in memory.
#[derive(Debug)]
pub struct TinyProgram {
    path: CString,
    _file: OwnedFd,
}

/// `exit(0)` in machine code.
#[cfg(target_arch = "x86_64")]
const CODE: &[u8] = &[0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05]; // xor edi, edi; mov eax, 60; syscall
#[cfg(target_arch = "aarch64")]
const CODE: &[u8] = &[0, 0, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 1, 0, 0, 0xd4]; // mov x0, 0; mov x8, 93; svc 0

#[cfg(target_arch = "x86_64")]
const ELF_MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const ELF_MACHINE: u16 = 183;

const BASE: u64 = 0x40_0000;
const HEADERS: u64 = 64 + 56;

/// An ELF header, one program header, and the code (`elf(5)`).
fn image() -> Vec<u8> {
    let size = HEADERS + CODE.len() as u64;
    let mut image = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    image.extend(2_u16.to_le_bytes()); // an executable
    image.extend(ELF_MACHINE.to_le_bytes());
    image.extend(1_u32.to_le_bytes());
    image.extend((BASE + HEADERS).to_le_bytes()); // where it starts
    image.extend(64_u64.to_le_bytes()); // the program header follows
    image.extend(0_u64.to_le_bytes()); // no section headers
    image.extend(0_u32.to_le_bytes());
    for half in [64_u16, 56, 1, 0, 0, 0] {
        image.extend(half.to_le_bytes());
    }
    image.extend(1_u32.to_le_bytes()); // a segment to load
    image.extend(5_u32.to_le_bytes()); // readable and executable
    for word in [0, BASE, BASE, size, size, 0x1000_u64] {
        image.extend(word.to_le_bytes());
    }
    image.extend(CODE);
    image
}

impl TinyProgram {
    /// Writes the program into memory.
    ///
    /// # Errors
    ///
    /// No descriptor is left.
    pub fn new() -> io::Result<Self> {
        let file = memfd_create(c"weft-tiny", MFdFlags::empty())?;
        let mut writer = std::fs::File::from(file);
        writer.write_all(&image())?;
        // Read-only through /proc, since a file that is open for writing can't be executed.
        let read_only = std::fs::File::open(format!("/proc/self/fd/{}", writer.as_raw_fd()))?;
        drop(writer);
        let fd = OwnedFd::from(read_only);
        let path = CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd())).map_err(io::Error::other)?;
        Ok(TinyProgram { path, _file: fd })
    }

    /// A path to it that is good in this process and its children.
    #[must_use]
    pub fn path(&self) -> &std::ffi::CStr {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_and_exits_with_success() {
        let program = TinyProgram::new().unwrap();
        let status = std::process::Command::new(program.path().to_str().unwrap())
            .status()
            .unwrap();
        assert!(status.success());
    }
}
