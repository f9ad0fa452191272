//! States and journals from a seed that never changes, with every form that a field can have.

use crate::states::{Full, change, full, intent, key, local, one_map, plain_record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use s3_bsync::format::journal::{
    Upload, encode_entry, encode_header, encode_intent, encode_upload,
};
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, LocalStamp};
use s3_bsync::state::{Content, Encryption, MapId, Parts, Record, ReplicaId};
use std::collections::BTreeSet;

fn draw<T>(runner: &mut TestRunner, strategy: &impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

/// Two hundred states, the last of them large or extreme.
pub(crate) fn states() -> Vec<Full> {
    let mut runner = TestRunner::deterministic();
    let mut all = Vec::new();
    for (states, records) in [(180, 12), (14, 150)] {
        let small = full(records);
        all.extend((0..states).map(|_| draw(&mut runner, &small)));
    }
    all.push(one((0..4_000).map(plain_record).collect()));
    all.push(one(long_keys()));
    all.push(one(split_characters()));
    all.push(one(extreme_numbers()));
    all.push(one(vec![many_parts(0), many_parts(1)]));
    all.push(one(long_texts()));
    assert_eq!(all.len(), 200);
    all
}

fn one(records: Vec<Record>) -> Full {
    (one_map(), vec![records])
}

fn named(text: &str) -> Record {
    Record {
        key: Key::parse(text).unwrap(),
        ..plain_record(1)
    }
}

/// Keys of 1,024 bytes that differ in their last byte, so that 1,023 are shared.
fn long_keys() -> Vec<Record> {
    let folders: String = ["k", "l", "m"].map(|it| it.repeat(255) + "/").concat();
    let stem = folders + &"n".repeat(127) + "/" + &"o".repeat(127);
    let all: Vec<_> = (b'a'..=b'z')
        .map(|last| named(&format!("{stem}{}", char::from(last))))
        .collect();
    assert_eq!(all[0].key.as_bytes().len(), 1024);
    all
}

/// Neighbours that have half a character in common.
fn split_characters() -> Vec<Record> {
    [
        "\u{e8}",
        "\u{e9}",
        "\u{20ac}",
        "\u{20ad}",
        "\u{1f600}",
        "\u{1f601}",
    ]
    .map(named)
    .into()
}

/// Every pair of neighbours among numbers at their limits: all differences wrap somewhere.
fn extreme_numbers() -> Vec<Record> {
    let signed = [i64::MIN, i64::MAX, -1, 1, i64::MIN + 1, 0, i64::MAX - 1];
    let unsigned = [
        0,
        u64::MAX,
        1,
        1 << 63,
        (1 << 63) - 1,
        u64::MAX - 1,
        127,
        128,
    ];
    let mut all = Vec::new();
    for (n, &first) in signed.iter().enumerate() {
        for (m, &second) in signed.iter().enumerate() {
            for (end, number) in [(0, first), (1, second)] {
                let mut record = named(&format!("{n}{m}{end}"));
                record.local = Some(LocalStamp {
                    size_bytes: unsigned[(n + end) % 8] >> 1,
                    mtime_ns: signed[(n + 2 * m + end) % 7],
                    ctime_ns: number,
                    inode: unsigned[(n + m * (end + 1)) % 8],
                });
                record.remote.size_bytes = unsigned[m] >> 1;
                record.remote.modified_ms = number;
                all.push(record);
            }
        }
    }
    all
}

fn many_parts(n: u8) -> Record {
    let mut record = named(&format!("parts-{n}"));
    record.content = Content::Blake3([n; 20]);
    record.parts = Some(Parts {
        part_bytes: 5120 << 20,
        digests: (0..10_000_u128).map(u128::to_le_bytes).collect(),
    });
    record
}

fn long_texts() -> Vec<Record> {
    let mut record = named("long");
    record.content = Content::Unknown;
    record.remote.etag = ETag::Other("\u{e9}".repeat(512).into());
    record.remote.version = Some("v".repeat(1024).into());
    vec![record]
}

/// The forms that are among the states, by name.
pub(crate) fn forms(all: &[Full]) -> BTreeSet<String> {
    let mut forms = BTreeSet::new();
    for (state, maps) in all {
        for (_, map) in state.maps() {
            forms.insert(format!("{:?} {:?}", map.conflict, map.recursion));
            forms.insert(format!("{:?} {}", map.direction, map.root.is_some()));
            forms.insert(match &map.encryption {
                Encryption::Age { recipients, .. } => format!("age {}", recipients.len()),
                Encryption::None => "open".to_owned(),
                Encryption::RecipientMissing { .. } => "missing".to_owned(),
            });
        }
        forms.extend(maps.iter().flatten().map(|record| {
            let local = record.local.map_or("none", |stamp| match stamp.ctime_ns {
                0 => "zero",
                ctime if ctime == stamp.mtime_ns => "mtime",
                _ => "given",
            });
            let etag = matches!(record.remote.etag, ETag::Md5(_));
            let content = matches!(record.content, Content::Blake3(_));
            format!("local {local}, md5 {etag}, blake3 {content}")
        }));
        forms.extend(maps.iter().flatten().map(|record| {
            let (version, parts) = (record.remote.version.is_some(), record.parts.is_some());
            format!("{}, version {version}, parts {parts}", record.encoding)
        }));
        forms.insert(format!("{} buckets", state.buckets.len()));
        forms.insert(format!("{} maps", maps.len()));
        forms.extend(
            maps.iter()
                .filter(|map| map.is_empty())
                .map(|_| "empty map".to_owned()),
        );
    }
    forms
}

/// Journals, every third of them torn.
pub(crate) fn journals() -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let upload = (
        key(),
        "[!-~]{1,60}",
        5..=5120_u64,
        local(),
        any::<[u8; 16]>(),
    );
    let intent = proptest::option::of(intent());
    let entry = (option_of_change(), upload, intent, any::<[u8; 8]>());
    let journal = (
        any::<[u8; 16]>(),
        0..=i64::MAX.cast_unsigned(),
        vec(entry, 0..12),
        any::<prop::sample::Index>(),
    );
    let encoded = journal.prop_map(|(replica, generation, entries, cut)| {
        let mut bytes = encode_header(ReplicaId(replica), generation).unwrap();
        let head = bytes.len();
        for (change, (key, id, part_mib, source, write_id), intent, map) in entries {
            let upload = || Upload {
                key,
                upload_id: id.into(),
                part_bytes: part_mib << 20,
                source,
                write_id,
            };
            bytes.extend(match (change, intent) {
                (Some(change), _) => encode_entry(MapId(map), &change).unwrap(),
                (None, Some(intent)) => encode_intent(MapId(map), &intent).unwrap(),
                (None, None) => encode_upload(MapId(map), &upload()).unwrap(),
            });
        }
        if generation % 3 == 0 {
            bytes.truncate(head + cut.index(bytes.len() - head + 1));
        }
        bytes
    });
    (0..60).map(|_| draw(&mut runner, &encoded)).collect()
}

fn option_of_change() -> impl Strategy<Value = Option<s3_bsync::state::Change>> {
    proptest::option::weighted(0.7, change())
}
