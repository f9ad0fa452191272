//! Writing one object in parts, and clearing away what was never finished.
//!
//! Promises: an object appears only by [`Upload::complete`], only over what was expected, whole or
//! not at all. Parts that were sent are kept and billed until the upload is completed or aborted;
//! whoever starts an upload must do one of both, and [`Remote::sweep_uploads`] finds what a crash
//! left behind.

use super::Remote;
use super::error::{Error, Kind, Operation, Passing};
use super::meta::{Meta, WriteId};
use super::object::{parse_crc64, show_crc64};
use super::write::{Attempt, CONTENT_TYPE, Conditions, Expect, Look};
use crate::key::Key;
use crate::stamp::RemoteStamp;
use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadOutput;
use aws_sdk_s3::operation::create_multipart_upload::builders::CreateMultipartUploadFluentBuilder;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, StorageClass,
};
use std::time::Duration;

/// Fewest bytes of every part but the last.
pub const MIN_PART_BYTES: u64 = 5 << 20;
/// Most parts of one upload; they are numbered from 1.
pub const MAX_PARTS: u32 = 10_000;

/// What a request may take that is sent although the run is to stop.
const LAST_REQUEST: Duration = Duration::from_millis(500);

/// An upload under way. Finish it with [`complete`](Self::complete) or [`abort`](Self::abort);
/// dropping it leaves its parts behind, since a drop cannot send a request.
#[derive(Debug, Clone)]
pub struct Upload {
    pub(super) remote: Remote,
    pub(super) key: String,
    pub(super) id: String,
    write: WriteId,
}

/// A part the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1 to [`MAX_PARTS`].
    pub number: u32,
    /// The part's ETag as the server wrote it.
    pub etag: Box<str>,
    /// The part's CRC64NVME, where the server told it.
    pub crc64: Option<u64>,
}

impl Remote {
    /// Starts an upload. `meta` belongs to the whole object.
    ///
    /// # Errors
    /// Any failed request.
    pub async fn start_upload(&self, key: &Key, meta: &Meta) -> Result<Upload, Error> {
        let mut request = self
            .sdk()
            .create_multipart_upload()
            .content_type(CONTENT_TYPE)
            .set_storage_class(meta.storage_class.as_deref().map(StorageClass::from));
        for (name, value) in meta.pairs() {
            request = request.metadata(name, value);
        }
        self.create_upload(self.object_key(key), request, meta.write)
            .await
    }

    /// Takes up an upload that an earlier run started and recorded. Sends nothing.
    #[must_use]
    pub fn resume_upload(&self, key: &Key, id: &str, write: WriteId) -> Upload {
        Upload {
            remote: self.clone(),
            key: self.object_key(key),
            id: id.to_owned(),
            write,
        }
    }

    pub(super) async fn create_upload(
        &self,
        key: String,
        request: CreateMultipartUploadFluentBuilder,
        write: WriteId,
    ) -> Result<Upload, Error> {
        let mut request = request.bucket(&*self.bucket).key(&key);
        if self.capabilities.crc64_checked {
            request = request
                .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
                .checksum_type(ChecksumType::FullObject);
        }
        let patience = &self.client.shared.patience;
        let answer = patience
            .retry(|| async {
                let sent = request.clone().send().await;
                sent.map_err(|sdk| Error::of_sdk(Operation::Upload, &self.bucket, &sdk).at(&key))
            })
            .await?;
        let Some(id) = answer.upload_id().map(str::to_owned) else {
            let kind = Kind::BadAnswer("it has no upload id");
            return Err(self.error(kind, Operation::Upload, &key));
        };
        Ok(Upload {
            remote: self.clone(),
            key,
            id,
            write,
        })
    }
}

impl Upload {
    /// The server's name for this upload, for [`Remote::resume_upload`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The write id its object will carry.
    #[must_use]
    pub fn write(&self) -> WriteId {
        self.write
    }

    /// Makes the object of its parts, which must be numbered 1 to N. `crc64` is the CRC64NVME of
    /// the whole object and `size_bytes` its length; the server refuses other bytes where it can.
    ///
    /// Does not abort the upload when it fails.
    ///
    /// # Errors
    /// [`Kind::Changed`] where `expect` does not hold (the upload is of no further use),
    /// [`Kind::NotFound`] where the upload is gone and its object was not made,
    /// [`Kind::Unknown`] where nothing tells.
    pub async fn complete(
        &self,
        mut parts: Vec<Part>,
        crc64: Option<u64>,
        size_bytes: u64,
        expect: Expect<'_>,
    ) -> Result<RemoteStamp, Error> {
        parts.sort_by_key(|part| part.number);
        let whole = Whole {
            parts,
            crc64,
            size_bytes,
        };
        let capabilities = self.remote.capabilities;
        let attempt = Attempt {
            operation: Operation::Upload,
            key: &self.key,
            expect,
            write: self.write,
            enforced: match expect {
                Expect::Absent => capabilities.complete_if_absent.into(),
                Expect::Is(_) => capabilities.complete_if_match.into(),
            },
        };
        self.patience()
            .retry(|| self.complete_once(&attempt, &whole))
            .await
    }

    async fn complete_once(
        &self,
        attempt: &Attempt<'_>,
        whole: &Whole,
    ) -> Result<RemoteStamp, Error> {
        let conditions = match self.remote.look(attempt).await? {
            Look::Send(conditions) => conditions,
            Look::Done(stamp) => return Ok(stamp),
        };
        match self.send_complete(whole, conditions).await {
            Ok(answer) => {
                let (etag, version) = (answer.e_tag(), answer.version_id());
                self.remote
                    .written(attempt, etag, version, whole.size_bytes)
                    .await
            }
            Err(mut error) => {
                if error.passing == Passing::Refused {
                    // After a 409 this upload cannot be completed any more.
                    error.passing = Passing::No;
                }
                self.remote.settle(attempt, error).await
            }
        }
    }

    pub(super) async fn send_complete(
        &self,
        whole: &Whole,
        conditions: Conditions,
    ) -> Result<CompleteMultipartUploadOutput, Error> {
        let is_declared = self.remote.capabilities.crc64_checked;
        let mut upload = CompletedMultipartUpload::builder();
        for part in &whole.parts {
            upload = upload.parts(
                CompletedPart::builder()
                    .part_number(self.number(part.number)?)
                    .e_tag(&*part.etag)
                    .set_checksum_crc64_nvme(part.crc64.filter(|_| is_declared).map(show_crc64))
                    .build(),
            );
        }
        let crc64 = whole.crc64.filter(|_| is_declared);
        self.remote
            .sdk()
            .complete_multipart_upload()
            .bucket(&*self.remote.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .multipart_upload(upload.build())
            .set_checksum_crc64_nvme(crc64.map(show_crc64))
            .set_checksum_type(is_declared.then_some(ChecksumType::FullObject))
            .set_mpu_object_size(i64::try_from(whole.size_bytes).ok())
            .set_if_match(conditions.if_match)
            .set_if_none_match(conditions.if_none_match)
            .customize()
            .send()
            .await
            .map_err(|sdk| self.failed(Error::of_sdk(Operation::Upload, &self.remote.bucket, &sdk)))
    }

    /// Drops the upload and its parts. One that is gone already counts as aborted. A run that is to
    /// stop does not wait long for it.
    ///
    /// # Errors
    /// Any failed request; then [`Remote::sweep_uploads`] will find it.
    pub async fn abort(&self) -> Result<(), Error> {
        if self.patience().stop.is_wished() {
            let aborting = tokio::time::timeout(LAST_REQUEST, Box::pin(self.abort_once()));
            let stopped = || Error::new(Kind::Stopped, Operation::Upload, &self.remote.bucket);
            return aborting.await.map_err(|_| self.failed(stopped()))?;
        }
        self.patience().retry(|| self.abort_once()).await
    }

    async fn abort_once(&self) -> Result<(), Error> {
        let sent = self
            .remote
            .sdk()
            .abort_multipart_upload()
            .bucket(&*self.remote.bucket)
            .key(&self.key)
            .upload_id(&self.id)
            .send()
            .await
            .map_err(|sdk| {
                self.failed(Error::of_sdk(Operation::Upload, &self.remote.bucket, &sdk))
            });
        match sent {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn have(
        &self,
        number: u32,
        etag: Option<&str>,
        crc64: Option<&str>,
    ) -> Result<Part, Error> {
        match etag {
            Some(etag) if !etag.is_empty() => Ok(Part {
                number,
                etag: etag.into(),
                crc64: crc64.and_then(parse_crc64),
            }),
            _ => Err(self.bad("a part has no ETag")),
        }
    }

    pub(super) fn number(&self, number: u32) -> Result<i32, Error> {
        match i32::try_from(number) {
            Ok(fits) if (1..=MAX_PARTS).contains(&number) => Ok(fits),
            _ => Err(self.bad("a part number is not between 1 and 10000")),
        }
    }

    pub(super) fn patience(&self) -> &super::retry::Patience {
        &self.remote.client.shared.patience
    }

    pub(super) fn bad(&self, why: &'static str) -> Error {
        let kind = Kind::BadAnswer(why);
        self.failed(Error::new(kind, Operation::Upload, &self.remote.bucket))
    }

    pub(super) fn failed(&self, error: Error) -> Error {
        error.at(&self.key)
    }
}

/// All that makes an object of parts.
pub(super) struct Whole {
    pub(super) parts: Vec<Part>,
    pub(super) crc64: Option<u64>,
    pub(super) size_bytes: u64,
}
