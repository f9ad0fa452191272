//! A source tree that was never written: the records of a large repository after its first sync,
//! made from a fixed seed, in key order, one at a time.
//!
//! Names, fan-out, sizes and stamps have the statistics of real checkouts on ext4 that were synced
//! once and edited a little since; `benches/README.md` says which. Memory is that of the
//! directories that are open.

mod names;
mod random;

use names::{Habit, Names};
use random::Random;
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, DIGEST_BYTES, Encoding, Record};

const SEED: u64 = 0x7333_6273_796e_6332;
const CHECKOUT_NS: i64 = 1_767_225_600_123_456_789;
const SYNC_US: i64 = 1_767_229_200_000_000;
const MS_NS: i64 = 1_000_000;
/// How often a kernel looks at the clock for the stamps of files.
const TICK_NS: i64 = 4 * MS_NS;
const FIRST_INODE: u64 = 10_298_403;
const FREED_INODES: u64 = 1 << 20;

/// The records of a tree of so many files, in key order.
///
/// # Panics
/// Never: all names are keys.
pub fn records(count: usize) -> impl Iterator<Item = Record> {
    Tree::new(count)
}

struct Entry {
    /// A directory's ends in `/`, so that entries sort as their keys do.
    name: String,
    /// Files below a directory.
    files: usize,
}

struct Open {
    /// Last first.
    entries: Vec<Entry>,
    path_bytes: usize,
    habit: Habit,
    /// Whether its files were renamed into it when they were whole, as downloads are.
    is_downloaded: bool,
}

struct Tree {
    random: Random,
    path: String,
    open: Vec<Open>,
    checkout_ns: i64,
    /// The last look at the clock, which is what stamps tell.
    tick_ns: i64,
    sync_us: i64,
    inode: u64,
}

impl Tree {
    fn new(count: usize) -> Self {
        let mut tree = Self {
            random: Random(SEED),
            path: String::new(),
            open: Vec::new(),
            checkout_ns: CHECKOUT_NS,
            tick_ns: CHECKOUT_NS,
            sync_us: SYNC_US,
            inode: FIRST_INODE,
        };
        let habit = Habit::first(&mut tree.random);
        tree.enter(count, habit);
        tree
    }

    fn enter(&mut self, files: usize, habit: Habit) {
        let random = &mut self.random;
        let own = match files {
            0..24 => files,
            _ => count(random.octaves(1, 8)).min(files / 2),
        };
        let mut entries = Vec::with_capacity(own + 8);
        let mut names = Names::new(random);
        for _ in 0..own {
            let name = names.file(habit, random);
            entries.push(Entry { name, files: 0 });
        }
        let mut names = Names::new(random);
        let mut below = files - own;
        while below > 0 {
            let most = below.max(16).ilog2();
            let files = count(random.octaves(most * 3 / 7, most)).min(below);
            let name = names.directory(random);
            entries.push(Entry { name, files });
            below -= files;
        }
        entries.sort_unstable_by(|one, other| other.name.cmp(&one.name));
        // A directory has an inode too; some go to another group of the disk.
        self.inode += 1;
        if random.one_in(40) {
            self.inode += random.below(8192);
        }
        self.open.push(Open {
            entries,
            path_bytes: self.path.len(),
            habit,
            is_downloaded: random.one_in(8),
        });
    }

    fn file(&mut self, is_downloaded: bool) -> Record {
        let (local, modified_ms) = self.times(is_downloaded);
        let mut etag = [0; 16];
        etag[..8].copy_from_slice(&self.random.next().to_le_bytes());
        etag[8..].copy_from_slice(&self.random.next().to_le_bytes());
        let mut blake3 = [0; DIGEST_BYTES];
        for bytes in blake3.chunks_mut(8) {
            bytes.copy_from_slice(&self.random.next().to_le_bytes()[..bytes.len()]);
        }
        Record {
            key: Key::parse(&self.path).expect("names are made so that they are keys"),
            remote: RemoteStamp {
                etag: ETag::Md5(etag),
                size_bytes: local.size_bytes,
                modified_ms,
                version: None,
            },
            local: Some(local),
            content: Content::Blake3(blake3),
            encoding: Encoding::Plain,
            parts: None,
        }
    }

    fn times(&mut self, is_downloaded: bool) -> (LocalStamp, i64) {
        let random = &mut self.random;
        self.inode += 1;
        self.checkout_ns += 60_000 + random.below(200_000).cast_signed();
        // Thirty-two jobs finish about one a millisecond, not in the order in which they began.
        self.sync_us += 900 + random.below(300).cast_signed();
        if self.checkout_ns - self.tick_ns >= TICK_NS {
            self.tick_ns = self.checkout_ns;
        }
        let mut mtime_ns = self.tick_ns;
        let mut modified_ms = self.sync_us / 1000 + random.octaves(2, 6).cast_signed();
        let mut inode = self.inode;
        let mut is_renamed = is_downloaded;
        if random.one_in(25) {
            let minutes = random.below(60 * 24 * 60).cast_signed();
            mtime_ns += minutes * 60_000 * MS_NS + random.below(60_000_000_000).cast_signed();
            modified_ms = mtime_ns / MS_NS + random.below(600_000).cast_signed();
            inode = FIRST_INODE + random.below(FREED_INODES);
            is_renamed = random.one_in(2);
        }
        let late_ns = if is_renamed {
            random.octaves(17, 24).cast_signed()
        } else {
            0
        };
        let size_bytes = if random.one_in(200) {
            0
        } else {
            random.octaves(4, 20)
        };
        let stamp = LocalStamp {
            size_bytes,
            mtime_ns,
            ctime_ns: mtime_ns + late_ns,
            inode,
        };
        (stamp, modified_ms)
    }
}

impl Iterator for Tree {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            let open = self.open.last_mut()?;
            self.path.truncate(open.path_bytes);
            let Some(entry) = open.entries.pop() else {
                self.open.pop();
                continue;
            };
            self.path.push_str(&entry.name);
            if entry.files == 0 {
                let is_downloaded = open.is_downloaded;
                return Some(self.file(is_downloaded));
            }
            let habit = open.habit.below(&mut self.random);
            self.enter(entry.files, habit);
        }
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
