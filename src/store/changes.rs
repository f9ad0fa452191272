//! What a journal changes in the records of each map, sorted by key and not held in memory.

use super::sorted::Sorter;
use super::spill::{Entries, Spill};
use crate::format::journal::{Entry, encode_entry, read_entry};
use crate::key::Key;
use crate::state::{Change, MapId};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Changes to the records of each map, at most one a key.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Numbers of each map's entries.
    maps: BTreeMap<MapId, Range<u64>>,
    entries: Arc<Spill>,
}

/// Takes changes in the order in which they were made.
#[derive(Debug)]
pub(super) struct Gathered {
    sorter: Sorter,
    taken: u64,
    entries: Spill,
}

impl Gathered {
    pub(super) fn new(spill: Spill) -> Self {
        Self {
            entries: spill.another(),
            sorter: Sorter::new(spill),
            taken: 0,
        }
    }

    /// A later change of a key takes the place of an earlier one.
    pub(super) fn take(&mut self, map: MapId, change: &Change) -> io::Result<()> {
        let mut entry = named(map, change.key());
        entry.extend(self.taken.to_be_bytes());
        entry.extend(encode_entry(map, change).map_err(io::Error::other)?);
        self.taken += 1;
        self.sorter.push(&entry);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<Changes> {
        let mut maps: BTreeMap<MapId, Range<u64>> = BTreeMap::new();
        let sorted = self.sorter.finish();
        let mut merged = sorted.merged()?.peekable();
        while let Some(entry) = merged.next().transpose()? {
            let name = name_of(&entry);
            let is_last = !matches!(merged.peek(), Some(Ok(next)) if name_of(next) == name);
            let Some(change) = entry.get(name.len() + SEQUENCE_BYTES..).filter(|_| is_last) else {
                continue;
            };
            let mut map = MapId([0; MAP_BYTES]);
            map.0.copy_from_slice(&name[..MAP_BYTES]);
            let number = self.entries.len();
            maps.entry(map).or_insert(number..number).end = number + 1;
            self.entries.push(change);
        }
        Ok(Changes {
            maps,
            entries: Arc::new(self.entries),
        })
    }
}

const MAP_BYTES: usize = size_of::<MapId>();
const SEQUENCE_BYTES: usize = size_of::<u64>();

/// Bytes whose order is that of maps, then keys: no key contains a NUL.
fn named(map: MapId, key: &Key) -> Vec<u8> {
    [&map.0, key.as_bytes(), &[0]].concat()
}

fn name_of(entry: &[u8]) -> &[u8] {
    let key = entry.iter().skip(MAP_BYTES).position(|byte| *byte == 0);
    key.map_or(entry, |end| &entry[..=MAP_BYTES + end])
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    pub(super) fn has(&self, map: MapId) -> bool {
        self.maps.contains_key(&map)
    }

    /// One map's changes, sorted by key.
    pub(super) fn of(&self, map: MapId) -> io::Result<ChangesOf> {
        let numbers = self.maps.get(&map).cloned().unwrap_or_default();
        Entries::numbered(Arc::clone(&self.entries), numbers).map(ChangesOf)
    }

    pub(super) fn find(&self, map: MapId, key: &Key) -> io::Result<Option<Change>> {
        let Range { mut start, mut end } = self.maps.get(&map).cloned().unwrap_or_default();
        while start < end {
            let middle = start + (end - start) / 2;
            let change = change_of(&self.entries.get(middle)?)?;
            match change.key().cmp(key) {
                std::cmp::Ordering::Less => start = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Some(change)),
                std::cmp::Ordering::Greater => end = middle,
            }
        }
        Ok(None)
    }
}

/// One map's changes, sorted by key.
#[derive(Debug)]
pub(super) struct ChangesOf(Entries<Arc<Spill>>);

impl Iterator for ChangesOf {
    type Item = io::Result<Change>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?;
        Some(entry.and_then(|bytes| change_of(&bytes)))
    }
}

fn change_of(bytes: &[u8]) -> io::Result<Change> {
    match read_entry(bytes) {
        Ok(Entry::Change(_, change)) => Ok(change),
        Ok(_) => Err(io::ErrorKind::InvalidData.into()),
        Err(error) => Err(io::Error::other(error)),
    }
}
