//! Archived objects are asked for when a person says so, told of, and never knocked at.

mod support;

use support::wire::{Fault, Op, When};
use support::world::World;

/// A map whose objects are all archived and nowhere else: what is left after a disaster.
fn frozen(objects: &[(&str, &str)]) -> World {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world.local("here", "1").init().sync();
    for (key, class) in objects {
        world.remote(key, key);
        hand.set_class(&format!("docs/{key}"), class);
    }
    world
}

#[test]
fn a_run_over_a_thousand_archived_objects_costs_one_list_and_nothing_else() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world.init().sync();
    for number in 0..1000 {
        let key = format!("docs/{number:04}");
        hand.put(&key, format!("object {number}"));
        hand.set_class(&key, ["GLACIER", "DEEP_ARCHIVE"][number % 2]);
    }
    for _ in 0..2 {
        world.wire().forget();
        world
            .sync_code(1)
            .expect_stderr("skipped 0099: ")
            .expect_stderr("skipped: and 900 more; --log-dir has all");
        world.expect_requests(&[(Op::List, 1)]);
    }
    world.wire().forget();
    let told = world.run(&["restore-status"]);
    told.expect_code(0)
        .expect_stdout("root: 1000 archived, 0 being restored, 0 restored");
    world.expect_requests(&[(Op::List, 1)]);
}

#[test]
fn what_is_restored_comes_with_the_next_sync() {
    let world = frozen(&[("a/cold", "GLACIER"), ("b/deep", "DEEP_ARCHIVE")]);
    world.sync_code(1);
    world.wire().forget();
    world
        .run(&["restore", "--yes", "--days", "3", "--tier", "bulk"])
        .expect_code(0)
        .expect_stdout("root: GLACIER: 1 object, 6 bytes, readable in 5 to 12 hours")
        .expect_stdout("root: DEEP_ARCHIVE: 1 object, 6 bytes, readable within 48 hours")
        .expect_stdout("stays for 3 days")
        .expect_stdout("2 asked for");
    assert_eq!(world.wire().count(Op::Restore), 2);
    assert_eq!(
        world.wire().count(Op::Get) + world.wire().count(Op::Head),
        0
    );
    world
        .run(&["restore-status", "root", "a/*"])
        .expect_code(0)
        .expect_stdout("root: a/cold: being restored (GLACIER)")
        .expect_stdout("root: 0 archived, 1 being restored, 0 restored");
    world.sync_code(1).expect_stderr("a/cold");
    world.hand().unwrap().finish_restores();
    world
        .run(&["restore-status"])
        .expect_code(0)
        .expect_stdout("root: a/cold: restored until 2")
        .expect_stdout("root: 0 archived, 0 being restored, 2 restored");
    world.sync();
    world
        .expect_local("a/cold", "a/cold")
        .expect_local("b/deep", "b/deep")
        .expect_idle();
}

#[test]
fn what_is_here_and_equal_is_asked_for_with_all_only() {
    let world = frozen(&[("cold", "GLACIER")]);
    world.hand().unwrap().set_class("docs/here", "GLACIER");
    world.run(&["restore", "--yes"]).expect_code(0);
    assert_eq!(world.wire().count(Op::Restore), 1);
    world
        .run(&["restore", "--yes", "--all", "--tier", "bulk"])
        .expect_code(0)
        .expect_stdout("1 asked for, 1 being restored already");
    assert_eq!(world.wire().count(Op::Restore), 2);
}

#[test]
fn a_whole_prefix_is_asked_for_after_the_directory_was_lost() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world.local("a", "1").local("b", "2").init().sync();
    hand.set_class("docs/a", "GLACIER");
    hand.set_class("docs/b", "GLACIER");
    std::fs::remove_dir_all(world.root()).unwrap();
    std::fs::create_dir(world.root()).unwrap();
    world
        .run(&["restore", "--yes"])
        .expect_code(0)
        .expect_stdout("2 asked for");
    hand.finish_restores();
    world.run(&["--force"]).expect_code(0);
    world.expect_both(&[("a", "1"), ("b", "2")]);
}

#[test]
fn a_backup_is_asked_for_and_pulled_after_the_directory_was_lost() {
    let world = World::embedded();
    let hand = world.hand().expect("the world is embedded");
    world
        .local("a", "1")
        .init_with(&["--direction", "push", "--storage-class", "DEEP_ARCHIVE"])
        .sync();
    std::fs::remove_dir_all(world.root()).unwrap();
    std::fs::create_dir(world.root()).unwrap();
    world
        .run(&["restore", "--yes"])
        .expect_code(0)
        .expect_stdout("1 asked for");
    hand.finish_restores();
    world.run(&["pull", "root", "--force"]).expect_code(0);
    world.expect_local("a", "1");
}

#[test]
fn without_a_terminal_and_a_yes_nothing_is_asked_for() {
    let world = frozen(&[("cold", "GLACIER")]);
    world.wire().forget();
    world
        .run(&["restore"])
        .expect_code(2)
        .expect_stderr("--yes");
    world
        .run(&["restore", "--dryrun"])
        .expect_code(0)
        .expect_stdout("1 object");
    assert_eq!(world.wire().count(Op::Restore), 0);
}

#[test]
fn no_deep_archive_is_asked_for_in_a_hurry_nor_anything_with_it() {
    let world = frozen(&[("cold", "GLACIER"), ("deep", "DEEP_ARCHIVE")]);
    world.wire().forget();
    world
        .run(&["restore", "--tier", "expedited", "--yes"])
        .expect_code(2)
        .expect_stderr("deep: it lies in Deep Archive")
        .expect_stderr("hint: nothing was asked for");
    assert_eq!(world.wire().count(Op::Restore), 0);
    world
        .run(&["restore", "root", "cold", "--tier", "expedited", "--yes"])
        .expect_code(0)
        .expect_stdout("1 to 5 minutes");
}

#[test]
fn a_running_restore_is_no_failure_and_each_failure_is_named_once() {
    let world = frozen(&[("a", "GLACIER"), ("b", "GLACIER"), ("c", "GLACIER")]);
    let hand = world.hand().unwrap();
    world.run(&["restore", "root", "a", "--yes"]).expect_code(0);
    // It begins between the listing and the request for it.
    let other = hand.other(hand.name());
    let begins = Fault::call(move || other.set_class("docs/c", "STANDARD"));
    world
        .wire()
        .fault(When::op(Op::Restore).key("docs/c"), begins);
    let run = world.run(&["restore", "--yes", "--tier", "expedited", "--jobs", "1"]);
    run.expect_code(0)
        .expect_stdout("1 asked for, 1 being restored already, 1 readable already");
    world.wire().heal();
    let hurried = ["restore", "root", "d", "--yes", "--tier", "expedited"];
    world.remote("d", "4");
    hand.set_class("docs/d", "GLACIER");
    world.wire().fault(
        When::op(Op::Restore).key("docs/d").always(),
        Fault::Status(403, "InvalidObjectState"),
    );
    let run = world.run(&["restore", "root", "d", "--yes"]);
    run.expect_code(1).expect_stdout("1 failed");
    assert_eq!(
        run.stderr.matches("error: d: ").count(),
        1,
        "{}",
        run.stderr
    );
    world.wire().heal();
    world.wire().forget();
    world.wire().fault(
        When::op(Op::Restore).always(),
        Fault::Status(503, "GlacierExpeditedRetrievalNotAvailable"),
    );
    world
        .run(&hurried)
        .expect_code(1)
        .expect_stderr("hint: run again later, or with --tier standard");
}

#[test]
fn the_archive_tiers_of_intelligent_tiering_are_found_by_a_look_at_each() {
    let world = frozen(&[]);
    let hand = world.hand().unwrap();
    for key in ["slow", "warm", "cool"] {
        world.remote(key, key);
    }
    hand.set_archive("docs/slow", "DEEP_ARCHIVE_ACCESS");
    hand.set_archive("docs/cool", "ARCHIVE_ACCESS");
    hand.set_class("docs/warm", "INTELLIGENT_TIERING");
    world.wire().forget();
    world
        .run(&["restore", "--yes"])
        .expect_code(0)
        .expect_stdout(
            "INTELLIGENT_TIERING ARCHIVE_ACCESS: 1 object, 4 bytes, readable in 3 to 5 hours",
        )
        .expect_stdout(
            "INTELLIGENT_TIERING DEEP_ARCHIVE_ACCESS: 1 object, 4 bytes, readable within 12",
        )
        .expect_stdout("comes back for good")
        .expect_stdout("2 asked for");
    world.expect_requests(&[(Op::List, 1), (Op::Head, 3), (Op::Restore, 2)]);
    hand.finish_restores();
    world.sync();
    world.expect_same();
}
