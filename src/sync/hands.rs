//! What a map's work is done with: both sides, opened.

use super::{Halt, Task, envelope};
use crate::local::{RecoveryRun, Root};
use crate::remote;
use crate::store::Store;
use crate::transfer::{Hands, Unfinished};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(super) async fn hands(
    task: &Task,
    root: Root,
    store: Option<&Arc<Mutex<Store>>>,
) -> Result<Arc<Hands>, Halt> {
    let Task {
        bucket, map, terms, ..
    } = task;
    let client = remote::connect(&bucket.access)
        .await
        .map_err(Halt::Remote)?;
    let capabilities = bucket.capabilities.unwrap_or_default();
    let hands = Hands {
        modes: map.modes,
        root,
        remote: client.remote(&bucket.name, &map.prefix, capabilities),
        recovery: RecoveryRun::at(terms.now_ms),
        replica: terms.replica,
        storage_class: map.storage_class.clone(),
        envelope: envelope(map, &terms.passphrase).map_err(Halt::Key)?,
        recorded: HashMap::new(),
        unfinished: Unfinished::of(map.id, store.cloned()),
        stop: terms.stop.clone(),
        sink: Arc::clone(&terms.sink),
        flow: Arc::clone(&terms.share.flow),
    };
    Ok(Arc::new(hands))
}
