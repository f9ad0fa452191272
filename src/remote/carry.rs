//! What a copy takes over beside the bytes.
//!
//! A copy that the server makes by itself would carry the write id of its source. Its metadata is
//! therefore written anew, the same but for the id, wherever it can be read exactly.

use super::Remote;
use super::error::{Error, Operation};
use super::meta::{Told, WRITE, WriteId, show_mtime};
use super::object::Head;
use aws_sdk_s3::operation::get_object_tagging::GetObjectTaggingOutput;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;

/// Metadata, content headers, storage class and encryption of an object.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// `None` where it cannot be written again as it is; then the server carries it over itself.
    pub(super) metadata: Option<HashMap<String, String>>,
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) storage_class: Option<StorageClass>,
    pub(super) encryption: Option<ServerSideEncryption>,
    pub(super) kms_key: Option<String>,
    /// The copy's own write id, which `metadata` holds too.
    pub(super) write: Option<WriteId>,
    /// Whether it has tags, which only a copy by one request takes over by itself.
    pub(super) is_tagged: bool,
    /// Whether the ETag has the shape of an MD5 without being one.
    pub(super) is_opaque: bool,
}

impl Carried {
    pub(super) fn of(answer: &HeadObjectOutput, head: &Head, write: WriteId) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let is_aes = |kind: &&ServerSideEncryption| **kind == ServerSideEncryption::Aes256;
        let encryption = answer.server_side_encryption();
        Self {
            metadata: metadata(answer, head, write),
            content_type: owned(answer.content_type()),
            content_encoding: owned(answer.content_encoding()),
            content_language: owned(answer.content_language()),
            content_disposition: owned(answer.content_disposition()),
            cache_control: owned(answer.cache_control()),
            storage_class: answer.storage_class().cloned(),
            encryption: encryption.filter(|kind| !is_aes(kind)).cloned(),
            kms_key: owned(answer.ssekms_key_id()),
            write: Some(write),
            is_tagged: answer.tag_count().is_some_and(|count| count > 0),
            is_opaque: encryption.is_some_and(|kind| !is_aes(&kind))
                || answer.sse_customer_algorithm().is_some(),
        }
    }
}

impl Remote {
    /// An object's tags as a request writes them.
    pub(super) async fn tagging(&self, key: &str) -> Result<String, Error> {
        let patience = &self.client.shared.patience;
        let answer = patience.retry(|| self.tags_once(key)).await?;
        let tags = answer.tag_set().iter();
        Ok(show_tags(tags.map(|tag| (tag.key(), tag.value()))))
    }

    async fn tags_once(&self, key: &str) -> Result<GetObjectTaggingOutput, Error> {
        self.sdk()
            .get_object_tagging()
            .bucket(&*self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Copy, &self.bucket, &sdk).at(key))
    }
}

/// Tags as a form writes its fields.
fn show_tags<'a>(tags: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let fields = tags.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    fields.collect::<Vec<_>>().join("&")
}

fn metadata(
    answer: &HeadObjectOutput,
    head: &Head,
    write: WriteId,
) -> Option<HashMap<String, String>> {
    let mut pairs = answer.metadata().cloned().unwrap_or_default();
    let is_writable = |text: &String| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_complete = answer.missing_meta().unwrap_or(0) == 0
        && pairs.values().all(is_writable)
        && !pairs.values().any(|value| value.starts_with("=?"));
    if !is_complete {
        return None;
    }
    pairs.insert(WRITE.to_owned(), write.to_string());
    let Told { mtime_ns, .. } = head.told;
    if mtime_ns.is_none() && head.stamp.modified_ms != 0 {
        let ns = head.stamp.modified_ms.saturating_mul(1_000_000);
        pairs.insert("mtime".to_owned(), show_mtime(ns));
    }
    Some(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_a_form_writes_its_fields() {
        let tags = [("who", "me & you"), ("a=b", "\u{e9}+")];
        assert_eq!(
            show_tags(tags.into_iter()),
            "who=me%20%26%20you&a%3Db=%C3%A9%2B"
        );
    }
}
