//! How much the recovery folder holds: counted for one run, and bounded for all.

use super::error::{At, Error};
use super::root::Root;
use super::run::{Displaced, RecoveryRun, RunFolder};
use rustix::fs::fstatvfs;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was moved to the recovery folder since the root was opened.
#[derive(Default)]
pub(super) struct Tally([AtomicU64; Displaced::ALL.len()]);

impl Tally {
    pub(super) fn add(&self, why: Displaced) {
        self.0[why as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// Bounds of the recovery folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes on disk that it may hold.
    pub most_bytes: u64,
    /// Bytes that must stay free on its file system.
    pub least_free_bytes: u64,
}

/// A file system's size, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Of all of it.
    pub total_bytes: u64,
    /// What this user may still write.
    pub free_bytes: u64,
}

/// Kept files that were removed before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// How many.
    pub files: u64,
    /// Bytes on disk that they took.
    pub bytes: u64,
}

impl Root {
    /// Files moved to the recovery folder for this reason since the root was opened.
    #[must_use]
    pub fn displaced(&self, why: Displaced) -> u64 {
        self.inner().tally.0[why as usize].load(Ordering::Relaxed)
    }

    /// The size of the root's file system.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn space(&self) -> Result<Space, Error> {
        let found = fstatvfs(self.fd()).at("measure free space of", self.path())?;
        let unit_bytes = match found.f_frsize {
            0 => found.f_bsize,
            bytes => bytes,
        };
        Ok(Space {
            total_bytes: found.f_blocks.saturating_mul(unit_bytes),
            free_bytes: found.f_bavail.saturating_mul(unit_bytes),
        })
    }

    /// Removes kept files until the recovery folder is within its bounds: replaced ones first, then
    /// deleted ones, each from the oldest run on. Files that lost a conflict stay in any case, and
    /// so does what an earlier version of the program kept, and what the run `spared` displaced.
    ///
    /// Memory does not grow with the number of kept files.
    ///
    /// # Errors
    /// What listing and removing give.
    pub fn trim_recovery(
        &self,
        bounds: Bounds,
        spared: Option<&RecoveryRun>,
    ) -> Result<Removed, Error> {
        let mut held_bytes = 0_u64;
        let mut folders = self.recovery_folders()?;
        for (folder, parsed) in &folders {
            self.each_kept_in(folder, parsed, &mut |kept| {
                held_bytes = held_bytes.saturating_add(kept.disk_bytes);
                Ok(())
            })?;
        }
        let over = held_bytes.saturating_sub(bounds.most_bytes);
        let short = bounds
            .least_free_bytes
            .saturating_sub(self.space()?.free_bytes);
        let wanted_bytes = over.max(short);
        let mut removed = Removed::default();
        folders.retain(|(_, parsed)| rank(parsed).is_some() && spared != Some(&parsed.run));
        folders.sort_by_key(|(_, parsed)| (rank(parsed), parsed.run.started_ms()));
        for (folder, parsed) in &folders {
            if removed.bytes >= wanted_bytes {
                break;
            }
            self.each_kept_in(folder, parsed, &mut |kept| {
                if removed.bytes < wanted_bytes {
                    self.drop_kept(&kept)?;
                    removed.files += 1;
                    removed.bytes += kept.disk_bytes;
                }
                Ok(())
            })?;
        }
        Ok(removed)
    }
}

/// What goes first; `None` for what does not go before its time.
fn rank(folder: &RunFolder) -> Option<u8> {
    match folder.why? {
        Displaced::Replaced | Displaced::Undone => Some(0),
        Displaced::Deleted => Some(1),
        Displaced::Conflict | Displaced::Interrupted => None,
    }
}
