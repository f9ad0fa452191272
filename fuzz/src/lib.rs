//! What each target demands of arbitrary bytes. In a state or a journal, checksums are mended first,
//! so that a mutated input reaches what lies behind them and the program itself needs no way around
//! its checks. `tests/fuzz_replay.rs` demands the same of the kept inputs.

mod reconcile;

pub use reconcile::reconcile;
use s3_bsync::format::journal::{Entry, Replay, encode_entry, encode_header, encode_upload};
use s3_bsync::format::{ReadError, Reader, Writer};
use s3_bsync::state::{Record, ReplicaId, State};
use std::io::Cursor;

/// Whatever the bytes are, reading ends without a panic and in bounded memory.
pub fn decode(data: &[u8]) {
    let _ = read(data);
    let _ = read(&mended(data));
}

/// What is read as version 2 is written as the same bytes.
pub fn roundtrip(data: &[u8]) {
    let bytes = mended(data);
    if let Ok((state, maps)) = read(&bytes)
        && bytes[4] == 2
    {
        let mut writer = Writer::new(Vec::new(), &state).unwrap();
        for (map, records) in maps.iter().enumerate() {
            writer.start_map(map).unwrap();
            for record in records {
                writer.push(record).unwrap();
            }
        }
        assert_eq!(writer.finish().unwrap(), bytes);
    }
}

/// What is replayed is written as the same bytes, as far as the replay went.
pub fn journal(data: &[u8]) {
    let bytes = mended(data);
    let Ok(mut replay) = Replay::open(&*bytes) else {
        return;
    };
    let mut replica = [0; 16];
    replica.copy_from_slice(&bytes[10..26]);
    let generation = u64::from_le_bytes(bytes[26..34].try_into().unwrap());
    assert!(replay.is_for(ReplicaId(replica), generation));
    let mut again = encode_header(ReplicaId(replica), generation).unwrap();
    for entry in replay.by_ref() {
        again.extend(match entry.unwrap() {
            Entry::Change(map, change) => encode_entry(map, &change).unwrap(),
            Entry::Upload(map, upload) => encode_upload(map, &upload).unwrap(),
        });
    }
    assert_eq!(again.len() as u64, replay.whole_bytes());
    assert_eq!(again, bytes[..again.len()]);
}

fn read(bytes: &[u8]) -> Result<(State, Vec<Vec<Record>>), ReadError> {
    let mut reader = Reader::open(Cursor::new(bytes))?;
    let state = reader.state().clone();
    let maps = (0..state.maps().count())
        .map(|map| reader.records(map)?.collect())
        .collect::<Result<_, _>>()?;
    Ok((state, maps))
}

/// The bytes with the right checksum in every frame, as far as frames can be made out.
#[must_use]
pub fn mended(data: &[u8]) -> Vec<u8> {
    const HEADER: usize = 5;
    const LEAD: usize = 5;
    const TRAIL: usize = 5;
    let mut bytes = data.to_vec();
    let mut chain = crc32fast::Hasher::new();
    let mut start = HEADER;
    while let Some(lead) = bytes.get(start..start + LEAD) {
        let tag = lead[0];
        let length = u32::from_le_bytes(lead[1..].try_into().unwrap());
        let end = start + LEAD + usize::try_from(length).unwrap();
        if bytes.len() < end + TRAIL {
            break;
        }
        if tag == 0x9C && length == 28 {
            bytes[end - 4..end].copy_from_slice(&chain.clone().finalize().to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[start..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&checksum);
        if tag != 0x9A {
            chain.update(&checksum);
        }
        start = end + TRAIL;
    }
    bytes
}
