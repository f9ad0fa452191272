//! What a directory holds besides files with good names.

use crate::support::world::World;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

#[test]
fn names_that_are_not_utf8_are_named_and_left_alone() {
    let w = World::agreed(&[("d/a", "v1")]);
    let path = w.path("d").join(OsStr::from_bytes(b"bad\xff"));
    fs::write(&path, "mine").expect("Linux takes any bytes");
    for _ in 0..2 {
        w.sync_code(1).expect_stderr("the name is not UTF-8");
        assert_eq!(fs::read(&path).expect("it stays"), b"mine");
        assert_eq!(w.remote_tree().len(), 2);
    }
    w.remove_remote("d/a").sync_code(1);
    assert!(path.exists(), "its folder stays with it");
}

#[test]
fn symlinks_are_named_and_not_followed() {
    let w = World::agreed(&[("a", "v1")]);
    let secret = w.home().join("secret");
    fs::create_dir(&secret).expect("the name is free");
    fs::write(secret.join("key"), "secret").expect("the name is free");
    for (target, name) in [
        (secret.join("key"), "to-file"),
        (secret, "to-folder"),
        (w.path("nowhere"), "dangling"),
        (w.path(""), "loop"),
    ] {
        symlink(target, w.path(name)).expect("the name is free");
    }
    w.local("b", "v1");
    let run = w.sync_code(1);
    for name in ["to-file", "to-folder", "dangling", "loop"] {
        let line = format!("skipped {name}: it is a symlink");
        assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
    }
    let names = ["a", "b", "zz"];
    let found: Vec<_> = w.remote_tree().into_iter().map(|(name, _)| name).collect();
    assert_eq!(found, names);
    w.expect_frozen(1, "skipped loop: it is a symlink");
}

#[test]
fn nothing_is_written_through_a_symlink() {
    let w = World::agreed(&[("a", "v1")]);
    let elsewhere = w.home().join("elsewhere");
    fs::create_dir(&elsewhere).expect("the name is free");
    symlink(&elsewhere, w.path("d")).expect("the name is free");
    w.remote("d/evil", "v1").remote("fine", "v1");
    w.sync_code(1).expect_stderr("skipped d: it is a symlink");
    assert_eq!(fs::read_dir(&elsewhere).expect("it is there").count(), 0);
    w.expect_local("fine", "v1").expect_remote("d/evil", "v1");
}

#[test]
fn a_key_under_a_symlinks_own_name_is_left_alone() {
    let w = World::agreed(&[("a", "v1")]);
    let target = w.home().join("target");
    fs::write(&target, "target").expect("the name is free");
    symlink(&target, w.path("link")).expect("the name is free");
    w.remote("link", "v1").sync_code(1);
    assert_eq!(fs::read(&target).expect("it is there"), b"target");
    assert!(w.path("link").is_symlink());
    w.expect_remote("link", "v1");
}

#[test]
fn pipes_and_sockets_are_named_and_not_opened() {
    let w = World::agreed(&[("was", "v1")]);
    w.remove("was");
    for name in ["pipe", "was"] {
        let made = Command::new("mkfifo").arg(w.path(name)).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    }
    let _socket = UnixListener::bind(w.path("socket")).expect("the name is free");
    w.local("b", "v1");
    let run = w.sync_code(1);
    for name in ["pipe", "socket", "was"] {
        run.expect_stderr(&format!("skipped {name}: it is a socket, pipe or device"));
    }
    w.expect_remote("b", "v1").expect_remote("was", "v1");
    w.expect_no_remote("pipe").expect_no_remote("socket");
    let kind = w
        .path("was")
        .symlink_metadata()
        .expect("it stays")
        .file_type();
    assert!(kind.is_fifo());
}

#[test]
fn hard_links_are_files_of_their_own() {
    let w = World::agreed(&[("a", "v1")]);
    fs::hard_link(w.path("a"), w.path("b")).expect("it can be linked");
    w.sync();
    w.expect_both(&[("a", "v1"), ("b", "v1"), ("zz", "stays")]);
    w.local("a", "version 2").sync();
    w.expect_both(&[("a", "version 2"), ("b", "version 2"), ("zz", "stays")]);
    w.remote("b", "v3").sync();
    w.expect_both(&[("a", "version 2"), ("b", "v3"), ("zz", "stays")]);
    w.expect_quiet(1);
}

#[test]
fn removing_one_of_two_hard_links_is_no_rename() {
    let w = World::agreed(&[("a", "v1")]);
    fs::hard_link(w.path("a"), w.path("b")).expect("it can be linked");
    w.sync().remove("a").sync();
    w.expect_both(&[("b", "v1"), ("zz", "stays")]);
    w.expect_quiet(1);
}

#[test]
fn empty_directories_stay_where_they_are() {
    let w = World::agreed(&[("d/a", "v1")]);
    fs::create_dir_all(w.path("empty/er")).expect("the name is free");
    w.sync();
    assert_eq!(w.remote_tree().len(), 2);
    w.remove("d/a").sync();
    assert!(w.path("d").is_dir(), "who emptied it may want it");
    assert!(w.path("empty/er").is_dir());
    w.expect_quiet(1);
}

#[test]
fn only_directories_that_a_run_emptied_go() {
    let w = World::agreed(&[("d/e/a", "v1"), ("d/b", "v1"), ("f/g/a", "v1")]);
    fs::create_dir(w.path("f/empty")).expect("the name is free");
    w.remove_remote("d/e/a").remove_remote("f/g/a").sync();
    assert!(!w.path("d/e").exists());
    assert!(w.path("d").is_dir());
    assert!(!w.path("f/g").exists());
    assert!(w.path("f/empty").is_dir());
}

#[test]
fn a_replaced_file_keeps_its_mode() {
    let w = World::agreed(&[("a", "v1")]);
    let mode = fs::Permissions::from_mode(0o640);
    fs::set_permissions(w.path("a"), mode).expect("it is ours");
    w.remote("a", "v2").sync();
    let mode = w.path("a").metadata().expect("it is there").mode();
    assert_eq!(mode & 0o7777, 0o640);
    w.expect_local("a", "v2").expect_quiet(1);
}

#[test]
fn a_sparse_file_arrives_whole() {
    let w = World::agreed(&[]);
    w.local("a", "start");
    let file = fs::OpenOptions::new().write(true).open(w.path("a"));
    file.and_then(|file| file.set_len(100_000))
        .expect("it can grow");
    w.touch("a", 1_000_000).sync();
    let mut whole = b"start".to_vec();
    whole.resize(100_000, 0);
    w.expect_remote("a", whole).expect_quiet(1);
}

#[test]
fn a_state_file_inside_the_root_is_no_part_of_the_map() {
    let w = World::new();
    w.local("a", "v1");
    let (home, endpoint) = (w.home().to_str().expect("UTF-8"), w.wire().endpoint());
    let (uri, region) = (w.uri(), "us-east-1");
    w.run(&[
        "--init",
        "--dir",
        home,
        &uri,
        "--endpoint-url",
        &endpoint,
        "--path-style",
        "--region",
        region,
    ])
    .expect_code(0);
    w.remote("state.s3sync", "foreign")
        .remote("state.s3sync~", "foreign");
    w.remote("sub/state.s3sync", "yours");
    for round in 0..2 {
        w.local("b", format!("v{round}")).sync();
        let names: Vec<_> = w.remote_tree().into_iter().map(|(name, _)| name).collect();
        let wanted = [
            "root/a",
            "root/b",
            "state.s3sync",
            "state.s3sync~",
            "sub/state.s3sync",
        ];
        assert_eq!(names, wanted);
        w.expect_remote("state.s3sync", "foreign");
    }
    assert_eq!(
        fs::read(w.home().join("sub/state.s3sync")).expect("it came"),
        b"yours"
    );
    w.run(&["--dump"]).expect_code(0);
}
