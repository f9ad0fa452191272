//! One map's records as a stream: block after block into one buffer, record after record out.

use super::error::{DecodeError, Kind, ReadError};
use super::field::{Parsed, at, fault, place, wide};
use super::frame::{Block, read_block};
use super::read::{self, Previous};
use super::wire;
use crate::state::Record;
use nom::number::complete::le_u16;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::{iter, vec};

const BUFFER_BYTES: usize = 65_536;

/// Where one map's objects blocks lie.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Span {
    /// Offset of the first one.
    pub(super) start: u64,
    pub(super) blocks: u64,
    pub(super) records: u64,
}

/// The records of one map in key order, in memory that does not grow with their number.
///
/// Ends after the first error.
pub struct Records<S> {
    source: From<S>,
}

enum From<S> {
    /// A version-1 file, which was read as a whole.
    Memory(vec::IntoIter<Record>),
    File(Box<Stream<S>>),
}

impl<S: Read + Seek> Records<S> {
    pub(super) fn kept(records: Vec<Record>) -> Self {
        Self {
            source: From::Memory(records.into_iter()),
        }
    }

    pub(super) fn stored(source: S, span: Span) -> Result<Self, ReadError> {
        let mut source = BufReader::with_capacity(BUFFER_BYTES, source);
        source.seek(SeekFrom::Start(span.start))?;
        let stream = Stream {
            source,
            next: span.start,
            blocks: span.blocks,
            payload: Vec::new(),
            block: None,
            used: 0,
            left: 0,
            previous: Previous::default(),
        };
        Ok(Self {
            source: From::File(Box::new(stream)),
        })
    }
}

impl<S: Read + Seek> Iterator for Records<S> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            From::Memory(records) => records.next().map(Ok),
            From::File(stream) => {
                let item = stream.record().transpose();
                if let Some(Err(_)) = item {
                    stream.left = 0;
                    stream.blocks = 0;
                }
                item
            }
        }
    }
}

impl<S: Read + Seek> iter::FusedIterator for Records<S> {}

struct Stream<S> {
    source: BufReader<S>,
    /// Offset of the next block.
    next: u64,
    /// Blocks not yet read.
    blocks: u64,
    payload: Vec<u8>,
    block: Option<Block>,
    /// Bytes of the payload that are decoded.
    used: usize,
    /// Records of this block not yet decoded.
    left: u16,
    previous: Previous,
}

impl<S: Read + Seek> Stream<S> {
    fn record(&mut self) -> Result<Option<Record>, ReadError> {
        while self.left == 0 {
            self.finish_block()?;
            if self.blocks == 0 {
                return Ok(None);
            }
            self.begin_block()?;
        }
        let Some(block) = self.block else {
            return Ok(None);
        };
        let input = self.payload.get(self.used..).unwrap_or_default();
        let (rest, record) = record_in_block(input, self.used, &mut self.previous)
            .map_err(|error| place(error, &self.payload, block.payload_start(), block.section))?;
        self.used = self.payload.len().saturating_sub(rest.len());
        self.left = self.left.saturating_sub(1);
        Ok(Some(record))
    }

    fn begin_block(&mut self) -> Result<(), ReadError> {
        let expected = &[wire::OBJECTS.open];
        let block = read_block(&mut self.source, self.next, expected, &mut self.payload)?;
        let count = count(&self.payload, &block)?;
        self.next = block.end;
        self.blocks = self.blocks.saturating_sub(1);
        self.block = Some(block);
        self.used = COUNT_BYTES;
        self.left = count;
        self.previous.begin_block();
        Ok(())
    }

    fn finish_block(&mut self) -> Result<(), DecodeError> {
        match self.block.take() {
            Some(block) if self.used < self.payload.len() => Err(DecodeError {
                offset: block.payload_start().saturating_add(wide(self.used)),
                section: block.section,
                kind: Kind::TrailingBytes,
            }),
            _ => Ok(()),
        }
    }
}

/// Bytes of the record count with which the payload of an objects block begins.
pub(super) const COUNT_BYTES: usize = 2;

/// The record count of an objects block, which is not zero.
pub(super) fn count(payload: &[u8], block: &Block) -> Result<u16, DecodeError> {
    let parsed: Parsed<'_, u16> = le_u16(payload);
    parsed
        .and_then(|(_, count)| match count {
            0 => fault(
                payload,
                Kind::BadValue {
                    field: "record count",
                },
            ),
            count => Ok((payload, count)),
        })
        .map(|(_, count)| count)
        .map_err(|error| place(error, payload, block.payload_start(), block.section))
}

fn record_in_block<'a>(
    input: &'a [u8],
    used: usize,
    previous: &mut Previous,
) -> Parsed<'a, Record> {
    let cut = if used < wire::FULL_PAYLOAD_BYTES {
        Ok(())
    } else {
        Err(Kind::NonCanonical { field: "block cut" })
    };
    at(input, cut)?;
    read::record(input, previous)
}
