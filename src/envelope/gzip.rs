//! gzip, in segments that can be compressed apart from each other.
//!
//! Levels 1 to 9 give one gzip member: every segment is raw deflate that begins with the window of
//! the segment before and ends on a byte boundary, so that the segments in a row are one stream, as
//! pigz makes it. Levels 10 and 11 are made by libdeflate, which has no such boundary: there each
//! segment is a member of its own (RFC 1952, section 2.2: a gzip file is a series of members).
//! The header holds neither name nor time, so that equal bytes give equal streams.

use super::seal::Place;
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor};
use std::io;

/// The highest level.
pub const MAX_LEVEL: u8 = 11;
/// Bytes of a file that are compressed at a time.
pub const SEGMENT_BYTES: usize = 1 << 20;
/// How far back deflate looks.
const WINDOW_BYTES: usize = 32 << 10;
/// The level up to which deflate is made by zlib.
const MAX_ZLIB_LEVEL: u8 = 9;
/// Level at which samples are tried.
const SAMPLE_LEVEL: u8 = 1;

/// A piece of a file, and what comes before it.
pub(super) struct Segment<'a> {
    /// The piece.
    pub(super) bytes: &'a [u8],
    /// The piece before; empty for the first.
    pub(super) before: &'a [u8],
    /// Whether the stream ends with it.
    pub(super) place: Place,
}

/// A segment, compressed.
pub(super) struct Pressed {
    pub(super) bytes: Vec<u8>,
    /// CRC-32 of the plain bytes.
    crc: Hasher,
    /// How many plain bytes there were.
    length: u64,
}

/// What a stream's segments come to, for its trailer.
#[derive(Default)]
pub(super) struct Sum {
    crc: Hasher,
    length: u64,
}

impl Sum {
    pub(super) fn add(&mut self, pressed: &Pressed) {
        self.crc.combine(&pressed.crc);
        self.length += pressed.length;
    }
}

/// What stands before the first segment.
pub(super) fn header(level: u8) -> &'static [u8] {
    match level {
        // Magic, deflate, no flags, no time, how hard the compressor tried, system unknown.
        0..2 => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255],
        2..MAX_ZLIB_LEVEL => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        MAX_ZLIB_LEVEL => &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255],
        _ => &[],
    }
}

/// What stands after the last segment.
pub(super) fn trailer(level: u8, sum: Sum) -> Vec<u8> {
    if level > MAX_ZLIB_LEVEL {
        return Vec::new();
    }
    // The length counts modulo 2^32.
    let length = sum.length.to_le_bytes();
    let mut trailer = sum.crc.finalize().to_le_bytes().to_vec();
    trailer.extend(&length[..4]);
    trailer
}

/// Compresses one segment.
pub(super) fn press(level: u8, segment: &Segment<'_>) -> io::Result<Pressed> {
    let mut crc = Hasher::new();
    crc.update(segment.bytes);
    let bytes = if level > MAX_ZLIB_LEVEL {
        member(level, segment.bytes)?
    } else {
        deflate(level, segment)?
    };
    Ok(Pressed {
        bytes,
        crc,
        length: segment.bytes.len() as u64,
    })
}

/// A whole file as one member.
pub(super) fn whole(level: u8, plain: &[u8]) -> io::Result<Vec<u8>> {
    let pressed = press(
        level,
        &Segment {
            bytes: plain,
            before: &[],
            place: Place::Last,
        },
    )?;
    let mut sum = Sum::default();
    sum.add(&pressed);
    let mut bytes = header(level).to_vec();
    bytes.extend(pressed.bytes);
    bytes.extend(trailer(level, sum));
    Ok(bytes)
}

fn deflate(level: u8, segment: &Segment<'_>) -> io::Result<Vec<u8>> {
    let mut stream = Compress::new(Compression::new(level.into()), false);
    if !segment.before.is_empty() {
        let from = segment.before.len().saturating_sub(WINDOW_BYTES);
        stream
            .set_dictionary(&segment.before[from..])
            .map_err(io::Error::other)?;
    }
    let end = match segment.place {
        Place::Within => FlushCompress::Sync,
        Place::Last => FlushCompress::Finish,
    };
    let mut bytes = Vec::with_capacity(segment.bytes.len() / 2 + 64);
    loop {
        let taken = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let rest = segment.bytes.get(taken..).unwrap_or_default();
        let room = bytes.capacity() - bytes.len();
        let before = bytes.len();
        let status = stream.compress_vec(rest, &mut bytes, end)?;
        // Room that is left over says that all was written that there was to write.
        if status == Status::StreamEnd
            || (segment.place == Place::Within && bytes.len() - before < room)
        {
            return Ok(bytes);
        }
        bytes.reserve(segment.bytes.len() / 4 + 64);
    }
}

/// One gzip member by libdeflate, at its first and last level that look for the best parse.
fn member(level: u8, plain: &[u8]) -> io::Result<Vec<u8>> {
    let effort = if level == MAX_LEVEL { 12 } else { 10 };
    let effort = CompressionLvl::new(effort).map_err(|_| io::Error::other("no such level"))?;
    let mut compressor = Compressor::new(effort);
    let mut bytes = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor
        .gzip_compress(plain, &mut bytes)
        .map_err(io::Error::other)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Whether these samples of a file get smaller by more than a thirty-second.
pub(super) fn shrinks(samples: &[&[u8]]) -> io::Result<bool> {
    let (mut plain, mut pressed) = (0, 0);
    for sample in samples {
        plain += sample.len();
        pressed += whole(SAMPLE_LEVEL, sample)?.len();
    }
    Ok(pressed < plain - plain / 32)
}
