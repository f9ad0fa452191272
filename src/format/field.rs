//! The smallest pieces: varints and texts, each read and written side by side.

use super::error::{DecodeError, Kind, Section, WriteError};
use super::trace::{Bytes, Value};
use super::wire::{self, Shape, Text};
use nom::bytes::complete::take;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

/// What a parser found, or the place (what was left to read) and kind of the defect.
pub(super) type Parsed<'a, T> = IResult<Bytes<'a>, T, Fault<'a>>;

/// A defect, placed by the bytes that were left.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    left: Bytes<'a>,
    kind: Kind,
}

impl<'a> ParseError<Bytes<'a>> for Fault<'a> {
    /// nom's own parsers used here fail for one reason: too few bytes.
    fn from_error_kind(left: Bytes<'a>, _: ErrorKind) -> Self {
        Self {
            left,
            kind: Kind::Truncated,
        }
    }

    fn append(_: Bytes<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A defect at the start of `left`.
pub(super) fn fault<T>(left: Bytes<'_>, kind: Kind) -> Parsed<'_, T> {
    Err(nom::Err::Failure(Fault { left, kind }))
}

/// Puts a finding at `left`.
pub(super) fn at<T>(left: Bytes<'_>, found: Result<T, Kind>) -> Result<T, nom::Err<Fault<'_>>> {
    found.map_err(|kind| nom::Err::Failure(Fault { left, kind }))
}

/// Gives a fault its offset in the file, `window` being what was parsed.
///
/// [`Kind::Truncated`] names the first byte that is missing.
pub(super) fn place(
    error: nom::Err<Fault<'_>>,
    window: Bytes<'_>,
    section: Section,
) -> DecodeError {
    let (offset, kind) = match error {
        nom::Err::Incomplete(_) => (window.end(), Kind::Truncated),
        nom::Err::Error(fault) | nom::Err::Failure(fault) => match fault.kind {
            Kind::Truncated => (window.end(), Kind::Truncated),
            kind => (fault.left.at(), kind),
        },
    };
    DecodeError {
        offset,
        section,
        kind,
    }
}

/// Runs `parser` over all of `window`.
pub(super) fn whole<'a, T>(
    window: Bytes<'a>,
    section: Section,
    parser: impl FnOnce(Bytes<'a>) -> Parsed<'a, T>,
) -> Result<T, DecodeError> {
    match parser(window) {
        Ok((left, value)) if left.is_empty() => Ok(value),
        Ok((left, _)) => Err(DecodeError {
            offset: left.at(),
            section,
            kind: Kind::TrailingBytes,
        }),
        Err(error) => Err(place(error, window, section)),
    }
}

/// Runs `parser` and tells of what it read as one field.
pub(super) fn told<'a, T>(
    input: Bytes<'a>,
    name: &'static str,
    mut parser: impl Parser<Bytes<'a>, Output = T, Error = Fault<'a>>,
    value: impl FnOnce(&T) -> Value,
) -> Parsed<'a, T> {
    let (left, found) = parser.parse_complete(input)?;
    input.tell(name, left, || value(&found));
    Ok((left, found))
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

pub(super) fn varint(input: Bytes<'_>) -> Parsed<'_, u64> {
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

pub(super) fn delta(input: Bytes<'_>, previous: i64) -> Parsed<'_, i64> {
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

pub(super) fn text<'a>(input: Bytes<'a>, rule: &Text) -> Parsed<'a, &'a str> {
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
