//! Copying within a bucket without moving bytes through this machine.
//!
//! Promises: a copy holds the bytes of the version that was named, with its metadata and storage
//! class; it never replaces an object that was not expected.

use super::carry::Carried;
use super::error::{Error, Kind, Operation};
use super::meta::WriteId;
use super::object::Head;
use super::write::{Attempt, Conditions, Expect, Look};
use super::{Readability, Remote};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use aws_sdk_s3::operation::copy_object::CopyObjectOutput;
use aws_sdk_s3::types::MetadataDirective;
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;

/// The greatest object one `CopyObject` copies.
const MAX_COPY_BYTES: u64 = 5 << 30;
/// Parts of a greater one, unless there would be too many.
const COPY_PART_BYTES: u64 = 512 << 20;
const COPIES_AT_ONCE: usize = 4;
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Remote {
    /// Copies the object `from`, which must still be `source`, to `to`, where `expect` must hold.
    ///
    /// User metadata, content headers and storage class are kept; an object without a recorded
    /// time gets its `LastModified` as one, since the copy's own is later. The ETag may change
    /// though the bytes do not. Tags are kept; above 5 GiB only where they may be read. The copy has
    /// the write id `write`, where metadata can be written again as it is, else its source's.
    ///
    /// # Errors
    /// [`Kind::Changed`] where `source` or `expect` does not hold, [`Kind::Archived`],
    /// [`Kind::Unknown`].
    pub async fn copy(
        &self,
        from: &Key,
        source: &RemoteStamp,
        to: &Key,
        expect: Expect<'_>,
        write: WriteId,
    ) -> Result<RemoteStamp, Error> {
        let (from, to) = (self.object_key(from), self.object_key(to));
        self.copy_object(&from, source, &to, expect, write).await
    }

    pub(super) async fn copy_object(
        &self,
        from: &str,
        source: &RemoteStamp,
        to: &str,
        expect: Expect<'_>,
        write: WriteId,
    ) -> Result<RemoteStamp, Error> {
        let changed = || self.error(Kind::Changed, Operation::Copy, from);
        let answer = self.head_raw(from).await?.ok_or_else(changed)?;
        let bad = |why| self.error(Kind::BadAnswer(why), Operation::Copy, from);
        let head = Head::of_head(&answer).map_err(bad)?;
        if !head.stamp.is_same_object(source) {
            return Err(changed());
        }
        if head.readability != Readability::Readable {
            return Err(self.error(Kind::Archived, Operation::Copy, from));
        }
        let carried = Carried::of(&answer, &head, write);
        let stamp = if source.size_bytes <= MAX_COPY_BYTES {
            let attempt = Attempt {
                operation: Operation::Copy,
                key: to,
                expect,
                write,
                enforced: match expect {
                    Expect::Absent => self.capabilities.copy_if_absent.into(),
                    Expect::Is(_) => false.into(),
                },
            };
            let patience = &self.client.shared.patience;
            patience
                .retry(|| self.copy_once(&attempt, from, source, &carried))
                .await?
        } else {
            self.copy_in_parts(from, source, to, expect, &carried)
                .await?
        };
        self.verify(from, source, head.crc64, to, stamp, carried.is_opaque)
            .await
    }

    /// A write id for a copy that no journal knows of.
    pub(super) fn fresh_write(&self, key: &str) -> Result<WriteId, Error> {
        let failed = |source| {
            let error = self.error(Kind::Other, Operation::Copy, key);
            error.because(source)
        };
        WriteId::random().map_err(failed)
    }

    async fn copy_once(
        &self,
        attempt: &Attempt<'_>,
        from: &str,
        source: &RemoteStamp,
        carried: &Carried,
    ) -> Result<RemoteStamp, Error> {
        let conditions = match self.look(attempt).await? {
            Look::Send(conditions) => conditions,
            Look::Done(stamp) => return Ok(stamp),
        };
        let is_enforced = self.capabilities.copy_source_if_match;
        let source_etag = is_enforced.then_some(&source.etag);
        let sent = self
            .send_copy(from, source_etag, attempt.key, carried, conditions)
            .await;
        match sent {
            Ok(answer) => {
                let etag = answer
                    .copy_object_result()
                    .and_then(|result| result.e_tag());
                self.written(attempt, etag, answer.version_id(), source.size_bytes)
                    .await
            }
            Err(error) => self.settle(attempt, error).await,
        }
    }

    pub(super) async fn send_copy(
        &self,
        from: &str,
        source: Option<&ETag>,
        to: &str,
        carried: &Carried,
        conditions: Conditions,
    ) -> Result<CopyObjectOutput, Error> {
        let mut request = self
            .sdk()
            .copy_object()
            .bucket(&*self.bucket)
            .key(to)
            .copy_source(self.copy_source(from))
            .set_copy_source_if_match(source.map(|etag| self.condition(etag)))
            .set_if_match(conditions.if_match)
            .set_if_none_match(conditions.if_none_match)
            .set_storage_class(carried.storage_class.clone())
            .set_server_side_encryption(carried.encryption.clone())
            .set_ssekms_key_id(carried.kms_key.clone());
        if let Some(metadata) = &carried.metadata {
            request = request
                .metadata_directive(MetadataDirective::Replace)
                .set_metadata(Some(metadata.clone()))
                .set_content_type(carried.content_type.clone())
                .set_content_encoding(carried.content_encoding.clone())
                .set_content_language(carried.content_language.clone())
                .set_content_disposition(carried.content_disposition.clone())
                .set_cache_control(carried.cache_control.clone());
        }
        request
            .customize()
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Copy, &self.bucket, &sdk).at(to))
    }

    async fn copy_in_parts(
        &self,
        from: &str,
        source: &RemoteStamp,
        to: &str,
        expect: Expect<'_>,
        carried: &Carried,
    ) -> Result<RemoteStamp, Error> {
        let (Some(metadata), Some(write)) = (&carried.metadata, carried.write) else {
            return Err(self.error(Kind::Unsupported, Operation::Copy, from));
        };
        // Tags that may not be read are left behind.
        let tagging = if carried.is_tagged {
            self.tagging(from).await.ok()
        } else {
            None
        };
        let request = self
            .sdk()
            .create_multipart_upload()
            .set_tagging(tagging)
            .set_metadata(Some(metadata.clone()))
            .set_content_type(carried.content_type.clone())
            .set_content_encoding(carried.content_encoding.clone())
            .set_content_language(carried.content_language.clone())
            .set_content_disposition(carried.content_disposition.clone())
            .set_cache_control(carried.cache_control.clone())
            .set_storage_class(carried.storage_class.clone())
            .set_server_side_encryption(carried.encryption.clone())
            .set_ssekms_key_id(carried.kms_key.clone());
        let upload = self.create_upload(to.to_owned(), request, write).await?;
        let copied: Result<Vec<_>, Error> = stream::iter((1..).zip(pieces(source.size_bytes)))
            .map(|(number, piece)| upload.copy_part(number, from, &source.etag, Some(piece)))
            .buffer_unordered(COPIES_AT_ONCE)
            .try_collect()
            .await;
        let done = match copied {
            Ok(parts) => {
                upload
                    .complete(parts, None, source.size_bytes, expect)
                    .await
            }
            Err(error) => Err(error),
        };
        if done.is_err() {
            // The reason is what counts; what stays behind the sweep will find.
            let _ = upload.abort().await;
        }
        done
    }

    /// Looks at a copy and, where the server did not check the source, at the source again.
    async fn verify(
        &self,
        from: &str,
        source: &RemoteStamp,
        crc64: Option<u64>,
        to: &str,
        stamp: RemoteStamp,
        is_opaque: bool,
    ) -> Result<RemoteStamp, Error> {
        let is_source_same = self.capabilities.copy_source_if_match
            || self
                .head_object(from)
                .await?
                .is_some_and(|head| head.stamp.is_same_object(source));
        let copy = self.head_object(to).await?;
        let copy = copy.filter(|copy| copy.stamp.etag == stamp.etag);
        let Some(copy) = copy else {
            return Err(self.error(Kind::Changed, Operation::Copy, to));
        };
        let is_whole = copy.stamp.size_bytes == source.size_bytes
            && match (crc64, copy.crc64) {
                (Some(source), Some(copy)) => source == copy,
                _ => is_opaque || agree(&source.etag, &copy.stamp.etag),
            };
        if is_source_same && is_whole {
            return Ok(copy.stamp);
        }
        // It is our own copy of something else; taking it away again is best effort.
        let _ = self.delete_object(to, &copy.stamp.etag).await;
        let kind = if is_source_same {
            Kind::BadAnswer("the copy is not the same")
        } else {
            Kind::Changed
        };
        Err(self.error(kind, Operation::Copy, from))
    }

    /// `bucket/key` as copies name their source.
    pub(super) fn copy_source(&self, key: &str) -> String {
        format!("{}/{}", self.bucket, utf8_percent_encode(key, UNRESERVED))
    }
}

/// Whether two ETags may be of the same bytes: two that are both MD5 must be equal.
fn agree(source: &ETag, copy: &ETag) -> bool {
    match (source, copy) {
        (ETag::Md5(source), ETag::Md5(copy)) => source == copy,
        _ => true,
    }
}

/// Ranges of an object for a copy in parts, in order.
fn pieces(size_bytes: u64) -> impl Iterator<Item = Range<u64>> {
    let parts = u64::from(super::upload::MAX_PARTS);
    let length = COPY_PART_BYTES.max(size_bytes.div_ceil(parts));
    (0..size_bytes.div_ceil(length)).map(move |number| {
        let start = number * length;
        start..size_bytes.min(start + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_an_object_without_gap_or_overlap() {
        for size in [1, COPY_PART_BYTES, COPY_PART_BYTES + 1, 50_000_000_000_000] {
            let pieces: Vec<_> = pieces(size).collect();
            assert!(pieces.len() <= 10_000);
            assert_eq!(pieces[0].start, 0);
            assert_eq!(pieces[pieces.len() - 1].end, size);
            assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.end - piece.start <= 5 << 30)
            );
        }
    }

    #[test]
    fn a_copy_source_is_encoded_but_for_slashes() {
        assert_eq!(
            utf8_percent_encode("a b/+\u{e9}%", UNRESERVED).to_string(),
            "a%20b/%2B%C3%A9%25"
        );
    }
}
