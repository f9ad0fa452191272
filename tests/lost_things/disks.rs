//! Disks that are full, read-only, or not mounted. Where nothing may be mounted, it says so.

use crate::support::client::skipped;
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mounted(at: &Path, size: &str) -> Option<Self> {
        Self::of_type("tmpfs", at, &format!("size={size},mode=0755"))
    }

    /// A read-only view of these directories: one device number for each, the inodes are theirs.
    fn overlaid(at: &Path, below: [&Path; 2]) -> Option<Self> {
        let [upper, lower] = below.map(Path::display);
        Self::of_type("overlay", at, &format!("lowerdir={upper}:{lower}"))
    }

    fn of_type(name: &str, at: &Path, options: &str) -> Option<Self> {
        let args = ["-t", name, "-o", options, "s3bsync-test"];
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
        .expect_stderr("hint: mount the file system read-write, or map it with --direction push");
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

#[test]
fn a_push_works_from_a_read_only_snapshot() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("a", "1").local("b", "2").local("c", "3");
    disk.remount("ro");
    world.init_with(&["--direction", "push"]);
    world.run(&[]).expect_code(0).expect_silence();
    world.expect_remote("a", "1").expect_remote("b", "2");
    world.expect_idle();
    for command in [&["ls", "root"][..], &["verify"], &["status"]] {
        world.run(command).expect_code(0);
    }
    disk.remount("rw");
    world.local("a", "1 edited").remove("b");
    disk.remount("ro");
    world.run(&["--full"]).expect_code(0).expect_silence();
    world.expect_remote("a", "1 edited").expect_remote("b", "2");
    world.expect_idle();
    assert!(!world.path(".s3bsync").exists(), "nothing is written there");
}

#[test]
fn the_next_snapshot_is_recognized_by_its_files_on_any_device() {
    let world = World::new();
    let [live, empty] = ["live", "empty"].map(|name| world.home().join(name));
    for path in [&live, &empty] {
        fs::create_dir(path).expect("a folder can be made");
    }
    for (name, text) in [("a", "1"), ("b", "2")] {
        fs::write(live.join(name), text).expect("a file can be written");
    }
    let Some(_first) = Disk::overlaid(world.root(), [&live, &empty]) else {
        return;
    };
    world.init_with(&["--direction", "push", "--delete"]).sync();
    world.expect_remote("a", "1").expect_remote("b", "2");
    let device = || fs::metadata(world.root()).expect("it is there").dev();
    let first_device = device();
    fs::remove_file(live.join("a")).expect("it is there");
    let _next = Disk::overlaid(world.root(), [&live, &empty]).expect("as before");
    assert_ne!(device(), first_device);
    world.sync().expect_no_remote("a").expect_remote("b", "2");
    world.expect_idle();
}

#[test]
fn an_empty_mount_point_or_another_disk_is_never_taken_for_the_snapshot() {
    for settings in [
        &["--direction", "push"][..],
        &["--direction", "push", "--delete"],
    ] {
        let world = World::new();
        let Some(disk) = Disk::mounted(world.root(), "1m") else {
            return;
        };
        world.local("a", "1").local("b", "2");
        disk.remount("ro");
        world.init_with(settings).sync();
        drop(disk);
        world.sync_code(3).expect_stderr("marker");
        assert_eq!(world.tree(), [], "nothing is written below the mount point");
        let other = Disk::mounted(world.root(), "1m").expect("as before");
        other.remount("ro");
        world
            .sync_code(3)
            .expect_stderr("is read-only and holds no file as it was when it was synced")
            .expect_stderr("hint: is the right disk mounted");
        world.expect_remote("a", "1").expect_remote("b", "2");
        // One that is not empty, perhaps even under the numbers of the first.
        other.remount("rw");
        world.local("b", "another b").local("c", "3");
        other.remount("ro");
        world.run(&[]);
        world.expect_remote("a", "1").expect_findable("2");
        if settings.contains(&"--delete") {
            world.expect_remote("b", "2").expect_no_remote("c");
        }
        world
            .run(&["--force"])
            .expect_code(0)
            .expect_stderr("nothing is deleted");
        world
            .expect_remote("a", "1")
            .expect_remote("c", "3")
            .expect_findable("2");
    }
}

#[test]
fn a_small_tree_that_changed_as_a_whole_is_pushed_and_what_it_replaces_is_kept() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("dump", "1");
    disk.remount("ro");
    world.init_with(&["--direction", "push"]).sync();
    disk.remount("rw");
    world.local("dump", "2");
    disk.remount("ro");
    let run = world.run(&[]);
    run.expect_code(0)
        .expect_stderr("objects that differ are replaced and kept");
    world.expect_remote("dump", "2");
    world.expect_kept("1").expect_idle();
}

#[test]
fn a_map_that_goes_both_ways_is_not_pushed_without_its_marker_for_once() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("a", "1").local("b", "2").init().sync();
    world.local("a", "1 edited").remove("b");
    disk.remount("ro");
    let run = world.run(&["push", "root"]);
    run.expect_code(3).expect_stderr("read-only");
    world.expect_remote("a", "1");
    disk.remount("rw");
    world.sync();
    world.expect_both(&[("a", "1 edited")]);
}

#[test]
fn a_push_without_evidence_that_broke_off_keeps_what_the_next_one_replaces() {
    let world = World::new();
    let Some(disk) = Disk::mounted(world.root(), "1m") else {
        return;
    };
    world.local("a", "1").local("b", "2");
    disk.remount("ro");
    world.init_with(&["--direction", "push"]).sync();
    disk.remount("rw");
    world.local("a", "another a").local("b", "another b");
    disk.remount("ro");
    // The second object is not even kept.
    let refused = When::op(Op::Copy).nth(2);
    world
        .wire()
        .fault(refused, Fault::Status(400, "InvalidArgument"));
    assert_ne!(world.run(&["--jobs", "1"]).code, 0);
    world.wire().heal();
    world
        .expect_remote("a", "another a")
        .expect_remote("b", "2");
    world.run(&[]).expect_code(0);
    world.expect_remote("b", "another b");
    world.expect_kept("1").expect_kept("2");
}
