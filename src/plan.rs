//! The plan: what one run does to one map, as data.
//!
//! A [`Step`] says what to do and what must still be true when it is done; whoever carries it out
//! checks that and asks nobody. Pure.

use crate::key::Key;
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::{Change, Record};
use std::fmt;

/// What becomes of bytes that are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loser {
    /// Both sides agreed on them; nobody edited them. An object goes, a file is kept as replaced.
    Discard,
    /// Somebody wrote them and the other side has not seen them: they are kept as the loser of a
    /// conflict.
    Keep,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send a file.
    Upload {
        /// Which.
        key: Key,
        /// What it must still be.
        local: LocalStamp,
        /// The object it replaces; `None` where there must be none.
        over: Option<RemoteStamp>,
        /// What becomes of that object.
        loser: Loser,
    },
    /// Fetch an object.
    Download {
        /// Which.
        key: Key,
        /// What it must still be.
        remote: RemoteStamp,
        /// The file it replaces; `None` where there must be none.
        over: Option<LocalStamp>,
        /// What becomes of that file.
        loser: Loser,
    },
    /// Give the file another name, fetch the object, send the file under its new name.
    KeepBoth {
        /// The contested name.
        key: Key,
        /// The file's new name.
        aside: Key,
        /// The file.
        local: LocalStamp,
        /// The object.
        remote: RemoteStamp,
    },
    /// Remove a file, into the recovery folder.
    DeleteLocal {
        /// Which.
        key: Key,
        /// What it must still be.
        local: LocalStamp,
    },
    /// Remove an object.
    DeleteRemote {
        /// Which.
        key: Key,
        /// What it must still be.
        remote: RemoteStamp,
        /// What becomes of it.
        loser: Loser,
    },
    /// Give an object the name that its file has now: a copy within the bucket, and once that is
    /// recorded the old object is removed.
    MoveRemote {
        /// The new name, where no object may be.
        to: Key,
        /// The file under its new name, as it must still be.
        local: LocalStamp,
        /// What both sides agreed on under the old name, which the file has left.
        source: Box<Record>,
        /// Storage class of the object, where it is not the standard one.
        class: Option<Box<str>>,
    },
    /// Give a file the name that its object has now.
    MoveLocal {
        /// The new name, where no file may be.
        to: Key,
        /// The file under its old name, as it must still be.
        local: LocalStamp,
        /// The object under its new name, as it must still be.
        remote: RemoteStamp,
        /// What both sides agreed on under the old name, which the object has left.
        source: Box<Record>,
    },
    /// Record that both sides are equal.
    Adopt(Box<Record>),
    /// Drop the record of what is gone on both sides.
    Forget(Key),
}

impl Step {
    /// The key it is about; of a move the new one.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::MoveRemote { to, .. } | Self::MoveLocal { to, .. } => to,
            Self::Upload { key, .. }
            | Self::Download { key, .. }
            | Self::KeepBoth { key, .. }
            | Self::DeleteLocal { key, .. }
            | Self::DeleteRemote { key, .. }
            | Self::Forget(key) => key,
            Self::Adopt(record) => &record.key,
        }
    }

    /// The key that a move ends.
    #[must_use]
    pub fn old_key(&self) -> Option<&Key> {
        match self {
            Self::MoveRemote { source, .. } | Self::MoveLocal { source, .. } => Some(&source.key),
            _ => None,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Upload { .. } => "upload",
            Self::Download { .. } => "download",
            Self::KeepBoth { .. } => "keep both",
            Self::DeleteLocal { .. } => "delete local",
            Self::DeleteRemote { .. } => "delete remote",
            Self::MoveLocal { .. } => "move local",
            Self::MoveRemote { .. } => "move remote",
            Self::Adopt(_) => "adopt",
            Self::Forget(_) => "forget",
        }
    }

    /// What it changes in the records, where that is all it does.
    #[must_use]
    pub fn recorded(&self) -> Option<Change> {
        match self {
            Self::Adopt(record) => Some(Change::Upsert(Record::clone(record))),
            Self::Forget(key) => Some(Change::Remove(key.clone())),
            _ => None,
        }
    }

    /// Bytes that cross the network, as far as known beforehand.
    #[must_use]
    pub fn transfer_bytes(&self) -> u64 {
        match self {
            Self::Upload { local, .. } => local.size_bytes,
            Self::Download { remote, .. } => remote.size_bytes,
            Self::KeepBoth { local, remote, .. } => {
                local.size_bytes.saturating_add(remote.size_bytes)
            }
            Self::DeleteLocal { .. }
            | Self::DeleteRemote { .. }
            | Self::MoveLocal { .. }
            | Self::MoveRemote { .. }
            | Self::Adopt(_)
            | Self::Forget(_) => 0,
        }
    }

    /// Whether it changes the bucket.
    #[must_use]
    pub fn writes_remote(&self) -> bool {
        matches!(
            self,
            Self::Upload { .. }
                | Self::KeepBoth { .. }
                | Self::DeleteRemote { .. }
                | Self::MoveRemote { .. }
        )
    }

    /// Whether it removes something from a side.
    #[must_use]
    pub fn deletes(&self) -> bool {
        matches!(self, Self::DeleteLocal { .. } | Self::DeleteRemote { .. })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb(), self.key())?;
        match self {
            Self::MoveLocal { source, .. } | Self::MoveRemote { source, .. } => {
                write!(f, " from {}", source.key)
            }
            Self::Upload {
                loser: Loser::Keep, ..
            } => write!(f, " (keeping the object aside)"),
            Self::Download {
                loser: Loser::Keep, ..
            } => write!(f, " (keeping the file aside)"),
            _ => Ok(()),
        }
    }
}

/// What one run does to one map, in the order in which it is done: within a phase in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Records only; nothing moves.
    pub records: Vec<Step>,
    /// Files that stand where a directory must come: moved to the recovery folder first.
    pub clearing: Vec<Step>,
    /// Everything that creates or replaces.
    pub transfers: Vec<Step>,
    /// Everything that removes, once all that is new is safe.
    pub deletions: Vec<Step>,
    /// Files that come where a directory was, once that is empty.
    pub replacements: Vec<Step>,
}

impl Plan {
    /// All steps in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.phases().into_iter().flatten()
    }

    /// The phases in order.
    #[must_use]
    pub fn phases(&self) -> [&Vec<Step>; 5] {
        [
            &self.records,
            &self.clearing,
            &self.transfers,
            &self.deletions,
            &self.replacements,
        ]
    }

    /// The phases in order, to be carried out.
    #[must_use]
    pub fn into_phases(self) -> [Vec<Step>; 5] {
        [
            self.records,
            self.clearing,
            self.transfers,
            self.deletions,
            self.replacements,
        ]
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }
}

/// What a finished step changes in the records.
pub type Receipt = Vec<Change>;

/// Moves that are told as one: a folder's, or a single file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// The old name as it may be shown; a folder's ends with `/`.
    pub from: String,
    /// The new one.
    pub to: String,
    /// How many files moved.
    pub files: usize,
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, files } = self;
        write!(f, "{from} -> {to}")?;
        match files {
            1 => Ok(()),
            _ => write!(f, " ({} files)", Grouped(*files)),
        }
    }
}

/// A number with its thousands set apart.
struct Grouped(usize);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return write!(f, "{}", self.0);
        }
        write!(f, "{},{:03}", Self(self.0 / 1000), self.0 % 1000)
    }
}

/// A key on which the sides, or a side and the base, are not plainly equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which.
    pub key: Key,
    /// What both sides last agreed on.
    pub base: Option<Box<Record>>,
    /// The file, as scanned.
    pub local: Option<LocalStamp>,
    /// The object, as listed.
    pub remote: Option<RemoteStamp>,
    /// Whether the object's bytes can be had at once.
    pub readability: Readability,
    /// Storage class of the object, where it is not the standard one.
    pub class: Option<Box<str>>,
}

/// Whether an object's bytes can be had at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Readability {
    /// They can.
    #[default]
    Readable,
    /// It lies in an archive class and must be restored first.
    Archived,
    /// It is being restored.
    Restoring,
    /// The map encrypts and has no identity, so nothing that comes from the bucket is understood.
    Sealed,
}

/// A file's name that is also a directory's: `top` is held by a file on some side, and at least
/// one key below it by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The contested name.
    pub top: Key,
    /// Whether the file at `top` stays as it is on both sides.
    pub top_is_quiet: Quiet,
    /// Whether some file below `top` stays as it is on both sides.
    pub below_is_quiet: Quiet,
}

/// Whether a key needs nothing done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// Nothing.
    Yes,
    /// Something, so it is among the items.
    No,
}

/// Why nothing is done about a key that is not equal on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A file holds the name of the directory it would lie in.
    BelowFile(Key),
    /// A directory holds its name.
    IsDirectory,
    /// The object lies in an archive class.
    Archived {
        /// Length of the object, in bytes.
        size_bytes: u64,
    },
    /// The object changed, and there is no identity to open it with.
    Sealed,
    /// A conflict is left to a person.
    Undecided,
    /// A conflict would be kept under a second name, for which there is no room in a key.
    NoRoom,
    /// Removals are held back.
    Held,
    /// The file lost its bytes and not its time, and is not sent.
    Emptied,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowFile(top) => write!(f, "the file {top} holds the name of its directory"),
            Self::IsDirectory => write!(f, "a directory holds its name"),
            Self::Archived { .. } => write!(f, "the object is archived and must be restored first"),
            Self::Sealed => write!(
                f,
                "the object changed, and the map has no age identity to open it with"
            ),
            Self::Undecided => write!(f, "both sides changed and the conflict is left open"),
            Self::NoRoom => write!(
                f,
                "both sides changed and its directory's path leaves no room for a second name"
            ),
            Self::Emptied => write!(
                f,
                "the file was emptied under its recorded time, as by a power cut, and is not sent"
            ),
            Self::Held => write!(f, "the directory in its place may not be removed"),
        }
    }
}
