//! What each target demands of arbitrary bytes. In a state or a journal, checksums are mended first,
//! so that a mutated input reaches what lies behind them and the program itself needs no way around
//! its checks. `tests/fuzz_replay.rs` demands the same of the kept inputs.

#[allow(
    dead_code,
    unused_imports,
    reason = "planner.rs, which is no target, has its part of it"
)]
mod model;
mod open;
mod reconcile;
mod wrap;

pub use open::open;
pub use reconcile::reconcile;
use s3_bsync::format::journal::{
    Entry, Replay, encode_entry, encode_header, encode_intent, encode_upload,
};
use s3_bsync::format::{Annotated, ReadError, Reader, SIGNATURE, Salvage, Writer};
use s3_bsync::state::{Record, ReplicaId, State};
use std::io::Cursor;

/// Records of a map that are looked up by their keys.
const SOUGHT: usize = 16;

/// Whatever the bytes are, reading ends without a panic and in bounded memory.
pub fn decode(data: &[u8]) {
    let _ = read(data);
    let _ = read(&mended(data));
}

/// Eyes are shown every byte once, and all that a damaged file still says.
pub fn dump(data: &[u8]) {
    for bytes in [data, &mended(data)] {
        let told = read(bytes);
        let is_whole = is_shown_whole(bytes);
        assert!(!bytes.starts_with(&SIGNATURE) || is_whole == told.is_ok());
        let Ok(Salvage {
            reader,
            defect,
            unvouched,
        }) = Reader::salvage(Cursor::new(bytes))
        else {
            assert!(told.is_err(), "nothing is saved of a good file");
            continue;
        };
        let saved = rest(reader);
        if let Ok(told) = told {
            assert!(defect.is_none() && unvouched.is_empty());
            assert_eq!(saved.unwrap(), told);
        } else {
            assert!(defect.is_some() || saved.is_err());
        }
    }
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
        let mut reader = Reader::open(Cursor::new(&bytes)).unwrap();
        for (map, records) in maps.iter().enumerate() {
            for record in records.iter().take(SOUGHT) {
                let found = reader.find(map, &record.key).unwrap();
                assert_eq!(found.as_ref(), Some(record));
            }
        }
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
            Entry::Intent(map, intent) => encode_intent(map, &intent).unwrap(),
        });
    }
    assert_eq!(again.len() as u64, replay.whole_bytes());
    assert_eq!(again, bytes[..again.len()]);
}

fn read(bytes: &[u8]) -> Result<(State, Vec<Vec<Record>>), ReadError> {
    rest(Reader::open(Cursor::new(bytes))?)
}

fn rest(mut reader: Reader<Cursor<&[u8]>>) -> Result<(State, Vec<Vec<Record>>), ReadError> {
    let state = reader.state().clone();
    let maps = (0..state.maps().count())
        .map(|map| reader.records(map)?.collect())
        .collect::<Result<_, _>>()?;
    Ok((state, maps))
}

/// Whether no defect is met where a file is shown; every byte is shown once, or counted as the rest.
fn is_shown_whole(bytes: &[u8]) -> bool {
    let mut annotated = Annotated::new(bytes);
    let mut shown = Vec::new();
    for part in annotated.by_ref().map(Result::unwrap) {
        for field in &part.fields {
            assert_eq!(field.offset, shown.len() as u64);
            shown.extend_from_slice(part.bytes_of(field));
        }
    }
    assert_eq!(shown, bytes[..shown.len()]);
    let is_whole = annotated.stopped().is_none();
    let rest = annotated.rest_bytes().unwrap();
    assert_eq!(shown.len() as u64 + rest, bytes.len() as u64);
    assert!(!is_whole || rest == 0);
    is_whole
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
