//! What a map's records come to, counted as they stream by; its memory does not grow with them.

use super::folders::{Folders, Node, Sum};
use crate::state::{Encoding, Record};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Files that are named, of the largest and of the newest.
const TOP: usize = 20;

/// Where one class of sizes ends, in bytes, and what it is called.
pub(super) const SIZES: [(u64, &str); 8] = [
    (1, "empty"),
    (4 << 10, "under 4 KiB"),
    (64 << 10, "4 to 64 KiB"),
    (1 << 20, "64 KiB to 1 MiB"),
    (16 << 20, "1 to 16 MiB"),
    (256 << 20, "16 to 256 MiB"),
    (4 << 30, "256 MiB to 4 GiB"),
    (u64::MAX, "4 GiB and more"),
];

/// In the order of [`Encoding`].
pub(super) const ENCODINGS: [Encoding; 4] = [
    Encoding::Plain,
    Encoding::Gzip,
    Encoding::Age,
    Encoding::GzipAge,
];

/// How many files, their bytes, and the bytes of their objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) object_bytes: u64,
}

impl Packed {
    fn add(&mut self, bytes: u64, object_bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.object_bytes = self.object_bytes.saturating_add(object_bytes);
    }
}

/// A file by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) key: String,
    pub(super) bytes: u64,
    /// Modification time, milliseconds since the epoch: the file's, or the object's where no file
    /// is known.
    pub(super) modified_ms: i64,
}

/// What a map's records come to, while they stream by.
#[derive(Debug, Default)]
pub struct Census {
    all: Packed,
    packed: [Packed; ENCODINGS.len()],
    sizes: [Sum; SIZES.len()],
    largest: Top<u64>,
    newest: Top<i64>,
    folders: Folders,
}

/// What a map's records came to.
#[derive(Debug)]
pub struct Counted {
    pub(super) all: Packed,
    pub(super) packed: [Packed; ENCODINGS.len()],
    pub(super) sizes: [Sum; SIZES.len()],
    pub(super) largest: Vec<File>,
    pub(super) newest: Vec<File>,
    pub(super) root: Node,
}

impl Census {
    /// Counts a record; they come in the order of keys.
    pub fn add(&mut self, record: &Record) {
        let (bytes, modified_ms) = match record.local {
            Some(stamp) => (stamp.size_bytes, stamp.mtime_ns.div_euclid(1_000_000)),
            None => (record.remote.size_bytes, record.remote.modified_ms),
        };
        let object_bytes = record.remote.size_bytes;
        let encodings = ENCODINGS.iter().zip(&mut self.packed);
        for (_, packed) in encodings.filter(|(one, _)| **one == record.encoding) {
            packed.add(bytes, object_bytes);
        }
        self.all.add(bytes, object_bytes);
        let class = SIZES.iter().position(|(end, _)| bytes < *end);
        let class = &mut self.sizes[class.unwrap_or(SIZES.len() - 1)];
        class.files += 1;
        class.bytes = class.bytes.saturating_add(bytes);
        let key = record.key.as_str();
        self.folders.add(key, bytes);
        let file = || File {
            key: key.to_owned(),
            bytes,
            modified_ms,
        };
        self.largest.offer(bytes, key, file);
        self.newest.offer(modified_ms, key, file);
    }

    /// What they came to.
    #[must_use]
    pub fn finish(self) -> Counted {
        Counted {
            all: self.all,
            packed: self.packed,
            sizes: self.sizes,
            largest: self.largest.finish(),
            newest: self.newest.finish(),
            root: self.folders.finish(),
        }
    }
}

/// The files with the highest ranks; of equal ones those whose keys come first.
#[derive(Debug)]
struct Top<R>(BinaryHeap<Reverse<Ranked<R>>>);

#[derive(Debug, PartialEq, Eq)]
struct Ranked<R> {
    rank: R,
    file: File,
}

impl<R: Ord> Ord for Ranked<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_key = || other.file.key.cmp(&self.file.key);
        self.rank.cmp(&other.rank).then_with(by_key)
    }
}

impl<R: Ord> PartialOrd for Ranked<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<R: Ord> Default for Top<R> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<R: Ord> Top<R> {
    fn offer(&mut self, rank: R, key: &str, file: impl Fn() -> File) {
        if self.0.len() == TOP {
            let least = self.0.peek();
            let stays = least.is_some_and(|Reverse(least)| {
                (&rank, Reverse(key)) <= (&least.rank, Reverse(&least.file.key[..]))
            });
            if stays {
                return;
            }
            self.0.pop();
        }
        self.0.push(Reverse(Ranked { rank, file: file() }));
    }

    fn finish(self) -> Vec<File> {
        let sorted = self.0.into_sorted_vec();
        sorted.into_iter().map(|Reverse(one)| one.file).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::stamp::{ETag, LocalStamp, RemoteStamp};
    use crate::state::Content;

    fn record(key: &str, bytes: u64, object_bytes: u64, modified_ms: i64) -> Record {
        Record {
            key: Key::parse(key).unwrap(),
            local: Some(LocalStamp {
                size_bytes: bytes,
                mtime_ns: modified_ms * 1_000_000,
                ctime_ns: 1,
                inode: 1,
            }),
            remote: RemoteStamp {
                etag: ETag::parse("x"),
                size_bytes: object_bytes,
                modified_ms: 5,
                version: None,
            },
            content: Content::Unknown,
            encoding: if bytes == object_bytes {
                Encoding::Plain
            } else {
                Encoding::Gzip
            },
            parts: None,
        }
    }

    #[test]
    fn the_largest_and_the_newest_are_named_in_order() {
        let mut census = Census::default();
        for n in 0..1000_i64 {
            let bytes = u64::try_from((n * 37) % 500).unwrap();
            census.add(&record(&format!("k{n:04}"), bytes, bytes, (n * 11) % 1000));
        }
        let counted = census.finish();
        let bytes: Vec<_> = counted.largest.iter().map(|file| file.bytes).collect();
        let wanted: Vec<u64> = (490..500).rev().flat_map(|bytes| [bytes; 2]).collect();
        assert_eq!(bytes, wanted);
        assert!(
            counted
                .largest
                .windows(2)
                .all(|two| { two[0].bytes > two[1].bytes || two[0].key < two[1].key })
        );
        let newest: Vec<_> = counted.newest.iter().map(|file| file.modified_ms).collect();
        assert_eq!(newest, (980..1000).rev().collect::<Vec<_>>());
    }

    #[test]
    fn each_file_is_in_one_class_of_size_and_one_of_packing() {
        let mut census = Census::default();
        for (n, bytes) in [0, 1, 4095, 4096, 1 << 20, 4 << 30, u64::MAX]
            .into_iter()
            .enumerate()
        {
            census.add(&record(&format!("k{n}"), bytes, bytes.min(4000), 0));
        }
        let counted = census.finish();
        let files: Vec<_> = counted.sizes.iter().map(|class| class.files).collect();
        assert_eq!(files, [1, 2, 1, 0, 1, 0, 0, 2]);
        let packed: Vec<_> = counted.packed.iter().map(|one| one.files).collect();
        assert_eq!(packed, [2, 5, 0, 0]);
        assert_eq!(
            counted.all.bytes,
            u64::MAX,
            "a sum too large stays the largest"
        );
    }

    #[test]
    fn where_no_file_is_known_the_object_speaks() {
        let mut census = Census::default();
        let mut lone = record("a", 1, 9, 1);
        lone.local = None;
        census.add(&lone);
        let counted = census.finish();
        assert_eq!((counted.all.bytes, counted.newest[0].modified_ms), (9, 5));
    }
}
