//! Symlinks: left alone, or read as the file to which they lead, and never written through.

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use support::wire::Op;
use support::world::{Machine, World};

const FOLLOW: [&str; 2] = ["--links", "follow-inside"];
const LEFT_ALONE: &str = "it is a symlink here, which is left alone";

fn link(machine: &Machine, name: &str, target: &str) {
    let path = machine.path(name);
    let _ = fs::remove_file(&path);
    symlink(target, path).expect("a link can be made");
}

#[track_caller]
fn expect_link(machine: &Machine, name: &str, target: &str) {
    let found = fs::read_link(machine.path(name)).expect("it is still a link");
    assert_eq!(found.to_str(), Some(target));
}

/// A file and a link to it, on both sides.
fn linked() -> World {
    let world = World::embedded();
    world.local("zz", "stays").local("d/file", "the file");
    link(&world, "link", "d/file");
    world.init_with(&FOLLOW).sync();
    world
}

#[test]
fn a_link_inside_is_sent_as_a_file_of_its_own_and_comes_down_as_one() {
    let world = linked();
    world
        .expect_remote("link", "the file")
        .expect_remote("d/file", "the file")
        .expect_idle();
    let other = world.machine("b");
    other.init_with(&FOLLOW).sync();
    let meta = fs::symlink_metadata(other.path("link")).expect("it is there");
    assert!(meta.is_file());
    other.expect_local("link", "the file").expect_idle();
    world.run(&["--full"]).expect_code(0);
    expect_link(&world, "link", "d/file");
}

#[test]
fn links_that_lead_elsewhere_are_skipped_and_named() {
    let world = World::embedded();
    world
        .local("zz", "stays")
        .local("d/file", "1")
        .init_with(&FOLLOW);
    fs::write(world.home().join("secret"), "secret").expect("it can be written");
    let absolute = world.path("zz").display().to_string();
    let inside = format!("../{}/zz", world.root().file_name().unwrap().display());
    world.sync();
    let cases = [
        ("dir", "d", "it is a symlink to a directory"),
        ("nothing", "gone", "leads to nothing"),
        ("secret", "../secret", "leads out of the directory"),
        ("absolute", absolute.as_str(), "leads out of the directory"),
        ("step", inside.as_str(), "leads out of the directory"),
        ("circle", "circle", "leads round in a circle"),
        ("own", ".s3bsync/marker", "no part of any map"),
    ];
    for (name, target, _) in cases {
        link(&world, name, target);
    }
    let run = world.sync_code(1);
    for (name, _, why) in cases {
        run.expect_stderr(&format!("skipped {name}: "))
            .expect_stderr(why);
        world.expect_no_remote(name);
    }
    assert_eq!(world.remote_tree().len(), 2);
}

#[test]
fn an_ignored_file_is_not_sent_under_the_name_of_a_link() {
    let world = World::new();
    world
        .local("z/secret.key", "never sent")
        .local("z/.s3syncignore", "*.key")
        .local("cache/big", "never sent either")
        .local(".s3syncignore", "cache/")
        .local("z/plain", "sent");
    // The rules of a directory that the scan has not come to yet count as well.
    link(&world, "a", "z/secret.key");
    link(&world, "b", "cache/big");
    link(&world, "c", "z/plain");
    world.init_with(&["--links", "follow-inside"]);
    let run = world.sync_code(1);
    for name in ["a", "b"] {
        run.expect_stderr(&format!(
            "skipped {name}: it is a symlink to a file that is ignored"
        ));
        world.expect_no_remote(name);
    }
    world.expect_remote("c", "sent");
    for (key, contents) in world.remote_tree() {
        assert!(!contents.contains("never sent"), "{key}");
    }
    // A file that is there again, once it is ignored no more.
    fs::remove_file(world.path("z/.s3syncignore")).unwrap();
    world.sync_code(1);
    world.expect_remote("a", "never sent");
}

#[test]
fn what_the_link_leads_to_changes_the_link_s_object() {
    let world = linked();
    world.local("d/file", "edited").sync();
    world
        .expect_remote("link", "edited")
        .expect_remote("d/file", "edited");
    world.local("e", "another file").sync();
    link(&world, "link", "e");
    world.sync();
    world
        .expect_remote("link", "another file")
        .expect_remote("d/file", "edited")
        .expect_idle();
}

#[test]
fn a_link_that_is_removed_is_a_deletion_and_one_that_dangles_is_not() {
    let world = linked();
    fs::remove_file(world.path("link")).expect("it can be removed");
    world.sync();
    world
        .expect_no_remote("link")
        .expect_remote("d/file", "the file");

    let world = linked();
    world.remove("d/file");
    world.sync_code(1).expect_stderr("leads to nothing");
    world
        .expect_remote("link", "the file")
        .expect_no_remote("d/file");
}

#[test]
fn a_link_that_becomes_a_file_is_an_edit() {
    let world = linked();
    fs::remove_file(world.path("link")).expect("it can be removed");
    world.local("link", "a file now").sync();
    world
        .expect_remote("link", "a file now")
        .expect_remote("d/file", "the file")
        .expect_idle();
}

#[test]
fn what_changes_in_the_bucket_is_not_written_through_a_link() {
    let world = linked();
    world.remote("link", "from elsewhere");
    for _ in 0..2 {
        world.sync_code(1).expect_stderr(LEFT_ALONE);
        expect_link(&world, "link", "d/file");
        world
            .expect_local("d/file", "the file")
            .expect_remote("link", "from elsewhere")
            .expect_remote("d/file", "the file");
    }
    // A person decides: without the link the object comes down.
    fs::remove_file(world.path("link")).expect("it can be removed");
    world.sync();
    world.expect_local("link", "from elsewhere").expect_idle();
}

#[test]
fn what_is_deleted_in_the_bucket_does_not_delete_a_link() {
    let world = linked();
    world.remove_remote("link");
    world.sync_code(1).expect_stderr(LEFT_ALONE);
    expect_link(&world, "link", "d/file");
    world
        .expect_local("d/file", "the file")
        .expect_no_remote("link");
}

#[test]
fn what_is_renamed_in_the_bucket_does_not_rename_a_link() {
    let world = linked();
    let other = world.machine("b");
    other.init_with(&FOLLOW).sync();
    other.rename("link", "renamed").sync();
    world.sync_code(1).expect_stderr(LEFT_ALONE);
    expect_link(&world, "link", "d/file");
    world
        .expect_local("renamed", "the file")
        .expect_local("d/file", "the file")
        .expect_remote("d/file", "the file");
}

#[test]
fn changes_on_both_sides_of_a_link_lose_neither() {
    for policy in ["newer", "keep-both", "local", "remote", "ask"] {
        let world = World::embedded();
        world.local("zz", "stays").local("d/file", "the file");
        link(&world, "link", "d/file");
        world.init_with(&[&FOLLOW[..], &["--conflict", policy]].concat());
        world.sync();
        world
            .local("d/file", "edited here")
            .remote("link", "edited there");
        world.run(&[]);
        expect_link(&world, "link", "d/file");
        world
            .expect_local("d/file", "edited here")
            .expect_findable("edited here")
            .expect_findable("edited there");
    }
}

#[test]
fn one_way_maps_leave_links_alone_too() {
    let pull = [&FOLLOW[..], &["--direction", "pull", "--delete"]].concat();
    let world = World::embedded();
    world.remote("zz", "stays").remote("link", "theirs");
    world.local("d/file", "the file");
    link(&world, "link", "d/file");
    world
        .init_with(&pull)
        .sync_code(1)
        .expect_stderr(LEFT_ALONE);
    expect_link(&world, "link", "d/file");

    let push = [&FOLLOW[..], &["--direction", "push", "--delete"]].concat();
    let world = World::embedded();
    world.local("zz", "stays").local("d/file", "the file");
    link(&world, "link", "d/file");
    world.init_with(&push).sync();
    world.remote("link", "theirs").sync();
    world
        .expect_remote("link", "the file")
        .expect_findable("theirs");
}

#[test]
fn the_target_s_rename_is_not_the_link_s() {
    let world = linked();
    // Both names are gone, and two new ones share the inode.
    world.rename("d/file", "moved");
    fs::remove_file(world.path("link")).expect("it can be removed");
    link(&world, "again", "moved");
    world.sync();
    world
        .expect_remote("moved", "the file")
        .expect_remote("again", "the file")
        .expect_no_remote("link")
        .expect_no_remote("d/file")
        .expect_idle();
    expect_link(&world, "again", "moved");
}

#[test]
fn a_large_link_is_sent_whole_and_again_in_part() {
    let world = World::embedded();
    let mut contents = support::noise(20 << 20, 5);
    world.local("zz", "stays").local("d/file", &contents);
    link(&world, "link", "d/file");
    world.init_with(&FOLLOW).sync();
    world.expect_remote("link", &contents);
    contents[0] ^= 1;
    world.local("d/file", &contents).sync();
    world.expect_remote("link", &contents).expect_idle();
}

#[test]
fn links_are_skipped_unless_asked_for_and_again_when_it_is_ended() {
    let world = World::embedded();
    world.local("zz", "stays").local("d/file", "the file");
    link(&world, "link", "d/file");
    world
        .init()
        .sync_code(1)
        .expect_stderr("which is not followed");
    world.expect_no_remote("link");
    let name = world.root().file_name().and_then(|name| name.to_str());
    let name = name.expect("a root has a name");
    let edit = |links| world.run(&["edit", name, "--links", links]);
    edit("follow-inside").expect_code(0);
    world.sync();
    world.expect_remote("link", "the file");
    edit("skip").expect_code(0);
    world.remove_remote("link");
    world.wire().forget();
    world.sync_code(1).expect_stderr("which is not followed");
    assert_eq!(world.wire().count(Op::Put), 0);
    expect_link(&world, "link", "d/file");
}
