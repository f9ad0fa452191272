//! A dump for people.

use super::json::{conflict, direction};
use super::{About, Tally};
use crate::key::Shown;
use crate::state::{Addressing, Bucket, DirMap, Encryption, Record, Recursion};
use indicatif::HumanBytes;
use std::io::{self, Write};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub(super) fn head(about: &About<'_>, out: &mut impl Write) -> io::Result<()> {
    let state = about.state;
    writeln!(out, "state file   {}", about.path)?;
    writeln!(
        out,
        "version      {}, generation {}",
        about.version, state.generation
    )?;
    writeln!(out, "replica      {}", state.replica)?;
    match state.synced_ms {
        0 => writeln!(out, "last synced  never"),
        ms => {
            let ms = i64::try_from(ms).unwrap_or(i64::MAX);
            writeln!(out, "last synced  {} ({})", utc(ms), ago(about.now_ms - ms))
        }
    }
}

pub(super) fn map(
    bucket: &Bucket,
    map: &DirMap,
    tally: &Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    let access = &bucket.access;
    writeln!(out, "\nmap {}", Shown(&map.name))?;
    writeln!(out, "  path       {}", Shown(&map.path))?;
    writeln!(out, "  bucket     {}", Shown(&map.uri(&bucket.name)))?;
    for (name, value) in [
        ("endpoint", &access.endpoint),
        ("region", &access.region),
        ("profile", &access.profile),
        ("class", &map.storage_class),
    ] {
        if let Some(value) = value {
            writeln!(out, "  {name:<10} {}", Shown(value))?;
        }
    }
    let mut settings = vec![
        format!("conflict {}", conflict(map.conflict)),
        format!("direction {}", direction(map.direction)),
    ];
    settings.push(format!("keep {} days", map.keep_days));
    if map.recursion == Recursion::TopOnly {
        settings.push("not recursive".to_owned());
    }
    if access.addressing == Addressing::Path {
        settings.push("path style".to_owned());
    }
    if map.gzip_level > 0 {
        settings.push(format!("gzip {}", map.gzip_level));
    }
    writeln!(out, "  settings   {}", settings.join(", "))?;
    match &map.encryption {
        Encryption::None => {}
        Encryption::Age { recipients, .. } => {
            writeln!(
                out,
                "  encrypted  with age for {} recipients",
                recipients.len()
            )?;
        }
        Encryption::RecipientMissing { email } => {
            writeln!(
                out,
                "  encrypted  recipient missing (version 1 named {})",
                Shown(email)
            )?;
        }
    }
    if let Some(found) = bucket.capabilities {
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
        let lacks = if lacks.is_empty() {
            "nothing".to_owned()
        } else {
            lacks.join(", ")
        };
        writeln!(out, "  server     lacks {lacks}")?;
    }
    writeln!(out, "  generation {}", map.generation)?;
    write!(
        out,
        "  files      {}, {}",
        tally.records,
        HumanBytes(tally.plain_bytes)
    )?;
    if tally.stored_bytes == tally.plain_bytes {
        writeln!(out)
    } else {
        writeln!(out, " ({} stored)", HumanBytes(tally.stored_bytes))
    }
}

pub(super) fn record(record: &Record, out: &mut impl Write) -> io::Result<()> {
    let (size, mtime) = match record.local {
        Some(stamp) => (stamp.size_bytes, utc(stamp.mtime_ns.div_euclid(1_000_000))),
        None => (record.remote.size_bytes, "-".to_owned()),
    };
    writeln!(
        out,
        "  {size:>14}  {mtime:<24}  {}  {:<8}  {}",
        utc(record.remote.modified_ms),
        record.encoding,
        record.key
    )
}

/// UTC to the millisecond, or the number itself where it is beyond the calendar.
fn utc(ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{ms} ms"))
}

fn ago(ms: i64) -> String {
    match ms / 1000 {
        s if s < 0 => "in the future".to_owned(),
        s if s < 120 => format!("{s} seconds ago"),
        s if s < 7200 => format!("{} minutes ago", s / 60),
        s if s < 172_800 => format!("{} hours ago", s / 3600),
        s => format!("{} days ago", s / 86_400),
    }
}
