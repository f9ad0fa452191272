//! A state put together again from what is shown of its bytes, to be held against the decoded one.

use s3_bsync::format::{Field, Part, Section, Value};
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, Hex, LocalStamp, RemoteStamp};
use s3_bsync::state::{
    Bucket, Content, DirMap, Encoding, Encryption, KeepSize, Limit, Parts, Record, State,
};

fn number(value: &Value) -> u64 {
    match value {
        Value::Number(number) | Value::Code(number, _) => *number,
        other => panic!("{other:?} is no number"),
    }
}

fn signed(value: &Value) -> i64 {
    match value {
        Value::TimeMs(time) | Value::TimeNs(time) => *time,
        other => panic!("{other:?} is no time"),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Text(words) | Value::Said(words) => words.clone(),
        other => panic!("{other:?} is no text"),
    }
}

/// The records of each map.
pub(crate) fn records_of(parts: &[Part]) -> Vec<Vec<Record>> {
    let mut maps: Vec<Vec<Record>> = Vec::new();
    for part in parts {
        match part.section {
            Section::Map => maps.push(Vec::new()),
            Section::Objects => {
                let mut groups = part.fields.split(|field| field.length == 0);
                let count = &groups.next().unwrap()[2];
                let records: Vec<_> = groups.map(|fields| record(part, fields)).collect();
                assert_eq!(number(&count.value), records.len() as u64);
                maps.last_mut().unwrap().extend(records);
            }
            _ => {}
        }
    }
    maps
}

fn record(part: &Part, fields: &[Field]) -> Record {
    let find = |name: &str| fields.iter().find(|field| field.name == name);
    let value = |name: &str| find(name).map(|field| &field.value);
    let flags = number(value("flags").unwrap());
    let local = value("mtime").map(|mtime| LocalStamp {
        size_bytes: number(value("local size").unwrap()),
        mtime_ns: signed(mtime),
        ctime_ns: match flags & 3 {
            1 => 0,
            2 => signed(mtime),
            _ => signed(value("ctime").unwrap()),
        },
        inode: number(value("inode").unwrap()),
    });
    let etag = find("ETag").unwrap();
    let digests = fields.iter().filter(|field| field.name == "parts");
    let digests: Vec<_> = digests
        .skip(1)
        .map(|field| part.bytes_of(field).try_into().unwrap())
        .collect();
    Record {
        key: Key::parse(&words(value("rest of the key").unwrap())).unwrap(),
        local,
        remote: RemoteStamp {
            etag: match &etag.value {
                Value::Text(text) => ETag::Other(text.as_str().into()),
                _ => ETag::Md5(part.bytes_of(etag).try_into().unwrap()),
            },
            size_bytes: value("remote size").map_or_else(|| local.unwrap().size_bytes, number),
            modified_ms: signed(value("last modified").unwrap()),
            version: value("version id").map(|it| words(it).into()),
        },
        content: match flags >> 3 & 3 {
            0 => Content::Unknown,
            form => {
                let digest = part.bytes_of(find("BLAKE3").unwrap()).try_into().unwrap();
                match form {
                    1 => Content::ByMd5(digest),
                    _ => Content::Blake3(digest),
                }
            }
        },
        encoding: [
            Encoding::Plain,
            Encoding::Gzip,
            Encoding::Age,
            Encoding::GzipAge,
        ][usize::try_from(flags >> 5 & 3).unwrap()],
        parts: value("part size").map(|mib| Parts {
            part_bytes: number(mib) << 20,
            digests,
        }),
    }
}

/// What is shown of everything but the records, a line a field, without frames.
pub(crate) fn settings_shown(parts: &[Part]) -> Vec<String> {
    let mut lines = Vec::new();
    for part in parts {
        if matches!(
            part.section,
            Section::Header | Section::Objects | Section::End
        ) {
            continue;
        }
        for field in &part.fields {
            let said = match &field.value {
                _ if ["control byte", "length", "checksum"].contains(&field.name) => continue,
                Value::Bytes => Hex(part.bytes_of(field)).to_string(),
                Value::Code(_, word) => word.clone(),
                Value::Text(_) | Value::Said(_) => words(&field.value),
                Value::TimeMs(ms) => ms.to_string(),
                other => number(other).to_string(),
            };
            lines.push(format!("{}: {said}", field.name));
        }
    }
    lines
}

/// The same from the decoded state.
pub(crate) fn settings_of(state: &State) -> Vec<String> {
    let mut lines = vec![
        format!(
            "last synced: {}",
            i64::try_from(state.synced_ms).unwrap_or(i64::MAX)
        ),
        format!("replica: {}", state.replica),
        format!("generation: {}", state.generation),
    ];
    for bucket in &state.buckets {
        lines.extend(bucket_lines(bucket));
        for map in &bucket.maps {
            lines.extend(map_lines(map));
        }
    }
    lines
}

/// Names of what holds, in the order given.
fn those(all: &[(bool, &str)]) -> String {
    let set: Vec<_> = all
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| *name)
        .collect();
    set.join(", ")
}

fn texts(lines: &mut Vec<String>, all: &[(&str, Option<&String>)]) {
    for (name, text) in all {
        lines.extend(text.map(|text| format!("{name}: {text}")));
    }
}

fn bucket_lines(bucket: &Bucket) -> Vec<String> {
    let access = &bucket.access;
    let flags = those(&[
        (access.endpoint.is_some(), "endpoint"),
        (access.region.is_some(), "region"),
        (access.profile.is_some(), "profile"),
        (format!("{:?}", access.addressing) == "Path", "path style"),
        (bucket.capabilities.is_some(), "probed"),
    ]);
    let found = bucket.capabilities.map_or_else(String::new, |it| {
        those(&[
            (it.put_if_absent, "put if absent"),
            (it.put_if_match, "put if match"),
            (it.complete_if_absent, "complete if absent"),
            (it.complete_if_match, "complete if match"),
            (it.copy_if_absent, "copy if absent"),
            (it.copy_source_if_match, "copy source if match"),
            (it.delete_if_match, "delete if match"),
            (it.batch_delete_if_match, "batch delete if match"),
            (it.part_copy, "part copy"),
            (it.crc64_checked, "crc64 checked"),
            (it.bare_etags, "bare etags"),
            (it.versioned, "versioned"),
        ])
    });
    let mut lines = vec![format!("flags: {flags}"), format!("capabilities: {found}")];
    texts(
        &mut lines,
        &[
            ("name", Some(&bucket.name)),
            ("endpoint", access.endpoint.as_ref()),
            ("region", access.region.as_ref()),
            ("profile", access.profile.as_ref()),
        ],
    );
    lines
}

fn bound(lines: &mut Vec<String>, name: &str, unit: &str, number: u64) {
    lines.push(format!("{name} unit: {unit}"));
    lines.push(format!("{name}: {number}"));
}

fn map_lines(map: &DirMap) -> Vec<String> {
    let (files, kind) = match &map.encryption {
        Encryption::None => ([None, None], "none"),
        Encryption::Age {
            recipients_file,
            identity_file,
            ..
        } => ([recipients_file.as_ref(), identity_file.as_ref()], "age"),
        Encryption::RecipientMissing { .. } => ([None, None], "recipient missing"),
    };
    let flags = those(&[
        (format!("{:?}", map.recursion) == "TopOnly", "top only"),
        (map.storage_class.is_some(), "storage class"),
        (map.root.is_some(), "root"),
        (files[0].is_some(), "recipients file"),
        (files[1].is_some(), "identity file"),
        (
            format!("{:?}", map.links) == "FollowInside",
            "links followed",
        ),
        (format!("{:?}", map.modes) == "Keep", "modes kept"),
        (map.keep_size != KeepSize::Default, "keep size"),
        (map.max_replace.is_some(), "max replace"),
    ]);
    let conflict = match format!("{:?}", map.conflict).as_str() {
        "KeepBoth" => "keep both".to_owned(),
        other => other.to_lowercase(),
    };
    let direction = match format!("{:?}", map.direction).as_str() {
        "PushMirror" => "push and delete".to_owned(),
        "PullMirror" => "pull and delete".to_owned(),
        other => other.to_lowercase(),
    };
    let mut lines = vec![
        format!("map id: {}", map.id),
        format!("generation: {}", map.generation),
        format!("keep days: {}", map.keep_days),
        format!("flags: {flags}"),
        format!("gzip level: {}", map.gzip_level),
        format!("conflict policy: {conflict}"),
        format!("direction: {direction}"),
        format!("encryption: {kind}"),
    ];
    if let Some(root) = map.root {
        lines.push(format!(
            "root: device {}, inode {}",
            root.device, root.inode
        ));
    }
    match map.keep_size {
        KeepSize::Default => {}
        KeepSize::Bytes(bytes) => bound(&mut lines, "keep size", "bytes", bytes),
        KeepSize::Percent(share) => bound(&mut lines, "keep size", "percent", share.into()),
    }
    match map.max_replace {
        None => {}
        Some(Limit::Count(count)) => bound(&mut lines, "max replace", "files", count),
        Some(Limit::Percent(share)) => {
            bound(&mut lines, "max replace", "percent", share.into());
        }
    }
    texts(
        &mut lines,
        &[
            ("name", Some(&map.name)),
            ("local path", Some(&map.path)),
            ("key prefix", Some(&map.prefix)),
            ("storage class", map.storage_class.as_ref()),
        ],
    );
    match &map.encryption {
        Encryption::None => {}
        Encryption::Age { recipients, .. } => {
            lines.push(format!("recipients: {}", recipients.len()));
            lines.extend(recipients.iter().map(|it| format!("recipient: {it}")));
            texts(
                &mut lines,
                &[("recipients file", files[0]), ("identity file", files[1])],
            );
        }
        Encryption::RecipientMissing { email } => lines.push(format!("e-mail: {email}")),
    }
    lines
}
