//! What nobody deleted does not vanish: not by a state put back from a backup, a
//! change in the wrong moment, or a setting that was changed.

mod support;

use s3_bsync::state::Direction;
use s3_bsync::store::{Mode, Store};
use std::{fs, thread};
use support::wire::{Fault, Op, When};
use support::world::{Machine, World};

#[test]
fn a_state_of_the_run_before_put_back_deletes_nothing() {
    let world = World::agreed(&[("a", "1"), ("b", "2")]);
    let state = fs::read(world.state_file()).expect("there is a state file");
    world.remove("a").local("b", "2 edited").sync();
    // Somebody else brings back what was deleted, and takes back the edit.
    world.remote("a", "1").remote("b", "2");
    fs::write(world.state_file(), state).expect("the state file can be written");
    world.sync().expect_same();
    world.expect_local("a", "1").expect_remote("a", "1");
    world.expect_findable("2").expect_findable("2 edited");
    world.expect_idle();
}

#[test]
fn an_object_taken_back_while_both_were_to_be_kept_stays() {
    let world = World::agreed_with(&[("a", "1")], &["--conflict", "keep-both"]);
    world.local("a", "1 here").remote("a", "1 there");
    let stranger = Machine::clone(&world);
    world.wire().fault(
        When::op(Op::Get).key("docs/a"),
        Fault::call(move || {
            let stranger = stranger.clone();
            let _ = thread::spawn(move || {
                stranger.remote("a", "1");
            })
            .join();
        }),
    );
    world.sync().expect_same().expect_findable("1 here");
    assert_eq!(world.wire().heal(), 1);
    world.expect_idle();
}

#[test]
fn an_emptied_bucket_is_held_though_an_ignored_file_has_a_record() {
    let world = World::agreed(&[("a", "1"), ("b", "2")]);
    world.local(".s3syncignore", "zz\n").sync();
    for key in [".s3syncignore", "a", "b", "zz"] {
        world.remove_remote(key);
    }
    world.sync_code(3).expect_stderr("would be deleted");
    world.expect_local("a", "1").expect_local("b", "2");
}

#[test]
fn a_rule_file_that_stays_does_not_disarm_the_guard() {
    let files: Vec<(String, String)> = (0..30).map(|n| (format!("f{n}"), n.to_string())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    let world = World::agreed(&files);
    world.local(".s3syncignore", "zz\n*.tmp\n").sync();
    for (key, _) in &files {
        world.remove_remote(key);
    }
    // Without the percentage only the rule that an emptied side is held is left.
    world
        .run(&["--max-delete", "1000"])
        .expect_code(3)
        .expect_stderr("all 30 files would be deleted in the directory");
    world.expect_local("f0", "0").expect_nothing_kept();
}

#[test]
fn a_first_run_that_was_cut_off_goes_on_as_a_first_run() {
    let world = World::new();
    world
        .local("a", "1")
        .local("b", "2 here")
        .remote("b", "2 there");
    world.init();
    let expired = Fault::Status(400, "ExpiredToken");
    let fetched = When::op(Op::Get).key("docs/b").always();
    world.wire().fault(fetched, expired);
    world.run(&["--jobs", "1"]).expect_code(3);
    world.expect_remote("a", "1").wire().heal();
    world.sync().expect_same().expect_nothing_kept();
    world.expect_findable("2 here").expect_findable("2 there");
    world.expect_idle();
}

#[test]
fn a_map_turned_one_way_by_its_state_file_goes_that_way() {
    let world = World::agreed(&[("a", "1")]);
    let mut store = Store::open(&world.state_file(), Mode::Write, "now").expect("it opens");
    let mut state = store.state().clone();
    state.buckets[0].maps[0].direction = Direction::Pull;
    store.commit(state).expect("it is written");
    drop(store);
    world.remove("a").local("b", "2");
    world.sync().expect_local("a", "1").expect_local("b", "2");
    world.expect_remote("a", "1").expect_no_remote("b");
}

#[test]
fn a_map_under_another_profile_starts_without_a_base() {
    let world = World::agreed(&[("a", "1")]);
    fs::create_dir(world.home().join(".aws")).expect("a folder can be made");
    let config = "[profile other]\nregion = us-east-1\n";
    fs::write(world.home().join(".aws/config"), config).expect("it can be written");
    world.init_with(&["--profile", "other"]);
    // What the profile leads to holds less: that says nothing about deletions.
    world.remove_remote("a").sync();
    world.expect_local("a", "1").expect_remote("a", "1");
}
