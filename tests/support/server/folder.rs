//! The store's folder: one file per body, and a journal of JSON lines of which the last one about
//! a thing holds. Reopening gives the buckets back as they were; the journal is then rewritten.

use super::blob::{Blob, Content};
use super::model::{Bucket, Meta, Object, Part, Restore, Upload, Version, Versioning};
use super::store::held;
use super::sums::{Algorithm, Sums, base64, unbase64};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// An open folder.
pub struct Folder {
    blobs: PathBuf,
    journal: Mutex<File>,
    serial: AtomicU64,
}

type Buckets = BTreeMap<String, Bucket>;

impl Folder {
    /// Opens or makes the folder, and reads what it holds.
    ///
    /// # Errors
    /// Whatever the file system says, and a journal line that cannot be read.
    pub fn open(path: &Path) -> io::Result<(Self, Buckets)> {
        let blobs = path.join("blobs");
        fs::create_dir_all(&blobs)?;
        let blobs = blobs.canonicalize()?;
        let journal = path.join("journal.jsonl");
        let mut buckets = Buckets::new();
        if journal.exists() {
            for line in BufReader::new(File::open(&journal)?).lines() {
                // A line cut short by a crash is the last one, and was never answered for.
                if let Ok(entry) = serde_json::from_str(&line?) {
                    replay(&mut buckets, &entry, &blobs)
                        .ok_or_else(|| io::Error::other(format!("not of this server: {entry}")))?;
                }
            }
        }
        let mut serial = 0;
        for blob in fs::read_dir(&blobs)? {
            let name = blob?.file_name().to_string_lossy().parse().unwrap_or(0);
            serial = serial.max(name);
        }
        let fresh = path.join("journal.new");
        let folder = Self {
            blobs,
            journal: Mutex::new(OpenOptions::new().create(true).append(true).open(&fresh)?),
            serial: AtomicU64::new(serial + 1),
        };
        held(&folder.journal).set_len(0)?;
        for (name, bucket) in &buckets {
            folder.note_bucket(name, Some(bucket))?;
            for (key, versions) in &bucket.keys {
                folder.note_key(name, key, versions)?;
            }
            for (id, upload) in &bucket.uploads {
                folder.note_upload(name, id, Some(upload))?;
            }
        }
        fs::rename(fresh, journal)?;
        Ok((folder, buckets))
    }

    /// Writes bytes to a file of their own.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn keep(&self, bytes: &[u8]) -> io::Result<Arc<Path>> {
        let name = self.serial.fetch_add(1, Ordering::Relaxed).to_string();
        let path = self.blobs.join(name);
        fs::write(&path, bytes)?;
        Ok(path.into())
    }

    /// Notes a key's versions.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn note_key(&self, bucket: &str, key: &str, versions: &[Version]) -> io::Result<()> {
        let versions: Vec<_> = versions.iter().map(version).collect();
        self.note(&json!({"bucket": bucket, "key": key, "versions": versions}))
    }

    /// Notes an upload, or its end.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn note_upload(&self, bucket: &str, id: &str, upload: Option<&Upload>) -> io::Result<()> {
        self.note(&json!({"bucket": bucket, "upload": id, "is": upload.map(upload_json)}))
    }

    /// Notes a bucket, or its end.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn note_bucket(&self, name: &str, bucket: Option<&Bucket>) -> io::Result<()> {
        self.note(&match bucket {
            Some(bucket) => json!({
                "bucket": name,
                "created": bucket.created_ms,
                "versioning": match bucket.versioning {
                    Versioning::Off => "Off",
                    Versioning::Enabled => "Enabled",
                    Versioning::Suspended => "Suspended",
                },
            }),
            None => json!({"bucket": name, "gone": true}),
        })
    }

    fn note(&self, entry: &Value) -> io::Result<()> {
        held(&self.journal).write_all(format!("{entry}\n").as_bytes())
    }
}

fn replay(buckets: &mut Buckets, entry: &Value, blobs: &Path) -> Option<()> {
    let name = entry["bucket"].as_str()?;
    if entry["gone"] == true {
        buckets.remove(name);
        return Some(());
    }
    let bucket = buckets.entry(name.to_owned()).or_default();
    if let Some(created) = entry["created"].as_i64() {
        bucket.created_ms = created;
        bucket.versioning = match entry["versioning"].as_str()? {
            "Enabled" => Versioning::Enabled,
            "Suspended" => Versioning::Suspended,
            _ => Versioning::Off,
        };
    } else if let Some(key) = entry["key"].as_str() {
        let versions = entry["versions"].as_array()?;
        let versions: Option<Vec<_>> = versions.iter().map(|v| read_version(v, blobs)).collect();
        match versions? {
            none if none.is_empty() => bucket.keys.remove(key),
            some => bucket.keys.insert(key.to_owned(), some),
        };
    } else {
        let id = entry["upload"].as_str()?;
        match &entry["is"] {
            Value::Null => bucket.uploads.remove(id),
            upload => bucket
                .uploads
                .insert(id.to_owned(), read_upload(upload, blobs)?),
        };
    }
    Some(())
}

fn version(version: &Version) -> Value {
    let object = version.object.as_ref().map(|object| {
        json!({
            "content": content(&object.content),
            "etag": object.etag,
            "sums": sums(&object.sums),
            "parts": object.part_sizes,
            "meta": meta(&object.meta),
            "class": object.class,
            "archive": object.archive,
            "restore": match object.restore {
                Restore::None => Value::Null,
                Restore::Asked(days) => json!({"asked": days}),
                Restore::Until(until_ms) => json!({"until": until_ms}),
            },
        })
    });
    json!({"id": version.id, "modified": version.modified_ms, "object": object})
}

fn read_version(value: &Value, blobs: &Path) -> Option<Version> {
    let object = match &value["object"] {
        Value::Null => None,
        object => Some(Object {
            content: read_content(&object["content"], blobs)?,
            etag: text(&object["etag"])?,
            sums: read_sums(&object["sums"])?,
            part_sizes: object["parts"]
                .as_array()?
                .iter()
                .filter_map(Value::as_u64)
                .collect(),
            meta: read_meta(&object["meta"])?,
            class: text(&object["class"])?,
            archive: text(&object["archive"]),
            restore: match (
                object["restore"]["asked"].as_i64(),
                object["restore"]["until"].as_i64(),
            ) {
                (Some(days), _) => Restore::Asked(days),
                (None, Some(until_ms)) => Restore::Until(until_ms),
                (None, None) => Restore::None,
            },
        }),
    };
    Some(Version {
        id: text(&value["id"]),
        modified_ms: value["modified"].as_i64()?,
        object,
    })
}

fn upload_json(upload: &Upload) -> Value {
    let parts = upload.parts.iter().map(|(number, part)| {
        json!({
            "number": number,
            "content": content(&part.content),
            "md5": base64(&part.md5),
            "sums": sums(&part.sums),
            "modified": part.modified_ms,
        })
    });
    json!({
        "key": upload.key,
        "begun": upload.begun_ms,
        "meta": meta(&upload.meta),
        "class": upload.class,
        "algorithm": upload.algorithm.map(Algorithm::name),
        "composite": upload.is_composite,
        "removals": upload.removals,
        "parts": parts.collect::<Vec<_>>(),
    })
}

fn read_upload(value: &Value, blobs: &Path) -> Option<Upload> {
    let mut parts = BTreeMap::new();
    for part in value["parts"].as_array()? {
        let number = i32::try_from(part["number"].as_i64()?).ok()?;
        let read = Part {
            content: read_content(&part["content"], blobs)?,
            md5: unbase64(part["md5"].as_str()?)?.try_into().ok()?,
            sums: read_sums(&part["sums"])?,
            modified_ms: part["modified"].as_i64()?,
        };
        parts.insert(number, read);
    }
    Some(Upload {
        key: text(&value["key"])?,
        begun_ms: value["begun"].as_i64()?,
        meta: read_meta(&value["meta"])?,
        class: text(&value["class"])?,
        algorithm: value["algorithm"].as_str().and_then(Algorithm::parse),
        is_composite: value["composite"].as_bool()?,
        // Removals are counted from the start of the server.
        removals: 0,
        parts,
    })
}

fn content(content: &Content) -> Value {
    let blobs = content.0.iter().filter_map(|blob| match blob {
        Blob::Memory(_) => None,
        Blob::File { path, offset, len } => Some(json!([path.file_name()?.to_str()?, offset, len])),
    });
    Value::Array(blobs.collect())
}

fn read_content(value: &Value, folder: &Path) -> Option<Content> {
    let blobs = value.as_array()?.iter().map(|blob| {
        Some(Blob::File {
            path: folder.join(blob[0].as_str()?).into(),
            offset: blob[1].as_u64()?,
            len: blob[2].as_u64()?,
        })
    });
    Some(Content(blobs.collect::<Option<_>>()?))
}

fn sums(sums: &Sums) -> Value {
    let values = sums
        .values
        .iter()
        .map(|(a, value)| (a.name().to_owned(), json!(value)));
    json!({"composite": sums.is_composite, "values": values.collect::<Map<_, _>>()})
}

fn read_sums(value: &Value) -> Option<Sums> {
    let values = value["values"].as_object()?;
    Some(Sums {
        values: values
            .iter()
            .map(|(name, value)| Some((Algorithm::parse(name)?, text(value)?)))
            .collect::<Option<_>>()?,
        is_composite: value["composite"].as_bool()?,
    })
}

fn meta(meta: &Meta) -> Value {
    json!({"user": meta.user, "headers": meta.headers, "tags": meta.tags})
}

fn read_meta(value: &Value) -> Option<Meta> {
    let map = |value: &Value| -> Option<BTreeMap<String, String>> {
        let entries = value.as_object()?.iter();
        entries
            .map(|(name, value)| Some((name.clone(), text(value)?)))
            .collect()
    };
    Some(Meta {
        user: map(&value["user"])?,
        headers: map(&value["headers"])?,
        tags: map(&value["tags"])?,
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
