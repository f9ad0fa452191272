//! The payload of objects blocks: records and keys.

use super::array;
use crate::format::error::Kind;
use crate::format::field::{
    Parsed, at, counted, delta, fault, length, limited, text, told, varint, wide,
};
use crate::format::trace::{Bytes, Value, Watch};
use crate::format::wire::{self, extras, record};
use crate::format::write::is_md5_text;
use crate::key::{Key, MAX_OBJECT_KEY_BYTES, RunningKey};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Parts, Record};
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::le_u8;

/// What a record is written relative to: the record before it in the same block.
#[derive(Debug, Default)]
pub(in crate::format) struct Previous {
    pub(in crate::format) key: RunningKey,
    pub(in crate::format) inode: i64,
    pub(in crate::format) mtime_ns: i64,
    pub(in crate::format) ctime_ns: i64,
    pub(in crate::format) modified_ms: i64,
    pub(in crate::format) is_in_block: bool,
}

impl Previous {
    /// Forgets all but the key, which still says what may come next.
    pub(in crate::format) fn begin_block(&mut self) {
        self.inode = 0;
        self.mtime_ns = 0;
        self.ctime_ns = 0;
        self.modified_ms = 0;
        self.is_in_block = false;
    }
}

/// One recorded object.
#[inline]
pub(in crate::format) fn record<'a, W: Watch>(
    input: Bytes<'a, W>,
    previous: &mut Previous,
) -> Parsed<'a, W, Record> {
    input.tell("record", input, || Value::Bytes);
    let (left, key) = key(input, previous)?;
    let (left, etag_type) = etag_type(left)?;
    let (left, flags) = flags(left)?;
    let (left, extras) = if flags & record::EXTRAS == 0 {
        (left, 0)
    } else {
        extra_bits(left)?
    };
    let (left, etag) = etag(left, etag_type)?;
    let (left, local) = local(left, flags, previous)?;
    let (left, remote_size) = remote_size(left, flags, local)?;
    let modified = |input| delta(input, previous.modified_ms);
    let (left, modified_ms) = told(left, "last modified", modified, |ms| Value::TimeMs(*ms))?;
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
pub(in crate::format) fn lone_key<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Key> {
    key(input, &mut Previous::default())
}

fn key<'a, W: Watch>(input: Bytes<'a, W>, previous: &mut Previous) -> Parsed<'a, W, Key> {
    let shared_field = Kind::NonCanonical {
        field: "shared bytes",
    };
    let (left, shared) = told(input, "shared bytes", varint, Value::number)?;
    let (after_length, suffix_length) = varint(left)?;
    let limit = wide(MAX_OBJECT_KEY_BYTES);
    at(left, limited("key", suffix_length, limit))?;
    let (rest, suffix) = take(length(suffix_length))(after_length)?;
    let suffix = suffix.slice();
    let shared = length(shared);
    if previous.is_in_block {
        let before = previous.key.as_bytes();
        if shared > before.len() {
            return fault(input, shared_field);
        }
        match (before.get(shared), suffix.first()) {
            (_, None) => return fault(input, Kind::OutOfOrder),
            (Some(old), Some(new)) if old == new => return fault(input, shared_field),
            (Some(old), Some(new)) if old > new => return fault(input, Kind::OutOfOrder),
            _ => {}
        }
    } else {
        if shared != 0 {
            return fault(input, shared_field);
        }
        let before = previous.key.as_bytes();
        if !before.is_empty() && suffix <= before {
            return fault(input, Kind::OutOfOrder);
        }
        previous.is_in_block = true;
    }
    let key = at(
        input,
        previous.key.advance(shared, suffix).map_err(Kind::BadKey),
    )?;
    left.tell("rest of the key", rest, || {
        Value::Text(key.as_str().to_owned())
    });
    Ok((rest, key))
}

fn etag_type<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u8> {
    let (left, found) = le_u8(input)?;
    let expected = &[wire::ETAG_MD5, wire::ETAG_OTHER];
    if expected.contains(&found) {
        input.tell("ETag type", left, || {
            let is_digest = found == wire::ETAG_MD5;
            let word = if is_digest { "16 bytes" } else { "text" };
            Value::Code(found.into(), word.to_owned())
        });
        Ok((left, found))
    } else {
        fault(input, Kind::UnexpectedTag { found, expected })
    }
}

/// Every bit has a meaning, but not with every other.
fn flags<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u8> {
    let (left, found) = told(input, "flags", le_u8, |found| {
        Value::Code((*found).into(), flag_words(*found))
    })?;
    let is_content_sound = found & record::CONTENT != record::CONTENT;
    let is_size_known = found & (record::LOCAL | record::REMOTE_SIZE) != 0;
    if is_content_sound && is_size_known {
        Ok((left, found))
    } else {
        fault(
            input,
            Kind::BadValue {
                field: "record flags",
            },
        )
    }
}

/// The flags in words.
fn flag_words(found: u8) -> String {
    let content = match found & record::CONTENT {
        0 => "content unknown",
        record::CONTENT_BY_MD5 => "content by BLAKE3, object by MD5",
        record::CONTENT_BLAKE3 => "content by BLAKE3",
        _ => "content 3",
    };
    let encoding = match found & record::ENCODING {
        record::ENCODING_GZIP => "gzip",
        record::ENCODING_AGE => "age",
        record::ENCODING_GZIP_AGE => "gzip, then age",
        _ => "plain",
    };
    let mut words = vec![
        match found & record::LOCAL {
            record::LOCAL_CTIME_ZERO => "ctime is 0",
            record::LOCAL_CTIME_IS_MTIME => "ctime is mtime",
            record::LOCAL_CTIME_GIVEN => "ctime given",
            _ => "no local stamp",
        },
        content,
        encoding,
    ];
    if found & record::REMOTE_SIZE != 0 {
        words.push("remote size given");
    }
    if found & record::EXTRAS != 0 {
        words.push("extras");
    }
    words.join(", ")
}

fn extra_bits<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u8> {
    let (left, found) = super::bits(input, "extras", "extras", le_u8, extras::NAMES)?;
    if found == 0 {
        return fault(input, Kind::NonCanonical { field: "extras" });
    }
    Ok((left, found))
}

fn etag<W: Watch>(input: Bytes<'_, W>, etag_type: u8) -> Parsed<'_, W, ETag> {
    if etag_type == wire::ETAG_MD5 {
        return told(input, "ETag", array.map(ETag::Md5), Value::bytes);
    }
    let (left, other) = text(input, &wire::ETAG_TEXT)?;
    if is_md5_text(other) {
        return fault(input, Kind::NonCanonical { field: "ETag" });
    }
    Ok((left, ETag::Other(other.into())))
}

fn local<'a, W: Watch>(
    input: Bytes<'a, W>,
    flags: u8,
    previous: &mut Previous,
) -> Parsed<'a, W, Option<LocalStamp>> {
    let form = flags & record::LOCAL;
    if form == 0 {
        return Ok((input, None));
    }
    let mtime = |input| delta(input, previous.mtime_ns);
    let (left, mtime_ns) = told(input, "mtime", mtime, |ns| Value::TimeNs(*ns))?;
    previous.mtime_ns = mtime_ns;
    if form == record::LOCAL_CTIME_IS_MTIME && mtime_ns == 0 {
        return fault(input, Kind::NonCanonical { field: "ctime" });
    }
    let (left, size_bytes) = size(left, "local size")?;
    let inode = |input| delta(input, previous.inode);
    let (left, inode) = told(left, "inode", inode, |inode| {
        Value::Number(inode.cast_unsigned())
    })?;
    previous.inode = inode;
    let (left, ctime_ns) = match form {
        record::LOCAL_CTIME_GIVEN => {
            let ctime = |input| delta(input, previous.ctime_ns);
            let (after, ctime_ns) = told(left, "ctime", ctime, |ns| Value::TimeNs(*ns))?;
            if ctime_ns == 0 || ctime_ns == mtime_ns {
                return fault(left, Kind::NonCanonical { field: "ctime" });
            }
            (after, ctime_ns)
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

fn remote_size<W: Watch>(
    input: Bytes<'_, W>,
    flags: u8,
    local: Option<LocalStamp>,
) -> Parsed<'_, W, u64> {
    let local_size = local.map(|local| local.size_bytes);
    match local_size {
        Some(size_bytes) if flags & record::REMOTE_SIZE == 0 => Ok((input, size_bytes)),
        _ => {
            let (left, size_bytes) = size(input, "remote size")?;
            if local_size == Some(size_bytes) {
                let field = "remote size";
                return fault(input, Kind::NonCanonical { field });
            }
            Ok((left, size_bytes))
        }
    }
}

fn content<W: Watch>(input: Bytes<'_, W>, flags: u8) -> Parsed<'_, W, Content> {
    match flags & record::CONTENT {
        record::CONTENT_BY_MD5 => told(input, "BLAKE3", array.map(Content::ByMd5), Value::bytes),
        record::CONTENT_BLAKE3 => told(input, "BLAKE3", array.map(Content::Blake3), Value::bytes),
        _ => Ok((input, Content::Unknown)),
    }
}

/// How many bytes something has.
pub(in crate::format) fn size<'a, W: Watch>(
    input: Bytes<'a, W>,
    name: &'static str,
) -> Parsed<'a, W, u64> {
    counted(input, name, varint, wire::MAX_NUMBER)
}

/// The length in bytes of every part but the last.
pub(in crate::format) fn part_size<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u64> {
    let field = "part size";
    let (left, mib) = told(input, field, varint, |mib| {
        Value::Code(*mib, "MiB".to_owned())
    })?;
    if mib < wire::MIN_PART_MIB {
        return fault(input, Kind::BadValue { field });
    }
    at(input, limited(field, mib, wire::MAX_PART_MIB))?;
    Ok((left, mib.saturating_mul(wire::MIB)))
}

fn parts<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Option<Parts>> {
    let (count_at, part_bytes) = part_size(input)?;
    let (mut left, count) = counted(count_at, "parts", varint, wire::MAX_PARTS)?;
    if count == 0 {
        return fault(count_at, Kind::BadValue { field: "parts" });
    }
    let mut digests = Vec::new();
    for _ in 0..count {
        let (rest, digest) = told(left, "parts", array, Value::bytes)?;
        digests.push(digest);
        left = rest;
    }
    let parts = Parts {
        part_bytes,
        digests,
    };
    Ok((left, Some(parts)))
}
