//! `undo`: one command brings back everything that a run displaced here, and the next sync sends it.

use super::names;
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, Run, World};
use std::fs;
use std::io::Write;

/// Files of the infected map.
const FILES: usize = 200;

fn name(n: usize) -> String {
    format!("folder{}/file{n}", n % 7)
}

#[track_caller]
fn expect_all(machine: &Machine, contents: &str) {
    for n in 0..FILES {
        machine.expect_local(&name(n), format!("{contents} {n}"));
    }
}

/// The runs that displaced something, newest first.
fn runs(machine: &Machine) -> Vec<String> {
    let listed = machine.run(&["undo", "root"]);
    let lines = listed.expect_code(0).stdout.lines();
    let runs = lines.filter_map(|line| line.split_whitespace().nth(1));
    runs.map(str::to_owned).collect()
}

fn undo(machine: &Machine, run: &str, flags: &[&str]) -> Run {
    let mut args = vec!["undo", "root", run];
    args.extend(flags);
    machine.run(&args)
}

/// Waits until a run has another name than this one.
fn wait_for_another_second() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

#[test]
fn one_infected_machine_costs_no_other_machine_its_files() {
    let world = World::new();
    let [healthy, third] = ["healthy", "third"].map(|name| world.machine(name));
    for n in 0..FILES {
        world.local(&name(n), format!("original {n}"));
    }
    world.init().sync();
    for machine in [&healthy, &third] {
        machine.init().sync();
        expect_all(machine, "original");
        machine.expect_nothing_kept();
    }
    for n in 0..FILES {
        world.local(&name(n), format!("garbage {n}"));
    }
    world.sync();
    third.sync();
    let infected = healthy.run(&[]);
    infected.expect_code(0).expect_stderr(
        "map root: replaced 200 and deleted 0 of 200 files here; to put them back: s3-bsync",
    );
    expect_all(&healthy, "garbage");
    assert_eq!(healthy.kept_local().len(), FILES);

    let (_, command) = infected.stderr.trim_end().split_once(" undo ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let listed = healthy.run(&["undo"]);
    listed.expect_code(0).expect_stdout("200 replaced (");
    let dry = undo(&healthy, words[1], &["--dryrun"]);
    dry.expect_code(0)
        .expect_stdout("would put back folder0/file0\n")
        .expect_stdout("would put back 200 files of ");
    expect_all(&healthy, "garbage");
    undo(&healthy, words[1], &[])
        .expect_code(0)
        .expect_stdout("of 200 files what was there is kept in ");
    expect_all(&healthy, "original");
    assert_eq!(
        healthy.kept_local().len(),
        FILES,
        "the garbage is kept in turn"
    );

    // The guard does not stop it, and every machine gets its files back.
    healthy.sync().expect_same();
    third.sync().expect_same();
    world.sync().expect_same();
    expect_all(&third, "original");
    expect_all(&world, "original");
    for machine in [&healthy, &third, &world] {
        machine.expect_idle();
    }
}

#[test]
fn a_replaced_file_is_kept_though_nobody_edited_it() {
    let world = World::agreed(&[("a", "1"), ("d/b", "2")]);
    let mut open = fs::File::options()
        .append(true)
        .open(world.path("a"))
        .expect("it can be opened");
    world
        .remote("a", "1 replaced")
        .remote("d/b", "2 replaced")
        .sync();
    world
        .expect_kept_local("a", "1")
        .expect_kept_local("d/b", "2");
    // What a program still writes to the old file is kept as well.
    open.write_all(b", a last line").expect("it can be written");
    world.expect_kept_local("a", "1, a last line");
    let kept: Vec<String> = world
        .kept_local()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    for path in kept {
        let (folder, _) = path.split_once('/').expect("there is a folder");
        assert!(folder.ends_with("Z-replaced"), "{folder}");
    }
    world.expect_same().expect_idle();
}

#[test]
fn a_run_is_undone_with_what_it_deleted_and_what_lost_a_conflict() {
    let world = World::agreed_with(
        &[
            ("gone", "1"),
            ("new/gone", "2"),
            ("lost", "3"),
            ("old", "4"),
        ],
        &["--conflict", "remote"],
    );
    world.remove_remote("gone").remove_remote("new/gone");
    world.local("lost", "3 here").remote("lost", "3 there");
    world.remote("old", "4 there").remote("fresh", "5 there");
    world.sync();
    let run = runs(&world).remove(0);
    let listed = world.run(&["undo", "root"]);
    listed.expect_stdout("1 replaced (1 byte), 2 deleted (2 bytes), 1 conflict (6 bytes)");
    undo(&world, &run, &[])
        .expect_code(0)
        .expect_stdout("put back 4 files of ");
    world
        .expect_local("gone", "1")
        .expect_local("new/gone", "2")
        .expect_local("lost", "3 here")
        .expect_local("old", "4")
        .expect_local("fresh", "5 there");
    world.expect_kept("3 there").expect_kept("4 there");
    world.sync().expect_same().expect_idle();
    world.expect_remote("old", "4").expect_remote("gone", "1");
}

#[test]
fn what_changed_since_is_left_and_named() {
    let files = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")];
    let world = World::agreed(&files);
    world
        .remote("a", "1 there")
        .remote("b", "2 there")
        .remote("e", "5 there");
    world.remove_remote("c").remove_remote("d").sync();
    let run = runs(&world).remove(0);
    // Somebody works on: one file edited, one written anew, one removed.
    world
        .local("a", "1 edited")
        .local("c", "3 anew")
        .remove("e");
    let undone = undo(&world, &run, &[]);
    undone
        .expect_code(1)
        .expect_stderr("left a as it is: it changed since that run\n")
        .expect_stderr("left c as it is: it changed since that run\n")
        .expect_stdout("put back 3 files of ");
    world
        .expect_local("a", "1 edited")
        .expect_local("b", "2")
        .expect_local("c", "3 anew")
        .expect_local("d", "4")
        .expect_local("e", "5");
    world
        .expect_kept_local("a", "1")
        .expect_kept_local("c", "3");
    undo(&world, &run, &["--force"]).expect_code(0);
    world.expect_local("a", "1").expect_local("c", "3");
    world
        .expect_kept_local("a", "1 edited")
        .expect_kept_local("c", "3 anew");
    world.sync().expect_same();
}

#[test]
fn runs_are_undone_one_after_the_other_and_an_undo_as_well() {
    let world = World::agreed(&[("a", "first"), ("b", "first b")]);
    world.remote("a", "second").remote("b", "second b").sync();
    wait_for_another_second();
    world.remote("a", "third").sync();
    let found = runs(&world);
    let [last, first] = &found[..] else {
        panic!("{found:?}");
    };
    wait_for_another_second();
    // The earlier run did not put there what is there now.
    undo(&world, first, &[])
        .expect_code(1)
        .expect_stderr("left a as it is");
    world
        .expect_local("a", "third")
        .expect_local("b", "first b");
    wait_for_another_second();
    undo(&world, last, &[]).expect_code(0);
    world.expect_local("a", "second");
    wait_for_another_second();
    undo(&world, first, &[]).expect_code(0);
    world
        .expect_local("a", "first")
        .expect_local("b", "first b");
    let latest = runs(&world).remove(0);
    wait_for_another_second();
    undo(&world, &latest, &[]).expect_code(0);
    world.expect_local("a", "second");
    for contents in ["first", "second", "third", "first b", "second b"] {
        world.expect_findable(contents);
    }
    world.sync().expect_same();
}

#[test]
fn a_directory_in_the_way_of_a_kept_file_stays() {
    let world = World::agreed(&[("a", "1"), ("b", "2")]);
    world
        .remove_remote("a")
        .remove_remote("b")
        .remote("a/inner", "3");
    world.sync();
    let run = runs(&world).remove(0);
    undo(&world, &run, &[])
        .expect_code(1)
        .expect_stderr("left a as it is: a directory has its name\n");
    world.expect_local("b", "2").expect_local("a/inner", "3");
    world.expect_kept_local("a", "1");
}

#[test]
fn a_run_that_nobody_made_cannot_be_undone() {
    let world = World::agreed(&[("a", "1")]);
    world
        .run(&["undo"])
        .expect_code(0)
        .expect_stdout("nothing is kept, so there is nothing to undo\n");
    undo(&world, "2026-11-20T22-55-01Z", &[])
        .expect_code(2)
        .expect_stderr("nothing that is kept matches '2026-11-20T22-55-01Z'");
    undo(&world, "yesterday", &[])
        .expect_code(2)
        .expect_stderr("undo: 'yesterday' is not a run as undo lists it");
}

/// A file is replaced again in the middle of an undo: the newer one is not lost.
#[test]
fn a_run_that_is_stopped_half_way_keeps_what_it_replaced() {
    let world = World::agreed(&[("a", "1"), ("b", "2"), ("c", "3")]);
    for key in ["a", "b", "c"] {
        world.remote(key, format!("{key} there"));
    }
    let expired = Fault::Status(400, "ExpiredToken");
    world.wire().fault(When::op(Op::Get).key("docs/c"), expired);
    world.run(&["--jobs", "1"]).expect_code(3);
    world.wire().heal();
    let run = runs(&world).remove(0);
    undo(&world, &run, &[]).expect_code(0);
    world
        .expect_local("a", "1")
        .expect_local("b", "2")
        .expect_local("c", "3");
    assert_eq!(names(&world), ["a", "b", "c", "zz"]);
}
