//! A dump for machines: one JSON object, documented in the README, written as it is read.

use super::{About, Tally};
use crate::stamp::Hex;
use crate::state::{
    Addressing, Bucket, Capabilities, ConflictPolicy, Content, DirMap, Direction, Encryption,
    Record, Recursion,
};
use serde_json::{Value, json};
use std::io::{self, Write};

pub(super) fn head(about: &About<'_>, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{{\"file\":{},\"version\":{},\"replica\":{},\"generation\":{},\"synced_ms\":{},\"maps\":[",
        Value::from(about.path.as_str()),
        about.version,
        Value::from(about.state.replica.to_string()),
        about.state.generation,
        about.state.synced_ms,
    )
}

pub(super) fn foot(out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "]}}")
}

/// Writes a map up to and with the opening of its records.
pub(super) fn map(
    index: usize,
    bucket: &Bucket,
    map: &DirMap,
    tally: &Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    let settings = json!({
        "name": map.name,
        "id": map.id.to_string(),
        "path": map.path,
        "bucket": bucket.name,
        "prefix": map.prefix,
        "endpoint": bucket.access.endpoint,
        "region": bucket.access.region,
        "profile": bucket.access.profile,
        "path_style": bucket.access.addressing == Addressing::Path,
        "capabilities": bucket.capabilities.map(capabilities),
        "recursive": map.recursion == Recursion::Recursive,
        "compress": map.gzip_level,
        "encryption": encryption(&map.encryption),
        "storage_class": map.storage_class,
        "conflict": conflict(map.conflict),
        "direction": direction(map.direction),
        "keep_days": map.keep_days,
        "generation": map.generation,
        "root": map.root.map(|root| json!({"device": root.device, "inode": root.inode})),
        "records": tally.records,
        "plain_bytes": tally.plain_bytes,
        "stored_bytes": tally.stored_bytes,
    });
    let text = settings.to_string();
    let comma = if index > 0 { "," } else { "" };
    write!(out, "{comma}\n{},\"objects\":[", text.trim_end_matches('}'))
}

pub(super) fn map_end(out: &mut impl Write) -> io::Result<()> {
    write!(out, "]}}")
}

pub(super) fn record(at: usize, record: &Record, out: &mut impl Write) -> io::Result<()> {
    let local = record.local.map(|stamp| {
        json!({
            "size": stamp.size_bytes,
            "mtime_ns": stamp.mtime_ns,
            "ctime_ns": stamp.ctime_ns,
            "inode": stamp.inode,
        })
    });
    let remote = json!({
        "etag": record.remote.etag.to_string(),
        "size": record.remote.size_bytes,
        "modified_ms": record.remote.modified_ms,
        "version": record.remote.version,
    });
    let value = json!({
        "key": record.key.as_str(),
        "local": local,
        "remote": remote,
        "content": content(record.content),
        "encoding": record.encoding.to_string(),
        "parts": record.parts.as_ref().map(|parts| json!({
            "part_bytes": parts.part_bytes,
            "digests": parts.digests.iter().map(|sum| Hex(sum).to_string()).collect::<Vec<_>>(),
        })),
    });
    let comma = if at > 0 { "," } else { "" };
    write!(out, "{comma}\n{value}")
}

fn capabilities(found: Capabilities) -> Value {
    json!({
        "put_if_absent": found.put_if_absent,
        "put_if_match": found.put_if_match,
        "complete_if_absent": found.complete_if_absent,
        "complete_if_match": found.complete_if_match,
        "copy_if_absent": found.copy_if_absent,
        "copy_source_if_match": found.copy_source_if_match,
        "delete_if_match": found.delete_if_match,
        "batch_delete_if_match": found.batch_delete_if_match,
        "part_copy": found.part_copy,
        "crc64_checked": found.crc64_checked,
        "bare_etags": found.bare_etags,
        "versioned": found.versioned,
    })
}

fn encryption(encryption: &Encryption) -> Value {
    match encryption {
        Encryption::None => Value::Null,
        Encryption::Age {
            recipients,
            recipients_file,
            identity_file,
        } => json!({
            "recipients": recipients,
            "recipients_file": recipients_file,
            "identity_file": identity_file,
        }),
        Encryption::RecipientMissing { email } => json!({"missing_for": email}),
    }
}

pub(super) fn conflict(policy: ConflictPolicy) -> &'static str {
    match policy {
        ConflictPolicy::Newer => "newer",
        ConflictPolicy::KeepBoth => "keep-both",
        ConflictPolicy::Local => "local",
        ConflictPolicy::Remote => "remote",
        ConflictPolicy::Ask => "ask",
    }
}

pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both",
        Direction::Push => "push",
        Direction::PushMirror => "push-mirror",
        Direction::Pull => "pull",
        Direction::PullMirror => "pull-mirror",
    }
}

fn content(content: Content) -> Value {
    match content {
        Content::Unknown => Value::Null,
        Content::ETag => json!("etag"),
        Content::Blake3(sum) => json!(format!("blake3:{}", Hex(&sum))),
    }
}
