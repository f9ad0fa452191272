//! A folder that is swapped for a symlink while the program runs never leads it outside.

use crate::support::world::World;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const ROUNDS: usize = 20;
const SECRET: &str = "nobody's business";

/// Everything in a folder, with what a change would show in.
fn all(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let meta = entry.metadata().expect("an entry can be looked at");
        let name = entry.file_name().into_string().expect("UTF-8");
        let bytes = fs::read(entry.path()).unwrap_or_default();
        let change = (bytes, meta.mode(), meta.mtime_nsec(), meta.ctime_nsec());
        found.insert(name, change);
    }
    found
}

/// Runs the program while the folder at `path` is swapped for a symlink, and back, all the time.
fn run_swapped(world: &World, path: &str, args: &[&str]) {
    let (real, link) = (world.path(path), world.home().join("link"));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let swap = || renameat_with(CWD, &real, CWD, &link, RenameFlags::EXCHANGE);
            while !stop.load(Ordering::Relaxed) {
                swap().expect("names can be exchanged");
                std::thread::yield_now();
            }
            if real.is_symlink() {
                swap().expect("names can be exchanged");
            }
        });
        let run = world.run(args);
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(run.code, 0 | 1 | 3), "{run:?}");
        assert!(!run.stderr.contains("panicked"), "{run:?}");
    });
}

/// What is done in the folder `dir` by either side, round by round, all of it new.
fn change(world: &World, round: usize) {
    let text = |name: &str| format!("{name} in round {round}");
    world
        .local("dir/up", text("up"))
        .remote("dir/down", text("down"));
    world.local(&format!("dir/new-{round}"), text("new here"));
    world.remote(&format!("dir/far-{round}"), text("new there"));
    world.local_at("dir/both", text("both here"), 1_000_000_000 + round as u64);
    world.remote("dir/both", text("both there"));
    if round > 0 {
        world.remove_remote(&format!("dir/new-{}", round - 1));
        if let Some(hand) = world.hand() {
            let before = round - 1;
            let (from, to) = (
                format!("docs/dir/far-{before}"),
                format!("docs/dir/to-{before}"),
            );
            if hand.get(&from).is_some() {
                hand.rename(&from, &to, None);
            }
        }
    }
}

fn race(path: &str, outside_names: &[&str]) {
    let world = World::embedded();
    world
        .local("dir/up", "1")
        .local("dir/down", "2")
        .local("dir/both", "3");
    world.local("zz", "stays").init().sync();
    let outside = world.home().join("outside");
    fs::create_dir(&outside).expect("a folder can be made");
    for name in outside_names {
        fs::write(outside.join(name), format!("{SECRET}: {name}")).expect("it can be written");
    }
    symlink(&outside, world.home().join("link")).expect("a link can be made");
    let before = all(&outside);
    for round in 0..ROUNDS {
        change(&world, round);
        run_swapped(&world, path, &["--full"][..round % 2]);
        assert_eq!(
            all(&outside),
            before,
            "round {round}: something outside changed"
        );
        let mut seen = world.remote_tree();
        seen.extend(world.kept_remote());
        seen.extend(world.kept_local());
        seen.extend(world.tree());
        let leaked: Vec<_> = seen
            .iter()
            .filter(|(_, text)| text.contains(SECRET))
            .collect();
        assert!(leaked.is_empty(), "round {round}: {leaked:?}");
        let text = |name: &str| format!("{name} in round {round}");
        for lost in [
            "up",
            "down",
            "new here",
            "new there",
            "both here",
            "both there",
        ] {
            world.expect_findable(&text(lost));
        }
        // In peace everything comes right again.
        world.run(&[]);
        world.sync().expect_same();
    }
}

#[test]
fn a_folder_swapped_for_a_symlink_leads_nowhere() {
    race("dir", &["up", "down", "both", "new-0", "far-0", "more"]);
}

#[test]
fn the_own_folder_swapped_for_a_symlink_leads_nowhere() {
    race(".s3bsync", &["marker", "marker.new", "recovery"]);
}
