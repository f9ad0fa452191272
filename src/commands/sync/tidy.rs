//! What follows a map's run: old and surplus kept files go, and a run that replaced or deleted much
//! of what is here says how to undo it.

use crate::commands::dump::words::{Size, counted};
use crate::commands::paste;
use crate::event::Event;
use crate::key::Shown;
use crate::local::{Bounds, Displaced, RecoveryRun, Removed, Root, Space};
use crate::state::KeepSize;
use crate::sync::{Mode, Outcome, Task};
use std::path::Path;

/// Files that a run may replace and delete without a word.
const FEW: u64 = 100;

/// Does what follows a map's run. `file` is the state file.
pub(super) async fn tidy(task: &Task, root: Root, outcome: &Outcome, file: &Path) {
    if task.terms.mode == Mode::DryRun {
        return;
    }
    mention_mass_change(task, &root, outcome, file);
    let (now_ms, keep_days) = (task.terms.now_ms, task.map.keep_days);
    let keep_size = task.map.keep_size;
    // Old files go only if the run was sound.
    let is_sound = outcome.halt.is_none();
    let trimmed = tokio::task::spawn_blocking(move || {
        if is_sound {
            // Failure is harmless: the next run tries again.
            let _ = root.expire_recovery(now_ms, keep_days);
        }
        let reasons = [Displaced::Replaced, Displaced::Deleted, Displaced::Conflict];
        if reasons.iter().all(|why| root.displaced(*why) == 0) {
            return Ok(Removed::default());
        }
        // By default the latest run can be undone, however full the disk is.
        let latest = RecoveryRun::at(now_ms);
        let spared = (keep_size == KeepSize::Default).then_some(&latest);
        root.trim_recovery(bounds(keep_size, root.space()?), spared)
    })
    .await;
    let (sink, map) = (&task.terms.sink, Shown(&task.map.name));
    match trimmed {
        Ok(Ok(Removed { files: 0, .. })) | Err(_) => {}
        Ok(Ok(Removed { files, bytes })) => {
            let (files, size) = (counted(files, "kept file"), Size(bytes));
            sink(Event::Notice(&format!(
                "map {map}: removed {files} ({size}) early: the recovery folder was over its --keep-size"
            )));
        }
        Ok(Err(error)) => {
            sink(Event::Notice(&format!(
                "map {map}: the recovery folder may be over its --keep-size: {error}"
            )));
        }
    }
}

/// By default the recovery folder holds a tenth of its file system, and leaves a twentieth of it
/// free.
fn bounds(keep_size: KeepSize, space: Space) -> Bounds {
    let share = |percent: u8| {
        let bytes = u128::from(space.total_bytes) * u128::from(percent) / 100;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    };
    let at_most = |most_bytes| Bounds {
        most_bytes,
        least_free_bytes: 0,
    };
    match keep_size {
        KeepSize::Default => Bounds {
            least_free_bytes: share(5),
            ..at_most(share(10))
        },
        KeepSize::Bytes(bytes) => at_most(bytes),
        KeepSize::Percent(percent) => at_most(share(percent)),
    }
}

fn mention_mass_change(task: &Task, root: &Root, outcome: &Outcome, file: &Path) {
    let replaced = root.displaced(Displaced::Replaced) + root.displaced(Displaced::Conflict);
    let deleted = root.displaced(Displaced::Deleted);
    let (changed, files) = (replaced + deleted, outcome.counts.scanned);
    if changed <= FEW || changed.saturating_mul(2) <= files {
        return;
    }
    let name = &task.map.name;
    let run = RecoveryRun::at(task.terms.now_ms);
    let (map, command) = (
        Shown(name),
        paste::command(file, &["undo", name, run.name()]),
    );
    (task.terms.sink)(Event::Notice(&format!(
        "map {map}: replaced {replaced} and deleted {deleted} of {files} files here; to put them back: {command}"
    )));
}
