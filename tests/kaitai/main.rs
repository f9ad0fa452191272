//! The reader that a stock compiler makes from `spec/s3sync.ksy`, which nobody here wrote by hand,
//! says the same of every file as the program.

#[path = "../support/states.rs"]
mod states;
#[path = "../support/vectors.rs"]
mod vectors;

mod altered;
mod expected;
mod generated;
mod shown;
mod tools;

use s3_bsync::format::journal::Replay;
use s3_bsync::format::{DecodeError, Kind, ReadError};
use serde_json::{Value, json};
use shown::{entry_shown, record_shown, replayed};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tools::{Kaitai, Readings, kaitai, run};
use vectors::{Vector, vector, vectors};

/// Vectors that the compiled reader takes, or refuses for another reason than the stated one, beside
/// those whose kind of defect it leaves to its caller.
const UNNOTICED: &[&str] = &["bad-magic-short", "etag-md5-as-text", "v1-string-limit"];

/// Reads files with the compiled reader and, each by itself, in the program's own way.
fn compare(kaitai: &Kaitai, files: &[(String, Vec<u8>)], own: impl Fn(&Path, &[u8]) -> Value) {
    let folder = tempfile::tempdir().unwrap();
    let readings = read(kaitai, files, folder.path());
    assert_eq!(readings.len(), files.len());
    for (name, bytes) in files {
        let expected = json!({"file": null, "holds": own(&folder.path().join(name), bytes)});
        let found = &readings[name];
        assert!(*found == expected, "{name}:\n{found}\n{expected}");
    }
}

fn read(kaitai: &Kaitai, files: &[(String, Vec<u8>)], folder: &Path) -> Readings {
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    kaitai.read(folder)
}

/// What `--dump --json --objects` prints of the state itself; the rest is about the file, or counted.
fn dumped(file: &Path, _bytes: &[u8]) -> Value {
    let mut dump = Command::new(env!("CARGO_BIN_EXE_s3-bsync"));
    dump.args(["--dump", "--json", "--objects", "--file"])
        .arg(file);
    let mut dumped: Value = serde_json::from_str(&run(&mut dump)).unwrap();
    let all = dumped.as_object_mut().unwrap();
    for other in "format kind file bytes beside total dropped error".split(' ') {
        all.remove(other).unwrap();
    }
    for map in all["maps"].as_array_mut().unwrap() {
        let map = map.as_object_mut().unwrap();
        for other in ["unstamped", "unsettled"] {
            map.remove(other).unwrap();
        }
    }
    dumped
}

#[test]
fn good_vectors_are_read_as_they_are_dumped() {
    let Some(kaitai) = kaitai() else { return };
    let good = vectors().into_iter().filter(Vector::is_good_state);
    let good: Vec<_> = good.map(|vector| (vector.name, vector.bytes)).collect();
    assert!(good.len() >= 39);
    compare(kaitai, &good, dumped);
}

#[test]
fn two_hundred_states_are_read_as_they_are_dumped() {
    let Some(kaitai) = kaitai() else { return };
    let all = generated::states();
    let forms = generated::forms(&all);
    assert!(forms.len() > 60, "{}: {forms:#?}", forms.len());
    let encoded = all.iter().map(|full| states::encode(full).unwrap());
    let names = (0..).map(|n| format!("state-{n:03}"));
    compare(kaitai, &names.zip(encoded).collect::<Vec<_>>(), dumped);
}

#[test]
fn journals_are_read_as_they_are_replayed() {
    let Some(kaitai) = kaitai() else { return };
    let drawn = generated::journals().into_iter().enumerate();
    let drawn = drawn.map(|(n, bytes)| (format!("drawn-{n}"), bytes));
    compare(kaitai, &drawn.collect::<Vec<_>>(), replayed);

    let (all, readings) = read_vectors(kaitai, Vector::has_entries);
    let mut same = 0;
    for vector in &all {
        let reading = &readings[&vector.name];
        if reading["refused"].is_null() && vector.kind() != "BadKey" {
            assert_eq!(reading["holds"], replayed(Path::new(""), &vector.bytes));
            same += 1;
        } else {
            assert!(is_expected(vector, reading), "{}: {reading}", vector.name);
        }
    }
    assert!(same >= 10, "{same} of {}", all.len());
}

/// Whether the reader gave up for the reason that the vector states, if it is one that it can see.
fn is_expected(vector: &Vector, reading: &Value) -> bool {
    let class = reading["refused"].as_str().unwrap_or_default();
    let is_validation = class.starts_with("Validation");
    match vector.kind() {
        kind if is_left_to_the_caller(kind) => true,
        "Truncated" => ["EndOfStreamError", "NoTerminatorFoundError"].contains(&class),
        "BadText" => class == "UnicodeDecodeError" || is_validation,
        _ => is_validation,
    }
}

/// What the head of the `.ksy` says that the compiled reader leaves to its caller.
fn is_left_to_the_caller(kind: &str) -> bool {
    ["BadChecksum", "BadKey", "Duplicate"].contains(&kind)
}

fn read_vectors(kaitai: &Kaitai, wanted: fn(&Vector) -> bool) -> (Vec<Vector>, Readings) {
    let all: Vec<_> = vectors().into_iter().filter(wanted).collect();
    let files = all.iter().map(|it| (it.name.clone(), it.bytes.clone()));
    let folder = tempfile::tempdir().unwrap();
    let readings = read(kaitai, &files.collect::<Vec<_>>(), folder.path());
    (all, readings)
}

#[test]
fn bad_vectors_are_refused_for_what_is_wrong_with_them() {
    let Some(kaitai) = kaitai() else { return };
    let (bad, readings) = read_vectors(kaitai, |it| !it.is_good_state() && !it.has_entries());
    let seen = bad.iter().filter(|it| !is_left_to_the_caller(it.kind()));
    let (noticed, unnoticed): (Vec<_>, Vec<_>) =
        seen.partition(|it| is_expected(it, &readings[&it.name]));
    let unnoticed: Vec<_> = unnoticed.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(unnoticed, UNNOTICED);
    assert!(noticed.len() >= 125, "{} of {}", noticed.len(), bad.len());
}

/// Checks that both refuse a file, or else say the same of its records; gives the kinds of defects.
fn agree_on(files: Vec<Vec<u8>>, own: impl Fn(&[u8]) -> Result<Value, DecodeError>) -> usize {
    let Some(kaitai) = kaitai() else {
        return usize::MAX;
    };
    let names = (0..).map(|n| format!("altered-{n:04}"));
    let files: Vec<_> = names.zip(files).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut readings = read(kaitai, &files, folder.path());
    let mut kinds = BTreeSet::new();
    for (name, bytes) in &files {
        let mut reading = readings.remove(name).unwrap();
        match own(bytes) {
            Ok(expected) => {
                let found = match reading["holds"].get_mut("maps") {
                    Some(maps) => maps
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|map| map["objects"].clone())
                        .collect(),
                    None => reading["holds"]["entries"].take(),
                };
                assert_eq!(found, expected, "{name}: {reading}");
            }
            Err(defect) => {
                let is_refused = reading["refused"].is_string();
                let is_left = is_left_to_the_caller(defect.kind.name())
                    || matches!(defect.kind, Kind::NonCanonical { field: "ETag" });
                assert!(is_refused || is_left, "{name}: {defect}, {reading}");
                kinds.insert(defect.kind.name());
            }
        }
    }
    kinds.len()
}

fn records(bytes: &[u8]) -> Result<Value, DecodeError> {
    let (_, maps) = states::decode(bytes).map_err(defect)?;
    let shown = |map: &Vec<_>| map.iter().map(record_shown).collect::<Value>();
    Ok(maps.iter().map(shown).collect())
}

fn entries(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut replay = Replay::open(bytes).map_err(defect)?;
    let entries = replay.by_ref().map(|it| entry_shown(&it.unwrap()));
    let entries = entries.collect();
    replay.stopped().map_or(Ok(entries), |defect| Err(*defect))
}

fn defect(error: ReadError) -> DecodeError {
    match error {
        ReadError::Decode(defect) => defect,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_altered_state_is_refused_by_both_or_means_the_same_to_both() {
    assert!(agree_on(altered::states(1500), records) >= 9);
}

#[test]
fn so_is_an_altered_state_of_version_1() {
    for name in ["v1-original", "v1-published"] {
        assert!(agree_on(altered::version_1(&vector(name)), records) >= 5);
    }
}

#[test]
fn so_is_an_altered_journal() {
    assert!(agree_on(altered::journals(&vector("journal-ok")), entries) >= 7);
}
