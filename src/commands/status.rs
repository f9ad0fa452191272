//! What `status` tells beside a dry run: when all maps were last synced, and who syncs now.

use super::now_ms;
use super::sync::Report;
use crate::store::{self, Holder};
use std::path::Path;

/// How a state file stands.
#[derive(Debug, Default)]
pub struct Condition {
    /// When a run of all maps last ended well, milliseconds since the epoch; `None` if none did.
    pub synced_ms: Option<i64>,
    /// The run that holds the lock, where the system tells.
    pub holder: Option<Holder>,
    /// The time of asking, milliseconds since the epoch.
    pub now_ms: i64,
}

/// How the state file stands of which a dry run has reported.
#[must_use]
pub fn condition(file: &Path, report: &Report) -> Condition {
    let synced = i64::try_from(report.synced_ms).ok();
    Condition {
        synced_ms: synced.filter(|ms| *ms > 0),
        holder: store::holder(file),
        now_ms: now_ms(),
    }
}
