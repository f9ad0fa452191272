//! Servers that honour less.

use crate::support::server::Profile;
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;
use crate::{agreed, ends_with, expect_no_bytes, rename_remote};

fn on(profile: Profile) -> World {
    let w = World::embedded();
    let hand = w.hand().expect("the embedded server");
    hand.store().set_profile(profile);
    w.local("d/a", "one")
        .local("d/b", "two")
        .local("zz", "stays");
    w.init().run(&[]).expect_code(0);
    w.wire().forget();
    w
}

#[test]
fn without_conditions_names_are_looked_at_first_and_removed_one_by_one() {
    for profile in [
        Profile::IGNORES_ALL,
        Profile::IGNORES_DELETE_AND_COPY,
        Profile::LOCALSTACK,
        Profile::CEPH,
    ] {
        let w = on(profile);
        w.rename("d", "e").sync();
        expect_no_bytes(&w);
        assert_eq!(w.wire().count(Op::BatchDelete), 0);
        assert_eq!(
            (w.wire().count(Op::Copy), w.wire().count(Op::Delete)),
            (2, 2)
        );
        ends_with(&w, &[("e/a", "one"), ("e/b", "two")]);
        rename_remote(&w, "e/a", "f");
        w.sync();
        ends_with(&w, &[("e/b", "two"), ("f", "one")]);
    }
}

#[test]
fn where_nothing_is_copied_the_file_is_sent() {
    let w = agreed(&[("a", "v1")]);
    for (status, code) in [(501, "NotImplemented"), (403, "AccessDenied")] {
        w.wire()
            .fault(When::op(Op::Copy).always(), Fault::Status(status, code));
        w.rename("a", "b").sync().expect_no_remote("a");
        w.expect_remote("b", "v1");
        w.rename("b", "a").sync().expect_no_remote("b");
        w.wire().heal();
    }
    ends_with(&w, &[("a", "v1")]);
}

#[test]
fn where_nothing_is_removed_together_each_goes_by_itself() {
    let w = agreed(&[("d/a", "one"), ("d/b", "two")]);
    w.wire().fault(
        When::op(Op::BatchDelete).always(),
        Fault::Status(501, "NotImplemented"),
    );
    w.rename("d", "e").sync();
    assert_eq!(w.wire().count(Op::Delete), 2);
    w.wire().heal();
    ends_with(&w, &[("e/a", "one"), ("e/b", "two")]);
}

#[test]
fn where_the_old_object_may_not_be_removed_it_is_named_and_nothing_is_sent_again() {
    let w = agreed(&[("a", "v1")]);
    w.wire().fault(
        When::op(Op::Delete).always(),
        Fault::Status(403, "AccessDenied"),
    );
    w.rename("a", "b").sync_code(1).expect_stderr("error: a: ");
    w.expect_remote("a", "v1").expect_remote("b", "v1");
    w.wire().heal();
    w.wire().forget();
    w.sync().expect_requests(&[(Op::List, 1), (Op::Delete, 1)]);
    ends_with(&w, &[("b", "v1")]);
}
