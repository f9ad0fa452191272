//! The guard: counts what a plan removes or replaces, and may hold it back. Pure.

mod hold;

pub use crate::state::{BadLimit, Limit};
pub use hold::{Tally, hold_back, hold_replacements, judge_plan};
use std::fmt;

/// Removals that a percentage always allows: in small trees a share means little.
pub const FLOOR: u64 = 20;

impl Limit {
    /// Returns true if so many changes of so many files are more than it allows.
    fn is_exceeded(self, changes: u64, files: u64) -> bool {
        match self {
            Self::Count(count) => changes > count,
            Self::Percent(share) => {
                changes > FLOOR && u128::from(changes) * 100 > u128::from(files) * u128::from(share)
            }
        }
    }
}

/// A side of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The directory.
    Local,
    /// The bucket.
    Remote,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "in the directory",
            Self::Remote => "in the bucket",
        })
    }
}

/// What a guard counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Removals, by `--max-delete`.
    Deletion,
    /// Files that a download replaces, by `--max-replace`.
    Replacement,
}

/// Why changes are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// What is held back.
    pub change: Change,
    /// The side on which the changes are planned.
    pub side: Side,
    /// Changes planned on that side.
    pub changes: u64,
    /// Records of the map.
    pub records: u64,
    /// The limit that was exceeded; `None` if no file would be left on that side.
    pub limit: Option<Limit>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            change,
            side,
            changes,
            records,
            limit,
        } = self;
        let verb = match change {
            Change::Deletion => "deleted",
            Change::Replacement => "replaced",
        };
        match limit {
            Some(limit) => write!(
                f,
                "{changes} of {records} files would be {verb} {side}, over the limit of {limit}"
            ),
            None => write!(f, "all {changes} files would be {verb} {side}"),
        }
    }
}

/// The files that a map's removals are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Population {
    /// All files with a record, rule files among them.
    pub files: u64,
    /// Rule files, each called [`IGNORE_FILE`](crate::key::IGNORE_FILE).
    pub rule_files: u64,
}

/// What a plan does to one side of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Toll {
    /// The map's files before the run.
    pub known: Population,
    /// Removals planned on this side.
    pub deletions: Population,
    /// Files new to this side.
    pub creations: u64,
}

/// Judges the removals planned on one side.
///
/// # Errors
/// [`Held`] if they exceed the limit; also if two or more files were known, none of them would be
/// left and fewer would come: an emptied folder or bucket is more often an accident than intended.
/// A rule file that stays behind does not count as a file that is left.
pub fn judge(side: Side, toll: Toll, limit: Limit) -> Result<(), Held> {
    let Toll {
        known,
        deletions,
        creations,
    } = toll;
    let held = Held {
        change: Change::Deletion,
        side,
        changes: deletions.files,
        records: known.files,
        limit: Some(limit),
    };
    let is_emptied = |known: u64, gone: u64| gone >= known && known >= 2 && creations < gone;
    let other = |all: Population| all.files.saturating_sub(all.rule_files);
    if is_emptied(known.files, deletions.files) {
        return Err(Held {
            limit: None,
            ..held
        });
    }
    if is_emptied(other(known), other(deletions)) {
        return Err(Held {
            changes: other(deletions),
            limit: None,
            ..held
        });
    }
    if limit.is_exceeded(deletions.files, known.files) {
        Err(held)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toll(deletions: u64, records: u64) -> Toll {
        Toll {
            known: files(records),
            deletions: files(deletions),
            creations: 0,
        }
    }

    fn files(files: u64) -> Population {
        Population {
            files,
            rule_files: 0,
        }
    }

    #[test]
    fn a_share_counts_only_above_the_floor() {
        let half = Limit::default();
        assert_eq!(judge(Side::Local, toll(20, 21), half), Ok(()));
        assert!(judge(Side::Local, toll(21, 30), half).is_err());
        assert_eq!(judge(Side::Local, toll(21, 42), half), Ok(()));
        assert!(judge(Side::Local, toll(22, 43), half).is_err());
    }

    #[test]
    fn what_is_held_names_its_side() {
        let held = judge(Side::Remote, toll(30, 40), Limit::default()).unwrap_err();
        assert_eq!(
            held.to_string(),
            "30 of 40 files would be deleted in the bucket, over the limit of 50%"
        );
    }

    #[test]
    fn an_emptied_side_is_always_held() {
        assert!(judge(Side::Local, toll(2, 2), Limit::Count(100)).is_err());
        assert_eq!(
            judge(Side::Local, toll(1, 1), Limit::default()),
            Ok(()),
            "the only file may go"
        );
        assert!(judge(Side::Local, toll(1, 1), Limit::Count(0)).is_err());
    }

    #[test]
    fn a_rule_file_that_stays_does_not_disarm_the_guard() {
        let known = Population {
            files: 11,
            rule_files: 2,
        };
        for rule_files in 0..=2 {
            let deletions = Population {
                files: 9 + rule_files,
                rule_files,
            };
            let toll = Toll {
                known,
                deletions,
                creations: 0,
            };
            let held = judge(Side::Local, toll, Limit::Count(100)).unwrap_err();
            assert_eq!(held.limit, None, "{rule_files}");
            let deletions = Population {
                files: 8 + rule_files,
                rule_files,
            };
            let toll = Toll { deletions, ..toll };
            let one_left = judge(Side::Local, toll, Limit::Count(100));
            assert_eq!(one_left, Ok(()), "{rule_files}");
        }
    }
}
