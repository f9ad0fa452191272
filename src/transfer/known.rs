//! What is recorded of a map's files, asked for key by key.

use super::blocking;
use crate::key::Key;
use crate::state::Record;
use crate::store::Store;
use std::sync::{Arc, Mutex, PoisonError};

/// One map's records; without a store there are none.
#[derive(Clone)]
pub struct Known {
    map: usize,
    store: Option<Arc<Mutex<Store>>>,
}

impl Known {
    /// Those of the map at this position in the state file.
    #[must_use]
    pub fn of(map: usize, store: Option<Arc<Mutex<Store>>>) -> Self {
        Self { map, store }
    }

    /// What the state file has on a key; nothing if it cannot be read.
    pub async fn find(&self, key: &Key) -> Option<Record> {
        let (map, store, key) = (self.map, self.store.clone()?, key.clone());
        let finding = blocking(move || {
            let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(store.find(map, &key).ok().flatten())
        });
        finding.await.ok().flatten()
    }
}
