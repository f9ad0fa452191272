//! Stamps: what one cheap look at a side tells of a file, without reading it.
//!
//! A side's stamp is compared only with the stamp recorded of that same side. A local time never
//! meets a remote time here.

use std::fmt;

/// What one `lstat` tells of a regular file.
///
/// Two equal stamps mean an unchanged file, provided the recorded one was [settled](Self::settled).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStamp {
    /// Length in bytes.
    pub size_bytes: u64,
    /// Modification time, nanoseconds since the epoch, may be negative.
    pub mtime_ns: i64,
    /// Inode change time, nanoseconds since the epoch; 0 marks a stamp that must not be trusted.
    pub ctime_ns: i64,
    /// Inode number.
    pub inode: u64,
}

const FINE_GRAIN_NS: i64 = 20_000_000;
const COARSE_GRAIN_NS: i64 = 2_000_000_000;

impl LocalStamp {
    /// The stamp as it may be recorded, when the file was read no earlier than `read_at_ns`.
    ///
    /// A file modified in the clock tick in which it was read could change once more without
    /// changing its stamp (git calls such an entry "racily clean"). Its stamp is recorded with a
    /// `ctime_ns` of 0, which no file has, so that the next run looks at the content again. The
    /// tick is taken as 20 ms where times have a fraction of a second, as 2 s where they do not.
    #[must_use]
    pub fn settled(self, read_at_ns: i64) -> Self {
        let grain_ns = if self.mtime_ns % 1_000_000_000 == 0 {
            COARSE_GRAIN_NS
        } else {
            FINE_GRAIN_NS
        };
        let is_settled = self.mtime_ns < read_at_ns.saturating_sub(grain_ns)
            || self.mtime_ns > read_at_ns.saturating_add(COARSE_GRAIN_NS);
        if is_settled {
            self
        } else {
            Self {
                ctime_ns: 0,
                ..self
            }
        }
    }
}

/// What one listing entry tells of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteStamp {
    /// The change token.
    pub etag: ETag,
    /// Length of the stored bytes.
    pub size_bytes: u64,
    /// `LastModified`, milliseconds since the epoch. Not a change token (facts: it moves when an
    /// object is copied onto itself, and it is the start of a multipart upload, not its end).
    pub modified_ms: i64,
    /// The version id, where the bucket is versioned and the program wrote or read this version.
    pub version: Option<Box<str>>,
}

impl RemoteStamp {
    /// Whether both name the same stored bytes: equal ETag and size.
    #[must_use]
    pub fn is_same_object(&self, other: &Self) -> bool {
        self.etag == other.etag && self.size_bytes == other.size_bytes
    }
}

/// An ETag without its quotes.
///
/// One that is 32 lower-case hexadecimal digits is kept as 16 bytes; that it has the shape of an
/// MD5 does not prove that it is one (see [`crate::state::Content`]).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum ETag {
    /// 32 lower-case hexadecimal digits.
    Md5([u8; 16]),
    /// Anything else, such as a multipart ETag.
    Other(Box<str>),
}

impl ETag {
    /// Reads an ETag, quoted or not, as servers send it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let bare = text.trim().trim_matches('"');
        parse_hex16(bare).map_or_else(|| Self::Other(bare.into()), Self::Md5)
    }

    /// Whether there is no token at all (some servers answer so after a multipart upload).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Other(text) if text.is_empty())
    }
}

/// Reads 32 lower-case hexadecimal digits.
pub(crate) fn parse_hex16(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Bytes shown as lower-case hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = |byte: &u8| [byte >> 4, byte & 15].map(|at| DIGITS[usize::from(at)]);
        self.0.chunks(16).try_for_each(|bytes| {
            let mut text = [0; 32];
            for (place, byte) in text.chunks_exact_mut(2).zip(bytes) {
                place.copy_from_slice(&digits(byte));
            }
            f.write_str(str::from_utf8(&text[..bytes.len() * 2]).unwrap_or_default())
        })
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Md5(bytes) => Hex(bytes).fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_survives_being_read_and_shown() {
        for text in [
            "d41d8cd98f00b204e9800998ecf8427e",
            "d41d8cd98f00b204e9800998ecf8427e-3",
            "D41D8CD98F00B204E9800998ECF8427E",
            "",
        ] {
            assert_eq!(ETag::parse(&format!("\"{text}\"")).to_string(), text);
            assert_eq!(ETag::parse(text).to_string(), text);
        }
        assert!(matches!(
            ETag::parse("d41d8cd98f00b204e9800998ecf8427e"),
            ETag::Md5(_)
        ));
    }

    #[test]
    fn bytes_are_shown_as_two_digits_each() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in [0, 1, 15, 16, 17, 33, 256] {
            let bytes = &bytes[256 - length..];
            let expected: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(Hex(bytes).to_string(), expected.concat());
        }
    }

    #[test]
    fn a_stamp_read_in_its_own_tick_is_not_trusted() {
        let stamp = |mtime_ns| LocalStamp {
            size_bytes: 1,
            mtime_ns,
            ctime_ns: 7,
            inode: 2,
        };
        let now = 1_700_000_000_123_456_789;
        assert_eq!(stamp(now - 1_000_000).settled(now).ctime_ns, 0);
        assert_eq!(stamp(now - 30_000_000).settled(now).ctime_ns, 7);
        assert_eq!(stamp(1_700_000_000_000_000_000).settled(now).ctime_ns, 0);
        assert_eq!(stamp(1_699_999_990_000_000_000).settled(now).ctime_ns, 7);
        assert_eq!(
            stamp(now + 1_000_000_000_000).settled(now).ctime_ns,
            7,
            "future times are ordinary"
        );
    }
}
