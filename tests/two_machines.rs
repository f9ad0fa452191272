//! Machines that share a bucket never overwrite each other's work unseen, and end up the same.

mod support;

use std::sync::mpsc::channel;
use std::thread;
use support::server::Profile;
use support::wire::{Exchange, Fault, Op, When};
use support::world::{Machine, World};

/// More requests than any run of these stories makes.
const ENOUGH: usize = 100;

/// Both ran twice: now all are the same, and a further run is idle.
#[track_caller]
fn settle(machines: &[&Machine]) {
    for machine in machines.iter().chain(machines) {
        machine.run(&[]).expect_code(0);
    }
    for machine in machines {
        machine.expect_same().expect_idle();
    }
}

/// What somebody wrote is in place, or kept on a machine or in the bucket.
#[track_caller]
fn expect_findable(machines: &[&Machine], contents: &str) {
    let places = machines.iter().flat_map(|machine| {
        [
            machine.tree(),
            machine.kept_local(),
            machine.remote_tree(),
            machine.kept_remote(),
        ]
    });
    let is_found = places.flatten().any(|(_, found)| found == contents);
    assert!(is_found, "{contents:?} is lost");
}

#[test]
fn what_one_machine_does_the_other_follows() {
    let world = World::new();
    let b = world.machine("b");
    world
        .local("edited", "1")
        .local("gone", "2")
        .local("sub/kept", "3");
    world.init().sync();
    b.init().sync();
    b.expect_same();
    world.local("edited", "1 by a").remove("gone");
    b.local("new", "4 by b").local("sub/kept", "3 by b");
    world.sync();
    b.sync();
    world.sync();
    let tree = [
        ("edited", "1 by a"),
        ("new", "4 by b"),
        ("sub/kept", "3 by b"),
    ];
    world.expect_both(&tree).expect_idle();
    b.expect_both(&tree).expect_idle();
}

#[test]
fn three_machines_that_edit_in_turns_end_up_the_same() {
    let world = World::new();
    let (b, c) = (world.machine("b"), world.machine("c"));
    for name in ["p", "q", "r", "s"] {
        world.local(name, "from the start");
    }
    world.init().sync();
    b.init().sync();
    c.init().sync();
    world.local("p", "p by a").remove("s");
    b.local("q", "q by b").local("p", "p by b");
    c.local("r", "r by c")
        .local("s", "s by c")
        .local("new", "by c");
    for machine in [&*world, &b, &c, &*world, &b] {
        machine.sync();
    }
    settle(&[&world, &b, &c]);
    for contents in ["p by a", "p by b", "q by b", "r by c", "s by c", "by c"] {
        expect_findable(&[&world, &b, &c], contents);
    }
    world
        .expect_local("p", "p by b")
        .expect_local("s", "s by c");
}

/// Just before the nth request of a's run has its effect, b syncs edits of the very same names.
fn b_syncs_in_the_middle(n: usize) -> bool {
    let world = World::embedded();
    let b = world.machine("b");
    for name in ["edited", "gone", "fresh", "both", "other"] {
        world.local(name, format!("{name} from the start"));
    }
    world.init().sync();
    b.init().sync();
    world.remove("fresh");
    world.sync();
    b.sync();
    // a is about to upload, replace, delete, and copy a conflict's loser.
    world
        .local("edited", "edited by a")
        .remove("gone")
        .local("fresh", "fresh by a");
    world.remote_at("both", "both by a stranger", 1_000_000_000);
    world.local("both", "both by a");
    b.local("edited", "edited by b")
        .local("gone", "gone by b")
        .local("fresh", "fresh by b");
    b.local("both", "both by b").remove("other");
    let (mid, (tell, told)) = (b.clone(), channel());
    let b_syncs = Fault::call(move || {
        let _ = tell.send(mid.run(&[]));
    });
    world.wire().fault(When::any().nth(n), b_syncs);
    let run = world.run(&["--jobs", "1"]);
    let struck = world.wire().heal();
    run.expect_code(0);
    for run in &told {
        run.expect_code(0);
    }
    settle(&[&b, &world]);
    for who in ["a", "b"] {
        for name in ["edited", "fresh", "both"] {
            expect_findable(&[&world, &b], &format!("{name} by {who}"));
        }
    }
    expect_findable(&[&world, &b], "gone by b");
    expect_findable(&[&world, &b], "both by a stranger");
    world.expect_no_local("other");
    struck > 0
}

#[test]
fn a_machine_that_syncs_between_any_two_requests_of_another_loses_nothing() {
    let n = (1..ENOUGH).find(|&n| !b_syncs_in_the_middle(n));
    assert!(n.is_some_and(|n| n > 8), "{n:?} requests");
}

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
fn only_the_act_itself_is_a_window(profile: Profile, unsafe_acts: &[Op]) {
    for name in CONTESTED {
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
    only_the_act_itself_is_a_window(Profile::IGNORES_ALL, &[Op::Put, Op::Delete]);
}

#[test]
fn a_server_that_ignores_conditions_of_deletes_leaves_a_window_for_these_only() {
    only_the_act_itself_is_a_window(Profile::IGNORES_DELETE_AND_COPY, &[Op::Delete]);
}

#[test]
fn what_a_server_does_not_honour_is_said_once() {
    let says = |profile: Profile| {
        let world = World::embedded();
        let hand = world.hand().expect("the world is embedded");
        hand.store().set_profile(profile);
        let first = world.local("a", "1").init().run(&[]);
        first.expect_code(0);
        let second = world.local("a", "2").run(&[]);
        second.expect_code(0).expect_silence();
        first.stderr
    };
    assert_eq!(says(Profile::HONEST), "");
    let all = says(Profile::IGNORES_ALL);
    assert!(
        all.contains("conditional writes") && all.contains("conditional deletes"),
        "{all}"
    );
    let some = says(Profile::IGNORES_DELETE_AND_COPY);
    assert!(!some.contains("conditional writes"), "{some}");
    assert!(some.contains("conditional deletes"), "{some}");
    let ceph = says(Profile::CEPH);
    assert!(ceph.contains("multipart uploads"), "{ceph}");
}

#[test]
fn a_run_that_only_meant_to_fetch_learns_the_server_before_it_writes() {
    let world = World::new();
    let b = world.machine("b");
    world.local("a", "1").local("b", "2").init().sync();
    b.init();
    let (bucket, root) = (Machine::clone(&world), b.clone());
    world.wire().fault(
        When::op(Op::Get).key("docs/a"),
        Fault::call(move || {
            let (bucket, root) = (bucket.clone(), root.clone());
            let _ = thread::spawn(move || {
                bucket.remove_remote("a");
                root.local("a", "by b");
            })
            .join();
        }),
    );
    world.wire().forget();
    b.sync();
    world.wire().heal();
    b.expect_both(&[("a", "by b"), ("b", "2")]);
    let log = world.wire().log();
    let at = |is_meant: &dyn Fn(&Exchange) -> bool| log.iter().position(is_meant);
    let probe = at(&|e| e.op == Op::Put && e.key.starts_with("docs/.s3bsync/"));
    let put = at(&|e| e.op == Op::Put && e.key == "docs/a");
    assert!(probe.is_some() && probe < put, "{log:#?}");
}

#[test]
fn a_machine_on_an_old_base_does_not_bring_a_renamed_file_back() {
    let world = World::new();
    let b = world.machine("b");
    world
        .local("old/one", "1")
        .local("old/two", "2")
        .local("rest", "3");
    world.init().sync();
    b.init().sync();
    world.rename("old", "new");
    world.sync();
    b.sync();
    let tree = [("new/one", "1"), ("new/two", "2"), ("rest", "3")];
    b.expect_both(&tree).expect_idle();
    world.expect_idle();
}

#[test]
fn an_edit_on_an_old_base_survives_the_renaming_of_its_file() {
    let world = World::new();
    let b = world.machine("b");
    world.local("old", "1").local("rest", "2").init().sync();
    b.init().sync();
    world.rename("old", "new").sync();
    b.local("old", "1 by b");
    settle(&[&b, &world]);
    world.expect_both(&[("new", "1"), ("old", "1 by b"), ("rest", "2")]);
}

#[test]
fn a_state_file_copied_to_another_machine_deletes_nothing_there() {
    let world = World::new();
    let b = world.machine("b");
    world
        .local("a", "1")
        .local("b", "2")
        .local("c", "3")
        .init()
        .sync();
    b.local("d", "only on b").local("a", "other bytes on b");
    // The copy names a's root, so b has its files where a has them: a restored or cloned machine.
    std::fs::rename(world.root(), world.home().join("away")).expect("a folder can be renamed");
    std::fs::rename(b.root(), world.root()).expect("a folder can be renamed");
    world.sync_code(3).expect_stderr("marker");
    let d = ("d".to_owned(), "only on b".to_owned());
    assert_eq!(
        world.tree(),
        [("a".to_owned(), "other bytes on b".to_owned()), d]
    );
    assert_eq!(world.remote_tree().len(), 3, "nothing is deleted");
    world.run(&["--force"]).expect_code(0);
    for contents in ["1", "2", "3", "only on b", "other bytes on b"] {
        world.expect_findable(contents);
    }
    world
        .expect_local("d", "only on b")
        .expect_remote("b", "2")
        .expect_remote("c", "3");
    world.expect_same();
}
