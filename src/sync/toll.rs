//! What a plan removes on each side, put before the guard.

use crate::event::Counts;
use crate::guard::{self, Held, Limit, Side, Toll};
use crate::plan::{Plan, Step};

/// Says whether a plan's removals are within the limit, on each side, with what earlier rounds did.
pub(super) fn judge(plan: &Plan, records: u64, done: &Counts, limit: Limit) -> Result<(), Held> {
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
    guard::judge(Side::Local, local, limit)?;
    guard::judge(Side::Remote, remote, limit)
}
