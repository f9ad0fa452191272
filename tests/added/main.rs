//! Maps that are added at a terminal: what is asked, what is looked at, and what is saved.

#[path = "../support/mod.rs"]
mod support;

use std::fs;
use support::terminal::{Turn, at_a_terminal, turn};
use support::wire::Op;
use support::world::World;

/// All answers up to the name, where directory and prefix are typed too.
fn answers<'a>(dir: &'a str, uri: &'a str, endpoint: &'a str) -> Vec<Turn<'a>> {
    vec![
        turn("Local directory: ", dir),
        turn("S3 URI (s3://bucket[/prefix]): ", uri),
        turn("other than AWS? [y/N] ", "y\n"),
        turn("Its URL (https://...): ", endpoint),
        turn("most of them want it? [Y/n] ", "\n"),
        turn("Region [as the AWS settings say]: ", "us-east-1\n"),
        turn("configuration files [none]: ", "\n"),
        turn("Compression of uploads, 1 to 11 [0, off]: ", "6\n"),
        turn("with age? [y/N] ", "\n"),
    ]
}

#[test]
fn a_map_is_asked_for_looked_at_saved_and_can_be_synced() {
    let world = World::new();
    world.local("a.txt", "hello\n");
    let uri = format!("{}\n", world.uri());
    let endpoint = format!("{}\n", world.wire().endpoint());
    let mut turns = vec![turn("Local directory: ", "missing\n")];
    turns.extend(answers("~/root\n", &uri, &endpoint));
    turns.push(turn("Name of the map [root]: ", "papers\n"));
    world.wire().forget();
    let seen = at_a_terminal(&world, &["add"], &turns);
    let root = world.root().display();
    seen.expect_code(0)
        .expect("cannot map ")
        .expect("create the directory, or correct the path\n")
        .expect(&format!("added map papers: {root} and {}\n", world.uri()))
        .expect("sync papers\n");
    world.expect_requests(&[(Op::List, 1)]);
    world.run(&["sync", "papers"]).expect_code(0);
    world.expect_remote("a.txt", "hello\n");
}

#[test]
fn a_bucket_that_cannot_be_used_is_told_of_and_the_map_saved_only_if_wished() {
    let world = World::new();
    let endpoint = world.wire().endpoint();
    let mut args = vec!["add", world.root().to_str().unwrap()];
    args.extend([
        "s3://no-such-bucket-here/docs",
        "--name",
        "docs",
        "--compress",
        "0",
    ]);
    args.extend(["--endpoint-url", &endpoint, "--path-style", "--region", "r"]);
    for (save, code) in [("\n", 3), ("y\n", 0)] {
        let turns = [
            turn("configuration files [none]: ", "\n"),
            turn("with age? [y/N] ", "\n"),
            turn("Save the map all the same? [y/N] ", save),
        ];
        let seen = at_a_terminal(&world, &args, &turns);
        seen.expect_code(code)
            .expect("hint: create the bucket")
            .expect_no("Local directory");
        assert_eq!(world.state_file().exists(), code == 0);
    }
}

#[test]
fn ctrl_c_and_the_end_of_input_change_nothing() {
    let world = World::new();
    for (typed, code) in [("\x03", 130), ("\x04", 2)] {
        let seen = at_a_terminal(&world, &["add"], &[turn("Local directory: ", typed)]);
        seen.expect_code(code);
        assert!(!world.state_file().exists());
    }
    assert!(fs::read_dir(world.root()).unwrap().next().is_none());
}
