//! What is under way, in the journal: uploads in parts, so that a later run can carry them on, and
//! objects that are about to be made, so that it knows them as its own.
//!
//! What is written here is a hint. If it fails or gets lost, parts are sent once more, and an object
//! is taken for a new one.

use super::{Failure, Hands, blocking};
use crate::format::journal::{self, Intent, Origin};
use crate::key::Key;
use crate::remote::{self, Upload, WriteId};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, MapId, Record};
use crate::store::{Retry, Store};
use std::sync::{Arc, Mutex, PoisonError};

/// What one map has under way; without a store that is nothing.
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

    /// Objects that an earlier run was about to make and did not record.
    #[must_use]
    pub fn intents(&self) -> Vec<Intent> {
        self.with(|map, store| store.intents(map).cloned().collect())
            .unwrap_or_default()
    }

    /// Notes an object that is about to be made; returns its record. When this returns, the note
    /// outlives this process. Blocks.
    pub(super) fn intend(&self, intent: Intent) -> Record {
        let record = intent.record.clone();
        // Where there is no room for a journal, the run will say so with its first receipt.
        let _ = self.with(|map, store| store.journal_intent(map, intent));
        record
    }

    /// Lets intents be over of which no object came, or another one.
    pub async fn end_intents(&self, keys: Vec<Key>) {
        let own = self.clone();
        let ended = blocking(move || {
            own.with(|map, store| {
                for key in &keys {
                    store.end_intent(map, key);
                }
            });
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

impl Hands {
    /// Sends a request that makes an object, once the journal has what the object is to be. Returns
    /// the record of what was made.
    pub(super) async fn make(
        &self,
        intent: Intent,
        request: impl Future<Output = Result<RemoteStamp, remote::Error>>,
    ) -> Result<Record, Failure> {
        let unfinished = self.unfinished.clone();
        let record = blocking(move || Ok(unfinished.intend(intent))).await?;
        self.intended(record, request).await
    }

    /// The same where the journal has it already.
    pub(super) async fn intended(
        &self,
        record: Record,
        request: impl Future<Output = Result<RemoteStamp, remote::Error>>,
    ) -> Result<Record, Failure> {
        match request.await {
            Ok(remote) => Ok(Record { remote, ..record }),
            Err(error) => {
                if !error.leaves_doubt() {
                    self.unfinished.end_intents(vec![record.key]).await;
                }
                Err(error.into())
            }
        }
    }
}

/// The record of a file whose object is not made yet.
pub(super) fn unmade(
    key: &Key,
    local: LocalStamp,
    blake3: &[u8; 32],
    encoding: Encoding,
) -> Record {
    Record {
        key: key.clone(),
        local: Some(local),
        remote: RemoteStamp {
            etag: ETag::parse(""),
            size_bytes: 0,
            modified_ms: 0,
            version: None,
        },
        content: Content::blake3(blake3),
        encoding,
        parts: None,
    }
}

/// An object that is about to be sent: so many bytes with this CRC-64/NVME, which make `record`
/// true.
pub(super) fn sent(mut record: Record, write: WriteId, size_bytes: u64, crc64: u64) -> Intent {
    record.remote.size_bytes = size_bytes;
    Intent {
        record,
        write_id: write.0,
        origin: Origin::Sent { crc64 },
    }
}

/// A copy of the object of `source` that is about to be made under `to`, where the file is.
pub(super) fn copied(source: &Record, to: &Key, local: LocalStamp, write: WriteId) -> Intent {
    Intent {
        record: Record {
            key: to.clone(),
            local: Some(local),
            remote: RemoteStamp {
                modified_ms: 0,
                version: None,
                ..source.remote.clone()
            },
            ..source.clone()
        },
        write_id: write.0,
        origin: Origin::Copied(source.key.clone()),
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
