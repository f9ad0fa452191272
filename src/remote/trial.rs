//! The single requests of a probe, and what their answers say of a server.

use super::carry::Carried;
use super::error::{Error, Kind, Operation};
use super::meta::{Meta, WriteId};
use super::probe::Probe;
use super::upload::{Part, Upload, Whole};
use super::write::Conditions;
use crate::stamp::ETag;
use crate::state::{Encoding, ReplicaId};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::AggregatedBytes;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;
use crc_fast::CrcAlgorithm;

/// How long a few bytes may take to be read back.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// What a request that had to be refused came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was refused for the condition.
    Proper,
    /// It was carried out, or refused as such.
    Improper,
}

impl Probe {
    pub(super) async fn put(
        &self,
        key: &str,
        text: &'static str,
        conditions: Conditions,
    ) -> Result<(), Error> {
        let bytes = Bytes::from_static(text.as_bytes());
        let crc64 = crc64(&bytes);
        let meta = meta();
        let sent = self.remote.send_put(key, bytes, crc64, conditions, &meta);
        sent.await.map(drop)
    }

    pub(super) async fn copy(
        &self,
        from: &str,
        source: Option<&ETag>,
        to: &str,
        conditions: Conditions,
    ) -> Result<(), Error> {
        let carried = Carried::default();
        let sent = self
            .remote
            .send_copy(from, source, to, &carried, conditions);
        sent.await.map(drop)
    }

    pub(super) async fn delete(&self, key: &str, etag: &ETag) -> Result<(), Error> {
        let sent = self
            .remote
            .sdk()
            .delete_object()
            .bucket(&*self.remote.bucket)
            .key(key)
            .if_match(self.remote.condition(etag))
            .send()
            .await;
        sent.map(drop).map_err(|sdk| self.failed(&sdk))
    }

    pub(super) async fn batch_delete(&self, key: &str, etag: &ETag) -> Result<(), Error> {
        let kind = Kind::BadAnswer("a request could not be built");
        let built = ObjectIdentifier::builder()
            .key(key)
            .e_tag(self.remote.condition(etag))
            .build()
            .and_then(|object| Delete::builder().objects(object).build());
        let Ok(delete) = built else {
            return Err(self.remote.error(kind, Operation::Probe, key));
        };
        let sent = self
            .remote
            .sdk()
            .delete_objects()
            .bucket(&*self.remote.bucket)
            .delete(delete)
            .send()
            .await;
        sent.map(drop).map_err(|sdk| self.failed(&sdk))
    }

    pub(super) async fn create(&self, key: &str) -> Result<Upload, Error> {
        let request = self.remote.sdk().create_multipart_upload();
        self.remote
            .create_upload(key.to_owned(), request, WriteId([0; 16]))
            .await
    }

    /// An upload of one small part; `None` where the server takes none.
    pub(super) async fn upload(&self, key: &str) -> Result<Option<Trial>, Error> {
        let Some(upload) = took(self.create(key).await)? else {
            return Ok(None);
        };
        let Some(part) = took(upload.part(1, PART, crc64(&PART)).await)? else {
            // The upload holds nothing; the sweep finds it if this fails.
            let _ = upload.abort().await;
            return Ok(None);
        };
        let whole = whole(part, PART.len());
        Ok(Some(Trial { upload, whole }))
    }

    /// The same upload where it was properly refused, else a fresh one.
    pub(super) async fn upload_again(
        &self,
        trial: Trial,
        last: Refusal,
    ) -> Result<Option<Trial>, Error> {
        if last == Refusal::Proper {
            return Ok(Some(trial));
        }
        trial.abort().await;
        let Upload { key, .. } = &trial.upload;
        self.upload(key).await
    }

    pub(super) async fn etag(&self, key: &str) -> Result<ETag, Error> {
        let head = self.remote.head_object(key).await?;
        head.map(|head| head.stamp.etag).ok_or_else(|| {
            let kind = Kind::BadAnswer("an object just written is not there");
            self.remote.error(kind, Operation::Probe, key)
        })
    }

    /// The bytes that are there now; empty where they cannot be read. A `HEAD` would not do: there
    /// are stores that keep an object's ETag and lose its bytes.
    pub(super) async fn text(&self, key: &str) -> Result<Bytes, Error> {
        // Those that lose the bytes may promise them all the same, and never send them.
        let read = self.read(key);
        tokio::time::timeout(PATIENCE, read)
            .await
            .unwrap_or_else(|_| Ok(Bytes::new()))
    }

    async fn read(&self, key: &str) -> Result<Bytes, Error> {
        let sent = self
            .remote
            .sdk()
            .get_object()
            .bucket(&*self.remote.bucket)
            .key(key)
            .send()
            .await;
        let Some(answer) = took(sent.map_err(|sdk| self.failed(&sdk)))? else {
            return Ok(Bytes::new());
        };
        let collected = answer.body.collect().await;
        Ok(collected.map_or_else(|_| Bytes::new(), AggregatedBytes::into_bytes))
    }

    pub(super) fn is(&self, etag: &ETag) -> Conditions {
        Conditions {
            if_match: Some(self.remote.condition(etag)),
            if_none_match: None,
        }
    }

    pub(super) fn failed<E>(&self, sdk: &SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        Error::of_sdk(Operation::Probe, &self.remote.bucket, sdk)
    }
}

/// An upload that is ready to be completed.
pub(super) struct Trial {
    pub(super) upload: Upload,
    pub(super) whole: Whole,
}

impl Trial {
    pub(super) async fn complete(&self, conditions: Conditions) -> Result<(), Error> {
        let sent = self.upload.send_complete(&self.whole, conditions).await;
        sent.map(drop)
    }

    /// Aborts it if it is still there; the sweep finds what cannot be aborted.
    pub(super) async fn abort(&self) {
        let _ = self.upload.abort().await;
    }
}

pub(super) const PART: Bytes = Bytes::from_static(b"a part");

pub(super) fn whole(part: Part, size: usize) -> Whole {
    Whole {
        parts: vec![part],
        crc64: None,
        size_bytes: u64::try_from(size).unwrap_or(u64::MAX),
    }
}

pub(super) fn absent() -> Conditions {
    Conditions {
        if_none_match: Some("*".to_owned()),
        if_match: None,
    }
}

/// An ETag that no object of the probe has.
pub(super) fn other() -> ETag {
    ETag::Md5([0; 16])
}

pub(super) fn meta() -> Meta {
    Meta {
        mtime_ns: 0,
        mode: None,
        encoding: Encoding::Plain,
        plain_size_bytes: 0,
        writer: ReplicaId([0; 16]),
        write: WriteId([0; 16]),
        storage_class: None,
    }
}

pub(super) fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes)
}

/// What a request came to that had to succeed; `None` where the server refuses such requests.
pub(super) fn took<T>(sent: Result<T, Error>) -> Result<Option<T>, Error> {
    match sent {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_trouble(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// What a request came to that had to be refused.
pub(super) fn refusal<T>(sent: Result<T, Error>) -> Result<Refusal, Error> {
    match sent {
        Err(error) if is_trouble(&error) => Err(error),
        Err(error) if error.status() == Some(412) => Ok(Refusal::Proper),
        _ => Ok(Refusal::Improper),
    }
}

/// Whether a failure says nothing of what the server honours.
fn is_trouble(error: &Error) -> bool {
    let is_unanswered =
        error.status().is_none() && !matches!(error.kind, Kind::BadAnswer(_) | Kind::Changed);
    is_unanswered
        || matches!(
            error.kind,
            Kind::NoBucket
                | Kind::NoCredentials
                | Kind::ExpiredCredentials
                | Kind::ClockSkew
                | Kind::WrongRegion { .. }
                | Kind::Throttled
        )
}
