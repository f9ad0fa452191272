//! Somebody else writes between any two requests of a run.

use crate::ENOUGH;
use crate::support::server::Profile;
use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Machine, World};
use std::thread;

/// What a stranger's write may meet: a run that creates, replaces, deletes, and keeps a loser.
fn meet(world: &World) {
    for name in ["edited", "gone", "both"] {
        world.local(name, format!("{name} from the start"));
    }
    world.init().sync();
    world
        .local("edited", "edited by a")
        .remove("gone")
        .local("fresh", "fresh by a");
    world.remote_at("both", "both by b", 1_000_000_000);
    world.local("both", "both by a");
}

/// A stranger writes `name` just before the nth request of a run has its effect; gives that
/// request, if the run made so many.
fn stranger_writes(world: &World, name: &'static str, n: usize) -> Option<Exchange> {
    meet(world);
    meets(world, name, n)
}

/// The same for whatever the run has to do.
fn meets(world: &World, name: &'static str, n: usize) -> Option<Exchange> {
    let stranger = Machine::clone(world);
    let writes = Fault::call(move || {
        let stranger = stranger.clone();
        // On a thread of its own: the hand on an independent server waits for answers.
        let _ = thread::spawn(move || {
            stranger.remote(name, format!("{name} by a stranger"));
        })
        .join();
    });
    world.wire().forget();
    world.wire().fault(When::any().nth(n), writes);
    let run = world.run(&["--jobs", "1"]);
    let struck = world.wire().heal();
    run.expect_code(0);
    let log = world.wire().log();
    (struck > 0).then(|| log[n - 1].clone())
}

const CONTESTED: [&str; 4] = ["edited", "gone", "fresh", "both"];

#[test]
fn a_write_between_any_two_requests_is_never_lost() {
    for name in CONTESTED {
        for n in 1..ENOUGH {
            let world = World::embedded();
            let met = stranger_writes(&world, name, n);
            world.sync();
            world.expect_same().expect_idle();
            if met.is_none() {
                assert!(n > 6, "only {n} requests");
                break;
            }
            world.expect_findable(&format!("{name} by a stranger"));
            if name != "both" {
                // Else the stranger himself replaced it.
                world.expect_findable("both by b");
            }
        }
    }
}

/// Where the server does not honour a condition, only what comes between the last look and the
/// act itself can be lost.
fn only_the_act_itself_is_a_window(profile: Profile, unsafe_acts: &[Op], names: &[&'static str]) {
    for &name in names {
        let mut windows = 0;
        for n in 1..ENOUGH {
            let world = World::embedded();
            let Some(hand) = world.hand() else { return };
            hand.store().set_profile(profile);
            let met = stranger_writes(&world, name, n);
            world.sync();
            world.expect_same().expect_idle();
            let Some(met) = met else { break };
            let is_window = unsafe_acts.contains(&met.op) && met.key == format!("docs/{name}");
            if is_window {
                windows += 1;
            } else {
                world.expect_findable(&format!("{name} by a stranger"));
            }
        }
        assert!(windows <= 1, "{name}: {windows} windows");
    }
}

#[test]
fn a_server_that_ignores_all_conditions_leaves_one_narrow_window() {
    only_the_act_itself_is_a_window(Profile::IGNORES_ALL, &[Op::Put, Op::Delete], &CONTESTED);
}

#[test]
fn a_server_that_ignores_conditions_of_deletes_leaves_a_window_for_these_only() {
    only_the_act_itself_is_a_window(Profile::IGNORES_DELETE_AND_COPY, &[Op::Delete], &CONTESTED);
}

#[test]
fn servers_that_are_half_honest_leave_a_window_for_what_they_do_not_honour() {
    // That a PUT is conditional with both is what the honest server's test shows.
    let names = ["gone", "both"];
    only_the_act_itself_is_a_window(Profile::LOCALSTACK, &[Op::Delete], &names);
    only_the_act_itself_is_a_window(Profile::CEPH, &[Op::Delete, Op::Copy], &names);
}

#[test]
fn where_the_end_of_an_upload_is_not_conditional_only_the_end_is_a_window() {
    let large = "by a ".repeat((9 << 20) / 5);
    let mut windows = 0;
    for n in 1..ENOUGH {
        let world = World::embedded();
        let Some(hand) = world.hand() else { return };
        hand.store().set_profile(Profile::IGNORES_ALL);
        world
            .local("zero", "so that the server is known")
            .init()
            .sync();
        world.local("large", &large);
        let Some(met) = meets(&world, "large", n) else {
            break;
        };
        world.sync();
        world.expect_same();
        if met.op == Op::CompleteMpu {
            windows += 1;
        } else {
            world.expect_findable("large by a stranger");
        }
    }
    assert_eq!(windows, 1);
}
