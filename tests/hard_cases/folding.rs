//! A root on a memory card: names that differ by case are one, times are coarse, inodes do not last.

use crate::mounted::Mounted;
use crate::support::wire::Op;
use crate::support::world::World;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

/// A world whose first machine has its root on a card, and the card.
pub(crate) fn on_a_card() -> Option<(World, Mounted)> {
    let world = World::embedded();
    let card = Mounted::card(world.root(), &world.home().join("card"))?;
    Some((world, card))
}

/// The kernel remembers for a second where a name of such a card leads.
fn forgets() {
    sleep(Duration::from_millis(1100));
}

#[test]
fn files_travel_both_ways_and_then_nothing_is_left_to_do() {
    let Some((world, card)) = on_a_card() else {
        return;
    };
    world
        .local_at("a", "1", 1_000_000_000)
        .local("sub/b", "2")
        .init();
    world
        .remote_with("c", "3", &[("mtime", "1234567890.123456789")])
        .remote("sub/d", "4");
    world.sync();
    world.expect_same().expect_idle();
    world
        .local("a", "1 edited")
        .remote("c", "3 edited")
        .remove("sub/b")
        .remove_remote("sub/d");
    world.sync();
    world.expect_both(&[("a", "1 edited"), ("c", "3 edited")]);
    world.expect_idle();
    // Put in another reader.
    drop(card);
    let Some(_card) = Mounted::card(world.root(), &world.home().join("card")) else {
        return;
    };
    world.sync();
    world.expect_idle();
}

#[test]
fn of_two_objects_whose_names_differ_by_case_one_comes_down_and_neither_is_touched() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    world
        .remote("Read", "upper")
        .remote("read", "lower")
        .remote("z", "stays");
    world.init();
    let before = world.remote_tree();
    for _ in 0..3 {
        world.sync_code(1).expect_stderr("takes for the same");
        assert_eq!(world.remote_tree(), before);
        assert_eq!(world.tree().len(), 2, "{:?}", world.tree());
        world.expect_nothing_kept();
        world.wire().forget();
        world.sync_code(1);
        assert_eq!(world.wire().count(Op::Get), 0, "nothing is fetched in vain");
    }
    // The one that came goes, and makes room for the other.
    let came = world.tree()[0].0.clone();
    world.remove_remote(&came).run(&[]);
    forgets();
    world.sync();
    world.expect_same().expect_idle();
    assert_eq!(world.tree().len(), 2);
}

#[test]
fn of_two_folders_whose_names_differ_by_case_neither_is_touched() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    world.local("dir/a", "1").init().sync();
    world.remote("DIR/b", "2");
    for _ in 0..3 {
        world.sync_code(1).expect_stderr("DIR/b");
        world
            .expect_remote("DIR/b", "2")
            .expect_remote("dir/a", "1");
        assert_eq!(world.remote_tree().len(), 2);
    }
}

#[test]
fn a_name_that_changes_its_case_changes_it_on_the_other_side() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    let linux = world.machine("b");
    world.local("readme", "1").local("other", "2").init().sync();
    linux.init().sync();
    world.rename("readme", "README");
    world.sync();
    world.expect_both(&[("README", "1"), ("other", "2")]);
    linux.sync();
    linux.expect_both(&[("README", "1"), ("other", "2")]);
    linux.rename("README", "Readme").sync();
    world.run(&[]);
    forgets();
    world.sync();
    world.expect_both(&[("Readme", "1"), ("other", "2")]);
    world.expect_idle();
    linux.expect_idle();
}

#[test]
fn an_edit_within_the_grain_of_its_clock_is_seen() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    // Written now, so that all three come within two seconds of each other.
    for (name, round) in [("a", 1), ("b", 2), ("c", 3)] {
        let path = world.path(name);
        fs::write(&path, "one").expect("the name is free");
        if round == 1 {
            world.init();
        }
        world.sync();
        fs::write(&path, "two").expect("it is ours");
        world.sync();
        world.expect_remote(name, "two");
    }
}

#[test]
fn times_that_are_cut_to_the_grain_make_no_transfer() {
    let Some((world, card)) = on_a_card() else {
        return;
    };
    world.remote_with("a", "1", &[("mtime", "1234567891.987654321")]);
    world.local("b", "2").init().sync();
    world.expect_same().expect_idle();
    drop(card);
    let Some(_card) = Mounted::card(world.root(), &world.home().join("card")) else {
        return;
    };
    world.wire().forget();
    world.sync();
    world.expect_requests(&[(Op::List, 1)]);
    let linux = world.machine("b");
    linux.init().sync();
    assert_eq!(
        linux.mtime_ns("a"),
        1_234_567_891_987_654_321,
        "the object's own"
    );
}

#[test]
fn of_two_folders_and_files_that_come_at_once_those_of_one_case_come() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    for folder in ["Dir", "dIR", "dir"] {
        for name in ["1", "2", "3", "4"] {
            world.remote(&format!("{folder}/{name}"), format!("{name} in {folder}"));
        }
    }
    let before = world.remote_tree();
    world.init();
    for _ in 0..2 {
        world.sync_code(1).expect_stderr("takes for the same");
        assert_eq!(world.remote_tree(), before);
        assert_eq!(world.tree().len(), 4);
        world.expect_nothing_kept();
    }
}
