//! A root on a memory card, whose file system can neither exchange names nor link a second one:
//! conflicts, renames, and runs that are killed where they rename.

use crate::folding::on_a_card;
use crate::support::mixed::Mixed;
use crate::support::world::{Run, World};

#[test]
fn conflicts_and_renames_end_as_on_any_disk() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    for name in ["a", "b", "old", "there/1", "there/2"] {
        world.local(name, format!("{name} from the start"));
    }
    world.init().sync();
    world
        .local("a", "a here")
        .remote_at("a", "a there", 1_000_000_000);
    world
        .local("b", "b here")
        .remote_at("b", "b there", 4_000_000_000);
    world.rename("old", "new");
    for name in ["1", "2"] {
        world.remove_remote(&format!("there/{name}"));
        world.remote(
            &format!("moved/{name}"),
            format!("there/{name} from the start"),
        );
    }
    world.run(&[]).expect_code(0);
    world.expect_both(&[
        ("a", "a here"),
        ("b", "b there"),
        ("moved/1", "there/1 from the start"),
        ("moved/2", "there/2 from the start"),
        ("new", "old from the start"),
    ]);
    world.expect_findable("a there").expect_findable("b here");
    world.expect_idle();
}

/// More of these calls than any thread of a run makes.
const ENOUGH: usize = 60;

/// Runs, and is killed at the nth renaming of any thread.
fn killed_at_renaming(world: &World, n: usize) -> Option<Run> {
    let inject = format!("inject=rename,renameat,renameat2:signal=KILL:when={n}");
    let trace = world.home().join("trace");
    let into = trace.to_str().expect("UTF-8");
    let renames = "trace=rename,renameat,renameat2";
    let options = ["-f", "-q", "-o", into, "-e", renames, "-e", &inject];
    world.traced(&options, &["--jobs", "1"])
}

#[test]
fn a_run_killed_where_it_renames_on_a_card_is_carried_on() {
    let Some((world, _card)) = on_a_card() else {
        return;
    };
    let mut mixed = Mixed::begin(&world);
    for n in 1..ENOUGH {
        mixed.change_small(&world);
        let Some(run) = killed_at_renaming(&world, n) else {
            return;
        };
        mixed.expect_nothing_lost(&world);
        world.sync();
        mixed.expect_done(&world);
        world.expect_idle();
        if run.code == 0 {
            assert!(n > 3, "the run renames");
            return;
        }
    }
    panic!("a run that makes no end of renames");
}

#[test]
fn a_file_that_a_dead_run_was_replacing_is_not_taken_for_deleted() {
    let world = World::agreed(&[("a", "contents"), ("sub/b", "more"), ("gone", "1")]);
    // So a run leaves it that dies, on such a disk, where it mends what a crash had emptied.
    for (folder, name) in [("", "a"), ("sub/", "b")] {
        let path = format!("{folder}{name}");
        let aside = format!("{folder}.s3bsync-tmp-0123456789abcdef-old-{name}");
        world.rename(&path, &aside);
    }
    world.remove("gone").sync();
    world.expect_both(&[("a", "contents"), ("sub/b", "more"), ("zz", "stays")]);
    world.expect_idle();
}
