//! `--quiet`, `--debug`, `--json`, `--full` and `--jobs`: what a run says, and how hard it works.

use crate::support::wire::Op;
use crate::support::world::World;
use serde_json::Value;
use std::fs::File;
use std::process::Stdio;

/// A world with a conflict, a symlink and an upload to come.
fn talkative() -> World {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "local").remote("a", "remote").local("b", "v1");
    std::os::unix::fs::symlink("nowhere", w.path("link")).expect("the name is free");
    w
}

#[test]
fn what_is_wrong_is_told_once_on_stderr_and_nothing_on_stdout() {
    let w = talkative();
    let run = w.sync_code(1);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    run.expect_stderr("conflict a: ")
        .expect_stderr("skipped link: ");
}

#[test]
fn quiet_leaves_only_errors() {
    let w = talkative();
    w.run(&["--quiet"]).expect_code(1).expect_silence();
    w.expect_remote("b", "v1");
    std::fs::remove_file(w.path(".s3bsync/marker")).expect("it is there");
    let run = w.run(&["--quiet"]);
    run.expect_code(3).expect_stderr("error: ");
    assert_eq!(run.stdout, "");
}

#[test]
fn debug_tells_what_is_done() {
    let w = talkative();
    w.run(&["--debug"])
        .expect_code(1)
        .expect_stdout("uploaded b: new here, not in the bucket\n")
        .expect_stdout("kept the file aside and downloaded a: ")
        .expect_stdout("uploaded 1");
}

#[test]
fn every_line_of_json_is_an_object_and_the_last_one_counts() {
    let w = talkative();
    let run = w.run(&["--json"]);
    run.expect_code(1);
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str()).collect();
    for event in ["map", "plan", "hidden", "conflict", "done", "summary"] {
        assert!(events.contains(&Some(event)), "no {event} in {events:?}");
    }
    let summary = lines.last().expect("there are lines");
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["exit"], 1);
    assert_eq!(summary["halt"], Value::Null);
    let counts = &summary["counts"];
    for (name, count) in [
        ("scanned", 3),
        ("listed", 2),
        ("unchanged_by_state", 1),
        ("uploaded", 1),
        ("uploaded_bytes", 2),
        ("downloaded", 1),
        ("downloaded_bytes", 6),
        ("conflicts", 1),
        ("skipped", 1),
        ("failed", 0),
    ] {
        assert_eq!(counts[name], count, "{name} in {counts}");
    }
}

#[test]
fn json_tells_of_idle_and_of_stopped_maps_too() {
    let w = World::agreed(&[("a", "v1")]);
    let run = w.run(&["--json"]);
    run.expect_code(0);
    assert_eq!(run.stderr, "");
    let summary: Value =
        serde_json::from_str(run.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(summary["exit"], 0);
    assert_eq!(summary["counts"]["unchanged_by_state"], 2);
    w.remove("a").remove("zz");
    let run = w.run(&["--json"]);
    run.expect_code(3);
    let summary: Value =
        serde_json::from_str(run.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(summary["exit"], 3);
    assert!(
        summary["halt"]
            .as_str()
            .is_some_and(|halt| halt.contains("all 2 files"))
    );
}

#[test]
fn json_carries_any_name() {
    let w = World::embedded();
    let wild = "q\"uote\\ new\nline \u{1} \u{1f600}";
    w.local(wild, "v1").remote("d//bad\n", "v1").init();
    let run = w.run(&["--json"]);
    run.expect_code(1);
    let mut keys = Vec::new();
    for line in run.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        keys.extend(line["key"].as_str().map(str::to_owned));
    }
    assert!(keys.contains(&wild.to_owned()), "{keys:?}");
}

#[test]
fn a_full_run_on_equal_sides_transfers_nothing() {
    let w = World::agreed(&[("a", "v1"), ("d/b", "v1")]);
    w.run(&["--full"]).expect_code(0).expect_silence();
    w.expect_requests(&[(Op::List, 1)]);
    w.expect_quiet(1);
}

#[test]
fn a_full_run_does_what_any_run_does() {
    let w = World::agreed(&[
        ("a", "v1"),
        ("b", "v1"),
        ("c", "v1"),
        ("d", "v1"),
        ("e", "v1"),
    ]);
    w.local("a", "v2")
        .remote("b", "v2")
        .remove("c")
        .remove_remote("d");
    w.run(&["--full"]).expect_code(0).expect_silence();
    w.expect_both(&[("a", "v2"), ("b", "v2"), ("e", "v1"), ("zz", "stays")]);
    w.expect_kept_local("d", "v1").expect_quiet(1);
}

#[test]
fn one_job_at_a_time_comes_to_the_same() {
    let w = World::new();
    for n in 0..20 {
        w.local(&format!("up/{n}"), "v1")
            .remote(&format!("down/{n}"), "v1");
    }
    w.init().run(&["--jobs", "1"]).expect_code(0);
    w.expect_same().expect_quiet(1);
    assert_eq!(w.tree().len(), 40);
    for jobs in ["0", "x", "-1", "1025"] {
        w.run(&["--jobs", jobs]).expect_code(2);
    }
}

#[test]
fn flags_of_a_run_are_refused_with_init() {
    let w = World::agreed(&[]);
    for flags in [
        &["--dryrun"][..],
        &["--full"],
        &["--force"],
        &["--jobs", "1"],
        &["--max-delete", "1"],
    ] {
        w.run(&[&["--init"], flags].concat()).expect_code(2);
    }
    for flags in [
        &["--conflict", "local"][..],
        &["--no-recursive"],
        &["--purge"],
        &["--overwrite"],
    ] {
        w.run(flags).expect_code(2);
    }
    w.expect_quiet(1);
}

/// Runs the program with its standard output going there.
fn run_into(w: &World, args: &[&str], output: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = w.command(args);
    let ended = command.stdin(Stdio::null()).stdout(output).output();
    let ended = ended.expect("the program can be started");
    let told = String::from_utf8(ended.stderr).expect("UTF-8");
    (ended.status.code(), told)
}

const PRINTING: [&[&str]; 9] = [
    &["ls", "root"],
    &["status"],
    &["targets"],
    &["recover", "root"],
    &["verify"],
    &["--json"],
    &["--debug"],
    &["--dump"],
    &["--help"],
];

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "v2").remote("a", "v3").sync();
    for args in PRINTING {
        let full = File::options().write(true).open("/dev/full");
        let (code, told) = run_into(&w, args, full.expect("a Linux has one"));
        assert_eq!(code, Some(3), "{args:?}: {told}");
        assert!(told.contains("error: cannot write "), "{args:?}: {told}");
        assert!(told.contains("No space left"), "{args:?}: {told}");
    }
}

#[test]
fn a_reader_that_went_away_is_not_an_error() {
    let w = World::agreed(&[("a", "v1")]);
    w.local("a", "v2").remote("a", "v3").sync();
    for args in PRINTING {
        let (reader, writer) = std::io::pipe().expect("there is a pipe");
        drop(reader);
        assert_eq!(
            run_into(&w, args, writer),
            (Some(0), String::new()),
            "{args:?}"
        );
    }
}

#[test]
fn of_many_messages_of_one_kind_the_first_are_printed_and_the_log_has_all() {
    let w = World::agreed(&[("a", "v1")]);
    for n in 0..130 {
        let link = w.path(&format!("link{n}"));
        std::os::unix::fs::symlink("nowhere", link).expect("the name is free");
    }
    let logs = w.home().join("logs");
    std::fs::create_dir(&logs).expect("the name is free");
    let run = w.run(&["--log-dir", &logs.display().to_string()]);
    run.expect_code(1)
        .expect_stderr("\nskipped: and 30 more; --log-dir has all\n");
    assert_eq!(run.stderr.lines().count(), 101, "{}", run.stderr);
    let log = std::fs::read_dir(&logs).expect("it is there").next();
    let log = log.expect("there is a log").expect("it can be read").path();
    let log = std::fs::read_to_string(log).expect("it can be read");
    assert_eq!(log.matches("skipped link").count(), 130);
    let quiet = w.run(&["--quiet"]);
    quiet.expect_code(1).expect_silence();
}

#[test]
fn a_long_name_is_shortened_in_a_message() {
    let w = World::agreed(&[("a", "v1")]);
    let folder = "f".repeat(150);
    w.local(&format!("{folder}/b"), "v1");
    let name = format!("{folder}/{}", "l".repeat(150));
    std::os::unix::fs::symlink("nowhere", w.path(&name)).expect("the name is free");
    let short = format!("{}...{}", &name[..100], &name[name.len() - 97..]);
    w.sync_code(1).expect_stderr(&format!("skipped {short}: "));
}
