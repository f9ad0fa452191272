//! `spec/magic` as file(1) understands it.

#[path = "support/vectors.rs"]
mod support;

use s3_bsync::format::Reader;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};
use support::{Vector, vector, vectors};
use time::OffsetDateTime;

/// What file(1) says when it knows nothing.
const UNKNOWN: &str = "data";
const LAST_SYNCED: usize = 10;

fn magic() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/magic")
}

/// Runs file(1) in `folder`; `None` where there is none, which continuous integration must not
/// bear.
fn file(folder: &Path, arguments: &[&str], files: &[String]) -> Option<Output> {
    let ran = Command::new("file")
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .args(arguments)
        .arg("-m")
        .arg(magic())
        .args(files)
        .output();
    match ran {
        Ok(output) => Some(output),
        Err(error) => {
            assert!(env::var_os("CI").is_none(), "file(1): {error}");
            eprintln!("left out: file(1): {error}");
            None
        }
    }
}

/// What file(1) says of each of some contents.
fn told(contents: &[Vec<u8>]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (number, bytes) in contents.iter().enumerate() {
        let name = number.to_string();
        fs::write(folder.path().join(&name), bytes).unwrap();
        names.push(name);
    }
    let output = file(folder.path(), &["--brief"], &names)?;
    assert!(output.status.success() && output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), contents.len());
    Some(lines)
}

fn synced(ms: u64) -> String {
    if ms == 0 {
        return ", never synced".to_owned();
    }
    let time = OffsetDateTime::from_unix_timestamp((ms / 1000).try_into().unwrap()).unwrap();
    let (weekday, month) = (time.weekday().to_string(), time.month().to_string());
    format!(
        ", last synced {weekday:.3} {month:.3} {:>2} {} {} UTC",
        time.day(),
        time.time().to_string().split('.').next().unwrap(),
        time.year()
    )
}

/// What is to be said of a vector that is a whole state file.
fn expected(bytes: &[u8]) -> Option<String> {
    let reader = Reader::open(Cursor::new(bytes)).ok()?;
    let state = reader.state();
    let generation = match bytes[4] {
        1 => String::new(),
        _ => format!(", generation {}", state.generation),
    };
    Some(format!(
        "s3-bsync state file, version {}{generation}{}",
        bytes[4],
        synced(state.synced_ms)
    ))
}

#[test]
fn every_vector_is_told_for_what_its_first_bytes_are() {
    let vectors = vectors();
    let contents: Vec<_> = vectors.iter().map(|it| it.bytes.clone()).collect();
    let Some(told) = told(&contents) else { return };
    let mut whole = 0;
    for (Vector { name, bytes, .. }, line) in vectors.iter().zip(&told) {
        let kind = match bytes.get(..5) {
            Some([0x9D, 0x9F, b'S', b'3', 1..=255]) => "s3-bsync state file, version ",
            Some([0x9D, 0x9F, b'J', b'3', 2..=255]) => "s3-bsync journal, version ",
            _ => {
                assert!(!line.contains("s3-bsync"), "{name}: {line}");
                continue;
            }
        };
        assert!(
            line.starts_with(&format!("{kind}{}", bytes[4])),
            "{name}: {line}"
        );
        if let Some(expected) = expected(bytes) {
            assert_eq!(*line, expected, "{name}");
            whole += 1;
        }
    }
    assert!(whole > 20);
}

#[test]
fn times_and_generations_are_those_of_the_file() {
    let example = vector("ok-example");
    let mut never = example.clone();
    never[LAST_SYNCED..LAST_SYNCED + 8].fill(0);
    let mut late = example.clone();
    late[LAST_SYNCED..LAST_SYNCED + 8].copy_from_slice(&4_102_444_799_999_u64.to_le_bytes());
    let Some(told) = told(&[never, late]) else {
        return;
    };
    let what = "s3-bsync state file, version 2, generation 7";
    assert_eq!(told[0], format!("{what}, never synced"));
    assert_eq!(
        told[1],
        format!("{what}, last synced Thu Dec 31 23:59:59 2099 UTC")
    );
}

#[test]
fn a_journal_names_its_generation() {
    let journal = vector("journal-ok");
    let Some(told) = told(&[journal]) else { return };
    assert_eq!(told[0], "s3-bsync journal, version 2, of generation 7");
}

#[test]
fn near_misses_are_not_claimed() {
    let near: [&[u8]; 8] = [
        b"\x9d\x9f\x53\x33",
        b"\x9d\x9f\x53\x33\x00\x9a\x08\x00\x00\x00",
        b"\x9d\x9f\x53\x34\x02\x9a\x08\x00\x00\x00",
        b"\x9d\x9f\x4a\x33\x01\x98\x18\x00\x00\x00",
        b"\x00\x9d\x9f\x53\x33\x02",
        b"\x9f\x9d\x53\x33\x02",
        b"S3\x9d\x9f\x02",
        b"",
    ];
    let near = near.map(<[u8]>::to_vec);
    let Some(told) = told(&near) else { return };
    for (bytes, line) in near.iter().zip(&told) {
        assert!(!line.contains("s3-bsync"), "{bytes:x?}: {line}");
    }
    assert_eq!(told[1], UNKNOWN);
}

#[test]
fn it_compiles_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let Some(output) = file(folder.path(), &["--compile"], &[]) else {
        return;
    };
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(folder.path().join("magic.mgc").exists());
}
