//! What nobody deleted does not vanish: not by a power cut, a state put back from a backup, a
//! change in the wrong moment, or a setting that was changed.

mod support;

use std::{fs, thread};
use support::wire::{Fault, Op, When};
use support::world::{Machine, World};

#[test]
fn a_file_emptied_by_a_power_cut_is_fetched_again() {
    let world = World::agreed(&[]);
    world.local_at("a", "the only copy", 1_600_000_000).sync();
    world.local_at("a", "", 1_600_000_000);
    world
        .sync()
        .expect_both(&[("a", "the only copy"), ("zz", "stays")]);
    world.expect_idle();
}

#[test]
fn a_file_emptied_by_its_user_is_empty_on_both_sides() {
    let world = World::agreed(&[("a", "no longer wanted")]);
    world.local("a", "").sync();
    world.expect_both(&[("a", ""), ("zz", "stays")]);
}

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
