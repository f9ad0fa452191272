//! Steps, settlements and counts in words.

use crate::commands::dump::words::{ago, utc};
use crate::commands::status::Condition;
use crate::event::Counts;
use crate::guard::Change;
use crate::key::Shown;
use crate::plan::{Loser, Step};
use crate::reconcile::Settlement;
use crate::store::Holder;
use crate::sync::Halt;
use indicatif::{HumanBytes, HumanCount};
use std::time::Duration;

/// What a dry run would have done.
pub(super) fn would(step: &Step) -> String {
    let verb = match step {
        Step::Upload {
            loser: Loser::Discard,
            ..
        } => "upload",
        Step::Upload {
            loser: Loser::Keep, ..
        } => "keep the object aside and upload",
        Step::Download {
            loser: Loser::Discard,
            ..
        } => "download",
        Step::Download {
            loser: Loser::Keep, ..
        } => "keep the file aside and download",
        Step::KeepBoth { key, aside, .. } => {
            return format!("would keep both, the file as {aside}, the object as {key}");
        }
        Step::DeleteLocal { key, .. } => {
            return format!("would move {key} to the recovery folder");
        }
        Step::DeleteRemote {
            loser: Loser::Discard,
            ..
        } => return format!("would delete {} from the bucket", step.key()),
        Step::DeleteRemote {
            loser: Loser::Keep, ..
        } => {
            return format!(
                "would keep {} aside and delete it from the bucket",
                step.key()
            );
        }
        Step::MoveLocal { to, source, .. } | Step::MoveRemote { to, source, .. } => {
            return format!("would move {} to {to}", source.key);
        }
        Step::Adopt(_) => "record",
        Step::Forget(_) => "drop the record of",
    };
    format!("would {verb} {}", step.key())
}

/// What was done.
pub(super) fn done(step: &Step) -> String {
    let verb = match step {
        Step::Upload {
            loser: Loser::Discard,
            ..
        } => "uploaded",
        Step::Upload {
            loser: Loser::Keep, ..
        } => "kept the object aside and uploaded",
        Step::Download {
            loser: Loser::Discard,
            ..
        } => "downloaded",
        Step::Download {
            loser: Loser::Keep, ..
        } => "kept the file aside and downloaded",
        Step::KeepBoth { key, aside, .. } => {
            return format!("kept both, the file as {aside}, the object as {key}");
        }
        Step::DeleteLocal { key, .. } => return format!("moved {key} to the recovery folder"),
        Step::DeleteRemote {
            loser: Loser::Discard,
            ..
        } => return format!("deleted {} from the bucket", step.key()),
        Step::DeleteRemote {
            loser: Loser::Keep, ..
        } => {
            return format!("kept {} aside and deleted it from the bucket", step.key());
        }
        Step::MoveLocal { to, source, .. } | Step::MoveRemote { to, source, .. } => {
            return format!("moved {} to {to}", source.key);
        }
        Step::Adopt(_) => "recorded",
        Step::Forget(_) => "dropped the record of",
    };
    format!("{verb} {}", step.key())
}

/// How a conflict was settled.
pub(super) fn settled(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::LocalWins => {
            "the local file takes the name, the object is kept in the recovery folder"
        }
        Settlement::RemoteWins => {
            "the object takes the name, the local file is kept in the recovery folder"
        }
        Settlement::KeepBoth => "both are kept, the local file under a new name",
        Settlement::Leave => "left as it is",
    }
}

/// What a plan comes to.
pub(super) fn planned(steps: usize, bytes: u64) -> String {
    match steps {
        0 => "nothing to change".to_owned(),
        1 => format!("1 change, {bytes} bytes to transfer"),
        _ => format!("{steps} changes, {bytes} bytes to transfer"),
    }
}

/// A time that something took.
pub(super) fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// What a run came to; counts of nothing are left out.
pub(super) fn counted(counts: &Counts) -> String {
    let counts: Vec<String> = counts
        .fields()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
        .collect();
    if counts.is_empty() {
        "nothing on either side".to_owned()
    } else {
        counts.join(", ")
    }
}

/// What is left alone for no reason that is counted by itself.
fn left_alone(counts: &Counts) -> u64 {
    let counted = counts.archived + counts.undecided;
    counts.skipped.saturating_sub(counted)
}

/// How a state file stands.
pub(super) fn condition(condition: &Condition) -> Vec<String> {
    let last = match condition.synced_ms {
        None => "no run of all maps has ended well yet".to_owned(),
        Some(ms) => {
            let ago = ago(condition.now_ms.saturating_sub(ms));
            format!("last sync of all maps: {} ({ago})", utc(ms))
        }
    };
    let holder = condition.holder.as_ref();
    let under_way = holder.map(|Holder { pid, since }| {
        format!("a run is under way: process {pid}, since {}", Shown(since))
    });
    std::iter::once(last).chain(under_way).collect()
}

/// What is to be done, as a dry run has counted it. What stopped a map is part of it: deletions that
/// are held back are not counted, and are pending all the same.
pub(super) fn pending<'a>(counts: &Counts, halts: impl IntoIterator<Item = &'a Halt>) -> String {
    let bytes = |bytes| match bytes {
        0 => String::new(),
        bytes if bytes < 1024 => format!(" ({bytes} bytes)"),
        bytes => format!(" ({})", HumanBytes(bytes)),
    };
    let parts = [
        (counts.uploaded, "to upload", bytes(counts.uploaded_bytes)),
        (
            counts.downloaded,
            "to download",
            bytes(counts.downloaded_bytes),
        ),
        (counts.moved, "to rename", String::new()),
        (counts.deleted_local, "to delete here", String::new()),
        (
            counts.deleted_remote,
            "to delete in the bucket",
            String::new(),
        ),
        (counts.conflicts, "in conflict", String::new()),
        (
            counts.undecided,
            "in conflict, left to a person",
            String::new(),
        ),
        (counts.archived, "archived", bytes(counts.archived_bytes)),
        (left_alone(counts), "left alone", String::new()),
        (counts.failed, "failed", String::new()),
    ];
    let told = parts.iter().filter(|(count, ..)| *count > 0);
    let told: Vec<_> = told
        .map(|(count, what, bytes)| format!("{} {what}{bytes}", HumanCount(*count)))
        .chain(halts.into_iter().map(stopped))
        .collect();
    let pending = match (&told[..], counts.scanned) {
        ([], 1) => "in sync, 1 file".to_owned(),
        ([], files) => format!("in sync, {} files", HumanCount(files)),
        (told, _) => told.join(", "),
    };
    match counts.ignored {
        0 => pending,
        ignored => format!(
            "{pending}; {} ignored that had been synced",
            HumanCount(ignored)
        ),
    }
}

fn stopped(halt: &Halt) -> String {
    match halt {
        Halt::Guarded(held) => {
            let change = match held.change {
                Change::Deletion => "deletion",
                Change::Replacement => "replacement",
            };
            let changes = match held.changes {
                1 => format!("1 {change}"),
                count => format!("{} {change}s", HumanCount(count)),
            };
            let side = held.side;
            format!("{changes} {side} held back")
        }
        _ => "stopped, so the rest is not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Held, Side};

    #[test]
    fn what_is_pending_is_told_in_a_line() {
        let mut counts = Counts {
            scanned: 7,
            unchanged_by_state: 5,
            ..Counts::default()
        };
        assert_eq!(pending(&counts, None), "in sync, 7 files");
        counts.uploaded = 2;
        counts.uploaded_bytes = 30;
        counts.deleted_local = 1;
        counts.conflicts = 1;
        let told = "2 to upload (30 bytes), 1 to delete here, 1 in conflict";
        assert_eq!(pending(&counts, None), told);
        counts.uploaded = 2000;
        counts.uploaded_bytes = 60_000_006;
        let told = "2,000 to upload (57.22 MiB), 1 to delete here, 1 in conflict";
        assert_eq!(pending(&counts, None), told);
        counts.ignored = 3;
        let told = format!("{told}; 3 ignored that had been synced");
        assert_eq!(pending(&counts, None), told);
    }

    #[test]
    fn nothing_is_in_sync_while_deletions_are_held_back_or_the_map_stopped() {
        let counts = Counts {
            scanned: 7,
            ..Counts::default()
        };
        let held = Halt::Guarded(Held {
            change: Change::Deletion,
            side: Side::Remote,
            changes: 1200,
            records: 1207,
            limit: None,
        });
        let told = "1,200 deletions in the bucket held back";
        assert_eq!(pending(&counts, Some(&held)), told);
        let halt = Halt::Internal(String::new());
        let told = "stopped, so the rest is not known";
        assert_eq!(pending(&counts, Some(&halt)), told);
    }

    #[test]
    fn nothing_is_in_sync_while_objects_wait_or_conflicts_are_open() {
        for counts in [
            Counts {
                skipped: 1,
                archived: 1,
                ..Counts::default()
            },
            Counts {
                skipped: 1,
                undecided: 1,
                ..Counts::default()
            },
            Counts {
                skipped: 1,
                ..Counts::default()
            },
        ] {
            assert!(!pending(&counts, None).contains("in sync"), "{counts:?}");
        }
    }

    #[test]
    fn a_last_sync_is_so_long_ago_once() {
        let stands = |now_ms| {
            condition(&Condition {
                now_ms,
                synced_ms: Some(1_000_000),
                holder: None,
            })
        };
        let told = "last sync of all maps: 1970-01-01T00:16:40.000Z (5 seconds ago)";
        assert_eq!(stands(1_005_000), [told]);
        let told = "last sync of all maps: 1970-01-01T00:16:40.000Z (5 seconds ahead of this machine's clock)";
        assert_eq!(stands(995_000), [told]);
    }
}
