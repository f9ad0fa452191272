//! What happens between a look and the act that it licensed.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, World};
use rustix::process::Signal;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Writes into a file where it is, from this byte on.
fn write_into(machine: &Machine, name: &str, at: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(machine.path(name));
    let mut file = file.expect("it is there");
    file.seek(SeekFrom::Start(at))
        .and_then(|_| file.write_all(bytes))
        .expect("it can be written");
}

#[test]
fn a_file_that_changes_before_its_request_arrives_is_sent_as_it_is_then() {
    let world = World::embedded();
    world
        .local("zero", "so that the server is known")
        .init()
        .sync();
    world.local("a", "as it was read");
    let writer = Machine::clone(&world);
    world.wire().fault(
        When::op(Op::Put).key("docs/a"),
        Fault::call(move || write_into(&writer, "a", 0, b"rewritten then")),
    );
    world.sync();
    world.sync();
    world
        .expect_remote("a", "rewritten then")
        .expect_local("a", "rewritten then");
    world.expect_idle();
}

#[test]
fn a_great_file_that_changes_while_it_is_sent_is_never_recorded_as_a_mixture() {
    const PART_BYTES: usize = 8 << 20;
    let world = World::embedded();
    let old = vec![b'o'; 3 * PART_BYTES];
    world
        .local("zero", "so that the server is known")
        .init()
        .sync();
    world.local("a", &old);
    let writer = Machine::clone(&world);
    world.wire().fault(
        When::op(Op::UploadPart).nth(2),
        Fault::call(move || {
            write_into(&writer, "a", 0, b"new");
            write_into(&writer, "a", 3 * PART_BYTES as u64 - 3, b"new");
        }),
    );
    world.run(&["--jobs", "1"]);
    world.sync();
    let mut new = old;
    for at in [0, 3 * PART_BYTES - 3] {
        new[at..at + 3].copy_from_slice(b"new");
    }
    world.expect_remote("a", &new).expect_local("a", &new);
    world.expect_idle();
}

#[test]
fn a_file_that_goes_between_scan_and_reading_is_a_deletion_for_the_next_run() {
    let world = World::embedded();
    world.local("known", "1").local("zero", "2").init().sync();
    world
        .local("a", "3")
        .local("known", "1 edited")
        .local("new", "4");
    let remover = Machine::clone(&world);
    world.wire().fault(
        When::op(Op::Put).key("docs/a"),
        Fault::call(move || {
            remover.remove("known").remove("new");
        }),
    );
    world.run(&["--jobs", "1"]).expect_code(0);
    world.wire().heal();
    world.expect_remote("a", "3").expect_no_remote("new");
    world.sync();
    world.expect_both(&[("a", "3"), ("zero", "2")]);
    world.expect_idle();
}

#[test]
fn a_machine_that_sleeps_in_mid_run_decides_by_what_it_finds_when_it_wakes() {
    let world = World::embedded();
    let b = world.machine("b");
    for name in ["edited", "gone", "fetched", "rest"] {
        world.local(name, "1");
    }
    world.init().sync();
    b.init().sync();
    world
        .local("edited", "2 by a")
        .remove("gone")
        .local("first", "3");
    world.remote("fetched", "4 by a stranger");
    let (tell, told) = channel();
    let (go, gone) = channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    world.wire().fault(
        When::op(Op::Put),
        Fault::call(move || {
            let _ = tell.send(());
            let _ = gone
                .lock()
                .map(|gone| gone.recv_timeout(Duration::from_mins(1)));
        }),
    );
    let run = world.start(&["--jobs", "1"]);
    told.recv_timeout(Duration::from_mins(1))
        .expect("the run got there");
    run.signal(Signal::STOP);
    // While it sleeps, the world goes on.
    b.local("edited", "2 by b").local("gone", "5 by b").sync();
    std::thread::sleep(Duration::from_secs(2));
    run.signal(Signal::CONT);
    let _ = go.send(());
    run.wait().expect_code(0);
    world.wire().heal();
    for machine in [&*world, &b, &*world, &b] {
        machine.run(&[]).expect_code(0);
    }
    assert_eq!(world.tree(), b.tree());
    world.expect_same().expect_idle();
    world
        .expect_local("gone", "5 by b")
        .expect_local("first", "3");
    world.expect_findable("4 by a stranger");
    let found = [
        world.tree(),
        world.kept_local(),
        b.kept_local(),
        world.kept_remote(),
    ]
    .concat();
    for contents in ["2 by a", "2 by b"] {
        assert!(
            found.iter().any(|(_, found)| found == contents),
            "{contents} is lost"
        );
    }
}
