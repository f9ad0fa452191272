//! Stopping stops: a signal ends a run within two seconds, whatever the server does.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Run, Running, World};
use rustix::process::Signal;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// A run that does not get there is a failed test.
const PATIENCE: Duration = Duration::from_mins(2);
/// The promise is two seconds; the rest is for a machine that has other things to do.
const SOON: Duration = Duration::from_secs(5);

/// Stops a run that waits for a silent server; gives how it ended.
#[track_caller]
fn stopped(running: Running, signal: Signal) -> Run {
    let begun = Instant::now();
    running.signal(signal);
    let run = running.wait();
    let took = begun.elapsed();
    assert!(took < SOON, "it went on for {took:?}: {run:?}");
    run.expect_code(130);
    run
}

/// Makes the server silent at a request, stops the run there, and lets the next one go on.
#[track_caller]
fn stopped_at(world: &World, args: &[&str], when: When) -> Run {
    let (tell, told) = channel();
    world.wire().fault(when.always(), Fault::HoldBefore(tell));
    let running = world.start(args);
    let got_there = told.recv_timeout(PATIENCE);
    let run = stopped(running, Signal::TERM);
    world.wire().heal();
    assert!(got_there.is_ok(), "the run never got there: {run:?}");
    run
}

/// A world with files that are in sync, and work to do: `a` comes first.
fn begun() -> World {
    let world = World::new();
    for name in ["gone-here", "gone-there", "moved", "old"] {
        world.local(name, format!("bytes of {name}"));
    }
    world.init().sync();
    world.local("a", "new here");
    world
}

/// Stops a run at a silent request of this kind, and sees that what was finished is recorded.
#[track_caller]
fn a_silent_request_ends_with_the_run(op: Op, work: impl FnOnce(&World)) {
    let world = begun();
    work(&world);
    let when = match op {
        // The first is the one of `a`.
        Op::Put => When::op(op).nth(2),
        op => When::op(op),
    };
    let run = stopped_at(&world, &["--jobs", "1"], when);
    assert_eq!(run.stderr, "", "there is nothing to complain of");
    world.expect_remote("a", "new here");
    world.wire().forget();
    world.sync();
    let again = |e: &&crate::support::wire::Exchange| e.op == Op::Put && e.key == "docs/a";
    let again = world.wire().log().iter().filter(again).count();
    assert_eq!(again, 0, "what was finished is recorded");
    world.expect_same().expect_idle();
}

#[test]
fn a_silent_put_ends_with_the_run() {
    a_silent_request_ends_with_the_run(Op::Put, |world| {
        world.local("b", "also new");
    });
}

#[test]
fn a_silent_get_ends_with_the_run() {
    a_silent_request_ends_with_the_run(Op::Get, |world| {
        world.remote("b", "new there");
    });
}

#[test]
fn a_silent_head_ends_with_the_run() {
    a_silent_request_ends_with_the_run(Op::Head, |world| {
        world.remove_remote("gone-there");
    });
}

#[test]
fn a_silent_delete_ends_with_the_run() {
    a_silent_request_ends_with_the_run(Op::Delete, |world| {
        world.remove("gone-here");
    });
}

#[test]
fn a_silent_batch_delete_ends_with_the_run() {
    a_silent_request_ends_with_the_run(Op::BatchDelete, |world| {
        world.remove("gone-here").remove("old");
    });
}

#[test]
fn a_silent_part_ends_with_the_run_and_the_parts_before_are_kept() {
    let world = begun();
    world.sync();
    world.local("big", vec![b'x'; 40 << 20]);
    world.wire().forget();
    stopped_at(&world, &["--jobs", "1"], When::op(Op::UploadPart).nth(4));
    let had = world.wire().log();
    let had = had
        .iter()
        .filter(|e| e.op == Op::UploadPart && e.status == Some(200));
    let had = had.count();
    // Parts travel side by side, so how many were over when the fourth began depends on the machine.
    assert!((1..5).contains(&had), "{had} parts were sent before");
    assert_eq!(world.wire().count(Op::AbortMpu), 0);
    world.wire().forget();
    world.sync().expect_same();
    assert_eq!(world.wire().count(Op::CreateMpu), 0, "the upload goes on");
    assert_eq!(world.wire().count(Op::UploadPart), 5 - had);
}

#[test]
fn a_silent_completion_ends_with_the_run_and_the_parts_are_kept() {
    let world = begun();
    world.sync();
    world.local("big", vec![b'x'; 20 << 20]);
    stopped_at(&world, &[], When::op(Op::CompleteMpu));
    world.wire().forget();
    world.sync().expect_same();
    assert_eq!(world.wire().count(Op::UploadPart), 0, "all parts are there");
}

#[test]
fn a_silent_copy_ends_with_the_run() {
    let world = begun();
    world.sync();
    world.rename("moved", "moved-on");
    stopped_at(&world, &[], When::op(Op::Copy));
    world.sync().expect_same().expect_idle();
}

#[test]
fn a_silent_listing_ends_with_the_run_and_changes_nothing() {
    let world = begun();
    world.remove("gone-here");
    stopped_at(&world, &[], When::op(Op::List));
    world.expect_remote("gone-here", "bytes of gone-here");
    world.expect_no_remote("a");
    world.sync().expect_same();
}

#[test]
fn a_body_that_trickles_ends_with_the_run() {
    let world = begun();
    world.sync();
    world.remote("b", "x".repeat(1000));
    let slow = Fault::Trickle(Duration::from_secs(1));
    world.wire().fault(When::op(Op::Get).always(), slow);
    let running = world.start(&[]);
    let begun = Instant::now();
    while world.wire().count(Op::Get) == 0 {
        assert!(begun.elapsed() < PATIENCE, "the run got there");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    stopped(running, Signal::TERM);
    world.wire().heal();
    world.sync().expect_same();
}

#[test]
fn a_large_object_that_stops_coming_goes_on_where_it_was_when_the_run_is_stopped() {
    let world = begun();
    world.sync();
    world.remote("big", vec![b'x'; 40 << 20]);
    let when = When::op(Op::Get).nth(3);
    stopped_at(&world, &["--jobs", "1"], when);
    world.sync().expect_same();
}

#[test]
fn sigint_and_sighup_stop_as_sigterm_does() {
    for signal in [Signal::INT, Signal::HUP] {
        let world = begun();
        let (tell, told) = channel();
        let when = When::op(Op::Put).always();
        world.wire().fault(when, Fault::HoldBefore(tell));
        let running = world.start(&[]);
        told.recv_timeout(PATIENCE).expect("the run got there");
        stopped(running, signal);
        world.wire().heal();
        world.sync().expect_same();
    }
}

#[test]
fn every_command_that_waits_for_a_silent_server_stops() {
    let world = begun();
    world.sync();
    for args in [
        &["status"][..],
        &["ls", "root"],
        &["verify"],
        &["restore-status"],
        &["restore", "--dryrun"],
        &["recover"],
        &["watch"],
    ] {
        println!("{args:?}");
        stopped_at(&world, args, When::op(Op::List));
    }
    let (root, uri, endpoint) = (world.root(), world.uri(), world.wire().endpoint());
    let root = root.to_str().expect("temporary paths are UTF-8");
    let access = ["--endpoint-url", &endpoint, "--path-style"];
    for places in [["push", root, &uri], ["pull", &uri, root]] {
        let args = [&places[..], &access].concat();
        stopped_at(&world, &args, When::op(Op::List));
    }
    world.expect_same();
}

#[test]
fn a_verification_that_waits_for_an_object_stops_without_a_finding() {
    let world = begun();
    world.sync();
    let when = When::op(Op::Get);
    let run = stopped_at(&world, &["verify", "--download"], when);
    assert_eq!(run.stderr, "");
}
