//! A whole state file: checked once from end to end, then read map by map.

use super::error::{DecodeError, Kind, ReadError, Section};
use super::field::{limited, wide};
use super::frame::read_full;
use super::records::{self, Records, Span};
use super::survey::survey;
use super::trace::{Bytes, Unwatched, Value, Watch};
use super::{read, v1, wire};
use crate::key::{Key, MAX_OBJECT_KEY_BYTES};
use crate::state::{Record, State};
use std::io::{BufReader, Read, Seek, SeekFrom};

/// A state file of either version, found intact.
#[derive(Debug)]
pub struct Reader<R> {
    pub(super) source: R,
    pub(super) state: State,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Blocks(Vec<Span>),
    Version1(v1::Loaded),
}

impl<R: Read + Seek> Reader<R> {
    /// Checks the whole file, except the inside of its objects blocks, and decodes the settings.
    ///
    /// Every frame, checksum and count is checked here, so that no record is given out of a file
    /// with a flipped, missing or added bit. A version-1 file, which has no checksums, is decoded
    /// wholly.
    ///
    /// # Errors
    /// [`ReadError::Io`], or [`ReadError::Decode`] with the first defect.
    pub fn open(mut source: R) -> Result<Self, ReadError> {
        source.seek(SeekFrom::Start(0))?;
        let mut input = BufReader::new(&mut source);
        let (state, body) = match version(&mut input, wire::SIGNATURE, Unwatched)? {
            wire::VERSION_1 => {
                let (state, loaded) = v1::load(&version_1_bytes(&mut input)?)?;
                (state, Body::Version1(loaded))
            }
            wire::VERSION => {
                let (state, spans) = survey(&mut input)?;
                (state, Body::Blocks(spans))
            }
            other => return Err(unknown_version(&mut input, other)),
        };
        Ok(Self {
            source,
            state,
            body,
        })
    }

    /// The settings. A version-1 file has no ids: all of them are zero.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the file is read from.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The file's version, 1 or 2.
    pub fn version(&self) -> u8 {
        match self.body {
            Body::Blocks(_) => wire::VERSION,
            Body::Version1(_) => wire::VERSION_1,
        }
    }

    /// Objects of a version-1 file that lie under no map, or whose key is none.
    pub fn dropped(&self) -> u64 {
        match &self.body {
            Body::Blocks(_) => 0,
            Body::Version1(loaded) => loaded.dropped,
        }
    }

    /// How many records a map has; 0 where there is no such map.
    pub fn record_count(&self, map: usize) -> u64 {
        match &self.body {
            Body::Blocks(spans) => spans.get(map).map_or(0, |span| span.records),
            Body::Version1(loaded) => loaded.maps.get(map).map_or(0, |map| wide(map.len())),
        }
    }

    /// The records of the map at this position of [`State::maps`].
    ///
    /// # Errors
    /// [`ReadError::NoSuchMap`] and [`ReadError::Io`]; the stream itself gives the defects.
    pub fn records(&mut self, map: usize) -> Result<Records<&mut R>, ReadError> {
        let source = Self::pick(&self.body, map)?;
        Self::stream(source, &mut self.source)
    }

    /// As [`Reader::records`], reading the same bytes through another source.
    ///
    /// # Errors
    /// As [`Reader::records`].
    pub fn records_from<S: Read + Seek>(
        &self,
        source: S,
        map: usize,
    ) -> Result<Records<S>, ReadError> {
        Self::stream(Self::pick(&self.body, map)?, source)
    }

    /// As [`Reader::records`], to be moved where the caller likes.
    ///
    /// # Errors
    /// As [`Reader::records`].
    pub fn into_records(self, map: usize) -> Result<Records<R>, ReadError> {
        let picked = Self::pick(&self.body, map)?;
        Self::stream(picked, self.source)
    }

    /// The record of one key. Blocks that cannot hold it are passed over undecoded.
    ///
    /// # Errors
    /// As [`Reader::records`], and the defects of the block that may hold the key.
    pub fn find(&mut self, map: usize, key: &Key) -> Result<Option<Record>, ReadError> {
        let span = match Self::pick(&self.body, map)? {
            Picked::Kept(records) => {
                let found = records.binary_search_by(|record| record.key.cmp(key));
                return Ok(found.ok().and_then(|at| records.get(at)).cloned());
            }
            Picked::Span(span) => span,
        };
        let Some(start) = Self::block_of(&mut self.source, &span.starts, key)? else {
            return Ok(None);
        };
        for record in Records::stored(&mut self.source, &[start])? {
            let record = record?;
            if record.key >= *key {
                return Ok((record.key == *key).then_some(record));
            }
        }
        Ok(None)
    }

    /// The last block whose first key is not after `key`, or one that turns out to have no first
    /// key, so that its defect is told.
    fn block_of(source: &mut R, starts: &[u64], key: &Key) -> Result<Option<u64>, ReadError> {
        let mut left = starts;
        let mut candidate = None;
        while let Some((before, [middle, after @ ..])) = left.split_at_checked(left.len() / 2) {
            match Self::first_key(source, *middle)? {
                Some(first) if first > *key => left = before,
                first => {
                    candidate = Some(*middle);
                    left = if first.is_some() { after } else { &[] };
                }
            }
        }
        Ok(candidate)
    }

    /// The first key of the objects block that begins at `start`.
    fn first_key(source: &mut R, start: u64) -> Result<Option<Key>, ReadError> {
        const HEAD_BYTES: usize = records::COUNT_BYTES + 1 + 2 + MAX_OBJECT_KEY_BYTES;
        let mut head = [0; HEAD_BYTES];
        source.seek(SeekFrom::Start(start.saturating_add(wire::LEAD_BYTES)))?;
        let got = read_full(source, &mut head)?;
        let head = head.get(records::COUNT_BYTES..got).unwrap_or_default();
        let found = read::lone_key(Bytes::new(head, 0, Unwatched));
        Ok(found.ok().map(|(_, key)| key))
    }

    fn pick(body: &Body, map: usize) -> Result<Picked<'_>, ReadError> {
        match body {
            Body::Blocks(spans) => spans.get(map).map(Picked::Span),
            Body::Version1(loaded) => loaded.maps.get(map).map(|map| Picked::Kept(map)),
        }
        .ok_or(ReadError::NoSuchMap(map))
    }

    fn stream<S: Read + Seek>(picked: Picked<'_>, source: S) -> Result<Records<S>, ReadError> {
        match picked {
            Picked::Span(span) => Records::stored(source, &span.starts),
            Picked::Kept(records) => Ok(Records::kept(records.to_vec())),
        }
    }
}

#[derive(Clone, Copy)]
enum Picked<'a> {
    Span(&'a Span),
    Kept(&'a [Record]),
}

/// Reads signature and version.
pub(super) fn version<W: Watch>(
    input: &mut impl Read,
    signature: [u8; 4],
    watch: W,
) -> Result<u8, ReadError> {
    let mut header = [0; 5];
    let got = read_full(input, &mut header)?;
    let [.., version] = header;
    let there = header.get(..got.min(signature.len())).unwrap_or_default();
    if !signature.starts_with(there) {
        return Err(header_error(0, Kind::BadMagic).into());
    }
    if got < header.len() {
        return Err(header_error(wide(got), Kind::Truncated).into());
    }
    let bytes = Bytes::new(&header, 0, watch);
    let after = bytes.after(signature.len());
    bytes.tell("signature", after, || Value::Bytes);
    after.tell("version", after.after(1), || Value::Number(version.into()));
    Ok(version)
}

/// All that follows the header of a version-1 file: limited, as it is read as a whole.
pub(super) fn version_1_bytes(input: &mut impl Read) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let most = wire::MAX_V1_BYTES.saturating_add(1);
    input.take(most).read_to_end(&mut bytes)?;
    limited("file size", wide(bytes.len()), wire::MAX_V1_BYTES)
        .map_err(|kind| header_error(wire::HEADER_BYTES, kind))?;
    Ok(bytes)
}

/// The defect of a file with an unknown version. The version byte has no checksum of its own: if all
/// that follows it is version 2 by its checksums, it is the byte that changed.
pub(super) fn unknown_version(input: &mut impl Read, found: u8) -> ReadError {
    let kind = match survey(input) {
        Ok(_) => Kind::BadValue { field: "version" },
        Err(ReadError::Io(error)) => return error.into(),
        Err(_) => Kind::UnsupportedVersion(found),
    };
    header_error(4, kind).into()
}

pub(super) fn header_error(offset: u64, kind: Kind) -> DecodeError {
    DecodeError {
        offset,
        section: Section::Header,
        kind,
    }
}
