//! Version 1, read only: a byte stream in either dialect to settings and sorted records.

use super::error::{DecodeError, Kind, Section};
use super::field::{Parsed, at, fault, limited, place, shaped, utf8, wide};
use super::read::array;
use super::wire::{self, Text};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use crate::state::{
    Access, Bucket, ConflictPolicy, Content, DEFAULT_KEEP_DAYS, DirMap, Direction, Encoding,
    Encryption, MapId, Record, Recursion, ReplicaId, State,
};
use nom::bytes::complete::{take, take_till};
use nom::number::complete::{le_u8, le_u64};
use std::collections::{BTreeMap, HashSet};

/// The records of all maps, each map's sorted by key.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) maps: Vec<Vec<Record>>,
    /// Objects that found no map.
    pub(super) dropped: u64,
}

/// Decodes all that follows the header. Ids and generations are zero: the file has none.
pub(super) fn load(bytes: &[u8]) -> Result<(State, Loaded), DecodeError> {
    let size = limited("file size", wide(bytes.len()), wire::MAX_V1_BYTES);
    size.map_err(|kind| super::reader::header_error(wire::HEADER_BYTES, kind))?;
    let mut input = Input { bytes, left: bytes };
    let mut state = State::new(ReplicaId([0; 16]));
    state.synced_ms = input.step(Section::Metadata, metadata)?;
    let mut objects = Vec::new();
    while !input.left.is_empty() {
        let name = input.step(Section::Bucket, bucket_start)?;
        let at = bucket_named(&mut state, &mut objects, name);
        let mut maps = Vec::new();
        let mut found = Vec::new();
        loop {
            match input.left.first() {
                Some(&byte) if byte == wire::MAP.open => {
                    maps.push(input.step(Section::Map, dir_map)?);
                }
                Some(&byte) if byte == wire::OBJECTS.open => {
                    found.push(input.step(Section::Objects, object)?);
                }
                _ => break,
            }
        }
        input.step(Section::Bucket, bucket_end)?;
        if let (Some(bucket), Some(all)) = (state.buckets.get_mut(at), objects.get_mut(at)) {
            bucket.maps.append(&mut maps);
            all.append(&mut found);
        }
    }
    name_maps(&mut state);
    let mut loaded = Loaded {
        maps: Vec::new(),
        dropped: 0,
    };
    for (bucket, objects) in state.buckets.iter().zip(objects) {
        assign(&bucket.maps, objects, &mut loaded);
    }
    Ok((state, loaded))
}

struct Input<'a> {
    bytes: &'a [u8],
    left: &'a [u8],
}

impl<'a> Input<'a> {
    fn step<T>(
        &mut self,
        section: Section,
        parser: impl FnOnce(&'a [u8]) -> Parsed<'a, T>,
    ) -> Result<T, DecodeError> {
        let (left, value) = parser(self.left)
            .map_err(|error| place(error, self.bytes, wire::HEADER_BYTES, section))?;
        self.left = left;
        Ok(value)
    }
}

/// The position of the bucket of this name; one that stands twice is one bucket.
fn bucket_named(state: &mut State, objects: &mut Vec<Vec<Object>>, name: String) -> usize {
    let buckets = &mut state.buckets;
    buckets
        .iter()
        .position(|bucket| bucket.name == name)
        .unwrap_or_else(|| {
            buckets.push(Bucket {
                name,
                access: Access::default(),
                capabilities: None,
                maps: Vec::new(),
            });
            objects.push(Vec::new());
            buckets.len().saturating_sub(1)
        })
}

/// Names every map after its directory; a name that is taken gets a number.
fn name_maps(state: &mut State) {
    let mut taken = HashSet::new();
    for map in state.buckets.iter_mut().flat_map(|bucket| &mut bucket.maps) {
        let stem = map.path.rsplit('/').find(|part| !part.is_empty());
        let stem = stem.unwrap_or("root").to_owned();
        let mut name = stem.clone();
        let mut number = 1_u32;
        while !taken.insert(name.clone()) {
            number = number.saturating_add(1);
            name = format!("{stem}-{number}");
        }
        map.name = name;
    }
}

/// Gives every object to the map with the longest prefix that holds it.
fn assign(maps: &[DirMap], objects: Vec<Object>, loaded: &mut Loaded) {
    let mut sorted = vec![BTreeMap::new(); maps.len()];
    for object in objects {
        let below = |map: &DirMap| {
            if map.prefix.is_empty() {
                return Some(object.key.clone());
            }
            let rest = object.key.strip_prefix(&map.prefix)?;
            rest.strip_prefix('/').map(str::to_owned)
        };
        let found = maps
            .iter()
            .zip(&mut sorted)
            .filter_map(|(map, records)| Some((map.prefix.len(), below(map)?, records)))
            .max_by_key(|(length, ..)| *length);
        let placed = found.and_then(|(_, text, records)| Some((Key::parse(&text).ok()?, records)));
        match placed {
            Some((key, records)) => {
                records.insert(key.clone(), object.record(key));
            }
            None => loaded.dropped = loaded.dropped.saturating_add(1),
        }
    }
    let values = sorted.into_iter().map(|map| map.into_values().collect());
    loaded.maps.extend(values);
}

#[derive(Clone)]
struct Object {
    key: String,
    etag: ETag,
    size_bytes: u64,
    modified_ms: i64,
}

impl Object {
    fn record(self, key: Key) -> Record {
        Record {
            key,
            local: None,
            remote: RemoteStamp {
                etag: self.etag,
                size_bytes: self.size_bytes,
                modified_ms: self.modified_ms,
                version: None,
            },
            content: Content::Unknown,
            encoding: Encoding::Plain,
            parts: None,
        }
    }
}

fn metadata(input: &[u8]) -> Parsed<'_, u64> {
    let left = control(input, &[wire::METADATA.open])?.0;
    let (left, synced_ms) = le_u64(left)?;
    let left = control(left, &[wire::METADATA.close])?.0;
    Ok((left, synced_ms))
}

fn bucket_start(input: &[u8]) -> Parsed<'_, String> {
    let (left, _) = control(input, &[wire::BUCKET.open])?;
    string(left, &wire::BUCKET_NAME)
}

fn bucket_end(input: &[u8]) -> Parsed<'_, u8> {
    control(
        input,
        &[wire::BUCKET.close, wire::MAP.open, wire::OBJECTS.open],
    )
}

fn dir_map(input: &[u8]) -> Parsed<'_, DirMap> {
    let (path_at, _) = control(input, &[wire::MAP.open])?;
    let (prefix_at, path) = string(path_at, &wire::V1_PATH)?;
    let path = match path.trim_end_matches('/') {
        "" if !path.is_empty() => "/".to_owned(),
        trimmed => trimmed.to_owned(),
    };
    at(path_at, shaped(&path, &wire::LOCAL_PATH))?;
    let (left, prefix) = string(prefix_at, &wire::V1_PREFIX)?;
    let prefix = prefix.trim_end_matches('/').to_owned();
    at(prefix_at, shaped(&prefix, &wire::KEY_PREFIX))?;
    let (after_level, gzip_level) = le_u8(left)?;
    let max = u64::from(wire::MAX_GZIP_LEVEL);
    at(left, limited("gzip level", u64::from(gzip_level), max))?;
    let (left, recursion) = flag(
        after_level,
        "recursion",
        Recursion::TopOnly,
        Recursion::Recursive,
    )?;
    let (left, is_encrypted) = flag(left, "encryption", false, true)?;
    // The original program writes the e-mail only where encryption is on.
    let (left, email) = match left.first() {
        Some(&byte) if byte == wire::MAP.close && !is_encrypted => (left, String::new()),
        _ => string(left, &wire::EMAIL)?,
    };
    let (left, _) = control(left, &[wire::MAP.close])?;
    let map = DirMap {
        id: MapId([0; 8]),
        name: String::new(),
        path,
        prefix,
        recursion,
        gzip_level,
        encryption: if is_encrypted {
            Encryption::RecipientMissing { email }
        } else {
            Encryption::None
        },
        storage_class: None,
        conflict: ConflictPolicy::default(),
        direction: Direction::default(),
        keep_days: DEFAULT_KEEP_DAYS,
        generation: 0,
        root: None,
    };
    Ok((left, map))
}

fn object(input: &[u8]) -> Parsed<'_, Object> {
    let (left, _) = control(input, &[wire::OBJECTS.open])?;
    let (left, key) = string(left, &wire::V1_KEY)?;
    let (after, modified) = le_u64(left)?;
    let max = i64::MAX.cast_unsigned();
    let modified_ms = at(left, limited("last modified", modified, max))?.cast_signed();
    let (left, etag_type) = control(after, &[wire::ETAG_MD5, wire::ETAG_OTHER])?;
    let (left, etag) = if etag_type == wire::ETAG_MD5 {
        let (left, digest) = array(left)?;
        (left, ETag::Md5(digest))
    } else {
        let (left, text) = string(left, &wire::ETAG_TEXT)?;
        (left, ETag::parse(&text))
    };
    let (left, size_bytes) = le_u64(left)?;
    let (left, _) = control(left, &[wire::OBJECTS.close])?;
    let object = Object {
        key,
        etag,
        size_bytes,
        modified_ms,
    };
    Ok((left, object))
}

fn control<'a>(input: &'a [u8], expected: &'static [u8]) -> Parsed<'a, u8> {
    let (left, found) = le_u8(input)?;
    if expected.contains(&found) {
        Ok((left, found))
    } else {
        fault(input, Kind::UnexpectedTag { found, expected })
    }
}

fn flag<'a, T>(input: &'a [u8], field: &'static str, off: T, on: T) -> Parsed<'a, T> {
    match le_u8(input)? {
        (left, 0) => Ok((left, off)),
        (left, 1) => Ok((left, on)),
        _ => fault(input, Kind::BadValue { field }),
    }
}

/// A text up to its NUL.
fn string<'a>(input: &'a [u8], rule: &Text) -> Parsed<'a, String> {
    let (left, bytes) = take_till(|byte| byte == 0)(input)?;
    at(
        input,
        limited(rule.field, wide(bytes.len()), rule.max_bytes),
    )?;
    let (left, _) = take(1_usize)(left)?;
    let text = at(input, utf8(bytes))?;
    at(input, shaped(text, rule))?;
    Ok((left, text.to_owned()))
}
