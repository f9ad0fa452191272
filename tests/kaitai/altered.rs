//! Files of which one byte was changed, with checksums that fit: what a reader finds wrong with them
//! it finds in their fields.

use crate::states::{encode, full};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::ops::Range;

const HEADER_BYTES: usize = 5;
/// Control byte and length.
const HEAD_BYTES: usize = 5;
/// Checksum and control byte.
const TAIL_BYTES: usize = 5;

/// That many files, each of them a valid one with one byte of a payload changed. Where fields stand
/// closest, at the start of a payload, half of the changes are.
pub(crate) fn states(count: usize) -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let bits = prop_oneof![(0..8_u32).prop_map(|bit| 1 << bit), 1..=u8::MAX];
    let place = (
        any::<Index>(),
        any::<Index>(),
        prop_oneof![Just(48), Just(usize::MAX)],
    );
    let files = (full(3), place, bits).prop_map(|(full, (block, byte, within), bits)| {
        let mut bytes = encode(&full).unwrap();
        let payloads = payloads(&bytes);
        let payload = block.get(&payloads);
        bytes[payload.start + byte.index(payload.len().min(within))] ^= bits;
        seal(&mut bytes, &payloads);
        bytes
    });
    let mut file = || files.new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| file()).collect()
}

/// A version-1 file, which has no checksums, with every byte after its header changed in turn.
pub(crate) fn version_1(good: &[u8]) -> Vec<Vec<u8>> {
    every_byte(good, HEADER_BYTES..good.len())
}

/// A journal with every byte of a payload changed in turn.
pub(crate) fn journals(good: &[u8]) -> Vec<Vec<u8>> {
    let payloads = payloads(good);
    let mut all = every_byte(good, payloads.iter().cloned().flatten());
    for bytes in &mut all {
        for payload in &payloads {
            seal_block(bytes, payload);
        }
    }
    all
}

fn every_byte(good: &[u8], places: impl Iterator<Item = usize>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in places {
        for bits in [0x01, 0x03, 0x0C, 0x80, good[at]] {
            let mut bytes = good.to_vec();
            bytes[at] ^= bits;
            all.push(bytes);
        }
    }
    all
}

fn payloads(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = HEADER_BYTES;
    while at < bytes.len() {
        let start = at + HEAD_BYTES;
        let length = u32::from_le_bytes(bytes[at + 1..start].try_into().unwrap());
        let end = start + usize::try_from(length).unwrap();
        all.push(start..end);
        at = end + TAIL_BYTES;
    }
    all
}

/// Puts the checksums right.
fn seal(bytes: &mut [u8], payloads: &[Range<usize>]) {
    let mut chain = crc32fast::Hasher::new();
    let (end, others) = payloads.split_last().unwrap();
    for (n, payload) in others.iter().enumerate() {
        let sum = seal_block(bytes, payload);
        if n > 0 {
            chain.update(&sum);
        }
    }
    bytes[end.end - 4..end.end].copy_from_slice(&chain.finalize().to_le_bytes());
    seal_block(bytes, end);
}

fn seal_block(bytes: &mut [u8], payload: &Range<usize>) -> [u8; 4] {
    let sum = crc32fast::hash(&bytes[payload.start - HEAD_BYTES..payload.end]).to_le_bytes();
    bytes[payload.end..payload.end + 4].copy_from_slice(&sum);
    sum
}
