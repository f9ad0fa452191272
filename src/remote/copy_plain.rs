//! The copy that a rename begins with, of an object whose bytes are known.

use super::Remote;
use super::error::{Error, Kind, Operation};
use super::meta::WriteId;
use super::object::Head;
use super::write::{Expect, Gone, is_doubtful};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use crate::state::Encoding;
use aws_sdk_s3::operation::copy_object::CopyObjectOutput;
use aws_sdk_s3::types::StorageClass;

/// The greatest object one request copies.
const MAX_PLAIN_BYTES: u64 = 5 << 30;

impl Remote {
    /// Copies the object `from`, which must still be `source`, to `to`, where nothing may be. The
    /// ETag of `source` must be the MD5 of its bytes: then it is encrypted by nothing but the
    /// bucket's own default, and an equal ETag proves an equal copy, so that one request is enough
    /// where the server honours conditions on both ends. `class` is its storage class, where that
    /// is not the standard one. Metadata, headers and tags are kept by the server, the source's write
    /// id among them; a copy that takes more requests has the write id `write`.
    ///
    /// # Errors
    /// As [`Remote::copy`].
    pub async fn copy_plain(
        &self,
        from: &Key,
        source: &RemoteStamp,
        to: &Key,
        class: Option<&str>,
        write: WriteId,
    ) -> Result<RemoteStamp, Error> {
        let found = self.capabilities;
        let is_enforced = found.copy_source_if_match && found.copy_if_absent;
        if !is_enforced
            || source.size_bytes > MAX_PLAIN_BYTES
            || !matches!(source.etag, ETag::Md5(_))
        {
            return self.copy(from, source, to, Expect::Absent, write).await;
        }
        let patience = &self.client.shared.patience;
        patience
            .retry(|| self.copy_plain_once(from, source, to, class))
            .await
    }

    async fn copy_plain_once(
        &self,
        from: &Key,
        source: &RemoteStamp,
        to: &Key,
        class: Option<&str>,
    ) -> Result<RemoteStamp, Error> {
        let sent = self.send_copy_plain(from, &source.etag, to, class).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if is_doubtful(&error) => {
                // The copy carries its source's write id, so that its bytes must tell whether an
                // earlier try of it arrived. Whoever wrote the same ones wrote no others.
                return match self.head(to).await {
                    Ok(Some(head)) if is_same(&head, source) => Ok(head.stamp),
                    _ => Err(error),
                };
            }
            Err(error) => return Err(error),
        };
        let result = answer.copy_object_result();
        let etag = ETag::parse(result.and_then(|result| result.e_tag()).unwrap_or_default());
        if etag != source.etag {
            return self.judge_copy(source, to, &etag).await;
        }
        let modified = result.and_then(|result| result.last_modified());
        Ok(RemoteStamp {
            etag,
            size_bytes: source.size_bytes,
            modified_ms: modified.and_then(|time| time.to_millis().ok()).unwrap_or(0),
            version: answer.version_id().and_then(super::object::version),
        })
    }

    /// A copy that has another ETag than its source, as a bucket's default encryption may give it:
    /// without proof it is taken away again.
    async fn judge_copy(
        &self,
        source: &RemoteStamp,
        to: &Key,
        etag: &ETag,
    ) -> Result<RemoteStamp, Error> {
        let head = self.head(to).await?;
        if let Some(head) = &head
            && is_same(head, source)
        {
            return Ok(head.stamp.clone());
        }
        if !etag.is_empty() {
            // It is our own; not to succeed leaves a second copy, which harms nobody.
            let _: Result<Gone, Error> = self.delete(to, etag).await;
        }
        let kind = Kind::BadAnswer("the copy is not the same");
        Err(self.error(kind, Operation::Copy, &self.object_key(to)))
    }

    async fn send_copy_plain(
        &self,
        from: &Key,
        etag: &ETag,
        to: &Key,
        class: Option<&str>,
    ) -> Result<CopyObjectOutput, Error> {
        let (from, to) = (self.object_key(from), self.object_key(to));
        self.sdk()
            .copy_object()
            .bucket(&*self.bucket)
            .key(&to)
            .copy_source(self.copy_source(&from))
            .copy_source_if_match(self.condition(etag))
            .if_none_match("*")
            .set_storage_class(class.map(StorageClass::from))
            .customize()
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Copy, &self.bucket, &sdk).at(&to))
    }
}

/// Whether an object holds the bytes of `source`, as they are.
fn is_same(head: &Head, source: &RemoteStamp) -> bool {
    head.stamp.is_same_object(source) && head.told.encoding == Some(Encoding::Plain)
}
