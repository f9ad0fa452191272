//! Version 1, read only: a byte stream in either dialect to settings and sorted records.

use super::error::{DecodeError, Kind, Section};
use super::field::{Parsed, Window, at, counted, fault, limited, shaped, told, utf8, wide};
use super::read::{self, array};
use super::trace::{Bytes, Unwatched, Value, Watch};
use super::wire::{self, Text};
use crate::key::Key;
use crate::stamp::{ETag, RemoteStamp};
use crate::state::{
    Access, Bucket, Content, DirMap, Encoding, Encryption, MapId, Record, Recursion, ReplicaId,
    State,
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
    match salvage(bytes) {
        (state, loaded, None) => Ok((state, loaded)),
        (_, _, Some(defect)) => Err(defect),
    }
}

/// Decodes what follows the header up to the first defect.
pub(super) fn salvage(bytes: &[u8]) -> (State, Loaded, Option<DecodeError>) {
    let mut state = State::new(ReplicaId([0; 16]));
    let mut objects = Vec::new();
    let mut at = 0;
    let mut steps = Steps::default();
    let defect = loop {
        let item = match steps.next(bytes, Unwatched) {
            Ok(Some(item)) => item,
            Ok(None) => break None,
            Err(defect) => break Some(defect),
        };
        match item {
            Item::Synced(ms) => state.synced_ms = ms,
            Item::Bucket(name) => at = bucket_named(&mut state, &mut objects, name),
            Item::Map(map) => {
                if let Some(bucket) = state.buckets.get_mut(at) {
                    bucket.maps.push(map);
                }
            }
            Item::Object(object) => {
                if let Some(all) = objects.get_mut(at) {
                    all.push(object);
                }
            }
            Item::BucketEnd => {}
        }
    };
    name_maps(&mut state);
    let mut loaded = Loaded {
        maps: Vec::new(),
        dropped: 0,
    };
    for (bucket, objects) in state.buckets.iter().zip(objects) {
        assign(&bucket.maps, objects, &mut loaded);
    }
    (state, loaded, defect)
}

/// One part of a file.
pub(super) enum Item {
    Synced(u64),
    Bucket(String),
    Map(DirMap),
    Object(Object),
    BucketEnd,
}

impl Item {
    /// The part of the file to which it belongs.
    pub(super) fn section(&self) -> Section {
        match self {
            Self::Synced(_) => Section::Metadata,
            Self::Bucket(_) | Self::BucketEnd => Section::Bucket,
            Self::Map(_) => Section::Map,
            Self::Object(_) => Section::Objects,
        }
    }
}

/// The way through the bytes after the header, part by part.
#[derive(Default)]
pub(super) struct Steps {
    used: usize,
    place: Place,
    buckets: u64,
    maps: u64,
}

#[derive(Default, Clone, Copy)]
enum Place {
    #[default]
    Start,
    Outside,
    InBucket,
}

impl Steps {
    /// The next part; `None` where the bytes end.
    pub(super) fn next<W: Watch>(
        &mut self,
        bytes: &[u8],
        watch: W,
    ) -> Result<Option<Item>, DecodeError> {
        let input = Bytes::new(bytes, wire::HEADER_BYTES, watch).after(self.used);
        let first = input.first().copied();
        let (section, place_after, parsed) = match self.place {
            Place::Start => {
                let parsed = metadata(input).map(|(left, ms)| (left, Item::Synced(ms)));
                (Section::Metadata, Place::Outside, parsed)
            }
            Place::Outside if first.is_none() => return Ok(None),
            Place::Outside => {
                let parsed = bucket_start(input, &mut self.buckets)
                    .map(|(left, name)| (left, Item::Bucket(name)));
                (Section::Bucket, Place::InBucket, parsed)
            }
            Place::InBucket if first == Some(wire::MAP.open) => {
                let parsed =
                    dir_map(input, &mut self.maps).map(|(left, map)| (left, Item::Map(map)));
                (Section::Map, Place::InBucket, parsed)
            }
            Place::InBucket if first == Some(wire::OBJECTS.open) => {
                let parsed = object(input).map(|(left, object)| (left, Item::Object(object)));
                (Section::Objects, Place::InBucket, parsed)
            }
            Place::InBucket => {
                let parsed = bucket_end(input).map(|(left, _)| (left, Item::BucketEnd));
                (Section::Bucket, Place::Outside, parsed)
            }
        };
        let end = wire::HEADER_BYTES.saturating_add(wide(bytes.len()));
        let window = Window { end, section };
        let (left, item) = parsed.map_err(|error| window.place(error))?;
        self.used = bytes.len().saturating_sub(left.len());
        self.place = place_after;
        Ok(Some(item))
    }

    /// How many bytes are read.
    pub(super) fn used(&self) -> usize {
        self.used
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
        let fits = |part: &&str| part.len() <= wire::MAX_V1_STEM_BYTES;
        let stem = stem.filter(fits).unwrap_or("root").to_owned();
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
pub(super) struct Object {
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

fn metadata<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u64> {
    let left = control(input, &[wire::METADATA.open])?.0;
    let (left, synced_ms) = read::metadata(left)?;
    let left = control(left, &[wire::METADATA.close])?.0;
    Ok((left, synced_ms))
}

/// Counts one more of what a file has so many of at most.
fn one_more(count: &mut u64, field: &'static str, max: u64) -> Result<u64, Kind> {
    *count = count.saturating_add(1);
    limited(field, *count, max)
}

fn bucket_start<'a, W: Watch>(input: Bytes<'a, W>, count: &mut u64) -> Parsed<'a, W, String> {
    let (left, _) = control(input, &[wire::BUCKET.open])?;
    at(input, one_more(count, "buckets", wire::MAX_BUCKETS))?;
    string(left, &wire::BUCKET_NAME)
}

fn bucket_end<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, u8> {
    control(
        input,
        &[wire::BUCKET.close, wire::MAP.open, wire::OBJECTS.open],
    )
}

fn dir_map<'a, W: Watch>(input: Bytes<'a, W>, count: &mut u64) -> Parsed<'a, W, DirMap> {
    let (path_at, _) = control(input, &[wire::MAP.open])?;
    at(input, one_more(count, "maps", wire::MAX_MAPS))?;
    let (prefix_at, path) = string(path_at, &wire::V1_PATH)?;
    let path = match path.trim_end_matches('/') {
        "" if !path.is_empty() => "/".to_owned(),
        trimmed => trimmed.to_owned(),
    };
    at(path_at, shaped(&path, &wire::LOCAL_PATH))?;
    let (left, prefix) = string(prefix_at, &wire::V1_PREFIX)?;
    let prefix = prefix.trim_end_matches('/').to_owned();
    at(prefix_at, shaped(&prefix, &wire::KEY_PREFIX))?;
    let (after_level, gzip_level) = told(left, "gzip level", le_u8, Value::number)?;
    let max = u64::from(wire::MAX_GZIP_LEVEL);
    at(left, limited("gzip level", u64::from(gzip_level), max))?;
    let (left, recursion) = flag(
        after_level,
        ("recursive", "recursion"),
        Recursion::TopOnly,
        Recursion::Recursive,
    )?;
    let (left, is_encrypted) = flag(left, ("encryption on", "encryption"), false, true)?;
    // The original program writes the e-mail only where encryption is on.
    let (left, email) = match left.first() {
        Some(&byte) if byte == wire::MAP.close && !is_encrypted => (left, String::new()),
        _ => string(left, &wire::EMAIL)?,
    };
    let (left, _) = control(left, &[wire::MAP.close])?;
    let map = DirMap {
        recursion,
        gzip_level,
        encryption: if is_encrypted {
            Encryption::RecipientMissing { email }
        } else {
            Encryption::None
        },
        ..DirMap::new(MapId([0; 8]), String::new(), path, prefix)
    };
    Ok((left, map))
}

fn object<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Object> {
    let (left, _) = control(input, &[wire::OBJECTS.open])?;
    let (left, key) = string(left, &wire::V1_KEY)?;
    let (after, modified) = told(left, "last modified", le_u64, |ms| {
        Value::TimeMs(i64::try_from(*ms).unwrap_or(i64::MAX))
    })?;
    let max = i64::MAX.cast_unsigned();
    let modified_ms = at(left, limited("last modified", modified, max))?.cast_signed();
    let (left, etag_type) = control(after, &[wire::ETAG_MD5, wire::ETAG_OTHER])?;
    let (left, etag) = if etag_type == wire::ETAG_MD5 {
        let (left, digest) = told(left, "ETag", array, Value::bytes)?;
        (left, ETag::Md5(digest))
    } else {
        let (left, text) = string(left, &wire::ETAG_TEXT)?;
        (left, ETag::parse(&text))
    };
    let (left, size_bytes) = counted(left, "size", le_u64, wire::MAX_NUMBER)?;
    let (left, _) = control(left, &[wire::OBJECTS.close])?;
    let object = Object {
        key,
        etag,
        size_bytes,
        modified_ms,
    };
    Ok((left, object))
}

fn control<'a, W: Watch>(input: Bytes<'a, W>, expected: &'static [u8]) -> Parsed<'a, W, u8> {
    let (left, found) = le_u8(input)?;
    if expected.contains(&found) {
        let is_etag = found == wire::ETAG_MD5 || found == wire::ETAG_OTHER;
        let name = if is_etag { "ETag type" } else { "control byte" };
        input.tell(name, left, || Value::Bytes);
        Ok((left, found))
    } else {
        fault(input, Kind::UnexpectedTag { found, expected })
    }
}

/// A byte that is 0 or 1; `names` are those in the specification's table and in an error.
fn flag<'a, T, W: Watch>(
    input: Bytes<'a, W>,
    names: (&'static str, &'static str),
    off: T,
    on: T,
) -> Parsed<'a, W, T> {
    let (name, field) = names;
    match told(input, name, le_u8, Value::number)? {
        (left, 0) => Ok((left, off)),
        (left, 1) => Ok((left, on)),
        _ => fault(input, Kind::BadValue { field }),
    }
}

/// A text up to its NUL.
fn string<'a, W: Watch>(input: Bytes<'a, W>, rule: &Text) -> Parsed<'a, W, String> {
    let (left, bytes) = take_till(|byte| byte == 0)(input)?;
    at(
        input,
        limited(rule.field, wide(bytes.len()), rule.max_bytes),
    )?;
    let (left, _) = take(1_usize)(left)?;
    let text = at(input, utf8(bytes.slice()))?;
    input.tell(rule.label, left, || Value::Text(text.to_owned()));
    at(input, shaped(text, rule))?;
    Ok((left, text.to_owned()))
}
