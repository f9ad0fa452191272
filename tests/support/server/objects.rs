//! Objects: put, get, head, delete, tags, attributes.

use super::answers::{self, sums_into};
use super::model::{Conditions, Meta, Object, Versioning};
use super::profile::Quotes;
use super::store::{Store, now_ms};
use super::sums::{Algorithm, Sums, base64, hex, md5_of};
use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, TrailingHeaders, s3_error};
use std::collections::BTreeMap;

/// A request's body, complete and verified against what its headers and trailers claim.
pub(super) struct Received {
    pub(super) content: super::blob::Content,
    pub(super) md5: [u8; 16],
    pub(super) sums: Sums,
}

/// Takes the body of a PUT; nothing is visible yet.
pub(super) async fn receive(
    store: &Store,
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Received> {
    let mut all = Vec::new();
    if let Some(mut body) = body {
        while let Some(piece) = body.next().await {
            let piece =
                piece.map_err(|e| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, e))?;
            all.extend_from_slice(&piece);
        }
    }
    let content = store.keep(Bytes::from(all))?;
    let trailers = trailers.and_then(|t| t.take());
    let sums = Sums::claimed(headers, trailers.as_ref());
    let md5 = md5_of(&content).map_err(S3Error::internal_error)?;
    if store.profile().sums == super::profile::Answer::Honour {
        sums.verify(&content)?;
        if let Some(claimed) = headers.get("content-md5")
            && claimed.as_bytes() != base64(&md5).as_bytes()
        {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match"
            ));
        }
    }
    Ok(Received { content, md5, sums })
}

pub(super) async fn put(
    store: &Store,
    req: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let S3Request {
        input,
        headers,
        trailing_headers,
        ..
    } = req;
    let meta = Meta {
        user: answers::user_meta(input.metadata)?,
        headers: answers::system_headers(&headers),
        tags: answers::parse_tags(input.tagging.as_deref()),
    };
    let class = input
        .storage_class
        .map_or("STANDARD".to_owned(), |c| c.as_str().to_owned());
    let conditions = conditions(store, &headers, input.if_match, input.if_none_match);
    store.lock().bucket(&input.bucket)?;
    let received = receive(store, input.body, &headers, trailing_headers).await?;
    let mut sums = received.sums;
    if sums.values.is_empty() {
        sums =
            Sums::of(Algorithm::Crc64Nvme, &received.content).map_err(S3Error::internal_error)?;
    }
    let etag = hex(&received.md5);
    let object = Object {
        content: received.content,
        etag: etag.clone(),
        sums: sums.clone(),
        meta,
        class,
        ..Object::default()
    };
    let answer = store.profile().put;
    let version_id = commit(
        store,
        &input.bucket,
        &input.key,
        object,
        now_ms(),
        answer,
        &conditions,
    )?;
    let mut output = PutObjectOutput {
        e_tag: Some(ETag::Strong(etag)),
        version_id,
        ..Default::default()
    };
    sums_into!(output, &sums);
    Ok(S3Response::new(output))
}

/// Checks and writes in one step, as the server's temperament has it.
pub(super) fn commit(
    store: &Store,
    bucket: &str,
    key: &str,
    object: Object,
    modified_ms: i64,
    answer: super::profile::Answer,
    conditions: &Conditions,
) -> S3Result<Option<String>> {
    let mut state = store.lock();
    let fresh = state.fresh_id();
    let checked = answer.before_write(conditions)?;
    let there = state.bucket_mut(bucket)?;
    let honest = there.check(key, conditions);
    there.check(key, &checked)?;
    let id = there.commit(key, object, modified_ms, fresh);
    store.note_key(&state, bucket, key)?;
    match answer {
        super::profile::Answer::Lie => honest.map(|()| id),
        _ => Ok(id),
    }
}

/// The conditions of a write, spoiled where the server cannot read quoted ETags.
pub(super) fn conditions(
    store: &Store,
    headers: &HeaderMap,
    if_match: Option<ETagCondition>,
    if_none_match: Option<ETagCondition>,
) -> Conditions {
    let is_quoted = headers
        .get("if-match")
        .is_some_and(|value| value.as_bytes().starts_with(b"\""));
    let if_match = if is_quoted && store.profile().quotes == Quotes::Bare {
        Some(ETagCondition::ETag(ETag::Strong("quoted".to_owned())))
    } else {
        if_match
    };
    Conditions {
        if_match,
        if_none_match,
    }
}

/// What both reads share, after their conditions were met.
fn read(
    store: &Store,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<(Object, i64, Option<String>)> {
    let state = store.lock();
    let bucket = state.bucket(bucket)?;
    let (version, object) = bucket.find(key, version_id)?;
    if if_match.is_some_and(|wanted| !super::model::matches(wanted, &object.etag)) {
        return Err(super::model::unmet());
    }
    if if_none_match.is_some_and(|wanted| super::model::matches(wanted, &object.etag)) {
        return Err(s3_error!(NotModified));
    }
    let id = (bucket.versioning != Versioning::Off).then(|| version.name().to_owned());
    Ok((object.clone(), version.modified_ms, id))
}

pub(super) fn get(store: &Store, input: &GetObjectInput) -> S3Result<S3Response<GetObjectOutput>> {
    let (object, modified_ms, version_id) = read(
        store,
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    if !object.is_readable(now_ms()) {
        return Err(s3_error!(
            InvalidObjectState,
            "The operation is not valid for the object's storage class"
        ));
    }
    let size = object.content.len();
    let span = input.range.map_or(Ok(0..size), |range| range.check(size))?;
    let content_range = input
        .range
        .map(|_| format!("bytes {}-{}/{size}", span.start, span.end - 1));
    let length = span.end - span.start;
    let pieces = object.content.slice(span).pieces();
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(StreamingBlob::wrap(futures_util::stream::iter(pieces))),
        cache_control: object.meta.headers.get("cache-control").cloned(),
        content_disposition: object.meta.headers.get("content-disposition").cloned(),
        content_encoding: object.meta.headers.get("content-encoding").cloned(),
        content_language: object.meta.headers.get("content-language").cloned(),
        content_type: object.meta.headers.get("content-type").cloned(),
        content_length: i64::try_from(length).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(answers::timestamp(modified_ms)),
        metadata: answers::metadata(&object.meta),
        restore: answers::restore(object.restore),
        storage_class: answers::class(&object.class),
        tag_count: i32::try_from(object.meta.tags.len())
            .ok()
            .filter(|n| *n > 0),
        version_id,
        ..Default::default()
    };
    if input.checksum_mode.is_some() && content_range.is_none() {
        sums_into!(output, &object.sums);
        output.checksum_type = Some(ChecksumType::from_static(object.sums.kind()));
    }
    output.content_range = content_range;
    Ok(S3Response::new(output))
}

pub(super) fn head(
    store: &Store,
    input: &HeadObjectInput,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let (object, modified_ms, version_id) = read(
        store,
        &input.bucket,
        &input.key,
        input.version_id.as_deref(),
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
    )?;
    let size = object.content.len();
    let span = input.range.map_or(Ok(0..size), |range| range.check(size))?;
    let mut output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        archive_status: object.archive.clone().map(ArchiveStatus::from),
        cache_control: object.meta.headers.get("cache-control").cloned(),
        content_disposition: object.meta.headers.get("content-disposition").cloned(),
        content_encoding: object.meta.headers.get("content-encoding").cloned(),
        content_language: object.meta.headers.get("content-language").cloned(),
        content_type: object.meta.headers.get("content-type").cloned(),
        content_length: i64::try_from(span.end - span.start).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(answers::timestamp(modified_ms)),
        metadata: answers::metadata(&object.meta),
        parts_count: None,
        restore: answers::restore(object.restore),
        storage_class: answers::class(&object.class),
        version_id,
        ..Default::default()
    };
    if input.checksum_mode.is_some() {
        sums_into!(output, &object.sums);
        output.checksum_type = Some(ChecksumType::from_static(object.sums.kind()));
    }
    Ok(S3Response::new(output))
}

pub(super) fn attributes(
    store: &Store,
    input: &GetObjectAttributesInput,
) -> S3Result<S3Response<GetObjectAttributesOutput>> {
    let version = input.version_id.as_deref();
    let (object, modified_ms, version_id) =
        read(store, &input.bucket, &input.key, version, None, None)?;
    let wanted: Vec<&str> = input
        .object_attributes
        .iter()
        .flat_map(|a| a.as_str().split(','))
        .map(str::trim)
        .collect();
    let asks = |name: &str| wanted.contains(&name);
    let mut checksum = Checksum {
        checksum_type: Some(ChecksumType::from_static(object.sums.kind())),
        ..Default::default()
    };
    sums_into!(checksum, &object.sums);
    let parts = parts_of(&object, input)?;
    Ok(S3Response::new(GetObjectAttributesOutput {
        checksum: asks("Checksum").then_some(checksum),
        e_tag: asks("ETag").then(|| ETag::Strong(object.etag.clone())),
        last_modified: Some(answers::timestamp(modified_ms)),
        object_parts: (asks("ObjectParts") && !object.part_sizes.is_empty()).then_some(parts),
        object_size: i64::try_from(object.content.len())
            .ok()
            .filter(|_| asks("ObjectSize")),
        storage_class: Some(StorageClass::from(object.class.clone()))
            .filter(|_| asks("StorageClass")),
        version_id,
        ..Default::default()
    }))
}

/// A page of an object's parts, with their sums where the object has one.
fn parts_of(
    object: &Object,
    input: &GetObjectAttributesInput,
) -> S3Result<GetObjectAttributesParts> {
    let total = object.part_sizes.len();
    let limit = usize::try_from(input.max_parts.unwrap_or(1000)).unwrap_or(0);
    let after = usize::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
    let algorithm = object.sums.values.keys().next().copied();
    let mut parts = Vec::new();
    let mut start = 0;
    for (n, &size) in object.part_sizes.iter().enumerate() {
        let span = start..start + size;
        start += size;
        if let Some(algorithm) = algorithm
            && (after..after.saturating_add(limit.min(1000))).contains(&n)
        {
            let sums = Sums::of(algorithm, &object.content.slice(span));
            let mut part = ObjectPart {
                part_number: i32::try_from(n + 1).ok(),
                size: i64::try_from(size).ok(),
                ..Default::default()
            };
            let sums = sums.map_err(S3Error::internal_error)?;
            sums_into!(part, &sums);
            parts.push(part);
        }
    }
    let last = parts.last().and_then(|part| part.part_number);
    let is_truncated = last.is_some_and(|last| usize::try_from(last) != Ok(total));
    Ok(GetObjectAttributesParts {
        is_truncated: Some(is_truncated),
        next_part_number_marker: last.filter(|_| is_truncated),
        parts: algorithm.map(|_| parts),
        total_parts_count: i32::try_from(total).ok(),
        ..Default::default()
    })
}

pub(super) fn tags(
    store: &Store,
    input: &GetObjectTaggingInput,
) -> S3Result<S3Response<GetObjectTaggingOutput>> {
    let version = input.version_id.as_deref();
    let (object, _, version_id) = read(store, &input.bucket, &input.key, version, None, None)?;
    let tag_set = object
        .meta
        .tags
        .iter()
        .map(|(key, value)| Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        })
        .collect();
    Ok(S3Response::new(GetObjectTaggingOutput {
        tag_set,
        version_id,
    }))
}

pub(super) fn set_tags(
    store: &Store,
    input: PutObjectTaggingInput,
) -> S3Result<S3Response<PutObjectTaggingOutput>> {
    let tags: BTreeMap<_, _> = input
        .tagging
        .tag_set
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value?)))
        .collect();
    let mut state = store.lock();
    let bucket = state.bucket_mut(&input.bucket)?;
    bucket.find(&input.key, input.version_id.as_deref())?;
    if let Some(versions) = bucket.keys.get_mut(&input.key) {
        let at = match &input.version_id {
            Some(id) => versions.iter().position(|v| v.name() == id),
            None => versions.len().checked_sub(1),
        };
        if let Some(object) = at.and_then(|at| versions[at].object.as_mut()) {
            object.meta.tags = tags;
        }
    }
    store.note_key(&state, &input.bucket, &input.key)?;
    Ok(S3Response::new(PutObjectTaggingOutput {
        version_id: input.version_id,
    }))
}
