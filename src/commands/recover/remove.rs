//! Kept versions go for good: those that a person names, or those that are too old.

use super::Error;
use super::kept::{Folders, Kept, Place};
use crate::commands::dump::words::{Size, counted};
use crate::report::ask::{Said, agree};
use crate::stop::Stop;
use std::io::{self, Write};

/// Lines of what goes that a person is shown.
const SHOWN: usize = 20;
const DAY_MS: i64 = 86_400_000;

/// Asks whether these are to go.
pub(super) fn confirm(folders: &Folders, found: &[Kept], stop: &Stop) -> Said {
    let mut to = io::stderr();
    for kept in found.iter().take(SHOWN) {
        let _ = writeln!(to, "{}", kept.line(&folders.map.name));
    }
    if found.len() > SHOWN {
        let _ = writeln!(to, "and {} more", found.len() - SHOWN);
    }
    let bytes = found.iter().map(|kept| kept.size_bytes).sum();
    let count = counted(found.len() as u64, "kept file");
    agree(&format!("remove {count}, {}, for good?", Size(bytes)), stop)
}

/// Removes one version.
pub(super) async fn remove(folders: &Folders, kept: &Kept) -> Result<(), Error> {
    match (&kept.place, &folders.root, &folders.remote) {
        (Place::Local(file), Some(root), _) => root.drop_kept(file)?,
        (Place::Bucket(key, stamp), _, Some(remote)) => {
            remote.recovery().delete(key, &stamp.etag).await?;
        }
        // Nothing is found on a side that was not opened.
        _ => {}
    }
    Ok(())
}

/// Whether a version was displaced more days ago than its map keeps them.
pub(super) fn is_too_old(kept: &Kept, now_ms: i64, keep_days: u32) -> bool {
    now_ms.saturating_sub(kept.run.started_ms()) > i64::from(keep_days).saturating_mul(DAY_MS)
}
