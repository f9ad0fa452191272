//! What is demanded of the guard.

use s3_bsync::event::Counts;
use s3_bsync::guard::{Held, Limit, Population, Side, hold_back, judge_plan};
use s3_bsync::plan::{Plan, Step};

/// Judges a plan, holds it back where it must be, and demands that the guard is right about it.
pub fn of_guard(plan: &mut Plan, records: u64, limit: Limit) -> Result<(), Held> {
    let deletions = |side| {
        let is_on_side = |step: &&Step| match step {
            Step::DeleteLocal { .. } => side == Side::Local,
            Step::DeleteRemote { .. } => side == Side::Remote,
            _ => false,
        };
        plan.steps().filter(is_on_side).count() as u64
    };
    let most = deletions(Side::Local).max(deletions(Side::Remote));
    let known = Population {
        files: records,
        rule_files: 0,
    };
    let judged = judge_plan(plan, known, &Counts::default(), limit);
    let mut turned = plan.clone();
    turned.deletions.reverse();
    turned.transfers.reverse();
    turned.clearing.reverse();
    assert_eq!(
        judge_plan(&turned, known, &Counts::default(), limit),
        judged
    );
    let bound = match limit {
        Limit::Count(count) => count,
        Limit::Percent(share) => 20.max(records * u64::from(share) / 100),
    };
    match judged {
        Ok(()) => assert!(most <= bound, "{most} removals of {records} within {limit}"),
        Err(held) => {
            assert_eq!(held.changes, deletions(held.side));
            assert!(held.changes > bound || held.changes >= 2.max(records));
            let before = plan.clone();
            let blocked = hold_back(plan);
            assert!(!plan.steps().any(Step::deletes), "held and removed");
            let is_kept = |step: &Step| plan.steps().any(|kept| kept == step);
            for step in before.steps() {
                let is_blocked = blocked.contains(step.key());
                assert!(step.deletes() || is_blocked != is_kept(step), "{step}");
            }
        }
    }
    judged
}
