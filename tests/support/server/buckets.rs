//! Buckets, their versioning, and restores from the archive.

use super::answers::timestamp;
use super::model::{Bucket as Stored, Restore, Versioning};
use super::store::{Store, now_ms};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Response, S3Result, s3_error};

/// The region the server says it is in.
pub const REGION: &str = "us-east-1";

pub(super) fn create(
    store: &Store,
    input: &CreateBucketInput,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let mut state = store.lock();
    if state.buckets.contains_key(&input.bucket) {
        return Err(s3_error!(
            BucketAlreadyOwnedByYou,
            "Your previous request to create the named bucket succeeded and you already own it."
        ));
    }
    let bucket = Stored {
        created_ms: now_ms(),
        ..Stored::default()
    };
    state.buckets.insert(input.bucket.clone(), bucket);
    store.note_bucket(&state, &input.bucket)?;
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(format!("/{}", input.bucket)),
    }))
}

pub(super) fn delete(store: &Store, name: &str) -> S3Result<S3Response<DeleteBucketOutput>> {
    let mut state = store.lock();
    if !state.bucket(name)?.keys.is_empty() {
        return Err(s3_error!(
            BucketNotEmpty,
            "The bucket you tried to delete is not empty"
        ));
    }
    state.buckets.remove(name);
    store.note_bucket(&state, name)?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

pub(super) fn list(store: &Store) -> S3Response<ListBucketsOutput> {
    let state = store.lock();
    let buckets = state
        .buckets
        .iter()
        .map(|(name, bucket)| Bucket {
            bucket_region: Some(REGION.to_owned()),
            creation_date: Some(timestamp(bucket.created_ms)),
            name: Some(name.clone()),
        })
        .collect();
    S3Response::new(ListBucketsOutput {
        buckets: Some(buckets),
        ..Default::default()
    })
}

pub(super) fn head(store: &Store, name: &str) -> S3Result<S3Response<HeadBucketOutput>> {
    store.lock().bucket(name)?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: REGION.parse().ok(),
        ..Default::default()
    }))
}

pub(super) fn location(store: &Store, name: &str) -> S3Result<S3Response<GetBucketLocationOutput>> {
    store.lock().bucket(name)?;
    Ok(S3Response::new(GetBucketLocationOutput::default()))
}

pub(super) fn versioning(
    store: &Store,
    name: &str,
) -> S3Result<S3Response<GetBucketVersioningOutput>> {
    let status = match store.lock().bucket(name)?.versioning {
        Versioning::Off => None,
        Versioning::Enabled => Some(BucketVersioningStatus::from_static("Enabled")),
        Versioning::Suspended => Some(BucketVersioningStatus::from_static("Suspended")),
    };
    Ok(S3Response::new(GetBucketVersioningOutput {
        status,
        ..Default::default()
    }))
}

pub(super) fn set_versioning(
    store: &Store,
    input: &PutBucketVersioningInput,
) -> S3Result<S3Response<PutBucketVersioningOutput>> {
    let status = input
        .versioning_configuration
        .status
        .as_ref()
        .map(BucketVersioningStatus::as_str);
    let versioning = match status {
        Some("Enabled") => Versioning::Enabled,
        Some("Suspended") => Versioning::Suspended,
        _ => return Err(s3_error!(MalformedXML)),
    };
    let mut state = store.lock();
    state.bucket_mut(&input.bucket)?.versioning = versioning;
    store.note_bucket(&state, &input.bucket)?;
    Ok(S3Response::new(PutBucketVersioningOutput {}))
}

pub(super) fn restore(
    store: &Store,
    input: &RestoreObjectInput,
) -> S3Result<S3Response<RestoreObjectOutput>> {
    let days = input
        .restore_request
        .as_ref()
        .and_then(|r| r.days)
        .map(i64::from);
    let tier = input.restore_request.as_ref().and_then(|r| {
        let tier = r.glacier_job_parameters.as_ref().map(|g| &g.tier);
        tier.or(r.tier.as_ref()).map(Tier::as_str)
    });
    let mut state = store.lock();
    let bucket = state.bucket_mut(&input.bucket)?;
    bucket.find(&input.key, input.version_id.as_deref())?;
    let versions = bucket
        .keys
        .get_mut(&input.key)
        .map_or(&mut [][..], |v| &mut v[..]);
    let found = match &input.version_id {
        Some(id) => versions.iter_mut().find(|v| v.name() == id),
        None => versions.last_mut(),
    };
    let Some(object) = found.and_then(|version| version.object.as_mut()) else {
        return Err(s3_error!(NoSuchKey));
    };
    let is_tiered = object.archive.is_some();
    if !is_tiered && !matches!(&object.class[..], "GLACIER" | "DEEP_ARCHIVE") {
        let code = S3ErrorCode::Custom("ObjectAlreadyInActiveTierError".into());
        let mut error = S3Error::with_message(code, "Restore is not allowed for this object");
        error.set_status_code(http::StatusCode::FORBIDDEN);
        return Err(error);
    }
    if object.class == "DEEP_ARCHIVE" && tier == Some("Expedited") {
        return Err(s3_error!(
            InvalidArgument,
            "Expedited is not available for DEEP_ARCHIVE"
        ));
    }
    if is_tiered == days.is_some() {
        return Err(s3_error!(
            MalformedXML,
            "Days is required, and for the archived only"
        ));
    }
    let now_ms = now_ms();
    let status = match object.restore {
        Restore::Asked(_) => {
            return Err(s3_error!(
                RestoreAlreadyInProgress,
                "Object restore is already in progress"
            ));
        }
        Restore::Until(until_ms) if now_ms < until_ms => {
            object.restore = Restore::Until(now_ms + days.unwrap_or(0) * 86_400_000);
            http::StatusCode::OK
        }
        Restore::None | Restore::Until(_) => {
            object.restore = Restore::Asked(days.unwrap_or(0));
            http::StatusCode::ACCEPTED
        }
    };
    store.note_key(&state, &input.bucket, &input.key)?;
    Ok(S3Response::with_status(
        RestoreObjectOutput::default(),
        status,
    ))
}
