//! Disks that are full, read-only, or not mounted. Where nothing may be mounted, it says so.

use crate::support::client::skipped;
use crate::support::wire::Op;
use crate::support::world::World;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mounted(at: &Path, size: &str) -> Option<Self> {
        let options = format!("size={size},mode=0755");
        let args = ["-t", "tmpfs", "-o", &options, "s3bsync-test"];
        let mounted = Command::new("mount").args(args).arg(at).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        skipped("nothing may be mounted here");
        None
    }

    fn remount(&self, option: &str) {
        let args = ["-o", &format!("remount,{option}")];
        let status = Command::new("mount").args(args).arg(&self.0).status();
        assert!(status.expect("mount can be started").success(), "remount");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_fulldisk_fails_a_download_and_hinders_no_upload() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "512k") else {
        return;
    };
    world.local("a", "1").local("gone", "2").init().sync();
    let large = vec![b'x'; 600 * 1024];
    world
        .remote("large", &large)
        .remote("small", "3")
        .local("up", "4")
        .remove("gone");
    let run = world.sync_code(1);
    run.expect_stderr("large")
        .expect_stderr("no space left")
        .expect_stderr("hint: free some");
    world.expect_no_local("large").expect_local("small", "3");
    world.expect_remote("up", "4").expect_no_remote("gone");
    let names = fs::read_dir(world.root()).expect("the root can be read");
    for name in names {
        let name = name.expect("the root can be read").file_name();
        assert!(!name.to_string_lossy().contains("tmp-"), "{name:?} is left");
    }
    // Room is made: the next run goes on.
    disk.remount("size=4m");
    world.wire().forget();
    world.sync();
    world.expect_requests(&[(Op::List, 1), (Op::Get, 1)]);
    world.expect_local("large", &large);
}

#[test]
fn a_read_only_root_changes_nothing_on_either_side() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("a", "1").local("b", "2").init().sync();
    world.local("a", "1 edited").remove("b").remote("new", "3");
    disk.remount("ro");
    let run = world.sync_code(3);
    run.expect_stderr("read-only")
        .expect_stderr("hint: mount the file system read-write");
    world
        .expect_remote("a", "1")
        .expect_remote("b", "2")
        .expect_no_local("new");
    disk.remount("rw");
    world.sync();
    world.expect_both(&[("a", "1 edited"), ("new", "3")]);
}

#[test]
fn adisk_that_is_not_mounted_stops_the_map() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("a", "1").local("b", "2").init().sync();
    drop(disk);
    world
        .sync_code(3)
        .expect_stderr("marker")
        .expect_stderr("hint: is the right disk mounted");
    assert_eq!(world.remote_tree().len(), 2, "nothing is deleted");
    assert_eq!(world.tree(), [], "nothing is written below the mount point");
}

#[test]
fn what_lies_on_anotherdisk_inside_the_root_is_unknown() {
    let world = World::new();
    world.local("sub/a", "1").local("b", "2").init().sync();
    fs::rename(world.path("sub"), world.home().join("away")).expect("a folder can be renamed");
    fs::create_dir(world.path("sub")).expect("a folder can be made");
    let Some(_disk) = Disk::mounted(&world.path("sub"), "1m") else {
        return;
    };
    world.local("b", "2 edited");
    world.sync_code(1).expect_stderr("sub");
    world
        .expect_remote("sub/a", "1")
        .expect_remote("b", "2 edited");
}

/// Leaves no byte free.
fn fill(world: &World) {
    use std::io::Write;
    let mut file = fs::File::create(world.path("fill")).expect("a file can be made");
    for bytes in [4096, 64, 1] {
        while file.write_all(&vec![b'f'; bytes]).is_ok() {}
    }
}

#[test]
fn with_no_byte_free_uploads_and_deletions_in_the_bucket_still_happen() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "512k") else {
        return;
    };
    world.local("a", "1").local("gone", "2").init().sync();
    world.local("up", "4").remove("gone").remote("new", "3");
    fill(&world);
    let run = world.sync_code(1);
    run.expect_stderr("new")
        .expect_stderr("no space left")
        .expect_stderr("hint: free some space; uploads and deletions in the bucket went on");
    assert!(!run.stderr.contains("note: "), "{}", run.stderr);
    world.expect_remote("up", "4").expect_no_remote("gone");
    world.expect_no_local("new");
    // It was recorded: a deletion stays a deletion.
    fs::remove_file(world.path("up")).expect("it is there");
    fill(&world);
    world.sync_code(1);
    world.expect_no_remote("up").expect_no_local("up");
    disk.remount("size=4m");
    world.sync().expect_local("new", "3").expect_same();
}

#[test]
fn a_first_run_with_no_byte_free_sends_everything() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "256k") else {
        return;
    };
    world.local("a", "1").init();
    fill(&world);
    world
        .run(&[])
        .expect_code(0)
        .expect_stderr("is not recorded");
    world.expect_remote("a", "1");
    world.wire().forget();
    world.run(&[]).expect_code(0);
    let log = world.wire().log();
    assert!(log.iter().all(|one| one.op != Op::Put), "{log:?}");
    disk.remount("size=4m");
    world.sync().expect_same().expect_idle();
}
