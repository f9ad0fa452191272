//! A plan before the guard: what it removes on each side, and what is left of it once it may not.

use super::{Held, Limit, Side, Toll, judge};
use crate::event::Counts;
use crate::key::Key;
use crate::plan::{Plan, Step};

/// Judges a plan's removals on each side, with what earlier rounds of the run did. `records` counts
/// the map's records before the run.
///
/// # Errors
/// As [`judge`], for the first side whose removals are too many.
pub fn judge_plan(plan: &Plan, records: u64, done: &Counts, limit: Limit) -> Result<(), Held> {
    let mut local = Toll {
        records,
        deletions: 0,
        creations: done.downloaded,
    };
    let mut remote = Toll {
        creations: done.uploaded,
        ..local
    };
    for step in plan.steps() {
        match step {
            Step::DeleteLocal { .. } => local.deletions += 1,
            Step::DeleteRemote { .. } => remote.deletions += 1,
            Step::Download { over: None, .. } => local.creations += 1,
            Step::Upload { over: None, .. } => remote.creations += 1,
            _ => {}
        }
    }
    for (toll, done) in [
        (&mut local, done.deleted_local),
        (&mut remote, done.deleted_remote),
    ] {
        if toll.deletions > 0 {
            toll.deletions += done;
        }
    }
    judge(Side::Local, local, limit)?;
    judge(Side::Remote, remote, limit)
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
