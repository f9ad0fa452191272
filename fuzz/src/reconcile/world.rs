//! A model of a directory, a bucket and a base, and what users and accidents do to it.

use super::story::{Act, Manner, Name};
use s3_bsync::guard::Side;
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use s3_bsync::reconcile::Ground;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, Encoding, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What a content is known by: every user's write gets a fresh one. 0 is no bytes at all.
pub type Bytes = u16;

const PAST_NS: i64 = -1;
const AHEAD_NS: i64 = i64::MAX - 1;

/// Names that are each other's directories, neighbours, cases, forms and cut lengths.
pub static NAMES: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let long = "x".repeat(254);
    let deep = [&*"d".repeat(255), &"e".repeat(255), &"f".repeat(255)].join("/");
    let names = [
        "a",
        "a/b",
        "a/b/c",
        "a-b",
        "a ",
        "a/ ",
        "A",
        "a/b.c",
        "d",
        "d/e",
        "d/e/f",
        "d/e-",
        ".x",
        "e\u{301}",
        "\u{e9}",
        "a0",
        "\u{1}.txt",
        &format!("{long}x"),
        &format!("{long}y"),
        &format!("{long}x/z"),
        &format!("{}.txt", "\u{e9}".repeat(125)),
        &format!("{}.toolongextension.", "y".repeat(236)),
        &format!("{deep}/{}/n.txt", "g".repeat(249)),
        &format!("{deep}/{}", "g".repeat(249)),
    ];
    names
        .iter()
        .map(|name| Key::parse(name).unwrap_or_else(|why| panic!("{name}: {why}")))
        .collect()
});

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Bytes,
    pub stamp: LocalStamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub bytes: Bytes,
    pub stamp: RemoteStamp,
    /// The file's time, which travels with it.
    pub mtime_ns: i64,
    pub readability: Readability,
}

/// The two sides, the base, and what was kept aside.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub local: BTreeMap<Key, File>,
    pub remote: BTreeMap<Key, Object>,
    pub base: BTreeMap<Key, Record>,
    pub kept: BTreeSet<Bytes>,
    /// Names at and below which nothing can be read.
    pub fog: BTreeSet<Key>,
    /// Whether something stood in a file's way in the directory, as it never does in the bucket.
    pub is_cleared: bool,
    old_base: BTreeMap<Key, Record>,
    is_base_lost: bool,
    /// How far the directory's clock is ahead of the bucket's.
    skew_ns: i64,
    now: i64,
    tick: i64,
    writes: Bytes,
}

impl World {
    pub fn with_skew(skew_ns: i64) -> Self {
        Self {
            skew_ns,
            ..Self::default()
        }
    }

    pub fn name(&self, name: Name) -> Key {
        let name = usize::from(name) % 64;
        if let Some(key) = NAMES.get(name) {
            return key.clone();
        }
        let mut keys: Vec<&Key> = self.local.keys().chain(self.remote.keys()).collect();
        keys.sort();
        keys.dedup();
        let at = (name - NAMES.len()) % keys.len().max(1);
        keys.get(at).map_or(&NAMES[0], |key| *key).clone()
    }

    pub fn fresh_stamp(&mut self, bytes: Bytes, mtime_ns: i64) -> LocalStamp {
        self.tick += 1;
        LocalStamp {
            size_bytes: size(bytes),
            mtime_ns,
            ctime_ns: self.tick,
            inode: self.tick.unsigned_abs(),
        }
    }

    pub fn put_file(&mut self, key: &Key, bytes: Bytes, mtime_ns: i64) {
        let stamp = self.fresh_stamp(bytes, mtime_ns);
        self.local.insert(key.clone(), File { bytes, stamp });
    }

    /// A file keeps its time and its inode under another name.
    pub fn rename_file(&mut self, from: &Key, to: &Key) {
        self.tick += 1;
        if let Some(File { bytes, stamp }) = self.local.remove(from) {
            let stamp = LocalStamp {
                ctime_ns: self.tick,
                ..stamp
            };
            self.local.insert(to.clone(), File { bytes, stamp });
        }
    }

    pub fn put_object(&mut self, key: &Key, bytes: Bytes, mtime_ns: i64, etag: ETag) {
        self.tick += 1;
        let stamp = RemoteStamp {
            etag,
            size_bytes: size(bytes),
            modified_ms: self.tick,
            version: None,
        };
        let object = Object {
            bytes,
            stamp,
            mtime_ns,
            readability: Readability::Readable,
        };
        self.remote.insert(key.clone(), object);
    }

    fn put(&mut self, side: Side, key: &Key, bytes: Bytes, manner: Manner) {
        let recorded = self.base.get(key).and_then(|record| record.local);
        let recorded_ns = recorded.map_or(0, |stamp| stamp.mtime_ns);
        let now_ns = self.now * 10;
        match side {
            Side::Local => {
                let mtime_ns = match manner {
                    Manner::Now => now_ns + self.skew_ns,
                    Manner::Past => PAST_NS,
                    Manner::AsRecorded => recorded_ns,
                    Manner::Odd => AHEAD_NS,
                };
                self.put_file(key, bytes, mtime_ns);
            }
            Side::Remote => {
                let (mtime_ns, etag) = match manner {
                    Manner::Now => (now_ns, etag(bytes)),
                    Manner::Past => (PAST_NS, etag(bytes)),
                    Manner::AsRecorded => (recorded_ns, etag(bytes)),
                    Manner::Odd => (now_ns, ETag::Other(format!("{bytes}-{}", self.tick).into())),
                };
                self.put_object(key, bytes, mtime_ns, etag);
            }
        }
    }

    fn bytes_at(&self, side: Side, key: &Key) -> Option<Bytes> {
        match side {
            Side::Local => self.local.get(key).map(|file| file.bytes),
            Side::Remote => self.remote.get(key).map(|object| object.bytes),
        }
    }

    fn take(&mut self, side: Side, key: &Key) -> Option<Bytes> {
        match side {
            Side::Local => self.local.remove(key).map(|file| file.bytes),
            Side::Remote => self.remote.remove(key).map(|object| object.bytes),
        }
    }

    /// What stands in a file's way in a directory goes, as a person would remove it.
    fn clear_for(&mut self, side: Side, key: &Key) {
        if side == Side::Local {
            let before = self.local.len();
            self.local
                .retain(|other, _| !in_each_others_way(other, key));
            self.is_cleared |= self.local.len() < before;
        }
    }

    /// Something happens to one of the three; not a run.
    pub fn act(&mut self, act: Act) {
        self.now += 1;
        match act {
            Act::Write(side, name, manner) => {
                self.writes += 1;
                let (key, bytes) = (self.name(name), self.writes);
                self.clear_for(side, &key);
                self.put(side, &key, bytes, manner);
            }
            Act::Empty(side, name, manner) => {
                let key = self.name(name);
                self.clear_for(side, &key);
                self.put(side, &key, 0, manner);
            }
            Act::Touch(side, name, manner) => {
                let key = self.name(name);
                if let Some(bytes) = self.bytes_at(side, &key) {
                    self.put(side, &key, bytes, manner);
                }
            }
            Act::Echo(side, name) => {
                let key = self.name(name);
                if let Some(bytes) = self.bytes_at(super::story::other(side), &key) {
                    self.clear_for(side, &key);
                    self.put(side, &key, bytes, Manner::Now);
                }
            }
            Act::Remove(side, name) => drop(self.take(side, &self.name(name))),
            Act::Rename(side, from, to) => {
                let (from, to) = (self.name(from), self.name(to));
                if side == Side::Local && self.local.contains_key(&from) {
                    let file = self.local.get(&from).cloned();
                    self.local.remove(&from);
                    self.clear_for(side, &to);
                    self.local.extend(file.map(|file| (from.clone(), file)));
                    self.rename_file(&from, &to);
                } else if let Some(bytes) = self.take(side, &from) {
                    self.clear_for(side, &to);
                    self.put(side, &to, bytes, Manner::Now);
                }
            }
            Act::Damage(name) => {
                let key = self.name(name);
                if let Some(stamp) = self.local.get(&key).map(|file| file.stamp) {
                    self.put_file(&key, 0, stamp.mtime_ns);
                }
            }
            Act::Archive(name) => {
                let key = self.name(name);
                if let Some(object) = self.remote.get_mut(&key) {
                    object.readability = match object.readability {
                        Readability::Readable => Readability::Archived,
                        Readability::Archived => Readability::Restoring,
                        Readability::Restoring => Readability::Sealed,
                        Readability::Sealed => Readability::Readable,
                    };
                }
            }
            Act::Fog(name) => {
                let key = self.name(name);
                if !self.fog.remove(&key) {
                    self.fog.insert(key);
                }
            }
            Act::Racy(name) => {
                let key = self.name(name);
                let record = self.base.get_mut(&key);
                if let Some(stamp) = record.and_then(|record| record.local.as_mut()) {
                    stamp.ctime_ns = 0;
                }
            }
            Act::Version1(name) => {
                let key = self.name(name);
                if let Some(record) = self.base.get_mut(&key) {
                    record.local = None;
                    record.content = Content::Unknown;
                }
            }
            Act::LoseBase => {
                self.base.clear();
                self.is_base_lost = true;
            }
            Act::OldBase => {
                let old = std::mem::replace(&mut self.old_base, self.base.clone());
                self.base = old;
                self.is_base_lost = self.base.is_empty();
            }
            Act::Run(_) => {}
        }
    }

    pub fn ground(&self) -> Ground {
        if self.is_base_lost {
            Ground::Baseless
        } else {
            Ground::Based
        }
    }

    /// A run came to its end: from now on both sides have agreed on something.
    pub fn found_ground(&mut self) {
        self.is_base_lost = false;
    }

    pub fn is_fogged(&self, key: &Key) -> bool {
        self.fog
            .iter()
            .any(|top| key == top || key.is_below(top.as_str()))
    }

    /// What no run may lose: whatever is on a side and is not what the base has there.
    pub fn unseen(&self) -> BTreeSet<Bytes> {
        let local = self.local.iter().filter(|(key, file)| {
            let record = self.base.get(*key);
            record
                .is_none_or(|record| record.local != Some(file.stamp) && !holds(record, file.bytes))
        });
        let remote = self.remote.iter().filter(|(key, object)| {
            let record = self.base.get(*key);
            record.is_none_or(|record| {
                record.local.is_none() || !record.remote.is_same_object(&object.stamp)
            })
        });
        local
            .map(|(_, file)| file.bytes)
            .chain(remote.map(|(_, object)| object.bytes))
            .filter(|bytes| *bytes != 0)
            .collect()
    }

    pub fn survivors(&self) -> BTreeSet<Bytes> {
        let local = self.local.values().map(|file| file.bytes);
        let remote = self.remote.values().map(|object| object.bytes);
        local
            .chain(remote)
            .chain(self.kept.iter().copied())
            .collect()
    }

    /// What the two sides hold, times and tokens apart.
    pub fn contents(&self) -> [BTreeMap<&Key, Bytes>; 2] {
        [
            self.local.iter().map(|(k, f)| (k, f.bytes)).collect(),
            self.remote.iter().map(|(k, o)| (k, o.bytes)).collect(),
        ]
    }
}

/// Whether a record can prove that it was made of these bytes.
pub fn holds(record: &Record, bytes: Bytes) -> bool {
    match record.content {
        Content::Unknown => false,
        Content::ETag => record.remote.etag == etag(bytes),
        Content::Blake3(sum) => sum == blake3(bytes),
    }
}

/// The record of a file and an object that hold the same.
pub fn record(key: &Key, file: &File, object: &Object) -> Record {
    Record {
        key: key.clone(),
        local: Some(file.stamp),
        remote: object.stamp.clone(),
        content: match object.stamp.etag {
            ETag::Md5(_) => Content::ETag,
            ETag::Other(_) => Content::Blake3(blake3(object.bytes)),
        },
        encoding: Encoding::Plain,
        parts: None,
    }
}

pub fn etag(bytes: Bytes) -> ETag {
    let [low, high] = bytes.to_le_bytes();
    let mut sum = [low; 16];
    sum[0] = high;
    ETag::Md5(sum)
}

pub fn blake3(bytes: Bytes) -> [u8; 32] {
    let [low, high] = bytes.to_le_bytes();
    let mut sum = [low; 32];
    sum[0] = high;
    sum
}

/// Some contents are as long as others, some are not.
fn size(bytes: Bytes) -> u64 {
    match bytes {
        0 => 0,
        some => 1 + u64::from(some % 2),
    }
}

/// Whether a directory cannot hold both.
pub fn in_each_others_way(one: &Key, another: &Key) -> bool {
    one.is_below(another.as_str()) || another.is_below(one.as_str())
}
