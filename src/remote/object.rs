//! Reading one object: its metadata, its bytes.
//!
//! Promises: bytes handed over are of the object version that was asked for, in order and without
//! a gap, and the end is reported only after the last of them.

use super::body::Body;
use super::error::{Error, Kind, Operation};
use super::meta::Told;
use super::{Readability, Remote};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use aws_sdk_s3::types::{ArchiveStatus, ChecksumMode, StorageClass};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::ops::Range;

/// What one look at an object tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its stamp. `modified_ms` is in whole seconds here, and 0 where the server did not tell.
    pub stamp: RemoteStamp,
    /// Its user metadata.
    pub told: Told,
    /// CRC64NVME of the whole object, where the server has it.
    pub crc64: Option<u64>,
    /// Storage class as the server names it; `None` for the standard class.
    pub storage_class: Option<String>,
    /// Whether the bytes can be read.
    pub readability: Readability,
    /// The archive tier of Intelligent-Tiering that it is in, as the server names it.
    pub archive_tier: Option<Box<str>>,
    /// Until when a restored copy stays, milliseconds since the epoch.
    pub restored_until_ms: Option<i64>,
}

struct Raw<'a> {
    etag: Option<&'a str>,
    size: Option<i64>,
    modified: Option<&'a DateTime>,
    version: Option<&'a str>,
    metadata: Option<&'a HashMap<String, String>>,
    crc64: Option<&'a str>,
    class: Option<&'a StorageClass>,
    restore: Option<&'a str>,
    archive: Option<&'a ArchiveStatus>,
}

impl Head {
    pub(super) fn of_head(answer: &HeadObjectOutput) -> Result<Self, &'static str> {
        Self::read(&Raw {
            etag: answer.e_tag(),
            size: answer.content_length(),
            modified: answer.last_modified(),
            version: answer.version_id(),
            metadata: answer.metadata(),
            crc64: answer.checksum_crc64_nvme(),
            class: answer.storage_class(),
            restore: answer.restore(),
            archive: answer.archive_status(),
        })
    }

    fn of_get(answer: &GetObjectOutput, size: i64) -> Result<Self, &'static str> {
        Self::read(&Raw {
            etag: answer.e_tag(),
            size: Some(size),
            modified: answer.last_modified(),
            version: answer.version_id(),
            metadata: answer.metadata(),
            crc64: answer.checksum_crc64_nvme(),
            class: answer.storage_class(),
            restore: answer.restore(),
            archive: None,
        })
    }

    fn read(raw: &Raw<'_>) -> Result<Self, &'static str> {
        let etag = ETag::parse(raw.etag.unwrap_or_default());
        if etag.is_empty() {
            return Err("it has no ETag");
        }
        let size = raw.size.ok_or("it has no length")?;
        let no_metadata = HashMap::new();
        let metadata = raw.metadata.unwrap_or(&no_metadata);
        Ok(Self {
            stamp: RemoteStamp {
                etag,
                size_bytes: u64::try_from(size).map_err(|_| "its length is negative")?,
                modified_ms: raw
                    .modified
                    .and_then(|time| time.to_millis().ok())
                    .unwrap_or(0),
                version: raw.version.and_then(version),
            },
            told: Told::read(
                &metadata
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
            crc64: raw.crc64.and_then(parse_crc64),
            storage_class: raw.class.map(|class| class.as_str().to_owned()),
            readability: readability(raw),
            archive_tier: raw.archive.map(|tier| tier.as_str().into()),
            restored_until_ms: raw.restore.and_then(expiry_ms),
        })
    }
}

fn readability(raw: &Raw<'_>) -> Readability {
    let is_archived = raw.archive.is_some()
        || matches!(
            raw.class,
            Some(StorageClass::Glacier | StorageClass::DeepArchive)
        );
    match raw.restore {
        _ if !is_archived => Readability::Readable,
        Some(state) if state.contains("ongoing-request=\"true\"") => Readability::Restoring,
        Some(state) if state.contains("ongoing-request=\"false\"") && raw.archive.is_none() => {
            Readability::Readable
        }
        _ => Readability::Archived,
    }
}

/// The time in `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
fn expiry_ms(restore: &str) -> Option<i64> {
    let (_, date) = restore.split_once("expiry-date=\"")?;
    let (date, _) = date.split_once('"')?;
    let time = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?;
    time.to_millis().ok()
}

/// A version id, unless it is the one that unversioned objects have.
pub(super) fn version(text: &str) -> Option<Box<str>> {
    (!text.is_empty() && text != "null").then(|| text.into())
}

/// A checksum as S3 writes it in headers.
pub(super) fn show_crc64(crc64: u64) -> String {
    STANDARD.encode(crc64.to_be_bytes())
}

pub(super) fn parse_crc64(text: &str) -> Option<u64> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}

impl Remote {
    /// Looks at an object; `None` where there is none.
    ///
    /// An answer without a body cannot tell a missing object from a missing bucket, so `None`
    /// alone is no licence to delete anything.
    ///
    /// # Errors
    /// [`Kind::Denied`] where the server does not tell (AWS also does so for a missing object when
    /// the caller may not list), and any other failure.
    pub async fn head(&self, key: &Key) -> Result<Option<Head>, Error> {
        self.head_object(&self.object_key(key)).await
    }

    pub(super) async fn head_object(&self, key: &str) -> Result<Option<Head>, Error> {
        match self.head_raw(key).await? {
            None => Ok(None),
            Some(answer) => Head::of_head(&answer)
                .map(Some)
                .map_err(|why| self.error(Kind::BadAnswer(why), Operation::Head, key)),
        }
    }

    pub(super) async fn head_raw(&self, key: &str) -> Result<Option<HeadObjectOutput>, Error> {
        self.client
            .shared
            .patience
            .retry(|| self.head_once(key))
            .await
    }

    async fn head_once(&self, key: &str) -> Result<Option<HeadObjectOutput>, Error> {
        let answer = self
            .sdk()
            .head_object()
            .bucket(&*self.bucket)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Head, &self.bucket, &sdk).at(key));
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.status() == Some(404) && error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens an object that must still have the ETag `if_match`, whole or the bytes `range`.
    ///
    /// # Errors
    /// [`Kind::Changed`] where it is another object by now or none, [`Kind::Archived`],
    /// [`Kind::BadAnswer`] where the server sends another range than was asked for.
    pub async fn get(
        &self,
        key: &Key,
        if_match: &ETag,
        range: Option<Range<u64>>,
    ) -> Result<(Head, Body), Error> {
        self.get_object(self.object_key(key), if_match, range).await
    }

    pub(super) async fn get_object(
        &self,
        key: String,
        if_match: &ETag,
        range: Option<Range<u64>>,
    ) -> Result<(Head, Body), Error> {
        let patience = &self.client.shared.patience;
        let (head, stream, given) = patience
            .retry(|| self.open(&key, if_match, range.clone()))
            .await?;
        let body = Body::new(self.clone(), key, if_match.clone(), stream, given);
        Ok((head, body))
    }

    pub(super) async fn open(
        &self,
        key: &str,
        if_match: &ETag,
        range: Option<Range<u64>>,
    ) -> Result<(Head, ByteStream, Range<u64>), Error> {
        let bad = |why| self.error(Kind::BadAnswer(why), Operation::Get, key);
        if range.as_ref().is_some_and(Range::is_empty) {
            return Err(bad("an empty range was asked for"));
        }
        let header = range
            .as_ref()
            .map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        let mut answer = self
            .sdk()
            .get_object()
            .bucket(&*self.bucket)
            .key(key)
            .if_match(self.condition(if_match))
            .set_range(header)
            .customize()
            // Set as a header, since the builder's own setting would make the SDK check a second
            // time what the caller checks anyway.
            .mutate_request(|request| {
                request
                    .headers_mut()
                    .insert("x-amz-checksum-mode", "ENABLED");
            })
            .send()
            .await
            .map_err(|sdk| {
                let mut error = Error::of_sdk(Operation::Get, &self.bucket, &sdk).at(key);
                if matches!(error.status(), Some(404 | 416)) && error.kind != Kind::NoBucket {
                    error.kind = Kind::Changed;
                }
                error
            })?;
        let length = answer
            .content_length()
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| bad("it has no length"))?;
        let (given, total) = match (&range, answer.content_range()) {
            (None, None) => (0..length, length),
            (None, Some(_)) => return Err(bad("a part came where the whole was asked for")),
            (Some(range), text) => {
                let (start, end, total) = text
                    .and_then(parse_content_range)
                    .ok_or_else(|| bad("a range came without its bounds"))?;
                if start != range.start || end != range.end || length != end - start || end > total
                {
                    return Err(bad("it is another range"));
                }
                (start..end, total)
            }
        };
        let total = i64::try_from(total).map_err(|_| bad("its length is too great"))?;
        let head = Head::of_get(&answer, total).map_err(bad)?;
        if head.stamp.etag != *if_match {
            return Err(self.error(Kind::Changed, Operation::Get, key));
        }
        Ok((head, std::mem::take(&mut answer.body), given))
    }
}

/// `bytes 0-9/100` as start, end (not included) and total.
fn parse_content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let first = first.parse().ok()?;
    let end = last.parse::<u64>().ok()?.checked_add(1)?;
    let total = total.parse().ok()?;
    (first < end).then_some((first, end, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_or_refused() {
        assert_eq!(parse_content_range("bytes 0-9/100"), Some((0, 10, 100)));
        for text in ["bytes 9-0/100", "bytes */100", "0-9/100", "bytes 0-9/*", ""] {
            assert_eq!(parse_content_range(text), None, "{text}");
        }
    }

    #[test]
    fn a_checksum_survives_its_header() {
        for crc64 in [0, 1, u64::MAX, 0x0123_4567_89AB_CDEF] {
            assert_eq!(parse_crc64(&show_crc64(crc64)), Some(crc64));
        }
        assert_eq!(parse_crc64("AAAA"), None);
        assert_eq!(parse_crc64("AAAAAAAAAAA=-3"), None);
    }
}
