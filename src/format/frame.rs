//! The frame that all blocks share: control byte, payload length, payload, checksum, control byte.

use super::error::{DecodeError, Kind, ReadError, Section, WriteError};
use super::field::{Parsed, Window, length, limited, told, wide};
use super::trace::{Bytes, Value, Watch};
use super::wire::{self, Tag};
use byteorder::{LE, WriteBytesExt};
use nom::number::complete::{le_u8, le_u32};
use std::io::{self, Read, Write};

/// One block as it stands in the file; its payload is in the buffer that was lent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Offset of its first control byte.
    pub(super) start: u64,
    pub(super) section: Section,
    /// Its checksum, which is right.
    pub(super) checksum: u32,
    /// Offset of the byte after it.
    pub(super) end: u64,
}

impl Block {
    /// Offset of the payload's first byte.
    pub(super) fn payload_start(&self) -> u64 {
        self.start.saturating_add(wire::LEAD_BYTES)
    }

    /// Its payload, as part of the file.
    pub(super) fn payload(&self) -> Window {
        Window {
            end: self.end.saturating_sub(wire::TRAIL_BYTES),
            section: self.section,
        }
    }
}

/// Reads the block at `start`, which must be of a kind that `expected` names by its first byte.
pub(super) fn read_block<W: Watch>(
    input: &mut impl Read,
    start: u64,
    expected: &'static [u8],
    payload: &mut Vec<u8>,
    watch: W,
) -> Result<Block, ReadError> {
    let in_section = |section| {
        move |offset: u64, kind| {
            ReadError::from(DecodeError {
                offset: start.saturating_add(offset),
                section,
                kind,
            })
        }
    };
    let mut lead = [0; 5];
    let got = read_full(input, &mut lead)?;
    let any = in_section(
        expected
            .first()
            .map_or(Section::End, |tag| section_of(*tag)),
    );
    let there = lead.get(..got).unwrap_or_default();
    let Ok((left, open)) = control_byte(Bytes::new(there, start, watch)) else {
        return Err(any(0, Kind::Truncated));
    };
    if !expected.contains(&open) {
        let found = open;
        return Err(any(0, Kind::UnexpectedTag { found, expected }));
    }
    let section = section_of(open);
    let wrong = in_section(section);
    let Ok((_, declared)) = declared_length(left) else {
        return Err(wrong(wide(got), Kind::Truncated));
    };
    limited(
        "block length",
        u64::from(declared),
        wide(wire::MAX_PAYLOAD_BYTES),
    )
    .map_err(|kind| wrong(1, kind))?;

    payload.resize(length(u64::from(declared)), 0);
    let mut trail = [0; 5];
    let mut have = read_full(input, payload)?;
    // Behind a payload that is cut off there is nothing, even if the file grows meanwhile.
    if have == payload.len() {
        have = have.saturating_add(read_full(input, &mut trail)?);
    }
    let after_payload = wire::LEAD_BYTES.saturating_add(u64::from(declared));
    if have < payload.len().saturating_add(trail.len()) {
        let there = wire::LEAD_BYTES.saturating_add(wide(have));
        return Err(wrong(there, Kind::Truncated));
    }
    let computed = checksum(&lead, payload);
    let trail = Bytes::new(&trail, start.saturating_add(after_payload), watch);
    let Ok((_, (stored, close))) = trail_fields(trail, computed) else {
        return Err(wrong(after_payload, Kind::Truncated));
    };
    if stored != computed {
        return Err(wrong(after_payload, Kind::BadChecksum { stored, computed }));
    }
    let expected = close_of(open);
    if !expected.contains(&close) {
        let found = close;
        return Err(wrong(
            after_payload.saturating_add(4),
            Kind::UnexpectedTag { found, expected },
        ));
    }
    Ok(Block {
        start,
        section,
        checksum: stored,
        end: start
            .saturating_add(after_payload)
            .saturating_add(wire::TRAIL_BYTES),
    })
}

/// Writes one block and gives its checksum.
pub(super) fn write_block(
    out: &mut impl Write,
    tag: Tag,
    payload: &[u8],
) -> Result<u32, WriteError> {
    let declared = limited(
        "block length",
        wide(payload.len()),
        wide(wire::MAX_PAYLOAD_BYTES),
    )?;
    let mut lead = Vec::with_capacity(5);
    lead.write_u8(tag.open)?;
    lead.write_u32::<LE>(u32::try_from(declared).map_err(io::Error::other)?)?;
    let checksum = checksum(&lead, payload);
    out.write_all(&lead)?;
    out.write_all(payload)?;
    out.write_u32::<LE>(checksum)?;
    out.write_u8(tag.close)?;
    Ok(checksum)
}

/// Fills `buffer` as far as the input reaches and says how far.
pub(super) fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0_usize;
    while let Some(space) = buffer.get_mut(have..).filter(|space| !space.is_empty()) {
        match input.read(space) {
            Ok(0) => break,
            Ok(more) => have = have.saturating_add(more),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

fn control_byte<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u8> {
    told(input, "control byte", le_u8, Value::bytes)
}

fn declared_length<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u32> {
    told(input, "length", le_u32, Value::number)
}

fn trail_fields<W: Watch>(trail: Bytes<'_, W>, computed: u32) -> Parsed<'_, W, (u32, u8)> {
    let (left, stored) = told(trail, "checksum", le_u32, |stored| Value::Checksum {
        stored: *stored,
        computed,
    })?;
    let (left, close) = control_byte(left)?;
    Ok((left, (stored, close)))
}

fn checksum(lead: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(lead);
    hasher.update(payload);
    hasher.finalize()
}

fn section_of(open: u8) -> Section {
    match open {
        tag if tag == wire::METADATA.open => Section::Metadata,
        tag if tag == wire::IDENTITY.open => Section::Identity,
        tag if tag == wire::BUCKET.open => Section::Bucket,
        tag if tag == wire::MAP.open => Section::Map,
        tag if tag == wire::OBJECTS.open => Section::Objects,
        _ => Section::End,
    }
}

fn close_of(open: u8) -> &'static [u8] {
    match open {
        tag if tag == wire::METADATA.open => &[wire::METADATA.close],
        tag if tag == wire::IDENTITY.open => &[wire::IDENTITY.close],
        tag if tag == wire::BUCKET.open => &[wire::BUCKET.close],
        tag if tag == wire::MAP.open => &[wire::MAP.close],
        tag if tag == wire::OBJECTS.open => &[wire::OBJECTS.close],
        _ => &[wire::END.close],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::*;
    use crate::format::trace::Unwatched;
    use std::vec;

    /// Answers reads one after the other.
    struct Answers<'a>(vec::IntoIter<Result<&'a [u8], io::ErrorKind>>);

    impl Read for Answers<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut piece = self.0.next().unwrap_or(Ok(&[]))?;
            piece.read(buffer)
        }
    }

    #[test]
    fn an_interrupted_read_goes_on_and_a_failed_one_ends() {
        let interrupted = Err(io::ErrorKind::Interrupted);
        let answers = vec![interrupted, Ok(&b"a"[..]), interrupted, Ok(b"bc")];
        let mut buffer = [0; 4];
        let got = read_full(&mut Answers(answers.into_iter()), &mut buffer).unwrap();
        assert_eq!(buffer.get(..got), Some(&b"abc"[..]));
        let broken = vec![Ok(&b"a"[..]), Err(io::ErrorKind::Other)];
        assert!(read_full(&mut Answers(broken.into_iter()), &mut buffer).is_err());
    }

    #[test]
    fn a_file_that_grows_while_it_is_read_is_truncated_where_it_ended() {
        let mut whole = Vec::new();
        write_block(&mut whole, wire::METADATA, &[0; 8]).unwrap();
        let (lead, rest) = whole.split_at(5);
        let (before, after) = rest.split_at(4);
        let answers = vec![Ok(lead), Ok(before), Ok(&[]), Ok(after)];
        let mut input = Answers(answers.into_iter());
        let expected = &[wire::METADATA.open];
        let read = read_block(&mut input, 0, expected, &mut Vec::new(), Unwatched);
        let Err(ReadError::Decode(defect)) = read else {
            unreachable!("it is not whole");
        };
        assert_eq!((defect.kind, defect.offset), (Kind::Truncated, 9));
    }
}
