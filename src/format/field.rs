//! The smallest pieces: varints and texts, each read and written side by side.

use super::error::{DecodeError, Kind, Section, WriteError};
use super::trace::{Bytes, Value, Watch};
use super::wire::{self, Shape, Text};
use nom::bytes::complete::take;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

/// What a parser found, or the place and kind of the defect.
pub(super) type Parsed<'a, W, T> = IResult<Bytes<'a, W>, T, Fault>;

/// A defect, placed by how many bytes were left.
#[derive(Debug)]
pub(super) struct Fault {
    left: usize,
    kind: Kind,
}

impl<'a, W: Watch> ParseError<Bytes<'a, W>> for Fault {
    /// nom's own parsers used here fail for one reason: too few bytes.
    fn from_error_kind(left: Bytes<'a, W>, _: ErrorKind) -> Self {
        Self {
            left: left.len(),
            kind: Kind::Truncated,
        }
    }

    fn append(_: Bytes<'a, W>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A defect at the start of `left`.
pub(super) fn fault<T, W: Watch>(left: Bytes<'_, W>, kind: Kind) -> Parsed<'_, W, T> {
    at(left, Err(kind))
}

/// Puts a finding at `left`.
pub(super) fn at<T, W: Watch>(
    left: Bytes<'_, W>,
    found: Result<T, Kind>,
) -> Result<T, nom::Err<Fault>> {
    let left = left.len();
    found.map_err(|kind| nom::Err::Failure(Fault { left, kind }))
}

/// Bytes of a file that are parsed as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Offset of the byte after the last.
    pub(super) end: u64,
    pub(super) section: Section,
}

impl Window {
    /// A defect where `left` bytes are left.
    pub(super) fn defect(self, left: usize, kind: Kind) -> DecodeError {
        DecodeError {
            offset: self.end.saturating_sub(wide(left)),
            section: self.section,
            kind,
        }
    }

    /// Gives a fault its offset in the file. [`Kind::Truncated`] names the first byte missing.
    pub(super) fn place(self, error: nom::Err<Fault>) -> DecodeError {
        match error {
            nom::Err::Error(fault) | nom::Err::Failure(fault) if fault.kind != Kind::Truncated => {
                self.defect(fault.left, fault.kind)
            }
            _ => self.defect(0, Kind::Truncated),
        }
    }
}

/// Runs `parser` over all the bytes of `window`.
pub(super) fn whole<'a, T, W: Watch>(
    window: Window,
    bytes: Bytes<'a, W>,
    parser: impl FnOnce(Bytes<'a, W>) -> Parsed<'a, W, T>,
) -> Result<T, DecodeError> {
    match parser(bytes) {
        Ok((left, value)) if left.is_empty() => Ok(value),
        Ok((left, _)) => Err(window.defect(left.len(), Kind::TrailingBytes)),
        Err(error) => Err(window.place(error)),
    }
}

/// Runs `parser` and tells of what it read as one field.
#[inline]
pub(super) fn told<'a, T, W: Watch>(
    input: Bytes<'a, W>,
    name: &'static str,
    mut parser: impl Parser<Bytes<'a, W>, Output = T, Error = Fault>,
    value: impl FnOnce(&T) -> Value,
) -> Parsed<'a, W, T> {
    let (left, found) = parser.parse_complete(input)?;
    input.tell(name, left, || value(&found));
    Ok((left, found))
}

/// Runs `parser`, tells of the number that it read as one field, and holds it to a limit.
pub(super) fn counted<'a, N: Copy + Into<u64>, W: Watch>(
    input: Bytes<'a, W>,
    name: &'static str,
    parser: impl Parser<Bytes<'a, W>, Output = N, Error = Fault>,
    max: u64,
) -> Parsed<'a, W, N> {
    let (left, number) = told(input, name, parser, Value::number)?;
    at(input, limited(name, number.into(), max))?;
    Ok((left, number))
}

/// A length as the format's widest number.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A number as a length; one that memory cannot hold becomes one that no input has.
pub(super) fn length(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn limited(field: &'static str, value: u64, max: u64) -> Result<u64, Kind> {
    if value > max {
        Err(Kind::OverLimit { field, value, max })
    } else {
        Ok(value)
    }
}

// -- varint: seven bits a byte, least significant first --------------------------------------

const LAST_SHIFT: u32 = 63;

#[inline]
pub(super) fn varint<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u64> {
    let mut value = 0_u64;
    let mut shift = 0_u32;
    let mut left = input;
    while let Some(byte) = left.first() {
        let rest = left.after(1);
        let bits = u64::from(byte & wire::varint::VALUE);
        if shift == LAST_SHIFT && bits > 1 {
            return fault(input, Kind::NonCanonical { field: "varint" });
        }
        value |= bits.wrapping_shl(shift);
        if byte & wire::varint::MORE == 0 {
            if *byte == 0 && shift > 0 {
                return fault(input, Kind::NonCanonical { field: "varint" });
            }
            return Ok((rest, value));
        }
        if shift == LAST_SHIFT {
            return fault(input, Kind::NonCanonical { field: "varint" });
        }
        shift = shift.saturating_add(7);
        left = rest;
    }
    fault(left, Kind::Truncated)
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        let bits = low & wire::varint::VALUE;
        value >>= 7;
        if value == 0 {
            out.push(bits);
            return;
        }
        out.push(bits | wire::varint::MORE);
    }
}

// -- delta: the difference to the predecessor modulo 2^64, small either way -------------------

#[inline]
pub(super) fn delta<W: Watch>(input: Bytes<'_, W>, previous: i64) -> Parsed<'_, W, i64> {
    let (rest, zigzag) = varint(input)?;
    let difference = (zigzag >> 1).cast_signed() ^ (zigzag & 1).cast_signed().wrapping_neg();
    Ok((rest, previous.wrapping_add(difference)))
}

pub(super) fn put_delta(out: &mut Vec<u8>, previous: i64, value: i64) {
    let difference = value.wrapping_sub(previous);
    let zigzag = (difference << 1) ^ (difference >> 63);
    put_varint(out, zigzag.cast_unsigned());
}

// -- text: varint length, UTF-8 without NUL ---------------------------------------------------

pub(super) fn text<'a, W: Watch>(input: Bytes<'a, W>, rule: &Text) -> Parsed<'a, W, &'a str> {
    let (rest, bytes) = varint(input)?;
    at(input, limited(rule.field, bytes, rule.max_bytes))?;
    let (after, bytes) = take(length(bytes))(rest)?;
    let value = at(rest, utf8(bytes.slice()))?;
    input.tell(rule.label, after, || Value::Text(value.to_owned()));
    at(rest, shaped(value, rule))?;
    Ok((after, value))
}

pub(super) fn put_text(out: &mut Vec<u8>, rule: &Text, value: &str) -> Result<(), WriteError> {
    limited(rule.field, wide(value.len()), rule.max_bytes)?;
    utf8(value.as_bytes())?;
    shaped(value, rule)?;
    put_varint(out, wide(value.len()));
    out.extend_from_slice(value.as_bytes());
    Ok(())
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Kind> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0) => Ok(text),
        _ => Err(Kind::BadText),
    }
}

pub(super) fn shaped(value: &str, rule: &Text) -> Result<(), Kind> {
    let is_well_formed = match rule.shape {
        Shape::Any => true,
        Shape::NonEmpty => !value.is_empty(),
        Shape::AbsolutePath => value == "/" || value.starts_with('/') && !value.ends_with('/'),
        Shape::Prefix => !value.starts_with('/') && !value.ends_with('/'),
    };
    if is_well_formed {
        Ok(())
    } else {
        Err(Kind::BadValue { field: rule.field })
    }
}
