//! An object's user metadata: what is written beside the bytes, and what is understood of it.
//!
//! Promises: what [`Meta::pairs`] writes, [`Told::read`] reads back; what other tools wrote is
//! understood where it is one of the known conventions and left alone where it is not. Pure.

use crate::stamp::{Hex, parse_hex16};
use crate::state::{Encoding, ReplicaId};
use std::fmt;

const MTIME: &str = "mtime";
const MODE: &str = "mode";
const ENCODING: &str = "s3bsync-encoding";
const SIZE: &str = "s3bsync-size";
const WRITER: &str = "s3bsync-writer";
pub(super) const WRITE: &str = "s3bsync-write";

/// The type of a regular file among the bits of a mode.
const REGULAR: u32 = 0o100_000;
/// What is not the type, with set-user, set-group and sticky.
const MODE_BITS: u32 = 0o7777;
const PERMISSIONS: u32 = 0o777;
const OWNER_READS: u32 = 0o400;

const NS_PER_S: u64 = 1_000_000_000;

/// What is written beside an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// The file's modification time, nanoseconds since the epoch, may be negative.
    pub mtime_ns: i64,
    /// The file's permission bits, where they travel; of more than these nothing is written.
    pub mode: Option<u32>,
    /// How the bytes hold the file's.
    pub encoding: Encoding,
    /// Length of the file's own bytes.
    pub plain_size_bytes: u64,
    /// Who writes.
    pub writer: ReplicaId,
    /// Names this one write; a fresh one for every object written.
    pub write: WriteId,
    /// Storage class; `None` for the bucket's default.
    pub storage_class: Option<String>,
}

/// Sixteen random bytes that name one write.
///
/// A conditional write whose answer is lost and which is then asked again is refused because of
/// its own success. The id read back from the object tells that case from somebody else's write.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId(pub [u8; 16]);

impl WriteId {
    /// A fresh id.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|source| std::io::Error::other(source.to_string()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl Meta {
    /// Names and values as they are stored, ASCII only.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            (MTIME, show_mtime(self.mtime_ns)),
            (WRITER, self.writer.to_string()),
            (WRITE, self.write.to_string()),
        ];
        if let Some(mode) = self.mode {
            pairs.push((MODE, show_mode(mode)));
        }
        if let Some(chain) = chain_name(self.encoding) {
            pairs.push((ENCODING, chain.to_owned()));
            pairs.push((SIZE, self.plain_size_bytes.to_string()));
        }
        pairs
    }
}

fn chain_name(encoding: Encoding) -> Option<&'static str> {
    match encoding {
        Encoding::Plain => None,
        Encoding::Gzip => Some("gzip"),
        Encoding::Age => Some("age"),
        Encoding::GzipAge => Some("gzip+age"),
    }
}

/// What an object's metadata tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The file's modification time, nanoseconds since the epoch.
    pub mtime_ns: Option<i64>,
    /// The file's permission bits, at most `0o777`; `None` also where its owner could not read it.
    pub mode: Option<u32>,
    /// How the bytes hold the file's; `None` where it is a chain this version does not know, whose
    /// bytes must not be taken for the file's.
    pub encoding: Option<Encoding>,
    /// Length of the file's own bytes, where it is recorded.
    pub plain_size_bytes: Option<u64>,
    /// Who wrote it.
    pub writer: Option<ReplicaId>,
    /// Which write it was.
    pub write: Option<WriteId>,
}

impl Told {
    /// Reads names (without `x-amz-meta-`) and values.
    ///
    /// The time is looked for as rclone and s3fs write it (`mtime`), then as s3cmd does
    /// (`s3cmd-attrs`), then as the AWS gateways do (`file-mtime`).
    pub(super) fn read<'a>(pairs: &(impl Iterator<Item = (&'a str, &'a str)> + Clone)) -> Self {
        let find = |name: &str| {
            pairs
                .clone()
                .find(|(found, _)| found.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        Self {
            mtime_ns: find(MTIME)
                .and_then(parse_seconds)
                .or_else(|| find("s3cmd-attrs").and_then(parse_s3cmd))
                .or_else(|| find("file-mtime").and_then(parse_gateway)),
            mode: find(MODE)
                .and_then(parse_mode)
                .or_else(|| find("s3cmd-attrs").and_then(parse_s3cmd_mode)),
            encoding: match find(ENCODING) {
                None => Some(Encoding::Plain),
                Some("gzip") => Some(Encoding::Gzip),
                Some("age") => Some(Encoding::Age),
                Some("gzip+age") => Some(Encoding::GzipAge),
                Some(_) => None,
            },
            plain_size_bytes: find(SIZE).and_then(|text| text.parse().ok()),
            writer: find(WRITER).and_then(parse_hex16).map(ReplicaId),
            write: find(WRITE).and_then(parse_hex16).map(WriteId),
        }
    }
}

/// Type and permissions of a regular file in octal digits, as rclone writes them.
fn show_mode(mode: u32) -> String {
    format!("{:o}", REGULAR | (mode & PERMISSIONS))
}

/// rclone writes octal digits, s3fs and s3cmd decimal ones. With the type of a regular file among
/// the bits no number can be meant both ways; without it none is taken. A file that its owner
/// could not read could not be kept the same.
fn parse_mode(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let octal = digits.then(|| u32::from_str_radix(text, 8).ok()).flatten();
    octal
        .and_then(permissions)
        .or_else(|| parse_decimal_mode(text))
}

fn parse_decimal_mode(text: &str) -> Option<u32> {
    permissions(u32::try_from(parse_digits(text)?).ok()?)
}

fn permissions(mode: u32) -> Option<u32> {
    let is_fit = mode & !MODE_BITS == REGULAR && mode & OWNER_READS != 0;
    is_fit.then_some(mode & PERMISSIONS)
}

fn parse_s3cmd_mode(text: &str) -> Option<u32> {
    parse_decimal_mode(text.split('/').find_map(|it| it.strip_prefix("mode:"))?)
}

/// Decimal seconds with nine digits after the point, as rclone writes them.
pub(super) fn show_mtime(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let abs = ns.unsigned_abs();
    format!("{sign}{}.{:09}", abs / NS_PER_S, abs % NS_PER_S)
}

/// Decimal seconds with or without a fraction; digits beyond the ninth are dropped.
fn parse_seconds(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let seconds = parse_digits(whole)?;
    let mut ns = 0_u64;
    for (at, digit) in fraction.bytes().enumerate() {
        if !digit.is_ascii_digit() {
            return None;
        }
        if at < 9 {
            ns += u64::from(digit - b'0') * 10_u64.pow(8 - u32::try_from(at).ok()?);
        }
    }
    let abs = i128::from(seconds) * i128::from(NS_PER_S) + i128::from(ns);
    i64::try_from(if negative { -abs } else { abs }).ok()
}

/// `atime:1516323377/.../mtime:1508801827/...`, whole seconds, values percent-encoded.
fn parse_s3cmd(text: &str) -> Option<i64> {
    let value = text
        .split('/')
        .find_map(|field| field.strip_prefix("mtime:"))?;
    let value = percent_encoding::percent_decode_str(value)
        .decode_utf8()
        .ok()?;
    parse_seconds(value.trim())
}

/// Nanoseconds with the suffix `ns`, milliseconds without one.
fn parse_gateway(text: &str) -> Option<i64> {
    let (number, unit_ns) = match text.strip_suffix("ns") {
        Some(number) => (number, 1),
        None => (text, 1_000_000),
    };
    let abs = i64::try_from(parse_digits(number.strip_prefix('-').unwrap_or(number))?).ok()?;
    let signed = if number.starts_with('-') { -abs } else { abs };
    signed.checked_mul(unit_ns)
}

fn parse_digits(text: &str) -> Option<u64> {
    // `parse` would also take a sign.
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Told {
        Told::read(&pairs.iter().copied())
    }

    #[test]
    fn every_known_way_to_write_a_time_is_read() {
        for (name, value, ns) in [
            ("mtime", "1354040105.123456789", 1_354_040_105_123_456_789),
            ("Mtime", " 1354040105.5 ", 1_354_040_105_500_000_000),
            ("mtime", "1354040105", 1_354_040_105_000_000_000),
            ("mtime", "1354040105.", 1_354_040_105_000_000_000),
            ("mtime", "1.0000000019", 1_000_000_001),
            ("mtime", "-1.500000000", -1_500_000_000),
            ("mtime", "-0.000000001", -1),
            ("mtime", "0", 0),
            ("mtime", "-9223372036.854775808", i64::MIN),
            (
                "s3cmd-attrs",
                "atime:1/mode:33188/mtime:1508801827/uname:x",
                1_508_801_827_000_000_000,
            ),
            ("s3cmd-attrs", "mtime:%31%35/uid:0", 15_000_000_000),
            (
                "file-mtime",
                "1508801827123456789ns",
                1_508_801_827_123_456_789,
            ),
            ("file-mtime", "-5ns", -5),
            ("file-mtime", "1508801827123", 1_508_801_827_123_000_000),
        ] {
            assert_eq!(told(&[(name, value)]).mtime_ns, Some(ns), "{name} {value}");
        }
    }

    #[test]
    fn garbage_is_no_time() {
        for (name, value) in [
            ("mtime", ""),
            ("mtime", "-"),
            ("mtime", "--1"),
            ("mtime", "+1"),
            ("mtime", ".5"),
            ("mtime", "1e9"),
            ("mtime", "1.5x"),
            ("mtime", "1.-5"),
            ("mtime", "9223372036.854775808"),
            ("mtime", "99999999999999999999"),
            ("mtime", "2024-01-01T00:00:00Z"),
            ("s3cmd-attrs", "atime:1"),
            ("s3cmd-attrs", "mtime:%ff"),
            ("file-mtime", "ns"),
            ("file-mtime", "9223372036854775807"),
            ("file-mtime", "1.5"),
        ] {
            assert_eq!(told(&[(name, value)]).mtime_ns, None, "{name} {value}");
        }
    }

    #[test]
    fn every_known_way_to_write_a_mode_is_read_and_none_is_guessed() {
        for (name, value, mode) in [
            ("mode", "100644", Some(0o644)),
            ("mode", "0100755", Some(0o755)),
            ("mode", "33188", Some(0o644)),
            ("mode", "33261", Some(0o755)),
            ("mode", "106755", Some(0o755)),
            ("mode", "100400", Some(0o400)),
            ("s3cmd-attrs", "mode:33152/mtime:1", Some(0o600)),
            ("mode", "100000", None),
            ("mode", "100277", None),
            ("mode", "644", None),
            ("mode", "0644", None),
            ("mode", "40755", None),
            ("mode", "120777", None),
            ("mode", "16877", None),
            ("mode", "1100644", None),
            ("mode", "99999999999999999999", None),
            ("mode", "+100644", None),
            ("mode", "-rw-r--r--", None),
            ("mode", "", None),
        ] {
            assert_eq!(told(&[(name, value)]).mode, mode, "{name} {value}");
        }
    }

    #[test]
    fn a_mode_can_be_meant_in_one_way_only() {
        for mode in 0o400..=0o7777_u32 {
            let full = REGULAR | mode;
            let wanted = (mode & OWNER_READS != 0).then_some(mode & PERMISSIONS);
            assert_eq!(parse_mode(&format!("{full:o}")), wanted);
            assert_eq!(parse_mode(&full.to_string()), wanted);
        }
    }

    #[test]
    fn the_first_readable_convention_wins() {
        let pairs = [
            ("file-mtime", "3ns"),
            ("s3cmd-attrs", "mtime:2"),
            ("mtime", "garbage"),
        ];
        assert_eq!(told(&pairs).mtime_ns, Some(2_000_000_000));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for ns in [0, 1, -1, i64::MAX, i64::MIN, -1_500_000_000] {
            for encoding in [
                Encoding::Plain,
                Encoding::Gzip,
                Encoding::Age,
                Encoding::GzipAge,
            ] {
                let meta = Meta {
                    mtime_ns: ns,
                    mode: Some(0o640),
                    encoding,
                    plain_size_bytes: 42,
                    writer: ReplicaId([0xAB; 16]),
                    write: WriteId([7; 16]),
                    storage_class: None,
                };
                let pairs = meta.pairs();
                let told = Told::read(&pairs.iter().map(|(name, value)| (*name, value.as_str())));
                assert_eq!(told.mtime_ns, Some(ns));
                assert_eq!(told.mode, Some(0o640));
                assert_eq!(told.encoding, Some(encoding));
                let size = (encoding != Encoding::Plain).then_some(42);
                assert_eq!(told.plain_size_bytes, size);
                assert_eq!(told.writer, Some(meta.writer));
                assert_eq!(told.write, Some(meta.write));
            }
        }
    }

    #[test]
    fn an_unknown_chain_is_not_plain() {
        assert_eq!(told(&[(ENCODING, "zstd")]).encoding, None);
        assert_eq!(told(&[(ENCODING, "")]).encoding, None);
        assert_eq!(told(&[]).encoding, Some(Encoding::Plain));
    }
}
