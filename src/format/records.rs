//! One map's records as a stream: block after block into one buffer, record after record out.

use super::error::{DecodeError, Kind, ReadError, Section};
use super::field::{Parsed, Window, at, fault, told, wide};
use super::frame::read_block;
use super::read::{self, Previous};
use super::trace::{Bytes, Unwatched, Value, Watch};
use super::wire;
use crate::state::Record;
use nom::number::complete::le_u16;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::{iter, vec};

/// Far less than a block has, so that most of a payload is read to its place without a copy.
const BUFFER_BYTES: usize = 4096;

/// Where one map's objects blocks lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    /// The offset of each one.
    pub(super) starts: Vec<u64>,
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

    /// The records of the blocks that begin at these offsets, one following the other.
    pub(super) fn stored(source: S, starts: &[u64]) -> Result<Self, ReadError> {
        let start = starts.first().copied().unwrap_or_default();
        let mut source = BufReader::with_capacity(BUFFER_BYTES, source);
        source.seek(SeekFrom::Start(start))?;
        let stream = Stream {
            source,
            next: start,
            blocks: starts.len(),
            payload: Vec::new(),
            unpack: Unpack::default(),
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
                    stream.unpack = Unpack::default();
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
    blocks: usize,
    payload: Vec<u8>,
    unpack: Unpack,
}

impl<S: Read + Seek> Stream<S> {
    fn record(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(record) = self.unpack.record(&self.payload, Unwatched)? {
                return Ok(Some(record));
            }
            if self.blocks == 0 {
                return Ok(None);
            }
            self.begin_block()?;
        }
    }

    fn begin_block(&mut self) -> Result<(), ReadError> {
        let expected = &[wire::OBJECTS.open];
        let payload = &mut self.payload;
        let block = read_block(&mut self.source, self.next, expected, payload, Unwatched)?;
        self.next = block.end;
        self.blocks = self.blocks.saturating_sub(1);
        self.unpack.begin(block.payload_start(), &self.payload)?;
        Ok(())
    }
}

/// The way through one map's objects blocks, a record at a time.
#[derive(Default)]
pub(super) struct Unpack {
    /// Offset of the block's payload.
    start: u64,
    /// Bytes of the payload that are decoded.
    used: usize,
    /// Records of this block not yet decoded.
    left: u16,
    /// Whether the block's end is still to be looked at.
    is_open: bool,
    previous: Previous,
}

impl Unpack {
    /// Begins a block whose payload lies at `start` in the file.
    pub(super) fn begin(&mut self, start: u64, payload: &[u8]) -> Result<(), DecodeError> {
        self.left = count(start, Bytes::new(payload, start, Unwatched))?;
        self.start = start;
        self.used = COUNT_BYTES;
        self.is_open = true;
        self.previous.begin_block();
        Ok(())
    }

    /// The next record of the block; `None` after the last, with which its payload must end.
    pub(super) fn record<W: Watch>(
        &mut self,
        payload: &[u8],
        watch: W,
    ) -> Result<Option<Record>, DecodeError> {
        let window = window(self.start, payload);
        let input = Bytes::new(payload, self.start, watch).after(self.used);
        if self.left == 0 {
            if std::mem::take(&mut self.is_open) && !input.is_empty() {
                return Err(window.defect(input.len(), Kind::TrailingBytes));
            }
            return Ok(None);
        }
        let (rest, record) = record_in_block(input, self.used, &mut self.previous)
            .map_err(|error| window.place(error))?;
        self.used = payload.len().saturating_sub(rest.len());
        self.left = self.left.saturating_sub(1);
        Ok(Some(record))
    }
}

/// Bytes of the record count with which the payload of an objects block begins.
pub(super) const COUNT_BYTES: usize = 2;

/// The record count of an objects block, which is not zero.
pub(super) fn count<W: Watch>(start: u64, payload: Bytes<'_, W>) -> Result<u16, DecodeError> {
    told(payload, "records", le_u16, Value::number)
        .and_then(|(left, count)| match count {
            0 => fault(
                payload,
                Kind::BadValue {
                    field: "record count",
                },
            ),
            count => Ok((left, count)),
        })
        .map(|(_, count)| count)
        .map_err(|error| window(start, &payload).place(error))
}

/// The payload of an objects block that begins at `start` in the file.
fn window(start: u64, payload: &[u8]) -> Window {
    Window {
        end: start.saturating_add(wide(payload.len())),
        section: Section::Objects,
    }
}

fn record_in_block<'a, W: Watch>(
    input: Bytes<'a, W>,
    used: usize,
    previous: &mut Previous,
) -> Parsed<'a, W, Record> {
    let cut = if used < wire::FULL_PAYLOAD_BYTES {
        Ok(())
    } else {
        Err(Kind::NonCanonical { field: "block cut" })
    };
    at(input, cut)?;
    read::record(input, previous)
}
