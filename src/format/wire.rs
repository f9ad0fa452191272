//! The numbers of the format: control bytes, bits, sizes and limits. The only hexadecimal ones in
//! the source.

use crate::state::MAX_RECIPIENT_BYTES;
pub(super) use crate::state::{MAX_GZIP_LEVEL, MAX_RECIPIENTS};

/// The first four bytes of every state file, in every version.
pub const SIGNATURE: [u8; 4] = [0x9D, 0x9F, 0x53, 0x33];
/// The first four bytes of every journal.
pub const JOURNAL_SIGNATURE: [u8; 4] = [0x9D, 0x9F, 0x4A, 0x33];
/// The version that is written.
pub const VERSION: u8 = 2;
/// The version that is only read.
pub(super) const VERSION_1: u8 = 1;

/// Where a block begins and ends: its control bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) open: u8,
    pub(super) close: u8,
}

pub(super) const BUCKET: Tag = Tag {
    open: 0x90,
    close: 0x91,
};
pub(super) const MAP: Tag = Tag {
    open: 0x92,
    close: 0x93,
};
pub(super) const OBJECTS: Tag = Tag {
    open: 0x94,
    close: 0x95,
};
pub(super) const METADATA: Tag = Tag {
    open: 0x9A,
    close: 0x9B,
};
pub(super) const IDENTITY: Tag = Tag {
    open: 0x98,
    close: 0x99,
};
pub(super) const END: Tag = Tag {
    open: 0x9C,
    close: 0x9E,
};
pub(super) const ETAG_MD5: u8 = 0x96;
pub(super) const ETAG_OTHER: u8 = 0x97;

/// Bytes of signature and version.
pub(super) const HEADER_BYTES: u64 = 5;
/// Bytes of a block before its payload: control byte and length.
pub(super) const LEAD_BYTES: u64 = 5;
/// Bytes of a block after its payload: checksum and control byte.
pub(super) const TRAIL_BYTES: u64 = 5;
/// Largest payload of any block.
pub(super) const MAX_PAYLOAD_BYTES: usize = 262_144;
/// An objects block takes records until its payload has this many bytes.
pub(super) const FULL_PAYLOAD_BYTES: usize = 32_768;

pub(super) const MAX_BUCKETS: u64 = 1024;
pub(super) const MAX_MAPS: u64 = 1024;
/// Generations and sizes fit a signed number of 64 bits.
pub(super) const MAX_NUMBER: u64 = i64::MAX.cast_unsigned();
pub(super) const MIB: u64 = 1_048_576;
pub(super) const MIN_PART_MIB: u64 = 5;
pub(super) const MAX_PART_MIB: u64 = 5120;
pub(super) const MAX_PARTS: u64 = 10_000;
/// Largest version-1 file, which is read as a whole.
pub(super) const MAX_V1_BYTES: u64 = 1_073_741_824;
/// Longest last part of a version-1 path that names its map: a name has at most 255 bytes, and a
/// number up to 1024 may have to follow.
pub(super) const MAX_V1_STEM_BYTES: usize = 250;

/// What a text field may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    /// Its name in an error.
    pub(super) field: &'static str,
    /// Its name in the table of its part.
    pub(super) label: &'static str,
    pub(super) max_bytes: u64,
    pub(super) shape: Shape,
}

/// The form a text must have besides being UTF-8 without NUL.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Any, even empty.
    Any,
    /// Not empty.
    NonEmpty,
    /// Begins with `/`, ends with another character unless it is the root itself.
    AbsolutePath,
    /// Neither begins nor ends with `/`; may be empty.
    Prefix,
}

const fn text(field: &'static str, max_bytes: u64, shape: Shape) -> Text {
    Text {
        field,
        label: field,
        max_bytes,
        shape,
    }
}

pub(super) const BUCKET_NAME: Text = Text {
    label: "name",
    ..text("bucket name", 255, Shape::NonEmpty)
};
pub(super) const ENDPOINT: Text = text("endpoint", 2048, Shape::NonEmpty);
pub(super) const REGION: Text = text("region", 255, Shape::NonEmpty);
pub(super) const PROFILE: Text = text("profile", 255, Shape::NonEmpty);
pub(super) const MAP_NAME: Text = Text {
    label: "name",
    ..text("map name", 255, Shape::Any)
};
pub(super) const LOCAL_PATH: Text = text("local path", 4096, Shape::AbsolutePath);
pub(super) const KEY_PREFIX: Text = text("key prefix", 1024, Shape::Prefix);
pub(super) const STORAGE_CLASS: Text = text("storage class", 255, Shape::NonEmpty);
pub(super) const RECIPIENT: Text = text("recipient", MAX_RECIPIENT_BYTES, Shape::NonEmpty);
pub(super) const RECIPIENTS_FILE: Text =
    text("recipients file", MAX_RECIPIENT_BYTES, Shape::NonEmpty);
pub(super) const IDENTITY_FILE: Text = text("identity file", MAX_RECIPIENT_BYTES, Shape::NonEmpty);
pub(super) const EMAIL: Text = text("e-mail", 1024, Shape::Any);
pub(super) const ETAG_TEXT: Text = text("ETag", 1024, Shape::Any);
pub(super) const VERSION_ID: Text = text("version id", 1024, Shape::NonEmpty);
pub(super) const UPLOAD_ID: Text = text("upload id", 4096, Shape::NonEmpty);
/// As version 1 may have them, with a `/` at the end.
pub(super) const V1_PATH: Text = text("local path", 4096, Shape::NonEmpty);
pub(super) const V1_PREFIX: Text = text("key prefix", 1024, Shape::Any);
pub(super) const V1_KEY: Text = text("key", 4096, Shape::Any);

/// Bits of a bucket block's flags.
pub(super) mod bucket {
    pub(in crate::format) const ENDPOINT: u8 = 0x01;
    pub(in crate::format) const REGION: u8 = 0x02;
    pub(in crate::format) const PROFILE: u8 = 0x04;
    pub(in crate::format) const PATH_STYLE: u8 = 0x08;
    pub(in crate::format) const PROBED: u8 = 0x10;
    pub(in crate::format) const NAMES: &[(u8, &str)] = &[
        (ENDPOINT, "endpoint"),
        (REGION, "region"),
        (PROFILE, "profile"),
        (PATH_STYLE, "path style"),
        (PROBED, "probed"),
    ];
}

/// Bits of a bucket block's capabilities.
pub(super) mod capability {
    pub(in crate::format) const PUT_IF_ABSENT: u16 = 0x0001;
    pub(in crate::format) const PUT_IF_MATCH: u16 = 0x0002;
    pub(in crate::format) const COMPLETE_IF_ABSENT: u16 = 0x0004;
    pub(in crate::format) const COMPLETE_IF_MATCH: u16 = 0x0008;
    pub(in crate::format) const COPY_IF_ABSENT: u16 = 0x0010;
    pub(in crate::format) const COPY_SOURCE_IF_MATCH: u16 = 0x0020;
    pub(in crate::format) const DELETE_IF_MATCH: u16 = 0x0040;
    pub(in crate::format) const BATCH_DELETE_IF_MATCH: u16 = 0x0080;
    pub(in crate::format) const PART_COPY: u16 = 0x0100;
    pub(in crate::format) const CRC64_CHECKED: u16 = 0x0200;
    pub(in crate::format) const BARE_ETAGS: u16 = 0x0400;
    pub(in crate::format) const VERSIONED: u16 = 0x0800;
    pub(in crate::format) const ALL: u16 = 0x0FFF;
    pub(in crate::format) const NAMES: &[(u16, &str)] = &[
        (PUT_IF_ABSENT, "put if absent"),
        (PUT_IF_MATCH, "put if match"),
        (COMPLETE_IF_ABSENT, "complete if absent"),
        (COMPLETE_IF_MATCH, "complete if match"),
        (COPY_IF_ABSENT, "copy if absent"),
        (COPY_SOURCE_IF_MATCH, "copy source if match"),
        (DELETE_IF_MATCH, "delete if match"),
        (BATCH_DELETE_IF_MATCH, "batch delete if match"),
        (PART_COPY, "part copy"),
        (CRC64_CHECKED, "crc64 checked"),
        (BARE_ETAGS, "bare etags"),
        (VERSIONED, "versioned"),
    ];
}

/// Bits of a map block's flags.
pub(super) mod map {
    pub(in crate::format) const TOP_ONLY: u16 = 0x0001;
    pub(in crate::format) const STORAGE_CLASS: u16 = 0x0002;
    pub(in crate::format) const ROOT: u16 = 0x0004;
    pub(in crate::format) const RECIPIENTS_FILE: u16 = 0x0008;
    pub(in crate::format) const IDENTITY_FILE: u16 = 0x0010;
    pub(in crate::format) const LINKS: u16 = 0x0020;
    pub(in crate::format) const MODES: u16 = 0x0040;
    pub(in crate::format) const KEEP_SIZE: u16 = 0x0080;
    pub(in crate::format) const MAX_REPLACE: u16 = 0x0100;
    pub(in crate::format) const NAMES: &[(u16, &str)] = &[
        (TOP_ONLY, "top only"),
        (STORAGE_CLASS, "storage class"),
        (ROOT, "root"),
        (RECIPIENTS_FILE, "recipients file"),
        (IDENTITY_FILE, "identity file"),
        (LINKS, "links followed"),
        (MODES, "modes kept"),
        (KEEP_SIZE, "keep size"),
        (MAX_REPLACE, "max replace"),
    ];
}

/// Units of a bound.
pub(super) mod unit {
    pub(in crate::format) const NUMBER: u8 = 0;
    pub(in crate::format) const PERCENT: u8 = 1;
    pub(in crate::format) const MAX_PERCENT: u64 = 100;
}

/// Bits of a record's flags.
pub(super) mod record {
    pub(in crate::format) const LOCAL: u8 = 0x03;
    pub(in crate::format) const LOCAL_CTIME_ZERO: u8 = 0x01;
    pub(in crate::format) const LOCAL_CTIME_IS_MTIME: u8 = 0x02;
    pub(in crate::format) const LOCAL_CTIME_GIVEN: u8 = 0x03;
    pub(in crate::format) const REMOTE_SIZE: u8 = 0x04;
    pub(in crate::format) const CONTENT: u8 = 0x18;
    pub(in crate::format) const CONTENT_BY_MD5: u8 = 0x08;
    pub(in crate::format) const CONTENT_BLAKE3: u8 = 0x10;
    pub(in crate::format) const ENCODING: u8 = 0x60;
    pub(in crate::format) const ENCODING_GZIP: u8 = 0x20;
    pub(in crate::format) const ENCODING_AGE: u8 = 0x40;
    pub(in crate::format) const ENCODING_GZIP_AGE: u8 = 0x60;
    pub(in crate::format) const EXTRAS: u8 = 0x80;
}

/// Bits of a record's extras.
pub(super) mod extras {
    pub(in crate::format) const VERSION: u8 = 0x01;
    pub(in crate::format) const PARTS: u8 = 0x02;
    pub(in crate::format) const NAMES: &[(u8, &str)] = &[(VERSION, "version"), (PARTS, "parts")];
}

/// Bits of a varint's bytes.
pub(super) mod varint {
    pub(in crate::format) const MORE: u8 = 0x80;
    pub(in crate::format) const VALUE: u8 = 0x7F;
}
