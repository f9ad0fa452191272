//! Killed at every request, before it has its effect and after.

use crate::support::mixed::{LARGE_BYTES, Mixed};
use crate::support::wire::{Exchange, Op, When};
use crate::support::world::{Kill, Machine, World};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// More requests than any run of these stories makes.
const ENOUGH: usize = 200;

#[test]
fn a_run_killed_before_any_request_is_carried_on_by_the_next() {
    killed_everywhere(Kill::Before, &["--jobs", "1"]);
}

#[test]
fn a_run_killed_after_any_request_is_carried_on_by_the_next() {
    killed_everywhere(Kill::After, &[]);
}

fn killed_everywhere(kill: Kill, args: &[&str]) {
    let world = World::new();
    let mut mixed = Mixed::begin(&world);
    for n in 1..ENOUGH {
        mixed.change(&world);
        world.wire().forget();
        let whole = world.killed(args, When::any().nth(n), kill);
        mixed.expect_nothing_lost(&world);
        let done = Finished::look(&world, &mixed);
        world.run(&["--dump"]).expect_code(0);
        world.wire().forget();
        world.sync();
        mixed.expect_done(&world);
        done.expect_not_repeated(&world.wire().log());
        expect_clean(&world);
        world.expect_idle();
        if whole.is_some() {
            assert!(
                n > 15,
                "a run with everything to do makes more than {n} requests"
            );
            return;
        }
    }
    panic!("a run that never ends");
}

/// Names whose new contents are on both sides already.
struct Finished(BTreeSet<String>);

impl Finished {
    fn look(machine: &Machine, mixed: &Mixed) -> Self {
        let is_done = |name: &str, contents: &Vec<u8>| {
            machine.read(name).as_ref() == Some(contents)
                && machine
                    .object(name)
                    .is_some_and(|object| object.bytes == *contents)
        };
        let wanted = mixed.wanted().iter();
        let done = wanted.filter(|(name, contents)| is_done(name, contents));
        Self(done.map(|(name, _)| name.clone()).collect())
    }

    /// What was finished is not sent or fetched again.
    #[track_caller]
    fn expect_not_repeated(&self, log: &[Exchange]) {
        for exchange in log {
            let name = exchange.key.strip_prefix("docs/").unwrap_or(&exchange.key);
            let carries = matches!(
                exchange.op,
                Op::Put | Op::Get | Op::CreateMpu | Op::UploadPart | Op::CompleteMpu
            );
            assert!(
                !(carries && self.0.contains(name)),
                "{exchange} though {name} was done"
            );
        }
    }
}

/// No temporary file of a dead run is left in the root.
#[track_caller]
fn expect_clean(machine: &Machine) {
    let mut folders = vec![machine.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            assert!(!is_temp(&path), "{} is left", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    let beside: Vec<_> = fs::read_dir(machine.home())
        .expect("a folder can be read")
        .map(|entry| entry.expect("a folder can be read").file_name())
        .collect();
    for name in &beside {
        let name = name.to_string_lossy();
        assert!(
            [
                "a",
                "root",
                "state.s3sync",
                "state.s3sync~",
                "state.s3sync.lock"
            ]
            .contains(&&*name),
            "{name} is left beside the state file"
        );
    }
}

fn is_temp(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains("tmp-"))
}

#[test]
fn parts_of_a_dead_run_are_swept_after_a_day_and_no_sooner() {
    let world = World::embedded();
    let Some(hand) = world.hand() else { return };
    world
        .local("first", "so that the server is known")
        .init()
        .sync();
    let large = |last: u8| {
        let mut bytes = vec![0; LARGE_BYTES];
        bytes[LARGE_BYTES - 1] = last;
        bytes
    };
    world.local("large", large(1));
    let run = world.killed(&[], When::op(Op::CompleteMpu), Kill::Before);
    assert!(run.is_none(), "the run was killed");
    assert_eq!(hand.pending_uploads().len(), 1, "its upload is pending");
    world.sync();
    world.expect_remote("large", large(1));
    let young: Vec<_> = hand.pending_uploads();
    hand.age_uploads(25 * 60 * 60 * 1000);
    world.local("large", large(2)).sync();
    assert_eq!(
        hand.pending_uploads(),
        [],
        "nothing older than a day is left"
    );
    assert!(young.len() <= 1, "{young:?}");
}
