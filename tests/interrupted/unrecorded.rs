//! A run is killed after it made an object and before it recorded that: the next one knows the
//! object as its own, so that a deletion stays a deletion.

use crate::support::mixed::LARGE_BYTES;
use crate::support::noise;
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Kill, World};
use rustix::process::Signal;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Recipients only: what is sent cannot be read back on this machine.
const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// A world with a file that is on both sides.
fn begin(settings: &[&str]) -> World {
    World::agreed_with(&[], settings)
}

/// The next run is killed when the bucket has done this for the first time.
#[track_caller]
fn killed(world: &World, op: Op) {
    let run = world.killed(&[], When::op(op), Kill::After);
    assert!(run.is_none(), "the run was killed");
    world.wire().forget();
}

/// A world in which a run was killed that had sent this new file.
#[track_caller]
fn sent(contents: impl AsRef<[u8]>, op: Op, settings: &[&str]) -> World {
    let world = begin(settings);
    world.local("new", contents);
    killed(&world, op);
    assert!(world.object("new").is_some(), "the object is there");
    world
}

#[track_caller]
fn expect_only_zz(world: &World) {
    world.expect_both(&[("zz", "stays")]).expect_idle();
}

#[test]
fn a_file_that_is_deleted_after_its_upload_was_cut_off_stays_deleted() {
    let world = sent("v1", Op::Put, &[]);
    world.remove("new").sync();
    world.expect_nothing_kept();
    expect_only_zz(&world);
}

#[test]
fn a_dry_run_plans_what_the_next_run_does() {
    let world = sent("v1", Op::Put, &[]);
    world.remove("new");
    let run = world.run(&["--dryrun", "--debug"]);
    run.expect_stdout("would delete").expect_stdout("new");
    assert!(world.object("new").is_some(), "it does nothing");
    world.sync();
    expect_only_zz(&world);
}

#[test]
fn a_file_that_is_renamed_after_its_upload_was_cut_off_has_its_new_name_only() {
    let world = sent("v1", Op::Put, &[]);
    world.rename("new", "renamed").sync();
    world
        .expect_both(&[("renamed", "v1"), ("zz", "stays")])
        .expect_nothing_kept()
        .expect_idle();
    assert_eq!(world.wire().count(Op::Get), 0, "nothing comes back");
}

#[test]
fn a_file_that_is_edited_after_its_upload_was_cut_off_is_no_conflict() {
    let world = sent("v1", Op::Put, &[]);
    world.local("new", "v2").sync();
    world
        .expect_both(&[("new", "v2"), ("zz", "stays")])
        .expect_nothing_kept()
        .expect_idle();
}

#[test]
fn an_edit_that_was_cut_off_is_deleted_with_its_file() {
    let world = begin(&[]);
    world.local("third", "stays too").sync();
    world.local("zz", "edited");
    killed(&world, Op::Put);
    world.expect_remote("zz", "edited");
    world.remove("zz").sync();
    world
        .expect_both(&[("third", "stays too")])
        .expect_nothing_kept()
        .expect_idle();
}

#[test]
fn the_very_first_upload_is_known_again() {
    let world = World::new();
    world.local("new", "v1").init();
    // The first requests find out what the server honours.
    let put = When::op(Op::Put).key("docs/new");
    assert!(world.killed(&[], put, Kill::After).is_none(), "killed");
    world.remove("new").sync();
    world.expect_both(&[]).expect_idle();
}

#[test]
fn what_another_machine_made_of_the_object_comes_down() {
    let world = sent("v1", Op::Put, &[]);
    world.remove("new").remote("new", "theirs").sync();
    world
        .expect_both(&[("new", "theirs"), ("zz", "stays")])
        .expect_idle();
}

#[test]
fn what_another_machine_sent_over_the_object_comes_down() {
    let world = sent("v1", Op::Put, &[]);
    let theirs = world.machine("theirs");
    theirs.init().sync();
    theirs.expect_local("new", "v1");
    theirs.local("new", "v2").sync();
    world.remove("new").sync();
    world.expect_both(&[("new", "v2"), ("zz", "stays")]);
    theirs.sync();
    theirs.expect_local("new", "v2");
}

/// Nothing of the metadata tells: only the bytes do.
#[test]
fn bytes_that_another_tool_put_under_the_same_metadata_come_down() {
    let world = sent("v1", Op::Put, &[]);
    let object = world.object("new").expect("it is there");
    let meta: Vec<_> = object.meta.iter().map(|(k, v)| (&k[..], &v[..])).collect();
    world.remove("new").remote_with("new", "v2", &meta).sync();
    world.expect_both(&[("new", "v2"), ("zz", "stays")]);
}

#[test]
fn a_file_in_parts_that_is_deleted_after_its_completion_was_cut_off_stays_deleted() {
    let world = sent(vec![7; LARGE_BYTES], Op::CompleteMpu, &[]);
    world.remove("new").sync();
    expect_only_zz(&world);
    if let Some(hand) = world.hand() {
        assert_eq!(hand.pending_uploads(), []);
    }
}

#[test]
fn an_encrypted_file_in_parts_is_known_without_a_key_to_read_it() {
    let bytes = noise(LARGE_BYTES, 1);
    let settings = ["--age-recipient", KEY];
    let world = sent(&bytes, Op::CompleteMpu, &settings);
    world.sync();
    world.expect_local("new", &bytes).expect_idle();
    let world = sent(&bytes, Op::CompleteMpu, &settings);
    world.remove("new").sync();
    assert!(world.object("new").is_none(), "it is deleted");
    world.expect_idle();
}

#[test]
fn an_unchanged_file_is_recorded_with_one_look_at_its_object() {
    for settings in [&[][..], &["--age-recipient", KEY]] {
        let world = sent("v1", Op::Put, settings);
        let requests = [(Op::List, 1), (Op::Head, 1)];
        world.expect_requests_of_sync(&requests);
        world.expect_local("new", "v1").expect_idle();
        world.remove("new").sync();
        assert!(world.object("new").is_none(), "it is recorded");
    }
}

#[test]
fn an_upload_that_never_arrived_costs_no_look() {
    let world = begin(&[]);
    world.local("new", "v1");
    let run = world.killed(&[], When::op(Op::Put), Kill::Before);
    assert!(run.is_none(), "the run was killed");
    world.expect_requests_of_sync(&[(Op::List, 1), (Op::Put, 1)]);
    world.expect_same().expect_idle();
    world.local("gone", "v1");
    world.killed(&[], When::op(Op::Put), Kill::Before);
    world.remove("gone");
    world.expect_requests_of_sync(&[(Op::List, 1)]);
    let journal = world.home().join("state.s3sync.journal");
    assert!(!journal.exists(), "nothing is left of it");
}

#[test]
fn a_copy_of_a_renamed_file_that_is_deleted_then_stays_deleted_and_is_kept_aside() {
    let world = begin(&[]);
    world.local("old", "v1").sync();
    world.rename("old", "new");
    killed(&world, Op::Copy);
    assert!(world.object("new").is_some() && world.object("old").is_some());
    world.remove("new").sync();
    expect_only_zz(&world);
    // A copy has no id of its own, so that it may be somebody else's.
    world.expect_kept("v1");
}

#[test]
fn a_copy_of_a_renamed_file_that_is_renamed_again_has_its_last_name_only() {
    let world = begin(&[]);
    world.local("old", "v1").sync();
    world.rename("old", "new");
    killed(&world, Op::Copy);
    world.rename("new", "newer").sync();
    world.expect_both(&[("newer", "v1"), ("zz", "stays")]);
    assert_eq!(world.wire().count(Op::Get), 0, "nothing comes back");
    world.expect_idle();
}

#[test]
fn what_another_machine_sends_to_the_name_of_a_copy_comes_down() {
    let world = begin(&[]);
    world.local("old", "v1").sync();
    world.rename("old", "new");
    killed(&world, Op::Copy);
    let theirs = world.machine("theirs");
    // The same bytes, but an upload of its own.
    world.remove_remote("new");
    theirs.local("new", "v1").init().sync();
    world.remove("new").sync();
    world.expect_both(&[("new", "v1"), ("zz", "stays")]);
}

#[test]
fn a_run_that_is_killed_while_it_mends_is_mended_by_the_next() {
    for n in 1.. {
        for kill in [Kill::Before, Kill::After] {
            let world = sent("v1", Op::Put, &[]);
            world.remove("new").local("more", "v2");
            let ended = world.killed(&["--jobs", "1"], When::any().nth(n), kill);
            world.sync();
            let wanted = [("more", "v2"), ("zz", "stays")];
            world.expect_both(&wanted).expect_idle();
            if ended.is_some() {
                assert!(n > 3, "it makes more than {n} requests");
                return;
            }
        }
    }
}

#[test]
fn an_upload_that_a_signal_cut_off_is_known_again() {
    let world = begin(&[]);
    world.local("new", "v1");
    let (tell, told) = channel();
    world
        .wire()
        .fault(When::op(Op::Put), Fault::HoldAfter(tell));
    let run = world.start(&[]);
    let patience = Duration::from_mins(1);
    told.recv_timeout(patience).expect("the run got there");
    run.signal(Signal::TERM);
    run.wait().expect_code(130);
    world.wire().heal();
    world.remove("new").sync();
    expect_only_zz(&world);
}

/// Of an object that cannot be looked at nobody knows whose it is.
#[test]
fn an_object_that_cannot_be_looked_at_is_left_alone_and_named() {
    let world = sent("v1", Op::Put, &[]);
    world.remove("new");
    let denied = Fault::Status(403, "AccessDenied");
    world.wire().fault(When::op(Op::Head).always(), denied);
    world.sync_code(1).expect_stderr("new");
    world.wire().heal();
    world.expect_no_local("new").expect_remote("new", "v1");
    world.sync();
    expect_only_zz(&world);
}
