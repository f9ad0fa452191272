//! One pass over a version-2 file, from the header's end to the last byte.

use super::error::{DecodeError, Kind, ReadError, Section};
use super::field::{length, limited, whole};
use super::frame::{Block, read_block, read_full};
use super::read::{self, Totals};
use super::records::{self, Span, Unpack};
use super::trace::{Bytes, Unwatched, Watch};
use super::wire;
use crate::state::{DirMap, Record, ReplicaId, State};
use std::io::{self, Read};

/// Checks every frame, checksum and count of the blocks after the header, and decodes all settings.
pub(super) fn survey(input: &mut impl Read) -> Result<(State, Vec<Span>), ReadError> {
    let mut survey = Survey::new();
    while survey.step(input, Unwatched)?.is_some() {}
    Ok((survey.state, survey.spans))
}

/// What a pass over a damaged file found before the defect.
pub(super) struct Salvaged {
    pub(super) state: State,
    pub(super) spans: Vec<Span>,
    pub(super) defect: Option<DecodeError>,
    /// Records of the damaged block, as far as they can be read.
    pub(super) unvouched: Vec<Record>,
}

/// As [`survey`], up to the first defect.
pub(super) fn salvage(input: &mut impl Read) -> io::Result<Salvaged> {
    let mut survey = Survey::new();
    let defect = loop {
        match survey.step(input, Unwatched) {
            Ok(Some(_)) => {}
            Ok(None) | Err(ReadError::NoSuchMap(_)) => break None,
            Err(ReadError::Decode(defect)) => break Some(defect),
            Err(ReadError::Io(error)) => return Err(error),
        }
    };
    let unvouched = defect.map_or_else(Vec::new, |defect| survey.glance(&defect));
    Ok(Salvaged {
        state: survey.state,
        spans: survey.spans,
        defect,
        unvouched,
    })
}

/// The pass over the blocks, and what it has seen so far.
pub(super) struct Survey {
    state: State,
    spans: Vec<Span>,
    totals: Totals,
    chain: crc32fast::Hasher,
    /// Whether another objects block may follow.
    is_full: bool,
    /// Control bytes of the blocks that may follow; none after the end block.
    expected: &'static [u8],
    /// Offset of the next block.
    pub(super) next: u64,
    /// Payload of the last block.
    pub(super) payload: Vec<u8>,
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
    /// A pass that stands before the first block.
    pub(super) fn new() -> Self {
        Self {
            state: State::new(ReplicaId([0; 16])),
            spans: Vec::new(),
            totals: Totals::default(),
            chain: crc32fast::Hasher::new(),
            is_full: false,
            expected: &[wire::METADATA.open],
            next: wire::HEADER_BYTES,
            payload: Vec::new(),
        }
    }

    /// Checks the next block; `None` after the last.
    pub(super) fn step<W: Watch>(
        &mut self,
        input: &mut impl Read,
        watch: W,
    ) -> Result<Option<Block>, ReadError> {
        if self.expected.is_empty() {
            return self.nothing_follows(input);
        }
        let mut payload = std::mem::take(&mut self.payload);
        let read = read_block(input, self.next, self.expected, &mut payload, watch);
        let stepped = read.and_then(|block| {
            self.next = block.end;
            let bytes = Bytes::new(&payload, block.payload_start(), watch);
            self.expected = self.block(&block, bytes)?;
            if block.section != Section::Metadata {
                self.chain.update(&block.checksum.to_le_bytes());
            }
            Ok(Some(block))
        });
        self.payload = payload;
        stepped
    }

    /// The records of the objects block in whose frame the defect lies.
    fn glance(&self, defect: &DecodeError) -> Vec<Record> {
        let start = self.next.saturating_add(wire::LEAD_BYTES);
        let there = match defect.offset.checked_sub(start) {
            Some(there) if defect.section == Section::Objects => length(there),
            _ => return Vec::new(),
        };
        let payload = self.payload.get(..there).unwrap_or(&self.payload);
        let mut unpack = Unpack::default();
        if unpack.begin(start, payload).is_err() {
            return Vec::new();
        }
        std::iter::from_fn(|| unpack.record(payload, Unwatched).ok().flatten()).collect()
    }

    fn nothing_follows(&self, input: &mut impl Read) -> Result<Option<Block>, ReadError> {
        if read_full(input, &mut [0])? > 0 {
            return Err(DecodeError {
                offset: self.next,
                section: Section::End,
                kind: Kind::TrailingBytes,
            }
            .into());
        }
        Ok(None)
    }

    /// Takes a block in and says which may follow.
    fn block<W: Watch>(
        &mut self,
        block: &Block,
        payload: Bytes<'_, W>,
    ) -> Result<&'static [u8], DecodeError> {
        match block.section {
            Section::Metadata => {
                self.state.synced_ms = whole(block.payload(), payload, read::metadata)?;
                Ok(&[wire::IDENTITY.open])
            }
            Section::Identity => {
                let (replica, generation) = whole(block.payload(), payload, read::identity)?;
                self.state.replica = replica;
                self.state.generation = generation;
                Ok(AFTER_IDENTITY)
            }
            Section::Bucket => self.bucket(block, payload),
            Section::Map => self.map(block, payload),
            Section::Objects => self.objects(block, payload),
            Section::Header | Section::End | Section::Entry => {
                self.end(block, payload)?;
                Ok(&[])
            }
        }
    }

    fn bucket<W: Watch>(
        &mut self,
        block: &Block,
        payload: Bytes<'_, W>,
    ) -> Result<&'static [u8], DecodeError> {
        self.totals.buckets = self.totals.buckets.saturating_add(1);
        limited("buckets", self.totals.buckets, wire::MAX_BUCKETS)
            .map_err(|kind| defect(block, block.start, kind))?;
        let bucket = whole(block.payload(), payload, read::bucket)?;
        self.state.buckets.push(bucket);
        Ok(AFTER_BUCKET)
    }

    fn map<W: Watch>(
        &mut self,
        block: &Block,
        payload: Bytes<'_, W>,
    ) -> Result<&'static [u8], DecodeError> {
        self.totals.maps = self.totals.maps.saturating_add(1);
        limited("maps", self.totals.maps, wire::MAX_MAPS)
            .map_err(|kind| defect(block, block.start, kind))?;
        let at = block.payload_start();
        let map: DirMap = whole(block.payload(), payload, read::dir_map)?;
        if self.state.maps().any(|(_, other)| other.id == map.id) {
            return Err(defect(block, at, Kind::Duplicate { field: "map id" }));
        }
        if let Some(bucket) = self.state.buckets.last_mut() {
            bucket.maps.push(map);
        }
        self.spans.push(Span::default());
        self.is_full = true;
        Ok(AFTER_MAP)
    }

    fn objects<W: Watch>(
        &mut self,
        block: &Block,
        payload: Bytes<'_, W>,
    ) -> Result<&'static [u8], DecodeError> {
        if !self.is_full {
            let kind = Kind::NonCanonical { field: "block cut" };
            return Err(defect(block, block.start, kind));
        }
        let count = u64::from(records::count(block.payload_start(), payload)?);
        self.totals.objects_blocks = self.totals.objects_blocks.saturating_add(1);
        self.totals.records = self.totals.records.saturating_add(count);
        if let Some(span) = self.spans.last_mut() {
            span.starts.push(block.start);
            span.records = span.records.saturating_add(count);
        }
        self.is_full = payload.len() >= wire::FULL_PAYLOAD_BYTES;
        Ok(AFTER_MAP)
    }

    fn end<W: Watch>(&mut self, block: &Block, payload: Bytes<'_, W>) -> Result<(), DecodeError> {
        let at = block.payload_start();
        let stored = whole(block.payload(), payload, read::end)?;
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
