//! Silence and storms are bounded: a run ends by itself, with what could be done done.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// A server that answers nothing.
fn silence() -> Fault {
    let (tell, _) = channel();
    Fault::HoldBefore(tell)
}

/// A world in sync, so that its server is known.
fn known() -> World {
    let world = World::new();
    world.local("known", "so that the server is known");
    world.init().sync();
    world
}

fn complaints(stderr: &str) -> usize {
    stderr
        .lines()
        .filter(|line| line.starts_with("error:"))
        .count()
}

#[test]
fn a_silent_listing_ends_its_map() {
    let world = known();
    world.wire().fault(When::op(Op::List).always(), silence());
    let run = world.run(&["--timeout", "1s"]);
    run.expect_code(3).expect_stderr("no answer within 1 s");
    assert_eq!(complaints(&run.stderr), 1, "{}", run.stderr);
    world.wire().heal();
    world.sync().expect_idle();
}

#[test]
fn a_listing_that_trickles_ends_its_map() {
    let world = known();
    let slow = Fault::Trickle(Duration::from_millis(400));
    world.wire().fault(When::op(Op::List).always(), slow);
    let run = world.run(&["--timeout", "1s"]);
    run.expect_code(3).expect_stderr("stalled for 1 s");
}

/// Makes the bucket silent after its listing, with this many files to send.
fn a_silent_bucket_ends_its_map_with_one_line(files: u32) {
    let world = known();
    for n in 0..files {
        world.local(&format!("file-{n}"), format!("bytes {n}"));
    }
    world.wire().fault(When::any().nth(2).always(), silence());
    let run = world.run(&["--timeout", "1s"]);
    run.expect_code(3);
    run.expect_stderr("cannot reach s3://");
    assert_eq!(complaints(&run.stderr), 1, "{}", run.stderr);
    world.wire().heal();
    world.sync().expect_same();
}

#[test]
fn a_silent_bucket_ends_its_map_where_two_files_wait() {
    a_silent_bucket_ends_its_map_with_one_line(2);
}

#[test]
fn a_silent_bucket_ends_its_map_where_hundreds_of_files_wait() {
    let begun = Instant::now();
    a_silent_bucket_ends_its_map_with_one_line(400);
    // At five seconds a request and 32 at a time it would be a minute.
    assert!(begun.elapsed() < Duration::from_mins(2));
}

#[test]
fn a_bucket_that_only_asks_to_slow_down_ends_its_map_with_one_line() {
    let world = known();
    for n in 0..40 {
        world.local(&format!("file-{n}"), format!("bytes {n}"));
    }
    let slow = Fault::SlowDown(1);
    world.wire().fault(When::any().nth(2).always(), slow);
    let run = world.run(&["--timeout", "1s"]);
    run.expect_code(3).expect_stderr("asks to slow down");
    assert_eq!(complaints(&run.stderr), 1, "{}", run.stderr);
    world.wire().heal();
    world.sync().expect_same();
}

#[test]
fn a_server_that_says_when_to_come_back_is_not_asked_before() {
    let world = known();
    world.local("b", "new");
    world.wire().fault(When::op(Op::Put), Fault::SlowDown(3));
    let begun = Instant::now();
    world.sync();
    assert!(begun.elapsed() >= Duration::from_secs(3));
    assert_eq!(world.wire().heal(), 1);
    world.expect_same();
}

#[test]
fn a_wait_that_a_server_asks_for_is_bounded() {
    let world = known();
    world.local("b", "new");
    let week = Fault::SlowDown(7 * 24 * 3600);
    world.wire().fault(When::op(Op::Put).always(), week);
    let run = world.run(&["--timeout", "1s"]);
    run.expect_code(1).expect_stderr("asks to slow down");
}

#[test]
fn one_object_that_never_comes_delays_no_other_and_is_left_to_the_next_run() {
    let world = known();
    world.remove("known");
    for n in 0..8 {
        world.remote(&format!("file-{n}"), format!("bytes {n}"));
    }
    let never = When::op(Op::Get).key("docs/file-3").always();
    world.wire().fault(never, Fault::Stall(3));
    let run = world.run(&["--timeout", "1s", "--jobs", "2"]);
    run.expect_code(1).expect_stderr("file-3");
    assert_eq!(complaints(&run.stderr), 1, "{}", run.stderr);
    for n in (0..8).filter(|n| *n != 3) {
        let bytes = world.read(&format!("file-{n}"));
        assert_eq!(bytes, Some(format!("bytes {n}").into_bytes()), "{n}");
    }
    assert_eq!(world.read("file-3"), None);
    world.expect_no_remote("known");
    world.wire().heal();
    world.sync().expect_same().expect_idle();
}

#[test]
fn a_part_that_moves_slowly_is_not_cut() {
    let world = known();
    world.local("big", vec![b'x'; 9 << 20]);
    // The answer comes after many times the timeout, the bytes steadily until then.
    let run = world.run(&["--timeout", "1s", "--bwlimit", "2M"]);
    run.expect_code(0);
    world.expect_same();
}
