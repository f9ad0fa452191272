//! `--dryrun` changes nothing anywhere, and the real run does exactly what it said.

use crate::support::world::{Machine, Run, World};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Every file and folder of a machine with its bytes, inode and times, and every object.
type Everything = (
    BTreeMap<PathBuf, (Vec<u8>, u64, [i64; 4])>,
    Vec<(String, String)>,
    Vec<(String, String)>,
);

fn everything(machine: &Machine) -> Everything {
    let mut found = BTreeMap::new();
    let mut paths = vec![machine.home().to_owned()];
    while let Some(path) = paths.pop() {
        let meta = path.symlink_metadata().expect("it is there");
        let mut bytes = Vec::new();
        if meta.is_dir() {
            let entries = fs::read_dir(&path).expect("it can be read");
            paths.extend(entries.map(|entry| entry.expect("it can be read").path()));
        } else if meta.is_file() {
            bytes = fs::read(&path).expect("it can be read");
        }
        let times = [
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec(),
        ];
        found.insert(path, (bytes, meta.ino(), times));
    }
    (found, machine.remote_tree(), machine.kept_remote())
}

/// A dry run; panics if anything changed.
#[track_caller]
fn dryrun(machine: &Machine, args: &[&str]) -> Run {
    let before = everything(machine);
    machine.wire().forget();
    let run = machine.run(&[&["--dryrun"], args].concat());
    let writes: Vec<_> = machine
        .wire()
        .log()
        .into_iter()
        .filter(|e| e.op.is_write())
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");
    assert!(everything(machine) == before, "something changed");
    run
}

/// What a run says of steps with this event's name: verb and key.
fn steps(run: &Run, event: &str) -> Vec<(String, String)> {
    let parse = |line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("it is text").to_owned();
    let mut steps: Vec<_> = run
        .stdout
        .lines()
        .map(parse)
        .filter(|line| line["event"] == event)
        .map(|line| (text(&line["step"]), text(&line["key"])))
        .collect();
    steps.sort();
    steps
}

/// Sides that need every kind of step, with a base.
fn everything_to_do() -> World {
    let names = [
        "edited-here",
        "edited-there",
        "gone-here",
        "gone-there",
        "gone",
        "newer-here",
        "newer-there",
        "same",
        "touched",
        "moved",
        "t",
        "u/x",
    ];
    let w = World::agreed(&names.map(|name| (name, "v1")));
    w.local("edited-here", "v2").remote("edited-there", "v2");
    w.remove("gone-here").remove_remote("gone-there");
    w.remove("gone").remove_remote("gone");
    for (name, local, remote) in [("newer-here", 2_000, 1_000), ("newer-there", 1_000, 2_000)] {
        w.local_at(name, "local", local)
            .remote_at(name, "remote", remote);
    }
    w.local("same", "v2")
        .remote("same", "v2")
        .touch("touched", 1_000);
    w.rename("moved", "d/moved")
        .local("new-here", "v1")
        .remote("e/new-there", "new");
    w.remove_remote("t").remote("t/a", "v1");
    fs::remove_dir_all(w.path("u")).expect("it is there");
    w.local("u", "v1");
    w
}

#[test]
fn a_dry_run_changes_nothing_and_the_real_run_does_what_it_said() {
    let w = everything_to_do();
    let would = steps(dryrun(&w, &["--json"]).expect_code(0), "would");
    let verbs = [
        "adopt",
        "delete local",
        "delete remote",
        "download",
        "forget",
        "move remote",
        "upload",
    ];
    for verb in verbs {
        assert!(
            would.iter().any(|step| step.0 == verb),
            "no {verb} in {would:?}"
        );
    }
    let done = w.run(&["--json"]);
    assert_eq!(steps(done.expect_code(0), "done"), would);
    w.expect_same().expect_quiet(1);
}

#[test]
fn a_dry_first_run_changes_nothing_and_the_real_run_does_what_it_said() {
    let w = World::new();
    w.local("a", "v1")
        .remote("b", "v1")
        .local("c", "v1")
        .remote("c", "v2");
    w.local("d", "v1").remote("d", "v1").init();
    let would = steps(dryrun(&w, &["--json"]).expect_code(0), "would");
    let wanted = [
        ("adopt", "d"),
        ("download", "b"),
        ("keep both", "c"),
        ("upload", "a"),
    ];
    assert_eq!(
        would,
        wanted.map(|(verb, key)| (verb.to_owned(), key.to_owned()))
    );
    let done = w.run(&["--json"]);
    assert_eq!(steps(done.expect_code(0), "done"), would);
}

#[test]
fn a_dry_run_prints_its_plan_when_asked() {
    let w = everything_to_do();
    let run = dryrun(&w, &["--debug"]);
    run.expect_code(0)
        .expect_stdout("would upload new-here: ")
        .expect_stdout("would download e/new-there: ")
        .expect_stdout("would keep the object aside and upload newer-here: ")
        .expect_stdout("would keep the file aside and download newer-there: ")
        .expect_stdout("would move moved -> d/moved: ")
        .expect_stdout("would move gone-there to the recovery folder: ")
        .expect_stdout("would delete gone-here from the bucket: ");
    let planned = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("would "))
        .count();
    let counted = steps(&dryrun(&w, &["--json"]), "would").len();
    assert_eq!(planned, counted);
}

#[test]
fn a_dry_run_is_silent_unless_asked() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "v2").remote("b", "v1");
    dryrun(&w, &[]).expect_code(0).expect_silence();
}

#[test]
fn a_dry_run_says_what_would_be_left_alone_and_what_would_be_held() {
    let w = World::agreed(&[("a", "v1"), ("b", "v1")]);
    std::os::unix::fs::symlink("nowhere", w.path("link")).expect("the name is free");
    dryrun(&w, &[]).expect_code(1).expect_stderr("skipped link");
    w.remove("link").remove("a").remove("b");
    dryrun(&w, &["--max-delete", "1"])
        .expect_code(3)
        .expect_stderr("2 of 3 files");
}

#[test]
fn a_dry_run_waits_for_nobody_and_leaves_no_lock() {
    let w = World::new();
    w.local("a", "v1").init();
    let lock = w.home().join("state.s3sync.lock");
    let _ = fs::remove_file(&lock);
    dryrun(&w, &[]).expect_code(0);
    assert!(!lock.exists());
}
