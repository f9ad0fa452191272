//! Power cuts: a run is recorded call by call, and every disk is tried that it may have left when
//! only what was synced is sure to be there. Nothing may be lost by it, nothing half written may be
//! taken for a file, and the next runs carry on.
//!
//! All images are looked at; so many of each story are also given to the program, spread evenly.
//! `S3BSYNC_CRASH_IMAGES=all` gives it every one.

#[path = "../support/mod.rs"]
mod support;

mod disk;
mod effect;
mod images;
mod laws;
mod record;
mod story;
mod watch;

use std::time::Duration;
use story::Story;
use support::wire::{Fault, Op, When};
use support::world::{Kill, World};

/// Calls that older kernels do not have.
const OLD_KERNEL: [&str; 2] = [
    "-einject=renameat2:error=ENOSYS",
    "-einject=openat2:error=ENOSYS",
];

const DOWNLOADED: Story<'static> = Story {
    wanted: &[
        ("both", "both there"),
        ("folder/deep/new", "deep there"),
        ("new", "new there"),
        ("old", "old there"),
        ("zz", "stays"),
    ],
    precious: &[
        "both here",
        "both there",
        "old at first",
        "old there",
        "new there",
        "deep there",
        "stays",
    ],
    passing: &["both at first"],
};

fn downloads(world: &World) {
    world
        .local("both", "both at first")
        .local("old", "old at first");
    world.local("zz", "stays").init().sync();
    world.local_at("both", "both here", 1_000_000_000);
    world.remote("both", "both there");
    world.remote("old", "old there").remote("new", "new there");
    world.remote("folder/deep/new", "deep there");
}

#[test]
fn a_power_cut_while_files_are_placed_loses_nothing() {
    let world = World::embedded();
    downloads(&world);
    DOWNLOADED.tell(&world, &[], 40);
}

#[test]
fn a_power_cut_while_files_are_placed_on_an_old_kernel_loses_nothing() {
    let world = World::embedded();
    downloads(&world);
    DOWNLOADED.tell(&world, &OLD_KERNEL, 20);
}

const MOVED: Story<'static> = Story {
    wanted: &[
        ("edited", "edited here"),
        ("gone/stays", "stays there"),
        ("mine/there", "mine"),
        ("theirs/from/stays", "stays here"),
        ("theirs/to/sub/file", "theirs"),
        ("zz", "stays"),
    ],
    precious: &["edited here", "mine", "theirs", "removed there", "stays"],
    passing: &["edited at first", "removed here"],
};

fn moves(world: &World) {
    world
        .local("edited", "edited at first")
        .local("mine/here", "mine");
    world
        .local("theirs/from/file", "theirs")
        .local("gone/there", "removed there");
    world.local("gone/here", "removed here");
    // A folder that keeps something is not removed, so that it must be synced itself.
    world.local("gone/stays", "stays there");
    world.local("theirs/from/stays", "stays here");
    world.local("zz", "stays").init().sync();
    world
        .local("edited", "edited here")
        .rename("mine/here", "mine/there");
    world.remove("gone/here").remove_remote("gone/there");
    if let Some(hand) = world.hand() {
        hand.rename("docs/theirs/from/file", "docs/theirs/to/sub/file", None);
    }
}

#[test]
fn a_power_cut_while_files_move_and_go_loses_nothing() {
    let world = World::embedded();
    moves(&world);
    MOVED.tell(&world, &[], 40);
}

#[test]
fn a_power_cut_while_files_move_and_go_on_an_old_kernel_loses_nothing() {
    let world = World::embedded();
    moves(&world);
    MOVED.tell(&world, &OLD_KERNEL, 20);
}

const BEGUN: Story<'static> = Story {
    wanted: &[("a", "a here"), ("b", "b there"), ("both", "both there")],
    precious: &["a here", "b there", "both here", "both there"],
    passing: &[],
};

#[test]
fn a_power_cut_in_the_first_run_of_a_map_loses_nothing() {
    let world = World::embedded();
    world.local("a", "a here").remote("b", "b there");
    world.local_at("both", "both here", 1_000_000_000);
    world.remote("both", "both there").init();
    BEGUN.tell(&world, &[], 30);
}

/// A run that ends early leaves a journal; the next one makes a state of it.
#[test]
fn a_power_cut_while_a_journal_is_carried_on_loses_nothing() {
    let world = World::embedded();
    downloads(&world);
    let last = When::op(Op::Get).key("docs/old");
    let pause = Fault::Delay(Duration::from_millis(400));
    world.wire().fault(last.clone(), pause);
    let run = world.killed(&["--jobs", "1"], last, Kill::Before);
    assert!(run.is_none(), "the run was killed");
    assert!(
        world.home().join("state.s3sync.journal").exists(),
        "there is a journal"
    );
    DOWNLOADED.tell(&world, &[], 30);
}

/// Receipts come in several batches, each of which makes the journal longer.
#[test]
fn a_power_cut_while_the_journal_grows_loses_nothing() {
    let world = World::embedded();
    downloads(&world);
    for key in ["docs/folder/deep/new", "docs/new", "docs/old"] {
        let pause = Fault::Delay(Duration::from_millis(400));
        world.wire().fault(When::op(Op::Get).key(key), pause);
    }
    DOWNLOADED.tell(&world, &[], 40);
}

/// What an idle run writes, it writes in place.
#[test]
fn a_power_cut_while_the_time_is_written_loses_nothing() {
    let world = World::embedded();
    world.local("zz", "stays").init().sync();
    world.local("edited", "edited at first").sync();
    world.local("edited", "edited here").sync();
    let story = Story {
        wanted: &[("edited", "edited here"), ("zz", "stays")],
        precious: &["edited here", "stays"],
        passing: &["edited at first"],
    };
    story.tell(&world, &[], 10);
}

/// The very first state file is there wholly or not at all.
#[test]
fn a_power_cut_while_a_map_is_added_loses_nothing() {
    let world = World::embedded();
    world.local("a", "a here").remote("b", "b there");
    world.local_at("both", "both here", 1_000_000_000);
    world.remote("both", "both there");
    BEGUN.tell_init(&world, 20);
}

/// A damaged state is moved aside and the one before takes its place.
#[test]
fn a_power_cut_while_a_damaged_state_gives_way_loses_nothing() {
    let world = World::embedded();
    world
        .local("edited", "edited at first")
        .local("zz", "stays");
    world.init().sync().local("edited", "edited here").sync();
    world.remote("new", "new there").local("more", "more here");
    let mut bytes = std::fs::read(world.state_file()).expect("there is a state");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    std::fs::write(world.state_file(), bytes).expect("it can be written");
    let story = Story {
        wanted: &[
            ("edited", "edited here"),
            ("more", "more here"),
            ("new", "new there"),
            ("zz", "stays"),
        ],
        precious: &["edited here", "more here", "new there", "stays"],
        passing: &["edited at first"],
    };
    story.tell(&world, &[], 30);
}
