//! Uploads in parts that are under way, in the journal, so that a later run can carry them on.
//!
//! What is written here is a hint: where it fails or gets lost, parts are sent once more.

use super::{Failure, blocking};
use crate::format::journal;
use crate::key::Key;
use crate::remote::{Upload, WriteId};
use crate::stamp::LocalStamp;
use crate::state::MapId;
use crate::store::{Retry, Store};
use std::sync::{Arc, Mutex, PoisonError};

/// One map's unfinished uploads; without a store there never are any.
#[derive(Clone)]
pub struct Unfinished {
    map: MapId,
    store: Option<Arc<Mutex<Store>>>,
}

impl Unfinished {
    /// Those of a map.
    #[must_use]
    pub fn of(map: MapId, store: Option<Arc<Mutex<Store>>>) -> Self {
        Self { map, store }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<journal::Upload> {
        self.with(|map, store| {
            let own = store.uploads().iter().filter(|(of, _)| *of == map);
            own.map(|(_, upload)| upload.clone()).collect()
        })
        .unwrap_or_default()
    }

    /// The one of this key.
    pub(super) fn find(&self, key: &Key) -> Option<journal::Upload> {
        self.all().into_iter().find(|upload| upload.key == *key)
    }

    /// Notes an upload that has begun.
    pub(super) async fn begin(
        &self,
        key: &Key,
        upload: &Upload,
        source: LocalStamp,
        part_bytes: u64,
    ) -> Result<(), Failure> {
        let begun = journal::Upload {
            key: key.clone(),
            upload_id: upload.id().into(),
            part_bytes,
            source,
            write_id: upload.write().0,
        };
        let own = self.clone();
        blocking(move || {
            // Where there is no room for a journal, the run will say so with its first receipt.
            let _ = own.with(|map, store| store.journal_upload(map, &begun));
            Ok(())
        })
        .await
    }

    /// Lets one be over.
    pub async fn end(&self, key: &Key) {
        let (own, key) = (self.clone(), key.clone());
        let ended = blocking(move || {
            own.with(|map, store| store.end_upload(map, &key));
            Ok(())
        });
        let _ = ended.await;
    }

    /// Failures of this upload in earlier runs.
    pub(super) fn retry(&self, key: &Key, source: &LocalStamp) -> Option<Retry> {
        self.with(|map, store| store.retry(map, key, source))?
    }

    /// Notes that an upload failed for a cause that does not pass by itself; returns how often in a
    /// row it has.
    pub(super) async fn fail(
        &self,
        key: &Key,
        source: LocalStamp,
        cause: String,
        now_ms: i64,
    ) -> u32 {
        let (own, key) = (self.clone(), key.clone());
        let noted = blocking(move || {
            let note =
                |map, store: &mut Store| store.note_failure(map, &key, &source, &cause, now_ms);
            Ok(own.with(note).unwrap_or_default())
        });
        noted.await.unwrap_or_default()
    }

    /// Forgets the failures of a key, or of all keys of the map.
    pub async fn forget_failures(&self, key: Option<&Key>) {
        let (own, key) = (self.clone(), key.cloned());
        let forgotten = blocking(move || {
            own.with(|map, store| store.forget_failures(map, key.as_ref()));
            Ok(())
        });
        let _ = forgotten.await;
    }

    fn with<T>(&self, work: impl FnOnce(MapId, &mut Store) -> T) -> Option<T> {
        let store = self.store.as_ref()?;
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        Some(work(self.map, &mut store))
    }
}

/// Whether an upload that began earlier is the one that would begin now.
pub(super) fn is_same(begun: &journal::Upload, source: &LocalStamp, part_bytes: u64) -> bool {
    begun.source == *source && begun.part_bytes == part_bytes && part_bytes != 0
}

/// The write id of an upload that began earlier.
pub(super) fn write_of(begun: &journal::Upload) -> WriteId {
    WriteId(begun.write_id)
}
