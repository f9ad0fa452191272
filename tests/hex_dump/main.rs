//! `--dump --hex` shows every byte of a file once, under its name and with its meaning.

#[path = "../support/states.rs"]
mod states;
#[path = "../support/vectors.rs"]
mod vectors;

mod rebuilt;

use proptest::prelude::*;
use rebuilt::{records_of, settings_of, settings_shown};
use s3_bsync::format::journal::{encode_entry, encode_header};
use s3_bsync::format::{Annotated, DecodeError, Part, Section, UNREAD};
use s3_bsync::state::{MapId, ReplicaId};
use states::{change, decode, encode, full};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use vectors::{Vector, vector, vectors};

struct Shown {
    parts: Vec<Part>,
    stopped: Option<DecodeError>,
    rest_bytes: u64,
}

fn shown(bytes: &[u8]) -> Shown {
    let mut annotated = Annotated::new(bytes);
    let parts = annotated.by_ref().map(Result::unwrap).collect();
    Shown {
        parts,
        stopped: annotated.stopped().copied(),
        rest_bytes: annotated.rest_bytes().unwrap(),
    }
}

/// The bytes of all fields one after the other, each where it says that it is.
fn joined(shown: &Shown) -> Vec<u8> {
    let mut all = Vec::new();
    for part in &shown.parts {
        for field in &part.fields {
            assert_eq!(field.offset, all.len() as u64, "{field:?}");
            let bytes = part.bytes_of(field);
            assert_eq!(bytes.len(), field.length);
            all.extend_from_slice(bytes);
        }
    }
    all
}

fn names(shown: &Shown) -> BTreeSet<&'static str> {
    let fields = shown.parts.iter().flat_map(|part| &part.fields);
    fields.map(|field| field.name).collect()
}

#[test]
fn every_vector_is_shown_up_to_the_defect_that_it_states() {
    for Vector {
        name,
        expect,
        bytes,
    } in vectors()
    {
        // What a file is stands in its signature, and `journal-magic` has that of a state file.
        // Bytes are shown in one pass, in which a record's defect comes before a count's.
        if ["journal-magic", "defects-in-both-passes"].contains(&name.as_str()) {
            continue;
        }
        let shown = shown(&bytes);
        let all = joined(&shown);
        assert!(bytes.starts_with(&all), "{name}");
        assert_eq!(all.len() as u64 + shown.rest_bytes, bytes.len() as u64);
        let stopped = shown
            .stopped
            .map(|it| format!("{} @ {}", it.kind.name(), it.offset));
        let expected = match expect.split_once(" entries") {
            Some((_, rest)) => rest.strip_prefix(", ").map(str::to_owned),
            None => (expect != "ok").then_some(expect),
        };
        assert_eq!(stopped, expected, "{name}");
        if stopped.is_none() {
            assert_eq!(all, bytes, "{name}");
            assert!(!names(&shown).contains(UNREAD), "{name}");
        }
    }
}

#[test]
fn fields_are_named_as_in_the_tables_of_the_specification() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/FORMAT.md");
    let spec = fs::read_to_string(spec).unwrap();
    let tables: Vec<&str> = spec.lines().filter(|line| line.starts_with('|')).collect();
    let is_named = |name: &str| {
        let mut cells = tables.iter().flat_map(|line| line.split(['|', ';']));
        cells.any(|cell| {
            let cell = cell.trim();
            let rest = cell.strip_prefix(name);
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(", ") || rest.starts_with(" n,")
            })
        })
    };
    let mut seen = BTreeSet::new();
    for Vector { expect, bytes, .. } in vectors() {
        if expect == "ok" || expect.ends_with("entries") {
            seen.extend(names(&shown(&bytes)));
        }
    }
    assert!(seen.len() > 50, "{seen:?}");
    let unknown: Vec<_> = seen.iter().filter(|name| !is_named(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_a_damaged_block_holds_is_shown_with_both_checksums() {
    let mut bytes = vector("ok-example");
    let at = bytes.windows(4).position(|four| four == b"/ann").unwrap();
    bytes[at + 1] ^= 1;
    let shown = shown(&bytes);
    let stopped = shown.stopped.unwrap();
    assert_eq!(
        (stopped.kind.name(), stopped.section),
        ("BadChecksum", Section::Map)
    );
    assert!(!names(&shown).contains(UNREAD));
    let last = shown.parts.last().unwrap();
    assert!(format!("{:?}", last.fields).contains("/home/`nn/docs"));
    assert_eq!(joined(&shown), bytes[..joined(&shown).len()]);
    assert!(shown.rest_bytes > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn every_byte_of_every_state_is_shown_once_and_means_what_is_decoded(full in full(12)) {
        let bytes = encode(&full).unwrap();
        let shown = shown(&bytes);
        prop_assert_eq!(shown.stopped, None);
        prop_assert_eq!(joined(&shown), bytes);
        prop_assert!(!names(&shown).contains(UNREAD));
        prop_assert_eq!(records_of(&shown.parts), full.1);
        prop_assert_eq!(settings_shown(&shown.parts), settings_of(&full.0));
    }

    #[test]
    fn every_byte_of_every_journal_is_shown_once(changes in prop::collection::vec(change(), 0..6)) {
        let mut bytes = encode_header(ReplicaId([7; 16]), 3).unwrap();
        for change in &changes {
            bytes.extend(encode_entry(MapId([1; 8]), change).unwrap());
        }
        let shown = shown(&bytes);
        prop_assert_eq!(shown.stopped, None);
        prop_assert_eq!(joined(&shown), bytes);
        prop_assert_eq!(shown.parts.len(), changes.len() + 2);
        prop_assert!(!names(&shown).contains(UNREAD));
    }

    #[test]
    fn a_damaged_file_is_shown_as_it_is_and_never_called_intact(
        full in full(6),
        at in any::<prop::sample::Index>(),
        flip in 0..=255_u8,
    ) {
        let mut bytes = encode(&full).unwrap();
        let at = at.index(bytes.len());
        // No bit to flip: the file is cut.
        if flip == 0 { bytes.truncate(at) } else { bytes[at] ^= flip }
        let shown = shown(&bytes);
        let all = joined(&shown);
        prop_assert_eq!(&bytes[..all.len()], &all[..]);
        prop_assert_eq!(all.len() as u64 + shown.rest_bytes, bytes.len() as u64);
        prop_assert_eq!(shown.stopped.is_none(), decode(&bytes).is_ok());
    }
}

fn dump(bytes: &[u8], name: &str) -> (tempfile::TempDir, Output) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, bytes).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_s3-bsync"))
        .args(["--dump", "--hex", "--file"])
        .arg(&file)
        .output()
        .unwrap();
    let here: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(here.len(), 1, "nothing is left beside the file");
    assert_eq!(fs::read(&file).unwrap(), bytes);
    (folder, output)
}

#[test]
fn the_worked_example_looks_like_this() {
    let (_folder, output) = dump(&vector("ok-example"), "state~");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, include_str!("ok-example.txt"));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_torn_journal_is_printed_to_its_tear_and_the_exit_code_is_3() {
    let (_folder, output) = dump(&vector("journal-torn"), "state.journal");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("00000080  94                                               control byte\n00000081  28 00                                            not understood   |(.|\n\nDAMAGED at 00000083: the bytes end too early, in the journal entry at byte 131 (Truncated)\n"), "{text}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("(Truncated)") && error.contains("journal entry at byte 131"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_s3-bsync"))
        .args(["--dump", "--hex", "--file", "/nonexistent/state"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("no state file at /nonexistent/state"),
        "{error}"
    );
}
