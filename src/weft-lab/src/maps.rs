//! The regions of a process's address space, as `/proc/PID/maps` lists them (`proc_pid_maps(5)`).

use std::io;

/// One line of the list: addresses that have the same rights and the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The first address.
    pub start: u64,
    /// The first address behind it.
    pub end: u64,
    /// The rights: `r-xp`.
    pub rights: String,
    /// Where in its file it begins; 0 without one.
    pub offset: u64,
    /// The file, or a name in brackets such as `[heap]`; empty for anonymous memory.
    pub name: String,
}

impl Mapped {
    /// Does it hold this address?
    #[must_use]
    pub fn holds(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// May its content be executed?
    #[must_use]
    pub fn is_code(&self) -> bool {
        self.rights.contains('x')
    }

    /// The last part of its name.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }
}

/// The regions of the process `pid` (`self` for this one), from the lowest address to the highest.
///
/// # Errors
///
/// The list can't be read.
pub fn of(pid: &str) -> io::Result<Vec<Mapped>> {
    Ok(parse(&std::fs::read_to_string(format!("/proc/{pid}/maps"))?))
}

/// The region that holds an address.
#[must_use]
pub fn at(maps: &[Mapped], address: u64) -> Option<&Mapped> {
    maps.iter().find(|region| region.holds(address))
}

/// The regions in the kernel's list; a line of another form is passed over.
#[must_use]
pub fn parse(list: &str) -> Vec<Mapped> {
    list.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mapped> {
    // Address, rights, offset, device and inode; the name follows spaces, and may hold some.
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after.trim_start();
        word
    };
    let (start, end) = word().split_once('-')?;
    let rights = word().to_owned();
    let offset = u64::from_str_radix(word(), 16).ok()?;
    let (_device, _inode) = (word(), word());
    Some(Mapped {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        rights,
        offset,
        name: rest.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_five_words_and_perhaps_a_name() {
        let maps = parse(
            "55d0c0a3e000-55d0c0a40000 r-xp 00002000 fe:01 1311 /usr/bin/a b\n\
             7ffd1000-7ffd3000 rw-p 00000000 00:00 0                          [stack]\n\
             7f00-8000 rw-p 00000000 00:00 0 \n\
             no line\n",
        );
        assert_eq!(maps.len(), 3);
        assert_eq!(
            (maps[0].start, maps[0].offset, maps[0].name.as_str()),
            (0x55d0_c0a3_e000, 0x2000, "/usr/bin/a b")
        );
        assert_eq!((maps[0].is_code(), maps[0].short_name()), (true, "a b"));
        assert_eq!((maps[1].is_code(), maps[1].name.as_str()), (false, "[stack]"));
        assert_eq!(maps[2].name, "");
        assert_eq!(at(&maps, 0x7fff), Some(&maps[2]));
        assert_eq!(at(&maps, 0x8000), None);
    }

    #[test]
    fn a_local_and_a_function_lie_in_this_process_s_regions() {
        let maps = of("self").unwrap();
        let local = 0_u64;
        let stack = at(&maps, std::ptr::from_ref(&local) as u64).unwrap();
        assert!(stack.rights.starts_with("rw-p") && !stack.is_code());
        let function: fn(&str) -> Vec<Mapped> = parse;
        assert!(at(&maps, function as usize as u64).unwrap().is_code());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(list in "(?s)([0-9a-f]{0,18}[- ]?[rwxp-]{0,4} ?.{0,12}\n?){0,6}") {
            for region in parse(&list) {
                prop_assert!(list.contains(&region.name));
            }
        }
    }
}
