//! From an address to the function that it lies in.

use std::collections::HashMap;

use super::crew::Snapshot;
use super::symbols::Symbols;
use crate::maps::{self, Mapped};

/// The symbol tables of the files that were asked for so far; `None` for one that can't be read.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Option<Symbols>>);

impl Names {
    /// Where each thread's program counter stands; `None` where that has no name.
    pub(super) fn of_threads(&mut self, snapshot: &Snapshot) -> Vec<Option<String>> {
        let counters = snapshot.threads.iter().map(|thread| thread.registers.program_counter());
        counters.map(|counter| self.at(&snapshot.maps, counter)).collect()
    }

    fn at(&mut self, maps: &[Mapped], address: u64) -> Option<String> {
        let region = maps::at(maps, address).filter(|region| region.name.starts_with('/'))?;
        let symbols = self.0.entry(region.name.clone()).or_insert_with(|| read(&region.name));
        symbols.as_ref()?.at(address - region.start + region.offset)
    }
}

fn read(file: &str) -> Option<Symbols> {
    // This program's own file may have been replaced since it was started; the link leads to the one that runs.
    let is_own = std::env::current_exe().is_ok_and(|own| own.to_str() == Some(file));
    let bytes = std::fs::read(if is_own { "/proc/self/exe" } else { file }).ok()?;
    Symbols::parse(&bytes).ok()
}

/// The last part of a function's path.
pub(super) fn last(function: &str) -> &str {
    function.rsplit("::").next().unwrap_or(function)
}

/// An address without a name: the file and how far into it.
pub(super) fn beside(maps: &[Mapped], address: u64) -> String {
    match maps::at(maps, address) {
        Some(region) => format!("{}+{:#x}", region.short_name(), address - region.start + region.offset),
        None => format!("{address:#x}"),
    }
}
