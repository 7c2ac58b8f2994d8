//! Lab 1: what lies at an address, from the text of `/proc/PID/maps`.

use fastrand::Rng;

use super::explore::call;
use super::fault::Fault;
use super::seed;

/// What lies at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Instructions: the region may be executed.
    Code,
    /// What a file holds and nobody may write: constants.
    Constants,
    /// What a file holds at first and the process may write: its variables.
    Data,
    /// `[heap]`.
    Heap,
    /// `[stack]`.
    Stack,
    /// Memory without a file and without a name, as `mmap` gives it.
    Anonymous,
    /// What the kernel lends to each process: `[vdso]`, `[vvar]`, `[vsyscall]`.
    Kernel,
    /// A region that nobody may read, write or execute, so that who runs into it is stopped.
    Guard,
    /// No region.
    Nowhere,
}

const MAPS: u32 = 3;
const RULE: &str = "what lies at an address";

/// One region of a made-up list, and what is in it.
struct Region {
    start: u64,
    end: u64,
    line: String,
    place: Place,
}

/// Names and rights, with what they mean.
const KINDS: [(&str, &str, Place); 17] = [
    ("r-xp", "/usr/bin/weft", Place::Code),
    ("r--p", "/usr/bin/weft", Place::Constants),
    ("rw-p", "/usr/bin/weft", Place::Data),
    ("r-xp", "/usr/lib/x86_64-linux-gnu/libc.so.6", Place::Code),
    ("r--p", "/srv/reader/a heap of [heap]", Place::Constants),
    ("rw-p", "/srv/reader/my [stack]", Place::Data),
    ("rw-s", "/dev/shm/shared (deleted)", Place::Data),
    ("r--s", "/usr/share/table", Place::Constants),
    ("rw-p", "[heap]", Place::Heap),
    ("rw-p", "[stack]", Place::Stack),
    ("rwxp", "[stack]", Place::Stack),
    ("r-xp", "[vdso]", Place::Kernel),
    ("r--p", "[vvar]", Place::Kernel),
    ("rw-p", "", Place::Anonymous),
    ("r--p", "", Place::Anonymous),
    ("rwxp", "", Place::Code),
    ("---p", "", Place::Guard),
];

pub(super) fn judge(classify: &mut dyn FnMut(&str, u64) -> Place) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=MAPS {
        let regions = regions(&mut rng);
        let list: String = regions.iter().map(|region| region.line.clone() + "\n").collect();
        for (address, what) in addresses(&regions, &mut rng) {
            let region = regions
                .iter()
                .find(|region| (region.start..region.end).contains(&address));
            let right = region.map_or(Place::Nowhere, |region| region.place);
            let found = call(|| classify(&list, address)).map_err(|fault| fault.found(seed, case))?;
            if found != right {
                let line = region.map_or("(no line has it)", |region| region.line.as_str());
                let taken_for = format!("{found:?}");
                let expected = format!("{right:?} for {address:#x}, {what}, in this line of the list: {line}");
                let is_behind = regions
                    .iter()
                    .any(|region| region.end == address && region.place == found);
                let hint = match (is_behind, hint(right, found)) {
                    (true, NAMES) => format!("{EXCLUSIVE}; {NAMES}"),
                    (true, _) => EXCLUSIVE.to_owned(),
                    (false, hint) => hint.to_owned(),
                };
                return Err(Fault::new(RULE, expected, taken_for).hint(hint).found(seed, case));
            }
        }
    }
    Ok(())
}

const EXCLUSIVE: &str = "the second number of a line is the first address that is not in the region";

const NAMES: &str = "the name is all that follows the inode, and a file's name may hold spaces and brackets";

fn hint(right: Place, found: Place) -> &'static str {
    match (right, found) {
        (Place::Constants | Place::Data, Place::Heap | Place::Stack) => NAMES,
        (Place::Stack | Place::Heap | Place::Kernel, _) => {
            "a name in brackets says more than the rights: look at it first"
        }
        (Place::Guard, _) => "look at the rights: `---p` allows nothing",
        (Place::Code, _) => "an `x` among the rights makes it code, with a file or without",
        (Place::Anonymous, _) | (_, Place::Anonymous) => "a line without a name has five words",
        (Place::Nowhere, _) => "an address that no line has lies nowhere",
        _ => "the rights say whether the region of a file may be written",
    }
}

/// A list in ascending order, with gaps.
fn regions(rng: &mut Rng) -> Vec<Region> {
    let mut kinds = KINDS.to_vec();
    rng.shuffle(&mut kinds);
    let mut next = 0x5500_0000_0000 + (rng.u64(..1 << 24) << 12);
    let mut regions: Vec<Region> = kinds
        .into_iter()
        .map(|(rights, name, place)| {
            let gap = if rng.bool() { 0 } else { rng.u64(1..64) << 12 };
            let start = next + gap;
            let end = start + (rng.u64(1..512) << 12);
            next = end;
            region(start, end, rights, name, place, rng)
        })
        .collect();
    let (start, end) = (0xffff_ffff_ff60_0000, 0xffff_ffff_ff60_1000);
    regions.push(region(start, end, "--xp", "[vsyscall]", Place::Kernel, rng));
    regions
}

fn region(start: u64, end: u64, rights: &str, name: &str, place: Place, rng: &mut Rng) -> Region {
    let is_file = name.starts_with('/');
    let (offset, inode) = if is_file {
        (rng.u64(..512) << 12, rng.u64(1..10_000_000))
    } else {
        (0, 0)
    };
    let device = if is_file { "fe:01" } else { "00:00" };
    let front = format!("{start:08x}-{end:08x} {rights} {offset:08x} {device} {inode} ");
    // The kernel fills up to column 73; a line without a name ends in a space.
    let line = if name.is_empty() {
        front
    } else {
        format!("{front:<73}{name}")
    };
    Region {
        start,
        end,
        line,
        place,
    }
}

/// The edges of each region, and somewhere in it.
fn addresses(regions: &[Region], rng: &mut Rng) -> Vec<(u64, &'static str)> {
    let mut addresses = vec![(0, "the null pointer")];
    for region in regions {
        addresses.push((region.start, "the first of its region"));
        addresses.push((rng.u64(region.start..region.end), "somewhere in its region"));
        addresses.push((region.end - 1, "the last of its region"));
        addresses.push((region.end, "the first behind a region"));
    }
    rng.shuffle(&mut addresses);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_list_reads_as_the_kernel_s_do() {
        let regions = regions(&mut Rng::with_seed(1));
        let list: String = regions.iter().map(|region| region.line.clone() + "\n").collect();
        let maps = crate::maps::parse(&list);
        assert_eq!(maps.len(), KINDS.len() + 1);
        for (mapped, region) in maps.iter().zip(&regions) {
            assert_eq!((mapped.start, mapped.end), (region.start, region.end));
        }
        assert!(maps.iter().any(|mapped| mapped.name == "/srv/reader/my [stack]"));
    }
}
