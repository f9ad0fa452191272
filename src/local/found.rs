//! What a scan finds.

use super::error::IDENTITY;
use super::links::Astray;
use super::listing::{joined, split};
use super::temp::TempName;
use crate::key::{Key, Unfit};
use crate::stamp::LocalStamp;
use std::fmt;

/// One thing that a scan met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A regular file.
    File {
        /// Its key.
        key: Key,
        /// What `lstat` told of it.
        stamp: LocalStamp,
    },
    /// The key `path`, and every key below it, is unknown: neither present nor absent.
    ///
    /// Comes at the place of `path` in the order; for a directory at that of `path/`, since a key
    /// equal to a directory's path is known to be no file.
    Hidden {
        /// A key's text; to be shown escaped.
        path: String,
        /// What hides it.
        why: Why,
    },
    /// The rule file of the directory `path` cannot be used: every key below it is unknown but that
    /// rule file's own.
    ///
    /// Comes at the place of `path/` in the order; for the root before everything else.
    Frozen {
        /// The directory's path; empty for the root.
        path: String,
        /// The file and what is wrong with it.
        reason: String,
    },
    /// A name that no key can have. It says nothing about any key.
    Unfit {
        /// The path, escaped for showing.
        path: String,
        /// The rule that it breaks.
        why: Unfit,
    },
}

/// What hides a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A symlink that is not read as a file.
    Symlink(Astray),
    /// A socket, pipe or device.
    Special,
    /// Another file system, or another mount, begins here.
    MountPoint,
    /// It could not be looked at or listed; the text says why.
    Unreadable(String),
    /// It turned into something else while it was looked at.
    Changing,
    /// It is an age identity, a private key.
    Identity,
    /// Its object key would be too long.
    TooLong(Unfit),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symlink(why) => why.fmt(f),
            Self::Special => write!(f, "it is a socket, pipe or device"),
            Self::MountPoint => write!(f, "another file system is mounted there"),
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            Self::Changing => write!(f, "it changed its type while it was looked at"),
            Self::Identity => f.write_str(IDENTITY),
            Self::TooLong(why) => why.fmt(f),
        }
    }
}

/// A file that a dead run was writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover(pub(super) String);

impl Leftover {
    /// Where it lies, below the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0
    }

    /// The key that the dead run was replacing, if it was: that its name is free may be that run's
    /// doing, and no person's.
    #[must_use]
    pub fn replaced(&self) -> Option<Key> {
        let (above, name) = split(&self.0);
        match TempName::parse(name.as_bytes()) {
            Some(TempName::Displaced) => Key::parse(&joined(above, TempName::own_name(name))).ok(),
            _ => None,
        }
    }
}
