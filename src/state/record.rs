//! One file on which both sides agreed, and what is known of its content.

use crate::key::Key;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
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

/// What proves that a file still has the recorded bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing was recorded. Where both sides were agreed on all the same, by metadata alone,
    /// whatever replaces either is not to be the end of the other.
    Unknown,
    /// The object's ETag is the MD5 of the file's bytes.
    ETag,
    /// BLAKE3 of the file's bytes.
    Blake3([u8; 32]),
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
    /// The ETag that a reading must compare to prove the content; empty where another digest does,
    /// so that none is made in vain.
    #[must_use]
    pub fn proving_etag(&self) -> ETag {
        match self.content {
            Content::ETag => self.remote.etag.clone(),
            Content::Blake3(_) | Content::Unknown => ETag::parse(""),
        }
    }

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
