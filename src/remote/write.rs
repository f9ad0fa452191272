//! Writing and deleting one object, only over what was expected.
//!
//! Promises: `Ok` means that it was done and by this call; [`Kind::Changed`] means that it was not
//! done and that somebody else was there; [`Kind::Unknown`] means that nothing tells. Where the
//! server does not honour a condition, the object is looked at directly before the request.

use super::Remote;
use super::error::{Error, Kind, Operation, Passing};
use super::meta::{Meta, WriteId};
use super::object::{Head, show_crc64, version};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::StorageClass;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest, Md5};

pub(super) const CONTENT_TYPE: &str = "application/octet-stream";
/// What must be under a key when it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect<'a> {
    /// No object.
    Absent,
    /// The object with this ETag.
    Is(&'a ETag),
}

/// What a deletion found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The object, which is deleted now.
    Deleted,
    /// Nothing: it was gone already.
    Already,
}

/// Condition headers of one request.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    pub(super) if_none_match: Option<String>,
    pub(super) if_match: Option<String>,
}

/// Whether the server enforces a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enforced {
    Yes,
    No,
}

impl From<bool> for Enforced {
    fn from(capability: bool) -> Self {
        if capability { Self::Yes } else { Self::No }
    }
}

/// One conditional write, as all its steps need it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) operation: Operation,
    pub(super) key: &'a str,
    pub(super) expect: Expect<'a>,
    pub(super) write: WriteId,
    pub(super) enforced: Enforced,
}

/// What is under the key of a write.
enum Seen {
    Ours(RemoteStamp),
    Expected,
    Foreign,
}

/// How a write goes on.
pub(super) enum Look {
    /// It is to be sent with these conditions.
    Send(Conditions),
    /// An earlier try of it arrived after all.
    Done(RemoteStamp),
}

impl Remote {
    /// Writes an object of which all bytes are at hand, with one request.
    ///
    /// `crc64` is the CRC64NVME of `bytes`; the server refuses bytes that arrive otherwise, where
    /// it can. The stamp's `modified_ms` is 0 unless the server's answer lacked the ETag, since S3
    /// does not tell it.
    ///
    /// # Errors
    /// [`Kind::Changed`] where `expect` does not hold, [`Kind::Unknown`] where nothing tells
    /// whether the object was written.
    pub async fn put(
        &self,
        key: &Key,
        bytes: Bytes,
        crc64: u64,
        expect: Expect<'_>,
        meta: &Meta,
    ) -> Result<RemoteStamp, Error> {
        let key = self.object_key(key);
        let attempt = Attempt {
            operation: Operation::Put,
            key: &key,
            expect,
            write: meta.write,
            enforced: match expect {
                Expect::Absent => self.capabilities.put_if_absent.into(),
                Expect::Is(_) => self.capabilities.put_if_match.into(),
            },
        };
        self.client
            .shared
            .patience
            .retry(|| self.put_once(&attempt, &bytes, crc64, meta))
            .await
    }

    async fn put_once(
        &self,
        attempt: &Attempt<'_>,
        bytes: &Bytes,
        crc64: u64,
        meta: &Meta,
    ) -> Result<RemoteStamp, Error> {
        let conditions = match self.look(attempt).await? {
            Look::Send(conditions) => conditions,
            Look::Done(stamp) => return Ok(stamp),
        };
        let sent = self
            .send_put(attempt.key, bytes.clone(), crc64, conditions, meta)
            .await;
        match sent {
            Ok(answer) => {
                self.written(attempt, answer.e_tag(), answer.version_id(), length(bytes))
                    .await
            }
            Err(error) => self.settle(attempt, error).await,
        }
    }

    pub(super) async fn send_put(
        &self,
        key: &str,
        bytes: Bytes,
        crc64: u64,
        conditions: Conditions,
        meta: &Meta,
    ) -> Result<PutObjectOutput, Error> {
        let mut request = self
            .sdk()
            .put_object()
            .bucket(&*self.bucket)
            .key(key)
            .content_type(CONTENT_TYPE)
            .set_storage_class(meta.storage_class.as_deref().map(StorageClass::from))
            .set_if_match(conditions.if_match)
            .set_if_none_match(conditions.if_none_match);
        for (name, value) in meta.pairs() {
            request = request.metadata(name, value);
        }
        request = match self.checksum(&bytes, crc64) {
            Checksum::Crc64(text) => request.checksum_crc64_nvme(text),
            Checksum::Md5(text) => request.content_md5(text),
        };
        request
            .body(ByteStream::from(bytes))
            .customize()
            .disable_payload_signing()
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Put, &self.bucket, &sdk).at(key))
    }

    /// Deletes the object with the ETag `expect`.
    ///
    /// # Errors
    /// [`Kind::Changed`] where another object is there, which is left alone.
    pub async fn delete(&self, key: &Key, expect: &ETag) -> Result<Gone, Error> {
        self.delete_object(&self.object_key(key), expect).await
    }

    pub(super) async fn delete_object(&self, key: &str, expect: &ETag) -> Result<Gone, Error> {
        self.client
            .shared
            .patience
            .retry(|| self.delete_once(key, expect))
            .await
    }

    async fn delete_once(&self, key: &str, expect: &ETag) -> Result<Gone, Error> {
        let changed = || self.error(Kind::Changed, Operation::Delete, key);
        let is_enforced = self.capabilities.delete_if_match && !expect.is_empty();
        if !is_enforced {
            match self.head_object(key).await? {
                None => return Ok(Gone::Already),
                Some(head) if head.stamp.etag != *expect => return Err(changed()),
                Some(_) => {}
            }
        }
        let sent = self
            .sdk()
            .delete_object()
            .bucket(&*self.bucket)
            .key(key)
            .set_if_match(is_enforced.then(|| self.condition(expect)))
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Delete, &self.bucket, &sdk).at(key));
        let error = match sent {
            Ok(_) => return Ok(Gone::Deleted),
            Err(error) if is_doubtful(&error) => error,
            Err(error) => return Err(error),
        };
        match self.head_object(key).await {
            Err(head) => Err(self.unknown(Operation::Delete, key, head)),
            Ok(None) if error.passing == Passing::Unclear => Ok(Gone::Deleted),
            Ok(None) => Ok(Gone::Already),
            Ok(Some(head)) if head.stamp.etag == *expect => Err(as_changed(error)),
            Ok(Some(_)) => Err(changed()),
        }
    }

    /// The conditions to send, after a look at the object where the server enforces none.
    pub(super) async fn look(&self, attempt: &Attempt<'_>) -> Result<Look, Error> {
        if attempt.enforced == Enforced::Yes {
            return match attempt.expect {
                Expect::Absent => Ok(Look::Send(Conditions {
                    if_none_match: Some("*".to_owned()),
                    if_match: None,
                })),
                // An empty condition would match anything.
                Expect::Is(etag) if etag.is_empty() => Err(self.changed(attempt)),
                Expect::Is(etag) => Ok(Look::Send(Conditions {
                    if_none_match: None,
                    if_match: Some(self.condition(etag)),
                })),
            };
        }
        match self.see(attempt).await? {
            Seen::Ours(stamp) => Ok(Look::Done(stamp)),
            Seen::Expected => Ok(Look::Send(Conditions::default())),
            Seen::Foreign => Err(self.changed(attempt)),
        }
    }

    /// The stamp of a write that was answered with success.
    pub(super) async fn written(
        &self,
        attempt: &Attempt<'_>,
        etag: Option<&str>,
        version_id: Option<&str>,
        size_bytes: u64,
    ) -> Result<RemoteStamp, Error> {
        let etag = ETag::parse(etag.unwrap_or_default());
        if !etag.is_empty() {
            return Ok(RemoteStamp {
                etag,
                size_bytes,
                modified_ms: 0,
                version: version_id.and_then(version),
            });
        }
        match self.see(attempt).await {
            Ok(Seen::Ours(stamp)) => Ok(stamp),
            Ok(Seen::Expected | Seen::Foreign) => Err(self.changed(attempt)),
            Err(head) => Err(self.unknown(attempt.operation, attempt.key, head)),
        }
    }

    /// What became of a write that was answered with a failure.
    ///
    /// The SDK asks again by itself after a lost answer, and is then refused because of its own
    /// first success; so neither a refusal nor a broken connection is believed unread.
    pub(super) async fn settle(
        &self,
        attempt: &Attempt<'_>,
        error: Error,
    ) -> Result<RemoteStamp, Error> {
        if !is_doubtful(&error) {
            return Err(error);
        }
        match self.see(attempt).await {
            Err(head) => Err(self.unknown(attempt.operation, attempt.key, head)),
            Ok(Seen::Ours(stamp)) => Ok(stamp),
            Ok(Seen::Foreign) => Err(self.changed(attempt)),
            Ok(Seen::Expected) => Err(as_changed(error)),
        }
    }

    async fn see(&self, attempt: &Attempt<'_>) -> Result<Seen, Error> {
        let head = self.head_object(attempt.key).await?;
        Ok(match (head, attempt.expect) {
            (Some(Head { stamp, told, .. }), _) if told.write == Some(attempt.write) => {
                Seen::Ours(stamp)
            }
            (None, Expect::Absent) => Seen::Expected,
            (Some(head), Expect::Is(etag)) if head.stamp.etag == *etag => Seen::Expected,
            _ => Seen::Foreign,
        })
    }

    fn changed(&self, attempt: &Attempt<'_>) -> Error {
        self.error(Kind::Changed, attempt.operation, attempt.key)
    }

    /// A write whose outcome could not be read back because of `head`.
    fn unknown(&self, operation: Operation, key: &str, head: Error) -> Error {
        if head.operation == Operation::Reach {
            return head;
        }
        let kind = if head.is_fatal() {
            head.kind.clone()
        } else {
            Kind::Unknown
        };
        self.error(kind, operation, key).because(head)
    }

    pub(super) fn checksum(&self, bytes: &Bytes, crc64: u64) -> Checksum {
        if self.capabilities.crc64_checked {
            Checksum::Crc64(show_crc64(crc64))
        } else {
            Checksum::Md5(STANDARD.encode(Md5::digest(bytes)))
        }
    }
}

/// What lets the server check the bytes: CRC64NVME where it does so, else the MD5 that S3 has
/// always checked.
pub(super) enum Checksum {
    Crc64(String),
    Md5(String),
}

/// Whether a failed request may have had its effect, now or at an earlier try.
pub(super) fn is_doubtful(error: &Error) -> bool {
    // A look would be one request more where fewer are wished for; the next attempt finds out.
    if error.kind == Kind::Throttled {
        return false;
    }
    error.passing != Passing::No
        || matches!(error.kind, Kind::Changed | Kind::BadAnswer(_))
        || (error.kind == Kind::NotFound && error.status() == Some(404))
}

/// A refusal that says "not found" of the object to be replaced says that it changed.
fn as_changed(mut error: Error) -> Error {
    if error.kind == Kind::NotFound && error.code() != "NoSuchUpload" {
        error.kind = Kind::Changed;
    }
    error
}

pub(super) fn length(bytes: &Bytes) -> u64 {
    // A usize has at most 64 bits on every target of tokio.
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
