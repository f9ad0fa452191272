//! The settings of a map, and the words for them.

use crate::state::{
    Addressing, Bucket, Capabilities, ConflictPolicy, DirMap, Direction, Encryption, KeepSize,
    Links, Modes, Recursion,
};
use serde_json::{Value, json};

/// What is set of a map.
pub(in crate::commands) fn of(version: u8, bucket: &Bucket, map: &DirMap) -> Value {
    let root = map
        .root
        .map(|root| json!({"device": root.device.to_string(), "inode": root.inode.to_string()}));
    json!({
        "name": map.name,
        "id": (version > 1).then(|| map.id.to_string()),
        "path": map.path,
        "bucket": bucket.name,
        "prefix": map.prefix,
        "endpoint": bucket.access.endpoint,
        "region": bucket.access.region,
        "profile": bucket.access.profile,
        "path_style": bucket.access.addressing == Addressing::Path,
        "capabilities": bucket.capabilities.map(capabilities),
        "recursive": map.recursion == Recursion::Recursive,
        "links": match map.links {
            Links::Skip => "skip",
            Links::FollowInside => "follow-inside",
        },
        "keep_mode": map.modes == Modes::Keep,
        "compress": map.gzip_level,
        "encryption": encryption(&map.encryption),
        "storage_class": map.storage_class,
        "conflict": conflict(map.conflict),
        "direction": direction(map.direction),
        "keep_days": map.keep_days,
        "keep_size": match map.keep_size {
            KeepSize::Default => None,
            set => Some(set.to_string()),
        },
        "max_replace": map.max_replace.map(|limit| limit.to_string()),
        "generation": map.generation,
        "root": root,
    })
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

fn conflict(policy: ConflictPolicy) -> &'static str {
    match policy {
        ConflictPolicy::Newer => "newer",
        ConflictPolicy::KeepBoth => "keep-both",
        ConflictPolicy::Local => "local",
        ConflictPolicy::Remote => "remote",
        ConflictPolicy::Ask => "ask",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both",
        Direction::Push => "push",
        Direction::PushMirror => "push-mirror",
        Direction::Pull => "pull",
        Direction::PullMirror => "pull-mirror",
    }
}
