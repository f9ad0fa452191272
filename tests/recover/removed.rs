//! Kept versions go for good.

use super::{kept_file, kept_object};
use crate::support::terminal::{at_a_terminal, turn};
use crate::support::world::World;
use std::fs;

const ASKS: &str = "for good? [y/N] ";
const DROP: [&str; 4] = ["recover", "drop", "root", "a.txt"];

#[test]
fn a_yes_at_a_terminal_drops_what_was_shown() {
    // In the bucket only losers of conflicts are kept, so that no folder's name says it.
    for (world, path) in [
        (kept_file(), "Z-conflict/a.txt  "),
        (kept_object(), "Z/a.txt  "),
    ] {
        let seen = at_a_terminal(&world, &DROP, &[turn(ASKS, "y\n")]);
        seen.expect_code(0)
            .expect(path)
            .expect("remove 1 kept file, ")
            .expect("\nremoved root  ");
        world.expect_nothing_kept();
    }
}

#[test]
fn anything_else_drops_nothing() {
    for (typed, code) in [
        ("n\n", 0),
        ("\n", 0),
        ("\x04", 0),
        ("yess\n", 0),
        ("\x03", 130),
    ] {
        let world = kept_file();
        let seen = at_a_terminal(&world, &DROP, &[turn(ASKS, typed)]);
        seen.expect_code(code).expect_no("\nremoved");
        world.expect_kept_local("a.txt", "here");
    }
}

#[test]
fn without_a_terminal_nothing_is_dropped_but_by_force() {
    let world = kept_object();
    let refused = world.run(&DROP);
    refused
        .expect_code(2)
        .expect_stderr("nobody is there to confirm");
    world.expect_kept_remote("a.txt", "there");
    world
        .run(&[&DROP[..], &["--force"]].concat())
        .expect_code(0);
    world.expect_nothing_kept();
}

#[test]
fn what_is_called_like_a_pattern_goes_alone() {
    let world = World::agreed(&[("a[1].txt", "one"), ("a1.txt", "two"), ("x", "stays")]);
    world.remove_remote("a[1].txt").remove_remote("a1.txt");
    world.run(&["--force"]).expect_code(0);
    assert_eq!(world.kept_local().len(), 2);
    world
        .run(&["recover", "drop", "root", "a[1].txt", "--force"])
        .expect_code(0);
    world.expect_kept_local("a1.txt", "two");
    assert_eq!(world.kept_local().len(), 1);
}

/// Puts versions of an old run on both sides, and what no run has put there.
fn aged() -> World {
    let world = kept_file();
    let folder = world.path(".s3bsync/recovery");
    for run in ["2020-01-02T03-04-05Z", "my own"] {
        fs::create_dir(folder.join(run)).expect("a folder can be made");
        fs::write(folder.join(run).join("old"), "old").expect("a file can be written");
        world.remote(&format!(".s3bsync/recovery/{run}/there"), "old there");
    }
    world
}

#[test]
fn expire_removes_on_both_sides_what_is_older_than_the_map_keeps_it() {
    let world = aged();
    let dry = world.run(&["recover", "expire", "--dryrun"]);
    dry.expect_code(0);
    let lines: Vec<_> = dry.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("would remove root  local   2020-01-02T03-04-05Z/old  3 bytes"));
    assert!(lines[1].starts_with("would remove root  bucket  2020-01-02T03-04-05Z/there  9 bytes"));
    assert_eq!(world.kept_local().len(), 3, "a dry run changes nothing");
    world.run(&["recover", "expire"]).expect_code(0);
    let names =
        |tree: Vec<(String, String)>| tree.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    let [kept, own] = &names(world.kept_local())[..] else {
        panic!("{:?}", world.kept_local());
    };
    assert!(kept.ends_with("/a.txt"), "{kept}");
    assert_eq!(own, "my own/old", "what no run has put there is left alone");
    assert_eq!(names(world.kept_remote()), ["my own/there"]);
    world
        .run(&["recover", "expire"])
        .expect_code(0)
        .expect_silence();
}

#[test]
fn expire_goes_by_the_map_s_own_days() {
    let world = aged();
    world
        .run(&["edit", "root", "--keep", "36500"])
        .expect_code(0);
    world
        .run(&["recover", "expire", "root"])
        .expect_code(0)
        .expect_silence();
    assert_eq!(world.kept_local().len(), 3);
    assert_eq!(world.kept_remote().len(), 2);
}

#[test]
fn an_idle_run_asks_nothing_of_the_bucket_s_recovery_folder() {
    let world = aged();
    world.sync().expect_idle();
    assert_eq!(world.kept_remote().len(), 2, "only expire removes them");
}

/// Four blocks of any file system.
const LARGE: usize = 16 << 10;

/// A map whose recovery folder holds at most so much, where a run deletes one file and the next
/// one replaces three.
fn displaced(size: &str) -> World {
    let bytes = |n: usize| n.to_string().repeat(LARGE);
    let files: Vec<(String, String)> = (0..4).map(|n| (format!("f{n}"), bytes(n))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    let world = World::agreed_with(&files, &["--keep-size", size]);
    world.remove_remote("f0").sync();
    for key in ["f1", "f2", "f3"] {
        world.remote(key, "small");
    }
    world
}

#[test]
fn what_a_folder_over_its_size_loses_early_is_counted() {
    let world = displaced("40K");
    world
        .sync_code(0)
        .expect_stderr("note: map root: removed 2 kept files (")
        .expect_stderr("early: the recovery folder was over its --keep-size");
    let kept: Vec<String> = world
        .kept_local()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    // Replaced files go first.
    assert!(kept.iter().any(|path| path.ends_with("Z-deleted/f0")));
    world.expect_same().expect_idle();
}

#[test]
fn a_folder_within_its_size_loses_nothing() {
    for size in ["1G", "100%"] {
        let world = displaced(size);
        world.sync_code(0).expect_silence();
        assert_eq!(world.kept_local().len(), 4);
    }
}
