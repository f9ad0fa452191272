//! What users and accidents do.

use super::names::NAMES;
use super::world::{Bytes, Machine, World, etag, in_each_others_way};
use s3_bsync::guard::Side;
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use s3_bsync::stamp::ETag;
use s3_bsync::state::Content;
use std::collections::BTreeMap;

const PAST_NS: i64 = -1;
const AHEAD_NS: i64 = i64::MAX - 1;

/// Files and objects by position in [`NAMES`], or, past their end, among the keys that are there,
/// so that conflict copies have a life too.
pub type Name = u8;

/// Whatever else a write leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// A time later than all before.
    Now,
    /// A time long past, as `cp -p` leaves it.
    Past,
    /// The recorded time.
    AsRecorded,
    /// A time far ahead; in the bucket, a change token that is no digest.
    Odd,
}

/// One thing that happens at a machine: to its directory, its base, or to the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// New bytes under a name.
    Write(Side, Name, Manner),
    /// No bytes under a name.
    Empty(Side, Name, Manner),
    /// The bytes that are there, written once more.
    Touch(Side, Name, Manner),
    /// The other side's bytes, brought here by hand.
    Echo(Side, Name),
    Remove(Side, Name),
    Rename(Side, Name, Name),
    /// An infected machine writes garbage.
    Infect(Side, Name),
    /// An infected machine removes the object.
    Wipe(Name),
    /// An attacker puts back the object that was there before.
    Rollback(Name),
    /// The recovery folder is too large.
    DropOldest,
    /// `undo` of a run; 0 is the latest.
    Undo(u8),
    /// A power cut leaves the file without its bytes.
    Damage(Name),
    /// The object goes to an archive class, or comes back.
    Archive(Name),
    /// What is at and below the name cannot be read, or can again.
    Fog(Name),
    /// The record's file was read in the tick in which it was written.
    Racy(Name),
    /// The record comes from version 1.
    Version1(Name),
    /// Both sides were agreed on by metadata alone.
    Unproven(Name),
    /// The state file is lost.
    LoseBase,
    /// The state file as it was at the last such act comes back.
    OldBase,
}

impl Act {
    /// Whether somebody does it to the directory or the bucket, whom no run can keep waiting.
    pub fn is_a_users(self) -> bool {
        !matches!(
            self,
            Self::Racy(_)
                | Self::Version1(_)
                | Self::Unproven(_)
                | Self::LoseBase
                | Self::OldBase
                | Self::Fog(_)
                | Self::DropOldest
                | Self::Undo(_)
        )
    }
}

/// The side across.
pub fn other(side: Side) -> Side {
    match side {
        Side::Local => Side::Remote,
        Side::Remote => Side::Local,
    }
}

impl World {
    pub fn name(&self, who: usize, name: Name) -> Key {
        let name = usize::from(name) % 64;
        if let Some(key) = NAMES.get(name) {
            return key.clone();
        }
        let local = self.machines[who].local.keys();
        let mut keys: Vec<&Key> = local.chain(self.remote.keys()).collect();
        keys.sort();
        keys.dedup();
        let at = (name - NAMES.len()) % keys.len().max(1);
        keys.get(at).map_or(&NAMES[0], |key| *key).clone()
    }

    /// Something happens to one of the three at a machine.
    pub fn act(&mut self, who: usize, act: Act) {
        self.now += 1;
        self.tell(|| format!("{}: {act:?}", who + 1));
        match act {
            Act::Write(side, name, manner) => {
                self.writes += 1;
                let (key, bytes) = (self.name(who, name), self.writes);
                self.write((who, side), &key, bytes, manner);
                self.claim((who, side), bytes, &key);
            }
            Act::Empty(side, name, manner) => {
                let key = self.name(who, name);
                self.write((who, side), &key, 0, manner);
            }
            Act::Touch(side, name, manner) => {
                let key = self.name(who, name);
                if let Some(bytes) = self.bytes_at((who, side), &key) {
                    self.put((who, side), &key, bytes, manner);
                }
            }
            Act::Echo(side, name) => {
                let key = self.name(who, name);
                if let Some(bytes) = self.bytes_at((who, other(side)), &key) {
                    self.write((who, side), &key, bytes, Manner::Now);
                }
            }
            Act::Remove(side, name) => {
                let key = self.name(who, name);
                if let Some(bytes) = self.take((who, side), &key) {
                    self.waive((who, side), bytes, &key);
                }
            }
            Act::Rename(side, from, to) => {
                let (from, to) = (self.name(who, from), self.name(who, to));
                self.rename((who, side), &from, &to);
            }
            Act::Damage(name) => {
                let key = self.name(who, name);
                if let Some(file) = self.machines[who].local.get(&key).cloned() {
                    self.owed.write_off(file.bytes, &key);
                    self.machines[who].owed.write_off(file.bytes, &key);
                    self.put_file(who, &key, 0, file.stamp.mtime_ns);
                }
            }
            Act::Archive(name) => {
                let key = self.name(who, name);
                if let Some(object) = self.remote.get_mut(&key) {
                    object.readability = match object.readability {
                        Readability::Readable => Readability::Archived,
                        Readability::Archived => Readability::Restoring,
                        Readability::Restoring => Readability::Sealed,
                        Readability::Sealed => Readability::Readable,
                    };
                }
            }
            Act::Infect(..) | Act::Wipe(_) | Act::Rollback(_) => self.attack(who, act),
            Act::DropOldest => self.drop_oldest(who),
            Act::Undo(back) => self.undo(who, back),
            act => self.act_on_base(who, act),
        }
    }

    /// An infected machine or an attacker changes something. A program cannot tell it from the work
    /// of the person at that machine. People at other machines give up nothing.
    fn attack(&mut self, who: usize, act: Act) {
        let (name, garbage) = match act {
            Act::Infect(_, name) => {
                self.writes += 1;
                (name, Some(self.writes))
            }
            Act::Rollback(name) => (name, self.former.get(&self.name(who, name)).copied()),
            Act::Wipe(name) => (name, None),
            _ => return,
        };
        let key = self.name(who, name);
        match (act, garbage) {
            (Act::Infect(Side::Local, _), Some(bytes)) => {
                self.write((who, Side::Local), &key, bytes, Manner::Now);
            }
            (_, Some(bytes)) => {
                let before = self.bytes_at((who, Side::Remote), &key);
                self.put((who, Side::Remote), &key, bytes, Manner::Now);
                self.write_off_object(before, &key);
            }
            (Act::Wipe(_), None) => {
                let before = self.take((who, Side::Remote), &key);
                self.write_off_object(before, &key);
            }
            (_, None) => {}
        }
    }

    /// An attacker has destroyed an object. If no machine has its bytes under its name, no program
    /// can save them.
    fn write_off_object(&mut self, bytes: Option<Bytes>, key: &Key) {
        let has = |machine: &Machine, bytes| {
            let file = machine.local.get(key);
            file.is_some_and(|file| file.bytes == bytes)
        };
        if let Some(bytes) = bytes
            && !self.machines.iter().any(|machine| has(machine, bytes))
        {
            self.owed.waive(bytes, key);
            let survivors = self.survivors();
            self.owed.keep_only(&survivors);
        }
    }

    /// A person gives bytes a name in one place.
    fn claim(&mut self, (who, side): (usize, Side), bytes: Bytes, key: &Key) {
        self.owed.claim(bytes, key);
        if side == Side::Local {
            self.machines[who].owed.claim(bytes, key);
        }
    }

    /// A person replaces, removes or renames what they see in one place.
    fn waive(&mut self, (who, side): (usize, Side), bytes: Bytes, key: &Key) {
        self.owed.waive(bytes, key);
        if side == Side::Local {
            self.machines[who].owed.waive(bytes, key);
        }
    }

    fn act_on_base(&mut self, who: usize, act: Act) {
        let name = match act {
            Act::Fog(name) | Act::Racy(name) | Act::Version1(name) | Act::Unproven(name) => name,
            _ => 0,
        };
        let key = self.name(who, name);
        let machine = &mut self.machines[who];
        machine.receipts.clear();
        match act {
            Act::Fog(_) if machine.fog.contains(&key) => {
                machine.fog.remove(&key);
            }
            Act::Fog(_) => {
                machine.fog.insert(key);
            }
            Act::Racy(_) => {
                let record = machine.base.get_mut(&key);
                if let Some(stamp) = record.and_then(|record| record.local.as_mut()) {
                    stamp.ctime_ns = 0;
                }
            }
            Act::Version1(_) => {
                if let Some(record) = machine.base.get_mut(&key) {
                    record.local = None;
                    record.content = Content::Unknown;
                }
            }
            Act::Unproven(_) => {
                if let Some(record) = machine.base.get_mut(&key) {
                    record.content = Content::Unknown;
                }
            }
            Act::LoseBase => machine.lose_base(),
            Act::OldBase => {
                let base = machine.base.clone();
                machine.base = std::mem::replace(&mut machine.old_base, base);
                machine.is_base_lost = machine.base.is_empty();
            }
            _ => {}
        }
    }

    /// A user gives bytes a name, whatever stands there.
    fn write(&mut self, (who, side): (usize, Side), key: &Key, bytes: Bytes, manner: Manner) {
        self.clear_for((who, side), key);
        let before = self.bytes_at((who, side), key);
        if before != Some(bytes) {
            before.inspect(|before| self.waive((who, side), *before, key));
        }
        self.put((who, side), key, bytes, manner);
    }

    fn rename(&mut self, (who, side): (usize, Side), from: &Key, to: &Key) {
        let Some(bytes) = self.bytes_at((who, side), from) else {
            return;
        };
        if from != to {
            self.waive((who, side), bytes, from);
            let replaced = self.bytes_at((who, side), to);
            if let Some(before) = replaced.filter(|before| *before != bytes) {
                self.waive((who, side), before, to);
            }
        }
        match side {
            Side::Local => {
                let file = self.machines[who].local.remove(from);
                self.clear_for((who, side), to);
                let file = file.map(|file| (from.clone(), file));
                self.machines[who].local.extend(file);
                self.rename_file(who, from, to);
            }
            Side::Remote => {
                self.remote.remove(from);
                self.put((who, side), to, bytes, Manner::Now);
            }
        }
        if from != to {
            self.claim((who, side), bytes, to);
        }
    }

    fn put(&mut self, (who, side): (usize, Side), key: &Key, bytes: Bytes, manner: Manner) {
        let machine = &self.machines[who];
        let recorded = machine.base.get(key).and_then(|record| record.local);
        let recorded_ns = recorded.map_or(0, |stamp| stamp.mtime_ns);
        let now_ns = self.now * 10;
        match side {
            Side::Local => {
                let mtime_ns = match manner {
                    Manner::Now => now_ns + machine.skew_ns,
                    Manner::Past => PAST_NS,
                    Manner::AsRecorded => recorded_ns,
                    Manner::Odd => AHEAD_NS,
                };
                self.put_file(who, key, bytes, mtime_ns);
            }
            Side::Remote => {
                let (mtime_ns, etag) = match manner {
                    Manner::Now => (now_ns, etag(bytes)),
                    Manner::Past => (PAST_NS, etag(bytes)),
                    Manner::AsRecorded => (recorded_ns, etag(bytes)),
                    Manner::Odd => {
                        let odd = format!("{bytes}-{}", self.fresh());
                        (now_ns, ETag::Other(odd.into()))
                    }
                };
                self.put_object(key, (bytes, mtime_ns), etag, 0);
            }
        }
    }

    fn bytes_at(&self, (who, side): (usize, Side), key: &Key) -> Option<Bytes> {
        match side {
            Side::Local => self.machines[who].local.get(key).map(|file| file.bytes),
            Side::Remote => self.remote.get(key).map(|object| object.bytes),
        }
    }

    fn take(&mut self, (who, side): (usize, Side), key: &Key) -> Option<Bytes> {
        match side {
            Side::Local => self.machines[who].local.remove(key).map(|file| file.bytes),
            Side::Remote => self.remote.remove(key).map(|object| object.bytes),
        }
    }

    /// What stands in a file's way in a directory goes, as a person would remove it.
    fn clear_for(&mut self, (who, side): (usize, Side), key: &Key) {
        if side == Side::Remote {
            return;
        }
        let machine = &mut self.machines[who];
        let (gone, left): (BTreeMap<_, _>, _) = std::mem::take(&mut machine.local)
            .into_iter()
            .partition(|(other, _)| in_each_others_way(other, key));
        machine.local = left;
        machine.is_cleared |= !gone.is_empty();
        for (key, file) in gone {
            self.waive((who, side), file.bytes, &key);
        }
    }
}
