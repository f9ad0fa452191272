//! Deletes, one by one and in batches.

use super::model::{Conditions, Removed};
use super::objects::conditions;
use super::profile::Answer;
use super::store::{Store, now_ms};
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

pub(super) fn one(
    store: &Store,
    req: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let S3Request { input, headers, .. } = req;
    let conditions = conditions(store, &headers, input.if_match, None);
    let version_id = input.version_id.as_deref();
    let answer = store.profile().delete;
    let removed = remove(
        store,
        &input.bucket,
        &input.key,
        version_id,
        answer,
        &conditions,
    )?;
    Ok(S3Response::new(DeleteObjectOutput {
        delete_marker: removed.is_marker.then_some(true),
        version_id: removed.version,
        ..Default::default()
    }))
}

pub(super) fn batch(
    store: &Store,
    input: DeleteObjectsInput,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    if input.delete.objects.len() > 1000 {
        return Err(s3_error!(MalformedXML, "more than 1000 keys"));
    }
    store.lock().bucket(&input.bucket)?;
    let is_quiet = input.delete.quiet == Some(true);
    let answer = store.profile().batch_delete;
    let mut deleted = Vec::new();
    let mut errors = Vec::new();
    for object in input.delete.objects {
        let conditions = Conditions {
            if_match: object.e_tag.map(ETagCondition::ETag),
            if_none_match: None,
        };
        let version_id = object.version_id.as_deref();
        match remove(
            store,
            &input.bucket,
            &object.key,
            version_id,
            answer,
            &conditions,
        ) {
            Ok(removed) if !is_quiet => deleted.push(DeletedObject {
                delete_marker: removed.is_marker.then_some(true),
                delete_marker_version_id: removed.version.filter(|_| removed.is_marker),
                key: Some(object.key),
                version_id: object.version_id,
            }),
            Ok(_) => {}
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key: Some(object.key),
                message: error.message().map(str::to_owned),
                version_id: object.version_id,
            }),
        }
    }
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: Some(errors),
        ..Default::default()
    }))
}

fn remove(
    store: &Store,
    bucket: &str,
    key: &str,
    version_id: Option<&str>,
    answer: Answer,
    conditions: &Conditions,
) -> S3Result<Removed> {
    let mut state = store.lock();
    let fresh = state.fresh_id();
    let checked = answer.before_write(conditions)?;
    let there = state.bucket_mut(bucket)?;
    // A delete marker as current version counts as there, but never matches.
    if checked.if_match.is_some() && there.keys.contains_key(key) && there.current(key).is_none() {
        return Err(super::model::unmet());
    }
    there.check(key, &checked)?;
    let removed = there.remove(key, version_id, now_ms(), fresh);
    store.note_key(&state, bucket, key)?;
    Ok(removed)
}
