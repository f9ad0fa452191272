//! The guard: counts what a plan removes, and may hold it back. Pure.

mod hold;

pub use crate::state::{BadLimit, Limit};
pub use hold::{Tally, hold_back, judge_plan};
use std::fmt;

/// Removals that a percentage always allows: in small trees a share means little.
pub const FLOOR: u64 = 20;

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

/// Why removals are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The side on which they are planned.
    pub side: Side,
    /// Removals planned on one side.
    pub deletions: u64,
    /// Records of the map.
    pub records: u64,
    /// What was exceeded; `None` where that side would be left with nothing at all.
    pub limit: Option<Limit>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            side,
            deletions,
            records,
            limit,
        } = self;
        match limit {
            Some(limit) => write!(
                f,
                "{deletions} of {records} files would be deleted {side}, over the limit of {limit}"
            ),
            None => write!(f, "all {deletions} files would be deleted {side}"),
        }
    }
}

/// What a plan does to one side of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Toll {
    /// Records of the map before the run.
    pub records: u64,
    /// Removals planned on this side.
    pub deletions: u64,
    /// Files new to this side.
    pub creations: u64,
}

/// Judges the removals planned on one side.
///
/// # Errors
/// [`Held`] where they exceed the limit, or where two or more files were known, none of them would
/// be left and fewer would come: an emptied folder or bucket is more often an accident than a wish.
pub fn judge(side: Side, toll: Toll, limit: Limit) -> Result<(), Held> {
    let Toll {
        records,
        deletions,
        creations,
    } = toll;
    if deletions == 0 {
        return Ok(());
    }
    if deletions >= records && records >= 2 && creations < deletions {
        return Err(Held {
            side,
            deletions,
            records,
            limit: None,
        });
    }
    let exceeded = match limit {
        Limit::Count(count) => deletions > count,
        Limit::Percent(share) => {
            deletions > FLOOR
                && u128::from(deletions) * 100 > u128::from(records) * u128::from(share)
        }
    };
    if exceeded {
        Err(Held {
            side,
            deletions,
            records,
            limit: Some(limit),
        })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toll(deletions: u64, records: u64) -> Toll {
        Toll {
            records,
            deletions,
            creations: 0,
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
}
