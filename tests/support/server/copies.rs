//! Server-side copies, of whole objects and of ranges into parts.

use super::answers::{self, sums_into};
use super::model::{Bucket, Conditions, Meta, Object, Part, Versioning, matches, unmet};
use super::objects::{commit, conditions};
use super::profile::Answer;
use super::store::{Store, now_ms};
use super::sums::{Algorithm, Sums, hex, md5_of};
use http::HeaderMap;
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use std::ops::Range as Span;

const MAX_COPY_BYTES: u64 = 5 << 30;

/// The source of a copy, read at one instant.
struct Source {
    bucket: String,
    key: String,
    object: Object,
    version_id: Option<String>,
}

fn source(
    store: &Store,
    named: &CopySource,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<Source> {
    let CopySource::Bucket {
        bucket,
        key,
        version_id,
    } = named
    else {
        return Err(s3_error!(NotImplemented));
    };
    let state = store.lock();
    let there: &Bucket = state.bucket(bucket)?;
    let (version, object) = there.find(key, version_id.as_deref())?;
    if store.profile().copy_source == Answer::Honour
        && (if_match.is_some_and(|wanted| !matches(wanted, &object.etag))
            || if_none_match.is_some_and(|other| matches(other, &object.etag)))
    {
        return Err(unmet());
    }
    Ok(Source {
        bucket: bucket.to_string(),
        key: key.to_string(),
        object: object.clone(),
        version_id: (there.versioning != Versioning::Off).then(|| version.name().to_owned()),
    })
}

pub(super) fn object(
    store: &Store,
    req: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let S3Request { input, headers, .. } = req;
    let conditions = destination_conditions(store, &headers)?;
    let source = source(
        store,
        &input.copy_source,
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
    )?;
    if !source.object.is_readable(now_ms()) {
        let code = S3ErrorCode::Custom("ObjectNotInActiveTierError".into());
        let mut error = S3Error::with_message(code, "The source object is not in the active tier");
        error.set_status_code(http::StatusCode::FORBIDDEN);
        return Err(error);
    }
    if source.object.content.len() > MAX_COPY_BYTES {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than 5 GiB"
        ));
    }
    let replaces_meta = input
        .metadata_directive
        .as_ref()
        .is_some_and(|d| d.as_str() == "REPLACE");
    let replaces_tags = input
        .tagging_directive
        .as_ref()
        .is_some_and(|d| d.as_str() == "REPLACE");
    let class = input
        .storage_class
        .as_ref()
        .map_or("STANDARD", |c| c.as_str());
    let is_onto_itself = source.bucket == input.bucket && source.key == input.key;
    if is_onto_itself && !replaces_meta && class == source.object.class {
        return Err(s3_error!(
            InvalidRequest,
            "This copy request is illegal because it is trying to copy an object to itself without \
             changing its metadata, storage class or encryption attributes"
        ));
    }
    let old = source.object.meta;
    let meta = Meta {
        user: if replaces_meta {
            answers::user_meta(input.metadata)?
        } else {
            old.user
        },
        headers: if replaces_meta {
            answers::system_headers(&headers)
        } else {
            old.headers
        },
        tags: if replaces_tags {
            answers::parse_tags(input.tagging.as_deref())
        } else {
            old.tags
        },
    };
    let content = source.object.content;
    let algorithm = match &input.checksum_algorithm {
        Some(asked) => Algorithm::parse(asked.as_str()),
        None => source.object.sums.values.keys().next().copied(),
    };
    let sums = Sums::of(algorithm.unwrap_or(Algorithm::Crc64Nvme), &content);
    let sums = sums.map_err(S3Error::internal_error)?;
    let etag = hex(&md5_of(&content).map_err(S3Error::internal_error)?);
    let copy = Object {
        content,
        etag: etag.clone(),
        sums: sums.clone(),
        meta,
        class: class.to_owned(),
        ..Object::default()
    };
    let modified_ms = now_ms();
    let answer = store.profile().copy;
    let version_id = commit(
        store,
        &input.bucket,
        &input.key,
        copy,
        modified_ms,
        answer,
        &conditions,
    )?;
    let mut result = CopyObjectResult {
        e_tag: Some(ETag::Strong(etag)),
        last_modified: Some(answers::timestamp(modified_ms)),
        checksum_type: Some(ChecksumType::from_static(sums.kind())),
        ..Default::default()
    };
    sums_into!(result, &sums);
    Ok(S3Response::new(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: source.version_id,
        version_id,
        ..Default::default()
    }))
}

/// The protocol crate does not know a copy's destination conditions; the headers do.
fn destination_conditions(store: &Store, headers: &HeaderMap) -> S3Result<Conditions> {
    let read = |name: &str| {
        headers
            .get(name)
            .map(|value| ETagCondition::parse_http_header(value.as_bytes()))
            .transpose()
            .map_err(|_| s3_error!(InvalidArgument, "{name} cannot be read"))
    };
    let (if_match, if_none_match) = (read("if-match")?, read("if-none-match")?);
    Ok(conditions(store, headers, if_match, if_none_match))
}

pub(super) fn part(
    store: &Store,
    input: &UploadPartCopyInput,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let source = source(
        store,
        &input.copy_source,
        input.copy_source_if_match.as_ref(),
        input.copy_source_if_none_match.as_ref(),
    )?;
    if !source.object.is_readable(now_ms()) {
        return Err(s3_error!(
            InvalidObjectState,
            "The operation is not valid for the source object's storage class"
        ));
    }
    let span = span(
        input.copy_source_range.as_deref(),
        source.object.content.len(),
    )?;
    let content = source.object.content.slice(span);
    if content.len() > MAX_COPY_BYTES {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than 5 GiB"
        ));
    }
    let md5 = md5_of(&content).map_err(S3Error::internal_error)?;
    let modified_ms = now_ms();

    let mut state = store.lock();
    let upload = super::uploads::open(&mut state, &input.bucket, &input.key, &input.upload_id)?;
    let declared = upload.algorithm;
    let sums = Sums::of(declared.unwrap_or(Algorithm::Crc64Nvme), &content);
    let sums = sums.map_err(S3Error::internal_error)?;
    super::uploads::check_number(input.part_number)?;
    upload.parts.insert(
        input.part_number,
        Part {
            content,
            md5,
            sums: sums.clone(),
            modified_ms,
        },
    );
    store.note_upload(&state, &input.bucket, &input.upload_id)?;
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(hex(&md5))),
        last_modified: Some(answers::timestamp(modified_ms)),
        ..Default::default()
    };
    if declared.is_some() {
        sums_into!(result, &sums);
    }
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        copy_source_version_id: source.version_id,
        ..Default::default()
    }))
}

/// The bytes that `bytes=FIRST-LAST` names, both ends required and inside the source.
fn span(range: Option<&str>, size: u64) -> S3Result<Span<u64>> {
    let Some(range) = range else {
        return Ok(0..size);
    };
    let bad = || {
        s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )
    };
    let (first, last) = range
        .strip_prefix("bytes=")
        .and_then(|span| span.split_once('-'))
        .ok_or_else(bad)?;
    let first: u64 = first.parse().map_err(|_| bad())?;
    let last: u64 = last.parse().map_err(|_| bad())?;
    if first > last || last >= size {
        return Err(s3_error!(
            InvalidRange,
            "Range specified is not valid for source object of size {size}"
        ));
    }
    Ok(first..last + 1)
}
