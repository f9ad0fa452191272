//! What another writes in the very moment is looked at anew, and can be found afterwards.

use super::{agreed, pulls};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;

#[test]
fn a_push_that_loses_a_race_keeps_the_winner_and_sends_again() {
    let w = agreed(&[("a", "v1")], "push");
    w.local("a", "v2");
    let (machine, moment) = ((*w).clone(), When::op(Op::Put).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "written meanwhile");
        }),
    );
    w.sync()
        .expect_remote("a", "v2")
        .expect_kept_remote("a", "written meanwhile")
        .expect_quiet(1);
}

#[test]
fn a_mirror_does_not_delete_what_was_written_meanwhile_unkept() {
    let w = agreed(&[("a", "v1"), ("b", "v1")], "push --delete");
    w.remove("a");
    let (machine, moment) = ((*w).clone(), When::op(Op::Delete).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "written meanwhile");
        }),
    );
    w.sync()
        .expect_no_remote("a")
        .expect_kept_remote("a", "written meanwhile")
        .expect_quiet(1);
}

#[test]
fn a_pull_whose_object_changes_meanwhile_fetches_the_later_one() {
    let w = World::agreed(&[("a", "v1")]);
    w.init_with(&["--direction", "pull"]);
    w.local("a", "edited here").remote("a", "v2");
    let (machine, moment) = ((*w).clone(), When::op(Op::Get).key("docs/a"));
    w.wire().fault(
        moment,
        Fault::call(move || {
            machine.remote("a", "v3 of the bucket");
        }),
    );
    w.sync()
        .expect_local("a", "v3 of the bucket")
        .expect_kept_local("a", "edited here");
    pulls(&w, 0).expect_silence();
}
