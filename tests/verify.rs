//! `verify` finds what is not the same, says what proves the rest, and changes nothing.

mod support;

use std::fs::{File, FileTimes, OpenOptions};
use std::os::unix::fs::FileExt;
use support::wire::{Fault, Op, When};
use support::world::World;

fn synced(settings: &[&str]) -> World {
    let world = World::embedded();
    world
        .local("a", "one")
        .local("b/two", "two")
        .local("empty", "")
        .local("long", "line after line\n".repeat(500))
        .init_with(settings)
        .sync();
    world
}

/// Flips a bit of a file and puts its times back, as a failing disk would leave them.
fn rot(world: &World, name: &str) {
    let path = world.path(name);
    let before = File::open(&path).unwrap().metadata().unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 1).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 1).unwrap();
    let times = FileTimes::new()
        .set_modified(before.modified().unwrap())
        .set_accessed(before.accessed().unwrap());
    file.set_times(times).unwrap();
}

fn state(world: &World) -> Vec<u8> {
    std::fs::read(world.state_file()).unwrap()
}

#[test]
fn what_is_equal_is_proven_and_nothing_is_changed() {
    let world = synced(&[]);
    let before = (state(&world), world.tree(), world.remote_tree());
    world.wire().forget();
    let run = world.run(&["verify"]);
    run.expect_code(0)
        .expect_stdout("root: 4 files proven equal (4 by MD5)");
    assert_eq!(run.stderr, "");
    world.expect_requests(&[(Op::List, 1)]);
    world
        .run(&["verify", "root", "**", "--download", "--jobs", "1"])
        .expect_code(0)
        .expect_stdout("root: 4 files proven equal (4 by download)");
    world
        .run(&["verify", "root", "b/*"])
        .expect_code(0)
        .expect_stdout("root: 1 file proven equal");
    assert_eq!(before, (state(&world), world.tree(), world.remote_tree()));
}

#[test]
fn a_bit_that_rots_here_is_found_though_size_and_time_are_kept() {
    let world = synced(&[]);
    rot(&world, "b/two");
    for given in [&["verify"][..], &["verify", "--download"]] {
        let run = world.run(given);
        run.expect_code(1)
            .expect_stderr("error: b/two: the content differs: the file is not what was recorded")
            .expect_stdout("root: 3 files proven equal")
            .expect_stdout(", 1 differ");
        assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
    }
}

#[test]
fn a_bit_that_rots_in_the_bucket_is_found_by_a_download() {
    let world = synced(&[]);
    world.hand().unwrap().rot("docs/a");
    world.run(&["verify"]).expect_code(0);
    let before = (state(&world), world.tree(), world.remote_tree());
    let run = world.run(&["verify", "--download"]);
    run.expect_code(1)
        .expect_stderr("error: a: the content differs: the object is not what was recorded");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
    assert_eq!(before, (state(&world), world.tree(), world.remote_tree()));
}

#[test]
fn rot_under_an_envelope_is_found_on_either_side() {
    for settings in [&["--compress", "6"][..], &["--compress", "0"]] {
        let world = synced(settings);
        rot(&world, "long");
        world.hand().unwrap().rot("docs/b/two");
        world
            .run(&["verify", "--download"])
            .expect_code(1)
            .expect_stderr("error: long: the content differs: the file")
            .expect_stderr("error: b/two: ")
            .expect_stdout("2 files proven equal (2 by download), 2 differ");
    }
}

#[test]
fn every_kind_of_difference_is_named_once() {
    let world = synced(&[]);
    world
        .local("a", "one more")
        .remove("b/two")
        .remove("long")
        .remove_remote("long")
        .local("new", "new")
        .remote("empty", "no longer")
        .remote("there", "there");
    let run = world.run(&["verify"]);
    run.expect_code(1)
        .expect_stderr("error: a: the size differs: 8 bytes here, 3 there")
        .expect_stderr("error: b/two: missing here")
        .expect_stderr("error: new: missing there")
        .expect_stderr("error: empty: the size differs: 0 bytes here, 9 there")
        .expect_stderr("error: there: missing here")
        .expect_stderr("error: long: missing here and there, though it is recorded")
        .expect_stdout("root: 0 files proven equal, 6 differ");
    assert_eq!(run.stderr.matches("error:").count(), 6, "{}", run.stderr);
}

#[test]
fn what_cannot_be_proven_is_said_to_be_so_and_is_no_difference() {
    let world = synced(&["--compress", "6"]);
    world
        .run(&["verify"])
        .expect_code(0)
        .expect_stdout("(3 by MD5, 1 unchanged on both sides since they agreed)")
        .expect_stdout("; MD5 alone can be forged, --download reads the objects");
    let hand = world.hand().unwrap();
    hand.rename("docs/long", "docs/moved", Some("opaque"));
    hand.rename("docs/moved", "docs/long", Some("opaque"));
    let run = world.run(&["verify"]);
    run.expect_code(1)
        .expect_stdout("root: 3 files proven equal (3 by MD5), 1 not proven")
        .expect_stderr("not proven: the object is gzip; --download reads it");
    assert!(!run.stderr.contains("error:"), "{}", run.stderr);
    world
        .run(&["verify", "--download"])
        .expect_code(0)
        .expect_stdout("4 files proven equal (4 by download)");
    rot(&world, "long");
    world
        .run(&["verify"])
        .expect_code(1)
        .expect_stderr("error: long: the content differs: the file is not what was recorded");
}

/// Two files of one length and one MD5 (Wang, Feng, Lai, Yu 2004).
const TWINS: [&str; 2] = [
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f89\
     55ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b\
     d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0\
     e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f89\
     55ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b\
     d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0\
     e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
];

fn twins() -> [Vec<u8>; 2] {
    TWINS.map(|digits| {
        let pairs = (0..digits.len()).step_by(2);
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        pairs.map(byte).collect()
    })
}

#[test]
fn an_edit_from_one_file_to_another_with_the_same_md5_is_uploaded() {
    let [one, other] = twins();
    for full in [&[][..], &["--full"]] {
        for is_adopted in [false, true] {
            let world = World::embedded();
            world.local("twin", &one);
            if is_adopted {
                world.remote("twin", &one);
            }
            world.init_with(&[]).sync();
            world
                .run(&["verify"])
                .expect_code(0)
                .expect_stdout("1 file proven equal (1 by MD5); MD5 alone can be forged");
            world.local("twin", &other);
            world
                .run(&["verify"])
                .expect_code(1)
                .expect_stderr("error: twin: the content differs: the file was changed");
            world.run(full).expect_code(0);
            assert_eq!(world.object("twin").unwrap().bytes, other, "{full:?}");
            world
                .run(&["verify", "--download"])
                .expect_code(0)
                .expect_stdout("1 file proven equal (1 by download)");
        }
    }
}

#[test]
fn a_machine_without_an_identity_proves_that_neither_side_changed() {
    let world = World::embedded();
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    world
        .local("a", "one")
        .init_with(&["--age-recipient", &recipient])
        .sync();
    world.wire().forget();
    let run = world.run(&["verify"]);
    run.expect_code(0)
        .expect_stdout("1 unchanged on both sides since they agreed");
    assert_eq!(run.stderr, "");
    world.expect_requests(&[(Op::List, 1)]);
    rot(&world, "a");
    world
        .run(&["verify"])
        .expect_code(1)
        .expect_stderr("error: a: the content differs: the file is not what was recorded");
}

#[test]
fn an_encrypted_object_is_proven_by_who_can_open_it() {
    let world = World::embedded();
    let identity = age::x25519::Identity::generate();
    let file = world.home().join("key");
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    std::fs::write(&file, secret).unwrap();
    let recipient = identity.to_public().to_string();
    world
        .local("a", "one")
        .init_with(&["--age-recipient", &recipient])
        .sync();
    world
        .run(&["verify", "--download"])
        .expect_code(1)
        .expect_stderr("not proven: the object is age, and the map has no age identity");
    let file = file.display().to_string();
    world
        .run(&["edit", "root", "--age-identity", &file])
        .expect_code(0);
    world
        .run(&["verify", "--download"])
        .expect_code(0)
        .expect_stdout("1 file proven equal (1 by download)");
    world.hand().unwrap().rot("docs/a");
    world.run(&["verify", "--download"]).expect_code(1);
}

#[test]
fn an_object_without_a_checksum_that_speaks_is_read_where_that_is_asked_for() {
    let world = synced(&[]);
    let hand = world.hand().unwrap();
    hand.forget_sums("docs/a");
    hand.rename("docs/a", "docs/moved", Some("opaque"));
    hand.rename("docs/moved", "docs/a", Some("opaque"));
    world
        .run(&["verify", "root", "a"])
        .expect_code(1)
        .expect_stderr("not proven: the server has no checksum");
    world
        .run(&["verify", "root", "a", "--download"])
        .expect_code(0)
        .expect_stdout("1 by download");
}

#[test]
fn an_archived_object_is_not_knocked_at() {
    let world = synced(&[]);
    let hand = world.hand().unwrap();
    hand.set_class("docs/a", "GLACIER");
    world.wire().forget();
    world
        .run(&["verify", "--download"])
        .expect_code(0)
        .expect_stdout("4 files proven equal (1 by MD5, 3 by download)");
    let log = world.wire().log();
    assert!(log.iter().all(|e| e.key != "docs/a"), "{log:#?}");
}

#[test]
fn a_side_that_cannot_be_read_stops_the_map() {
    let world = synced(&[]);
    world.wire().fault(
        When::op(Op::List).always(),
        Fault::Status(403, "AccessDenied"),
    );
    world
        .run(&["verify"])
        .expect_code(3)
        .expect_stderr("map root: ");
    world.wire().heal();
    std::fs::remove_dir_all(world.path(".s3bsync")).unwrap();
    world
        .run(&["verify"])
        .expect_code(3)
        .expect_stderr("no marker");
}
