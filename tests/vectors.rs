//! Every vector of the specification gives the result that it states.

#[path = "support/states.rs"]
mod states;

use s3_bsync::digest::md5;
use s3_bsync::format::journal::{
    Entry, Replay, encode_entry, encode_header, encode_intent, encode_upload,
};
use s3_bsync::format::{DecodeError, Kind, ReadError, Reader};
use s3_bsync::key::{Key, Unfit};
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, Encoding, Parts, Record, ReplicaId};
use states::{Full, decode, encode, one_map};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::{fs, iter};

struct Vector {
    name: String,
    expect: String,
    /// For version 1: the vector that it becomes, and how many objects are dropped.
    becomes: Option<String>,
    drops: u64,
    bytes: Vec<u8>,
}

impl Vector {
    fn is_journal(&self) -> bool {
        self.name.starts_with("journal-")
    }

    fn is_good(&self, version: u8) -> bool {
        self.expect == "ok" && self.bytes[4] == version
    }
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
    Vector {
        name,
        expect: head["expect"].to_owned(),
        becomes: head.get("becomes").map(|other| (*other).to_owned()),
        drops: head.get("drops").map_or(0, |count| count.parse().unwrap()),
        bytes: hex(body),
    }
}

/// The bytes of a listing; a comment begins with `#`.
fn hex(listing: &str) -> Vec<u8> {
    listing
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().split_whitespace())
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn specification() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/FORMAT.md");
    fs::read_to_string(path).unwrap()
}

/// What stands between a heading and the next one.
fn chapter<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, after) = text.split_once(heading).unwrap();
    after.split("\n## ").next().unwrap()
}

fn named<'a>(vectors: &'a [Vector], name: &str) -> &'a Vector {
    vectors.iter().find(|vector| vector.name == name).unwrap()
}

fn shown(defect: &DecodeError) -> String {
    format!("{} @ {}", defect.kind.name(), defect.offset)
}

fn result_of(vector: &Vector) -> String {
    if vector.is_journal() {
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
    assert!(vectors.len() > 200, "only {} vectors", vectors.len());
    let wrong: Vec<_> = vectors
        .iter()
        .map(|vector| (&vector.name, &vector.expect, result_of(vector)))
        .filter(|(_, expect, result)| *expect != result)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn good_vectors_are_written_as_they_were_read() {
    let vectors = folder();
    let good = vectors.iter().filter(|vector| vector.is_good(2));
    let mut seen = 0;
    for vector in good {
        let full = decode(&vector.bytes).unwrap();
        assert_eq!(encode(&full).unwrap(), vector.bytes, "{}", vector.name);
        seen += 1;
    }
    assert!(seen > 25);
}

/// The entries of a journal, and its whole ones written anew.
fn rewritten(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut replay = Replay::open(bytes).ok()?;
    let replica = ReplicaId(*b"0123456789abcdef");
    assert!(replay.is_for(replica, 7));
    let mut again = encode_header(replica, 7).unwrap();
    let mut count = 0;
    for entry in replay.by_ref() {
        count += 1;
        again.extend(match entry.unwrap() {
            Entry::Change(map, change) => encode_entry(map, &change).unwrap(),
            Entry::Upload(map, upload) => encode_upload(map, &upload).unwrap(),
            Entry::Intent(map, intent) => encode_intent(map, &intent).unwrap(),
        });
    }
    assert_eq!(again.len() as u64, replay.whole_bytes());
    Some((count, again))
}

#[test]
fn whole_entries_of_journals_are_written_as_they_were_read() {
    let vectors = folder();
    let journals = vectors.iter().filter(|vector| vector.is_journal());
    let read = journals.filter_map(|it| Some((it, rewritten(&it.bytes)?.1)));
    let mut seen = 0;
    for (vector, again) in read {
        assert!(vector.bytes.starts_with(&again), "{}", vector.name);
        seen += 1;
    }
    assert!(seen > 15);
}

#[test]
fn a_journal_torn_anywhere_in_its_last_entry_holds_the_entries_before() {
    let vectors = folder();
    let good = &named(&vectors, "journal-ok.hex").bytes;
    let start = (0..good.len())
        .find(|cut| replay_result(&good[..*cut]) == "2 entries")
        .unwrap();
    for cut in start + 1..good.len() {
        let expected = format!("2 entries, Truncated @ {cut}");
        assert_eq!(replay_result(&good[..cut]), expected);
        assert_eq!(rewritten(&good[..cut]).unwrap().1, good[..start]);
    }
    assert_eq!(rewritten(good).unwrap(), (3, good.clone()));
}

/// The kind after this one, in the order of the specification's table. A new kind has to be told
/// here before this compiles.
fn next_kind(kind: &Kind) -> Option<Kind> {
    let field = "";
    Some(match kind {
        Kind::BadMagic => Kind::UnsupportedVersion(0),
        Kind::UnsupportedVersion(_) => Kind::Truncated,
        Kind::Truncated => Kind::BadChecksum {
            stored: 0,
            computed: 0,
        },
        Kind::BadChecksum { .. } => Kind::UnexpectedTag {
            found: 0,
            expected: &[],
        },
        Kind::UnexpectedTag { .. } => Kind::OverLimit {
            field,
            value: 0,
            max: 0,
        },
        Kind::OverLimit { .. } => Kind::BadText,
        Kind::BadText => Kind::BadKey(Unfit::Empty),
        Kind::BadKey(_) => Kind::BadValue { field },
        Kind::BadValue { .. } => Kind::NonCanonical { field },
        Kind::NonCanonical { .. } => Kind::OutOfOrder,
        Kind::OutOfOrder => Kind::Duplicate { field },
        Kind::Duplicate { .. } => Kind::BadCount {
            field,
            stored: 0,
            counted: 0,
        },
        Kind::BadCount { .. } => Kind::TrailingBytes,
        Kind::TrailingBytes => return None,
    })
}

#[test]
fn the_specification_lists_the_kinds_of_defects_and_each_has_vectors() {
    let kinds: Vec<_> = iter::successors(Some(Kind::BadMagic), next_kind)
        .map(|kind| kind.name())
        .collect();
    let text = specification();
    let rows = chapter(&text, "### 9.5 Kinds of defects").lines();
    let listed: Vec<_> = rows
        .filter_map(|row| row.strip_prefix("| "))
        .map(|row| row.split(' ').next().unwrap())
        .filter(|first| *first != "kind")
        .collect();
    assert_eq!(listed, kinds);

    let vectors = folder();
    for kind in kinds {
        let shown = format!("{kind} @ ");
        let is_covered = |vector: &Vector| vector.expect.contains(&shown);
        assert!(vectors.iter().any(is_covered), "no vector for {kind}");
    }
}

#[test]
fn version_1_becomes_what_its_companions_hold() {
    let vectors = folder();
    let mut seen = 0;
    for vector in vectors.iter().filter(|vector| vector.is_good(1)) {
        let becomes = vector.becomes.as_ref().expect(&vector.name);
        let (new, new_records) = decode(&named(&vectors, becomes).bytes).unwrap();
        let (mut old, old_records) = decode(&vector.bytes).unwrap();
        // What version 1 does not have.
        old.replica = new.replica;
        let ids: Vec<_> = new.maps().map(|(_, map)| map.id).collect();
        let maps = old.buckets.iter_mut().flat_map(|bucket| &mut bucket.maps);
        for (map, id) in maps.zip(ids) {
            map.id = id;
        }
        assert_eq!((old, old_records), (new, new_records), "{}", vector.name);
        let reader = Reader::open(Cursor::new(&vector.bytes)).unwrap();
        assert_eq!(
            (reader.version(), reader.dropped()),
            (1, vector.drops),
            "{}",
            vector.name
        );
        seen += 1;
    }
    assert!(seen >= 10);
}

#[test]
fn the_worked_example_is_printed_as_it_is() {
    let text = specification();
    let listing = chapter(&text, "## 17. Worked example");
    let listing = listing.split("```text\n").nth(1).unwrap();
    let listing = listing.split("```").next().unwrap();
    let mut offset = 0;
    for line in listing.lines() {
        let bytes = hex(line).len();
        let note = line.split_once('#').map_or("", |(_, note)| note);
        if let (true, Some((stated, _))) = (bytes > 0, note.split_once(':')) {
            assert_eq!(stated.trim(), offset.to_string(), "{line}");
        }
        offset += bytes;
    }
    assert_eq!(
        hex(listing),
        named(&folder(), "ok-example.hex").bytes,
        "the specification prints other bytes than the vector has"
    );
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
            etag: ETag::Md5(md5(&[b'a'; 1234])),
            size_bytes: 1234,
            modified_ms: 1_700_000_000_000,
            version: None,
        },
        content: Content::ByMd5(std::array::from_fn(|at| 0xA0 + u8::try_from(at).unwrap())),
        encoding: Encoding::Plain,
        parts: None,
    };
    let mut count = 0..;
    let blake3 = std::array::from_fn(|_| count.next().unwrap());
    let second = Record {
        key: key("notes/b.iso"),
        local: Some(LocalStamp {
            size_bytes: 20_000_000,
            mtime_ns: time + 5,
            ctime_ns: time + 9,
            inode: 4712,
        }),
        remote: RemoteStamp {
            etag: ETag::parse("9b2cf535f27731c974343645a3985328-3"),
            size_bytes: 20_000_000,
            modified_ms: 1_699_999_999_000,
            version: None,
        },
        content: Content::Blake3(blake3),
        encoding: Encoding::Plain,
        parts: Some(Parts {
            part_bytes: 8 << 20,
            digests: vec![[b'A'; 16], [b'B'; 16], [b'C'; 16]],
        }),
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
        parts: None,
    };
    (one_map(), vec![vec![first, second, third]])
}
