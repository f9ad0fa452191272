//! Disks that come, go and fill up.

use crate::mounted::Mounted;
use crate::support::wire::Op;
use crate::support::world::World;
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_disk_inside_the_root_that_goes_away_takes_nothing_along() {
    let world = World::embedded();
    let below = world.path("disk");
    fs::create_dir(&below).expect("the name is free");
    let Some(disk) = Mounted::memory(&below, "1m") else {
        return;
    };
    world.local("disk/theirs", "1").local("a", "2").init();
    world.remote("disk/older", "3");
    world
        .sync_code(1)
        .expect_stderr("another file system is mounted there");
    world.expect_no_remote("disk/theirs").expect_local("a", "2");
    world.expect_no_local("disk/older").expect_remote("a", "2");
    drop(disk);
    world.sync();
    // Below the mount point lies what the map has there, and the disk's files were never its.
    world.expect_both(&[("a", "2"), ("disk/older", "3")]);
    world.expect_nothing_kept();
}

/// Keeps the state file on a disk of its own, of which so many pages are left when it matters.
fn a_full_disk_for_the_state(pages_left: usize) -> Option<()> {
    const PAGE_BYTES: usize = 4096;
    let world = World::embedded();
    let folder = world.home().join("disk");
    fs::create_dir(&folder).expect("the name is free");
    let _disk = Mounted::memory(&folder, "128k")?;
    symlink(folder.join("state"), world.state_file()).expect("the name is free");
    for name in ["a", "b", "gone"] {
        world.local(name, name);
    }
    world.init().sync();
    for n in 0..40 {
        world.local(&format!("up/{n:02}-{}", "x".repeat(200)), "new here");
        world.remote(&format!("down/{n:02}-{}", "y".repeat(200)), "new there");
    }
    world
        .local("a", "edited")
        .remote("b", "edited there")
        .remove("gone");
    let filler = folder.join("filler");
    let mut pages = 32;
    while fs::write(&filler, vec![1; pages * PAGE_BYTES]).is_err() {
        pages -= 1;
    }
    let pages = pages.saturating_sub(pages_left);
    fs::write(&filler, vec![1; pages * PAGE_BYTES]).expect("less than was there");
    let run = world.run(&[]);
    assert!(matches!(run.code, 0 | 3), "{run:?}");
    if run.code == 3 {
        run.expect_stderr("no space left");
    }
    for contents in ["edited", "edited there", "new here", "new there"] {
        world.expect_findable(contents);
    }
    world.run(&["--dump"]).expect_code(0);
    let done = world.tree() == world.remote_tree();
    fs::remove_file(filler).expect("it is ours");
    world.wire().forget();
    world.sync();
    if done {
        for op in [Op::Put, Op::Get, Op::Copy, Op::Delete] {
            assert_eq!(world.wire().count(op), 0, "what was done is found equal");
        }
    }
    world.expect_same().expect_no_remote("gone").expect_idle();
    assert_eq!(world.tree().len(), 82);
    Some(())
}

#[test]
fn a_disk_that_fills_while_the_state_is_written_costs_nothing_but_comparisons() {
    for pages_left in 0..16 {
        if a_full_disk_for_the_state(pages_left).is_none() {
            return;
        }
    }
}
