//! Maps that lie inside each other: each would delete or duplicate the other's files. Pure.

use crate::state::{RootId, State};
use std::fmt;

/// Two maps that share files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// One map's name.
    pub first: String,
    /// The other's.
    pub second: String,
    /// What they share.
    pub shared: Shared,
}

/// Where a map's directory is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its path without symlinks.
    pub path: String,
    /// Device and inode of the directory and of each one above it, innermost first; empty if the
    /// directory is not there.
    pub ids: Vec<RootId>,
}

impl Place {
    /// Returns true if `inner` is this directory or one below it, by another path.
    fn holds(&self, inner: &Self) -> bool {
        let id = self.ids.first();
        id.is_some_and(|id| inner.ids.contains(id))
    }
}

/// What two maps share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// A local path and one at or below it.
    Paths(String, String),
    /// A directory that has two paths, as with a bind mount, or one below it.
    Directory(String, String),
    /// An S3 location and one at or below it.
    Prefixes(String, String),
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            first,
            second,
            shared,
        } = self;
        match shared {
            Shared::Paths(a, b) | Shared::Prefixes(a, b) => {
                write!(f, "maps {first} and {second} overlap: {a} and {b}")
            }
            Shared::Directory(a, b) => write!(
                f,
                "maps {first} and {second} overlap: {a} and {b} lead to one directory"
            ),
        }
    }
}

impl std::error::Error for Overlap {}

/// Looks for two maps that share files. `place` finds a map's directory by its path.
///
/// # Errors
/// The first [`Overlap`] found.
pub fn check(state: &State, place: impl Fn(&str) -> Place) -> Result<(), Overlap> {
    let maps: Vec<_> = state
        .maps()
        .map(|(bucket, map)| (bucket, map, place(&map.path)))
        .collect();
    for (at, (bucket, map, at_path)) in maps.iter().enumerate() {
        for (other_bucket, other, other_at) in &maps[at + 1..] {
            let shared = if contains(&at_path.path, &other_at.path)
                || contains(&other_at.path, &at_path.path)
            {
                Shared::Paths(map.path.clone(), other.path.clone())
            } else if at_path.holds(other_at) || other_at.holds(at_path) {
                Shared::Directory(map.path.clone(), other.path.clone())
            } else if bucket.name == other_bucket.name
                && bucket.access.endpoint == other_bucket.access.endpoint
                && (contains(&map.prefix, &other.prefix) || contains(&other.prefix, &map.prefix))
            {
                Shared::Prefixes(map.uri(&bucket.name), other.uri(&other_bucket.name))
            } else {
                continue;
            };
            return Err(Overlap {
                first: map.name.clone(),
                second: other.name.clone(),
                shared,
            });
        }
    }
    Ok(())
}

/// Whether `inner` is `outer` or lies below it; the empty prefix holds everything.
fn contains(outer: &str, inner: &str) -> bool {
    outer.is_empty()
        || inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{Place, contains};
    use crate::state::RootId;

    #[test]
    fn overlap_is_a_matter_of_whole_components() {
        assert!(contains("docs", "docs"));
        assert!(contains("docs", "docs/old"));
        assert!(!contains("docs", "docs2"));
        assert!(contains("", "docs"));
        assert!(!contains("docs/old", "docs"));
    }

    #[test]
    fn a_directory_with_two_paths_is_one() {
        let place = |inodes: &[u64]| Place {
            path: String::new(),
            ids: inodes
                .iter()
                .map(|&inode| RootId { device: 1, inode })
                .collect(),
        };
        assert!(place(&[5, 2]).holds(&place(&[5, 3, 2])));
        assert!(place(&[5, 2]).holds(&place(&[7, 5, 3, 2])));
        assert!(!place(&[7, 5, 2]).holds(&place(&[5, 2])));
        assert!(!place(&[]).holds(&place(&[5, 2])));
    }
}
