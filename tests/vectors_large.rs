//! The vectors are what their script writes, and the files that it writes in place of keeping them
//! give what it expects.

#[path = "support/states.rs"]
mod states;

use s3_bsync::format::ReadError;
use states::{decode, encode};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors")
}

/// Runs the script; says whether there is a Python to run it.
fn make<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> bool {
    let mut python = Command::new("python3");
    python.arg(vectors().join("make.py")).args(arguments);
    match python.status() {
        Ok(status) => assert!(status.success(), "{status}"),
        Err(error) if env::var_os("CI").is_none() => {
            eprintln!("left out, since python3 does not run: {error}");
            return false;
        }
        Err(error) => panic!("python3 does not run: {error}"),
    }
    true
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let vectors = names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "hex"));
    vectors
        .map(|name| {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

#[test]
fn the_vectors_are_what_their_script_writes() {
    let folder = tempfile::tempdir().unwrap();
    if !make([folder.path().as_os_str()]) {
        return;
    }
    let (written, kept) = (texts(folder.path()), texts(&vectors()));
    assert!(written.len() > 200);
    let names = written.keys().chain(kept.keys());
    let stale: Vec<_> = names
        .filter(|name| written.get(*name) != kept.get(*name))
        .collect();
    assert!(stale.is_empty(), "make.py writes other vectors: {stale:?}");
}

#[test]
fn large_files_give_what_is_expected_of_them() {
    let folder = tempfile::tempdir().unwrap();
    if !make([OsStr::new("--large"), folder.path().as_os_str()]) {
        return;
    }
    let expected = fs::read_to_string(folder.path().join("expected.txt")).unwrap();
    let mut seen = 0;
    for line in expected.lines() {
        let (name, expected) = line.split_once(": ").unwrap();
        let bytes = fs::read(folder.path().join(name).with_extension("bin")).unwrap();
        let found = match decode(&bytes) {
            Ok(full) if bytes[4] == 2 => {
                assert!(
                    encode(&full).unwrap() == bytes,
                    "{name} is written otherwise"
                );
                "ok".to_owned()
            }
            Ok(_) => "ok".to_owned(),
            Err(ReadError::Decode(defect)) => {
                format!("{} @ {}", defect.kind.name(), defect.offset)
            }
            Err(other) => other.to_string(),
        };
        assert_eq!(found, expected, "{name}");
        seen += 1;
    }
    assert!(seen > 20);
}
