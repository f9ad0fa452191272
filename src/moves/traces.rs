//! Evidence of moves as numbers, so that a set too large for memory can be sorted by it.

use super::{Fate, MayKeep, fate};
use crate::draft::Decided;
use crate::key::Key;
use crate::plan::Clash;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// One thing that an item has in common with the other half of its move, as [`super::pair`] and
/// [`super::suspects`] compare them. Equal evidence has an equal trace; the reverse is not certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Which evidence, in the order in which it counts.
    pub kind: u8,
    /// A hash of it.
    pub hash: u64,
    /// Whether it is what is gone that has it; else it is what is new.
    pub end: End,
}

/// The two names of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The old name.
    Gone,
    /// The new name.
    New,
}

/// From this kind on, only a reading of the file proves anything.
pub const UNPROVEN: u8 = 3;

/// The traces of an item, which must not take part in a clash of names.
#[must_use]
pub fn traces(one: &Decided, may_keep: MayKeep<'_>) -> Vec<Trace> {
    let Some((fate, seen)) = fate(one) else {
        return Vec::new();
    };
    let end = match fate {
        Fate::GoneHere | Fate::GoneFromBucket => End::Gone,
        Fate::NewHere | Fate::NewInBucket => End::New,
    };
    let trace = |kind, hash: Option<u64>| hash.map(|hash| Trace { kind, hash, end });
    let found = match fate {
        Fate::GoneHere if !seen.record.is_some_and(|record| may_keep(record.encoding)) => {
            [None, None]
        }
        Fate::GoneHere | Fate::NewHere => [
            trace(0, seen.inode().map(hashed)),
            trace(1, seen.time().map(hashed)),
        ],
        Fate::GoneFromBucket | Fate::NewInBucket => [
            trace(2, seen.token().map(hashed)),
            trace(UNPROVEN, seen.size().map(hashed)),
        ],
    };
    found.into_iter().flatten().collect()
}

fn hashed(evidence: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    evidence.hash(&mut hasher);
    hasher.finish()
}

/// The names that a file and a directory claim.
#[derive(Debug)]
pub struct Contested<'a>(HashSet<&'a str>);

impl<'a> Contested<'a> {
    /// Those of these clashes.
    #[must_use]
    pub fn of(clashes: &'a [Clash]) -> Self {
        Self(clashes.iter().map(|clash| clash.top.as_str()).collect())
    }

    /// Whether a key is such a name or lies below one.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        let key = key.as_str();
        let mut above = key.match_indices('/').map(|(at, _)| &key[..at]);
        !self.0.is_empty() && (self.0.contains(key) || above.any(|top| self.0.contains(top)))
    }
}
