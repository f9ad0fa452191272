//! One page of a listing to checked entries.
//!
//! Promises: what it accepts is consistent with itself, with the request and with the page before;
//! everything else is refused with a reason. Sends nothing.

use super::Readability;
use super::list::Listed;
use crate::key::{Key, OWN_FOLDER, Shown, Unfit};
use crate::stamp::{ETag, RemoteStamp};
use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::{EncodingType, Object, ObjectStorageClass, RestoreStatus};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A stretch of object keys: above `after`, up to and with `until`.
#[derive(Debug, Clone)]
pub(super) struct Range {
    pub(super) after: Option<String>,
    pub(super) until: Option<String>,
}

/// What a page holds.
pub(super) struct Page {
    pub(super) batch: Vec<Listed>,
    /// The last object key on it, whatever became of it.
    pub(super) last: Option<Vec<u8>>,
    /// Where the range goes on.
    pub(super) next: Option<String>,
}

/// Counts the entries in the text of a page.
///
/// The SDK's XML reader takes a syntax error for the end of the document and reports success with
/// the entries before it. A page counts only when its text is closed and holds as many entries as
/// were read.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries(Arc<AtomicUsize>);

/// The count of a text that is not closed.
const BROKEN: usize = usize::MAX;

impl Intercept for Entries {
    fn name(&self) -> &'static str {
        "s3-bsync entries"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let count = context.response().body().bytes().map_or(BROKEN, count);
        self.0.store(count, Ordering::Relaxed);
        Ok(())
    }
}

fn count(text: &[u8]) -> usize {
    let mut entries = 0;
    let mut last: &[u8] = b"";
    // A raw `<` cannot stand in text or attributes, so every one begins a tag.
    for tag in text.split(|byte| *byte == b'<') {
        let name = tag.split(|byte| *byte == b'>').next().unwrap_or_default();
        let Some(name) = name.strip_prefix(b"/") else {
            continue;
        };
        last = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        last = last.trim_ascii_end();
        if last == b"Contents" {
            entries += 1;
        }
    }
    if last == b"ListBucketResult" && text.trim_ascii_end().ends_with(b">") {
        entries
    } else {
        BROKEN
    }
}

/// Checks a page and reads its entries. `last` is the key before the page.
pub(super) fn read(
    answer: &ListObjectsV2Output,
    entries: &Entries,
    folder: &str,
    range: &Range,
    last: Option<&[u8]>,
) -> Result<Page, &'static str> {
    let objects = answer.contents();
    if entries.0.load(Ordering::Relaxed) != objects.len() {
        return Err("a page is malformed");
    }
    let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
    if let Some(echo) = answer.prefix()
        && echo.as_bytes() != folder.as_bytes()
        && decode(echo, is_encoded) != folder.as_bytes()
    {
        return Err("a page is of another prefix");
    }
    let mut next = match (answer.is_truncated(), answer.next_continuation_token()) {
        (None, _) => return Err("a page does not say whether it is the last"),
        (Some(true), None | Some("")) => return Err("a page goes on without a token"),
        (Some(true), Some(token)) => Some(token.to_owned()),
        (Some(false), _) => None,
    };
    let until = range.until.as_deref().map(str::as_bytes);
    let mut last = last.map(Cow::Borrowed);
    let mut reached = None;
    let mut batch = Vec::with_capacity(objects.len());
    for object in objects {
        let key = decode(object.key().ok_or("an entry has no key")?, is_encoded);
        if last.as_ref().is_some_and(|last| key <= *last) {
            return Err("keys are out of order");
        }
        let name = key
            .strip_prefix(folder.as_bytes())
            .ok_or("a key is outside the prefix")?;
        if until.is_some_and(|until| &*key > until) {
            next = None;
            break;
        }
        batch.extend(entry(name, object)?);
        last = Some(key.clone());
        reached = Some(key);
    }
    let reached = reached.map(Cow::into_owned);
    if until.is_some() && reached.as_deref() == until {
        next = None;
    }
    Ok(Page {
        batch,
        last: reached,
        next,
    })
}

pub(super) fn decode(text: &str, is_encoded: bool) -> Cow<'_, [u8]> {
    if !is_encoded {
        return Cow::Borrowed(text.as_bytes());
    }
    if text.contains('+') {
        // The encoding is that of HTML forms: a blank is a plus, a plus is %2B.
        let blanks = text.replace('+', " ");
        return Cow::Owned(percent_encoding::percent_decode_str(&blanks).collect());
    }
    percent_encoding::percent_decode_str(text).into()
}

fn entry(name: &[u8], object: &Object) -> Result<Option<Listed>, &'static str> {
    let size = object.size().ok_or("an entry has no size")?;
    let size_bytes = u64::try_from(size).map_err(|_| "an entry has a negative size")?;
    let etag = ETag::parse(object.e_tag().ok_or("an entry has no ETag")?);
    if etag.is_empty() {
        return Err("an entry has no ETag");
    }
    let modified = object.last_modified().ok_or("an entry has no time")?;
    let is_own = name
        .strip_prefix(OWN_FOLDER.as_bytes())
        .is_some_and(|rest| rest.starts_with(b"/"));
    let is_marker = size_bytes == 0 && (name.is_empty() || name.ends_with(b"/"));
    if is_own || is_marker {
        return Ok(None);
    }
    Ok(Some(match Key::from_bytes(name) {
        Err(why) => hidden(name, why),
        Ok(key) => Listed::Object {
            key,
            stamp: RemoteStamp {
                etag,
                size_bytes,
                modified_ms: modified.to_millis().map_err(|_| "an entry has no time")?,
                version: None,
            },
            readability: readability(object.storage_class(), object.restore_status()),
            class: object.storage_class().and_then(class),
        },
    }))
}

fn hidden(name: &[u8], why: Unfit) -> Listed {
    let text = String::from_utf8_lossy(name);
    Listed::Hidden {
        name: Shown(&text).to_string(),
        why,
    }
}

fn class(class: &ObjectStorageClass) -> Option<Box<str>> {
    (*class != ObjectStorageClass::Standard).then(|| class.as_str().into())
}

fn readability(class: Option<&ObjectStorageClass>, restore: Option<&RestoreStatus>) -> Readability {
    match class {
        Some(ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive) => match restore {
            Some(restore) if restore.is_restore_in_progress() == Some(true) => {
                Readability::Restoring
            }
            Some(restore) if restore.restore_expiry_date().is_some() => Readability::Readable,
            _ => Readability::Archived,
        },
        _ => Readability::Readable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_only_when_it_is_closed() {
        for (text, entries) in [
            ("<ListBucketResult></ListBucketResult>", 0),
            (
                "<L><Contents>1</Contents><Contents/></L></ListBucketResult >\n",
                1,
            ),
            (
                "<x:ListBucketResult><x:Contents></x:Contents></x:ListBucketResult>",
                1,
            ),
            ("<ListBucketResult/>", BROKEN),
            ("<ListBucketResult><Contents></Contents>", BROKEN),
            ("<ListBucketResult></ListBucketResult", BROKEN),
            ("", BROKEN),
        ] {
            assert_eq!(count(text.as_bytes()), entries, "{text}");
        }
    }

    #[test]
    fn names_are_decoded_as_forms_are() {
        assert_eq!(&*decode("a+b%2Bc%0A%ff", true), b"a b+c\n\xff");
        assert_eq!(&*decode("a+b%2B", false), b"a+b%2B");
    }
}
