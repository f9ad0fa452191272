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
    /// Both sides agreed on them; nobody edited them.
    Discard,
    /// Somebody wrote them and the other side has not seen them: they are kept aside first.
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
    /// Record that both sides are equal.
    Adopt(Box<Record>),
    /// Drop the record of what is gone on both sides.
    Forget(Key),
}

impl Step {
    /// The key it is about.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Upload { key, .. }
            | Self::Download { key, .. }
            | Self::KeepBoth { key, .. }
            | Self::DeleteLocal { key, .. }
            | Self::DeleteRemote { key, .. }
            | Self::Forget(key) => key,
            Self::Adopt(record) => &record.key,
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
            Self::Adopt(_) => "adopt",
            Self::Forget(_) => "forget",
        }
    }

    /// Bytes that cross the network, as far as known beforehand.
    #[must_use]
    pub fn transfer_bytes(&self) -> u64 {
        match self {
            Self::Upload { local, .. } => local.size_bytes,
            Self::Download { remote, .. } => remote.size_bytes,
            Self::KeepBoth { local, remote, .. } => local.size_bytes + remote.size_bytes,
            Self::DeleteLocal { .. }
            | Self::DeleteRemote { .. }
            | Self::Adopt(_)
            | Self::Forget(_) => 0,
        }
    }

    /// Whether it changes the bucket.
    #[must_use]
    pub fn writes_remote(&self) -> bool {
        matches!(
            self,
            Self::Upload { .. } | Self::KeepBoth { .. } | Self::DeleteRemote { .. }
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
