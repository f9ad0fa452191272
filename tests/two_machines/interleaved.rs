//! One machine is held at any one of its requests while the other runs whole.

use crate::changes::{Kind, made};
use crate::support::wire::{Fault, When};
use crate::support::world::{Machine, Run, World};
use crate::{ENOUGH, expect_all_findable, settle};
use std::sync::mpsc::channel;

/// On which side of its effect a request is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Before,
    After,
}

/// Which machine is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    A,
    B,
}

/// All went well. Where a name is a file here and a folder there, both may be left to a person, who
/// is told of each.
#[track_caller]
fn expect_ended(kind: Kind, run: &Run) {
    if kind == Kind::Types && run.code == 1 {
        let is_type = |line: &str| line.contains(" type") || line.starts_with("hint: ");
        assert!(run.stderr.lines().all(is_type), "{run:?}");
    } else {
        run.expect_code(0);
    }
}

/// Holds a machine at its nth request while the other runs whole; false where it makes no nth.
fn interleaved(kind: Kind, who: Who, held: Held, n: usize) -> bool {
    let world = World::embedded();
    let b = world.machine("b");
    let contents = made(kind, &world, &b);
    let (first, second) = match who {
        Who::A => (Machine::clone(&world), b.clone()),
        Who::B => (b.clone(), Machine::clone(&world)),
    };
    let (mid, (tell, told)) = (second.clone(), channel());
    let happens = move || {
        let _ = tell.send(mid.run(&["--jobs", "1"]));
    };
    let fault = match held {
        Held::Before => Fault::call(happens),
        Held::After => Fault::call_after(happens),
    };
    world.wire().fault(When::any().nth(n), fault);
    let run = first.run(&["--jobs", "1"]);
    let is_held = world.wire().heal() > 0;
    let runs: Vec<_> = told.try_iter().chain([run]).collect();
    for run in &runs {
        expect_ended(kind, run);
    }
    // Before anything is repaired, and after.
    expect_all_findable(&[&world, &b], &contents);
    for machine in [&second, &first] {
        expect_ended(kind, &machine.run(&[]));
    }
    if kind == Kind::Types && b.read("type").is_some() {
        b.rename("type", "renamed by a person");
        for machine in [&b, &*world] {
            expect_ended(kind, &machine.run(&[]));
        }
    }
    for machine in [&second, &first] {
        machine.run(&[]).expect_code(0);
    }
    assert_eq!(first.tree(), second.tree(), "held at {n}: the files");
    first.expect_same();
    expect_all_findable(&[&world, &b], &contents);
    if !is_held {
        settle(&[&second, &first]);
    }
    is_held
}

/// Holds a machine at each of its requests in turn.
fn at_each(kind: Kind, who: Who, held: Held, least: usize) {
    let n = (1..ENOUGH).find(|&n| !interleaved(kind, who, held, n));
    assert!(n.is_some_and(|n| n > least), "{n:?} requests");
}

// Both machines have changes of every kind, so that it is the same whichever of them is held; what
// the one test holds before the effect, the other holds after it.

#[test]
fn b_runs_whole_before_any_request_of_a() {
    at_each(Kind::Writes, Who::A, Held::Before, 7);
}

#[test]
fn a_runs_whole_after_any_request_of_b() {
    at_each(Kind::Writes, Who::B, Held::After, 7);
}

#[test]
fn b_runs_whole_after_any_request_of_a_that_renames() {
    at_each(Kind::Moves, Who::A, Held::After, 9);
}

#[test]
fn a_runs_whole_before_any_request_of_b_that_renames() {
    at_each(Kind::Moves, Who::B, Held::Before, 8);
}

#[test]
fn either_runs_whole_before_any_request_of_the_other_where_a_file_becomes_a_folder() {
    at_each(Kind::Types, Who::A, Held::Before, 3);
    at_each(Kind::Types, Who::B, Held::Before, 2);
}

#[test]
fn b_runs_whole_before_any_request_of_a_that_keeps_losers() {
    at_each(Kind::Conflicts, Who::A, Held::Before, 6);
}

#[test]
fn b_runs_whole_before_any_request_of_a_that_sends_parts() {
    at_each(Kind::Large, Who::A, Held::Before, 12);
}

#[test]
fn a_runs_whole_after_any_request_of_b_that_sends_parts() {
    at_each(Kind::Large, Who::B, Held::After, 8);
}
