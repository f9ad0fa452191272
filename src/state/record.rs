//! One file on which both sides agreed, and what is known of its content.

use crate::key::Key;
use crate::stamp::{LocalStamp, RemoteStamp};
use std::fmt::{self, Display};

/// One file on which both sides agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Path below the map.
    pub key: Key,
    /// The file's stamp; `None` where only version 1 knew of it.
    pub local: Option<LocalStamp>,
    /// The object's stamp.
    pub remote: RemoteStamp,
    /// What the bytes were.
    pub content: Content,
    /// How the object holds them.
    pub encoding: Encoding,
    /// Digests of equal-sized pieces of a large plain file, for delta upload.
    pub parts: Option<Parts>,
}

/// Bytes of BLAKE3 that a record keeps: `spec/FORMAT.md` gives the reason for their number.
pub const DIGEST_BYTES: usize = 20;

/// The first [`DIGEST_BYTES`] bytes of a BLAKE3.
pub type Digest = [u8; DIGEST_BYTES];

/// What proves that a file still has the recorded bytes, and what said that the object has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing was recorded. Where both sides were agreed on all the same, by metadata alone,
    /// whatever replaces either is not to be the end of the other.
    Unknown,
    /// BLAKE3 of the file's bytes. This machine sent the object from them or read it.
    Blake3(Digest),
    /// BLAKE3 of the file's bytes. This machine neither sent nor read the object: that it holds the
    /// same rests on its ETag, which is made of MD5s and can be forged.
    ByMd5(Digest),
}

impl Content {
    /// Content with this BLAKE3, which both sides are known to hold.
    #[must_use]
    pub fn blake3(sum: &[u8; 32]) -> Self {
        Self::Blake3(shortened(sum))
    }

    /// Content of a file with this BLAKE3, which the object's ETag fits.
    #[must_use]
    pub fn by_md5(sum: &[u8; 32]) -> Self {
        Self::ByMd5(shortened(sum))
    }

    /// The same of another object, which has the ETag of the recorded one or fits the file by MD5.
    #[must_use]
    pub fn carried(self) -> Self {
        match self {
            Self::Blake3(digest) => Self::ByMd5(digest),
            other => other,
        }
    }

    /// The recorded digest of the file.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Unknown => None,
            Self::Blake3(digest) | Self::ByMd5(digest) => Some(digest),
        }
    }

    /// Whether bytes with this BLAKE3 are those of the file that was recorded.
    #[must_use]
    pub fn is_of(&self, sum: &[u8; 32]) -> bool {
        self.digest() == Some(&shortened(sum))
    }
}

fn shortened(sum: &[u8; 32]) -> Digest {
    std::array::from_fn(|at| sum[at])
}

/// How an object holds a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As they are.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// age.
    Age,
    /// gzip, then age.
    GzipAge,
}

impl Encoding {
    /// Returns true if only an identity opens the object.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Age | Self::GzipAge)
    }
}

impl Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Age => "age",
            Self::GzipAge => "gzip+age",
        })
    }
}

/// What an object was found to hold, by a look at both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// What proves it; [`Content::Unknown`] where nothing was learned that the base does not say,
    /// or where only metadata speaks for it.
    pub content: Content,
    /// How it is held.
    pub encoding: Encoding,
}

impl Holding {
    /// The file's bytes as they are.
    #[must_use]
    pub const fn plain(content: Content) -> Self {
        Self {
            content,
            encoding: Encoding::Plain,
        }
    }
}

/// Digests of a file's consecutive pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Length of every piece but the last, in bytes; a multiple of 1 MiB, at least 5 MiB.
    pub part_bytes: u64,
    /// First 16 bytes of each piece's BLAKE3.
    pub digests: Vec<[u8; 16]>,
}

/// One change to a map's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Both sides agree on this now.
    Upsert(Record),
    /// Both sides are without it now.
    Remove(Key),
}

impl Record {
    /// Whether both sides were known to hold the same. Where they were agreed on by metadata alone
    /// they may differ, so that what goes is kept aside. A record that never saw the file says
    /// nothing about it, and needs no proof.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.local.is_none() || self.content != Content::Unknown
    }
}

impl Change {
    /// The key it is about.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Upsert(record) => &record.key,
            Self::Remove(key) => key,
        }
    }
}
