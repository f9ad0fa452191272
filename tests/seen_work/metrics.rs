//! `--metrics`: what a run came to, for Prometheus.

#![expect(clippy::float_cmp, reason = "numbers are read as they were written")]

use crate::exposition::{Samples, read};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, World};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{SystemTime, UNIX_EPOCH};

fn place(machine: &Machine) -> String {
    let path = machine.home().join("s3-bsync.prom");
    path.to_str().expect("UTF-8").to_owned()
}

#[track_caller]
fn page(machine: &Machine) -> Samples {
    read(&fs::read_to_string(place(machine)).expect("the file is there"))
}

/// The value of a sample, `what` being the label of that name, if any.
fn find(page: &Samples, name: &str, map: &str, what: Option<&str>) -> Option<f64> {
    let mut labels = BTreeMap::new();
    if !map.is_empty() {
        labels.insert("map".to_owned(), map.to_owned());
    }
    if let Some(what) = what {
        labels.insert("what".to_owned(), what.to_owned());
    }
    page.get(&(format!("s3bsync_{name}"), labels)).copied()
}

#[track_caller]
fn value(page: &Samples, name: &str, map: &str) -> f64 {
    find(page, name, map, None).unwrap_or_else(|| panic!("{name} of {map}: {page:#?}"))
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("tests live after 1970").as_secs_f64()
}

#[test]
fn a_run_s_counts_bytes_and_times_are_in_the_file() {
    let world = World::embedded();
    world
        .local("a", "one")
        .local("b", "two")
        .remote("c", "three")
        .init();
    let begun = now();
    world
        .run(&["--metrics", &place(&world)])
        .expect_code(0)
        .expect_silence();
    let page = page(&world);
    for name in [
        "last_success_timestamp_seconds",
        "last_run_timestamp_seconds",
    ] {
        let time = value(&page, name, "root");
        assert!(time > begun - 1.0 && time < now() + 1.0, "{name} {time}");
    }
    assert_eq!(value(&page, "last_run_exit_code", "root"), 0.0);
    assert!(value(&page, "last_run_duration_seconds", "root") > 0.0);
    assert_eq!(value(&page, "last_run_held_back", "root"), 0.0);
    assert_eq!(value(&page, "run_exit_code", ""), 0.0);
    let files = |what| find(&page, "last_run_files", "root", Some(what));
    assert_eq!(files("uploaded"), Some(2.0));
    assert_eq!(files("downloaded"), Some(1.0));
    assert_eq!(files("failed"), Some(0.0));
    let bytes = |what| find(&page, "last_run_bytes", "root", Some(what));
    assert_eq!(
        (bytes("uploaded"), bytes("downloaded")),
        (Some(6.0), Some(5.0))
    );
    let kinds = page
        .keys()
        .filter(|(name, _)| name.ends_with("last_run_files"))
        .count();
    assert_eq!(kinds, 16, "every kind that is counted");
}

#[test]
fn the_file_is_replaced_whole_and_everybody_may_read_it() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    world.run(&["--metrics", &path]).expect_code(0);
    let first = fs::metadata(&path).expect("it is there");
    assert_eq!(first.permissions().mode() & 0o777, 0o644);
    let held = fs::File::open(&path).expect("it can be read");
    world.run(&["--metrics", &path]).expect_code(0);
    assert_ne!(fs::metadata(&path).expect("it is there").ino(), first.ino());
    drop(held);
    let names = fs::read_dir(world.home()).expect("a folder can be read");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_map_that_failed_keeps_the_time_of_its_last_success() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    world.run(&["--metrics", &path]).expect_code(0);
    let success = value(&page(&world), "last_success_timestamp_seconds", "root");
    let keeps = |code: f64| {
        let page = page(&world);
        assert_eq!(
            value(&page, "last_success_timestamp_seconds", "root"),
            success
        );
        assert!(value(&page, "last_run_timestamp_seconds", "root") > success);
        assert_eq!(value(&page, "last_run_exit_code", "root"), code);
        page
    };
    world.local("b", "two");
    let denied = Fault::Status(403, "AccessDenied");
    world
        .wire()
        .fault(When::op(Op::Put).always(), denied.clone());
    world.run(&["--metrics", &path]).expect_code(1);
    let failed = find(&keeps(1.0), "last_run_files", "root", Some("failed"));
    assert_eq!(failed, Some(1.0));
    world.wire().heal();
    world.wire().fault(When::op(Op::List).always(), denied);
    world.run(&["--metrics", &path]).expect_code(3);
    keeps(3.0);
    world.wire().heal();
    let state = fs::read(world.state_file()).expect("there is a state file");
    let previous = world.home().join("state.s3sync~");
    fs::remove_file(previous).expect("there is a previous generation");
    fs::write(world.state_file(), "s3syncXX").expect("a file can be written");
    world.run(&["--metrics", &path]).expect_code(3);
    assert_eq!(value(&keeps(3.0), "run_exit_code", ""), 3.0);
    fs::write(world.state_file(), state).expect("a file can be written");
    world.run(&["--metrics", &path]).expect_code(0);
    assert!(value(&page(&world), "last_success_timestamp_seconds", "root") > success);
}

#[test]
fn what_the_guard_held_back_is_counted() {
    let world = World::embedded();
    world
        .local("a", "1")
        .local("b", "2")
        .local("c", "3")
        .init()
        .sync();
    world.remove("a").remove("b").remove("c");
    world.run(&["--metrics", &place(&world)]).expect_code(3);
    assert_eq!(value(&page(&world), "last_run_held_back", "root"), 3.0);
}

#[test]
fn a_map_that_never_succeeded_has_a_last_success_at_zero() {
    let world = World::embedded();
    world.local("a", "one").init();
    let deny = Fault::Status(403, "AccessDenied");
    world.wire().fault(When::op(Op::List).always(), deny);
    let path = place(&world);
    let success = || value(&page(&world), "last_success_timestamp_seconds", "root");
    world.run(&["--metrics", &path]).expect_code(3);
    assert_eq!(success(), 0.0);
    world.wire().heal();
    world.run(&["--metrics", &path]).expect_code(0);
    assert!(success() > 0.0);
}

#[test]
fn a_run_of_one_map_keeps_the_others_lines_and_a_dropped_map_s_go() {
    let world = World::embedded();
    world.local("a", "one").init();
    let other = world.also("other", "other");
    other.local("b", "two").init();
    let path = place(&world);
    world.run(&["--metrics", &path]).expect_code(0);
    let before = page(&world);
    world
        .run(&["sync", "other", "--metrics", &path])
        .expect_code(0);
    let after = page(&world);
    let time = "last_run_timestamp_seconds";
    assert_eq!(value(&before, time, "root"), value(&after, time, "root"));
    assert!(value(&before, time, "other") < value(&after, time, "other"));
    world.run(&["rm", "other"]).expect_code(0);
    world.run(&["--metrics", &path]).expect_code(0);
    let left = page(&world);
    assert!(
        left.keys()
            .all(|(_, labels)| labels.get("map").is_none_or(|map| map == "root"))
    );
}

#[test]
fn a_name_that_needs_it_is_escaped_and_found_again() {
    let world = World::embedded();
    let name = r#"a "b" \ {c="d"} e"#;
    world.local("a", "one").init_with(&["--name", name]);
    let path = place(&world);
    world.run(&["--metrics", &path]).expect_code(0);
    let success = value(&page(&world), "last_success_timestamp_seconds", name);
    fs::remove_file(world.path(".s3bsync/marker")).expect("there is a marker");
    world.run(&["--metrics", &path]).expect_code(3);
    assert_eq!(
        value(&page(&world), "last_success_timestamp_seconds", name),
        success
    );
}

#[test]
fn what_stood_there_that_is_no_metrics_stays() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    for other in [
        &b"\xff\xfe\0\n"[..],
        b"ten years of work",
        b"node_load1 1\n",
    ] {
        fs::write(&path, other).expect("a file can be written");
        world
            .run(&["--metrics", &path])
            .expect_code(3)
            .expect_stderr("it holds something else");
        assert_eq!(fs::read(&path).expect("it can be read"), other);
    }
    let state = world.state_file();
    let before = fs::read(&state).expect("there is a state file");
    let name = state.to_str().expect("UTF-8");
    world.run(&["--metrics", name]).expect_code(3);
    assert_eq!(fs::read(&state).expect("it can be read"), before);
    // Not through a link either, nor in its place.
    let link = world.home().join("link.prom");
    std::os::unix::fs::symlink("/dev/null", &link).expect("links can be made");
    let name = link.to_str().expect("UTF-8");
    world.run(&["--metrics", name]).expect_code(3);
    assert!(link.is_symlink());
    world.expect_no_remote("a");
}

#[test]
fn what_is_put_there_during_the_run_stays_too() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    let late = path.clone();
    let writes = Fault::call(move || {
        fs::write(&late, "put there meanwhile").expect("a file can be written");
    });
    world.wire().fault(When::op(Op::Put), writes);
    world
        .run(&["--metrics", &path])
        .expect_stderr("are those of before");
    let left = fs::read_to_string(&path).expect("it can be read");
    assert_eq!(left, "put there meanwhile");
    world.expect_remote("a", "one");
}

#[test]
fn broken_metrics_and_an_empty_file_are_replaced() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    for rest in [
        "",
        "# HELP s3bsync_run_exit_code x\ns3bsync_last_run_files{map=\"x",
    ] {
        fs::write(&path, rest).expect("a file can be written");
        world.run(&["--metrics", &path]).expect_code(0);
        assert_eq!(value(&page(&world), "last_run_exit_code", "root"), 0.0);
    }
}

#[test]
fn a_dry_run_leaves_the_file_as_it_is() {
    let world = World::embedded();
    world.local("a", "one").init();
    let path = place(&world);
    world.run(&["--dryrun", "--metrics", &path]).expect_code(0);
    assert!(!fs::exists(&path).expect("it can be looked for"));
}
