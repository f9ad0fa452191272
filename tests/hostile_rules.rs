//! Ignore files may come from the bucket, from whoever can write there: none takes more time or
//! memory than a run can spare, whatever is in it and however many there are.

mod support;

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::world::World;

const KIB: usize = 1024;
/// All that the program may map, stacks and code included.
const MEMORY_KIB: usize = 1_500_000;
const PATIENCE: Duration = Duration::from_mins(1);

/// Lines made by `line` from their number, up to so many bytes.
fn text(length: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for n in 0.. {
        text.push_str(&line(n));
        if text.len() >= length {
            break;
        }
    }
    text
}

/// Runs the program with bounded memory; gives its code and what it complained of.
fn run_bounded(world: &World) -> (i32, String) {
    let plain = world.command(&[]);
    let limited = format!("ulimit -v {MEMORY_KIB}; exec \"$@\"");
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &limited, "sh"])
        .arg(plain.get_program());
    command
        .args(plain.get_args())
        .current_dir(world.home())
        .env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let begun = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("a shell can be started");
    assert!(begun.elapsed() < PATIENCE, "it took {:?}", begun.elapsed());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

/// Names that patterns have to work on.
fn long_names() -> World {
    let world = World::embedded();
    for n in 0..50 {
        world.local(&format!("{}{n}", "ab".repeat(110)), "x");
    }
    world.init();
    world
}

/// The rule files that cannot be used travel, and nothing else of their directories.
#[track_caller]
fn expect_frozen(world: &World, file: &str, reason: &str, is_synced: impl Fn(&str) -> bool) {
    let (code, said) = run_bounded(world);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(file) && said.contains(reason), "{said}");
    for (key, _) in world.remote_tree() {
        assert!(
            key.ends_with(".s3syncignore") || is_synced(&key),
            "{key} went by rules that are not known"
        );
    }
}

#[test]
fn patterns_that_multiply_are_matched_in_good_time() {
    let bombs = [
        text(200, |_| "*a".to_owned()) + "c",
        text(100 * KIB, |_| "*a*a*a*a*a*a*a*a*c\n".to_owned()),
        text(100 * KIB, |n| format!("*a*{n}*b?c*\n")),
        text(100 * KIB, |_| "**/a/".to_owned()) + "c",
        text(100 * KIB, |_| "[!x][!y][!z]*[[:alpha:]]c\n".to_owned()),
        text(100 * KIB, |n| format!("!*a*{n}?b\n")),
        format!("[{}]", text(100 * KIB, |_| "\u{100}-\u{200}".to_owned())),
    ];
    let world = long_names();
    for bomb in bombs {
        let start: String = bomb.chars().take(40).collect();
        world.local(".s3syncignore", bomb);
        let (code, said) = run_bounded(&world);
        assert_eq!(code, 0, "{start}: {said}");
        world.expect_same();
    }
}

#[test]
fn a_file_of_too_many_patterns_freezes_its_directory() {
    let world = long_names();
    world.local(
        ".s3syncignore",
        text(300 * KIB, |n| format!("*a*{n}*b?c*\n")),
    );
    let reason = "256 KiB of patterns with wildcards";
    expect_frozen(&world, ".s3syncignore", reason, |_| false);
    world.local(".s3syncignore", text(1100 * KIB, |n| format!("name-{n}\n")));
    expect_frozen(&world, ".s3syncignore", "over 1 MiB", |_| false);
    world.local(".s3syncignore", text(1000 * KIB, |n| format!("name-{n}\n")));
    assert_eq!(run_bounded(&world).0, 0, "names are cheap");
}

#[test]
fn many_files_of_many_patterns_freeze_their_directories() {
    let world = long_names();
    for n in 0..40 {
        let patterns = text(20 * KIB, |n| format!("*a*{n}*b?c*\n"));
        world.local(&format!("dir-{n:02}/.s3syncignore"), patterns);
        world.local(&format!("dir-{n:02}/x"), "x");
    }
    let is_before = |key: &str| !key.starts_with("dir-") || key < "dir-20";
    let reason = "256 KiB of patterns with wildcards";
    expect_frozen(&world, "/.s3syncignore", reason, is_before);

    let world = long_names();
    for n in 0..10 {
        let names = text(900 * KIB, |n| format!("name-{n}\n"));
        world.local(&format!("dir-{n:02}/.s3syncignore"), names);
        world.local(&format!("dir-{n:02}/x"), "x");
    }
    let is_before = |key: &str| !key.starts_with("dir-") || key < "dir-05";
    expect_frozen(&world, "/.s3syncignore", "4 MiB", is_before);
}

/// How long it takes to find out what a run would do.
fn dry(world: &World) -> Duration {
    let begun = Instant::now();
    world.run(&["--dryrun"]).expect_code(0);
    begun.elapsed()
}

/// Of a deep key every directory above is asked for: not each of all those above it again.
#[test]
fn deep_keys_are_asked_after_in_good_time() {
    let world = World::embedded();
    world.local("keep", "x").init();
    for n in 0..500 {
        let mut key = text(980, |_| "a/".to_owned());
        write!(key, "{n}").expect("a string can be written to");
        world.remote(&key, "deep");
    }
    let without = dry(&world);
    world.local(".s3syncignore", "*.tmp\n");
    let with = dry(&world);
    println!("{with:?} with rules, {without:?} without");
    assert!(
        with < without * 3 + Duration::from_secs(1),
        "{without:?} and {with:?}"
    );
}
