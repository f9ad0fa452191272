//! Machines that share a bucket never overwrite each other's work unseen, and end up the same.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod interleaved;
mod server;
mod stranger;

use std::collections::HashSet;
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
    expect_all_findable(machines, &[contents.to_owned()]);
}

/// The same for many contents at once.
#[track_caller]
fn expect_all_findable(machines: &[&Machine], contents: &[String]) {
    let mut places = Vec::new();
    for machine in machines {
        places.extend([machine.tree(), machine.kept_local()]);
    }
    places.extend(machines.first().map(|machine| machine.remote_tree()));
    places.extend(machines.first().map(|machine| machine.kept_remote()));
    let found: HashSet<&String> = places.iter().flatten().map(|(_, found)| found).collect();
    for contents in contents {
        let start: String = contents.chars().take(60).collect();
        assert!(found.contains(contents), "{start:?} is lost");
    }
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
