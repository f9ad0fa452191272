//! Permission bits, in maps that keep them and in those that do not.

mod support;

use age::secrecy::ExposeSecret;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use support::noise;
use support::wire::Op;
use support::world::{Machine, World};

const KEEP: [&str; 2] = ["--keep-mode", "yes"];
const MODES: [(&str, u32); 4] = [
    ("script", 0o755),
    ("secret", 0o600),
    ("sealed", 0o400),
    ("shared", 0o664),
];

fn chmod(machine: &Machine, name: &str, mode: u32) {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(machine.path(name), permissions).expect("the mode can be set");
}

#[track_caller]
fn expect_mode(machine: &Machine, name: &str, wanted: u32) {
    let meta = fs::metadata(machine.path(name)).expect("the file is there");
    let mode = meta.permissions().mode() & 0o7777;
    assert_eq!(mode, wanted, "{name} has mode {mode:o}");
}

#[track_caller]
fn expect_sent_mode(machine: &Machine, name: &str, wanted: Option<&str>) {
    let object = machine.object(name).expect("the object is there");
    assert_eq!(object.meta.get("mode").map(String::as_str), wanted);
}

/// Sends a file of each mode from one machine and fetches them on another.
fn goes_round(settings: &[&str], contents: &[u8]) {
    let world = World::embedded();
    let settings = [&KEEP, settings].concat();
    for (name, mode) in MODES {
        world.local(name, contents);
        chmod(&world, name, mode);
    }
    world.init_with(&settings).sync();
    let other = world.machine("b");
    other.init_with(&settings).sync();
    for (name, mode) in MODES {
        expect_sent_mode(&world, name, Some(&format!("100{mode:o}")));
        expect_mode(&other, name, mode);
        other.expect_local(name, contents);
    }
    world.expect_idle();
    other.expect_idle();
}

#[test]
fn modes_go_round_with_plain_files() {
    goes_round(&[], b"#!/bin/sh\n");
}

#[test]
fn modes_go_round_with_compressed_and_encrypted_files() {
    let identity = age::x25519::Identity::generate();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("key.txt");
    fs::write(&file, identity.to_string().expose_secret()).expect("a key can be written");
    let recipient = identity.to_public().to_string();
    let file = file.to_str().expect("temporary paths are UTF-8");
    let age = ["--age-recipient", &recipient, "--age-identity", file];
    let gzip = ["--compress", "6"];
    let text = "a line like all others\n".repeat(100);
    goes_round(&[&gzip[..], &age[..]].concat(), text.as_bytes());
    goes_round(&[&gzip[..], &age[..]].concat(), &noise(9 << 20, 3));
}

#[test]
fn modes_go_round_with_files_in_parts_and_with_what_replaces_a_part() {
    let world = World::embedded();
    let mut contents = noise(40 << 20, 1);
    world.local("large", &contents);
    chmod(&world, "large", 0o750);
    world.init_with(&KEEP).sync();
    let other = world.machine("b");
    other.init_with(&KEEP).sync();
    expect_mode(&other, "large", 0o750);

    contents[0] ^= 1;
    world.local("large", &contents);
    chmod(&world, "large", 0o700);
    world.wire().forget();
    world.sync();
    assert!(world.wire().count(Op::PartCopy) > 0, "most of it is copied");
    expect_sent_mode(&world, "large", Some("100700"));
    other.sync();
    expect_mode(&other, "large", 0o700);
    other.expect_local("large", &contents);
}

#[test]
fn a_renamed_file_s_object_keeps_its_mode() {
    let world = World::embedded();
    world.local("zz", "stays").local("tool", "a tool");
    chmod(&world, "tool", 0o755);
    world.init_with(&KEEP).sync();
    let other = world.machine("b");
    other.init_with(&KEEP).sync();
    world.wire().forget();
    world.rename("tool", "bin/tool").sync();
    assert_eq!(world.wire().count(Op::Put), 0, "it is copied");
    expect_sent_mode(&world, "bin/tool", Some("100755"));
    other.sync();
    expect_mode(&other, "bin/tool", 0o755);
    let third = world.machine("c");
    third.init_with(&KEEP).sync();
    expect_mode(&third, "bin/tool", 0o755);
}

#[test]
fn without_the_setting_no_mode_is_sent_or_taken() {
    let world = World::embedded();
    world.local("a", "1");
    chmod(&world, "a", 0o700);
    world.remote_with("b", "2", &[("mode", "100700")]);
    world.init().sync();
    expect_sent_mode(&world, "a", None);
    world.local("new", "3");
    let usual = fs::metadata(world.path("new")).expect("the file is there");
    expect_mode(&world, "b", usual.permissions().mode() & 0o7777);
    world
        .remote_with("a", "changed", &[("mode", "100644")])
        .sync();
    expect_mode(&world, "a", 0o700);
}

#[test]
fn the_setting_can_be_ended() {
    let world = World::embedded();
    world.local("a", "1").init_with(&KEEP).sync();
    let name = world.root().file_name().and_then(|name| name.to_str());
    let name = name.expect("a root has a name");
    world
        .run(&["edit", name, "--keep-mode", "no"])
        .expect_code(0);
    world.local("a", "another").sync();
    expect_sent_mode(&world, "a", None);
}

#[test]
fn modes_of_other_tools_are_taken_and_dangerous_bits_are_not() {
    let world = World::embedded();
    for (name, mode) in [
        ("rclone", "100640"),
        ("s3fs", "33184"),
        ("setuid", "104755"),
        ("sticky", "101777"),
        ("unreadable", "100000"),
        ("garbage", "rwx"),
    ] {
        world.remote_with(name, name, &[("mode", mode)]);
    }
    world.init_with(&KEEP).sync();
    world.local("usual", "");
    let usual = fs::metadata(world.path("usual")).expect("the file is there");
    let usual = usual.permissions().mode() & 0o7777;
    for (name, mode) in [
        ("rclone", 0o640),
        ("s3fs", 0o640),
        ("setuid", 0o755),
        ("sticky", 0o777),
        ("unreadable", usual),
        ("garbage", usual),
    ] {
        expect_mode(&world, name, mode);
    }
}

#[test]
fn a_mode_that_changes_alone_travels_with_the_next_content_and_costs_nothing() {
    let world = World::embedded();
    world.local("a", "1").local("zz", "stays");
    chmod(&world, "a", 0o644);
    world.init_with(&KEEP).sync();
    chmod(&world, "a", 0o755);
    world.wire().forget();
    world.sync();
    assert_eq!(world.wire().count(Op::Put), 0);
    expect_sent_mode(&world, "a", Some("100644"));
    expect_mode(&world, "a", 0o755);
    world.local("a", "two").sync();
    expect_sent_mode(&world, "a", Some("100755"));
}
