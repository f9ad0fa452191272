//! What belongs to a map: its folder and its prefix, all of it or its top only, and nobody else's.

use crate::support::client::skipped;
use crate::support::world::{Machine, World};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_whole_bucket_can_be_mapped() {
    let w = World::at("");
    w.local("a", "v1").remote("d/b", "v1").init().sync();
    w.expect_both(&[("a", "v1"), ("d/b", "v1")]).expect_quiet(1);
    w.local_at("a", "local", 1_000)
        .remote_at("a", "remote", 2_000);
    w.local_at("d/b", "local", 2_000)
        .remote_at("d/b", "remote", 1_000);
    w.sync();
    w.expect_both(&[("a", "remote"), ("d/b", "local")]);
    w.expect_kept_local("a", "local")
        .expect_kept_remote("d/b", "remote");
    w.expect_quiet(1);
}

#[test]
fn two_maps_of_one_bucket_keep_to_themselves() {
    let w = World::at("one");
    let two = w.also("two", "two");
    w.local("a", "one");
    two.local("a", "two").remote("b", "two");
    w.init();
    two.init();
    w.sync();
    w.expect_both(&[("a", "one")]);
    two.expect_both(&[("a", "two"), ("b", "two")]);
    w.expect_quiet(2);
    two.remove("a");
    w.local("a", "edited").sync();
    w.expect_both(&[("a", "edited")]);
    two.expect_both(&[("b", "two")]);
}

#[test]
fn folders_are_left_out_where_told_so() {
    let w = World::new();
    w.local("a", "v1")
        .local("d/b", "v1")
        .remote("c", "v1")
        .remote("e/f", "v1");
    w.init_with(&["--no-recursive"]).run(&[]).expect_code(0);
    w.expect_remote("a", "v1").expect_local("c", "v1");
    w.expect_no_remote("d/b")
        .expect_no_local("e/f")
        .expect_remote("e/f", "v1");
    w.expect_quiet(1);
}

#[test]
fn folders_that_were_synced_are_frozen_when_they_are_left_out() {
    let w = World::agreed(&[("d/a", "v1"), ("d/b", "v1"), ("top", "v1")]);
    w.init_with(&["--no-recursive"]);
    w.remove("d/a").remote("d/b", "v2").local("top", "v2");
    w.run(&[]).expect_code(0).expect_silence();
    w.expect_remote("d/a", "v1")
        .expect_local("d/b", "v1")
        .expect_remote("top", "v2");
    w.expect_quiet(1);
}

/// An `--init` that must fail, and leave the state as it is.
#[track_caller]
fn expect_refused(map: &Machine) {
    let before = fs::read(map.state_file()).expect("there is a state");
    let run = map.try_init(&map.uri(), &[]);
    assert!(run.code == 2 || run.code == 3, "{run:?}");
    run.expect_stderr("overlap");
    assert_eq!(
        fs::read(map.state_file()).expect("there is a state"),
        before
    );
}

#[test]
fn maps_that_overlap_are_refused() {
    let w = World::at("docs");
    w.init();
    for (folder, prefix) in [
        ("root/inside", "other"), // a folder in a mapped one
        ("root", "other"),        // the same folder
        ("other", "docs"),        // the same prefix
        ("other", "docs/below"),  // a prefix below
        ("other", ""),            // the bucket around it
        ("other", "docs/.s3bsync/recovery"),
        ("root/.s3bsync", "other"),
    ] {
        expect_refused(&w.also(folder, prefix));
    }
    symlink(w.root(), w.home().join("link")).expect("the name is free");
    expect_refused(&w.also("link", "other"));
    w.also("root2", "docs2").init();
    w.sync();
}

#[test]
fn maps_that_have_come_to_overlap_are_refused_at_the_start() {
    let w = World::at("docs");
    let other = w.also("other", "other");
    w.local("a", "v1").local("inside/b", "v1").init();
    other.init();
    w.sync();
    fs::rename(other.root(), w.home().join("moved")).expect("the name is free");
    symlink(w.path("inside"), other.root()).expect("the name is free");
    let before = w.remote_tree();
    w.local("a", "v2").sync_code(3).expect_stderr("overlap");
    assert_eq!(w.remote_tree(), before);
    assert_eq!(other.remote_tree(), []);
}

#[test]
fn a_dropped_map_loses_no_file_and_starts_anew_when_it_comes_back() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    let root = w.root().to_str().expect("UTF-8");
    w.run(&["--init", "--rmdir", root]).expect_code(0);
    w.sync_code(0);
    w.expect_both(&[("a", "v1"), ("b", "v1"), ("zz", "stays")]);
    w.remove("a").remove_remote("b");
    w.init().sync();
    w.expect_both(&[("a", "v1"), ("b", "v1"), ("zz", "stays")]);
    w.expect_nothing_kept().expect_quiet(1);
}

#[test]
fn own_folders_of_other_maps_never_sync() {
    let w = World::agreed(&[("d/a", "v1"), ("e/.s3bsync/notes", "v1")]);
    let kept = "d/.s3bsync/recovery/2026-11-20T22-55-01Z/secret";
    // What a dropped map left behind, synced by an earlier version.
    w.local(kept, "v1").sync();
    w.expect_remote(kept, "v1");
    w.local("d/.s3bsync/marker", "s3-bsync marker 1\nand more\n");
    w.local("d/.s3bsync/recovery/2026-11-20T22-55-01Z/more", "v1");
    w.local(kept, "v2")
        .local("d/a", "v2")
        .local("e/.s3bsync/notes", "v2");
    w.run(&[])
        .expect_code(0)
        .expect_stderr("1 file that was synced is ignored now (0 before)");
    w.expect_remote("d/a", "v2")
        .expect_remote("e/.s3bsync/notes", "v2");
    w.expect_remote(kept, "v1");
    w.expect_no_remote("d/.s3bsync/marker");
    w.expect_no_remote("d/.s3bsync/recovery/2026-11-20T22-55-01Z/more");
    // What another machine's map displaced is not fetched either.
    for key in [
        "marker",
        "recovery/2026-11-20T22-55-01Z-2/x",
        "recovery/2026-11-20T22-55-01Z-replaced/x",
    ] {
        w.remote(&format!("f/.s3bsync/{key}"), "theirs");
    }
    w.remote("f/.s3bsync/recovery/mine", "theirs").sync();
    w.expect_no_local("f/.s3bsync/marker");
    for run in ["2026-11-20T22-55-01Z-2", "2026-11-20T22-55-01Z-replaced"] {
        w.expect_no_local(&format!("f/.s3bsync/recovery/{run}/x"));
    }
    w.expect_local("f/.s3bsync/recovery/mine", "theirs")
        .expect_quiet(1);
}

/// A directory mounted under a second path; gone when dropped.
struct Bind(std::path::PathBuf);

impl Bind {
    fn mounted(from: &std::path::Path, at: std::path::PathBuf) -> Option<Self> {
        fs::create_dir(&at).expect("a folder can be made");
        let mut mount = std::process::Command::new("mount");
        let mounted = mount.arg("--bind").arg(from).arg(&at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at));
        }
        skipped("nothing can be mounted here");
        None
    }
}

impl Drop for Bind {
    fn drop(&mut self) {
        let mut umount = std::process::Command::new("umount");
        let _ = umount.arg("-l").arg(&self.0).status();
    }
}

#[test]
fn two_maps_of_one_directory_are_refused_by_whatever_path() {
    let w = World::agreed(&[("d/a", "v1")]);
    let Some(bind) = Bind::mounted(w.root(), w.home().join("again")) else {
        return;
    };
    let whole = bind.0.to_str().expect("UTF-8").to_owned();
    let below = format!("{whole}/d");
    for path in [&whole, &below] {
        w.run(&["--init", "--dir", path, "s3://elsewhere/x"])
            .expect_code(2)
            .expect_stderr("lead to one directory");
        w.run(&["add", path, "s3://elsewhere/x"])
            .expect_code(2)
            .expect_stderr("lead to one directory");
    }
    // Mounted only after it was mapped.
    drop(bind);
    w.run(&["--init", "--dir", &whole, "s3://elsewhere/x"])
        .expect_code(0);
    fs::remove_dir(&whole).expect("nothing is mounted there");
    let Some(_bind) = Bind::mounted(w.root(), whole.into()) else {
        return;
    };
    w.local("d/a", "v2")
        .sync_code(3)
        .expect_stderr("lead to one directory");
    w.expect_remote("d/a", "v1");
}
