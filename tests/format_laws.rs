//! The codec's laws: one encoding per state, and no damage that goes unseen.

#[path = "support/states.rs"]
mod states;

use proptest::collection::vec;
use proptest::prelude::*;
use s3_bsync::format::journal::{
    Entry, Replay, Upload, encode_entry, encode_header, encode_intent, encode_upload,
};
use s3_bsync::format::{Kind, ReadError, Reader, WriteError, Writer, is_storable, patch_synced};
use s3_bsync::key::Key;
use s3_bsync::stamp::ETag;
use s3_bsync::state::{Change, Content, MapId, Parts, Record, ReplicaId};
use states::{Full, decode, encode, full, one_map, plain_record};
use std::io::Cursor;

fn many(records: u64) -> Full {
    (one_map(), vec![(0..records).map(plain_record).collect()])
}

/// A failing case prints itself; no file remembers it.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_is_encoded_is_decoded(full in full(40)) {
        let bytes = encode(&full).unwrap();
        prop_assert_eq!(decode(&bytes).unwrap(), full);
    }

    #[test]
    fn random_bytes_are_refused(mut bytes in vec(any::<u8>(), 0..200), signed in any::<bool>()) {
        if signed {
            bytes.splice(..0, [0x9D, 0x9F, 0x53, 0x33, 2]);
        }
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn a_version_1_file_never_brings_the_reader_down(bytes in vec(prop_oneof![
        Just(0_u8), Just(1), Just(0x2F), Just(0x61), 0x90..0x9F_u8,
    ], 0..120)) {
        let file = [&[0x9D, 0x9F, 0x53, 0x33, 1, 0x9A, 0, 0, 0, 0, 0, 0, 0, 0, 0x9B, 0x90], &*bytes];
        let _ = decode(&file.concat());
    }

    #[test]
    fn another_synced_time_is_another_canonical_file(full in full(3), synced_ms in any::<u64>()) {
        let mut bytes = encode(&full).unwrap();
        let (offset, patch) = patch_synced(synced_ms).unwrap();
        let at = usize::try_from(offset).unwrap();
        prop_assert!(at + patch.len() <= 512);
        bytes[at..at + patch.len()].copy_from_slice(&patch);
        let (mut state, records) = full;
        state.synced_ms = synced_ms;
        prop_assert_eq!(bytes, encode(&(state, records)).unwrap());
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn every_cut_and_every_flipped_bit_is_found_at_once(full in full(4)) {
        let bytes = encode(&full).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(Reader::open(Cursor::new(&bytes[..end])).is_err(), "cut at {}", end);
        }
        let mut damaged = bytes.clone();
        for bit in 0..bytes.len() * 8 {
            damaged[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Reader::open(Cursor::new(&damaged)).is_err(), "bit {}", bit);
            damaged[bit / 8] ^= 1 << (bit % 8);
        }
        damaged.push(0);
        prop_assert!(Reader::open(Cursor::new(&damaged)).is_err());
    }

    #[test]
    fn a_torn_journal_gives_every_whole_entry(
        changes in vec(states::change(), 1..6),
        intent in states::intent(),
    ) {
        let (replica, map) = (ReplicaId([7; 16]), MapId([9; 8]));
        let mut bytes = encode_header(replica, 3).unwrap();
        let head = bytes.len();
        let mut ends = Vec::new();
        let mut all = Vec::new();
        for change in changes {
            bytes.extend(encode_entry(map, &change).unwrap());
            ends.push(bytes.len());
            all.push(Entry::Change(map, change));
        }
        bytes.extend(encode_intent(map, &intent).unwrap());
        ends.push(bytes.len());
        all.push(Entry::Intent(map, intent));
        for cut in 0..=bytes.len() {
            let Ok(mut replay) = Replay::open(&bytes[..cut]) else {
                prop_assert!(cut < head);
                continue;
            };
            prop_assert!(cut >= head && replay.is_for(replica, 3) && !replay.is_for(replica, 4));
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let entries: Vec<_> = replay.by_ref().map(Result::unwrap).collect();
            prop_assert_eq!(&entries[..], &all[..whole]);
            let end = if whole == 0 { head } else { ends[whole - 1] };
            prop_assert_eq!(replay.whole_bytes(), end as u64);
            prop_assert_eq!(replay.stopped().is_some(), cut > end);
        }
    }
}

#[test]
fn a_flipped_bit_ends_a_journal_before_its_entry() {
    let mut bytes = encode_header(ReplicaId([1; 16]), 1).unwrap();
    let map = MapId([2; 8]);
    let upload = Upload {
        key: plain_record(1).key,
        upload_id: "upload".into(),
        part_bytes: 8 << 20,
        source: plain_record(1).local.unwrap(),
        write_id: [3; 16],
    };
    bytes.extend(encode_upload(map, &upload).unwrap());
    let first = bytes.len();
    bytes.extend(encode_entry(map, &Change::Upsert(plain_record(2))).unwrap());
    bytes.extend(encode_entry(map, &Change::Upsert(plain_record(3))).unwrap());
    bytes[first + 12] ^= 1;
    let mut replay = Replay::open(&*bytes).unwrap();
    let entries: Vec<_> = replay.by_ref().map(Result::unwrap).collect();
    assert_eq!(entries, [Entry::Upload(map, upload)]);
    let defect = replay.stopped().unwrap();
    assert!(matches!(defect.kind, Kind::BadChecksum { .. }), "{defect}");
}

#[test]
fn a_map_of_many_blocks_is_streamed_and_searched() {
    let full = many(5_000);
    let bytes = encode(&full).unwrap();
    assert_eq!(decode(&bytes).unwrap(), full);
    let mut reader = Reader::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(reader.record_count(0), 5_000);
    for record in full.1[0].iter().step_by(97) {
        assert_eq!(reader.find(0, &record.key).unwrap().as_ref(), Some(record));
    }
    for absent in ["a", "drivers/subsystem-001/x", "zzz"] {
        let key = Key::parse(absent).unwrap();
        assert_eq!(reader.find(0, &key).unwrap(), None);
    }
    let there: Vec<_> = std::thread::spawn(move || {
        let reader = Reader::open(Cursor::new(bytes)).unwrap();
        reader
            .into_records(0)
            .unwrap()
            .map(Result::unwrap)
            .collect()
    })
    .join()
    .unwrap();
    assert_eq!(there, full.1[0]);
}

#[test]
fn what_no_reader_takes_no_writer_writes() {
    const MIB: u64 = 1 << 20;
    let plain = || Record {
        content: Content::Unknown,
        ..plain_record(0)
    };
    let parted = |part_bytes, count| Record {
        parts: Some(Parts {
            part_bytes,
            digests: vec![[7; 16]; count],
        }),
        ..plain()
    };
    let etag = |text: &str| {
        let mut record = plain();
        record.remote.etag = ETag::Other(text.into());
        record
    };
    let mut endless = plain();
    endless.remote.size_bytes = 1 << 63;
    for bad in [
        etag("d41d8cd98f00b204e9800998ecf8427e"),
        endless,
        parted(4 * MIB, 1),
        parted(5 * MIB + 1, 1),
        parted(5121 * MIB, 1),
        parted(8 * MIB, 0),
        parted(8 * MIB, 10_001),
    ] {
        assert!(is_storable(&bad).is_err(), "{bad:?}");
        assert!(encode(&(one_map(), vec![vec![bad]])).is_err());
    }
    for good in [
        plain(),
        etag("x"),
        parted(5 * MIB, 1),
        parted(5120 * MIB, 1),
    ] {
        assert_eq!(is_storable(&good), Ok(()));
        let full = (one_map(), vec![vec![good]]);
        assert_eq!(decode(&encode(&full).unwrap()).unwrap(), full);
    }
}

#[test]
fn maps_are_written_in_their_order() {
    let mut state = one_map();
    let mut second = state.buckets[0].maps[0].clone();
    second.id = MapId([9; 8]);
    state.buckets[0].maps.push(second);
    let mut writer = Writer::new(Vec::new(), &state).unwrap();
    writer.start_map(1).unwrap();
    for other in [0, 1, 2] {
        let refused = writer.start_map(other);
        assert!(matches!(refused, Err(WriteError::NoSuchMap(map)) if map == other));
    }
    assert_eq!(decode(&writer.finish().unwrap()).unwrap().0, state);
}

#[test]
fn the_longest_keys_are_found_in_many_blocks() {
    let parts = [("x", 245), ("y", 255), ("z", 255), ("w", 254), ("v", 1)];
    let stem = parts.map(|(letter, count)| letter.repeat(count)).join("/");
    let keys = (0..200_u32).map(|n| {
        let scattered = n.wrapping_mul(2_654_435_769);
        Key::parse(&format!("{scattered:010}{stem}")).unwrap()
    });
    let mut keys: Vec<_> = keys.collect();
    keys.sort();
    assert!(keys.iter().all(|key| key.as_bytes().len() == 1024));
    let mut full = many(0);
    full.1[0] = keys
        .into_iter()
        .map(|key| Record {
            key,
            ..plain_record(0)
        })
        .collect();
    let bytes = encode(&full).unwrap();
    let mut reader = Reader::open(Cursor::new(&bytes)).unwrap();
    for record in &full.1[0] {
        assert_eq!(reader.find(0, &record.key).unwrap().as_ref(), Some(record));
    }
}

#[test]
fn a_record_of_a_source_tree_takes_at_most_70_bytes() {
    let records = 20_000;
    let bytes = encode(&many(records)).unwrap().len() as u64;
    assert!(bytes <= records * 70, "{bytes} bytes for {records} records");
}

#[test]
fn unsorted_and_repeated_keys_are_refused() {
    for (first, second) in [(2, 1), (1, 1)] {
        let full = (
            one_map(),
            vec![vec![plain_record(first), plain_record(second)]],
        );
        assert!(matches!(
            encode(&full),
            Err(WriteError::Refused(Kind::OutOfOrder))
        ));
    }
}

#[test]
fn a_reader_is_asked_for_maps_that_exist() {
    let bytes = encode(&many(1)).unwrap();
    let mut reader = Reader::open(Cursor::new(&bytes)).unwrap();
    assert!(matches!(reader.records(1), Err(ReadError::NoSuchMap(1))));
}
