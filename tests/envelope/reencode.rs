//! `edit NAME --reencode`: every object as the settings now say, and nothing else changed.

use crate::keys::Pair;
use crate::support::server::Versioning;
use crate::support::wire::Op;
use crate::support::world::{Machine, World};
use crate::{object, text};

#[track_caller]
fn edit(machine: &Machine, settings: &[&str], code: i32) {
    let args = [&["edit", "root"][..], settings, &["--reencode"]].concat();
    machine.run(&args).expect_code(code);
}

fn tree_and_times(machine: &Machine) -> Vec<(String, i128)> {
    let names = machine.tree().into_iter().map(|(name, _)| name);
    names
        .map(|name| (name.clone(), machine.mtime_ns(&name)))
        .collect()
}

#[test]
fn encryption_turned_on_reaches_what_was_there() {
    let world = World::agreed(&[("a", "in the clear"), ("d/b", "as well")]);
    let pair = Pair::new(world.home(), "key.txt");
    let before = tree_and_times(&world);
    let args = [&["edit", "root"][..], &pair.flags()].concat();
    world.run(&args).expect_code(0);
    let dump = world.run(&["--dump"]);
    assert!(dump.stdout.contains("3 of them still stored unencrypted"));
    edit(&world, &[], 0);
    let dump = world.run(&["--dump"]);
    assert!(!dump.stdout.contains("unencrypted"));
    for (name, text) in [("a", "in the clear"), ("d/b", "as well"), ("zz", "stays")] {
        let stored = object(&world, name);
        assert_eq!(stored.meta["s3bsync-encoding"], "age");
        assert_eq!(pair.unwrap(&stored), text.as_bytes());
    }
    assert_eq!(tree_and_times(&world), before, "no file is touched");
    world.expect_nothing_kept().expect_idle();
}

#[test]
fn new_recipients_alone_can_open_what_is_sent_anew() {
    let (world, old) = crate::sealed(&["--compress", "6"]);
    world.local("a", text(20_000)).sync();
    let new = Pair::new(world.home(), "new.txt");
    edit(&world, &new.flags(), 0);
    let stored = object(&world, "a");
    assert_eq!(new.unwrap(&stored), text(20_000));
    let found = std::panic::catch_unwind(|| old.unwrap(&stored));
    assert!(found.is_err(), "the old identity opens nothing any more");
    world.expect_idle();
    // Another machine takes it up without a byte of content changing.
    let other = world.machine("b");
    other.init_with(&new.flags());
    other.sync().expect_local("a", text(20_000));
}

#[test]
fn another_level_reaches_all_and_costs_one_upload_each() {
    let world = World::new();
    world.local("a", text(50_000)).local("b", text(60_000));
    world.init_with(&["--compress", "1"]).sync();
    let before = object(&world, "a").bytes.len();
    world.wire().forget();
    edit(&world, &["--compress", "9"], 0);
    world.expect_requests(&[(Op::List, 1), (Op::Put, 2)]);
    assert!(object(&world, "a").bytes.len() < before);
    edit(&world, &["--compress", "0"], 0);
    world.expect_remote("a", text(50_000)).expect_idle();
}

#[test]
fn an_object_in_the_clear_that_holds_the_file_is_encrypted() {
    let (world, pair) = crate::sealed(&[]);
    world
        .local("leaked", "the same")
        .remote("leaked", "the same");
    world
        .sync_code(1)
        .expect_stderr("leaked: the object is plain");
    edit(&world, &[], 0);
    assert_eq!(pair.unwrap(&object(&world, "leaked")), b"the same");
    world.expect_idle();
}

#[test]
fn an_object_in_the_clear_that_holds_something_else_is_left_alone() {
    let (world, _pair) = crate::sealed(&[]);
    world
        .local("leaked", "from here")
        .remote("leaked", "from there");
    edit(&world, &[], 1);
    world.expect_remote("leaked", "from there");
    world.expect_local("leaked", "from here");
}

#[test]
fn a_change_in_the_bucket_is_not_overwritten_by_what_is_sent_anew() {
    let (world, pair) = crate::sealed(&[]);
    world.local("a", "v1").sync();
    let other = world.machine("b");
    other.init_with(&pair.flags());
    other.sync().local("a", "from elsewhere").sync();
    edit(&world, &["--compress", "9"], 0);
    world.expect_local("a", "from elsewhere").expect_idle();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"from elsewhere");
}

#[test]
fn old_versions_that_stay_readable_are_named() {
    const NAMED: &str = "this bucket keeps old versions";
    for versioning in [Versioning::Enabled, Versioning::Off] {
        let world = World::embedded();
        let hand = world.hand().expect("it is ours");
        if versioning == Versioning::Enabled {
            hand.set_versioning(versioning);
        }
        world.local("a", "in the clear").init();
        world.sync();
        let pair = Pair::new(world.home(), "key.txt");
        let args = [&["edit", "root"][..], &pair.flags(), &["--reencode"]].concat();
        let run = world.run(&args);
        run.expect_code(0);
        assert_eq!(
            run.stderr.contains(NAMED),
            versioning == Versioning::Enabled
        );
    }
}
