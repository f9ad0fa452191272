//! The one-way law: what becomes of a key in a map that only pushes or only pulls.
//!
//! One side is the truth and is never touched. The other side's content that the truth replaces is
//! kept aside unless both sides had agreed on it; what the truth does not have stays, or goes where
//! the map is a mirror. Equal content is adopted, whatever the row.
//!
//! | local, bucket | push | with `--delete` | pull | with `--delete` |
//! |---|---|---|---|---|
//! | new, - | upload | | stays | delete local |
//! | -, new | stays | delete remote, kept | download | |
//! | new, new | upload, object kept | | download, file kept | |
//! | same, same | nothing | | nothing | |
//! | modified, same | upload | | download, file kept | |
//! | same, modified | upload, object kept | | download | |
//! | modified, modified | upload, object kept | | download, file kept | |
//! | gone, same | stays | delete remote | download | |
//! | same, gone | upload | | stays | delete local |
//! | gone, modified | stays | delete remote, kept | download | |
//! | modified, gone | upload | | stays | delete local |
//! | gone, gone | forget | | forget | |
//!
//! What is deleted locally goes to the recovery folder in any case. A file that lost its bytes to a
//! power cut is nobody's truth: it is never sent.

use super::{Action, Fate, Row, Seen, Settlement, Verdict, is_emptied};
use crate::state::Direction;

/// What a map that goes one way does about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// The same as a map that goes both ways might.
    Do(Action),
    /// The truth takes the name; what it replaces is kept aside.
    Win(Settlement),
    /// The side that is not the truth keeps what it has.
    Stay,
    /// The object goes; nobody here has seen it, so it is kept aside.
    Clear,
    /// The file was emptied by no one and is left alone.
    Emptied,
}

/// The law of maps that go one way; `None` for those that go both ways.
#[must_use]
pub fn one_way(direction: Direction, row: Row) -> Option<Course> {
    match direction {
        Direction::Both => None,
        Direction::Push => Some(push(row)),
        Direction::PushMirror => Some(match (push(row), row) {
            (Course::Stay, Row::Known(Fate::Gone, Fate::Same)) => Course::Do(Action::DeleteRemote),
            (Course::Stay, _) => Course::Clear,
            (course, _) => course,
        }),
        Direction::Pull => Some(pull(row)),
        Direction::PullMirror => Some(match pull(row) {
            Course::Stay => Course::Do(Action::DeleteLocal),
            course => course,
        }),
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "twelve rows, one line each, none hidden in another"
)]
fn push(row: Row) -> Course {
    use Fate::{Gone, Modified, Same};
    match row {
        Row::LocalOnly => Course::Do(Action::Upload),
        Row::RemoteOnly => Course::Stay,
        Row::Both => Course::Win(Settlement::LocalWins),
        Row::Known(Same, Same) => Course::Do(Action::Keep),
        Row::Known(Modified, Same) => Course::Do(Action::Upload),
        Row::Known(Same, Modified) => Course::Win(Settlement::LocalWins),
        Row::Known(Modified, Modified) => Course::Win(Settlement::LocalWins),
        Row::Known(Gone, Same) => Course::Stay,
        Row::Known(Same, Gone) => Course::Do(Action::Upload),
        Row::Known(Gone, Modified) => Course::Stay,
        Row::Known(Modified, Gone) => Course::Do(Action::Upload),
        Row::Known(Gone, Gone) => Course::Do(Action::Forget),
    }
}

#[expect(
    clippy::match_same_arms,
    reason = "twelve rows, one line each, none hidden in another"
)]
fn pull(row: Row) -> Course {
    use Fate::{Gone, Modified, Same};
    match row {
        Row::LocalOnly => Course::Stay,
        Row::RemoteOnly => Course::Do(Action::Download),
        Row::Both => Course::Win(Settlement::RemoteWins),
        Row::Known(Same, Same) => Course::Do(Action::Keep),
        Row::Known(Modified, Same) => Course::Win(Settlement::RemoteWins),
        Row::Known(Same, Modified) => Course::Do(Action::Download),
        Row::Known(Modified, Modified) => Course::Win(Settlement::RemoteWins),
        Row::Known(Gone, Same) => Course::Do(Action::Download),
        Row::Known(Same, Gone) => Course::Stay,
        Row::Known(Gone, Modified) => Course::Do(Action::Download),
        Row::Known(Modified, Gone) => Course::Stay,
        Row::Known(Gone, Gone) => Course::Do(Action::Forget),
    }
}

/// Turns the word of the two-way law, given when all was looked at, into that of a map that goes
/// one way; `None` where the two-way law stands.
#[must_use]
pub fn steer(direction: Direction, seen: Seen<'_>, verdict: Verdict) -> Option<Course> {
    if direction == Direction::Both {
        return None;
    }
    if let Verdict::Do(action @ (Action::Adopt | Action::Forget | Action::Keep)) = verdict {
        return Some(Course::Do(action));
    }
    if has_emptied(seen) {
        match (direction, seen.remote) {
            (Direction::Push | Direction::PushMirror, _) => return Some(Course::Emptied),
            (_, Some(_)) => return Some(Course::Do(Action::Download)),
            (_, None) => {}
        }
    }
    one_way(direction, row(seen, verdict))
}

fn has_emptied(seen: Seen<'_>) -> bool {
    let recorded = seen.base.and_then(|record| record.local.as_ref());
    seen.local
        .zip(recorded)
        .is_some_and(|(stamp, recorded)| is_emptied(stamp, recorded))
}

/// The row that a verdict was given for.
fn row(seen: Seen<'_>, verdict: Verdict) -> Row {
    let record = seen.base.filter(|record| record.local.is_some());
    let Some(record) = record else {
        return match (seen.local, seen.remote) {
            (None, None) => Row::Known(Fate::Gone, Fate::Gone),
            (Some(_), None) => Row::LocalOnly,
            (None, Some(_)) => Row::RemoteOnly,
            (Some(_), Some(_)) => Row::Both,
        };
    };
    // Whether a file is what it was may have taken a look; the verdict tells how that ended.
    let local = match (seen.local, verdict) {
        (None, _) => Fate::Gone,
        (Some(_), Verdict::Do(Action::Upload) | Verdict::Conflict) => Fate::Modified,
        (Some(_), Verdict::Do(_) | Verdict::Look(_)) => Fate::Same,
    };
    let remote = match seen.remote {
        None => Fate::Gone,
        Some(stamp) if stamp.is_same_object(&record.remote) => Fate::Same,
        Some(_) => Fate::Modified,
    };
    Row::Known(local, remote)
}
