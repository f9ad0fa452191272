//! Multipart uploads.

use super::answers::{self, sums_into, timestamp};
use super::blob::Content;
use super::model::{Conditions, Meta, Object, Part, Upload};
use super::objects::{Received, conditions, receive};
use super::profile::Answer;
use super::store::{State, Store, now_ms};
use super::sums::{Algorithm, Sums, hex};
use md5::Digest as _;
use s3s::dto::{Part as ListedPart, *};
use s3s::{S3Request, S3Response, S3Result, s3_error};

const MIN_PART_BYTES: u64 = 5 << 20;

pub(super) fn create(
    store: &Store,
    req: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let S3Request { input, headers, .. } = req;
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .and_then(|a| Algorithm::parse(a.as_str()));
    let is_composite = match input.checksum_type.as_ref().map(ChecksumType::as_str) {
        Some(kind) => kind == "COMPOSITE",
        None => algorithm.is_some_and(|a| a != Algorithm::Crc64Nvme),
    };
    match algorithm {
        Some(Algorithm::Crc64Nvme) if is_composite => {
            return Err(s3_error!(
                InvalidRequest,
                "CRC64NVME has no COMPOSITE checksum type"
            ));
        }
        Some(Algorithm::Sha1 | Algorithm::Sha256) if !is_composite => {
            return Err(s3_error!(
                InvalidRequest,
                "SHA has no FULL_OBJECT checksum type"
            ));
        }
        _ => {}
    }
    let meta = Meta {
        user: answers::user_meta(input.metadata)?,
        headers: answers::system_headers(&headers),
        tags: answers::parse_tags(input.tagging.as_deref()),
    };
    let mut state = store.lock();
    let id = state.fresh_id();
    let bucket = state.bucket_mut(&input.bucket)?;
    let upload = Upload {
        key: input.key.clone(),
        begun_ms: now_ms(),
        meta,
        class: input
            .storage_class
            .map_or("STANDARD".to_owned(), |c| c.as_str().to_owned()),
        algorithm,
        is_composite,
        removals: bucket.removals.get(&input.key).copied().unwrap_or_default(),
        parts: std::collections::BTreeMap::new(),
    };
    bucket.uploads.insert(id.clone(), upload);
    store.note_upload(&state, &input.bucket, &id)?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        key: Some(input.key),
        upload_id: Some(id),
        ..Default::default()
    }))
}

/// The upload with this id, if it is for this key.
pub(super) fn open<'a>(
    state: &'a mut State,
    bucket: &str,
    key: &str,
    id: &str,
) -> S3Result<&'a mut Upload> {
    let upload = state.bucket_mut(bucket)?.uploads.get_mut(id);
    upload.filter(|upload| upload.key == key).ok_or_else(|| {
        s3_error!(
            NoSuchUpload,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may \
             have been aborted or completed."
        )
    })
}

pub(super) fn check_number(number: i32) -> S3Result<()> {
    match number {
        1..=10_000 => Ok(()),
        _ => Err(s3_error!(
            InvalidArgument,
            "Part number must be between 1 and 10000"
        )),
    }
}

pub(super) async fn part(
    store: &Store,
    req: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let S3Request {
        input,
        headers,
        trailing_headers,
        ..
    } = req;
    check_number(input.part_number)?;
    let received = receive(store, input.body, &headers, trailing_headers).await?;
    let Received {
        content,
        md5,
        mut sums,
    } = received;
    let mut state = store.lock();
    let upload = open(&mut state, &input.bucket, &input.key, &input.upload_id)?;
    let declared = upload.algorithm;
    if let (Some(declared), Some(sent)) = (declared, sums.values.keys().next())
        && !sums.values.contains_key(&declared)
    {
        return Err(s3_error!(
            InvalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            declared.name().to_ascii_lowercase(),
            sent.name().to_ascii_lowercase()
        ));
    }
    let wanted = declared.unwrap_or(Algorithm::Crc64Nvme);
    if !sums.values.contains_key(&wanted) {
        let own = Sums::of(wanted, &content).map_err(s3s::S3Error::internal_error)?;
        sums.values.extend(own.values);
    }
    let mut output = UploadPartOutput {
        e_tag: Some(ETag::Strong(hex(&md5))),
        ..Default::default()
    };
    sums_into!(output, &sums);
    let part = Part {
        content,
        md5,
        sums,
        modified_ms: now_ms(),
    };
    upload.parts.insert(input.part_number, part);
    store.note_upload(&state, &input.bucket, &input.upload_id)?;
    Ok(S3Response::new(output))
}

pub(super) fn parts(
    store: &Store,
    input: &ListPartsInput,
) -> S3Result<S3Response<ListPartsOutput>> {
    let mut state = store.lock();
    let upload = open(&mut state, &input.bucket, &input.key, &input.upload_id)?;
    let after = input.part_number_marker.unwrap_or(0);
    let limit = input
        .max_parts
        .map_or(1000, |n| usize::try_from(n).unwrap_or(0).min(1000));
    let mut numbers: Vec<_> = upload.parts.range(after.saturating_add(1)..).collect();
    let is_truncated = numbers.len() > limit;
    numbers.truncate(limit);
    let parts: Vec<_> = numbers
        .iter()
        .map(|&(&number, part)| {
            let mut listed = ListedPart {
                e_tag: Some(ETag::Strong(hex(&part.md5))),
                last_modified: Some(timestamp(part.modified_ms)),
                part_number: Some(number),
                size: i64::try_from(part.content.len()).ok(),
                ..Default::default()
            };
            if upload.algorithm.is_some() {
                sums_into!(listed, &part.sums);
            }
            listed
        })
        .collect();
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket.clone()),
        key: Some(input.key.clone()),
        upload_id: Some(input.upload_id.clone()),
        checksum_algorithm: upload
            .algorithm
            .map(|a| ChecksumAlgorithm::from_static(a.name())),
        is_truncated: Some(is_truncated),
        max_parts: i32::try_from(limit).ok(),
        next_part_number_marker: parts
            .last()
            .and_then(|p| p.part_number)
            .filter(|_| is_truncated),
        part_number_marker: input.part_number_marker,
        storage_class: Some(StorageClass::from(upload.class.clone())),
        parts: Some(parts),
        ..Default::default()
    }))
}

pub(super) fn abort(
    store: &Store,
    input: &AbortMultipartUploadInput,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let mut state = store.lock();
    open(&mut state, &input.bucket, &input.key, &input.upload_id)?;
    state
        .bucket_mut(&input.bucket)?
        .uploads
        .remove(&input.upload_id);
    store.note_upload(&state, &input.bucket, &input.upload_id)?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) fn complete(
    store: &Store,
    req: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let S3Request { input, headers, .. } = req;
    let claimed = Sums::claimed(&headers, None);
    let conditions = conditions(store, &headers, input.if_match, input.if_none_match);
    let profile = store.profile();
    let mut state = store.lock();
    let upload = open(&mut state, &input.bucket, &input.key, &input.upload_id)?.clone();
    let listed = input
        .multipart_upload
        .and_then(|m| m.parts)
        .unwrap_or_default();
    let object = assemble(&upload, &listed)?;
    if input
        .mpu_object_size
        .is_some_and(|size| i64::try_from(object.content.len()) != Ok(size))
    {
        return Err(s3_error!(
            InvalidRequest,
            "The provided 'x-amz-mp-object-size' header does not match"
        ));
    }
    if profile.sums == Answer::Honour && upload.algorithm.is_some() {
        for (algorithm, value) in &claimed.values {
            if object.sums.values.get(algorithm) != Some(value) {
                return Err(s3_error!(
                    BadDigest,
                    "The {} you specified did not match what we calculated.",
                    algorithm.name()
                ));
            }
        }
    }
    let fresh = state.fresh_id();
    let checked = profile.complete.before_write(&conditions)?;
    let bucket = state.bucket_mut(&input.bucket)?;
    check_race(&upload, bucket.removals.get(&input.key).copied(), &checked)?;
    bucket.check(&input.key, &checked)?;
    bucket.uploads.remove(&input.upload_id);
    let mut output = CompleteMultipartUploadOutput {
        bucket: Some(input.bucket.clone()),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        key: Some(input.key.clone()),
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        checksum_type: Some(ChecksumType::from_static(object.sums.kind())),
        ..Default::default()
    };
    sums_into!(output, &object.sums);
    // S3 dates the object from the beginning of the upload.
    output.version_id = bucket.commit(&input.key, object, upload.begun_ms, fresh);
    store.note_key(&state, &input.bucket, &input.key)?;
    store.note_upload(&state, &input.bucket, &input.upload_id)?;
    Ok(S3Response::new(output))
}

/// An object that was removed while the upload ran makes `If-None-Match` a 409.
fn check_race(upload: &Upload, removals: Option<u64>, conditions: &Conditions) -> S3Result<()> {
    if conditions.if_none_match.is_some() && removals.unwrap_or_default() != upload.removals {
        return Err(s3_error!(
            ConditionalRequestConflict,
            "A conflicting operation occurred during the upload; start a new one"
        ));
    }
    Ok(())
}

fn assemble(upload: &Upload, listed: &[CompletedPart]) -> S3Result<Object> {
    if listed.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "You must specify at least one part"
        ));
    }
    let numbers = listed.iter().map(|part| part.part_number);
    if !numbers.is_sorted_by(|a, b| a < b) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order."
        ));
    }
    let mut content = Content::default();
    let mut digests = md5::Md5::new();
    let mut part_sizes = Vec::new();
    let mut values = Vec::new();
    let algorithm = upload.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    for (n, named) in listed.iter().enumerate() {
        let number = named.part_number.unwrap_or(0);
        let part = upload
            .parts
            .get(&number)
            .filter(|part| {
                named
                    .e_tag
                    .as_ref()
                    .is_none_or(|e| e.value() == hex(&part.md5))
            })
            .ok_or_else(|| {
                s3_error!(
                    InvalidPart,
                    "One or more of the specified parts could not be found."
                )
            })?;
        let len = part.content.len();
        if len < MIN_PART_BYTES && n + 1 < listed.len() {
            return Err(s3_error!(
                EntityTooSmall,
                "Part {number} is smaller than the minimum allowed size"
            ));
        }
        digests.update(part.md5);
        part_sizes.push(len);
        let sum = part.sums.get(algorithm);
        if claims_other(named, algorithm, sum.as_deref()) {
            return Err(s3_error!(
                InvalidPart,
                "The checksum of part {number} does not match"
            ));
        }
        values.extend(sum.map(|sum| (sum, len)));
        content.0.extend(part.content.0.iter().cloned());
    }
    let values: Vec<_> = values
        .iter()
        .map(|(sum, len)| (sum.as_str(), *len))
        .collect();
    let sums = if upload.is_composite {
        Sums::composed(algorithm, &values)
    } else {
        Sums::combined(algorithm, &values)
    };
    Ok(Object {
        content,
        etag: format!("{}-{}", hex(&digests.finalize()), listed.len()),
        sums: sums.unwrap_or_default(),
        part_sizes,
        meta: upload.meta.clone(),
        class: upload.class.clone(),
        ..Object::default()
    })
}

fn claims_other(named: &CompletedPart, algorithm: Algorithm, own: Option<&str>) -> bool {
    let claimed = match algorithm {
        Algorithm::Crc32 => &named.checksum_crc32,
        Algorithm::Crc32c => &named.checksum_crc32c,
        Algorithm::Crc64Nvme => &named.checksum_crc64nvme,
        Algorithm::Sha1 => &named.checksum_sha1,
        Algorithm::Sha256 => &named.checksum_sha256,
    };
    claimed.is_some() && claimed.as_deref() != own
}
