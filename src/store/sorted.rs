//! Sorts more entries than memory should hold: sorted runs in a [`Spill`], merged as they are read.

use super::spill::{Entries, Spill};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;

/// Bytes that are sorted at a time, with what it takes to sort an entry.
const RUN_BYTES: usize = 2 << 20;
const ENTRY_BYTES: usize = size_of::<usize>() + size_of::<&[u8]>();

/// Takes entries in any order.
#[derive(Debug)]
pub struct Sorter {
    runs: Sorted,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Entries in the order of their bytes.
#[derive(Debug)]
pub struct Sorted {
    spill: Spill,
    runs: Vec<Range<u64>>,
}

impl Sorter {
    /// Sorts in memory, then in the file of `spill`, which is empty.
    #[must_use]
    pub fn new(spill: Spill) -> Self {
        Self {
            runs: Sorted {
                spill,
                runs: Vec::new(),
            },
            bytes: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: &[u8]) {
        self.bytes.extend_from_slice(entry);
        self.ends.push(self.bytes.len());
        if self.bytes.len() + self.ends.len() * ENTRY_BYTES >= RUN_BYTES {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        let mut entries = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        for end in self.ends.drain(..) {
            entries.push(&self.bytes[start..end]);
            start = end;
        }
        entries.sort_unstable();
        let first = self.runs.spill.len();
        for entry in entries {
            self.runs.spill.push(entry);
        }
        self.bytes.clear();
        self.runs.runs.push(first..self.runs.spill.len());
    }

    /// All that was added.
    #[must_use]
    pub fn finish(mut self) -> Sorted {
        self.end_run();
        self.runs
    }
}

impl Sorted {
    /// The entries, in the order of their bytes.
    ///
    /// # Errors
    /// [`io::Error`] if the file cannot be read.
    pub fn merged(&self) -> io::Result<Merged<'_>> {
        let mut merged = Merged {
            runs: Vec::new(),
            heads: BinaryHeap::new(),
        };
        for run in &self.runs {
            merged
                .runs
                .push(Entries::numbered(&self.spill, run.clone())?);
            merged.refill(merged.runs.len() - 1)?;
        }
        Ok(merged)
    }
}

/// The merged runs.
#[derive(Debug)]
pub struct Merged<'a> {
    runs: Vec<Entries<&'a Spill>>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl Merged<'_> {
    fn refill(&mut self, run: usize) -> io::Result<()> {
        if let Some(entry) = self.runs[run].next().transpose()? {
            self.heads.push(Reverse((entry, run)));
        }
        Ok(())
    }
}

impl Iterator for Merged<'_> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, run)) = self.heads.pop()?;
        Some(self.refill(run).map(|()| entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_sorted_whether_they_fit_into_memory_or_not() {
        for count in [0_u32, 3, 900_000] {
            let mut sorter = Sorter::new(Spill::default());
            // An odd factor visits every number once.
            let mixed = |number: u32| number.wrapping_mul(0x9e37_79b1).to_be_bytes();
            (0..count).for_each(|number| sorter.push(&mixed(number)));
            let run = sorter.finish();
            let found: Vec<_> = run.merged().unwrap().map(Result::unwrap).collect();
            let mut expected: Vec<_> = (0..count).map(mixed).collect();
            expected.sort_unstable();
            assert!(found.iter().eq(&expected), "{count}");
        }
    }
}
