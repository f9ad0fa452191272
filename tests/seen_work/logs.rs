//! `--log-dir`: one log for each run, which tells all of it.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Kill, Machine, Run, World};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// A place for logs on a machine.
fn place(machine: &Machine) -> String {
    let dir = machine.home().join("logs");
    fs::create_dir_all(&dir).expect("a folder can be made");
    dir.to_str().expect("UTF-8").to_owned()
}

fn paths(machine: &Machine) -> Vec<PathBuf> {
    let entries = fs::read_dir(place(machine)).expect("a folder can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    // Of one second the first has no number and sorts last by its dot.
    paths.sort_by_key(|path| fs::metadata(path).and_then(|meta| meta.modified()).ok());
    paths
}

/// The newest log, line by line: time and text.
fn newest(machine: &Machine) -> Vec<(String, String)> {
    let path = paths(machine).pop().expect("there is a log");
    let text = fs::read_to_string(path).expect("a log can be read");
    assert!(text.ends_with('\n'), "the last line is whole: {text}");
    let lines = text.lines().map(|line| {
        let (time, text) = line.split_once("  ").unwrap_or_else(|| panic!("{line:?}"));
        (time.to_owned(), text.to_owned())
    });
    lines.collect()
}

fn texts(lines: &[(String, String)]) -> Vec<&str> {
    lines.iter().map(|(_, text)| &text[..]).collect()
}

/// What the last line says.
#[track_caller]
fn end(lines: &[(String, String)]) -> Value {
    let last = &lines.last().expect("a line").1;
    let json = last
        .strip_prefix("end ")
        .unwrap_or_else(|| panic!("{last}"));
    let ends = lines.iter().filter(|(_, text)| text.starts_with("end "));
    assert_eq!(ends.count(), 1, "{lines:?}");
    serde_json::from_str(json).expect("the end is JSON")
}

#[test]
fn a_log_tells_what_debug_tells_and_ends_for_machines() {
    let world = World::embedded();
    world.local("a", "one").local("b", "two").init();
    let dir = place(&world);
    world
        .run(&["--log-dir", &dir])
        .expect_code(0)
        .expect_silence();
    let lines = newest(&world);
    for (time, _) in &lines {
        let is_time = time.len() == "2026-11-25T07:38:13.123Z".len()
            && time.ends_with('Z')
            && &time[10..11] == "T"
            && &time[19..20] == ".";
        assert!(is_time, "{time}");
    }
    let told = texts(&lines);
    assert!(told[0].starts_with("map root: "), "{told:?}");
    assert!(
        told.contains(&"plan: 2 changes, 6 bytes to transfer"),
        "{told:?}"
    );
    assert!(
        told.contains(&"uploaded a: new here, not in the bucket"),
        "{told:?}"
    );
    assert!(
        told.contains(&"map root: scanned 2, uploaded 2, uploaded bytes 6"),
        "{told:?}"
    );
    let end = end(&lines);
    assert_eq!(end["exit"], 0);
    assert!(
        end["seconds"]
            .as_f64()
            .is_some_and(|took| took > 0.0 && took < 100.0)
    );
    assert_eq!(end["maps"][0]["map"], "root");
    assert_eq!(end["maps"][0]["counts"]["uploaded"], 2);
    assert_eq!(
        end["maps"][0]["counts"]
            .as_object()
            .map(serde_json::Map::len),
        Some(19)
    );
    assert_eq!(end["maps"][0]["halt"], Value::Null);
    let raw = &lines.last().expect("a line").1;
    assert!(raw.starts_with("end {\"exit\":0,\"seconds\":"), "{raw}");
}

#[test]
fn a_log_has_its_run_s_time_for_a_name_and_is_for_its_owner_alone() {
    let world = World::embedded();
    world.local("a", "one").init();
    let dir = place(&world);
    for _ in 0..3 {
        world.run(&["--log-dir", &dir]).expect_code(0);
    }
    let paths = paths(&world);
    assert_eq!(paths.len(), 3, "{paths:?}");
    for path in paths {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("UTF-8");
        let time = name.strip_prefix("s3-bsync-");
        let time = time
            .and_then(|name| name.strip_suffix(".log"))
            .expect("its own name");
        assert!(time.len() >= "2026-11-25T07-38-13Z".len(), "{name}");
        assert_eq!(&time[19..20], "Z", "{name}");
        let mode = fs::metadata(&path)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_idle_run_s_log_has_a_few_lines() {
    let world = World::embedded();
    world.local("a", "one").local("b", "two").init().sync();
    world
        .run(&["--log-dir", &place(&world)])
        .expect_code(0)
        .expect_silence();
    let lines = newest(&world);
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(end(&lines)["maps"][0]["counts"]["unchanged_by_state"], 2);
}

#[test]
fn complaints_are_in_the_log_with_their_causes_though_quiet() {
    let world = World::embedded();
    world.local("a", "one").local("b", "two").init();
    std::os::unix::fs::symlink("a", world.path("link")).expect("a link can be made");
    world.wire().fault(
        When::op(Op::Put).key("docs/a").always(),
        Fault::Status(403, "AccessDenied"),
    );
    world
        .run(&["--quiet", "--log-dir", &place(&world)])
        .expect_code(1);
    let lines = newest(&world);
    let told = texts(&lines);
    assert!(
        told.iter().any(|line| line.starts_with("error: a: ")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|line| line.starts_with("skipped link: ")),
        "{told:?}"
    );
    let end = end(&lines);
    assert_eq!(end["exit"], 1);
    assert_eq!(end["maps"][0]["counts"]["failed"], 1);
}

#[test]
fn a_run_that_could_not_begin_has_a_log_too() {
    let world = World::embedded();
    world.local("a", "one").init();
    fs::write(world.state_file(), "s3syncXX").expect("a file can be written");
    world.run(&["--log-dir", &place(&world)]).expect_code(3);
    let lines = newest(&world);
    assert!(lines[0].1.starts_with("error: "), "{lines:?}");
    let end = end(&lines);
    assert_eq!(end["exit"], 3);
    assert_eq!(end["maps"], Value::Array(Vec::new()));
}

#[test]
fn a_halted_map_s_reason_is_in_the_last_line() {
    let world = World::embedded();
    world.local("a", "one").init().sync();
    fs::remove_file(world.path(".s3bsync/marker")).expect("there is a marker");
    world.run(&["--log-dir", &place(&world)]).expect_code(3);
    let end = end(&newest(&world));
    let halt = end["maps"][0]["halt"].as_str().expect("a reason");
    assert!(halt.contains("marker"), "{halt}");
}

#[test]
fn a_dry_run_is_logged_as_what_would_be() {
    let world = World::embedded();
    world.local("a", "one").init();
    world
        .run(&["--dryrun", "--log-dir", &place(&world)])
        .expect_code(0)
        .expect_silence();
    let lines = newest(&world);
    let planned = "would upload a: new here, not in the bucket";
    assert!(texts(&lines).contains(&planned), "{lines:?}");
    assert!(world.remote_tree().is_empty());
}

#[test]
fn a_killed_run_s_log_is_there_up_to_that_moment() {
    let world = World::embedded();
    world.local("a", "one").local("b", "two").init();
    let dir = place(&world);
    let args = ["--jobs", "1", "--log-dir", &dir];
    let run = world.killed(&args, When::op(Op::Put).key("docs/b"), Kill::Before);
    assert!(run.is_none(), "the run was killed");
    let lines = newest(&world);
    let told = texts(&lines);
    assert!(
        told.contains(&"uploaded a: new here, not in the bucket"),
        "{told:?}"
    );
    assert!(
        !told.iter().any(|line| line.starts_with("end ")),
        "{told:?}"
    );
}

#[test]
fn a_run_without_a_map_is_logged() {
    let world = World::embedded();
    world.local("a", "one");
    let endpoint = world.wire().endpoint();
    let root = world.root().to_str().expect("UTF-8");
    let (dir, uri) = (place(&world), world.uri());
    let args = [
        "push",
        root,
        &uri,
        "--endpoint-url",
        &endpoint,
        "--path-style",
        "--log-dir",
        &dir,
    ];
    world.run(&args).expect_code(0);
    assert_eq!(end(&newest(&world))["maps"][0]["counts"]["uploaded"], 1);
}

#[test]
fn a_log_in_a_map_s_directory_is_refused_and_nothing_is_left_there() {
    let world = World::embedded();
    world.local("a", "one").local("logs/x", "two").init();
    let inside = world.path("logs");
    let inside = inside.to_str().expect("UTF-8");
    let elsewhere = world.home().join("by-another-way");
    std::os::unix::fs::symlink(inside, &elsewhere).expect("a link can be made");
    for dir in [inside, elsewhere.to_str().expect("UTF-8")] {
        world
            .run(&["--log-dir", dir])
            .expect_code(2)
            .expect_stderr("would be synced itself");
    }
    assert_eq!(world.tree().len(), 2, "{:?}", world.tree());
    assert!(world.remote_tree().is_empty());
}

#[test]
fn a_log_that_breaks_off_is_told_once_and_stops_no_run() {
    let world = World::embedded();
    world.local("a", "one").local("b", "two").init();
    for n in 0..300 {
        // Names that only the log tells of.
        let name = format!("{n:03}-{}", "long".repeat(50));
        std::os::unix::fs::symlink("a", world.path(&name)).expect("a link can be made");
    }
    let dir = place(&world);
    let plain = world.command(&["--quiet", "--log-dir", &dir]);
    let mut command = Command::new("sh");
    // As a full disk, for files of more than so many blocks; for that it sends a signal too.
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    command.args(["-c", script]).arg(plain.get_program());
    command
        .args(plain.get_args())
        .current_dir(world.home())
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let run = Run::of(&mut command);
    run.expect_code(1).expect_stderr("broke off");
    assert_eq!(run.stderr.matches("broke off").count(), 1, "{}", run.stderr);
    world.expect_remote("a", "one").expect_remote("b", "two");
    let text = fs::read_to_string(&paths(&world)[0]).expect("a log can be read");
    assert!(
        text.len() > 10_000 && !text.contains("  end {"),
        "{}",
        text.len()
    );
}
