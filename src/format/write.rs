//! Values to payloads, in the order of the specification.
//!
//! A value that no payload can hold is refused; nothing is ever cut or mended.

use super::error::{Kind, WriteError};
use super::field::{limited, put_delta, put_text, put_varint, wide};
use super::read::{Previous, Totals};
use super::wire::{self, bucket, capability, extras, map, record, unit};
use crate::key::Key;
use crate::stamp::{ETag, LocalStamp};
use crate::state::{
    Addressing, Bucket, Capabilities, ConflictPolicy, Content, DirMap, Direction, Encoding,
    Encryption, KeepSize, Limit, Links, MAX_KEEP_DAYS, Modes, Parts, Record, Recursion, ReplicaId,
};
use byteorder::{LE, WriteBytesExt};

/// Identity block.
pub(super) fn identity(
    out: &mut Vec<u8>,
    replica: ReplicaId,
    generation: u64,
) -> Result<(), WriteError> {
    out.extend_from_slice(&replica.0);
    put_generation(out, generation)
}

/// Bucket block.
pub(super) fn bucket(out: &mut Vec<u8>, value: &Bucket) -> Result<(), WriteError> {
    let access = &value.access;
    let path_style = access.addressing == Addressing::Path;
    out.write_u8(
        bit(access.endpoint.is_some(), bucket::ENDPOINT)
            | bit(access.region.is_some(), bucket::REGION)
            | bit(access.profile.is_some(), bucket::PROFILE)
            | bit(path_style, bucket::PATH_STYLE)
            | bit(value.capabilities.is_some(), bucket::PROBED),
    )?;
    out.write_u16::<LE>(value.capabilities.map_or(0, capabilities))?;
    put_text(out, &wire::BUCKET_NAME, &value.name)?;
    put_optional(out, &wire::ENDPOINT, access.endpoint.as_deref())?;
    put_optional(out, &wire::REGION, access.region.as_deref())?;
    put_optional(out, &wire::PROFILE, access.profile.as_deref())
}

fn capabilities(found: Capabilities) -> u16 {
    [
        (found.put_if_absent, capability::PUT_IF_ABSENT),
        (found.put_if_match, capability::PUT_IF_MATCH),
        (found.complete_if_absent, capability::COMPLETE_IF_ABSENT),
        (found.complete_if_match, capability::COMPLETE_IF_MATCH),
        (found.copy_if_absent, capability::COPY_IF_ABSENT),
        (found.copy_source_if_match, capability::COPY_SOURCE_IF_MATCH),
        (found.delete_if_match, capability::DELETE_IF_MATCH),
        (
            found.batch_delete_if_match,
            capability::BATCH_DELETE_IF_MATCH,
        ),
        (found.part_copy, capability::PART_COPY),
        (found.crc64_checked, capability::CRC64_CHECKED),
        (found.bare_etags, capability::BARE_ETAGS),
        (found.versioned, capability::VERSIONED),
    ]
    .into_iter()
    .filter(|(is_honoured, _)| *is_honoured)
    .fold(0, |all, (_, bit)| all | bit)
}

/// Directory map block.
pub(super) fn dir_map(out: &mut Vec<u8>, value: &DirMap) -> Result<(), WriteError> {
    let (encryption_kind, recipients_file, identity_file) = match &value.encryption {
        Encryption::None => (0, None, None),
        Encryption::Age {
            recipients_file,
            identity_file,
            ..
        } => (1, recipients_file.as_deref(), identity_file.as_deref()),
        Encryption::RecipientMissing { .. } => (2, None, None),
    };
    limited(
        "gzip level",
        u64::from(value.gzip_level),
        u64::from(wire::MAX_GZIP_LEVEL),
    )?;
    out.extend_from_slice(&value.id.0);
    put_generation(out, value.generation)?;
    let most = u64::from(MAX_KEEP_DAYS);
    limited("keep days", u64::from(value.keep_days), most)?;
    out.write_u32::<LE>(value.keep_days)?;
    let keep_size = match value.keep_size {
        KeepSize::Default => None,
        KeepSize::Bytes(bytes) => Some((unit::NUMBER, bytes)),
        KeepSize::Percent(share) => Some((unit::PERCENT, share.into())),
    };
    let max_replace = value.max_replace.map(|limit| match limit {
        Limit::Count(count) => (unit::NUMBER, count),
        Limit::Percent(share) => (unit::PERCENT, share.into()),
    });
    out.write_u16::<LE>(
        bit(value.recursion == Recursion::TopOnly, map::TOP_ONLY)
            | bit(value.storage_class.is_some(), map::STORAGE_CLASS)
            | bit(value.root.is_some(), map::ROOT)
            | bit(recipients_file.is_some(), map::RECIPIENTS_FILE)
            | bit(identity_file.is_some(), map::IDENTITY_FILE)
            | bit(value.links == Links::FollowInside, map::LINKS)
            | bit(value.modes == Modes::Keep, map::MODES)
            | bit(keep_size.is_some(), map::KEEP_SIZE)
            | bit(max_replace.is_some(), map::MAX_REPLACE),
    )?;
    out.write_u8(value.gzip_level)?;
    out.write_u8(conflict(value.conflict))?;
    out.write_u8(direction(value.direction))?;
    out.write_u8(encryption_kind)?;
    if let Some(root) = value.root {
        out.write_u64::<LE>(root.device)?;
        out.write_u64::<LE>(root.inode)?;
    }
    put_bound(out, "keep size", keep_size)?;
    put_bound(out, "max replace", max_replace)?;
    put_text(out, &wire::MAP_NAME, &value.name)?;
    put_text(out, &wire::LOCAL_PATH, &value.path)?;
    put_text(out, &wire::KEY_PREFIX, &value.prefix)?;
    put_optional(out, &wire::STORAGE_CLASS, value.storage_class.as_deref())?;
    match &value.encryption {
        Encryption::None => Ok(()),
        Encryption::Age { recipients, .. } => {
            let count = wide(recipients.len());
            limited("recipients", count, wire::MAX_RECIPIENTS)?;
            put_varint_byte(out, count)?;
            for recipient in recipients {
                put_text(out, &wire::RECIPIENT, recipient)?;
            }
            put_optional(out, &wire::RECIPIENTS_FILE, recipients_file)?;
            put_optional(out, &wire::IDENTITY_FILE, identity_file)
        }
        Encryption::RecipientMissing { email } => put_text(out, &wire::EMAIL, email),
    }
}

/// A unit and a number, if there is a bound.
fn put_bound(
    out: &mut Vec<u8>,
    field: &'static str,
    bound: Option<(u8, u64)>,
) -> Result<(), WriteError> {
    let Some((unit, number)) = bound else {
        return Ok(());
    };
    let most = if unit == unit::PERCENT {
        unit::MAX_PERCENT
    } else {
        wire::MAX_NUMBER
    };
    out.write_u8(unit)?;
    out.write_u64::<LE>(limited(field, number, most)?)?;
    Ok(())
}

fn put_generation(out: &mut Vec<u8>, generation: u64) -> Result<(), WriteError> {
    out.write_u64::<LE>(limited("generation", generation, wire::MAX_NUMBER)?)?;
    Ok(())
}

fn conflict(policy: ConflictPolicy) -> u8 {
    match policy {
        ConflictPolicy::Newer => 0,
        ConflictPolicy::KeepBoth => 1,
        ConflictPolicy::Local => 2,
        ConflictPolicy::Remote => 3,
        ConflictPolicy::Ask => 4,
    }
}

fn direction(direction: Direction) -> u8 {
    match direction {
        Direction::Both => 0,
        Direction::Push => 1,
        Direction::PushMirror => 2,
        Direction::Pull => 3,
        Direction::PullMirror => 4,
    }
}

/// One recorded object, relative to the one before it.
///
/// When it is refused, `out` and `previous` are left half done and must not be used.
pub(super) fn record(
    out: &mut Vec<u8>,
    previous: &mut Previous,
    value: &Record,
) -> Result<(), WriteError> {
    key(out, previous, &value.key)?;
    let remote_size = match value.local {
        Some(local) if local.size_bytes == value.remote.size_bytes => None,
        _ => Some(value.remote.size_bytes),
    };
    let is_md5 = matches!(value.remote.etag, ETag::Md5(_));
    let extras = bit(value.remote.version.is_some(), extras::VERSION)
        | bit(value.parts.is_some(), extras::PARTS);
    out.write_u8(if is_md5 {
        wire::ETAG_MD5
    } else {
        wire::ETAG_OTHER
    })?;
    out.write_u8(
        local_form(value.local)
            | bit(remote_size.is_some(), record::REMOTE_SIZE)
            | content_form(value.content)
            | encoding_form(value.encoding)
            | bit(extras != 0, record::EXTRAS),
    )?;
    if extras != 0 {
        out.write_u8(extras)?;
    }
    etag(out, &value.remote.etag)?;
    local(out, previous, value.local)?;
    if let Some(size_bytes) = remote_size {
        put_size(out, "remote size", size_bytes)?;
    }
    put_delta(out, previous.modified_ms, value.remote.modified_ms);
    previous.modified_ms = value.remote.modified_ms;
    put_optional(out, &wire::VERSION_ID, value.remote.version.as_deref())?;
    if let Some(digest) = value.content.digest() {
        out.extend_from_slice(digest);
    }
    match &value.parts {
        Some(parts) => put_parts(out, parts),
        None => Ok(()),
    }
}

/// Whether a record has an encoding, wherever it may come to stand.
///
/// # Errors
/// The limit it exceeds, or the rule it breaks.
pub fn is_storable(value: &Record) -> Result<(), Kind> {
    match record(&mut Vec::new(), &mut Previous::default(), value) {
        Err(WriteError::Refused(kind)) => Err(kind),
        _ => Ok(()),
    }
}

/// A key alone, as in a block's first record.
pub(super) fn lone_key(out: &mut Vec<u8>, value: &Key) -> Result<(), WriteError> {
    key(out, &mut Previous::default(), value)
}

fn key(out: &mut Vec<u8>, previous: &mut Previous, value: &Key) -> Result<(), WriteError> {
    let bytes = value.as_bytes();
    let before = previous.key.as_bytes();
    if bytes <= before {
        return Err(Kind::OutOfOrder.into());
    }
    let shared = if previous.is_in_block {
        let pairs = before.iter().zip(bytes);
        pairs.take_while(|(old, new)| old == new).count()
    } else {
        0
    };
    let suffix = bytes.get(shared..).unwrap_or_default();
    put_varint(out, wide(shared));
    put_varint(out, wide(suffix.len()));
    out.extend_from_slice(suffix);
    previous.key.become_key(value);
    previous.is_in_block = true;
    Ok(())
}

fn local_form(local: Option<LocalStamp>) -> u8 {
    match local {
        None => 0,
        Some(stamp) if stamp.ctime_ns == 0 => record::LOCAL_CTIME_ZERO,
        Some(stamp) if stamp.ctime_ns == stamp.mtime_ns => record::LOCAL_CTIME_IS_MTIME,
        Some(_) => record::LOCAL_CTIME_GIVEN,
    }
}

fn content_form(content: Content) -> u8 {
    match content {
        Content::Unknown => 0,
        Content::ByMd5(_) => record::CONTENT_BY_MD5,
        Content::Blake3(_) => record::CONTENT_BLAKE3,
    }
}

fn encoding_form(encoding: Encoding) -> u8 {
    match encoding {
        Encoding::Plain => 0,
        Encoding::Gzip => record::ENCODING_GZIP,
        Encoding::Age => record::ENCODING_AGE,
        Encoding::GzipAge => record::ENCODING_GZIP_AGE,
    }
}

fn etag(out: &mut Vec<u8>, value: &ETag) -> Result<(), WriteError> {
    match value {
        ETag::Md5(bytes) => {
            out.extend_from_slice(bytes);
            Ok(())
        }
        ETag::Other(text) if is_md5_text(text) => Err(Kind::NonCanonical { field: "ETag" }.into()),
        ETag::Other(text) => put_text(out, &wire::ETAG_TEXT, text),
    }
}

/// Whether a text is one that [`ETag::Md5`] shows.
pub(super) fn is_md5_text(text: &str) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 32 && text.as_bytes().iter().all(is_digit)
}

fn local(
    out: &mut Vec<u8>,
    previous: &mut Previous,
    value: Option<LocalStamp>,
) -> Result<(), WriteError> {
    let Some(stamp) = value else {
        return Ok(());
    };
    let inode = stamp.inode.cast_signed();
    put_delta(out, previous.mtime_ns, stamp.mtime_ns);
    previous.mtime_ns = stamp.mtime_ns;
    put_size(out, "local size", stamp.size_bytes)?;
    put_delta(out, previous.inode, inode);
    previous.inode = inode;
    if local_form(value) == record::LOCAL_CTIME_GIVEN {
        put_delta(out, previous.ctime_ns, stamp.ctime_ns);
    }
    if stamp.ctime_ns != 0 {
        previous.ctime_ns = stamp.ctime_ns;
    }
    Ok(())
}

pub(super) fn put_size(
    out: &mut Vec<u8>,
    field: &'static str,
    size_bytes: u64,
) -> Result<(), WriteError> {
    put_varint(out, limited(field, size_bytes, wire::MAX_NUMBER)?);
    Ok(())
}

/// The length in bytes of every part but the last, which is one of whole MiB.
pub(super) fn put_part_size(out: &mut Vec<u8>, part_bytes: u64) -> Result<(), WriteError> {
    let mib = part_bytes >> wire::MIB.trailing_zeros();
    if part_bytes & wire::MIB.wrapping_sub(1) != 0 || mib < wire::MIN_PART_MIB {
        return Err(Kind::BadValue { field: "part size" }.into());
    }
    put_varint(out, limited("part size", mib, wire::MAX_PART_MIB)?);
    Ok(())
}

fn put_parts(out: &mut Vec<u8>, parts: &Parts) -> Result<(), WriteError> {
    put_part_size(out, parts.part_bytes)?;
    let count = wide(parts.digests.len());
    if count == 0 {
        return Err(Kind::BadValue { field: "parts" }.into());
    }
    put_varint(out, limited("parts", count, wire::MAX_PARTS)?);
    for digest in &parts.digests {
        out.extend_from_slice(digest);
    }
    Ok(())
}

/// End block.
pub(super) fn end(out: &mut Vec<u8>, totals: &Totals) -> Result<(), WriteError> {
    let narrow = |count| u32::try_from(count).map_err(std::io::Error::other);
    out.write_u32::<LE>(narrow(totals.buckets)?)?;
    out.write_u32::<LE>(narrow(totals.maps)?)?;
    out.write_u64::<LE>(totals.objects_blocks)?;
    out.write_u64::<LE>(totals.records)?;
    out.write_u32::<LE>(totals.chain)?;
    Ok(())
}

fn put_varint_byte(out: &mut Vec<u8>, count: u64) -> Result<(), WriteError> {
    out.write_u8(u8::try_from(count).map_err(std::io::Error::other)?)?;
    Ok(())
}

fn put_optional(
    out: &mut Vec<u8>,
    rule: &wire::Text,
    value: Option<&str>,
) -> Result<(), WriteError> {
    value.map_or(Ok(()), |value| put_text(out, rule, value))
}

fn bit<T: Default>(is_set: bool, bit: T) -> T {
    if is_set { bit } else { T::default() }
}
