//! `push DIR S3_URI` and `pull S3_URI DIR`: no map, no state file, no trace.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, Run, World};
use std::fs;
use std::os::unix::fs::symlink;

/// Pushes the root to its prefix, or pulls it from there.
fn mapless(machine: &Machine, verb: &str, flags: &[&str]) -> Run {
    let (root, uri) = (machine.root().to_str().unwrap(), machine.uri());
    let endpoint = machine.wire().endpoint();
    let operands = match verb {
        "push" => [verb, root, &uri],
        _ => [verb, &uri, root],
    };
    let reach = ["--endpoint-url", &endpoint, "--path-style"];
    machine.run(&[&operands[..], &reach, flags].concat())
}

#[track_caller]
fn expect_no_trace(machine: &Machine) {
    assert!(!machine.state_file().exists(), "a state file");
    assert!(!machine.path(".s3bsync/marker").exists(), "a marker");
}

#[test]
fn a_directory_is_pushed_and_a_second_push_sends_nothing() {
    let w = World::new();
    w.local("a", "here").local("d/b", "here too");
    w.remote("a", "there").remote("x", "there");
    mapless(&w, "push", &[])
        .expect_code(0)
        .expect_stderr("conflict a: the local file takes the name");
    w.expect_remote("a", "here")
        .expect_remote("d/b", "here too")
        .expect_remote("x", "there")
        .expect_kept_remote("a", "there");
    assert!(!w.path(".s3bsync").exists());
    w.wire().forget();
    mapless(&w, "push", &[]).expect_code(0).expect_silence();
    w.expect_requests(&[(Op::List, 1)]);
    expect_no_trace(&w);
}

#[test]
fn a_prefix_is_pulled_over_other_files_which_are_kept() {
    let w = World::new();
    w.local("a", "here")
        .local("same", "v1")
        .local("mine", "here");
    w.remote("a", "there")
        .remote("same", "v1")
        .remote("x/y", "there");
    mapless(&w, "pull", &[])
        .expect_code(0)
        .expect_stderr("conflict a: the object takes the name");
    w.expect_local("a", "there")
        .expect_local("mine", "here")
        .expect_local("x/y", "there")
        .expect_kept_local("a", "here");
    w.wire().forget();
    mapless(&w, "pull", &[]).expect_code(0).expect_silence();
    w.expect_requests(&[(Op::List, 1)]);
    expect_no_trace(&w);
}

#[test]
fn mirrors_delete_and_keep() {
    let w = World::new();
    w.local("a", "v1").remote("a", "v1").remote("x", "there");
    mapless(&w, "push", &["--delete"]).expect_code(0);
    w.expect_no_remote("x").expect_kept_remote("x", "there");
    w.local("mine", "here");
    mapless(&w, "pull", &["--delete"]).expect_code(0);
    w.expect_no_local("mine").expect_kept_local("mine", "here");
    expect_no_trace(&w);
}

#[test]
fn an_empty_side_empties_no_other_unasked() {
    let w = World::new();
    w.remote("a", "1").remote("b", "2");
    mapless(&w, "push", &["--delete"])
        .expect_code(3)
        .expect_stderr("all 2 files would be deleted in the bucket");
    mapless(&w, "push", &["--delete", "--force"]).expect_code(0);
    assert!(w.remote_tree().is_empty());
    w.expect_kept_remote("a", "1");
}

#[test]
fn a_dry_run_changes_nothing_and_makes_no_directory() {
    let w = World::new();
    w.remote("a", "there");
    fs::remove_dir(w.root()).unwrap();
    mapless(&w, "pull", &["--dryrun", "--debug"])
        .expect_code(0)
        .expect_stdout("would download a: new in the bucket, not here");
    assert!(!w.root().exists());
    mapless(&w, "pull", &[]).expect_code(0).expect_silence();
    w.expect_local("a", "there");
    w.local("b", "here");
    w.wire().forget();
    mapless(&w, "push", &["--dryrun"]).expect_code(0);
    w.expect_no_remote("b").expect_requests(&[(Op::List, 1)]);
}

#[test]
fn what_failed_is_done_by_the_next_run() {
    let w = World::new();
    w.local("a", "1").local("b", "2");
    let denied = When::op(Op::Put).key("docs/b").always();
    w.wire().fault(denied, Fault::Status(403, "AccessDenied"));
    let run = mapless(&w, "push", &["--jobs", "1"]);
    assert_ne!(run.code, 0, "{run:?}");
    w.wire().heal();
    mapless(&w, "push", &[]).expect_code(0);
    w.expect_remote("a", "1").expect_remote("b", "2");
}

#[test]
fn the_state_file_is_neither_read_nor_sent() {
    let w = World::new();
    let inside = w.path("state");
    fs::write(&inside, "no state file").unwrap();
    w.local("a", "here");
    let (root, uri) = (w.root().to_str().unwrap(), w.uri());
    let endpoint = w.wire().endpoint();
    let mut command = w.command(&[]);
    let program = command.get_program().to_owned();
    let mut plain = std::process::Command::new(program);
    for (name, value) in command.get_envs() {
        plain.env(name, value.unwrap_or_default());
    }
    command = plain;
    let ended = command
        .arg("--file")
        .arg(&inside)
        .args([
            "push",
            root,
            &uri,
            "--endpoint-url",
            &endpoint,
            "--path-style",
        ])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    w.expect_remote("a", "here").expect_no_remote("state");
    assert_eq!(fs::read(&inside).unwrap(), b"no state file");
}

#[test]
fn a_link_to_a_directory_is_followed_to_it() {
    let w = World::new();
    w.local("a", "here");
    let link = w.home().join("link");
    symlink(w.root(), &link).unwrap();
    let (uri, endpoint) = (w.uri(), w.wire().endpoint());
    let reach = ["--endpoint-url", &endpoint, "--path-style"];
    w.run(&[&["push", "link", &uri][..], &reach].concat())
        .expect_code(0);
    w.expect_remote("a", "here");
}
