//! Kept versions are listed, printed and compared.

use super::{kept_file, kept_object, names};
use crate::support::noise;
use crate::support::wire::Op;
use crate::support::world::World;
use std::fs;

#[test]
fn what_is_kept_here_needs_no_network() {
    let world = kept_file();
    world.wire().forget();
    for args in [
        &["recover", "show", "root", "local:a.txt"][..],
        &["recover", "diff", "root", "local:a.txt"],
        &["recover", "put-back", "root", "local:a.txt"],
    ] {
        world.run(args).expect_code(0);
    }
    assert_eq!(world.wire().log().len(), 0, "{:?}", world.wire().log());
}

#[test]
fn a_large_version_is_printed_whole_and_compared_by_digest() {
    let (ours, theirs) = (noise(17 << 20, 1), noise(17 << 20, 2));
    let world = World::agreed_with(&[("a", "agreed")], &["--conflict", "local"]);
    world.local("a", &ours).remote("a", &theirs).sync();
    let shown = world.command(&["recover", "show", "root", "a"]).output();
    let shown = shown.expect("the program can be started");
    assert!(shown.stdout == theirs, "{} bytes", shown.stdout.len());
    let digest = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let run = world.run(&["recover", "diff", "root", "a"]);
    run.expect_code(0)
        .expect_stdout(&format!("kept    BLAKE3 {}\n", digest(&theirs)))
        .expect_stdout(&format!("present  BLAKE3 {}\n", digest(&ours)));
}

#[test]
fn an_encrypted_version_is_opened_with_the_map_s_identity() {
    let identity = age::x25519::Identity::generate();
    let world = World::new();
    let file = world.home().join("key.txt");
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    fs::write(&file, secret).expect("a file can be written");
    let file = file.to_str().expect("temporary paths are UTF-8");
    let recipient = identity.to_public().to_string();
    let text = "a line that is there often\n".repeat(50);
    let settings = [
        "--compress",
        "6",
        "--age-recipient",
        &recipient,
        "--age-identity",
        file,
        "--conflict",
        "local",
    ];
    world.local("a", "agreed").local("zz", "stays");
    world.init_with(&settings).sync();
    let other = world.machine("b");
    other.init_with(&settings).sync();
    other.local("a", &text).sync();
    world.local("a", "here\n").sync();
    assert_eq!(world.kept_remote().len(), 1);
    let shown = world.run(&["recover", "show", "root", "a"]);
    shown.expect_code(0);
    assert_eq!(shown.stdout, text);
    world
        .run(&["recover", "diff", "root", "a"])
        .expect_code(0)
        .expect_stdout("-a line that is there often\n")
        .expect_stdout("+here\n");
    // As it lies, it goes back without being opened.
    world.wire().forget();
    world
        .run(&["recover", "put-back", "root", "a"])
        .expect_code(0);
    assert_eq!(world.wire().count(Op::Get), 0);
    world.sync();
    let found = names(&world);
    let name = found.iter().find(|name| name.starts_with("a.recovered-"));
    world
        .expect_local(name.expect("it was fetched"), &text)
        .expect_idle();
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = kept_object();
    let mut command = world.command(&["recover", "show", "root", "a.txt"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program can be started");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), &said[..]), (Some(0), ""));
}
