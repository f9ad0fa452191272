//! Listings: objects, versions, uploads. Keys come in the order of their bytes, in pages.

use super::answers::timestamp;
use super::model::{Object as Stored, Restore, Version};
use super::store::Store;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3Response, S3Result, s3_error};
use std::collections::BTreeSet;
use std::ops::Bound;

const PAGE: usize = 1000;
const URL: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b'*')
    .remove(b' ');

/// What S3 makes of keys when `encoding-type=url` is asked for; a space becomes `+`.
fn encoder(encoding: Option<&EncodingType>) -> impl Fn(&str) -> String + use<> {
    let is_url = encoding.is_some_and(|e| e.as_str() == "url");
    move |text| {
        if is_url {
            utf8_percent_encode(text, &URL)
                .to_string()
                .replace(' ', "+")
        } else {
            text.to_owned()
        }
    }
}

fn page_size(asked: Option<i32>) -> usize {
    asked.map_or(PAGE, |n| usize::try_from(n).unwrap_or(0).min(PAGE))
}

/// A page of entries: keys, and prefixes that stand for all keys below them.
struct Page<'a, T> {
    entries: Vec<(&'a str, &'a T)>,
    prefixes: Vec<String>,
    /// The last entry, where more follows.
    next: Option<String>,
}

fn page<'a, T>(
    entries: impl Iterator<Item = (&'a str, &'a T)>,
    prefix: &str,
    delimiter: &str,
    after: &str,
    limit: usize,
) -> Page<'a, T> {
    let mut page = Page {
        entries: Vec::new(),
        prefixes: Vec::new(),
        next: None,
    };
    let mut last = String::new();
    for (key, value) in entries {
        let Some(rest) = key.strip_prefix(prefix) else {
            if key > prefix {
                break;
            }
            continue;
        };
        let group = (!delimiter.is_empty())
            .then(|| rest.find(delimiter))
            .flatten()
            .map(|at| &key[..prefix.len() + at + delimiter.len()]);
        let name = group.unwrap_or(key);
        if name <= after || group.is_some_and(|g| page.prefixes.last().is_some_and(|p| p == g)) {
            continue;
        }
        if page.entries.len() + page.prefixes.len() == limit {
            page.next = Some(last);
            return page;
        }
        name.clone_into(&mut last);
        match group {
            Some(group) => page.prefixes.push(group.to_owned()),
            None => page.entries.push((key, value)),
        }
    }
    page
}

pub(super) fn objects(
    store: &Store,
    input: ListObjectsV2Input,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let encode = encoder(input.encoding_type.as_ref());
    let prefix = input.prefix.clone().unwrap_or_default();
    let delimiter = input.delimiter.clone().unwrap_or_default();
    let after = match &input.continuation_token {
        Some(token) => super::sums::unbase64(token)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| {
                s3_error!(
                    InvalidArgument,
                    "The continuation token provided is incorrect"
                )
            })?,
        None => input.start_after.clone().unwrap_or_default(),
    };
    let wants_restore = input
        .optional_object_attributes
        .iter()
        .flatten()
        .any(|a| a.as_str() == "RestoreStatus");

    let state = store.lock();
    let limit = page_size(input.max_keys).min(state.page.unwrap_or(PAGE));
    let bucket = state.bucket(&input.bucket)?;
    let from = after.as_str().max(prefix.as_str());
    let keys = bucket
        .keys
        .range::<str, _>((Bound::Included(from), Bound::Unbounded))
        .filter_map(|(key, versions)| {
            let version = versions.last()?;
            version.object.as_ref().map(|_| (key.as_str(), version))
        });
    let page = page(keys, &prefix, &delimiter, &after, limit);
    let contents: Vec<Object> = page
        .entries
        .iter()
        .filter_map(|(key, version)| {
            let stored = version.object.as_ref()?;
            Some(listed(&encode(key), version, stored, wants_restore))
        })
        .collect();
    let prefixes: Vec<_> = page.prefixes.iter().map(|p| common(&encode(p))).collect();
    Ok(S3Response::new(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encode(&prefix)),
        max_keys: i32::try_from(limit).ok(),
        key_count: i32::try_from(contents.len() + prefixes.len()).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|key| super::sums::base64(key.as_bytes())),
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        delimiter: input.delimiter.map(|d| encode(&d)),
        encoding_type: input.encoding_type,
        start_after: input.start_after.map(|s| encode(&s)),
        ..Default::default()
    }))
}

fn listed(key: &str, version: &Version, stored: &Stored, wants_restore: bool) -> Object {
    let algorithms = stored.sums.values.keys();
    let algorithms: Vec<_> = algorithms
        .map(|a| ChecksumAlgorithm::from_static(a.name()))
        .collect();
    Object {
        checksum_type: (!algorithms.is_empty())
            .then(|| ChecksumType::from_static(stored.sums.kind())),
        checksum_algorithm: Some(algorithms),
        e_tag: Some(ETag::Strong(stored.etag.clone())),
        key: Some(key.to_owned()),
        last_modified: Some(timestamp(version.modified_ms)),
        restore_status: wants_restore
            .then(|| restore_status(stored.restore))
            .flatten(),
        size: i64::try_from(stored.content.len()).ok(),
        storage_class: Some(ObjectStorageClass::from(stored.class.clone())),
        owner: None,
    }
}

fn restore_status(restore: Restore) -> Option<RestoreStatus> {
    match restore {
        Restore::None => None,
        Restore::Asked(_) => Some(RestoreStatus {
            is_restore_in_progress: Some(true),
            restore_expiry_date: None,
        }),
        Restore::Until(until_ms) => Some(RestoreStatus {
            is_restore_in_progress: Some(false),
            restore_expiry_date: Some(timestamp(until_ms)),
        }),
    }
}

fn common(prefix: &str) -> CommonPrefix {
    CommonPrefix {
        prefix: Some(prefix.to_owned()),
    }
}

pub(super) fn versions(
    store: &Store,
    input: ListObjectVersionsInput,
) -> S3Result<S3Response<ListObjectVersionsOutput>> {
    let encode = encoder(input.encoding_type.as_ref());
    let prefix = input.prefix.clone().unwrap_or_default();
    let limit = page_size(input.max_keys);
    let state = store.lock();
    state.bucket(&input.bucket)?;
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.version_id_marker.clone().unwrap_or_default();
    let mut versions = Vec::new();
    let mut markers = Vec::new();
    let mut next = None;
    let mut last: Option<(String, String)> = None;
    let mut is_past_marker = id_marker.is_empty();
    for (key, of_key) in &state.bucket(&input.bucket)?.keys {
        if !key.starts_with(&prefix) || *key < key_marker {
            continue;
        }
        if *key == key_marker && id_marker.is_empty() && !key_marker.is_empty() {
            continue;
        }
        for (n, version) in of_key.iter().rev().enumerate() {
            if *key == key_marker && !is_past_marker {
                is_past_marker = version.name() == id_marker;
                continue;
            }
            if versions.len() + markers.len() == limit {
                next = last.take();
                break;
            }
            last = Some((key.clone(), version.name().to_owned()));
            match &version.object {
                Some(stored) => {
                    versions.push(listed_version(&encode(key), version, stored, n == 0));
                }
                None => markers.push(DeleteMarkerEntry {
                    is_latest: Some(n == 0),
                    key: Some(encode(key)),
                    last_modified: Some(timestamp(version.modified_ms)),
                    owner: None,
                    version_id: Some(version.name().to_owned()),
                }),
            }
        }
        if next.is_some() {
            break;
        }
    }
    let (next_key_marker, next_version_id_marker) = next.unzip();
    Ok(S3Response::new(ListObjectVersionsOutput {
        is_truncated: Some(next_key_marker.is_some()),
        next_key_marker: next_key_marker.map(|key| encode(&key)),
        next_version_id_marker,
        versions: Some(versions),
        delete_markers: Some(markers),
        name: Some(input.bucket),
        prefix: Some(encode(&prefix)),
        max_keys: i32::try_from(limit).ok(),
        encoding_type: input.encoding_type,
        ..Default::default()
    }))
}

fn listed_version(key: &str, version: &Version, stored: &Stored, is_latest: bool) -> ObjectVersion {
    ObjectVersion {
        e_tag: Some(ETag::Strong(stored.etag.clone())),
        is_latest: Some(is_latest),
        key: Some(key.to_owned()),
        last_modified: Some(timestamp(version.modified_ms)),
        restore_status: restore_status(stored.restore),
        size: i64::try_from(stored.content.len()).ok(),
        storage_class: Some(ObjectVersionStorageClass::from(stored.class.clone())),
        version_id: Some(version.name().to_owned()),
        ..Default::default()
    }
}

pub(super) fn uploads(
    store: &Store,
    input: ListMultipartUploadsInput,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let encode = encoder(input.encoding_type.as_ref());
    let prefix = input.prefix.clone().unwrap_or_default();
    let limit = page_size(input.max_uploads);
    let state = store.lock();
    let bucket = state.bucket(&input.bucket)?;
    let key_marker = input.key_marker.clone().unwrap_or_default();
    let id_marker = input.upload_id_marker.clone().unwrap_or_default();
    let mut all: BTreeSet<(&str, &str)> = bucket
        .uploads
        .iter()
        .map(|(id, upload)| (upload.key.as_str(), id.as_str()))
        .filter(|(key, _)| key.starts_with(&prefix))
        .collect();
    all.retain(|&(key, id)| {
        let is_later = !id_marker.is_empty() && key == key_marker && id > id_marker.as_str();
        key_marker.is_empty() || key > key_marker.as_str() || is_later
    });
    let is_truncated = all.len() > limit;
    let page: Vec<_> = all.into_iter().take(limit).collect();
    let next = page.last().copied().filter(|_| is_truncated);
    let uploads = page
        .iter()
        .filter_map(|&(key, id)| {
            let upload = bucket.uploads.get(id)?;
            Some(MultipartUpload {
                initiated: Some(timestamp(upload.begun_ms)),
                key: Some(encode(key)),
                storage_class: Some(StorageClass::from(upload.class.clone())),
                upload_id: Some(id.to_owned()),
                ..Default::default()
            })
        })
        .collect();
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket.clone()),
        is_truncated: Some(is_truncated),
        max_uploads: i32::try_from(limit).ok(),
        next_key_marker: next.map(|(key, _)| encode(key)),
        next_upload_id_marker: next.map(|(_, id)| id.to_owned()),
        prefix: Some(encode(&prefix)),
        encoding_type: input.encoding_type,
        uploads: Some(uploads),
        ..Default::default()
    }))
}
