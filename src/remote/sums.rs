//! The sums of an object's parts, where the server keeps and tells them.
//!
//! Promises: what is told is of the very object that was asked about and covers it without a gap.
//! Whatever else comes (a refusal, another object, a list that does not add up) counts as not told,
//! since nothing depends on it but what a download costs.

use super::Remote;
use super::object::{Head, parse_crc64};
use super::write::CONTENT_TYPE;
use crate::key::Key;
use crate::stamp::ETag;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::{GetObjectAttributesParts, ObjectAttributes};

/// Longest answer that is read: a page of a thousand parts has less than half of it.
const ANSWER_BYTES: u64 = 1 << 20;
/// Parts on a page, the most that S3 gives.
const PAGE_PARTS: i32 = 1000;

/// One part of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSum {
    /// Its length.
    pub size_bytes: u64,
    /// Its CRC64NVME.
    pub crc64: u64,
}

/// Some servers answer with the object itself, which may be longer than there is memory.
#[derive(Debug)]
struct Short;

impl Intercept for Short {
    fn name(&self) -> &'static str {
        "s3-bsync short answers"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.response().headers();
        let length = headers.get("content-length").map(str::parse::<u64>);
        let is_object = headers.get("content-type") == Some(CONTENT_TYPE);
        match length {
            Some(Ok(length)) if length <= ANSWER_BYTES && !is_object => Ok(()),
            None if !is_object => Ok(()),
            _ => Err("it is no list of parts".into()),
        }
    }
}

impl Remote {
    /// The parts of an object, in order, where it has several and the server tells their sums.
    pub async fn part_sums(&self, key: &Key, head: &Head) -> Option<Vec<PartSum>> {
        let count = part_count(&head.stamp.etag).filter(|count| *count > 1)?;
        let mut parts = Vec::new();
        let mut marker = None;
        while (parts.len() as u64) < count {
            let page = self.parts_page(key, head, marker).await?;
            let before = parts.len();
            for part in page.parts() {
                let number = u64::try_from(part.part_number()?).ok()?;
                if number != parts.len() as u64 + 1 {
                    return None;
                }
                parts.push(PartSum {
                    size_bytes: u64::try_from(part.size()?).ok()?,
                    crc64: part.checksum_crc64_nvme().and_then(parse_crc64)?,
                });
            }
            if parts.len() == before {
                return None;
            }
            marker = Some(parts.len().to_string());
        }
        let sizes = parts.iter().map(|part| part.size_bytes);
        let total = sizes.fold(0_u64, u64::saturating_add);
        (total == head.stamp.size_bytes && parts.len() as u64 == count).then_some(parts)
    }

    async fn parts_page(
        &self,
        key: &Key,
        head: &Head,
        marker: Option<String>,
    ) -> Option<GetObjectAttributesParts> {
        let asking = self
            .sdk()
            .get_object_attributes()
            .bucket(&*self.bucket)
            .key(self.object_key(key))
            .object_attributes(ObjectAttributes::Etag)
            .object_attributes(ObjectAttributes::ObjectParts)
            .object_attributes(ObjectAttributes::ObjectSize)
            .max_parts(PAGE_PARTS)
            .set_part_number_marker(marker)
            .customize()
            .interceptor(Short)
            .send();
        let patience = &self.client.shared.patience;
        let answer = patience.race(Box::pin(asking)).await.ok()?.ok()?;
        let is_asked_for = ETag::parse(answer.e_tag()?) == head.stamp.etag
            && u64::try_from(answer.object_size()?) == Ok(head.stamp.size_bytes);
        answer.object_parts().filter(|_| is_asked_for).cloned()
    }
}

/// The number of parts that an ETag of the usual shape tells.
fn part_count(etag: &ETag) -> Option<u64> {
    match etag {
        ETag::Md5(_) => None,
        ETag::Other(text) => text.rsplit_once('-')?.1.parse().ok(),
    }
}
