//! Times are UTC, whatever zone the person lives in.

mod support;

use std::fs;
use std::process::Command;
use support::world::World;

/// More than half a day from UTC, so that the date differs as well as the hour for part of the day.
const ZONE: [(&str, &str); 1] = [("TZ", "ODD-13:37")];

fn utc_hour() -> String {
    let asked = Command::new("date").args(["-u", "+%Y%m%dT%H"]).output();
    let told = asked.expect("date runs").stdout;
    String::from_utf8_lossy(&told).trim().to_owned()
}

#[test]
fn a_dump_says_the_same_in_every_zone() {
    let world = World::agreed(&[("a", "1")]);
    for args in [&["--dump", "--objects"][..], &["--dump", "--hex"]] {
        let here = world.run(args);
        let there = world.run_in(&ZONE, args);
        here.expect_code(0);
        assert_eq!(here.stdout, there.stdout);
        here.expect_stdout("Z");
    }
}

#[test]
fn names_of_kept_files_bear_utc() {
    let world = World::agreed(&[("a", "1")]);
    world.remove_remote("a");
    let before = utc_hour();
    world.run_in(&ZONE, &[]).expect_code(0);
    let after = utc_hour();
    let folders = fs::read_dir(world.path(".s3bsync/recovery")).expect("a file is kept");
    let names: Vec<_> = folders
        .map(|entry| {
            entry
                .expect("it can be read")
                .file_name()
                .display()
                .to_string()
        })
        .collect();
    assert_eq!(names.len(), 1);
    let digits: String = names[0]
        .chars()
        .filter(|c| *c != '-' && *c != ':')
        .collect();
    assert!(
        digits.starts_with(&before) || digits.starts_with(&after),
        "{names:?} at {before}"
    );
}
