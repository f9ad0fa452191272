//! One pass over a version-2 file, from the header's end to the last byte.

use super::error::{DecodeError, Kind, ReadError, Section};
use super::field::{limited, whole};
use super::frame::{Block, read_block, read_full};
use super::read::{self, Totals};
use super::records::{self, Span};
use super::wire;
use crate::state::{DirMap, State};
use nom::number::complete::le_u64;
use std::io::Read;

/// Checks every frame, checksum and count of the blocks after the header, and decodes all settings.
pub(super) fn survey(input: &mut impl Read) -> Result<(State, Vec<Span>), ReadError> {
    let mut payload = Vec::new();
    let start = wire::HEADER_BYTES;
    let block = read_block(input, start, &[wire::METADATA.open], &mut payload)?;
    let synced_ms = whole(&payload, block.payload_start(), block.section, le_u64)?;
    let block = read_block(input, block.end, &[wire::IDENTITY.open], &mut payload)?;
    let at = block.payload_start();
    let (replica, generation) = whole(&payload, at, block.section, read::identity)?;

    let mut survey = Survey {
        state: State {
            replica,
            generation,
            synced_ms,
            buckets: Vec::new(),
        },
        spans: Vec::new(),
        totals: Totals::default(),
        chain: crc32fast::Hasher::new(),
        is_full: false,
    };
    survey.link(&block);
    let mut expected = AFTER_IDENTITY;
    let mut next = block.end;
    loop {
        let block = read_block(input, next, expected, &mut payload)?;
        next = block.end;
        expected = match block.section {
            Section::Bucket => survey.bucket(&block, &payload)?,
            Section::Map => survey.map(&block, &payload)?,
            Section::Objects => survey.objects(&block, &payload)?,
            _ => {
                survey.end(&block, &payload)?;
                break;
            }
        };
        survey.link(&block);
    }
    let mut byte = [0];
    if read_full(input, &mut byte)? > 0 {
        return Err(DecodeError {
            offset: next,
            section: Section::End,
            kind: Kind::TrailingBytes,
        }
        .into());
    }
    Ok((survey.state, survey.spans))
}

/// What the pass has seen so far.
struct Survey {
    state: State,
    spans: Vec<Span>,
    totals: Totals,
    chain: crc32fast::Hasher,
    /// Whether another objects block may follow.
    is_full: bool,
}

const AFTER_IDENTITY: &[u8] = &[wire::BUCKET.open, wire::END.open];
const AFTER_BUCKET: &[u8] = &[wire::MAP.open, wire::BUCKET.open, wire::END.open];
const AFTER_MAP: &[u8] = &[
    wire::OBJECTS.open,
    wire::MAP.open,
    wire::BUCKET.open,
    wire::END.open,
];

impl Survey {
    fn link(&mut self, block: &Block) {
        self.chain.update(&block.checksum.to_le_bytes());
    }

    fn bucket(&mut self, block: &Block, payload: &[u8]) -> Result<&'static [u8], DecodeError> {
        self.totals.buckets = self.totals.buckets.saturating_add(1);
        limited("buckets", self.totals.buckets, wire::MAX_BUCKETS)
            .map_err(|kind| defect(block, block.start, kind))?;
        let at = block.payload_start();
        let bucket = whole(payload, at, block.section, read::bucket)?;
        self.state.buckets.push(bucket);
        Ok(AFTER_BUCKET)
    }

    fn map(&mut self, block: &Block, payload: &[u8]) -> Result<&'static [u8], DecodeError> {
        self.totals.maps = self.totals.maps.saturating_add(1);
        limited("maps", self.totals.maps, wire::MAX_MAPS)
            .map_err(|kind| defect(block, block.start, kind))?;
        let at = block.payload_start();
        let map: DirMap = whole(payload, at, block.section, read::dir_map)?;
        if self.state.maps().any(|(_, other)| other.id == map.id) {
            return Err(defect(block, at, Kind::Duplicate { field: "map id" }));
        }
        if let Some(bucket) = self.state.buckets.last_mut() {
            bucket.maps.push(map);
        }
        self.spans.push(Span {
            start: block.end,
            blocks: 0,
            records: 0,
        });
        self.is_full = true;
        Ok(AFTER_MAP)
    }

    fn objects(&mut self, block: &Block, payload: &[u8]) -> Result<&'static [u8], DecodeError> {
        if !self.is_full {
            let kind = Kind::NonCanonical { field: "block cut" };
            return Err(defect(block, block.start, kind));
        }
        let count = u64::from(records::count(payload, block)?);
        self.totals.objects_blocks = self.totals.objects_blocks.saturating_add(1);
        self.totals.records = self.totals.records.saturating_add(count);
        if let Some(span) = self.spans.last_mut() {
            span.blocks = span.blocks.saturating_add(1);
            span.records = span.records.saturating_add(count);
        }
        self.is_full = payload.len() >= wire::FULL_PAYLOAD_BYTES;
        Ok(AFTER_MAP)
    }

    fn end(&mut self, block: &Block, payload: &[u8]) -> Result<(), DecodeError> {
        let at = block.payload_start();
        let stored = whole(payload, at, block.section, read::end)?;
        let found = &self.totals;
        let counts = [
            (0, "buckets", stored.buckets, found.buckets),
            (4, "maps", stored.maps, found.maps),
            (
                8,
                "objects blocks",
                stored.objects_blocks,
                found.objects_blocks,
            ),
            (16, "records", stored.records, found.records),
        ];
        for (offset, field, stored, counted) in counts {
            if stored != counted {
                let kind = Kind::BadCount {
                    field,
                    stored,
                    counted,
                };
                return Err(defect(block, at.saturating_add(offset), kind));
            }
        }
        let stored = stored.chain;
        let computed = self.chain.clone().finalize();
        if stored != computed {
            let kind = Kind::BadChecksum { stored, computed };
            return Err(defect(block, at.saturating_add(24), kind));
        }
        Ok(())
    }
}

fn defect(block: &Block, offset: u64, kind: Kind) -> DecodeError {
    DecodeError {
        offset,
        section: block.section,
        kind,
    }
}
