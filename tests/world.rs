//! The World tells the truth: its stories run the real program, and its expectations can fail.

mod support;

use std::panic::catch_unwind;
use support::wire::{Fault, Op, When};
use support::world::{Kill, Machine, World};

#[test]
fn a_story_reads_like_prose() {
    let world = World::new();
    world
        .local("a", "v1")
        .init()
        .sync()
        .expect_remote("a", "v1")
        .remote("b/c", "theirs")
        .sync()
        .expect_both(&[("a", "v1"), ("b/c", "theirs")])
        .expect_nothing_kept();
    let other = world.machine("b");
    other
        .init()
        .sync()
        .expect_same()
        .local("a", "v2 of b")
        .sync();
    world.sync().expect_local("a", "v2 of b").expect_same();
}

#[test]
fn expectations_fail_where_they_should() {
    let fails = |expect: fn(&World) -> &Machine| {
        let world = World::new();
        world
            .local("a", "v1")
            .remote("a", "v2")
            .remote(".s3bsync/recovery/x", "kept");
        catch_unwind(std::panic::AssertUnwindSafe(|| expect(&world))).is_err()
    };
    assert!(!fails(|w| w
        .expect_local("a", "v1")
        .expect_remote("a", "v2")));
    assert!(!fails(|w| w
        .expect_kept("kept")
        .expect_findable("v1")
        .expect_no_local("b")));
    assert!(fails(|w| w.expect_local("a", "v2")));
    assert!(fails(|w| w.expect_local("b", "v1")));
    assert!(fails(|w| w.expect_no_local("a")));
    assert!(fails(|w| w.expect_remote("a", "v1")));
    assert!(fails(|w| w.expect_no_remote("a")));
    assert!(fails(|w| w.expect_both(&[("a", "v1")])));
    assert!(fails(|w| w.expect_same()));
    assert!(fails(|w| w.expect_findable("v3")));
    assert!(fails(|w| w.expect_kept("v1")));
    assert!(fails(|w| w.expect_nothing_kept()));
    assert!(fails(|w| w.expect_requests(&[(Op::List, 1)])));
    assert!(fails(|w| w.sync()), "there is no state file");
}

#[test]
fn a_run_is_killed_before_or_after_a_request() {
    for (kill, is_there) in [(Kill::Before, false), (Kill::After, true)] {
        let world = World::new();
        world.local("a", "v1").init();
        let when = When::op(Op::Put).key("docs/a");
        assert!(
            world.killed(&[], when.clone(), kill).is_none(),
            "it was killed"
        );
        assert_eq!(world.object("a").is_some(), is_there, "{kill:?}");
        world.sync().expect_both(&[("a", "v1")]);
        let whole = world
            .killed(&[], when, kill)
            .expect("nothing to put, so not killed");
        whole.expect_code(0);
    }
}

#[test]
fn faults_strike_the_program() {
    let world = World::new();
    world.local("a", "v1").init().sync().local("a", "v2");
    let refuses = Fault::Status(403, "AccessDenied");
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/a").always(), refuses);
    let run = world.sync_code(1);
    run.expect_stderr("a");
    assert_eq!(world.wire().heal(), 1);
    world.sync().expect_both(&[("a", "v2")]);
}

#[test]
fn an_idle_sync_costs_one_listing() {
    let world = World::new();
    world.local("a", "v1").init().sync().sync().expect_idle();
    world.expect_requests(&[(Op::List, 1)]);
}
