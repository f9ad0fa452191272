//! Keys with passphrases, as `age -p` and `ssh-keygen` make them, opened with a command's help.

use super::boto::{Boto, Put};
use super::support::world::World;
use super::tools::{Key, Kind, shell};
use std::fs;

const PASSPHRASE: &str = "correct horse battery staple";

#[track_caller]
fn expect_opened(kind: Kind) {
    let world = World::embedded();
    let Some(boto) = Boto::on(&world) else {
        return;
    };
    let key = Key::with_passphrase(world.home(), "key", kind, PASSPHRASE);
    let list = world.home().join("recipients");
    fs::write(&list, &key.recipient).unwrap();
    let file = world.home().join("theirs");
    fs::write(&file, "for me alone").unwrap();
    shell(world.home(), "age -R recipients -o theirs.age theirs", &[]);
    boto.put(&[Put {
        key: "docs/theirs",
        file: &file.with_extension("age"),
        meta: &[("s3bsync-encoding", "age"), ("s3bsync-size", "12")],
    }]);
    fs::write(world.home().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();

    world.local("ours", "mine").init_with(&[
        "--age-recipients-file",
        list.to_str().unwrap(),
        "--age-identity",
        &key.file,
    ]);
    let run = world.run(&["--age-passphrase-command", "echo wrong"]);
    run.expect_code(1).expect_stderr("has another passphrase");
    world.expect_no_local("theirs");
    let ask = ["--age-passphrase-command", "cat passphrase"];
    world.run(&ask).expect_code(0).expect_silence();
    world.expect_local("theirs", "for me alone").expect_idle();
    let run = world.run(&["--age-passphrase-command", "false"]);
    run.expect_code(0);

    let other = world.machine("b");
    other.init_with(&[
        "--age-identity",
        &key.file,
        "--age-recipients-file",
        list.to_str().unwrap(),
    ]);
    fs::copy(
        world.home().join("passphrase"),
        other.home().join("passphrase"),
    )
    .unwrap();
    other.run(&ask).expect_code(0);
    other.expect_local("ours", "mine");
}

#[test]
fn an_identity_file_that_is_encrypted() {
    expect_opened(Kind::Native);
}

#[test]
fn an_ssh_ed25519_key() {
    expect_opened(Kind::Ed25519);
}

#[test]
fn an_ssh_rsa_key() {
    expect_opened(Kind::Rsa);
}
