//! What a map's work is done with: both sides, opened.

use super::{Halt, Mode, Task, Trust, envelope};
use crate::local::{RecoveryRun, Root};
use crate::remote;
use crate::store::Store;
use crate::transfer::{Hands, Known, Unfinished};
use std::sync::{Arc, Mutex};

/// Opens both sides. `known` has the records of what is synced, where they may be used.
pub(super) async fn hands(
    task: &Task,
    root: Root,
    store: Option<&Arc<Mutex<Store>>>,
    known: Option<&Arc<Mutex<Store>>>,
) -> Result<Arc<Hands>, Halt> {
    let Task {
        bucket, map, terms, ..
    } = task;
    let client = remote::connect(&bucket.access, &bucket.name, &terms.network)
        .await
        .map_err(Halt::Remote)?;
    let capabilities = bucket.capabilities.unwrap_or_default();
    let unfinished = Unfinished::of(map.id, store.cloned());
    if terms.mode == Mode::Apply && terms.trust == Trust::Nothing {
        unfinished.forget_failures(None).await;
    }
    let hands = Hands {
        modes: map.modes,
        root,
        remote: client.remote(&map.prefix, capabilities),
        recovery: RecoveryRun::at(terms.now_ms),
        replica: terms.replica,
        storage_class: map.storage_class.clone(),
        envelope: envelope(map, &terms.passphrase).map_err(Halt::Key)?,
        known: Known::of(task.index, known.cloned()),
        unfinished,
        stop: terms.stop.clone(),
        sink: Arc::clone(&terms.sink),
        flow: Arc::clone(&terms.share.flow),
    };
    Ok(Arc::new(hands))
}
