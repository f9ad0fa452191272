//! Maps that lie inside each other: each would delete or duplicate the other's files. Pure.

use crate::state::State;
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

/// What two maps share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// A local path and one at or below it.
    Paths(String, String),
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
        }
    }
}

impl std::error::Error for Overlap {}

/// Looks for two maps that share files. `real_path` gives a map's path without symlinks.
///
/// # Errors
/// The first [`Overlap`] found.
pub fn check(state: &State, real_path: impl Fn(&str) -> String) -> Result<(), Overlap> {
    let maps: Vec<_> = state
        .maps()
        .map(|(bucket, map)| (bucket, map, real_path(&map.path)))
        .collect();
    for (at, (bucket, map, path)) in maps.iter().enumerate() {
        for (other_bucket, other, other_path) in &maps[at + 1..] {
            let shared = if contains(path, other_path) || contains(other_path, path) {
                Shared::Paths(map.path.clone(), other.path.clone())
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
    use super::contains;

    #[test]
    fn overlap_is_a_matter_of_whole_components() {
        assert!(contains("docs", "docs"));
        assert!(contains("docs", "docs/old"));
        assert!(!contains("docs", "docs2"));
        assert!(contains("", "docs"));
        assert!(!contains("docs/old", "docs"));
    }
}
