//! What the program's own reader finds, in the words of a dump.

use s3_bsync::format::journal::{Entry, Origin, Replay};
use s3_bsync::stamp::{Hex, LocalStamp};
use s3_bsync::state::{Change, Content, Record};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn replayed(_file: &Path, bytes: &[u8]) -> Value {
    // The identity's place is fixed (section 12).
    let generation = u64::from_le_bytes(bytes[26..34].try_into().unwrap());
    let entries = Replay::open(bytes)
        .unwrap()
        .map(|it| entry_shown(&it.unwrap()));
    json!({
        "replica": Hex(&bytes[10..26]).to_string(),
        "generation": generation,
        "entries": entries.collect::<Vec<_>>(),
    })
}

pub(crate) fn entry_shown(entry: &Entry) -> Value {
    match entry {
        Entry::Change(map, Change::Upsert(record)) => {
            json!({"type": "upsert", "map": map.to_string(), "record": record_shown(record)})
        }
        Entry::Change(map, Change::Remove(key)) => {
            json!({"type": "removal", "map": map.to_string(), "key": key.as_str()})
        }
        Entry::Upload(map, upload) => json!({
            "type": "upload",
            "map": map.to_string(),
            "key": upload.key.as_str(),
            "upload_id": upload.upload_id,
            "part_bytes": upload.part_bytes,
            "local": stamp_shown(&upload.source),
            "write_id": Hex(&upload.write_id).to_string(),
        }),
        Entry::Intent(map, intent) => {
            let (crc64, copied_from) = match &intent.origin {
                Origin::Sent { crc64 } => (json!(crc64.to_string()), Value::Null),
                Origin::Copied(from) => (Value::Null, json!(from.as_str())),
            };
            json!({
                "type": "intent",
                "map": map.to_string(),
                "record": record_shown(&intent.record),
                "write_id": Hex(&intent.write_id).to_string(),
                "crc64": crc64,
                "copied_from": copied_from,
            })
        }
    }
}

fn stamp_shown(stamp: &LocalStamp) -> Value {
    json!({
        "size": stamp.size_bytes,
        "mtime_ns": stamp.mtime_ns.to_string(),
        "ctime_ns": stamp.ctime_ns.to_string(),
        "inode": stamp.inode.to_string(),
    })
}

pub(crate) fn record_shown(record: &Record) -> Value {
    json!({
        "key": record.key.as_str(),
        "local": record.local.as_ref().map(stamp_shown),
        "remote": {
            "etag": record.remote.etag.to_string(),
            "size": record.remote.size_bytes,
            "modified_ms": record.remote.modified_ms,
            "version": record.remote.version,
        },
        "content": match record.content {
            Content::Unknown => Value::Null,
            Content::ByMd5(sum) => json!(format!("md5+blake3:{}", Hex(&sum))),
            Content::Blake3(sum) => json!(format!("blake3:{}", Hex(&sum))),
        },
        "encoding": record.encoding.to_string(),
        "parts": record.parts.as_ref().map(|parts| json!({
            "part_bytes": parts.part_bytes,
            "digests": parts.digests.iter().map(|sum| Hex(sum).to_string()).collect::<Vec<_>>(),
        })),
    })
}
