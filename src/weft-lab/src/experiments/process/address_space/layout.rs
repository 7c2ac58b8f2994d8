//! What each region of an address space is, and whether the objects lie where their words say.

use std::collections::BTreeSet;

use super::show::{Mark, Object, Shown};
use crate::maps::{self, Mapped};

/// What a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Code,
    /// Data that the program can't write.
    Constants,
    Data,
    Heap,
    Stack,
    File,
    Kernel,
    /// Memory without a file or a name.
    Anonymous,
    /// Addresses that are kept free: no right at all.
    Guard,
}

impl Part {
    pub(super) const ALL: [Part; 9] = [
        Part::Code,
        Part::Constants,
        Part::Data,
        Part::Heap,
        Part::Stack,
        Part::File,
        Part::Kernel,
        Part::Anonymous,
        Part::Guard,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Part::Code => "code",
            Part::Constants => "constants",
            Part::Data => "data",
            Part::Heap => "heap",
            Part::Stack => "stack",
            Part::File => "file",
            Part::Kernel => "kernel",
            Part::Anonymous => "anonymous",
            Part::Guard => "guard",
        }
    }

    pub(super) fn find(id: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.id() == id)
    }
}

/// An address space with the objects in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) regions: Vec<Mapped>,
    pub(super) marks: Vec<Mark>,
    program: String,
    heap: u64,
}

/// What must be true of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Code,
    Data,
    Zeroed,
    Heap,
    Stack,
    /// Each thread's local variable in a region of its own.
    ThreadStacks,
}

impl Check {
    pub(super) const ALL: [Check; 6] = [
        Check::Code,
        Check::Data,
        Check::Zeroed,
        Check::Heap,
        Check::Stack,
        Check::ThreadStacks,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Check::Code => "code",
            Check::Data => "data",
            Check::Zeroed => "zeroed",
            Check::Heap => "heap",
            Check::Stack => "stack",
            Check::ThreadStacks => "thread-stacks",
        }
    }
}

impl Layout {
    pub(super) fn of(shown: Shown) -> Layout {
        Layout {
            regions: maps::parse(&shown.maps),
            marks: shown.marks,
            program: shown.program,
            heap: shown.heap,
        }
    }

    /// The address of an object of the first thread, or of one that all share.
    pub(super) fn address(&self, object: Object) -> Option<u64> {
        let is_it = |mark: &&Mark| mark.object == object && mark.thread == 0;
        self.marks.iter().find(is_it).map(|mark| mark.address)
    }

    /// The addresses of such objects of the other threads.
    pub(super) fn of_threads(&self, object: Object) -> impl Iterator<Item = &Mark> {
        let is_it = move |mark: &&Mark| mark.object == object && mark.thread > 0;
        self.marks.iter().filter(is_it)
    }

    /// What a region is by its name, its rights and its neighbour alone.
    fn part(&self, index: usize) -> Part {
        let region = &self.regions[index];
        let is_written = region.rights.contains('w');
        if !region.rights.contains(['r', 'w', 'x']) {
            return Part::Guard;
        }
        match region.name.as_str() {
            "[heap]" => Part::Heap,
            "[stack]" => Part::Stack,
            name if *name == self.program => match (region.is_code(), is_written) {
                (true, _) => Part::Code,
                (_, true) => Part::Data,
                _ => Part::Constants,
            },
            // Zeroed data has no file, and follows on the program's own without a gap.
            "" if is_written && index > 0 => {
                let before = &self.regions[index - 1];
                if before.end == region.start && before.name == self.program {
                    Part::Data
                } else {
                    Part::Anonymous
                }
            }
            name if name.starts_with("[v") => Part::Kernel,
            name if name.starts_with('/') => Part::File,
            _ => Part::Anonymous,
        }
    }

    /// The region that an address lies in, and what it is.
    fn region(&self, address: u64) -> Option<(usize, Part)> {
        let index = self.regions.iter().position(|region| region.holds(address))?;
        let part = match self.part(index) {
            // Without random addresses zeroed data and heap touch, and the kernel lists them as one.
            Part::Heap if address < self.heap => Part::Data,
            part => part,
        };
        Some((index, part))
    }

    pub(super) fn part_at(&self, address: u64) -> Option<Part> {
        self.region(address).map(|(_, part)| part)
    }

    /// The regions with what each is, the threads' stacks and the allocator's mappings told by what lies in them; and whose
    /// stack it is.
    pub(super) fn parts(&self) -> Vec<(&Mapped, Part, Option<usize>)> {
        let role = |index: usize| {
            let region = &self.regions[index];
            let part = self.part(index);
            let held = |object: Object| {
                let is_in = |mark: &&Mark| mark.object == object && region.holds(mark.address);
                self.marks.iter().find(is_in).map(|mark| mark.thread)
            };
            match (part, held(Object::Local)) {
                (Part::Anonymous, Some(thread)) => (region, Part::Stack, Some(thread)),
                (Part::Stack, _) => (region, Part::Stack, Some(0)),
                (Part::Anonymous, None) => {
                    let allocated = [Object::Boxed, Object::LargeBoxed, Object::ThreadBoxed];
                    let is_heap = allocated.into_iter().any(|object| held(object).is_some());
                    (region, if is_heap { Part::Heap } else { part }, None)
                }
                _ => (region, part, None),
            }
        };
        (0..self.regions.len()).map(role).collect()
    }

    pub(super) fn holds(&self, check: Check) -> bool {
        let is_in = |object: Object, part: Part| {
            let found = self.address(object).and_then(|address| self.part_at(address));
            found == Some(part)
        };
        match check {
            Check::Code => is_in(Object::Function, Part::Code),
            Check::Data => is_in(Object::Data, Part::Data),
            Check::Zeroed => is_in(Object::Zeroed, Part::Data),
            // An allocator may also ask for mappings of its own, which hold nobody's stack.
            Check::Heap => {
                is_in(Object::Boxed, Part::Heap)
                    || is_in(Object::Boxed, Part::Anonymous) && !self.stacks().contains(&self.index(Object::Boxed))
            }
            Check::Stack => is_in(Object::Local, Part::Stack),
            Check::ThreadStacks => {
                let locals: Vec<&Mark> = self.of_threads(Object::Local).collect();
                let is_own = |mark: &&&Mark| self.part_at(mark.address) == Some(Part::Anonymous);
                let own: Vec<&&Mark> = locals.iter().filter(is_own).collect();
                let regions: BTreeSet<_> = own.iter().filter_map(|mark| self.region(mark.address)).collect();
                regions.len() == locals.len()
            }
        }
    }

    fn index(&self, object: Object) -> Option<usize> {
        Some(self.region(self.address(object)?)?.0)
    }

    fn stacks(&self) -> Vec<Option<usize>> {
        let index = |mark: &Mark| self.region(mark.address).map(|(index, _)| index);
        self.of_threads(Object::Local).map(index).collect()
    }

    /// Do they lie in the textbook's order: code, data, zeroed data, heap, then the threads' stacks, and the first stack?
    pub(super) fn is_in_order(&self) -> bool {
        let order = [Object::Function, Object::Data, Object::Zeroed, Object::Boxed];
        let lower: Vec<u64> = order.into_iter().filter_map(|object| self.address(object)).collect();
        let threads: Vec<u64> = self.of_threads(Object::Local).map(|mark| mark.address).collect();
        let (Some(heap), Some(stack)) = (lower.last(), self.address(Object::Local)) else {
            return false;
        };
        lower.is_sorted() && threads.iter().all(|local| heap < local && *local < stack) && *heap < stack
    }
}
