//! Why a step is planned, read back from the step and the base: the twelve rows in words.

use super::is_emptied;
use crate::plan::{Loser, Step};
use crate::stamp::RemoteStamp;
use crate::state::{Direction, Record};
use std::fmt;

/// Why a step is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A file that was on neither side.
    NewHere,
    /// An object that was on neither side.
    NewInBucket,
    /// The file is another, the object is not.
    ChangedHere,
    /// The object is another, the file is not.
    ChangedInBucket,
    /// The file lost its bytes under its recorded time, the object did not.
    Emptied,
    /// The file is gone, the object is as it was.
    GoneHere,
    /// The object is gone, the file is as it was.
    GoneFromBucket,
    /// The file is another, the object is gone.
    ChangedHereGoneFromBucket,
    /// The object is another, the file is gone.
    ChangedInBucketGoneHere,
    /// The file has another name.
    RenamedHere,
    /// The object has another name.
    RenamedInBucket,
    /// Both are new and differ.
    NewOnBoth,
    /// Both are other than they were, and differ.
    ChangedOnBoth,
    /// A directory of the other side takes the name.
    Displaced,
    /// Both are new and equal.
    Met,
    /// Both hold the same, though a stamp is another.
    Restamped,
    /// Both are gone.
    GoneOnBoth,
    /// The object is gone, and the directory is the truth.
    PushedAgain,
    /// The object is another, and the directory is the truth.
    PushedOver,
    /// The file is gone, and the bucket is the truth.
    PulledAgain,
    /// The file is another, and the bucket is the truth.
    PulledOver,
    /// The bucket mirrors the directory, which does not have it.
    NotHere,
    /// The directory mirrors the bucket, which does not have it.
    NotInBucket,
}

/// Why a step is planned, where `base` is what both sides last agreed on for its key.
///
/// As for [`decide`](super::decide), a base without a local stamp is none.
#[must_use]
pub fn why(step: &Step, base: Option<&Record>, direction: Direction) -> Why {
    one_way(step, base, direction).unwrap_or_else(|| both_ways(step, base))
}

/// The reasons that only maps have which go one way.
fn one_way(step: &Step, base: Option<&Record>, direction: Direction) -> Option<Why> {
    use Direction::{Pull, PullMirror, Push, PushMirror};
    let is_known = base.is_some_and(|record| record.local.is_some());
    match (direction, step) {
        (Push | PushMirror, Step::Upload { over: None, .. }) => {
            is_known.then_some(Why::PushedAgain)
        }
        (
            Push | PushMirror,
            Step::Upload {
                loser: Loser::Keep, ..
            },
        ) => is_known.then_some(Why::PushedOver),
        (Pull | PullMirror, Step::Download { over: None, .. }) => {
            is_known.then_some(Why::PulledAgain)
        }
        (
            Pull | PullMirror,
            Step::Download {
                loser: Loser::Keep, ..
            },
        ) => is_known.then_some(Why::PulledOver),
        (PushMirror, Step::DeleteRemote { .. }) => Some(Why::NotHere),
        (PullMirror, Step::DeleteLocal { .. }) => Some(Why::NotInBucket),
        // All that a map does which only pulls and deletes nothing else is to make room.
        (Pull, Step::DeleteLocal { .. }) => Some(Why::Displaced),
        _ => None,
    }
}

fn both_ways(step: &Step, base: Option<&Record>) -> Why {
    let is_known = base.is_some_and(|record| record.local.is_some());
    match step {
        Step::KeepBoth { .. } if is_known => Why::ChangedOnBoth,
        Step::KeepBoth { .. } => Why::NewOnBoth,
        _ if is_conflict(step, base) && is_known => Why::ChangedOnBoth,
        _ if is_conflict(step, base) => Why::NewOnBoth,
        Step::Upload { over: Some(_), .. } => Why::ChangedHere,
        Step::Upload { over: None, .. } if is_known => Why::ChangedHereGoneFromBucket,
        Step::Upload { over: None, .. } => Why::NewHere,
        // An unchanged object is fetched over a file only where that was damaged.
        Step::Download {
            over: Some(_),
            remote,
            ..
        } if base.is_some_and(|record| record.remote.is_same_object(remote)) => Why::Emptied,
        Step::Download { over: Some(_), .. } => Why::ChangedInBucket,
        Step::Download { over: None, .. } if is_known => Why::ChangedInBucketGoneHere,
        Step::Download { over: None, .. } => Why::NewInBucket,
        // A file that yields its name to a directory may have a base; then the object is gone too.
        Step::DeleteLocal { .. } if is_known => Why::GoneFromBucket,
        Step::DeleteRemote { remote, .. } if is_unproven_same(base, remote) => Why::GoneHere,
        Step::DeleteLocal { .. }
        | Step::DeleteRemote {
            loser: Loser::Keep, ..
        } => Why::Displaced,
        Step::DeleteRemote {
            loser: Loser::Discard,
            ..
        } => Why::GoneHere,
        Step::MoveRemote { .. } => Why::RenamedHere,
        Step::MoveLocal { .. } => Why::RenamedInBucket,
        Step::Adopt(_) if is_known => Why::Restamped,
        Step::Adopt(_) => Why::Met,
        Step::Forget(_) => Why::GoneOnBoth,
    }
}

/// Whether what a step replaces is kept because it is other than it was. Of what was agreed on by
/// metadata alone all that goes is kept, so that only the stamps tell.
fn is_conflict(step: &Step, base: Option<&Record>) -> bool {
    let unproven = base.filter(|record| !record.is_proven());
    match step {
        Step::Upload {
            over: Some(object),
            loser: Loser::Keep,
            ..
        } => unproven.is_none_or(|record| !record.remote.is_same_object(object)),
        Step::Download {
            remote,
            over: Some(file),
            loser: Loser::Keep,
            ..
        } => unproven.is_none_or(|record| {
            let is_here = |recorded| *file == recorded || is_emptied(file, &recorded);
            !record.remote.is_same_object(remote) && !record.local.is_some_and(is_here)
        }),
        _ => false,
    }
}

/// Whether an object is what both sides were agreed on by metadata alone.
fn is_unproven_same(base: Option<&Record>, object: &RemoteStamp) -> bool {
    base.is_some_and(|record| !record.is_proven() && record.remote.is_same_object(object))
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewHere => "new here, not in the bucket",
            Self::NewInBucket => "new in the bucket, not here",
            Self::ChangedHere => "changed here, unchanged in the bucket",
            Self::ChangedInBucket => "changed in the bucket, unchanged here",
            Self::Emptied => "emptied here under its recorded time, unchanged in the bucket",
            Self::GoneHere => "gone here, unchanged in the bucket",
            Self::GoneFromBucket => "gone from the bucket, unchanged here",
            Self::ChangedHereGoneFromBucket => "changed here, gone from the bucket",
            Self::ChangedInBucketGoneHere => "changed in the bucket, gone here",
            Self::RenamedHere => "renamed here",
            Self::RenamedInBucket => "renamed in the bucket",
            Self::NewOnBoth => "new on both sides, and not the same",
            Self::ChangedOnBoth => "changed on both sides, and not to the same",
            Self::Displaced => "a directory takes its name",
            Self::Met => "the same on both sides, not recorded before",
            Self::Restamped => "the same on both sides, though a time or version is another",
            Self::GoneOnBoth => "gone on both sides",
            Self::PushedAgain => "gone from the bucket, and this run only pushes",
            Self::PushedOver => "changed in the bucket, and this run only pushes",
            Self::PulledAgain => "gone here, and this run only pulls",
            Self::PulledOver => "changed here, and this run only pulls",
            Self::NotHere => "not here, and the bucket is a mirror",
            Self::NotInBucket => "not in the bucket, and the directory is a mirror",
        })
    }
}
