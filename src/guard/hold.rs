//! A plan before the guard: what it changes on each side, and what is left of it once it may not.

use super::{Change, Held, Limit, Population, Side, Toll, judge};
use crate::event::Counts;
use crate::key::{IGNORE_FILE, Key};
use crate::plan::{Plan, Step};

impl Population {
    /// Counts a file.
    pub fn add(&mut self, key: &Key) {
        self.files += 1;
        self.rule_files += u64::from(key.file_name() == IGNORE_FILE);
    }
}

/// What a plan removes, replaces and creates on each side, counted part by part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    local: Toll,
    remote: Toll,
    replacements: u64,
}

impl Tally {
    /// Counts a part of the plan.
    pub fn add(&mut self, plan: &Plan) {
        let Self {
            local,
            remote,
            replacements,
        } = self;
        for step in plan.steps() {
            match step {
                Step::DeleteLocal { key, .. } => local.deletions.add(key),
                Step::DeleteRemote { key, .. } => remote.deletions.add(key),
                Step::Download { over: None, .. } => local.creations += 1,
                Step::Download { over: Some(_), .. } => *replacements += 1,
                Step::Upload { over: None, .. } => remote.creations += 1,
                _ => {}
            }
        }
    }

    /// Judges the removals on each side, with what earlier rounds of the run did. `known` counts
    /// the map's files before the run.
    ///
    /// # Errors
    /// As [`judge`], for the first side whose removals are too many.
    pub fn judge(self, known: Population, done: &Counts, limit: Limit) -> Result<(), Held> {
        for (side, mut toll, deleted, created) in [
            (Side::Local, self.local, done.deleted_local, done.downloaded),
            (
                Side::Remote,
                self.remote,
                done.deleted_remote,
                done.uploaded,
            ),
        ] {
            if toll.deletions.files > 0 {
                toll.known = known;
                toll.deletions.files += deleted;
                toll.creations += created;
                judge(side, toll, limit)?;
            }
        }
        Ok(())
    }

    /// Judges the files that downloads replace, with the `done` ones that earlier rounds of the run
    /// replaced.
    ///
    /// # Errors
    /// [`Held`] if they exceed the limit.
    pub fn judge_replacements(
        self,
        known: Population,
        done: u64,
        limit: Limit,
    ) -> Result<(), Held> {
        let changes = self.replacements + done;
        if self.replacements > 0 && limit.is_exceeded(changes, known.files) {
            return Err(Held {
                change: Change::Replacement,
                side: Side::Local,
                changes,
                records: known.files,
                limit: Some(limit),
            });
        }
        Ok(())
    }
}

/// Judges a whole plan's removals.
///
/// # Errors
/// As [`Tally::judge`].
pub fn judge_plan(plan: &Plan, known: Population, done: &Counts, limit: Limit) -> Result<(), Held> {
    let mut tally = Tally::default();
    tally.add(plan);
    tally.judge(known, done, limit)
}

/// Takes all downloads that replace a file out of a plan.
pub fn hold_replacements(plan: &mut Plan) {
    let replaces = |step: &Step| matches!(step, Step::Download { over: Some(_), .. });
    plan.transfers.retain(|step| !replaces(step));
}

/// Takes all removals out of a plan, and with them what cannot come without one. Returns the keys
/// of the latter: each would lie below a file that stays, or take the name of a directory that does.
#[must_use]
pub fn hold_back(plan: &mut Plan) -> Vec<Key> {
    plan.deletions.clear();
    let tops: Vec<Key> = plan
        .clearing
        .drain(..)
        .map(|step| step.key().clone())
        .collect();
    let is_blocked = |key: &Key| tops.iter().any(|top| key.is_below(top.as_str()));
    let (mut blocked, free) = std::mem::take(&mut plan.transfers)
        .into_iter()
        .partition::<Vec<_>, _>(|step| is_blocked(step.key()));
    plan.transfers = free;
    blocked.append(&mut plan.replacements);
    blocked.iter().map(|step| step.key().clone()).collect()
}
