//! A large download that was cut off is carried on: what has come is not fetched again, and counts
//! only as part of a whole that fits the object's own sum.

use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Kill, Machine, World};
use crate::{PIECE_BYTES, bytes};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

const NAME: &str = "folder/large";
/// More than are under way at a time, so that some have come when the last is asked for.
const PIECES: usize = 11;

/// A large object, and a second machine that has yet to fetch it.
fn begin() -> (World, Machine, Vec<u8>) {
    let world = World::embedded();
    let contents = bytes(PIECES * PIECE_BYTES - 5, 1);
    world.local(NAME, &contents).init().sync();
    let b = world.machine("b");
    b.init();
    world.wire().forget();
    (world, b, contents)
}

/// The file that is left of a download, if there is one.
fn left(b: &Machine) -> Option<PathBuf> {
    let folder = fs::read_dir(b.root().join("folder")).ok()?;
    let mut names = folder.map(|entry| entry.expect("it can be listed").path());
    names.find(|path| path.to_string_lossy().contains(".s3bsync-tmp-"))
}

/// Kills the run at its last range.
fn cut_off(b: &Machine) -> PathBuf {
    let when = When::op(Op::Get).nth(PIECES);
    let ended = b.killed(&["--jobs", "1"], when, Kill::Before);
    assert!(ended.is_none(), "the run was killed");
    b.wire().forget();
    let left = left(b).expect("something is left");
    let length = left.metadata().expect("it is there").len();
    assert!(length >= 3 * PIECE_BYTES as u64, "{length} bytes");
    left
}

/// Ranges that were fetched.
fn fetched(log: &[Exchange]) -> usize {
    let gets = log.iter().filter(|e| e.op == Op::Get);
    gets.count()
}

#[track_caller]
fn expect_settled(b: &Machine, contents: &[u8]) {
    b.expect_local(NAME, contents);
    assert_eq!(left(b), None, "nothing is left");
    b.expect_idle();
}

#[test]
fn only_what_is_missing_is_fetched() {
    let (_world, b, contents) = begin();
    cut_off(&b);
    b.sync();
    let ranges = fetched(&b.wire().log());
    assert!(ranges < PIECES - 2, "{ranges} ranges were fetched");
    expect_settled(&b, &contents);
}

#[test]
fn a_download_is_carried_on_as_often_as_it_is_cut_off() {
    let (_world, b, contents) = begin();
    let mut total = 0;
    for _ in 0..3 {
        let ended = b.killed(&["--jobs", "1"], When::op(Op::Get).nth(8), Kill::After);
        total += fetched(&b.wire().log());
        b.wire().forget();
        if ended.is_some() {
            break;
        }
    }
    b.sync();
    total += fetched(&b.wire().log());
    // What was under way when it was cut off is fetched twice.
    assert!(total < 3 * PIECES, "{total} ranges were fetched");
    expect_settled(&b, &contents);
}

#[test]
fn ctrl_c_leaves_what_has_come() {
    let (_world, b, contents) = begin();
    let slow = Fault::Delay(Duration::from_millis(300));
    b.wire().fault(When::op(Op::Get).nth(7).always(), slow);
    let running = b.start(&[]);
    while fetched(&b.wire().log()) < 7 {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    b.wire().heal();
    b.wire().forget();
    assert!(left(&b).is_some(), "it is left");
    b.sync();
    assert!(fetched(&b.wire().log()) < PIECES);
    expect_settled(&b, &contents);
}

#[test]
fn a_server_that_fails_leaves_what_has_come() {
    let (_world, b, contents) = begin();
    let busy = Fault::Status(503, "SlowDown");
    b.wire().fault(When::op(Op::Get).nth(PIECES).always(), busy);
    b.run(&[]).expect_code(1);
    b.wire().heal();
    b.wire().forget();
    b.sync();
    assert!(fetched(&b.wire().log()) < PIECES);
    expect_settled(&b, &contents);
}

#[test]
fn what_was_left_damaged_is_fetched_whole() {
    let (_world, b, contents) = begin();
    let left = cut_off(&b);
    let mut bytes = fs::read(&left).expect("it can be read");
    bytes[PIECE_BYTES + 5] ^= 1;
    fs::write(&left, bytes).expect("it can be written");
    b.sync();
    assert!(fetched(&b.wire().log()) >= PIECES);
    expect_settled(&b, &contents);
}

#[test]
fn what_is_left_of_another_version_goes() {
    let (world, b, _) = begin();
    cut_off(&b);
    let other = bytes(PIECES * PIECE_BYTES - 5, 2);
    world.local(NAME, &other).sync();
    b.wire().forget();
    b.sync();
    assert!(fetched(&b.wire().log()) >= PIECES);
    expect_settled(&b, &other);
}

#[test]
fn what_is_left_of_an_object_that_is_gone_goes() {
    let (world, b, _) = begin();
    cut_off(&b);
    world.remove(NAME).sync();
    b.sync();
    b.expect_no_local(NAME);
    assert_eq!(left(&b), None);
}

#[test]
fn a_file_with_another_name_is_not_written_to() {
    let (_world, b, contents) = begin();
    let left = cut_off(&b);
    let elsewhere = b.home().join("elsewhere");
    fs::write(&elsewhere, "somebody's").expect("it can be written");
    let own = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&elsewhere, own).expect("its owner may");
    fs::remove_file(&left).expect("it can go");
    fs::hard_link(&elsewhere, &left).expect("one file system");
    b.sync();
    assert_eq!(fs::read(&elsewhere).expect("it is there"), b"somebody's");
    expect_settled(&b, &contents);
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    let (_world, b, contents) = begin();
    let left = cut_off(&b);
    let elsewhere = b.home().join("elsewhere");
    fs::write(&elsewhere, "somebody's").expect("it can be written");
    fs::remove_file(&left).expect("it can go");
    std::os::unix::fs::symlink(&elsewhere, &left).expect("it can be made");
    // It bears a name that is nobody's but the program's, which is told.
    b.run(&[]).expect_code(1);
    assert_eq!(fs::read(&elsewhere).expect("it is there"), b"somebody's");
    expect_settled(&b, &contents);
}
