//! A machine's recovery folder: the files that runs displaced from its directory.

use super::world::{Bytes, File, Machine, World, in_each_others_way};
use s3_bsync::key::Key;
use std::collections::BTreeSet;

/// Why a run displaced a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Displaced {
    /// A download took its name.
    Replaced,
    /// The object is gone.
    Deleted,
    /// It lost a conflict.
    Lost,
}

/// One file in the recovery folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub key: Key,
    pub file: File,
    pub why: Displaced,
    /// The run that displaced it; a later run has a larger number.
    pub run: u64,
}

/// The displaced files that a program keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keeping {
    #[default]
    All,
    /// All but those that a download replaces without a conflict.
    NoReplaced,
}

impl Machine {
    pub fn keeps(&self, bytes: Bytes) -> bool {
        self.recovery.iter().any(|kept| kept.file.bytes == bytes)
    }
}

impl World {
    /// Moves a displaced file to the recovery folder of its machine.
    pub(super) fn keep(&mut self, who: usize, key: &Key, why: Displaced, run: u64) {
        let is_kept = self.keeping == Keeping::All || why != Displaced::Replaced;
        let machine = &mut self.machines[who];
        if let Some(file) = machine.local.remove(key)
            && is_kept
        {
            let key = key.clone();
            machine.recovery.push(Kept {
                key,
                file,
                why,
                run,
            });
        }
    }

    /// The recovery folder is too large. Drops the oldest replaced version, or if there is none, the
    /// oldest deletion, and all claims to its bytes. Losers of conflicts stay.
    pub(super) fn drop_oldest(&mut self, who: usize) {
        let recovery = &mut self.machines[who].recovery;
        let oldest = [Displaced::Replaced, Displaced::Deleted]
            .iter()
            .find_map(|why| recovery.iter().position(|kept| kept.why == *why));
        if let Some(Kept { key, file, .. }) = oldest.map(|at| recovery.remove(at)) {
            self.owed.write_off(file.bytes, &key);
            self.machines[who].owed.write_off(file.bytes, &key);
        }
    }

    /// Puts back the files that a run displaced; `back` 0 is the latest run. A file in the place of
    /// one of them is displaced in turn.
    pub(super) fn undo(&mut self, who: usize, back: u8) {
        let recovery = &self.machines[who].recovery;
        let runs: BTreeSet<u64> = recovery.iter().map(|kept| kept.run).collect();
        let Some(run) = runs.iter().rev().nth(usize::from(back)).copied() else {
            return;
        };
        let this_run = self.fresh();
        let recovery = std::mem::take(&mut self.machines[who].recovery);
        let (of_run, others) = recovery.into_iter().partition(|kept| kept.run == run);
        self.machines[who].recovery = others;
        let mut done: BTreeSet<Key> = BTreeSet::new();
        for kept in of_run {
            let Machine { local, .. } = &self.machines[who];
            let is_blocked = local.keys().any(|at| in_each_others_way(at, &kept.key));
            // The first version of a name is the one from before the run.
            if is_blocked || !done.insert(kept.key.clone()) {
                self.machines[who].recovery.push(kept);
                continue;
            }
            self.keep(who, &kept.key, Displaced::Replaced, this_run);
            self.put_back(who, kept);
        }
    }
}
