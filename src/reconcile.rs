//! The law: (base, local, remote) to an action, key by key.
//!
//! Each side is compared with its own recorded stamp only. Where a stamp differs but the content
//! may not, the answer is a [`Question`]; the caller looks and asks again. Pure: knows no disk,
//! no net, no clock. `spec/FORMAT.md` prints the twelve rows with their reasons.

mod direction;
#[cfg(test)]
mod tests_why;
mod why;

use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::{ConflictPolicy, Encoding, Holding, Record};
pub use direction::{Course, one_way, steer};
pub use why::{Why, why};

/// What became of one side since the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It holds what the base says.
    Same,
    /// It holds something else.
    Modified,
    /// It holds nothing.
    Gone,
}

/// One of the twelve situations a key can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// No base, a file only.
    LocalOnly,
    /// No base, an object only.
    RemoteOnly,
    /// No base, both.
    Both,
    /// A base, and what became of each side: local, remote.
    Known(Fate, Fate),
}

/// What is to be done about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Keep,
    /// Both sides hold the same: record it.
    Adopt,
    /// Both sides are without it: drop the record.
    Forget,
    /// Send the file.
    Upload,
    /// Fetch the object.
    Download,
    /// Remove the file.
    DeleteLocal,
    /// Remove the object.
    DeleteRemote,
    /// Both sides changed: equal content is adopted, anything else is a conflict.
    Meet,
}

/// The law of reconciliation.
#[must_use]
#[expect(
    clippy::match_same_arms,
    reason = "twelve rows, one line each, none hidden in another"
)]
pub fn law(row: Row) -> Action {
    use Fate::{Gone, Modified, Same};
    match row {
        Row::LocalOnly => Action::Upload,
        Row::RemoteOnly => Action::Download,
        Row::Both => Action::Meet,
        Row::Known(Same, Same) => Action::Keep,
        Row::Known(Modified, Same) => Action::Upload,
        Row::Known(Same, Modified) => Action::Download,
        Row::Known(Modified, Modified) => Action::Meet,
        Row::Known(Gone, Same) => Action::DeleteRemote,
        Row::Known(Same, Gone) => Action::DeleteLocal,
        Row::Known(Gone, Modified) => Action::Download,
        Row::Known(Modified, Gone) => Action::Upload,
        Row::Known(Gone, Gone) => Action::Forget,
    }
}

/// What is known of one key.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What both sides last agreed on.
    pub base: Option<&'a Record>,
    /// The file, as scanned.
    pub local: Option<&'a LocalStamp>,
    /// The object, as listed.
    pub remote: Option<&'a RemoteStamp>,
}

/// What a look at the contents told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The contents are equal, and held so.
    Equal(Holding),
    /// They differ, or it cannot be told.
    Different,
}

/// Answers given so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answers {
    /// To [`Question::LocalAgainstBase`].
    pub local_against_base: Option<Answer>,
    /// To [`Question::LocalAgainstRemote`].
    pub local_against_remote: Option<Answer>,
}

/// What must be looked at before the law can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Does the file still hold the recorded content?
    LocalAgainstBase,
    /// Does the object hold the file's content?
    LocalAgainstRemote,
}

/// The law's word on one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Do this.
    Do(Action),
    /// Both sides changed, and not to the same: a policy must settle it.
    Conflict,
    /// Look first.
    Look(Question),
}

/// Applies the law to what is seen.
///
/// A base without a local stamp comes from version 1 and proves nothing about the file: the key
/// is treated as if it had no base, so nothing is deleted on its word.
#[must_use]
pub fn decide(seen: Seen<'_>, answers: Answers) -> Verdict {
    let known = seen
        .base
        .and_then(|record| record.local.as_ref().map(|stamp| (record, stamp)));
    let Some((record, recorded)) = known else {
        return match (seen.local, seen.remote) {
            (None, None) => Verdict::Do(law(Row::Known(Fate::Gone, Fate::Gone))),
            (Some(_), None) => Verdict::Do(law(Row::LocalOnly)),
            (None, Some(_)) => Verdict::Do(law(Row::RemoteOnly)),
            (Some(_), Some(_)) => settle(law(Row::Both), answers),
        };
    };
    let is_emptied = seen.local.is_some_and(|stamp| is_emptied(stamp, recorded));
    let local = match (seen.local, answers.local_against_base) {
        (None, _) => Fate::Gone,
        (Some(_), _) if is_emptied => Fate::Same,
        (Some(stamp), _) if stamp == recorded => Fate::Same,
        (Some(_), Some(Answer::Equal(_))) => Fate::Same,
        (Some(_), Some(Answer::Different)) => Fate::Modified,
        (Some(_), None) => return Verdict::Look(Question::LocalAgainstBase),
    };
    let remote = match seen.remote {
        None => Fate::Gone,
        Some(stamp) if stamp.is_same_object(&record.remote) => Fate::Same,
        Some(_) => Fate::Modified,
    };
    if let (Fate::Same, Fate::Modified, Some(file), Some(object)) =
        (local, remote, seen.local, seen.remote)
        && (record.encoding != Encoding::Plain || file.size_bytes == object.size_bytes)
        && answers.local_against_remote != Some(Answer::Different)
    {
        // A rewritten object may hold the same bytes: a look spares the download.
        return settle(Action::Meet, answers);
    }
    match law(Row::Known(local, remote)) {
        Action::Keep if is_emptied => Verdict::Do(Action::Download),
        Action::Keep if seen.local != Some(recorded) => Verdict::Do(Action::Adopt),
        action => settle(action, answers),
    }
}

/// Whether a file lost its bytes but not its time, as a power cut leaves it whose file system had
/// made the name durable and not the content. Nobody wrote that: it is fetched again, never sent.
fn is_emptied(stamp: &LocalStamp, recorded: &LocalStamp) -> bool {
    stamp.size_bytes == 0 && recorded.size_bytes > 0 && stamp.mtime_ns == recorded.mtime_ns
}

fn settle(action: Action, answers: Answers) -> Verdict {
    match (action, answers.local_against_remote) {
        (Action::Meet, None) => Verdict::Look(Question::LocalAgainstRemote),
        (Action::Meet, Some(Answer::Equal(_))) => Verdict::Do(Action::Adopt),
        (Action::Meet, Some(Answer::Different)) => Verdict::Conflict,
        (action, _) => Verdict::Do(action),
    }
}

/// How a conflict ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The file takes the name; the object is kept aside.
    LocalWins,
    /// The object takes the name; the file is kept aside.
    RemoteWins,
    /// The object takes the name, the file another one, on both sides.
    KeepBoth,
    /// Nothing happens.
    Leave,
}

/// Whether the map had a base when the run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Both sides have agreed on something before.
    Based,
    /// First run, or the base was lost: nothing may be overwritten on a guess.
    Baseless,
}

/// Settles a conflict. Times are nanoseconds since the epoch; the only place where a local time
/// meets a remote one, and it decides only who takes the name, never what survives.
///
/// Without a base `Newer` keeps both: a lost state turns every differing file into a conflict, and
/// clocks should not rewrite a whole tree.
#[must_use]
pub fn settlement(
    policy: ConflictPolicy,
    ground: Ground,
    local_ns: i64,
    remote_ns: i64,
) -> Settlement {
    match policy {
        ConflictPolicy::Ask => Settlement::Leave,
        ConflictPolicy::Local => Settlement::LocalWins,
        ConflictPolicy::Remote => Settlement::RemoteWins,
        ConflictPolicy::KeepBoth => Settlement::KeepBoth,
        ConflictPolicy::Newer => match ground {
            Ground::Baseless => Settlement::KeepBoth,
            Ground::Based if local_ns > remote_ns => Settlement::LocalWins,
            Ground::Based => Settlement::RemoteWins,
        },
    }
}
