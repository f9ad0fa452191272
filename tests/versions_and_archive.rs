//! Buckets that keep versions, and objects that are archived.

mod support;

use support::server::Versioning;
use support::wire::{Fault, Op, When};
use support::world::World;

/// A synced map on a bucket that keeps versions.
fn versioned() -> World {
    let world = World::embedded();
    if let Some(hand) = world.hand() {
        hand.set_versioning(Versioning::Enabled);
    }
    world
        .local("a", "1")
        .local("b", "2")
        .local("c", "3")
        .init()
        .sync();
    world
}

/// Contents of all versions of an object, oldest first; `None` is a delete marker.
fn versions(world: &World, key: &str) -> Vec<Option<String>> {
    let versions = world
        .hand()
        .expect("the world is embedded")
        .versions(&format!("docs/{key}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    versions
        .iter()
        .map(|version| version.bytes.as_ref().map(|bytes| text(bytes)))
        .collect()
}

fn some(contents: &[&str]) -> Vec<Option<String>> {
    contents.iter().map(|one| Some((*one).to_owned())).collect()
}

#[test]
fn a_versioned_bucket_keeps_a_conflict_s_loser_as_a_version() {
    let world = versioned();
    world
        .remote_at("a", "1 there", 1_000_000_000)
        .local("a", "1 here");
    world.wire().forget();
    world.run(&[]).expect_code(0).expect_stderr("conflict a:");
    world
        .expect_remote("a", "1 here")
        .expect_local("a", "1 here");
    assert_eq!(versions(&world, "a"), some(&["1", "1 there", "1 here"]));
    assert_eq!(world.wire().count(Op::Copy), 0, "no copy is needed");
    world.expect_nothing_kept().expect_idle();
}

#[test]
fn a_delete_on_a_versioned_bucket_leaves_a_marker_and_the_bytes() {
    let world = versioned();
    world.remove("b").sync();
    world.expect_no_remote("b");
    assert_eq!(versions(&world, "b"), [Some("2".to_owned()), None]);
    world.expect_idle();
    // What comes back comes back over the marker.
    world.local("b", "2 again").sync();
    assert_eq!(
        versions(&world, "b"),
        [Some("2".to_owned()), None, Some("2 again".to_owned())]
    );
    world.expect_same().expect_idle();
}

#[test]
fn a_delete_marker_is_a_deletion() {
    let world = versioned();
    world.remove_remote("b").sync();
    world.expect_no_local("b").expect_kept("2").expect_idle();
}

#[test]
fn a_delete_on_a_versioned_bucket_never_takes_a_newer_version() {
    let world = versioned();
    world.remove("b");
    let stranger = support::world::Machine::clone(&world);
    let writes = Fault::call(move || {
        stranger.remote("b", "2 by a stranger");
    });
    world.wire().fault(When::op(Op::Delete), writes);
    world.run(&[]).expect_code(0);
    world.wire().heal();
    world.expect_local("b", "2 by a stranger").expect_same();
}

#[test]
fn suspended_versioning_counts_as_none() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    hand.set_versioning(Versioning::Suspended);
    world.local("a", "1").init().sync();
    world
        .remote_at("a", "1 there", 1_000_000_000)
        .local("a", "1 here");
    world.run(&[]).expect_code(0);
    world.expect_remote("a", "1 here").expect_kept("1 there");
}

/// A synced map, two of whose objects were archived since by a lifecycle rule.
fn archived() -> World {
    let world = World::embedded();
    world
        .local("a", "1")
        .local("deep", "2")
        .local("cold", "3")
        .init()
        .sync();
    let hand = world.hand().expect("the world is embedded");
    hand.set_class("docs/cold", "GLACIER");
    hand.set_class("docs/deep", "DEEP_ARCHIVE");
    world
}

#[test]
fn an_object_that_is_archived_later_is_no_change() {
    let world = archived();
    world.expect_idle();
}

#[test]
fn an_archived_object_is_neither_read_nor_copied_but_reported() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world.local("a", "1").init().sync();
    world
        .remote("cold", "2")
        .remote("sub/deep", "3")
        .remote("warm", "4");
    hand.set_class("docs/cold", "GLACIER");
    hand.set_class("docs/sub/deep", "DEEP_ARCHIVE");
    for _ in 0..2 {
        world.wire().forget();
        let run = world.sync_code(1);
        assert_eq!(run.stderr.matches("cold").count(), 1, "{}", run.stderr);
        run.expect_stderr("sub/deep").expect_stderr("archived");
        let log = world.wire().log();
        let touched = log
            .iter()
            .any(|e| ["docs/cold", "docs/sub/deep"].contains(&&*e.key));
        assert!(!touched, "{log:#?}");
    }
    world
        .expect_no_local("cold")
        .expect_local("warm", "4")
        .expect_remote("cold", "2");
}

#[test]
fn edits_and_deletions_reach_archived_objects() {
    let world = archived();
    world.local("cold", "3 here").remove("deep");
    world.wire().forget();
    world.sync();
    world.expect_both(&[("a", "1"), ("cold", "3 here")]);
    assert_eq!(
        world.wire().count(Op::Get) + world.wire().count(Op::Copy),
        0
    );
    world.expect_idle();
}

#[test]
fn a_deletion_of_an_archived_object_reaches_the_file() {
    let world = archived();
    world.remove_remote("cold").sync();
    world.expect_no_local("cold").expect_kept("3").expect_idle();
}

#[test]
fn a_conflict_with_an_archived_object_is_left_to_a_person() {
    let world = archived();
    let hand = world.hand().expect("the world is embedded");
    world.local("cold", "3 here").remote("cold", "3 there");
    hand.set_class("docs/cold", "GLACIER");
    world.local("a", "1 edited");
    for _ in 0..2 {
        let run = world.sync_code(1);
        run.expect_stderr("cold");
        world
            .expect_local("cold", "3 here")
            .expect_remote("cold", "3 there");
        world.expect_remote("a", "1 edited").expect_nothing_kept();
    }
}

#[test]
fn an_archived_object_whose_file_was_deleted_and_edited_there_is_kept() {
    let world = archived();
    let hand = world.hand().expect("the world is embedded");
    world.remove("cold").remote("cold", "3 there");
    hand.set_class("docs/cold", "GLACIER");
    world.sync_code(1).expect_stderr("cold");
    world
        .expect_no_local("cold")
        .expect_remote("cold", "3 there");
}

#[test]
fn a_restored_object_is_fetched_by_the_next_run() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world.local("a", "1").init().sync();
    world.remote("cold", "2");
    hand.set_class("docs/cold", "GLACIER");
    world.sync_code(1);
    hand.set_class("docs/cold", "STANDARD");
    world.sync();
    world.expect_local("cold", "2").expect_idle();
}

#[test]
fn a_first_run_over_archived_objects_overwrites_none() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world
        .remote("same", "1")
        .remote("other", "2 there")
        .remote("only", "3");
    for key in ["same", "other", "only"] {
        hand.set_class(&format!("docs/{key}"), "GLACIER");
    }
    world.local("same", "1").local("other", "2 here").init();
    let run = world.sync_code(1);
    run.expect_stderr("other").expect_stderr("only");
    world
        .expect_remote("same", "1")
        .expect_remote("other", "2 there")
        .expect_remote("only", "3");
    world
        .expect_local("same", "1")
        .expect_local("other", "2 here")
        .expect_no_local("only");
    // What is equal by its ETag needs no reading.
    assert!(!run.stderr.contains("same"), "{}", run.stderr);
}
