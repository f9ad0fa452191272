//! Every vector of the specification gives the result that it states.

#[path = "support/states.rs"]
mod states;

use s3_bsync::format::journal::{Entry, Replay, encode_entry, encode_header, encode_upload};
use s3_bsync::format::{DecodeError, ReadError, Reader};
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, Encoding, Encryption, Parts, Record, ReplicaId};
use states::{Full, decode, encode, one_map};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::Path;

struct Vector {
    name: String,
    expect: String,
    equals: Option<String>,
    bytes: Vec<u8>,
}

fn folder() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "hex"))
        .collect();
    names.sort();
    let read = |name: String| parse(&fs::read_to_string(folder.join(&name)).unwrap(), name);
    names.into_iter().map(read).collect()
}

fn parse(text: &str, name: String) -> Vector {
    let (head, body) = text.split_once("\n\n").unwrap();
    let head: BTreeMap<_, _> = head
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .collect();
    for line in ["expect", "covers", "why"] {
        assert!(head.contains_key(line), "{name} has no {line} line");
    }
    let bytes = body
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect();
    Vector {
        name,
        expect: head["expect"].to_owned(),
        equals: head.get("equals").map(|other| (*other).to_owned()),
        bytes,
    }
}

fn named<'a>(vectors: &'a [Vector], name: &str) -> &'a Vector {
    vectors.iter().find(|vector| vector.name == name).unwrap()
}

fn shown(defect: &DecodeError) -> String {
    format!("{} @ {}", defect.kind.name(), defect.offset)
}

fn result_of(vector: &Vector) -> String {
    if vector.name.starts_with("journal-") {
        return replay_result(&vector.bytes);
    }
    match decode(&vector.bytes) {
        Ok(_) => "ok".to_owned(),
        Err(ReadError::Decode(defect)) => shown(&defect),
        Err(other) => other.to_string(),
    }
}

fn replay_result(bytes: &[u8]) -> String {
    let mut replay = match Replay::open(bytes) {
        Ok(replay) => replay,
        Err(ReadError::Decode(defect)) => return shown(&defect),
        Err(other) => return other.to_string(),
    };
    let count = replay.by_ref().map(Result::unwrap).count();
    match replay.stopped() {
        Some(defect) => format!("{count} entries, {}", shown(defect)),
        None => format!("{count} entries"),
    }
}

#[test]
fn every_vector_gives_what_it_states() {
    let vectors = folder();
    assert!(vectors.len() > 70, "only {} vectors", vectors.len());
    let wrong: Vec<_> = vectors
        .iter()
        .map(|vector| (&vector.name, &vector.expect, result_of(vector)))
        .filter(|(_, expect, result)| *expect != result)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn good_vectors_are_written_as_they_were_read() {
    let mut seen = 0;
    for vector in folder() {
        if vector.expect != "ok" || vector.bytes[4] != 2 {
            continue;
        }
        let full = decode(&vector.bytes).unwrap();
        assert_eq!(encode(&full).unwrap(), vector.bytes, "{}", vector.name);
        seen += 1;
    }
    assert!(seen >= 4);
}

#[test]
fn the_good_journal_is_written_as_it_was_read() {
    let vectors = folder();
    let good = &named(&vectors, "journal-ok.hex").bytes;
    let replay = Replay::open(&**good).unwrap();
    let replica = ReplicaId(*b"0123456789abcdef");
    assert!(replay.is_for(replica, 7));
    let mut again = encode_header(replica, 7).unwrap();
    for entry in replay {
        again.extend(match entry.unwrap() {
            Entry::Change(map, change) => encode_entry(map, &change).unwrap(),
            Entry::Upload(map, upload) => encode_upload(map, &upload).unwrap(),
        });
    }
    assert_eq!(&again, good);
}

#[test]
fn every_kind_of_defect_has_a_vector() {
    let kinds = [
        "BadMagic",
        "UnsupportedVersion",
        "Truncated",
        "BadChecksum",
        "UnexpectedTag",
        "OverLimit",
        "BadText",
        "BadKey",
        "BadValue",
        "NonCanonical",
        "OutOfOrder",
        "Duplicate",
        "BadCount",
        "TrailingBytes",
    ];
    let covered: BTreeSet<_> = folder()
        .iter()
        .filter_map(|vector| vector.expect.split(" @").next().map(str::to_owned))
        .collect();
    for kind in kinds {
        assert!(covered.contains(kind), "{kind}");
    }
}

#[test]
fn both_dialects_of_version_1_are_the_same_state() {
    let vectors = folder();
    let mut seen = 0;
    for vector in &vectors {
        if let Some(other) = &vector.equals {
            let other = named(&vectors, other);
            assert_ne!(vector.bytes, other.bytes);
            assert_eq!(
                decode(&vector.bytes).unwrap(),
                decode(&other.bytes).unwrap()
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 1);

    let bytes = &named(&vectors, "v1-published.hex").bytes;
    let (state, records) = decode(bytes).unwrap();
    let maps: Vec<_> = state.maps().map(|(_, map)| map).collect();
    assert_eq!((maps[0].name.as_str(), maps[0].gzip_level), ("docs", 6));
    assert_eq!(maps[0].encryption, Encryption::None);
    let email = "ann@example.com".to_owned();
    assert_eq!(maps[1].encryption, Encryption::RecipientMissing { email });
    let keys = |map: &[Record]| map.iter().map(|r| r.key.to_string()).collect::<Vec<_>>();
    assert_eq!(
        keys(&records[0]),
        ["a", "b"],
        "sorted, by the longest prefix"
    );
    assert_eq!(keys(&records[1]), ["top"]);
    assert_eq!(records[0][0].remote.etag, ETag::parse("abc-2"));
    assert_eq!(records[0][1].content, Content::Unknown);
    assert_eq!(records[0][1].local, None);
    let reader = Reader::open(Cursor::new(bytes)).unwrap();
    assert_eq!((reader.version(), reader.dropped()), (1, 1));
}

/// The worked example says in values what `FORMAT.md` says in words.
#[test]
fn the_worked_example_means_what_it_says() {
    let vectors = folder();
    let found = decode(&named(&vectors, "ok-example.hex").bytes).unwrap();
    assert_eq!(found, example());
}

fn example() -> Full {
    let time = 1_700_000_000_123_456_789;
    let key = |text| Key::parse(text).unwrap();
    let first = Record {
        key: key("notes/a.txt"),
        local: Some(LocalStamp {
            size_bytes: 1234,
            mtime_ns: time,
            ctime_ns: time,
            inode: 4711,
        }),
        remote: RemoteStamp {
            etag: ETag::parse("d41d8cd98f00b204e9800998ecf8427e"),
            size_bytes: 1234,
            modified_ms: 1_700_000_000_000,
            version: None,
        },
        content: Content::ETag,
        encoding: Encoding::Plain,
        parts: None,
    };
    let mut count = 0..;
    let blake3 = std::array::from_fn(|_| count.next().unwrap());
    let second = Record {
        key: key("notes/b.txt"),
        local: Some(LocalStamp {
            size_bytes: 20_000_000,
            mtime_ns: time + 5,
            ctime_ns: time + 9,
            inode: 4712,
        }),
        remote: RemoteStamp {
            etag: ETag::parse("9b2cf535f27731c974343645a3985328-2"),
            size_bytes: 9_000_000,
            modified_ms: 1_699_999_999_000,
            version: None,
        },
        content: Content::Blake3(blake3),
        encoding: Encoding::GzipAge,
        parts: None,
    };
    let third = Record {
        key: key("z"),
        local: None,
        remote: RemoteStamp {
            etag: ETag::parse("000102030405060708090a0b0c0d0e0f"),
            size_bytes: 12 << 20,
            modified_ms: 1_699_999_999_000,
            version: Some("v1.x".into()),
        },
        content: Content::Unknown,
        encoding: Encoding::Plain,
        parts: Some(Parts {
            part_bytes: 8 << 20,
            digests: vec![[b'A'; 16], [b'B'; 16]],
        }),
    };
    (one_map(), vec![vec![first, second, third]])
}
