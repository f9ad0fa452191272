//! What `status` tells beside a dry run: when all maps were last synced, and who syncs now.

use super::now_ms;
use crate::local::RecoveryRun;
use crate::store::{self, Holder, Mode, Store};
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

/// How the state file stands; what cannot be read is as if it never was.
#[must_use]
pub fn condition(file: &Path) -> Condition {
    let now_ms = now_ms();
    let store = Store::open(file, Mode::ReadOnly, RecoveryRun::at(now_ms).name());
    let synced = store.ok().map(|store| store.state().synced_ms);
    let synced = synced.filter(|ms| *ms > 0);
    Condition {
        synced_ms: synced.and_then(|ms| i64::try_from(ms).ok()),
        holder: store::beside(file).holder,
        now_ms,
    }
}
