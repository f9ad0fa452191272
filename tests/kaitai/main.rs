//! The reader that a stock compiler makes from `spec/s3sync.ksy`, which nobody here wrote by hand,
//! says the same of every file as the program.

#[path = "../support/states.rs"]
mod states;

mod altered;
mod generated;
mod tools;

use s3_bsync::format::journal::{Entry, Replay};
use s3_bsync::format::{Kind, ReadError, Reader};
use s3_bsync::stamp::{Hex, LocalStamp};
use s3_bsync::state::{Change, Content, Record};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use tools::{Kaitai, Readings, kaitai, run};

/// Bad vectors of which the compiled reader notices nothing, or not what is wrong. What it leaves to
/// its caller stands at the head of the `.ksy`.
const UNNOTICED: &[&str] = &[
    "checksum-chain",
    "checksum-metadata",
    "checksum-swapped",
    "duplicate-map-id",
    "etag-md5-as-text",
    "key-dots",
    "key-not-utf8",
    "key-nul",
];

struct Vector {
    name: String,
    expect: String,
    bytes: Vec<u8>,
}

impl Vector {
    fn is_good_state(&self) -> bool {
        self.expect == "ok"
    }

    /// Of a journal that is torn or has a wrong checksum the entries before count.
    fn is_good_journal(&self) -> bool {
        self.expect.contains("entries") && !self.expect.contains("BadValue")
    }
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "hex") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap();
        let expect = head.lines().find_map(|line| line.strip_prefix("expect: "));
        let digits = body.lines().filter_map(|line| line.split('#').next());
        let pairs = digits.flat_map(str::split_whitespace);
        all.push(Vector {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            expect: expect.unwrap().to_owned(),
            bytes: pairs
                .map(|pair| u8::from_str_radix(pair, 16).unwrap())
                .collect(),
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

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

/// What `--dump --json --objects` prints, and the names of the buckets, which it prints only with
/// their maps. A version-1 file has no ids; what the program draws for it is left out.
fn dumped(file: &Path, bytes: &[u8]) -> Value {
    let mut dump = Command::new(env!("CARGO_BIN_EXE_s3-bsync"));
    dump.args(["--dump", "--json", "--objects", "--file"])
        .arg(file);
    let mut dumped: Value = serde_json::from_str(&run(&mut dump)).unwrap();
    let reader = Reader::open(Cursor::new(bytes)).unwrap();
    let names = reader
        .state()
        .buckets
        .iter()
        .map(|bucket| bucket.name.clone());
    dumped["buckets"] = names.collect();
    dumped.as_object_mut().unwrap().remove("file");
    if reader.version() == 1 {
        dumped["replica"] = Value::Null;
        for map in dumped["maps"].as_array_mut().unwrap() {
            map["id"] = Value::Null;
        }
    }
    dumped
}

#[test]
fn good_vectors_are_read_as_they_are_dumped() {
    let Some(kaitai) = kaitai() else { return };
    let good = vectors().into_iter().filter(Vector::is_good_state);
    let good: Vec<_> = good.map(|vector| (vector.name, vector.bytes)).collect();
    assert!(good.len() >= 6);
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
    let vectors = vectors().into_iter();
    let mut all: Vec<_> = vectors
        .filter(Vector::is_good_journal)
        .map(|vector| (vector.name, vector.bytes))
        .collect();
    assert!(all.len() >= 4);
    let drawn = generated::journals().into_iter().enumerate();
    all.extend(drawn.map(|(n, bytes)| (format!("drawn-{n}"), bytes)));
    compare(kaitai, &all, replayed);
}

fn replayed(_file: &Path, bytes: &[u8]) -> Value {
    // The identity's place is fixed (section 12).
    let generation = u64::from_le_bytes(bytes[26..34].try_into().unwrap());
    let entries = Replay::open(bytes).unwrap().map(|it| shown(&it.unwrap()));
    json!({
        "replica": Hex(&bytes[10..26]).to_string(),
        "generation": generation,
        "entries": entries.collect::<Vec<_>>(),
    })
}

fn shown(entry: &Entry) -> Value {
    match entry {
        Entry::Change(map, Change::Upsert(record)) => {
            json!({"type": "upsert", "map": map.to_string(), "record": record_shown(record)})
        }
        Entry::Change(map, Change::Remove(key)) => {
            json!({"type": "removal", "map": map.to_string(), "key": key.as_str()})
        }
        Entry::Upload(map, upload) => json!({
            "type": "upload",
            "map": map.to_string(),
            "key": upload.key.as_str(),
            "upload_id": upload.upload_id,
            "part_bytes": upload.part_bytes,
            "local": stamp_shown(&upload.source),
            "write_id": Hex(&upload.write_id).to_string(),
        }),
    }
}

fn stamp_shown(stamp: &LocalStamp) -> Value {
    json!({
        "size": stamp.size_bytes,
        "mtime_ns": stamp.mtime_ns,
        "ctime_ns": stamp.ctime_ns,
        "inode": stamp.inode,
    })
}

fn record_shown(record: &Record) -> Value {
    json!({
        "key": record.key.as_str(),
        "local": record.local.as_ref().map(stamp_shown),
        "remote": {
            "etag": record.remote.etag.to_string(),
            "size": record.remote.size_bytes,
            "modified_ms": record.remote.modified_ms,
            "version": record.remote.version,
        },
        "content": match record.content {
            Content::Unknown => Value::Null,
            Content::ETag => json!("etag"),
            Content::Blake3(sum) => json!(format!("blake3:{}", Hex(&sum))),
        },
        "encoding": record.encoding.to_string(),
        "parts": record.parts.as_ref().map(|parts| json!({
            "part_bytes": parts.part_bytes,
            "digests": parts.digests.iter().map(|sum| Hex(sum).to_string()).collect::<Vec<_>>(),
        })),
    })
}

/// Whether the reader gave up for the reason that the vector states.
fn is_noticed(expect: &str, reading: &Value) -> bool {
    let Some(class) = reading["refused"].as_str() else {
        return false;
    };
    match expect.split(' ').next() {
        Some("Truncated") => class == "EndOfStreamError",
        Some("BadText") => class == "UnicodeDecodeError" || class.starts_with("Validation"),
        _ => class.starts_with("Validation"),
    }
}

#[test]
fn bad_vectors_are_refused_for_what_is_wrong_with_them() {
    let Some(kaitai) = kaitai() else { return };
    let bad: Vec<_> = vectors()
        .into_iter()
        .filter(|vector| !vector.is_good_state() && !vector.is_good_journal())
        .collect();
    let files: Vec<_> = bad
        .iter()
        .map(|it| (it.name.clone(), it.bytes.clone()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let readings = read(kaitai, &files, folder.path());
    let unnoticed: Vec<_> = bad
        .iter()
        .filter(|vector| !is_noticed(&vector.expect, &readings[&vector.name]))
        .map(|vector| vector.name.as_str())
        .collect();
    assert_eq!(unnoticed, UNNOTICED);
    assert!(bad.len() - unnoticed.len() >= 57, "of {}", bad.len());
}

/// What the head of the `.ksy` says that the compiled reader leaves to its caller.
fn is_left_to_the_caller(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BadKey(_) | Kind::Duplicate { .. } | Kind::NonCanonical { field: "ETag" }
    )
}

#[test]
fn an_altered_state_is_refused_by_both_or_means_the_same_to_both() {
    let Some(kaitai) = kaitai() else { return };
    let names = (0..).map(|n| format!("altered-{n:04}"));
    let files: Vec<_> = names.zip(altered::states(1500)).collect();
    let folder = tempfile::tempdir().unwrap();
    let readings = read(kaitai, &files, folder.path());
    let mut kinds = BTreeSet::new();
    for (name, bytes) in &files {
        let reading = &readings[name];
        match states::decode(bytes) {
            Ok((_, maps)) => {
                let found = reading["holds"]["maps"].as_array().unwrap();
                assert_eq!(found.len(), maps.len(), "{name}");
                for (map, found) in maps.iter().zip(found) {
                    let expected: Value = map.iter().map(record_shown).collect();
                    assert_eq!(expected, found["objects"], "{name}");
                }
            }
            Err(ReadError::Decode(defect)) => {
                let is_refused = reading["refused"].is_string();
                let is_left = is_left_to_the_caller(defect.kind);
                assert!(is_refused || is_left, "{name}: {defect}, {reading}");
                kinds.insert(defect.kind.name());
            }
            Err(other) => panic!("{name}: {other:?}"),
        }
    }
    assert!(kinds.len() >= 9, "{kinds:?}");
}
