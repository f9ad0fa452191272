//! What can be wrong with bytes, and with values that are to become bytes.

use crate::key::Unfit;
use std::{fmt, io};

/// A defect of a file: where, in which part, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// Bytes from the start of the file; `spec/FORMAT.md` says per kind which byte is meant.
    pub offset: u64,
    /// The part of the file.
    pub section: Section,
    /// The defect.
    pub kind: Kind,
}

/// The parts of a state file and of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Signature and version.
    Header,
    /// The metadata block.
    Metadata,
    /// The identity block.
    Identity,
    /// A bucket block.
    Bucket,
    /// A directory map block.
    Map,
    /// A block of recorded objects.
    Objects,
    /// The end block, and what follows it.
    End,
    /// A journal entry.
    Entry,
}

/// The defects, as `spec/FORMAT.md` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The signature is another.
    BadMagic,
    /// The version is none that this program reads.
    UnsupportedVersion(u8),
    /// The bytes end too early.
    Truncated,
    /// A checksum does not fit its bytes.
    BadChecksum {
        /// As it stands in the file.
        stored: u32,
        /// As the bytes have it.
        computed: u32,
    },
    /// A control byte is another than those that may stand here.
    UnexpectedTag {
        /// The byte found.
        found: u8,
        /// The bytes allowed.
        expected: &'static [u8],
    },
    /// A number or length is over the format's limit.
    OverLimit {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The largest value allowed.
        max: u64,
    },
    /// A text is not UTF-8 or holds NUL.
    BadText,
    /// A key is no [`Key`](crate::key::Key).
    BadKey(Unfit),
    /// A field holds a value that the format gives no meaning.
    BadValue {
        /// The field.
        field: &'static str,
    },
    /// The value is fine, its encoding is not the one that the format prescribes.
    NonCanonical {
        /// The field.
        field: &'static str,
    },
    /// A key is not after its predecessor.
    OutOfOrder,
    /// A value that must be unique stands twice.
    Duplicate {
        /// The field.
        field: &'static str,
    },
    /// The end block counts something else than what is there.
    BadCount {
        /// What is counted.
        field: &'static str,
        /// The count in the end block.
        stored: u64,
        /// The count found.
        counted: u64,
    },
    /// Bytes follow where none may.
    TrailingBytes,
}

/// Why nothing could be read.
#[derive(Debug)]
pub enum ReadError {
    /// The bytes could not be had.
    Io(io::Error),
    /// The bytes are no state file.
    Decode(DecodeError),
    /// The file has no map of this number.
    NoSuchMap(usize),
}

/// Why nothing could be written.
#[derive(Debug)]
pub enum WriteError {
    /// The bytes could not be put.
    Io(io::Error),
    /// The value has no encoding.
    Refused(Kind),
    /// The state has no map of this number, or an earlier call has passed it.
    NoSuchMap(usize),
    /// A record was pushed before any map was started.
    NoMap,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Kind> for WriteError {
    fn from(kind: Kind) -> Self {
        Self::Refused(kind)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            offset,
            section,
            kind,
        } = self;
        write!(f, "{kind}, in the {section} at byte {offset}")
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Metadata => "metadata block",
            Self::Identity => "identity block",
            Self::Bucket => "bucket block",
            Self::Map => "directory map block",
            Self::Objects => "objects block",
            Self::End => "end block",
            Self::Entry => "journal entry",
        })
    }
}

impl Kind {
    /// The name that the specification and the vectors use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::BadMagic => "BadMagic",
            Self::UnsupportedVersion(_) => "UnsupportedVersion",
            Self::Truncated => "Truncated",
            Self::BadChecksum { .. } => "BadChecksum",
            Self::UnexpectedTag { .. } => "UnexpectedTag",
            Self::OverLimit { .. } => "OverLimit",
            Self::BadText => "BadText",
            Self::BadKey(_) => "BadKey",
            Self::BadValue { .. } => "BadValue",
            Self::NonCanonical { .. } => "NonCanonical",
            Self::OutOfOrder => "OutOfOrder",
            Self::Duplicate { .. } => "Duplicate",
            Self::BadCount { .. } => "BadCount",
            Self::TrailingBytes => "TrailingBytes",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadMagic => write!(f, "the signature is not that of a state file"),
            Self::UnsupportedVersion(version) => write!(f, "version {version} is not known"),
            Self::Truncated => write!(f, "the bytes end too early"),
            Self::BadChecksum { stored, computed } => {
                write!(
                    f,
                    "checksum {stored:08x} is stored, {computed:08x} computed"
                )
            }
            Self::UnexpectedTag { found, expected } => {
                write!(f, "control byte {found:02x} stands where")?;
                for (n, byte) in expected.iter().enumerate() {
                    write!(f, "{} {byte:02x}", if n == 0 { "" } else { " or" })?;
                }
                write!(f, " belongs")
            }
            Self::OverLimit { field, value, max } => write!(f, "{field} is {value}, over {max}"),
            Self::BadText => write!(f, "a text is not UTF-8 or holds NUL"),
            Self::BadKey(unfit) => write!(f, "a key is none: {unfit}"),
            Self::BadValue { field } => write!(f, "{field} has a value without a meaning"),
            Self::NonCanonical { field } => write!(f, "{field} is not in canonical form"),
            Self::OutOfOrder => write!(f, "a key is not after its predecessor"),
            Self::Duplicate { field } => write!(f, "{field} stands twice"),
            Self::BadCount {
                field,
                stored,
                counted,
            } => write!(f, "{stored} {field} are stated, {counted} are there"),
            Self::TrailingBytes => write!(f, "bytes follow where none may"),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => write!(f, "cannot read"),
            Self::Decode(error) => error.fmt(f),
            Self::NoSuchMap(map) => write!(f, "there is no map number {map}"),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => write!(f, "cannot write"),
            Self::Refused(kind) => write!(f, "cannot be stored: {kind}"),
            Self::NoSuchMap(map) => write!(f, "map number {map} is not to be written now"),
            Self::NoMap => write!(f, "a record came before its map"),
        }
    }
}

impl std::error::Error for DecodeError {}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Decode(_) | Self::NoSuchMap(_) => None,
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Refused(_) | Self::NoSuchMap(_) | Self::NoMap => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn what_the_medium_says_is_the_source() {
        let broken = || io::Error::other("broken");
        assert!(ReadError::from(broken()).source().is_some());
        assert!(WriteError::from(broken()).source().is_some());
        assert!(ReadError::NoSuchMap(1).source().is_none());
        assert!(WriteError::NoMap.source().is_none());
    }
}
