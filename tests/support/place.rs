//! A directory with a state file in it, and one edit of what it holds.
#![allow(dead_code, reason = "each test file uses its part")]

use crate::states::{encode, one_map, plain_record};
use s3_bsync::state::{Change, MapId, Record};
use s3_bsync::store::{Error, Mode, Store};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const NOW: &str = "20250131T120000Z";

/// A directory with a state file of `records` records in one map, generation 8, no previous one.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
}

impl Place {
    pub(crate) fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn with(records: u64) -> Self {
        let place = Self::empty();
        let records = (0..records).map(plain_record).collect();
        fs::write(place.state(), encode(&(one_map(), vec![records])).unwrap()).unwrap();
        place
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        self.directory.path().join(format!("state{suffix}"))
    }

    pub(crate) fn open(&self) -> Result<Store, Error> {
        Store::open(&self.state(), Mode::Write, NOW)
    }

    pub(crate) fn read(&self) -> Result<Store, Error> {
        Store::open(&self.state(), Mode::ReadOnly, NOW)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Every file's bytes, to show that nothing was touched.
    pub(crate) fn bytes(&self) -> Vec<(String, Vec<u8>)> {
        let read = |name: String| {
            let bytes = fs::read(self.directory.path().join(&name)).unwrap();
            (name, bytes)
        };
        self.names().into_iter().map(read).collect()
    }
}

pub(crate) fn records(store: &Store) -> Vec<Record> {
    store.records(0).unwrap().map(Result::unwrap).collect()
}

pub(crate) fn map_id() -> MapId {
    one_map().buckets[0].maps[0].id
}

pub(crate) fn edit() -> Vec<Change> {
    let mut changed = plain_record(1);
    changed.remote.size_bytes += 1;
    vec![
        Change::Remove(plain_record(0).key),
        Change::Upsert(changed),
        Change::Upsert(plain_record(900_000)),
    ]
}

/// Journals the edit and commits it.
pub(crate) fn commit_edit(store: &mut Store) -> Result<(), Error> {
    store.journal(map_id(), &edit())?;
    store.commit(store.state().clone())
}

pub(crate) fn edited(count: u64) -> Vec<Record> {
    let mut expected: Vec<_> = (1..count).map(plain_record).collect();
    expected[0].remote.size_bytes += 1;
    expected.push(plain_record(900_000));
    expected
}

pub(crate) fn damage(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}
