//! A model of a directory, a bucket and a base, on which plans are made and carried out.

use super::join::{Joined, Scope, Trust, join};
use super::steer::steered;
use crate::draft::{Asides, Decided, Draft, Outcome, draft};
use crate::key::Key;
use crate::local::{Found, Root};
use crate::moves::{Pairing, pair};
use crate::plan::{Item, Readability};
use crate::reconcile::{Answer, Answers, Ground, Question, Seen, Verdict, decide, settlement};
use crate::remote::Listed;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{ConflictPolicy, Content, Direction, Holding, Record, Recursion};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const NAMES: [&str; 12] = [
    "a", "a/b", "a/b/c", "a-b", "a b", "A", "a/ ", ".x", "e\u{301}", "\u{e9}", "d/e/f", "d",
];

/// What a content is known by; every user's write gets a fresh one.
pub(super) type Bytes = u8;

#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) local: BTreeMap<Key, (Bytes, LocalStamp)>,
    pub(super) remote: BTreeMap<Key, (Bytes, RemoteStamp)>,
    pub(super) base: BTreeMap<Key, Record>,
    pub(super) kept: BTreeSet<Bytes>,
    pub(super) tick: i64,
    pub(super) writes: Bytes,
    freed: Option<u64>,
}

/// Whether what is gone and what is new are paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renames {
    Paired,
    Decomposed,
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    Write(usize),
    Remove(usize),
    Touch(usize),
    Rename(usize, usize),
}

pub(super) fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let name = 0..NAMES.len();
    vec(
        prop_oneof![
            4 => name.clone().prop_map(Act::Write),
            2 => name.clone().prop_map(Act::Remove),
            1 => name.clone().prop_map(Act::Touch),
            2 => (name.clone(), name).prop_map(|(from, to)| Act::Rename(from, to)),
        ],
        0..most,
    )
}

pub(super) fn key(name: usize) -> Key {
    Key::parse(NAMES[name]).unwrap()
}

impl World {
    pub(super) fn fresh(&mut self) -> Bytes {
        self.writes += 1;
        self.writes
    }

    pub(super) fn file(&mut self, mtime_ns: i64) -> LocalStamp {
        self.tick += 1;
        LocalStamp {
            size_bytes: 1,
            mtime_ns,
            ctime_ns: self.tick,
            // A new file gets the inode of the last one that went, as on many a file system.
            inode: self.freed.take().unwrap_or(self.tick.unsigned_abs()),
        }
    }

    pub(super) fn put_file(&mut self, key: &Key, bytes: Bytes) {
        let mtime_ns = self.tick;
        let stamp = self.file(mtime_ns);
        self.local.insert(key.clone(), (bytes, stamp));
    }

    /// A file keeps its time and its inode under another name.
    pub(super) fn put_renamed(&mut self, key: &Key, (bytes, stamp): (Bytes, LocalStamp)) {
        self.tick += 1;
        let ctime_ns = self.tick;
        let stamp = LocalStamp { ctime_ns, ..stamp };
        self.local.insert(key.clone(), (bytes, stamp));
    }

    pub(super) fn put_object(&mut self, key: &Key, bytes: Bytes) {
        self.tick += 1;
        let stamp = RemoteStamp {
            etag: ETag::Md5([bytes; 16]),
            size_bytes: 1,
            modified_ms: self.tick,
            version: None,
        };
        self.remote.insert(key.clone(), (bytes, stamp));
    }

    /// A directory tree holds no file where another's directory is: what is in the way goes, as a
    /// person would remove it.
    pub(super) fn clear_for(&mut self, key: &Key) {
        self.local.retain(|other, _| {
            other == key || !(other.is_below(key.as_str()) || key.is_below(other.as_str()))
        });
    }

    pub(super) fn act_locally(&mut self, act: &Act) {
        match *act {
            Act::Write(name) => {
                let bytes = self.fresh();
                self.clear_for(&key(name));
                self.put_file(&key(name), bytes);
            }
            Act::Remove(name) => {
                let gone = self.local.remove(&key(name));
                self.freed = gone.map(|(_, stamp)| stamp.inode).or(self.freed);
            }
            Act::Touch(name) => {
                if let Some((bytes, _)) = self.local.get(&key(name)).copied() {
                    self.put_file(&key(name), bytes);
                }
            }
            Act::Rename(from, to) => {
                if let Some(file) = self.local.remove(&key(from)) {
                    self.clear_for(&key(to));
                    self.put_renamed(&key(to), file);
                }
            }
        }
    }

    pub(super) fn act_remotely(&mut self, act: &Act) {
        match *act {
            Act::Write(name) => {
                let bytes = self.fresh();
                self.put_object(&key(name), bytes);
            }
            Act::Remove(name) => {
                self.remote.remove(&key(name));
            }
            Act::Touch(name) => {
                if let Some((bytes, _)) = self.remote.get(&key(name)).cloned() {
                    self.put_object(&key(name), bytes);
                }
            }
            Act::Rename(from, to) => {
                if let Some((bytes, _)) = self.remote.remove(&key(from)) {
                    self.put_object(&key(to), bytes);
                }
            }
        }
    }

    /// What no run may lose: whatever is on a side and is not what the base has there.
    pub(super) fn unseen(&self) -> BTreeSet<Bytes> {
        let known = |key: &Key| match self.base.get(key).map(|record| record.remote.etag.clone()) {
            Some(ETag::Md5(sum)) => Some(sum[0]),
            _ => None,
        };
        let local = self.local.iter().map(|(key, (bytes, _))| (key, *bytes));
        let remote = self.remote.iter().map(|(key, (bytes, _))| (key, *bytes));
        local
            .chain(remote)
            .filter(|(key, bytes)| known(key) != Some(*bytes))
            .map(|(_, bytes)| bytes)
            .collect()
    }

    pub(super) fn survivors(&self) -> BTreeSet<Bytes> {
        let local = self.local.values().map(|(bytes, _)| *bytes);
        let remote = self.remote.values().map(|(bytes, _)| *bytes);
        local
            .chain(remote)
            .chain(self.kept.iter().copied())
            .collect()
    }

    pub(super) fn joined(&self, root: &Root, direction: Direction) -> Joined {
        let rules = root.rules();
        let scope = Scope {
            reencode: crate::sync::Reencode::Changed,
            rules: &rules,
            prefix: "",
            recursion: Recursion::Recursive,
            trust: Trust::Stamps,
            direction,
        };
        let base = self.base.values().cloned().map(Ok);
        let local = self.local.iter().map(|(key, (_, stamp))| {
            Ok(Found::File {
                key: key.clone(),
                stamp: *stamp,
            })
        });
        let remote = self.remote.iter().map(|(key, (_, stamp))| {
            Ok(Listed::Object {
                key: key.clone(),
                stamp: stamp.clone(),
                readability: Readability::Readable,
                class: None,
            })
        });
        join(base, local, remote, &scope).unwrap()
    }

    pub(super) fn decide(&self, item: Item, policy: ConflictPolicy, ground: Ground) -> Decided {
        let mut answers = Answers::default();
        let told = |equal: bool| {
            Some(if equal {
                Answer::Equal(Holding::plain(Content::ByMd5([7; 20])))
            } else {
                Answer::Different
            })
        };
        let bytes = self.local.get(&item.key).map(|(bytes, _)| [*bytes; 16]);
        loop {
            let seen = Seen {
                base: item.base.as_deref(),
                local: item.local.as_ref(),
                remote: item.remote.as_ref(),
            };
            let outcome = match decide(seen, answers) {
                Verdict::Do(action) => {
                    Outcome::Law(action, Holding::plain(Content::ByMd5([7; 20])))
                }
                Verdict::Look(Question::LocalAgainstBase) => {
                    let recorded = item.base.as_ref().map(|record| record.remote.etag.clone());
                    answers.local_against_base = told(bytes.map(ETag::Md5) == recorded);
                    continue;
                }
                Verdict::Look(Question::LocalAgainstRemote) => {
                    let listed = item.remote.as_ref().map(|stamp| stamp.etag.clone());
                    answers.local_against_remote = told(bytes.map(ETag::Md5) == listed);
                    continue;
                }
                Verdict::Conflict => {
                    let local_ns = item.local.map_or(0, |stamp| stamp.mtime_ns);
                    let remote_ns = item.remote.as_ref().map_or(0, |stamp| stamp.modified_ms);
                    Outcome::Conflict(settlement(policy, ground, local_ns, remote_ns))
                }
            };
            return Decided { item, outcome };
        }
    }

    pub(super) fn plan(&self, root: &Root, policy: ConflictPolicy, ground: Ground) -> Draft {
        self.plan_toward(root, policy, ground, Direction::Both)
    }

    pub(super) fn plan_toward(
        &self,
        root: &Root,
        policy: ConflictPolicy,
        ground: Ground,
        direction: Direction,
    ) -> Draft {
        self.plan_as(root, policy, ground, direction, Renames::Paired)
    }

    pub(super) fn plan_as(
        &self,
        root: &Root,
        policy: ConflictPolicy,
        ground: Ground,
        direction: Direction,
        renames: Renames,
    ) -> Draft {
        let joined = self.joined(root, direction);
        let mut asides = Asides::new("T".to_owned(), "");
        let decided = joined
            .items
            .into_iter()
            .map(|item| self.decide(item, policy, ground))
            .map(|decided| steered(direction, decided));
        let decided: Vec<Decided> = decided.collect();
        let paired = match renames {
            Renames::Paired => pair(decided, &joined.clashes, &[], &|_| true),
            Renames::Decomposed => Pairing {
                moves: Vec::new(),
                rest: decided,
            },
        };
        let mut draft = draft(paired.rest, &joined.clashes, direction, &mut asides);
        draft.plan.transfers.splice(..0, paired.moves);
        draft
    }
}
