//! Links that somebody planted under the program's own names lead it nowhere.

use crate::support::world::World;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const SECRET: &str = "nobody's business";

/// A file that is none of the program's business, with two names under which it may be planted.
fn victim(world: &World) -> PathBuf {
    let path = world.home().join("victim");
    fs::write(&path, SECRET).expect("a file can be written");
    path
}

#[track_caller]
fn expect_untouched(world: &World, victim: &Path, name: &str) {
    let text = fs::read_to_string(victim).expect("it can be read");
    assert_eq!(text, SECRET, "by way of {name}");
    let trees = [world.remote_tree(), world.kept_remote(), world.kept_local()];
    let is_leaked = trees
        .iter()
        .flatten()
        .any(|(_, text)| text.contains(SECRET));
    assert!(!is_leaked, "by way of {name}");
}

#[test]
fn links_beside_the_state_file_are_not_followed() {
    for end in [".lock", ".tmp", ".link", ".journal", "~"] {
        let world = World::embedded();
        world.local("a", "1").init().sync();
        let victim = victim(&world);
        let name = world.home().join(format!("state.s3sync{end}"));
        let _ = fs::remove_file(&name);
        symlink(&victim, &name).expect("a link can be made");
        world.local("a", "2").remote("b", "3");
        let run = world.run(&[]);
        assert!(matches!(run.code, 0 | 1 | 3), "{run:?}");
        expect_untouched(&world, &victim, end);
        fs::remove_file(&name).ok();
        world.sync().expect_same();
    }
}

#[test]
fn links_in_the_own_folder_are_not_followed() {
    for name in ["marker", "marker.new", "recovery"] {
        let world = World::embedded();
        world
            .local("a", "1")
            .local("b", "2")
            .local("zz", "stays")
            .init()
            .sync();
        let victim = victim(&world);
        let path = world.path(".s3bsync").join(name);
        let _ = fs::remove_file(&path);
        let is_folder = name == "recovery";
        let target = if is_folder {
            world.home().join("outside")
        } else {
            victim.clone()
        };
        if is_folder {
            fs::create_dir(&target).expect("a folder can be made");
        }
        symlink(&target, &path).expect("a link can be made");
        world
            .local_at("a", "2", 1_000_000_000)
            .remote("a", "3")
            .remove_remote("b");
        let run = world.run(&[]);
        assert!(matches!(run.code, 0 | 1 | 3), "{run:?}");
        expect_untouched(&world, &victim, name);
        if is_folder {
            let inside = fs::read_dir(&target).expect("it can be read").count();
            assert_eq!(inside, 0, "in {}", target.display());
        }
        world.expect_findable("2").expect_findable("3");
    }
}
