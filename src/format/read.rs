//! Payloads to values, in the order of the specification.
//!
//! Every function takes what is left of one payload and hands back what it did not use.

use super::error::Kind;
use super::field::{Parsed, at, delta, fault, length, limited, text, varint};
use super::wire::{self, Text, bucket, capability, extras, map, record};
use crate::key::Key;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{
    Access, Addressing, Bucket, Capabilities, ConflictPolicy, Content, DirMap, Direction, Encoding,
    Encryption, MapId, Parts, Record, Recursion, ReplicaId, RootId,
};
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{le_i64, le_u8, le_u16, le_u32, le_u64};

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
    let (left, flags) = bits(left, "map flags", map::ALL)?;
    let (after_level, gzip_level) = le_u8(left)?;
    let max = u64::from(wire::MAX_GZIP_LEVEL);
    at(left, limited("gzip level", u64::from(gzip_level), max))?;
    let (left, conflict) = conflict(after_level)?;
    let (left, direction) = direction(left)?;
    let (left, encryption_kind) = le_u8(left)?;
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

fn encryption(input: &[u8], kind: u8, flags: u8) -> Parsed<'_, Encryption> {
    let has_recipients_file = flags & map::RECIPIENTS_FILE != 0;
    let has_identity_file = flags & map::IDENTITY_FILE != 0;
    match kind {
        1 => {
            let (mut left, count) = le_u8(input)?;
            let mut recipients = Vec::new();
            for _ in 0..count {
                let (rest, recipient) = text(left, &wire::RECIPIENT)?;
                recipients.push(recipient.to_owned());
                left = rest;
            }
            let (left, recipients_file) =
                optional(left, has_recipients_file, &wire::RECIPIENTS_FILE)?;
            let (left, identity_file) = optional(left, has_identity_file, &wire::IDENTITY_FILE)?;
            let age = Encryption::Age {
                recipients,
                recipients_file,
                identity_file,
            };
            Ok((left, age))
        }
        _ if has_recipients_file || has_identity_file => {
            fault(input, Kind::BadValue { field: "map flags" })
        }
        0 => Ok((input, Encryption::None)),
        2 => {
            let (left, email) = text(input, &wire::EMAIL)?;
            let email = email.to_owned();
            Ok((left, Encryption::RecipientMissing { email }))
        }
        _ => fault(
            input,
            Kind::BadValue {
                field: "encryption",
            },
        ),
    }
}

/// What a record is written relative to: the record before it in the same block.
#[derive(Debug, Default)]
pub(super) struct Previous {
    pub(super) key: Vec<u8>,
    pub(super) inode: i64,
    pub(super) ctime_ns: i64,
    pub(super) modified_ms: i64,
    pub(super) is_in_block: bool,
}

impl Previous {
    /// Forgets all but the key, which still says what may come next.
    pub(super) fn begin_block(&mut self) {
        self.inode = 0;
        self.ctime_ns = 0;
        self.modified_ms = 0;
        self.is_in_block = false;
    }
}

/// One recorded object.
pub(super) fn record<'a>(input: &'a [u8], previous: &mut Previous) -> Parsed<'a, Record> {
    let (left, key) = key(input, previous)?;
    let (left, (etag_type, flags)) = (le_u8, le_u8).parse_complete(left)?;
    let (left, extras) = if flags & record::EXTRAS == 0 {
        (left, 0)
    } else {
        extra_bits(left)?
    };
    let (left, etag) = etag(left, etag_type)?;
    let (left, local) = local(left, flags, previous)?;
    let (left, remote_size) = remote_size(left, flags, local)?;
    let (left, modified_ms) = delta(left, previous.modified_ms)?;
    previous.modified_ms = modified_ms;
    let (left, version) = if extras & extras::VERSION == 0 {
        (left, None)
    } else {
        let (left, version) = text(left, &wire::VERSION_ID)?;
        (left, Some(version.into()))
    };
    let (left, content) = content(left, flags)?;
    let (left, parts) = if extras & extras::PARTS == 0 {
        (left, None)
    } else {
        parts(left)?
    };
    let encoding = match flags & record::ENCODING {
        record::ENCODING_GZIP => Encoding::Gzip,
        record::ENCODING_AGE => Encoding::Age,
        record::ENCODING_GZIP_AGE => Encoding::GzipAge,
        _ => Encoding::Plain,
    };
    let record = Record {
        key,
        local,
        remote: RemoteStamp {
            etag,
            size_bytes: remote_size,
            modified_ms,
            version,
        },
        content,
        encoding,
        parts,
    };
    Ok((left, record))
}

/// A key alone, as in a block's first record.
pub(super) fn lone_key(input: &[u8]) -> Parsed<'_, Key> {
    key(input, &mut Previous::default())
}

fn key<'a>(input: &'a [u8], previous: &mut Previous) -> Parsed<'a, Key> {
    let shared_field = Kind::NonCanonical {
        field: "shared bytes",
    };
    let (left, shared) = varint(input)?;
    let (after_length, suffix_length) = varint(left)?;
    let limit = wire_key_bytes();
    at(left, limited("key", suffix_length, limit))?;
    let (rest, suffix) = take(length(suffix_length))(after_length)?;
    let shared = length(shared);
    if previous.is_in_block {
        if shared > previous.key.len() {
            return fault(input, shared_field);
        }
        match (previous.key.get(shared), suffix.first()) {
            (_, None) => return fault(input, Kind::OutOfOrder),
            (Some(old), Some(new)) if old == new => return fault(input, shared_field),
            (Some(old), Some(new)) if old > new => return fault(input, Kind::OutOfOrder),
            _ => {}
        }
    } else {
        if shared != 0 {
            return fault(input, shared_field);
        }
        if !previous.key.is_empty() && suffix <= previous.key.as_slice() {
            return fault(input, Kind::OutOfOrder);
        }
        previous.is_in_block = true;
    }
    previous.key.truncate(shared);
    previous.key.extend_from_slice(suffix);
    let key = at(input, Key::from_bytes(&previous.key).map_err(Kind::BadKey))?;
    Ok((rest, key))
}

fn wire_key_bytes() -> u64 {
    super::field::wide(crate::key::MAX_OBJECT_KEY_BYTES)
}

fn extra_bits(input: &[u8]) -> Parsed<'_, u8> {
    let (left, found) = bits(input, "extras", extras::ALL)?;
    if found == 0 {
        return fault(input, Kind::NonCanonical { field: "extras" });
    }
    Ok((left, found))
}

fn etag(input: &[u8], etag_type: u8) -> Parsed<'_, ETag> {
    match etag_type {
        wire::ETAG_MD5 => array.map(ETag::Md5).parse_complete(input),
        wire::ETAG_OTHER => {
            let (left, other) = text(input, &wire::ETAG_TEXT)?;
            if super::write::is_md5_text(other) {
                return fault(input, Kind::NonCanonical { field: "ETag" });
            }
            Ok((left, ETag::Other(other.into())))
        }
        found => fault(
            input,
            Kind::UnexpectedTag {
                found,
                expected: &[wire::ETAG_MD5, wire::ETAG_OTHER],
            },
        ),
    }
}

fn local<'a>(
    input: &'a [u8],
    flags: u8,
    previous: &mut Previous,
) -> Parsed<'a, Option<LocalStamp>> {
    let form = flags & record::LOCAL;
    if form == 0 {
        return Ok((input, None));
    }
    let (left, mtime_ns) = le_i64(input)?;
    let (left, size_bytes) = varint(left)?;
    let (left, inode) = delta(left, previous.inode)?;
    previous.inode = inode;
    let (left, ctime_ns) = match form {
        record::LOCAL_CTIME_GIVEN => {
            let (after, ctime_ns) = delta(left, previous.ctime_ns)?;
            if ctime_ns == 0 || ctime_ns == mtime_ns {
                return fault(left, Kind::NonCanonical { field: "ctime" });
            }
            (after, ctime_ns)
        }
        record::LOCAL_CTIME_IS_MTIME if mtime_ns == 0 => {
            return fault(input, Kind::NonCanonical { field: "ctime" });
        }
        record::LOCAL_CTIME_IS_MTIME => (left, mtime_ns),
        _ => (left, 0),
    };
    if ctime_ns != 0 {
        previous.ctime_ns = ctime_ns;
    }
    let stamp = LocalStamp {
        size_bytes,
        mtime_ns,
        ctime_ns,
        inode: inode.cast_unsigned(),
    };
    Ok((left, Some(stamp)))
}

fn remote_size(input: &[u8], flags: u8, local: Option<LocalStamp>) -> Parsed<'_, u64> {
    let field = "remote size";
    let is_given = flags & record::REMOTE_SIZE != 0;
    match (is_given, local) {
        (false, Some(local)) => Ok((input, local.size_bytes)),
        (false, None) => fault(input, Kind::BadValue { field }),
        (true, local) => {
            let (left, size_bytes) = varint(input)?;
            if local.is_some_and(|local| local.size_bytes == size_bytes) {
                return fault(input, Kind::NonCanonical { field });
            }
            Ok((left, size_bytes))
        }
    }
}

fn content(input: &[u8], flags: u8) -> Parsed<'_, Content> {
    match flags & record::CONTENT {
        0 => Ok((input, Content::Unknown)),
        record::CONTENT_ETAG => Ok((input, Content::ETag)),
        record::CONTENT_BLAKE3 => array.map(Content::Blake3).parse_complete(input),
        _ => fault(input, Kind::BadValue { field: "content" }),
    }
}

fn parts(input: &[u8]) -> Parsed<'_, Option<Parts>> {
    let (after_size, mib) = varint(input)?;
    if mib < wire::MIN_PART_MIB {
        return fault(input, Kind::BadValue { field: "part size" });
    }
    at(input, limited("part size", mib, wire::MAX_PART_MIB))?;
    let (mut left, count) = varint(after_size)?;
    if count == 0 {
        return fault(after_size, Kind::BadValue { field: "parts" });
    }
    at(after_size, limited("parts", count, wire::MAX_PARTS))?;
    let mut digests = Vec::new();
    for _ in 0..count {
        let (rest, digest) = array(left)?;
        digests.push(digest);
        left = rest;
    }
    let parts = Parts {
        part_bytes: mib.saturating_mul(wire::MIB),
        digests,
    };
    Ok((left, Some(parts)))
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
