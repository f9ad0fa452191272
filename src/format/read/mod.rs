//! Payloads to values, in the order of the specification.
//!
//! Every function takes what is left of one payload and hands back what it did not use.

mod record;

pub(super) use record::{Previous, lone_key, part_size, record, size};

use super::error::Kind;
use super::field::{Fault, Parsed, counted, fault, text, told};
use super::trace::{Bytes, Value, Watch};
use super::wire::{self, Text, bucket, capability, map, unit};
use crate::state::{
    Access, Addressing, Bucket, Capabilities, ConflictPolicy, DirMap, Direction, Encryption,
    KeepSize, Limit, Links, MAX_KEEP_DAYS, MapId, Modes, Recursion, ReplicaId, RootId,
};
use nom::Parser;
use nom::number::complete::{le_u8, le_u16, le_u32, le_u64};

/// Metadata block: when both sides were last equal, milliseconds since the epoch.
pub(super) fn metadata<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u64> {
    told(input, "last synced", le_u64, |ms| {
        Value::TimeMs(i64::try_from(*ms).unwrap_or(i64::MAX))
    })
}

/// Identity block.
pub(super) fn identity<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, (ReplicaId, u64)> {
    let (left, replica) = told(input, "replica", array.map(ReplicaId), Value::bytes)?;
    let (left, generation) = counted(left, "generation", le_u64, wire::MAX_NUMBER)?;
    Ok((left, (replica, generation)))
}

/// Bucket block; its maps follow in blocks of their own.
pub(super) fn bucket<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Bucket> {
    let (left, flags) = bits(input, "flags", "bucket flags", le_u8, bucket::NAMES)?;
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

fn capabilities<W: Watch>(
    input: Bytes<'_, W>,
    is_probed: bool,
) -> Parsed<'_, W, Option<Capabilities>> {
    let (left, found) = told(input, "capabilities", le_u16, |found| {
        Value::bits(*found, capability::NAMES)
    })?;
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
pub(super) fn dir_map<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, DirMap> {
    let (left, id) = told(input, "map id", array.map(MapId), Value::bytes)?;
    let (left, generation) = counted(left, "generation", le_u64, wire::MAX_NUMBER)?;
    let (left, keep_days) = counted(left, "keep days", le_u32, MAX_KEEP_DAYS.into())?;
    let flags_at = left;
    let (left, flags) = bits(left, "flags", "map flags", le_u16, map::NAMES)?;
    let (left, gzip_level) = counted(left, "gzip level", le_u8, wire::MAX_GZIP_LEVEL.into())?;
    let (left, conflict) = conflict(left)?;
    let (left, direction) = direction(left)?;
    let (left, encryption_kind) = encryption_kind(left)?;
    let has_age_files = flags & (map::RECIPIENTS_FILE | map::IDENTITY_FILE) != 0;
    if has_age_files && !matches!(encryption_kind, EncryptionKind::Age) {
        return fault(flags_at, Kind::BadValue { field: "map flags" });
    }
    let (left, root) = root(left, flags & map::ROOT != 0)?;
    let (left, keep_size) = bound(left, flags & map::KEEP_SIZE != 0, KEEP_SIZE)?;
    let (left, max_replace) = bound(left, flags & map::MAX_REPLACE != 0, MAX_REPLACE)?;
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
    let links = match flags & map::LINKS {
        0 => Links::Skip,
        _ => Links::FollowInside,
    };
    let modes = match flags & map::MODES {
        0 => Modes::Leave,
        _ => Modes::Keep,
    };
    let map = DirMap {
        id,
        name: name.to_owned(),
        path: path.to_owned(),
        prefix: prefix.to_owned(),
        recursion,
        links,
        modes,
        gzip_level,
        encryption,
        storage_class,
        conflict,
        direction,
        keep_days,
        keep_size: match keep_size {
            None => KeepSize::Default,
            Some(Limit::Count(bytes)) => KeepSize::Bytes(bytes),
            Some(Limit::Percent(share)) => KeepSize::Percent(share),
        },
        max_replace,
        generation,
        root,
    };
    Ok((left, map))
}

const KEEP_SIZE: [&str; 3] = ["keep size unit", "keep size", "bytes"];
const MAX_REPLACE: [&str; 3] = ["max replace unit", "max replace", "files"];

/// A unit and a number of it, if there is a bound.
fn bound<'a, W: Watch>(
    input: Bytes<'a, W>,
    is_present: bool,
    [unit_name, name, unit_word]: [&'static str; 3],
) -> Parsed<'a, W, Option<Limit>> {
    if !is_present {
        return Ok((input, None));
    }
    let (left, is_share) = coded(input, unit_name, |code| {
        Some(match code {
            unit::NUMBER => (false, unit_word),
            unit::PERCENT => (true, "percent"),
            _ => return None,
        })
    })?;
    if is_share {
        let (left, share) = counted(left, name, le_u64, unit::MAX_PERCENT)?;
        let share = u8::try_from(share).unwrap_or(u8::MAX);
        return Ok((left, Some(Limit::Percent(share))));
    }
    let (left, number) = counted(left, name, le_u64, wire::MAX_NUMBER)?;
    Ok((left, Some(Limit::Count(number))))
}

fn conflict<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, ConflictPolicy> {
    coded(input, "conflict policy", |code| {
        Some(match code {
            0 => (ConflictPolicy::Newer, "newer"),
            1 => (ConflictPolicy::KeepBoth, "keep both"),
            2 => (ConflictPolicy::Local, "local"),
            3 => (ConflictPolicy::Remote, "remote"),
            4 => (ConflictPolicy::Ask, "ask"),
            _ => return None,
        })
    })
}

fn direction<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Direction> {
    coded(input, "direction", |code| {
        Some(match code {
            0 => (Direction::Both, "both"),
            1 => (Direction::Push, "push"),
            2 => (Direction::PushMirror, "push and delete"),
            3 => (Direction::Pull, "pull"),
            4 => (Direction::PullMirror, "pull and delete"),
            _ => return None,
        })
    })
}

fn root<W: Watch>(input: Bytes<'_, W>, is_present: bool) -> Parsed<'_, W, Option<RootId>> {
    if !is_present {
        return Ok((input, None));
    }
    let root = (le_u64, le_u64).map(|(device, inode)| Some(RootId { device, inode }));
    told(input, "root", root, |root| {
        let words = root.map(|root| format!("device {}, inode {}", root.device, root.inode));
        Value::Said(words.unwrap_or_default())
    })
}

#[derive(Clone, Copy)]
enum EncryptionKind {
    None,
    Age,
    RecipientMissing,
}

fn encryption_kind<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, EncryptionKind> {
    coded(input, "encryption", |code| {
        Some(match code {
            0 => (EncryptionKind::None, "none"),
            1 => (EncryptionKind::Age, "age"),
            2 => (EncryptionKind::RecipientMissing, "recipient missing"),
            _ => return None,
        })
    })
}

fn encryption<W: Watch>(
    input: Bytes<'_, W>,
    kind: EncryptionKind,
    flags: u16,
) -> Parsed<'_, W, Encryption> {
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

fn age<W: Watch>(input: Bytes<'_, W>, flags: u16) -> Parsed<'_, W, Encryption> {
    let (mut left, count) = told(input, "recipients", le_u8, Value::number)?;
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
pub(super) fn end<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Totals> {
    let (left, buckets) = told(input, "buckets", le_u32, Value::number)?;
    let (left, maps) = told(left, "maps", le_u32, Value::number)?;
    let (left, objects_blocks) = told(left, "objects blocks", le_u64, Value::number)?;
    let (left, records) = told(left, "records", le_u64, Value::number)?;
    let (left, chain) = told(left, "checksum", le_u32, |sum| {
        Value::Said(format!("{sum:08x} over the checksums before"))
    })?;
    let totals = Totals {
        buckets: u64::from(buckets),
        maps: u64::from(maps),
        objects_blocks,
        records,
        chain,
    };
    Ok((left, totals))
}

/// A fixed number of bytes.
pub(super) fn array<const N: usize, W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, [u8; N]> {
    match input.split_first_chunk::<N>() {
        Some((bytes, _)) => Ok((input.after(N), *bytes)),
        None => fault(input, Kind::Truncated),
    }
}

/// Flags of which each has a name.
fn bits<'a, T: Copy + Into<u64>, W: Watch>(
    input: Bytes<'a, W>,
    name: &'static str,
    field: &'static str,
    parser: impl Parser<Bytes<'a, W>, Output = T, Error = Fault>,
    names: &[(T, &str)],
) -> Parsed<'a, W, T> {
    let (left, found) = told(input, name, parser, |found| Value::bits(*found, names))?;
    let without = |left: u64, (bit, _): &(T, &str)| left & !(*bit).into();
    if names.iter().fold(found.into(), without) != 0 {
        return fault(input, Kind::BadValue { field });
    }
    Ok((left, found))
}

/// A byte that stands for something.
fn coded<'a, T, W: Watch>(
    input: Bytes<'a, W>,
    field: &'static str,
    meaning: impl FnOnce(u8) -> Option<(T, &'static str)>,
) -> Parsed<'a, W, T> {
    let (left, code) = le_u8(input)?;
    let Some((value, word)) = meaning(code) else {
        return fault(input, Kind::BadValue { field });
    };
    input.tell(field, left, || Value::Code(code.into(), word.to_owned()));
    Ok((left, value))
}

fn optional<'a, W: Watch>(
    input: Bytes<'a, W>,
    is_present: bool,
    rule: &Text,
) -> Parsed<'a, W, Option<String>> {
    if !is_present {
        return Ok((input, None));
    }
    let (left, value) = text(input, rule)?;
    Ok((left, Some(value.to_owned())))
}
