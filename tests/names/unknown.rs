//! Unknown is not absent: what cannot be read, or is hidden under a mount, is left alone.

use crate::support::client::skipped;
use crate::support::world::{Machine, World};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A user who owns nothing.
const NOBODY: u32 = 65_534;

/// A sync as a user who may not read everything. `None` where the tests run as the
/// super-user, whom nothing is forbidden, and cannot become another.
fn sync_as_nobody(machine: &Machine) -> Option<Output> {
    let mut command = machine.command(&[]);
    let scene = machine.home().parent().expect("homes have parents");
    let is_root = scene.metadata().is_ok_and(|meta| {
        use std::os::unix::fs::MetadataExt;
        meta.uid() == 0
    });
    if is_root {
        fs::set_permissions(scene, fs::Permissions::from_mode(0o755)).expect("it is ours");
        give_away(machine.home());
        command.uid(NOBODY).gid(NOBODY);
    }
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            skipped(&format!("the program cannot be run as nobody: {error}"));
            None
        }
    }
}

fn give_away(path: &Path) {
    if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        for entry in fs::read_dir(path).expect("it can be read").flatten() {
            give_away(&entry.path());
        }
    }
    chown(path, Some(NOBODY), Some(NOBODY)).expect("root may do that");
}

fn forbid(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("it is ours");
}

#[track_caller]
fn expect(output: &Output, code: i32, text: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(text), "{text:?} in {stderr}");
}

#[test]
fn a_folder_that_cannot_be_read_is_left_alone_with_all_below_it() {
    let w = World::agreed(&[
        ("d/a", "v1"),
        ("d/e/b", "v1"),
        ("d/same", "v1"),
        ("c", "v1"),
    ]);
    forbid(&w.path("d"));
    w.remote("d/a", "v2")
        .remove_remote("d/e/b")
        .remote("d/new", "v1")
        .local("c", "v2");
    let Some(output) = sync_as_nobody(&w) else {
        return;
    };
    expect(&output, 1, "skipped d: it cannot be read");
    let lines = output.stderr.split(|&byte| byte == b'\n').count() - 1;
    assert_eq!(lines, 1, "nothing below it is tried");
    fs::set_permissions(w.path("d"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    w.expect_local("d/a", "v1")
        .expect_local("d/e/b", "v1")
        .expect_no_local("d/new");
    w.expect_remote("d/a", "v2")
        .expect_remote("c", "v2")
        .expect_nothing_kept();
    w.expect_remote("d/same", "v1");
    w.sync()
        .expect_local("d/a", "v2")
        .expect_local("d/new", "v1")
        .expect_same();
}

#[test]
fn a_file_that_cannot_be_read_is_not_absent() {
    let w = World::agreed(&[("a", "v1"), ("c", "v1")]);
    w.local("a", "v2").local("c", "v2");
    forbid(&w.path("a"));
    let Some(output) = sync_as_nobody(&w) else {
        return;
    };
    expect(&output, 1, "a: ");
    w.expect_remote("a", "v1").expect_remote("c", "v2");
}

#[test]
fn rules_that_cannot_be_read_freeze_the_directory() {
    let w = World::agreed(&[("d/a", "v1"), ("d/b", "v1"), ("c", "v1")]);
    w.local("d/.s3syncignore", "a\n");
    w.local("d/a", "v2").remove("d/b").local("c", "v2");
    forbid(&w.path("d/.s3syncignore"));
    let Some(output) = sync_as_nobody(&w) else {
        return;
    };
    expect(&output, 1, "skipped d/: d/.s3syncignore: permission denied");
    w.expect_remote("d/a", "v1").expect_remote("d/b", "v1");
    w.expect_remote("c", "v2");
}

/// A file system mounted on a folder, until dropped.
struct Mount(PathBuf);

impl Mount {
    fn on(path: PathBuf) -> Option<Self> {
        let mut command = Command::new("mount");
        let mounted = command.args(["-t", "tmpfs", "none"]).arg(&path).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            Some(Self(path))
        } else {
            skipped("nothing can be mounted here");
            None
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn what_lies_under_a_mount_is_left_alone_and_what_lies_on_it_too() {
    let w = World::agreed(&[("d/a", "v1"), ("d/e/b", "v1"), ("c", "v1")]);
    let Some(mount) = Mount::on(w.path("d")) else {
        return;
    };
    w.local("d/foreign", "v1")
        .local("c", "v2")
        .remote("d/a", "v2");
    w.sync_code(1)
        .expect_stderr("skipped d: another file system is mounted there");
    w.expect_remote("d/a", "v2")
        .expect_remote("d/e/b", "v1")
        .expect_remote("c", "v2");
    w.expect_no_remote("d/foreign").expect_no_local("d/a");
    w.expect_frozen(1, "skipped d: another file system is mounted there");
    drop(mount);
    w.sync();
    w.expect_both(&[("c", "v2"), ("d/a", "v2"), ("d/e/b", "v1"), ("zz", "stays")]);
}

#[test]
fn a_root_under_a_mount_stops_the_map() {
    let w = World::agreed(&[("a", "v1")]);
    let Some(mount) = Mount::on(w.root().to_owned()) else {
        return;
    };
    w.sync_code(3).expect_stderr("root");
    drop(mount);
    w.expect_both(&[("a", "v1"), ("zz", "stays")]);
    w.expect_quiet(1);
}

#[test]
fn a_mount_on_the_root_whose_disk_went_away_stops_the_map() {
    let w = World::new();
    let Some(mount) = Mount::on(w.root().to_owned()) else {
        return;
    };
    w.local("a", "v1").local("b", "v1").init().sync();
    drop(mount);
    w.sync_code(3).expect_stderr("root");
    assert_eq!(w.remote_tree().len(), 2);
}

#[test]
fn a_missing_root_stops_the_map() {
    let w = World::agreed(&[("a", "v1")]);
    fs::rename(w.root(), w.home().join("away")).expect("the name is free");
    w.sync_code(3).expect_stderr("root");
    assert_eq!(w.remote_tree().len(), 2);
    fs::create_dir(w.root()).expect("the name is free");
    w.sync_code(3).expect_stderr("holds no marker");
    assert_eq!(w.remote_tree().len(), 2);
}
