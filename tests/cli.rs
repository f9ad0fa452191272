//! What the program says, to the letter: each file below `tests/cli` is a case that reads as a
//! session, and this runs it.
//!
//! `S3BSYNC_WRITE_CASES=1 cargo test --test cli` writes what was said into the files; look at the
//! difference before it is committed. A case holds, line by line:
//!
//! ```text
//! # why it is there
//! mkdir docs                 what happens before, see `Stage::prepare`
//! $ --init --dir {home}/docs s3://bucket
//! exit 0
//! > a line of standard output
//! ! a line of standard error
//! ```
//!
//! What differs from run to run stands in braces: `{home}`, `{bucket}`, `{endpoint}`, `{version}`,
//! `{id}`, `{time}`, `{ago}`, `{pid}` and, for long numbers, `{n}`.

#[path = "cli/runner/mod.rs"]
mod runner;
#[path = "support/states.rs"]
mod states;
mod support;

use runner::{Case, Stage, json_lines};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

#[test]
fn every_case_says_and_ends_as_its_file_has_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() > 30, "{} cases", paths.len());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let chunks = paths.chunks(paths.len().div_ceil(4));
        let threads: Vec<_> = chunks
            .map(|chunk| scope.spawn(|| chunk.iter().filter_map(|path| Case::play(path)).collect()))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flat_map(|failures: Vec<String>| failures).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A stage with one map that has every setting.
fn with_every_setting() -> Stage {
    let stage = Stage::bare();
    fs::create_dir(stage.home().join("docs")).unwrap();
    fs::create_dir(stage.home().join(".aws")).unwrap();
    fs::write(stage.home().join(".aws/config"), "[profile work]\n").unwrap();
    let docs = stage.home().join("docs").display().to_string();
    let ended = stage.run(&[
        "--init",
        "--dir",
        &docs,
        "s3://bucket/a/b",
        "--name",
        "papers",
        "--no-recursive",
        "--endpoint-url",
        "https://s3.example.org",
        "--region",
        "eu-west-1",
        "--profile",
        "work",
        "--path-style",
        "--storage-class",
        "STANDARD_IA",
        "--conflict",
        "keep-both",
        "--keep",
        "7",
        "--links",
        "follow-inside",
        "--keep-mode",
        "yes",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    stage
}

fn dumped(stage: &Stage) -> Value {
    let ended = stage.run(&["--dump", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("a dump is JSON")
}

#[test]
fn every_setting_is_stored_and_stays_until_it_is_changed() {
    let stage = with_every_setting();
    let docs = stage.home().join("docs").display().to_string();
    let expected: [(&str, Value); 14] = [
        ("name", "papers".into()),
        ("path", docs.as_str().into()),
        ("bucket", "bucket".into()),
        ("prefix", "a/b".into()),
        ("recursive", false.into()),
        ("endpoint", "https://s3.example.org".into()),
        ("region", "eu-west-1".into()),
        ("profile", "work".into()),
        ("path_style", true.into()),
        ("storage_class", "STANDARD_IA".into()),
        ("conflict", "keep-both".into()),
        ("keep_days", 7.into()),
        ("links", "follow-inside".into()),
        ("keep_mode", true.into()),
    ];
    let check = |map: &Value, changed: &str| {
        for (setting, value) in &expected {
            if *setting != changed {
                assert_eq!(&map[setting], value, "{setting}");
            }
        }
    };
    let before = dumped(&stage);
    check(&before["maps"][0], "");
    let changed = stage.run(&[
        "--init",
        "--dir",
        &docs,
        "s3://bucket/a/b",
        "--conflict",
        "ask",
    ]);
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    let after = dumped(&stage);
    check(&after["maps"][0], "conflict");
    assert_eq!(after["maps"][0]["conflict"], "ask");
    assert_eq!(
        after["maps"][0]["id"], before["maps"][0]["id"],
        "the same map"
    );
}

#[test]
fn another_endpoint_makes_another_map_of_it() {
    let stage = with_every_setting();
    let docs = stage.home().join("docs").display().to_string();
    let before = dumped(&stage);
    let elsewhere = ["--endpoint-url", "https://s3.example.net"];
    let changed = stage.run(
        &[
            &["--init", "--dir", &docs, "s3://bucket/a/b"][..],
            &elsewhere,
        ]
        .concat(),
    );
    assert_eq!(changed.code, 0, "{}", changed.stderr);
    assert_ne!(dumped(&stage)["maps"][0]["id"], before["maps"][0]["id"]);
}

#[test]
fn a_failed_init_leaves_the_state_file_as_it_was() {
    let stage = with_every_setting();
    let docs = stage.home().join("docs").display().to_string();
    let bytes = || fs::read(stage.home().join(".state.s3sync")).unwrap();
    let before = bytes();
    let inside = format!("{docs}/inside");
    fs::create_dir(&inside).unwrap();
    for args in [
        &["--init", "--rmdir", "/nowhere"][..],
        &["--init", "--dir", &inside, "s3://other"],
        &["--init", "--dir", "/nowhere", "s3://other"],
        &[
            "--init", "--purge", "--dir", &docs, "s3://one", "--dir", &inside, "s3://two",
        ],
        &[
            "--init",
            "--overwrite",
            "--dir",
            &docs,
            "s3://one",
            "--dir",
            &inside,
            "s3://two",
        ],
    ] {
        assert_eq!(stage.run(args).code, 2, "{args:?}");
        assert_eq!(bytes(), before, "{args:?}");
    }
}

#[test]
fn help_is_the_same_however_it_is_asked_for() {
    let stage = Stage::bare();
    let help = stage.run(&["--help"]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for args in [
        &["-h"][..],
        &["-?"],
        &["--init", "--jobs", "0", "-h"],
        &["-v", "--help", "--nonsense"],
        &["--dir", "-?"],
    ] {
        let other = stage.run(args);
        assert_eq!(
            (other.code, other.stdout),
            (0, help.stdout.clone()),
            "{args:?}"
        );
        assert_eq!(other.stderr, "", "{args:?}");
    }
}

#[test]
fn init_uses_no_network_and_no_credentials() {
    let mut stage = Stage::bare();
    stage.forget_environment();
    let docs = stage.home().display().to_string();
    // A proxy that nobody serves: a request would fail, and slowly.
    stage.set("HTTPS_PROXY", "http://127.0.0.1:9");
    let begun = std::time::Instant::now();
    assert_eq!(
        stage.run(&["--init", "--dir", &docs, "s3://bucket"]).code,
        0
    );
    assert!(begun.elapsed() < std::time::Duration::from_secs(2));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let stage = Stage::bare();
    stage.put_records(50_000);
    let mut child = stage
        .command(&["--dump", "--objects"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    drop(reader);
    let ended = child.wait_with_output().unwrap();
    assert!(first.starts_with("state file"), "{first}");
    assert_eq!((ended.status.code(), ended.stderr), (Some(0), Vec::new()));
}

#[test]
fn a_dump_of_many_records_is_one_json_value() {
    let stage = Stage::bare();
    stage.put_records(3_000);
    let ended = stage.run(&["--dump", "--json", "--objects"]);
    let value: Value = serde_json::from_str(&ended.stdout).expect("a dump is JSON");
    assert_eq!(value["maps"][0]["objects"].as_array().unwrap().len(), 3_000);
    assert_eq!(value["maps"][0]["records"], 3_000);
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_run_tells_machines_everything_one_object_a_line() {
    let world = support::world::World::new();
    world.local("a", "new").remote("b", "theirs").init();
    let run = world.run(&["--json"]);
    run.expect_code(0);
    let lines = json_lines(&run.stdout);
    let events: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert_eq!(events.first(), Some(&"map"), "{events:?}");
    assert_eq!(events.last(), Some(&"summary"), "{events:?}");
    let done = |key: &str| {
        lines
            .iter()
            .find(|line| line["event"] == "done" && line["key"] == key)
    };
    assert_eq!(done("a").unwrap()["step"], "upload");
    assert_eq!(done("b").unwrap()["why"], "new in the bucket, not here");
    assert_eq!(lines.last().unwrap()["counts"]["downloaded"], 1);
}

#[test]
fn an_endpoint_without_a_server_is_told_in_plain_words() {
    let stage = Stage::bare();
    let home = stage.home().display().to_string();
    let endpoint = ["--endpoint-url", "http://127.0.0.1:9"];
    stage.run(&[&["--init", "--dir", &home, "s3://bucket"][..], &endpoint].concat());
    let ended = stage.run(&[""; 0]);
    assert_eq!(ended.code, 3);
    assert!(
        ended
            .stderr
            .contains(": no answer from the server\ncaused by: Connection refused")
    );
    assert!(
        ended
            .stderr
            .contains("\nhint: check the network, the endpoint"),
        "{}",
        ended.stderr
    );
}
