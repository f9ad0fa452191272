//! Killed at system calls that make something durable, and refused them by the system.

use crate::support::mixed::Mixed;
use crate::support::world::{CALLS, Run, World};

/// More of one kind than any thread of a run makes.
const ENOUGH: usize = 60;

/// Runs with this done to the nth such call of any thread, until there is no nth; then looks.
fn at_every_call(calls: &str, fault: &str, check: impl Fn(&Run, &World, &Mixed)) {
    let world = World::new();
    let mut mixed = Mixed::begin(&world);
    for n in 1..ENOUGH {
        mixed.change_small(&world);
        let inject = format!("inject={calls}:{fault}:when={n}");
        let trace = world.home().join("trace");
        let into = trace.to_str().expect("UTF-8");
        let options = [
            "-f",
            "-q",
            "-o",
            into,
            "-e",
            &format!("trace={calls}"),
            "-e",
            &inject,
        ];
        let Some(run) = world.traced(&options, &["--jobs", "1"]) else {
            return;
        };
        mixed.expect_nothing_lost(&world);
        check(&run, &world, &mixed);
        let traced = std::fs::read_to_string(&trace).expect("there is a trace");
        world.sync();
        mixed.expect_done(&world);
        world.expect_idle();
        if !traced.contains("INJECTED") && !traced.contains("killed by") {
            run.expect_code(0);
            assert!(n > 1, "the run makes one of {calls}");
            return;
        }
    }
    panic!("a run that makes no end of {calls}");
}

fn is_killed(calls: &str) {
    at_every_call(calls, "signal=KILL", |_, _, _| {});
}

/// A run that says that all is well has done it all.
fn is_refused(calls: &str, error: &str) {
    at_every_call(
        calls,
        &format!("error={error}"),
        |run, world, mixed| match run.code {
            0 => mixed.expect_done(world),
            1 | 3 => assert!(
                run.stderr.contains("error:") || run.stderr.contains("skipped"),
                "{run:?}"
            ),
            _ => panic!("{run:?}"),
        },
    );
}

#[test]
fn a_run_killed_where_it_syncs_is_carried_on() {
    is_killed(CALLS[0]);
}

#[test]
fn a_run_killed_where_it_renames_is_carried_on() {
    is_killed(CALLS[1]);
}

#[test]
fn a_run_killed_where_it_links_unlinks_or_makes_is_carried_on() {
    CALLS[2..5].iter().for_each(|calls| is_killed(calls));
}

#[test]
fn a_run_killed_where_it_sets_times_or_lengths_is_carried_on() {
    is_killed(CALLS[5]);
}

#[test]
fn a_disk_that_cannot_sync_loses_nothing() {
    is_refused(CALLS[0], "EIO");
}

#[test]
fn a_disk_that_cannot_rename_loses_nothing() {
    is_refused(CALLS[1], "ENOSPC");
}

#[test]
fn a_disk_that_cannot_link_unlink_or_make_loses_nothing() {
    CALLS[2..5]
        .iter()
        .for_each(|calls| is_refused(calls, "EROFS"));
}

#[test]
fn a_disk_that_cannot_set_times_or_lengths_loses_nothing() {
    is_refused(CALLS[5], "EIO");
}

#[test]
fn a_file_system_without_locks_is_named_with_a_way_out() {
    let world = World::agreed(&[("a", "1")]);
    let trace = world.home().join("trace");
    let into = trace.to_str().expect("UTF-8");
    let options = [
        "-f",
        "-q",
        "-o",
        into,
        "-e",
        "trace=flock,fcntl",
        "-e",
        "inject=flock:error=ENOLCK",
    ];
    let Some(run) = world.traced(&options, &[]) else {
        return;
    };
    run.expect_code(3)
        .expect_stderr("no locks available")
        .expect_stderr("hint: its file system has no locks, as some network file systems");
}
