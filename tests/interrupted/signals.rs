//! Signals in mid-run, and a second run beside the first.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, Running, World};
use rustix::process::Signal;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A hung run is a failed test.
const PATIENCE: Duration = Duration::from_mins(1);

/// Starts a run that waits at the request until it is told to go on.
fn paused(machine: &Machine, args: &[&str], when: When) -> (Running, Receiver<()>, impl Fn()) {
    let (tell, told) = channel();
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let wait = move || {
        let _ = tell.send(());
        let _ = gone.lock().map(|gone| gone.recv_timeout(PATIENCE));
    };
    machine.wire().fault(when, Fault::Call(Arc::new(wait)));
    (machine.start(args), told, move || {
        let _ = go.send(());
    })
}

fn a_signal_ends_a_run_cleanly(signal: Signal) {
    let world = World::new();
    let names: Vec<String> = (0..20).map(|n| format!("file-{n:02}")).collect();
    for name in &names {
        world.local(name, format!("bytes of {name}"));
    }
    world
        .local("zero", "so that the server is known")
        .init()
        .sync();
    for name in &names {
        world.local(name, format!("new bytes of {name}"));
    }
    world.remove("zero");
    let (run, told, go_on) = paused(&world, &["--jobs", "2"], When::op(Op::Put).nth(4));
    told.recv_timeout(PATIENCE).expect("the run got there");
    run.signal(signal);
    // The signal is handled on another thread of the program, within no time.
    std::thread::sleep(Duration::from_millis(100));
    go_on();
    run.wait().expect_code(130);
    world.wire().heal();
    let is_sent = |name: &&String| {
        world
            .object(name)
            .expect("it is there")
            .bytes
            .starts_with(b"new")
    };
    let sent = names.iter().filter(is_sent).count();
    assert!((4..12).contains(&sent), "{sent} were sent before the end");
    world.expect_remote("zero", "so that the server is known");
    world.wire().forget();
    world.sync();
    assert_eq!(
        world.wire().count(Op::Put),
        20 - sent,
        "what was done is not done again"
    );
    world.expect_same().expect_nothing_kept();
    world.expect_idle();
}

#[test]
fn sigterm_ends_a_run_cleanly_and_the_next_goes_on() {
    a_signal_ends_a_run_cleanly(Signal::TERM);
}

#[test]
fn ctrl_c_ends_a_run_cleanly_and_the_next_goes_on() {
    a_signal_ends_a_run_cleanly(Signal::INT);
}

#[test]
fn a_signal_while_the_bucket_is_listed_changes_nothing() {
    let world = World::new();
    world.local("a", "1").local("b", "2").init().sync();
    world.remove("a").local("c", "3");
    let (run, told, go_on) = paused(&world, &[], When::op(Op::List));
    told.recv_timeout(PATIENCE).expect("the run got there");
    run.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(100));
    go_on();
    run.wait().expect_code(130);
    world.wire().heal();
    world.expect_remote("a", "1").expect_no_remote("c");
    world.sync();
    world.expect_both(&[("b", "2"), ("c", "3")]);
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let world = World::new();
    world.local("a", "1").init().sync();
    world.local("a", "1 edited").local("b", "2");
    let (tell, told) = channel();
    world
        .wire()
        .fault(When::op(Op::Put).always(), Fault::HoldBefore(tell));
    let run = world.start(&[]);
    told.recv_timeout(PATIENCE).expect("the run got there");
    run.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(100));
    run.signal(Signal::INT);
    run.wait().expect_code(130);
    world.wire().heal();
    world.sync();
    world.expect_both(&[("a", "1 edited"), ("b", "2")]);
    world.expect_idle();
}

#[test]
fn a_second_run_beside_the_first_says_who_is_at_work_and_changes_nothing() {
    let world = World::new();
    world.local("a", "1").init().sync();
    world.local("b", "2").remote("c", "3");
    let (run, told, go_on) = paused(&world, &[], When::op(Op::List));
    told.recv_timeout(PATIENCE).expect("the run got there");
    let before = (world.tree(), world.remote_tree(), world.wire().log().len());
    let state = std::fs::read(world.state_file()).expect("there is a state file");
    let second = world.sync_code(3);
    second.expect_stderr("another run holds");
    second.expect_stderr(&format!("process {}", run.id()));
    assert_eq!(second.stdout, "");
    let after = (world.tree(), world.remote_tree(), world.wire().log().len());
    assert_eq!(
        after, before,
        "the second run changes nothing and asks for nothing"
    );
    assert_eq!(std::fs::read(world.state_file()).ok(), Some(state));
    go_on();
    run.wait().expect_code(0);
    world.expect_both(&[("a", "1"), ("b", "2"), ("c", "3")]);
}

#[test]
fn a_signal_ends_what_waits_for_its_turn_under_a_limit() {
    let world = World::new();
    world.local("big", vec![b'x'; 40 << 20]).init();
    let first = When::op(Op::UploadPart).nth(1);
    let (run, told, go_on) = paused(&world, &["--bwlimit", "1M"], first);
    told.recv_timeout(PATIENCE).expect("the run got there");
    let begun = Instant::now();
    run.signal(Signal::TERM);
    go_on();
    run.wait().expect_code(130);
    // The other four parts would have taken eight seconds each.
    assert!(begun.elapsed() < Duration::from_secs(16));
    world.wire().heal();
    world.expect_no_remote("big");
    world.sync().expect_same();
}
