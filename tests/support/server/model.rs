//! What a bucket holds, and the rules of S3 that need nothing else: versions, conditions,
//! archive. Every function here runs under the store's one mutex, so a check and the write that
//! follows it are one step.

use super::blob::Content;
use super::sums::{Algorithm, Sums};
use s3s::dto::ETagCondition;
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use std::collections::BTreeMap;

/// One bucket.
#[derive(Clone, Default)]
pub struct Bucket {
    /// When it was made, milliseconds since the epoch.
    pub created_ms: i64,
    /// Whether old versions are kept.
    pub versioning: Versioning,
    /// Per key its versions, oldest first, never none.
    pub keys: BTreeMap<String, Vec<Version>>,
    /// Uploads in progress by id.
    pub uploads: BTreeMap<String, Upload>,
    /// Per key, how many times a current object was removed; decides races with uploads.
    pub removals: BTreeMap<String, u64>,
}

/// A bucket's versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioning {
    /// Never switched on.
    #[default]
    Off,
    /// Every write makes a version.
    Enabled,
    /// Writes replace the null version.
    Suspended,
}

/// One version of a key.
#[derive(Clone)]
pub struct Version {
    /// `None` for the null version.
    pub id: Option<String>,
    /// Last-Modified, milliseconds since the epoch.
    pub modified_ms: i64,
    /// `None` for a delete marker.
    pub object: Option<Object>,
}

/// An object's bytes and all that S3 keeps with them.
#[derive(Clone, Default)]
pub struct Object {
    /// The bytes.
    pub content: Content,
    /// Without quotes.
    pub etag: String,
    /// Checksums.
    pub sums: Sums,
    /// Sizes of the parts it was uploaded in; empty if it was in one.
    pub part_sizes: Vec<u64>,
    /// Headers and metadata.
    pub meta: Meta,
    /// Storage class.
    pub class: String,
    /// `ARCHIVE_ACCESS` or so, for Intelligent-Tiering.
    pub archive: Option<String>,
    /// How far a restore is.
    pub restore: Restore,
}

/// What the client said of an object.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Meta {
    /// User metadata, names in lower case.
    pub user: BTreeMap<String, String>,
    /// System headers by their lower-case names.
    pub headers: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// How far a restore from the archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restore {
    /// Not asked for.
    #[default]
    None,
    /// Asked for, for so many days (0: for good).
    Asked(i64),
    /// Readable until this time, milliseconds since the epoch.
    Until(i64),
}

/// A multipart upload in progress.
#[derive(Clone)]
pub struct Upload {
    /// The key it is for.
    pub key: String,
    /// When it was begun, milliseconds since the epoch.
    pub begun_ms: i64,
    /// Headers and metadata.
    pub meta: Meta,
    /// Storage class.
    pub class: String,
    /// The algorithm that was declared.
    pub algorithm: Option<Algorithm>,
    /// Whether the object's checksum is to be of the parts' checksums.
    pub is_composite: bool,
    /// The bucket's count of removals of the key when it was begun.
    pub removals: u64,
    /// Parts by number.
    pub parts: BTreeMap<i32, Part>,
}

/// A part of an upload.
#[derive(Clone)]
pub struct Part {
    /// The bytes.
    pub content: Content,
    /// MD5 of the bytes.
    pub md5: [u8; 16],
    /// Checksums.
    pub sums: Sums,
    /// When it came, milliseconds since the epoch.
    pub modified_ms: i64,
}

impl Object {
    /// Whether its bytes can be read now.
    pub fn is_readable(&self, now_ms: i64) -> bool {
        let is_archived = matches!(&self.class[..], "GLACIER" | "DEEP_ARCHIVE");
        match self.restore {
            Restore::Until(until_ms) if is_archived => now_ms < until_ms,
            _ => !is_archived && self.archive.is_none(),
        }
    }
}

/// The conditions of a write.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<ETagCondition>,
    /// `If-None-Match`.
    pub if_none_match: Option<ETagCondition>,
}

impl Bucket {
    /// The current object, if the key has one.
    pub fn current(&self, key: &str) -> Option<&Version> {
        let version = self.keys.get(key)?.last()?;
        version.object.is_some().then_some(version)
    }

    /// The version that a read of `key` means, and its object.
    pub fn find(&self, key: &str, id: Option<&str>) -> S3Result<(&Version, &Object)> {
        let Some(id) = id else {
            let latest = self.keys.get(key).and_then(|versions| versions.last());
            return match latest {
                None => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
                Some(version) => match &version.object {
                    Some(object) => Ok((version, object)),
                    None => Err(marker(S3ErrorCode::NoSuchKey, version)),
                },
            };
        };
        let version = self
            .keys
            .get(key)
            .and_then(|versions| versions.iter().find(|v| v.name() == id))
            .ok_or_else(|| s3_error!(NoSuchVersion, "The specified version does not exist."))?;
        match &version.object {
            Some(object) => Ok((version, object)),
            None => Err(marker(S3ErrorCode::MethodNotAllowed, version)),
        }
    }

    /// Whether a write of `key` may go ahead.
    pub fn check(&self, key: &str, conditions: &Conditions) -> S3Result<()> {
        let current = self.current(key).and_then(|v| v.object.as_ref());
        if let Some(condition) = &conditions.if_none_match {
            match (condition, current) {
                (ETagCondition::Any, None) => {}
                (ETagCondition::Any, Some(_)) => return Err(unmet()),
                (ETagCondition::ETag(_), _) => return Err(s3_error!(NotImplemented)),
            }
        }
        match (&conditions.if_match, current) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(condition), Some(object)) if matches(condition, &object.etag) => Ok(()),
            (Some(_), Some(_)) => Err(unmet()),
        }
    }

    /// Makes `object` the current version of `key`; returns its version id where there is one.
    pub fn commit(
        &mut self,
        key: &str,
        object: Object,
        modified_ms: i64,
        fresh_id: String,
    ) -> Option<String> {
        self.push(key, Some(object), modified_ms, fresh_id)
    }

    fn push(
        &mut self,
        key: &str,
        object: Option<Object>,
        modified_ms: i64,
        fresh_id: String,
    ) -> Option<String> {
        let id = (self.versioning == Versioning::Enabled).then_some(fresh_id);
        let versions = self.keys.entry(key.to_owned()).or_default();
        if id.is_none() {
            versions.retain(|version| version.id.is_some());
        }
        versions.push(Version {
            id: id.clone(),
            modified_ms,
            object,
        });
        match self.versioning {
            Versioning::Off => None,
            Versioning::Enabled => id,
            Versioning::Suspended => Some("null".to_owned()),
        }
    }

    /// Removes `key`, or one version of it for good.
    pub fn remove(
        &mut self,
        key: &str,
        id: Option<&str>,
        now_ms: i64,
        fresh_id: String,
    ) -> Removed {
        if self.current(key).is_some() {
            *self.removals.entry(key.to_owned()).or_default() += 1;
        }
        match id {
            Some(id) => {
                let mut removed = Removed {
                    is_marker: false,
                    version: Some(id.to_owned()),
                };
                if let Some(versions) = self.keys.get_mut(key) {
                    if let Some(at) = versions.iter().position(|v| v.name() == id) {
                        removed.is_marker = versions.remove(at).object.is_none();
                    }
                    if versions.is_empty() {
                        self.keys.remove(key);
                    }
                }
                removed
            }
            None if self.versioning == Versioning::Off => {
                self.keys.remove(key);
                Removed {
                    is_marker: false,
                    version: None,
                }
            }
            None => Removed {
                is_marker: true,
                version: self.push(key, None, now_ms, fresh_id),
            },
        }
    }
}

/// What a removal did.
#[derive(Debug, Clone)]
pub struct Removed {
    /// Whether it made, or removed, a delete marker.
    pub is_marker: bool,
    /// The version made or removed.
    pub version: Option<String>,
}

impl Version {
    /// The id as requests spell it.
    pub fn name(&self) -> &str {
        self.id.as_deref().unwrap_or("null")
    }
}

/// Whether `etag` meets `condition`.
pub fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == "*" || wanted.value() == etag,
    }
}

/// The answer to an unmet condition.
pub fn unmet() -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}

fn marker(code: S3ErrorCode, version: &Version) -> S3Error {
    let mut error = S3Error::new(code);
    let mut headers = http::HeaderMap::new();
    headers.insert(
        "x-amz-delete-marker",
        http::HeaderValue::from_static("true"),
    );
    if let Ok(id) = version.name().parse() {
        headers.insert("x-amz-version-id", id);
    }
    error.set_headers(headers);
    error
}
