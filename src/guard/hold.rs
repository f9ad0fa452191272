//! A plan before the guard: what it removes on each side, and what is left of it once it may not.

use super::{Held, Limit, Side, Toll, judge};
use crate::event::Counts;
use crate::key::Key;
use crate::plan::{Plan, Step};

/// What a plan removes and creates on each side, counted part by part.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    local: Toll,
    remote: Toll,
}

impl Tally {
    /// Counts a part of the plan.
    pub fn add(&mut self, plan: &Plan) {
        let Self { local, remote } = self;
        for step in plan.steps() {
            match step {
                Step::DeleteLocal { .. } => local.deletions += 1,
                Step::DeleteRemote { .. } => remote.deletions += 1,
                Step::Download { over: None, .. } => local.creations += 1,
                Step::Upload { over: None, .. } => remote.creations += 1,
                _ => {}
            }
        }
    }

    /// Judges the removals on each side, with what earlier rounds of the run did. `records` counts
    /// the map's records before the run.
    ///
    /// # Errors
    /// As [`judge`], for the first side whose removals are too many.
    pub fn judge(self, records: u64, done: &Counts, limit: Limit) -> Result<(), Held> {
        let Self { local, remote } = self;
        for (side, mut toll, deleted, created) in [
            (Side::Local, local, done.deleted_local, done.downloaded),
            (Side::Remote, remote, done.deleted_remote, done.uploaded),
        ] {
            if toll.deletions > 0 {
                toll.records = records;
                toll.deletions += deleted;
                toll.creations += created;
                judge(side, toll, limit)?;
            }
        }
        Ok(())
    }
}

/// Judges a whole plan.
///
/// # Errors
/// As [`Tally::judge`].
pub fn judge_plan(plan: &Plan, records: u64, done: &Counts, limit: Limit) -> Result<(), Held> {
    let mut tally = Tally::default();
    tally.add(plan);
    tally.judge(records, done, limit)
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
