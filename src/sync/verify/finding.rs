//! What a comparison found, as facts.

use crate::remote;
use crate::state::Encoding;
use crate::transfer::Failure;
use std::error::Error;
use std::fmt;

/// What was found of one key.
#[derive(Debug)]
pub enum Finding {
    /// Both sides hold the same bytes.
    Proven(By),
    /// They do not, or one cannot be had.
    Differs(Difference),
    /// Nothing speaks against it, and nothing proves it.
    Unproven(Doubt),
}

/// What proves that an object holds a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The CRC-64/NVME that the server has of the whole object.
    Crc64,
    /// The ETag is the MD5 of the bytes.
    Md5,
    /// The ETag is made of the MD5s of the parts.
    Parts,
    /// The object was read.
    Download,
    /// The file has its recorded BLAKE3, and the object its recorded ETag and size.
    Unchanged,
}

impl By {
    /// All of them, in the order of their counts.
    pub const ALL: [Self; 5] = [
        Self::Crc64,
        Self::Md5,
        Self::Parts,
        Self::Download,
        Self::Unchanged,
    ];

    /// Whether someone can make two files of which this proof cannot tell one from the other.
    #[must_use]
    pub fn is_forgeable(self) -> bool {
        matches!(self, Self::Md5 | Self::Parts)
    }
}

/// How the two sides differ.
#[derive(Debug)]
pub enum Difference {
    /// The bytes are not the same.
    Content(Suspect),
    /// The lengths are not.
    Size {
        /// Of the file, in bytes.
        here: u64,
        /// Of what the object holds, in bytes.
        there: u64,
    },
    /// There is no file.
    MissingHere,
    /// There is no object.
    MissingThere,
    /// There is neither, though both are recorded.
    Missing,
    /// A side cannot be read.
    Unreadable(Failure),
    /// The object cannot be opened.
    Unopenable(Failure),
}

/// What the record tells of bytes that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspect {
    /// The file is not what was recorded, though its size and time are.
    Here,
    /// The object is not what was recorded, or not what the server says it is, though its ETag is.
    There,
    /// The file was changed since the last sync.
    ChangedHere,
    /// The object was.
    ChangedThere,
    /// Nothing is recorded that tells.
    Unknown,
}

/// Why nothing is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The server has no checksum of the object's bytes.
    NoChecksum,
    /// The object holds the file so, which only a download can open.
    Encoded(Encoding),
    /// The object is encrypted and there is no identity.
    Sealed(Encoding),
    /// The object is archived and cannot be read.
    Archived,
    /// A side changed while it was looked at.
    Changed,
}

impl Finding {
    /// What a comparison that failed found.
    pub(super) fn of(failure: Failure) -> Self {
        match failure {
            Failure::Sealed(encoding) => Self::Unproven(Doubt::Sealed(encoding)),
            Failure::Remote(ref error) if error.kind == remote::Kind::Archived => {
                Self::Unproven(Doubt::Archived)
            }
            failure if failure.is_stale() => Self::Unproven(Doubt::Changed),
            Failure::Damaged { .. } => Self::Differs(Difference::Content(Suspect::There)),
            Failure::Open(_) | Failure::Unencrypted(_) | Failure::UnknownEncoding => {
                Self::Differs(Difference::Unopenable(failure))
            }
            failure => Self::Differs(Difference::Unreadable(failure)),
        }
    }

    /// The word for it in machine output.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::Unproven(_) => "unproven",
            Self::Differs(difference) => match difference {
                Difference::Content(_) => "content",
                Difference::Size { .. } => "size",
                Difference::MissingHere => "missing-here",
                Difference::MissingThere => "missing-there",
                Difference::Missing => "missing",
                Difference::Unreadable(_) => "unreadable",
                Difference::Unopenable(_) => "unopenable",
            },
        }
    }

    /// The failure behind it, if there is one.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Differs(Difference::Unreadable(failure) | Difference::Unopenable(failure)) => {
                Some(failure)
            }
            _ => None,
        }
    }
}

impl Error for Finding {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().and_then(Error::source)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crc64 => "CRC-64",
            Self::Md5 => "MD5",
            Self::Parts => "MD5 of parts",
            Self::Download => "download",
            Self::Unchanged => "unchanged on both sides since they agreed",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven(By::Unchanged) => By::Unchanged.fmt(f),
            Self::Proven(by) => write!(f, "proven equal by {by}"),
            Self::Differs(difference) => difference.fmt(f),
            Self::Unproven(doubt) => doubt.fmt(f),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(suspect) => write!(f, "the content differs: {suspect}"),
            Self::Size { here, there } => {
                write!(f, "the size differs: {here} bytes here, {there} there")
            }
            Self::MissingHere => write!(f, "missing here"),
            Self::MissingThere => write!(f, "missing there"),
            Self::Missing => write!(f, "missing here and there, though it is recorded"),
            Self::Unreadable(failure) => write!(f, "unreadable: {failure}"),
            Self::Unopenable(failure) => write!(f, "cannot be opened: {failure}"),
        }
    }
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Here => {
                "the file is not what was recorded, though its size and time are; it may be damaged"
            }
            Self::There => {
                "the object is not what was recorded, though its ETag is; it may be damaged"
            }
            Self::ChangedHere => "the file was changed since the last sync",
            Self::ChangedThere => "the object was changed since the last sync",
            Self::Unknown => "nothing recorded tells which side is right",
        })
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChecksum => write!(
                f,
                "not proven: the server has no checksum of the bytes; --download reads them"
            ),
            Self::Encoded(encoding) => write!(
                f,
                "not proven: the object is {encoding}; --download reads it"
            ),
            Self::Sealed(encoding) => write!(
                f,
                "not proven: the object is {encoding}, and the map has no age identity"
            ),
            Self::Archived => write!(
                f,
                "not proven: the object is archived, and no checksum speaks for it"
            ),
            Self::Changed => write!(f, "not proven: it changed while it was looked at"),
        }
    }
}
