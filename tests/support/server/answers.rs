//! Small translations between the model's words and those of the protocol.

use super::model::{Meta, Restore};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use s3s::dto::{Metadata, StorageClass, Timestamp};
use s3s::{S3Result, s3_error};
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// Fills the five checksum fields that many answers have.
macro_rules! sums_into {
    ($output:expr, $sums:expr) => {{
        let [crc32, crc32c, crc64nvme, sha1, sha256] = $sums.fields();
        $output.checksum_crc32 = crc32;
        $output.checksum_crc32c = crc32c;
        $output.checksum_crc64nvme = crc64nvme;
        $output.checksum_sha1 = sha1;
        $output.checksum_sha256 = sha256;
    }};
}
pub(super) use sums_into;

/// Most bytes of user metadata S3 takes, names and values together.
const MAX_USER_META_BYTES: usize = 2048;
const SYSTEM_HEADERS: [&str; 5] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
];

/// A time as answers write it.
pub(super) fn timestamp(ms: i64) -> Timestamp {
    let since = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    Timestamp::from(UNIX_EPOCH + since)
}

/// User metadata as the request has it, within S3's limit.
pub(super) fn user_meta(metadata: Option<Metadata>) -> S3Result<BTreeMap<String, String>> {
    let user: BTreeMap<String, String> = metadata
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let bytes: usize = user
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > MAX_USER_META_BYTES {
        return Err(s3_error!(
            MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size"
        ));
    }
    Ok(user)
}

/// User metadata as answers have it.
pub(super) fn metadata(meta: &Meta) -> Option<Metadata> {
    (!meta.user.is_empty()).then(|| meta.user.clone().into_iter().collect())
}

/// The headers that S3 keeps with an object; `aws-chunked` was the transfer's, not the object's.
pub(super) fn system_headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut kept = BTreeMap::new();
    for name in SYSTEM_HEADERS {
        let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) else {
            continue;
        };
        let value = if name == "content-encoding" {
            let codings = value.split(',').map(str::trim);
            let own: Vec<_> = codings
                .filter(|c| *c != "aws-chunked" && !c.is_empty())
                .collect();
            own.join(",")
        } else {
            value.to_owned()
        };
        if !value.is_empty() {
            kept.insert(name.to_owned(), value);
        }
    }
    kept.entry("content-type".to_owned())
        .or_insert_with(|| "binary/octet-stream".to_owned());
    kept
}

/// Tags as the header writes them.
pub(super) fn parse_tags(header: Option<&str>) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let pairs = header
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// The `x-amz-restore` header.
pub(super) fn restore(restore: Restore) -> Option<String> {
    match restore {
        Restore::None => None,
        Restore::Asked(_) => Some("ongoing-request=\"true\"".to_owned()),
        Restore::Until(until_ms) => {
            let mut date = Vec::new();
            timestamp(until_ms)
                .format(s3s::dto::TimestampFormat::HttpDate, &mut date)
                .ok()?;
            let date = String::from_utf8(date).ok()?;
            Some(format!("ongoing-request=\"false\", expiry-date=\"{date}\""))
        }
    }
}

/// The storage class as reads give it: nothing for STANDARD.
pub(super) fn class(class: &str) -> Option<StorageClass> {
    (class != "STANDARD").then(|| StorageClass::from(class.to_owned()))
}
