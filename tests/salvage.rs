//! What is shown of a damaged state file: all that stands before the damage, and nothing else.

#[path = "support/states.rs"]
mod states;
#[path = "support/vectors.rs"]
mod vectors;

use proptest::prelude::*;
use s3_bsync::format::{DecodeError, ReadError, Reader};
use s3_bsync::state::Record;
use states::{Full, decode, encode, full, one_map, plain_record};
use std::io::Cursor;
use vectors::vector;

/// Everything that can be read, records of a damaged block apart, and the first defect.
fn salvaged(bytes: &[u8]) -> Option<(Full, Vec<Record>, Option<DecodeError>)> {
    let mut found = Reader::salvage(Cursor::new(bytes)).ok()?;
    let state = found.reader.state().clone();
    let mut maps = Vec::new();
    for map in 0..state.maps().count() {
        let mut records = Vec::new();
        for record in found.reader.records(map).unwrap() {
            match record {
                Ok(record) => records.push(record),
                Err(ReadError::Decode(defect)) => {
                    maps.push(records);
                    return Some(((state, maps), Vec::new(), Some(defect)));
                }
                Err(other) => panic!("{other}"),
            }
        }
        maps.push(records);
    }
    Some(((state, maps), found.unvouched, found.defect))
}

fn many(count: u64) -> (Vec<Record>, Vec<u8>) {
    let records: Vec<_> = (0..count).map(plain_record).collect();
    let bytes = encode(&(one_map(), vec![records.clone()])).unwrap();
    (records, bytes)
}

#[test]
fn a_cut_file_gives_all_records_before_the_cut() {
    // What follows a last record: the rest of its block's frame, and the end block.
    const BEHIND_BYTES: usize = 5 + 38;
    let (records, bytes) = many(2_000);
    let counts: Vec<_> = (0..=records.len()).collect();
    for cut in (300..bytes.len() - BEHIND_BYTES).step_by(4_999) {
        let (full, unvouched, defect) = salvaged(&bytes[..cut]).unwrap();
        let all = [&full.1[0][..], &unvouched].concat();
        let fitting = counts.partition_point(|count| {
            let some = vec![records[..*count].to_vec()];
            encode(&(one_map(), some)).unwrap().len() - BEHIND_BYTES <= cut
        });
        assert_eq!(all.len(), fitting - 1, "cut at {cut}");
        assert_eq!(all, records[..all.len()], "cut at {cut}");
        let defect = defect.expect("a cut file is damaged");
        let cut = cut as u64;
        assert_eq!((defect.kind.name(), defect.offset), ("Truncated", cut));
    }
}

#[test]
fn a_flipped_bit_costs_its_block_and_what_follows() {
    let (records, mut bytes) = many(2_000);
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let (full, unvouched, defect) = salvaged(&bytes).unwrap();
    let vouched = &full.1[0];
    assert_eq!(vouched[..], records[..vouched.len()]);
    assert!(!vouched.is_empty() && !unvouched.is_empty());
    let same = unvouched.iter().zip(&records[vouched.len()..]);
    assert!(same.take_while(|(one, other)| one == other).count() > 0);
    assert_eq!(defect.unwrap().kind.name(), "BadChecksum");
}

#[test]
fn nothing_is_given_of_a_file_that_is_none() {
    for bytes in [&b""[..], b"PK\x03\x04 and more", b"\x9d\x9f\x53\x33\x09"] {
        assert!(salvaged(bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn version_1_gives_what_stands_before_the_damage() {
    let bytes = vector("v1-truncated");
    let (full, _, defect) = salvaged(&bytes).unwrap();
    assert!(full.0.synced_ms > 0);
    let counts: Vec<_> = full.1.iter().map(Vec::len).collect();
    assert_eq!(counts, [2, 1]);
    assert_eq!(defect.unwrap().kind.name(), "Truncated");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn an_intact_file_is_given_whole(full in full(12)) {
        let (given, unvouched, defect) = salvaged(&encode(&full).unwrap()).unwrap();
        prop_assert_eq!(given, full);
        prop_assert_eq!((unvouched, defect), (Vec::new(), None));
    }

    #[test]
    fn what_is_vouched_for_is_what_was_written_and_the_defect_is_the_readers(
        full in full(12),
        at in any::<prop::sample::Index>(),
        flip in 0..=255_u8,
    ) {
        let mut bytes = encode(&full).unwrap();
        let at = at.index(bytes.len());
        if flip == 0 { bytes.truncate(at) } else { bytes[at] ^= flip }
        let found = salvaged(&bytes);
        let first = match decode(&bytes) {
            Err(ReadError::Decode(defect)) => defect,
            other => panic!("{other:?}"),
        };
        let Some(((state, maps), _, defect)) = found else {
            prop_assert!(first.offset <= 4);
            return Ok(());
        };
        prop_assert_eq!(defect, Some(first));
        let whole: Vec<_> = full.0.maps().map(|(_, map)| map).collect();
        let given: Vec<_> = state.maps().map(|(_, map)| map).collect();
        prop_assert_eq!(&given[..], &whole[..given.len()]);
        for (given, whole) in maps.iter().zip(&full.1) {
            prop_assert_eq!(&given[..], &whole[..given.len()]);
        }
    }
}

#[test]
fn what_only_looks_like_records_is_not_given_as_such() {
    let (_, mut bytes) = many(3);
    let end = bytes.len() - 38;
    let is_start = |at: &usize| {
        let payload = u32::try_from(end - at).unwrap().wrapping_sub(10);
        bytes[*at] == 0x94 && bytes[at + 1..at + 5] == payload.to_le_bytes()
    };
    let start = (0..end - 10).find(is_start).unwrap();
    // An objects block in a map block's clothes: its checksum covers the control byte.
    bytes[start] = 0x92;
    bytes[end - 1] = 0x93;
    let (full, unvouched, defect) = salvaged(&bytes).unwrap();
    assert_eq!(full, (one_map(), vec![Vec::new()]));
    assert_eq!(unvouched, Vec::<Record>::new());
    assert_eq!(defect.unwrap().kind.name(), "BadChecksum");
}
