//! Payloads to values, in the order of the specification.
//!
//! Every function takes what is left of one payload and hands back what it did not use.

mod record;

pub(super) use record::{Previous, lone_key, record};

use super::error::Kind;
use super::field::{Parsed, at, fault, limited, text};
use super::wire::{self, Text, bucket, capability, map};
use crate::state::{
    Access, Addressing, Bucket, Capabilities, ConflictPolicy, DirMap, Direction, Encryption, MapId,
    Recursion, ReplicaId, RootId,
};
use nom::Parser;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

/// Identity block.
pub(super) fn identity(input: &[u8]) -> Parsed<'_, (ReplicaId, u64)> {
    (array.map(ReplicaId), le_u64).parse_complete(input)
}

/// Bucket block; its maps follow in blocks of their own.
pub(super) fn bucket(input: &[u8]) -> Parsed<'_, Bucket> {
    let (left, flags) = bits(input, "bucket flags", bucket::ALL)?;
    let (left, found) = capabilities(left, flags & bucket::PROBED != 0)?;
    let (left, name) = text(left, &wire::BUCKET_NAME)?;
    let (left, endpoint) = optional(left, flags & bucket::ENDPOINT != 0, &wire::ENDPOINT)?;
    let (left, region) = optional(left, flags & bucket::REGION != 0, &wire::REGION)?;
    let (left, profile) = optional(left, flags & bucket::PROFILE != 0, &wire::PROFILE)?;
    let addressing = if flags & bucket::PATH_STYLE == 0 {
        Addressing::VirtualHost
    } else {
        Addressing::Path
    };
    let bucket = Bucket {
        name: name.to_owned(),
        access: Access {
            endpoint,
            region,
            profile,
            addressing,
        },
        capabilities: found,
        maps: Vec::new(),
    };
    Ok((left, bucket))
}

fn capabilities(input: &[u8], is_probed: bool) -> Parsed<'_, Option<Capabilities>> {
    let (left, found) = le_u16(input)?;
    let allowed = if is_probed { capability::ALL } else { 0 };
    if found & !allowed != 0 {
        return fault(
            input,
            Kind::BadValue {
                field: "capabilities",
            },
        );
    }
    let has = |bit| found & bit != 0;
    let capabilities = is_probed.then(|| Capabilities {
        put_if_absent: has(capability::PUT_IF_ABSENT),
        put_if_match: has(capability::PUT_IF_MATCH),
        complete_if_absent: has(capability::COMPLETE_IF_ABSENT),
        complete_if_match: has(capability::COMPLETE_IF_MATCH),
        copy_if_absent: has(capability::COPY_IF_ABSENT),
        copy_source_if_match: has(capability::COPY_SOURCE_IF_MATCH),
        delete_if_match: has(capability::DELETE_IF_MATCH),
        batch_delete_if_match: has(capability::BATCH_DELETE_IF_MATCH),
        part_copy: has(capability::PART_COPY),
        crc64_checked: has(capability::CRC64_CHECKED),
        bare_etags: has(capability::BARE_ETAGS),
        versioned: has(capability::VERSIONED),
    });
    Ok((left, capabilities))
}

/// Directory map block; its records follow in blocks of their own.
pub(super) fn dir_map(input: &[u8]) -> Parsed<'_, DirMap> {
    let (left, (id, generation, keep_days)) =
        (array.map(MapId), le_u64, le_u32).parse_complete(input)?;
    let flags_at = left;
    let (left, flags) = bits(left, "map flags", map::ALL)?;
    let (after_level, gzip_level) = le_u8(left)?;
    let max = u64::from(wire::MAX_GZIP_LEVEL);
    at(left, limited("gzip level", u64::from(gzip_level), max))?;
    let (left, conflict) = conflict(after_level)?;
    let (left, direction) = direction(left)?;
    let (left, encryption_kind) = encryption_kind(left)?;
    let has_age_files = flags & (map::RECIPIENTS_FILE | map::IDENTITY_FILE) != 0;
    if has_age_files && !matches!(encryption_kind, EncryptionKind::Age) {
        return fault(flags_at, Kind::BadValue { field: "map flags" });
    }
    let (left, root) = root(left, flags & map::ROOT != 0)?;
    let (left, name) = text(left, &wire::MAP_NAME)?;
    let (left, path) = text(left, &wire::LOCAL_PATH)?;
    let (left, prefix) = text(left, &wire::KEY_PREFIX)?;
    let (left, storage_class) =
        optional(left, flags & map::STORAGE_CLASS != 0, &wire::STORAGE_CLASS)?;
    let (left, encryption) = encryption(left, encryption_kind, flags)?;
    let recursion = if flags & map::TOP_ONLY == 0 {
        Recursion::Recursive
    } else {
        Recursion::TopOnly
    };
    let map = DirMap {
        id,
        name: name.to_owned(),
        path: path.to_owned(),
        prefix: prefix.to_owned(),
        recursion,
        gzip_level,
        encryption,
        storage_class,
        conflict,
        direction,
        keep_days,
        generation,
        root,
    };
    Ok((left, map))
}

fn conflict(input: &[u8]) -> Parsed<'_, ConflictPolicy> {
    let (left, code) = le_u8(input)?;
    let policy = match code {
        0 => ConflictPolicy::Newer,
        1 => ConflictPolicy::KeepBoth,
        2 => ConflictPolicy::Local,
        3 => ConflictPolicy::Remote,
        4 => ConflictPolicy::Ask,
        _ => {
            return fault(
                input,
                Kind::BadValue {
                    field: "conflict policy",
                },
            );
        }
    };
    Ok((left, policy))
}

fn direction(input: &[u8]) -> Parsed<'_, Direction> {
    let (left, code) = le_u8(input)?;
    let direction = match code {
        0 => Direction::Both,
        1 => Direction::Push,
        2 => Direction::PushMirror,
        3 => Direction::Pull,
        4 => Direction::PullMirror,
        _ => return fault(input, Kind::BadValue { field: "direction" }),
    };
    Ok((left, direction))
}

fn root(input: &[u8], is_present: bool) -> Parsed<'_, Option<RootId>> {
    if !is_present {
        return Ok((input, None));
    }
    (le_u64, le_u64)
        .map(|(device, inode)| Some(RootId { device, inode }))
        .parse_complete(input)
}

#[derive(Clone, Copy)]
enum EncryptionKind {
    None,
    Age,
    RecipientMissing,
}

fn encryption_kind(input: &[u8]) -> Parsed<'_, EncryptionKind> {
    let (left, code) = le_u8(input)?;
    let kind = match code {
        0 => EncryptionKind::None,
        1 => EncryptionKind::Age,
        2 => EncryptionKind::RecipientMissing,
        _ => {
            return fault(
                input,
                Kind::BadValue {
                    field: "encryption",
                },
            );
        }
    };
    Ok((left, kind))
}

fn encryption(input: &[u8], kind: EncryptionKind, flags: u8) -> Parsed<'_, Encryption> {
    match kind {
        EncryptionKind::None => Ok((input, Encryption::None)),
        EncryptionKind::Age => age(input, flags),
        EncryptionKind::RecipientMissing => {
            let (left, email) = text(input, &wire::EMAIL)?;
            let email = email.to_owned();
            Ok((left, Encryption::RecipientMissing { email }))
        }
    }
}

fn age(input: &[u8], flags: u8) -> Parsed<'_, Encryption> {
    let (mut left, count) = le_u8(input)?;
    let mut recipients = Vec::new();
    for _ in 0..count {
        let (rest, recipient) = text(left, &wire::RECIPIENT)?;
        recipients.push(recipient.to_owned());
        left = rest;
    }
    let is_given = |bit| flags & bit != 0;
    let recipients_file = is_given(map::RECIPIENTS_FILE);
    let (left, recipients_file) = optional(left, recipients_file, &wire::RECIPIENTS_FILE)?;
    let identity_file = is_given(map::IDENTITY_FILE);
    let (left, identity_file) = optional(left, identity_file, &wire::IDENTITY_FILE)?;
    let age = Encryption::Age {
        recipients,
        recipients_file,
        identity_file,
    };
    Ok((left, age))
}

/// What the end block states about the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) buckets: u64,
    pub(super) maps: u64,
    pub(super) objects_blocks: u64,
    pub(super) records: u64,
    /// CRC-32 over the checksums of all blocks from the identity block on.
    pub(super) chain: u32,
}

/// End block.
pub(super) fn end(input: &[u8]) -> Parsed<'_, Totals> {
    (le_u32, le_u32, le_u64, le_u64, le_u32)
        .map(|(buckets, maps, objects_blocks, records, chain)| Totals {
            buckets: u64::from(buckets),
            maps: u64::from(maps),
            objects_blocks,
            records,
            chain,
        })
        .parse_complete(input)
}

/// A fixed number of bytes.
pub(super) fn array<const N: usize>(input: &[u8]) -> Parsed<'_, [u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((bytes, left)) => Ok((left, *bytes)),
        None => fault(input, Kind::Truncated),
    }
}

fn bits<'a>(input: &'a [u8], field: &'static str, allowed: u8) -> Parsed<'a, u8> {
    let (left, found) = le_u8(input)?;
    if found & !allowed != 0 {
        return fault(input, Kind::BadValue { field });
    }
    Ok((left, found))
}

fn optional<'a>(input: &'a [u8], is_present: bool, rule: &Text) -> Parsed<'a, Option<String>> {
    if !is_present {
        return Ok((input, None));
    }
    let (left, value) = text(input, rule)?;
    Ok((left, Some(value.to_owned())))
}
