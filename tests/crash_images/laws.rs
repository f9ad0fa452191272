//! What a disk believes after a power cut, and what may be believed.

use super::disk::Disk;
use super::effect::Effect;
use super::images::{self, Image};
use super::record::Record;
use s3_bsync::format::Reader;
use s3_bsync::format::journal::{Entry, Replay, read_entry};
use s3_bsync::state::{self, Change};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

pub(crate) const STATE: &str = "state.s3sync";
const PREVIOUS: &str = "state.s3sync~";
const JOURNAL: &str = "state.s3sync.journal";
const NEXT: &str = "state.s3sync.tmp";
/// What a run leaves behind or takes away, and the next one does not mind.
const SCRATCH: [&str; 4] = [JOURNAL, NEXT, "state.s3sync.link", "state.s3sync.lock"];

/// The records of the one map, by key.
type Base = BTreeMap<String, state::Record>;

/// A disk's state, where it can be read.
pub(crate) fn state(disk: &Disk, name: &str) -> Option<Reader<Cursor<Vec<u8>>>> {
    Reader::open(Cursor::new(disk.bytes(name)?.to_vec())).ok()
}

/// What the state and the journal that belongs to it say together; of a state that cannot be read
/// the one before speaks, without a journal.
fn believed(disk: &Disk) -> Base {
    let last = state(disk, STATE);
    let journal = last.as_ref().and_then(|_| disk.bytes(JOURNAL));
    let Some(mut reader) = last.or_else(|| state(disk, PREVIOUS)) else {
        return Base::new();
    };
    let state = reader.state().clone();
    let mut base = Base::new();
    for record in reader.records(0).expect("there is a map") {
        let record = record.expect("a record can be read");
        base.insert(record.key.to_string(), record);
    }
    let journal = journal.map(|bytes| Replay::open(Cursor::new(bytes)));
    if let Some(Ok(replay)) = journal
        && replay.is_for(state.replica, state.generation)
    {
        for entry in replay {
            match entry.expect("bytes in memory can be read") {
                Entry::Change(_, Change::Upsert(record)) => {
                    base.insert(record.key.to_string(), record);
                }
                Entry::Change(_, Change::Remove(key)) => {
                    base.remove(&key.to_string());
                }
                Entry::Upload(..) | Entry::Intent(..) => {}
            }
        }
    }
    base
}

/// Keys of which one says something else than the other.
fn differing(one: &Base, other: &Base) -> BTreeSet<String> {
    let keys = one.keys().chain(other.keys());
    keys.filter(|key| one.get(*key) != other.get(*key))
        .cloned()
        .collect()
}

/// What is news is true: files are there as recorded, or gone.
fn expect_true(image: &Image, before: &Base) {
    let base = believed(&image.disk);
    for key in differing(&base, before) {
        let found = image.disk.find(&format!("root/{key}"));
        let found = found.map(|inode| &image.disk.files[&inode]);
        let found = found.map(|file| (file.bytes.len() as u64, i128::from(file.mtime_ns)));
        let recorded = base.get(&key).and_then(|record| record.local);
        let recorded = recorded.map(|local| (local.size_bytes, i128::from(local.mtime_ns)));
        assert_eq!(
            found, recorded,
            "{}: {key}, found and recorded",
            image.label
        );
    }
}

/// Holds a run and all its images to the laws.
pub(crate) fn expect(record: &Record, images: &[Image]) {
    let before = believed(&record.before);
    let mut lasting: Vec<(usize, BTreeSet<String>)> = Vec::new();
    let mut known = BTreeSet::new();
    for (stop, _) in &record.stops {
        known.extend(differing(&believed(&images::lost(record, *stop)), &before));
        lasting.push((*stop, known.clone()));
    }
    for image in images {
        expect_true(image, &before);
        let news = differing(&believed(&image.disk), &before);
        let at = lasting.partition_point(|(stop, _)| *stop <= image.stop);
        let forgotten: Vec<_> = lasting[at - 1].1.difference(&news).collect();
        assert!(
            forgotten.is_empty(),
            "{}: forgotten: {forgotten:?}",
            image.label
        );
    }
    expect_settled(record);
    expect_lasting(record);
}

/// Before more is written to the journal, and before a new state is, all that was lasts. What is
/// about to be made waits for nothing.
fn expect_settled(record: &Record) {
    for op in &record.ops {
        let journal = images::kept(record, op.done).find(JOURNAL);
        let is_next = match &op.effect {
            Effect::Write { file, bytes, .. } => Some(*file) == journal && !is_intent(bytes),
            Effect::Names { entries, .. } => entries
                .iter()
                .any(|entry| entry.name == NEXT && entry.from.is_none()),
            _ => false,
        };
        if is_next {
            let before = record.stops.iter().filter(|(stop, _)| *stop < op.done);
            let (stop, _) = *before.max_by_key(|(stop, _)| *stop).expect("one is 0");
            let kept = believed(&images::kept(record, stop));
            let lost = believed(&images::lost(record, stop));
            assert_eq!(lost, kept, "lasting and written before: {}", op.text);
        }
    }
}

fn is_intent(bytes: &[u8]) -> bool {
    matches!(read_entry(bytes), Ok(Entry::Intent(..)))
}

/// A run that has ended has made all last but what the next one clears away.
fn expect_lasting(record: &Record) {
    let (stop, _) = record.stops.last().expect("there is one");
    let essential = |disk: &Disk| -> BTreeMap<String, Vec<u8>> {
        let is_scratch = |path: &str| SCRATCH.contains(&path);
        let tree = disk.tree().into_iter();
        tree.filter(|(path, _)| !is_scratch(path))
            .map(|(path, inode)| (path, disk.files[&inode].bytes.clone()))
            .collect()
    };
    let (lost, kept) = (images::lost(record, *stop), images::kept(record, *stop));
    assert_eq!(
        essential(&lost),
        essential(&kept),
        "lasting and written in the end"
    );
}
