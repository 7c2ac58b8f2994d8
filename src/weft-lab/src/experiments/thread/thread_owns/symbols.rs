//! Names of functions from the symbol table of an ELF file (`elf(5)`).

/// The functions of one program or library, and where its segments lie in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Symbols {
    segments: Vec<Segment>,
    /// By address.
    functions: Vec<Function>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Segment {
    offset: u64,
    address: u64,
    bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Function {
    address: u64,
    bytes: u64,
    name: String,
}

/// Why a file has no symbols for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SymbolError {
    /// Not a 64-bit little-endian ELF file.
    #[error("not a 64-bit little-endian ELF file")]
    NotElf,
    /// Something is said to lie beyond the end of the file.
    #[error("the ELF file ends before offset {0:#x}")]
    CutOff(u64),
}

/// The file, read at places that it names itself.
struct File<'a>(&'a [u8]);

impl<'a> File<'a> {
    fn bytes(&self, offset: u64, length: u64) -> Result<&'a [u8], SymbolError> {
        let cut_off = SymbolError::CutOff(offset);
        let start = usize::try_from(offset).map_err(|_| cut_off)?;
        let length = usize::try_from(length).map_err(|_| cut_off)?;
        let end = start.checked_add(length).ok_or(cut_off)?;
        self.0.get(start..end).ok_or(cut_off)
    }

    /// A number of `length` bytes, the lowest first.
    fn number(&self, offset: u64, length: u64) -> Result<u64, SymbolError> {
        let bytes = self.bytes(offset, length)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The entries of a table: where each begins.
    fn entries(&self, offset: u64, length: u64, count: u64) -> Result<Vec<u64>, SymbolError> {
        self.bytes(offset, length.checked_mul(count).ok_or(SymbolError::CutOff(offset))?)?;
        Ok((0..count).map(|index| offset + index * length).collect())
    }

    fn text(&self, offset: u64) -> Option<&'a str> {
        let rest = self.0.get(usize::try_from(offset).ok()?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(&rest[..end]).ok()
    }
}

const LOAD: u64 = 1;
const SYMTAB: u64 = 2;
const DYNSYM: u64 = 11;
const FUNCTION: u64 = 2;
const SYMBOL_BYTES: u64 = 24;

impl Symbols {
    /// From the bytes of a file. One that was stripped has few functions, or none.
    pub(super) fn parse(bytes: &[u8]) -> Result<Symbols, SymbolError> {
        let file = File(bytes);
        if bytes.get(..6) != Some(b"\x7fELF\x02\x01".as_slice()) {
            return Err(SymbolError::NotElf);
        }
        let segments = file.entries(file.number(32, 8)?, file.number(54, 2)?, file.number(56, 2)?)?;
        let sections = file.entries(file.number(40, 8)?, file.number(58, 2)?, file.number(60, 2)?)?;
        let mut symbols = Symbols::default();
        for at in segments {
            if file.number(at, 4)? == LOAD {
                symbols.segments.push(Segment {
                    offset: file.number(at + 8, 8)?,
                    address: file.number(at + 16, 8)?,
                    bytes: file.number(at + 32, 8)?,
                });
            }
        }
        for at in &sections {
            let is_table = matches!(file.number(at + 4, 4)?, SYMTAB | DYNSYM);
            let names = usize::try_from(file.number(at + 40, 4)?).ok();
            if let (true, Some(names)) = (is_table, names.and_then(|names| sections.get(names))) {
                let names = file.number(names + 24, 8)?;
                let table = (file.number(at + 24, 8)?, file.number(at + 32, 8)?);
                symbols.read_table(&file, table, names)?;
            }
        }
        // Of several names of one function the one with the fewest signs is the one that people know.
        symbols
            .functions
            .sort_by_key(|function| (function.address, function.name.len()));
        symbols.functions.dedup_by_key(|function| function.address);
        Ok(symbols)
    }

    fn read_table(&mut self, file: &File<'_>, (offset, length): (u64, u64), names: u64) -> Result<(), SymbolError> {
        for at in file.entries(offset, SYMBOL_BYTES, length / SYMBOL_BYTES)? {
            let (address, bytes) = (file.number(at + 8, 8)?, file.number(at + 16, 8)?);
            if file.number(at + 4, 1)? & 15 != FUNCTION || address == 0 || bytes == 0 {
                continue;
            }
            let name = names
                .checked_add(file.number(at, 4)?)
                .and_then(|place| file.text(place));
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                self.functions.push(Function {
                    address,
                    bytes,
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The function whose code lies at this offset of the file.
    pub(super) fn at(&self, offset: u64) -> Option<String> {
        let inside = |segment: &&Segment| {
            offset
                .checked_sub(segment.offset)
                .is_some_and(|from| from < segment.bytes)
        };
        let segment = self.segments.iter().find(inside)?;
        let address = segment.address.checked_add(offset - segment.offset)?;
        let behind = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(behind.checked_sub(1)?)?;
        (address - function.address < function.bytes).then(|| plain(&function.name))
    }
}

/// A function's path without the hash at its end; a name of C as it is, without its version.
fn plain(name: &str) -> String {
    let demangled = format!("{:#}", rustc_demangle::demangle(name));
    demangled.split('@').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::maps;

    /// A file with one segment, a table of symbols, and their names.
    fn file(functions: &[(u64, u64, &str)]) -> Vec<u8> {
        let mut names = vec![0];
        let mut table = vec![0; 24];
        for (address, bytes, name) in functions {
            table.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
            table.extend([2, 0, 1, 0]);
            table.extend(address.to_le_bytes());
            table.extend(bytes.to_le_bytes());
            names.extend(name.as_bytes());
            names.push(0);
        }
        let (segment_at, table_at) = (64_u64, 120_u64);
        let names_at = table_at + table.len() as u64;
        let sections_at = names_at + names.len() as u64;
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[32..40].copy_from_slice(&segment_at.to_le_bytes());
        bytes[40..48].copy_from_slice(&sections_at.to_le_bytes());
        for (place, number) in [(54, 56_u16), (56, 1), (58, 64), (60, 2)] {
            bytes[place..place + 2].copy_from_slice(&number.to_le_bytes());
        }
        // The segment lies at offset 0x1000 of the file and at address 0x401000.
        for number in [1_u64, 0x1000, 0x40_1000, 0, 0x800, 0x800, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(&table);
        bytes.extend(&names);
        for (kind, at, length, link) in [(2_u32, table_at, table.len(), 1_u32), (3, names_at, names.len(), 0)] {
            let mut section = vec![0_u8; 64];
            section[4..8].copy_from_slice(&kind.to_le_bytes());
            section[24..32].copy_from_slice(&at.to_le_bytes());
            section[32..40].copy_from_slice(&(length as u64).to_le_bytes());
            section[40..44].copy_from_slice(&link.to_le_bytes());
            bytes.extend(section);
        }
        bytes
    }

    #[test]
    fn a_function_is_found_by_its_place_in_the_file() {
        let symbols = Symbols::parse(&file(&[
            (0x40_1100, 0x20, "_ZN4weft4spin17h0123456789abcdefE"),
            (0x40_1200, 0x10, "__read"),
            (0x40_1200, 0x10, "read@@GLIBC_2.2.5"),
        ]))
        .unwrap();
        assert_eq!(symbols.at(0x1100).as_deref(), Some("weft::spin"));
        assert_eq!(symbols.at(0x111f).as_deref(), Some("weft::spin"));
        assert_eq!(symbols.at(0x1120), None, "between two functions");
        assert_eq!(symbols.at(0x10ff), None);
        assert_eq!(symbols.at(0x9000), None, "in no segment");
        assert_eq!(symbols.at(0x1205).as_deref(), Some("__read"));
    }

    #[test]
    fn this_very_program_has_symbols() {
        let function: fn(&str) -> String = plain;
        let maps = maps::of("self").unwrap();
        let region = maps::at(&maps, function as usize as u64).unwrap();
        let symbols = Symbols::parse(&std::fs::read(&region.name).unwrap()).unwrap();
        let name = symbols
            .at(function as usize as u64 - region.start + region.offset)
            .unwrap();
        assert!(name.ends_with("symbols::plain"), "{name}");
    }

    #[test]
    fn what_is_no_elf_file_or_cut_off_is_said() {
        assert_eq!(Symbols::parse(b"#!/bin/sh"), Err(SymbolError::NotElf));
        let whole = file(&[(0x40_1100, 0x20, "main")]);
        for cut in 6..whole.len() {
            assert!(
                matches!(Symbols::parse(&whole[..cut]), Err(SymbolError::CutOff(_))),
                "{cut}"
            );
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(changes in prop::collection::vec((0_usize..600, any::<u8>()), 0..12), offset: u64) {
            let mut bytes = file(&[(0x40_1100, 0x20, "main"), (0x40_1200, 0x10, "other")]);
            for (place, value) in changes {
                let length = bytes.len();
                bytes[6 + place % (length - 6)] = value;
            }
            if let Ok(symbols) = Symbols::parse(&bytes) {
                let _found = symbols.at(offset);
                let _found = symbols.at(0x1105);
            }
        }
    }
}
