//! The state of the model: machines and a bucket, and what was kept aside.

use super::owed::Owed;
use super::recovery::{Keeping, Kept};
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use s3_bsync::reconcile::Ground;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Capabilities, Content, DIGEST_BYTES, Digest, Encoding, Record};
use std::collections::{BTreeMap, BTreeSet};

/// What a content is known by: every user's write gets a fresh one. 0 is no bytes at all.
pub type Bytes = u16;

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
    /// Which request wrote it; 0 for somebody else's.
    pub write: u64,
    /// When there was no object of its name for the last time.
    pub since: u64,
}

/// A directory and its base.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    pub local: BTreeMap<Key, File>,
    pub base: BTreeMap<Key, Record>,
    /// Names at and below which nothing can be read, or is to be.
    pub fog: BTreeSet<Key>,
    /// Whether something stood in a file's way in the directory, as it never does in the bucket.
    pub is_cleared: bool,
    /// The records before each receipt that is not durable yet.
    pub receipts: Vec<(Key, Option<Record>)>,
    pub recovery: Vec<Kept>,
    /// What the person at this machine may rely on finding in the directory or the recovery folder.
    pub owed: Owed,
    pub(super) old_base: BTreeMap<Key, Record>,
    pub(super) is_base_lost: bool,
    /// How far its clock is ahead of the bucket's.
    pub(super) skew_ns: i64,
}

/// Machines and the bucket that they share.
#[derive(Debug, Clone)]
pub struct World {
    pub machines: Vec<Machine>,
    pub remote: BTreeMap<Key, Object>,
    /// The bucket's recovery folder.
    pub kept: BTreeSet<Bytes>,
    pub keeping: Keeping,
    /// What the server honours.
    pub honours: Capabilities,
    /// What all machines believe that it does, since they asked.
    pub found: Capabilities,
    /// What users may rely on.
    pub owed: Owed,
    /// What happens, where somebody wants to hear of it.
    pub tale: Option<Vec<String>>,
    /// Every file that ever was, by machine and inode change time.
    files: BTreeMap<(usize, i64), (Key, Bytes)>,
    /// Every object that ever was.
    objects: BTreeSet<(Key, String)>,
    /// The bytes that each object had before those that it has.
    pub(super) former: BTreeMap<Key, Bytes>,
    pub(super) now: i64,
    tick: i64,
    pub(super) writes: Bytes,
}

impl World {
    /// So many machines, each with its clock so far ahead of the bucket's.
    pub fn new(machines: usize, skew_ns: i64, honours: Capabilities) -> Self {
        let machine = Machine {
            skew_ns,
            ..Machine::default()
        };
        Self {
            machines: vec![machine; machines],
            remote: BTreeMap::new(),
            kept: BTreeSet::new(),
            keeping: Keeping::All,
            honours,
            found: honours,
            owed: Owed::default(),
            tale: None,
            files: BTreeMap::new(),
            objects: BTreeSet::new(),
            former: BTreeMap::new(),
            now: 0,
            tick: 0,
            writes: 0,
        }
    }

    pub fn tell(&mut self, text: impl FnOnce() -> String) {
        if let Some(tale) = &mut self.tale {
            tale.push(text());
        }
    }

    /// A number that was never given before.
    pub fn fresh(&mut self) -> u64 {
        self.tick += 1;
        self.tick.unsigned_abs()
    }

    pub fn put_file(&mut self, who: usize, key: &Key, bytes: Bytes, mtime_ns: i64) {
        let inode = self.fresh();
        let stamp = LocalStamp {
            size_bytes: size(bytes),
            mtime_ns,
            ctime_ns: self.tick,
            inode,
        };
        self.place(who, key, File { bytes, stamp });
    }

    /// A file keeps its time and its inode under another name.
    pub fn rename_file(&mut self, who: usize, from: &Key, to: &Key) {
        self.tick += 1;
        if let Some(File { bytes, stamp }) = self.machines[who].local.remove(from) {
            let stamp = LocalStamp {
                ctime_ns: self.tick,
                ..stamp
            };
            self.place(who, to, File { bytes, stamp });
        }
    }

    /// A file comes back from the recovery folder with its time and its inode.
    pub(super) fn put_back(&mut self, who: usize, Kept { key, file, .. }: Kept) {
        self.tick += 1;
        let stamp = LocalStamp {
            ctime_ns: self.tick,
            ..file.stamp
        };
        self.place(who, &key, File { stamp, ..file });
    }

    fn place(&mut self, who: usize, key: &Key, file: File) {
        let known = (who, file.stamp.ctime_ns);
        self.files.insert(known, (key.clone(), file.bytes));
        self.machines[who].local.insert(key.clone(), file);
    }

    pub fn put_object(&mut self, key: &Key, object: (Bytes, i64), etag: ETag, write: u64) {
        let (bytes, mtime_ns) = object;
        let now = self.fresh();
        let since = self.remote.get(key).map_or(now, |before| before.since);
        if let Some(before) = self.remote.get(key).filter(|before| before.bytes != bytes) {
            self.former.insert(key.clone(), before.bytes);
        }
        self.objects.insert((key.clone(), etag.to_string()));
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
            write,
            since,
        };
        self.remote.insert(key.clone(), object);
    }

    /// The bytes of the file that once had this name and this stamp.
    pub fn bytes_of_file(&self, who: usize, key: &Key, stamp: &LocalStamp) -> Option<Bytes> {
        let (name, bytes) = self.files.get(&(who, stamp.ctime_ns))?;
        (name == key).then_some(*bytes)
    }

    /// Whether there ever was an object of this name with this ETag.
    pub fn had_object(&self, key: &Key, etag: &ETag) -> bool {
        self.objects.contains(&(key.clone(), etag.to_string()))
    }

    /// Takes back the last receipts of a machine, as a power cut does that comes before they last.
    pub fn forget_receipts(&mut self, who: usize, receipts: u8) {
        let machine = &mut self.machines[who];
        for _ in 0..receipts {
            let Some((key, before)) = machine.receipts.pop() else {
                break;
            };
            match before {
                Some(record) => drop(machine.base.insert(key, record)),
                None => drop(machine.base.remove(&key)),
            }
        }
    }

    /// What no run may lose: whatever is on a side and is not what the base has there.
    pub fn unseen(&self, who: usize) -> BTreeSet<Bytes> {
        let Machine { local, base, .. } = &self.machines[who];
        let local = local.iter().filter(|(key, file)| {
            let record = base.get(*key);
            record
                .is_none_or(|record| record.local != Some(file.stamp) && !holds(record, file.bytes))
        });
        let remote = self.remote.iter().filter(|(key, object)| {
            let record = base.get(*key);
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
        let local = self.machines.iter().flat_map(Machine::survivors);
        let remote = self.remote.values().map(|object| object.bytes);
        local
            .chain(remote)
            .chain(self.kept.iter().copied())
            .collect()
    }

    /// The contents of the bucket's recovery folder and of all machines'.
    pub fn all_kept(&self) -> BTreeSet<Bytes> {
        let local = self.machines.iter().flat_map(|machine| &machine.recovery);
        let local = local.map(|kept| kept.file.bytes);
        local.chain(self.kept.iter().copied()).collect()
    }

    /// Returns content that is nowhere, although no person who saw it replaced or removed it, and
    /// content that a person wrote at a machine, did not replace or remove there, and cannot find in
    /// its directory or recovery folder.
    pub fn lost(&self) -> Vec<Bytes> {
        let mut lost = self.owed.lost(&self.survivors());
        for machine in &self.machines {
            lost.extend(machine.owed.lost(&machine.survivors().collect()));
        }
        lost
    }

    /// What the bucket holds, times and tokens apart.
    pub fn in_bucket(&self) -> BTreeMap<&Key, Bytes> {
        self.remote.iter().map(|(k, o)| (k, o.bytes)).collect()
    }
}

impl Machine {
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

    /// Nothing was ever agreed on.
    pub fn lose_base(&mut self) {
        self.base.clear();
        self.is_base_lost = true;
    }

    pub fn is_fogged(&self, key: &Key) -> bool {
        self.fog
            .iter()
            .any(|top| key == top || key.is_below(top.as_str()))
    }

    fn survivors(&self) -> impl Iterator<Item = Bytes> {
        let kept = self.recovery.iter().map(|kept| &kept.file);
        self.local.values().chain(kept).map(|file| file.bytes)
    }

    /// What the directory holds, times apart.
    pub fn contents(&self) -> BTreeMap<&Key, Bytes> {
        self.local.iter().map(|(k, f)| (k, f.bytes)).collect()
    }
}

/// Whether a record can prove that it was made of these bytes.
pub fn holds(record: &Record, bytes: Bytes) -> bool {
    match record.content {
        Content::Unknown => false,
        Content::Blake3(sum) | Content::ByMd5(sum) => sum == blake3(bytes),
    }
}

/// The record of a file and an object that hold the same.
pub fn record(key: &Key, file: &File, remote: &RemoteStamp) -> Record {
    Record {
        key: key.clone(),
        local: Some(file.stamp),
        remote: remote.clone(),
        content: Content::Blake3(blake3(file.bytes)),
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

pub fn blake3(bytes: Bytes) -> Digest {
    let [low, high] = bytes.to_le_bytes();
    let mut sum = [low; DIGEST_BYTES];
    sum[0] = high;
    sum
}

/// Some contents are as long as others, some are not.
pub fn size(bytes: Bytes) -> u64 {
    match bytes {
        0 => 0,
        some => 1 + u64::from(some % 2),
    }
}

/// Whether a directory cannot hold both.
pub fn in_each_others_way(one: &Key, another: &Key) -> bool {
    one.is_below(another.as_str()) || another.is_below(one.as_str())
}
