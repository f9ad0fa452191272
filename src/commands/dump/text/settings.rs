//! The settings of a map, in words.

use crate::commands::dump::words::counted;
use crate::state::{
    Addressing, Bucket, Capabilities, ConflictPolicy, DirMap, Direction, Encryption, KeepSize,
    Limit, Links, Modes, Recursion,
};

/// Lines of a name and a value, not yet fit for a terminal; the map's name comes first.
pub(in crate::commands) fn told(
    version: u8,
    bucket: &Bucket,
    map: &DirMap,
) -> Vec<(&'static str, String)> {
    let mut lines = vec![("map", map.name.clone())];
    if version > 1 {
        lines.push(("id", format!("{}, generation {}", map.id, map.generation)));
    }
    lines.push(("path", map.path.clone()));
    lines.push(("bucket", map.uri(&bucket.name)));
    let access = &bucket.access;
    for (name, value) in [
        ("endpoint", &access.endpoint),
        ("region", &access.region),
        ("profile", &access.profile),
        ("class", &map.storage_class),
    ] {
        lines.extend(value.clone().map(|value| (name, value)));
    }
    lines.push(("direction", direction(map.direction).to_owned()));
    lines.push(("conflict", conflict(map.conflict).to_owned()));
    lines.push((
        "recovery",
        format!(
            "kept {}{}",
            counted(map.keep_days.into(), "day"),
            most_kept(map.keep_size)
        ),
    ));
    if let Some(limit) = map.max_replace {
        lines.push(("replaces", most_replaced(limit)));
    }
    if map.recursion == Recursion::TopOnly {
        lines.push(("depth", "without the directories below".to_owned()));
    }
    if map.links == Links::FollowInside {
        lines.push(("links", "followed to files below the same root".to_owned()));
    }
    if map.modes == Modes::Keep {
        lines.push(("modes", "kept: permission bits travel".to_owned()));
    }
    if map.gzip_level > 0 {
        lines.push(("gzip", format!("level {}", map.gzip_level)));
    }
    lines.extend(encryption(&map.encryption));
    lines.extend(bucket.capabilities.map(|found| ("server", server(found))));
    if access.addressing == Addressing::Path {
        lines.push(("URLs", "with the bucket's name in the path".to_owned()));
    }
    match map.root {
        Some(root) => lines.push((
            "root",
            format!("device {}, inode {}", root.device, root.inode),
        )),
        None if version > 1 => lines.push(("root", "no run has come to its end yet".to_owned())),
        None => {}
    }
    lines
}

fn most_kept(most: KeepSize) -> String {
    match most {
        KeepSize::Default => String::new(),
        KeepSize::Bytes(bytes) => format!(", at most {}", indicatif::HumanBytes(bytes)),
        KeepSize::Percent(share) => format!(", at most {share}% of the file system"),
    }
}

fn most_replaced(limit: Limit) -> String {
    match limit {
        Limit::Count(count) => format!("at most {} in a run unasked", counted(count, "file")),
        Limit::Percent(share) => format!("at most {share}% of the files in a run unasked"),
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Both => "both: changes travel either way",
        Direction::Push => "push: to the bucket only, nothing is deleted there",
        Direction::PushMirror => "push and delete: the bucket becomes a mirror",
        Direction::Pull => "pull: from the bucket only, nothing is deleted here",
        Direction::PullMirror => "pull and delete: the directory becomes a mirror",
    }
}

fn conflict(policy: ConflictPolicy) -> &'static str {
    match policy {
        ConflictPolicy::Newer => "newer: the newer copy takes the name, the bucket wins a tie",
        ConflictPolicy::KeepBoth => "keep-both: both stay, under two names",
        ConflictPolicy::Local => "local: the local copy takes the name",
        ConflictPolicy::Remote => "remote: the bucket's copy takes the name",
        ConflictPolicy::Ask => "ask: both are left alone until somebody decides",
    }
}

fn encryption(encryption: &Encryption) -> Vec<(&'static str, String)> {
    match encryption {
        Encryption::None => Vec::new(),
        Encryption::Age {
            recipients,
            recipients_file,
            identity_file,
        } => {
            let count = counted(recipients.len() as u64, "recipient");
            let mut lines = vec![("encrypted", format!("with age for {count}"))];
            lines.extend(recipients.iter().map(|one| ("", one.clone())));
            let file = |what: &str, file: &Option<String>| {
                let file = file.as_ref()?;
                Some(("", format!("{what} {file}")))
            };
            lines.extend(file("and for those in", recipients_file));
            lines.extend(file("read with", identity_file));
            lines
        }
        Encryption::RecipientMissing { email } => {
            let whose = if email.is_empty() {
                "version 1 named nobody".to_owned()
            } else {
                format!("version 1 named {email}")
            };
            vec![(
                "encrypted",
                format!("RECIPIENT MISSING ({whose}): not synced until it has one"),
            )]
        }
    }
}

fn server(found: Capabilities) -> String {
    let lacks: Vec<&str> = [
        (
            found.put_if_absent && found.put_if_match,
            "conditional writes",
        ),
        (
            found.complete_if_absent && found.complete_if_match,
            "conditional multipart",
        ),
        (found.delete_if_match, "conditional deletes"),
        (
            found.copy_if_absent && found.copy_source_if_match,
            "conditional copies",
        ),
        (found.crc64_checked, "CRC64NVME"),
        (found.versioned, "versioning"),
    ]
    .into_iter()
    .filter_map(|(has, what)| (!has).then_some(what))
    .collect();
    if lacks.is_empty() {
        "lacks nothing".to_owned()
    } else {
        format!("lacks {}", lacks.join(", "))
    }
}
