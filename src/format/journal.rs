//! The journal: what a run has finished, entry by entry, until the next state file has it all.
//!
//! Encodes to bytes for the caller to append; replays up to the first entry that is torn or bad.

use super::error::{DecodeError, Kind, ReadError, Section, WriteError};
use super::field::{Parsed, fault, put_text, text, told, whole};
use super::frame::{read_block, write_block};
use super::read::{self, Previous, array};
use super::reader::{header_error, version};
use super::trace::{Bytes, Unwatched, Value, Watch};
use super::{wire, write};
use crate::key::Key;
use crate::stamp::LocalStamp;
use crate::state::{Change, MapId, Record, ReplicaId};
use byteorder::{LE, WriteBytesExt};
use nom::Parser;
use nom::number::complete::{le_i64, le_u8, le_u64};
use std::io::{Read, Write};

const UPSERT: u8 = 1;
const REMOVAL: u8 = 2;
const UPLOAD: u8 = 3;
const INTENT: u8 = 4;

/// Codes of an [`Origin`].
const SENT: u8 = 0;
const COPIED: u8 = 1;

/// One journal entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A step is finished: this is what both sides have now.
    Change(MapId, Change),
    /// A multipart upload is under way.
    Upload(MapId, Upload),
    /// A request that makes an object is about to be sent.
    Intent(MapId, Intent),
}

/// An object that a request is about to make, so that a later run knows it as its own if this one
/// does not live to record it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The record that the request is to make true. Of the object it has the size and, of a copy, the
    /// source's ETag; the rest is empty.
    pub record: Record,
    /// The write id that the object is to carry.
    pub write_id: [u8; 16],
    /// The source of the object's bytes.
    pub origin: Origin,
}

/// The source of an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// They are sent, and have this CRC-64/NVME.
    Sent {
        /// Of the object, whatever encodes it.
        crc64: u64,
    },
    /// The server copies them from the object of this key. Where it copies the metadata too, the
    /// object carries the write id of that object.
    Copied(Key),
}

/// What a later run needs to carry on a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The file and the object.
    pub key: Key,
    /// The server's name for the upload.
    pub upload_id: Box<str>,
    /// Length of every part but the last, in bytes.
    pub part_bytes: u64,
    /// The file's stamp when the upload began; under another one it must not be carried on.
    pub source: LocalStamp,
    /// The write id that the object is to carry.
    pub write_id: [u8; 16],
}

/// The bytes with which a journal begins: whose it is, and to which state it belongs.
///
/// # Errors
/// None in practice: the bytes are built in memory.
pub fn encode_header(replica: ReplicaId, generation: u64) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    out.write_all(&wire::JOURNAL_SIGNATURE)?;
    out.write_u8(wire::VERSION)?;
    let mut identity = Vec::new();
    write::identity(&mut identity, replica, generation)?;
    write_block(&mut out, wire::IDENTITY, &identity)?;
    Ok(out)
}

/// The bytes of one finished step.
///
/// # Errors
/// [`WriteError::Refused`] when the record has no encoding.
pub fn encode_entry(map: MapId, change: &Change) -> Result<Vec<u8>, WriteError> {
    let mut payload = Vec::new();
    match change {
        Change::Upsert(record) => {
            begin(&mut payload, UPSERT, map)?;
            write::record(&mut payload, &mut Previous::default(), record)?;
        }
        Change::Remove(key) => {
            begin(&mut payload, REMOVAL, map)?;
            write::lone_key(&mut payload, key)?;
        }
    }
    framed(&payload)
}

/// The bytes of one upload under way.
///
/// # Errors
/// [`WriteError::Refused`] when the upload id is empty or over the limit.
pub fn encode_upload(map: MapId, upload: &Upload) -> Result<Vec<u8>, WriteError> {
    let mut payload = Vec::new();
    begin(&mut payload, UPLOAD, map)?;
    write::lone_key(&mut payload, &upload.key)?;
    put_text(&mut payload, &wire::UPLOAD_ID, &upload.upload_id)?;
    write::put_part_size(&mut payload, upload.part_bytes)?;
    write::put_size(&mut payload, "local size", upload.source.size_bytes)?;
    payload.write_i64::<LE>(upload.source.mtime_ns)?;
    payload.write_i64::<LE>(upload.source.ctime_ns)?;
    payload.write_u64::<LE>(upload.source.inode)?;
    payload.write_all(&upload.write_id)?;
    framed(&payload)
}

/// The bytes of an intent.
///
/// # Errors
/// [`WriteError::Refused`] when the record has no encoding.
pub fn encode_intent(map: MapId, intent: &Intent) -> Result<Vec<u8>, WriteError> {
    let mut payload = Vec::new();
    begin(&mut payload, INTENT, map)?;
    write::record(&mut payload, &mut Previous::default(), &intent.record)?;
    payload.write_all(&intent.write_id)?;
    match &intent.origin {
        Origin::Sent { crc64 } => {
            payload.write_u8(SENT)?;
            payload.write_u64::<LE>(*crc64)?;
        }
        Origin::Copied(from) => {
            payload.write_u8(COPIED)?;
            write::lone_key(&mut payload, from)?;
        }
    }
    framed(&payload)
}

fn begin(out: &mut Vec<u8>, entry_type: u8, map: MapId) -> Result<(), WriteError> {
    out.write_u8(entry_type)?;
    out.write_all(&map.0)?;
    Ok(())
}

fn framed(payload: &[u8]) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    write_block(&mut out, wire::OBJECTS, payload)?;
    Ok(out)
}

/// A journal that is read from its start.
pub struct Replay<R> {
    input: R,
    replica: ReplicaId,
    generation: u64,
    payload: Vec<u8>,
    next: u64,
    stopped: Option<DecodeError>,
    is_over: bool,
}

impl<R: Read> Replay<R> {
    /// Reads a journal's beginning.
    ///
    /// # Errors
    /// [`ReadError::Decode`] when it is none or was torn before its first entry.
    pub fn open(mut input: R) -> Result<Self, ReadError> {
        let found = version(&mut input, wire::JOURNAL_SIGNATURE, Unwatched)?;
        if found != wire::VERSION {
            return Err(header_error(4, Kind::UnsupportedVersion(found)).into());
        }
        let mut payload = Vec::new();
        let (end, (replica, generation)) = identity(&mut input, &mut payload, Unwatched)?;
        Ok(Self {
            input,
            replica,
            generation,
            payload,
            next: end,
            stopped: None,
            is_over: false,
        })
    }

    /// Whether the journal belongs to the state file of this replica and generation.
    pub fn is_for(&self, replica: ReplicaId, generation: u64) -> bool {
        self.replica == replica && self.generation == generation
    }

    /// The replica and generation of the state file to which the journal belongs.
    pub fn state(&self) -> (ReplicaId, u64) {
        (self.replica, self.generation)
    }

    /// Bytes from the start that hold whole entries, the beginning included.
    pub fn whole_bytes(&self) -> u64 {
        self.next
    }

    /// The defect at which the replay stopped; `None` before it stops and after a clean end.
    pub fn stopped(&self) -> Option<&DecodeError> {
        self.stopped.as_ref()
    }

    fn entry(&mut self) -> Result<Entry, ReadError> {
        let (end, entry) = next_entry(&mut self.input, self.next, &mut self.payload, Unwatched)?;
        self.next = end;
        Ok(entry)
    }
}

impl<R: Read> Iterator for Replay<R> {
    /// Only reading itself can fail: a torn or bad entry ends the replay.
    type Item = std::io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        match self.entry() {
            Ok(entry) => return Some(Ok(entry)),
            Err(ReadError::Io(error)) => {
                self.is_over = true;
                return Some(Err(error));
            }
            Err(ReadError::Decode(defect)) => {
                self.stopped = stop_of(defect, self.next);
            }
            Err(ReadError::NoSuchMap(_)) => {}
        }
        self.is_over = true;
        None
    }
}

/// Reads the identity block: where the entries begin, and to which state they belong.
pub(super) fn identity<W: Watch>(
    input: &mut impl Read,
    payload: &mut Vec<u8>,
    watch: W,
) -> Result<(u64, (ReplicaId, u64)), ReadError> {
    let start = wire::HEADER_BYTES;
    let block = read_block(input, start, &[wire::IDENTITY.open], payload, watch)?;
    let bytes = Bytes::new(payload, block.payload_start(), watch);
    Ok((block.end, whole(block.payload(), bytes, read::identity)?))
}

/// The entry that these bytes are, as [`encode_entry`] and its like make them.
///
/// # Errors
/// [`ReadError::Decode`].
pub fn read_entry(mut bytes: &[u8]) -> Result<Entry, ReadError> {
    Ok(next_entry(&mut bytes, 0, &mut Vec::new(), Unwatched)?.1)
}

/// Reads the entry at `start`, and where the one after it begins.
pub(super) fn next_entry<W: Watch>(
    input: &mut impl Read,
    start: u64,
    payload: &mut Vec<u8>,
    watch: W,
) -> Result<(u64, Entry), ReadError> {
    let block = read_block(input, start, &[wire::OBJECTS.open], payload, watch)?;
    let bytes = Bytes::new(payload, block.payload_start(), watch);
    Ok((block.end, whole(block.payload(), bytes, entry)?))
}

/// The defect at which a replay stops, `next` being where the next entry would begin; `None` at a
/// clean end.
pub(super) fn stop_of(defect: DecodeError, next: u64) -> Option<DecodeError> {
    let is_clean_end = defect.kind == Kind::Truncated && defect.offset == next;
    (!is_clean_end).then_some(DecodeError {
        section: Section::Entry,
        ..defect
    })
}

pub(super) fn entry<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Entry> {
    let (left, entry_type) = told(input, "type", le_u8, |entry_type| {
        let word = match *entry_type {
            UPSERT => "upsert",
            REMOVAL => "removal",
            UPLOAD => "upload",
            INTENT => "intent",
            _ => "without a meaning",
        };
        Value::Code((*entry_type).into(), word.to_owned())
    })?;
    if !matches!(entry_type, UPSERT | REMOVAL | UPLOAD | INTENT) {
        let field = "entry type";
        return fault(input, Kind::BadValue { field });
    }
    let (left, map) = told(left, "map id", array.map(MapId), Value::bytes)?;
    match entry_type {
        UPSERT => {
            let (left, record) = read::record(left, &mut Previous::default())?;
            Ok((left, Entry::Change(map, Change::Upsert(record))))
        }
        REMOVAL => {
            let (left, key) = read::lone_key(left)?;
            Ok((left, Entry::Change(map, Change::Remove(key))))
        }
        UPLOAD => {
            let (left, upload) = upload(left)?;
            Ok((left, Entry::Upload(map, upload)))
        }
        _ => {
            let (left, intent) = intent(left)?;
            Ok((left, Entry::Intent(map, intent)))
        }
    }
}

fn upload<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Upload> {
    let (left, key) = read::lone_key(input)?;
    let (left, upload_id) = text(left, &wire::UPLOAD_ID)?;
    let (left, part_bytes) = read::part_size(left)?;
    let (left, size_bytes) = read::size(left, "local size")?;
    let (left, mtime_ns) = told(left, "mtime", le_i64, |ns| Value::TimeNs(*ns))?;
    let (left, ctime_ns) = told(left, "ctime", le_i64, |ns| Value::TimeNs(*ns))?;
    let (left, inode) = told(left, "inode", le_u64, Value::number)?;
    let (left, write_id) = told(left, "write id", array, Value::bytes)?;
    let upload = Upload {
        key,
        upload_id: upload_id.into(),
        part_bytes,
        source: LocalStamp {
            size_bytes,
            mtime_ns,
            ctime_ns,
            inode,
        },
        write_id,
    };
    Ok((left, upload))
}

fn intent<W: Watch>(input: Bytes<'_, W>) -> Parsed<'_, W, Intent> {
    let (left, record) = read::record(input, &mut Previous::default())?;
    let (left, write_id) = told(left, "write id", array, Value::bytes)?;
    let (rest, code) = told(left, "origin", le_u8, |code| {
        let word = match *code {
            SENT => "sent",
            COPIED => "copied",
            _ => "without a meaning",
        };
        Value::Code((*code).into(), word.to_owned())
    })?;
    let (rest, origin) = match code {
        SENT => {
            let (rest, crc64) = told(rest, "CRC-64", le_u64, Value::number)?;
            (rest, Origin::Sent { crc64 })
        }
        COPIED => {
            let (rest, from) = read::lone_key(rest)?;
            (rest, Origin::Copied(from))
        }
        _ => return fault(left, Kind::BadValue { field: "origin" }),
    };
    let intent = Intent {
        record,
        write_id,
        origin,
    };
    Ok((rest, intent))
}
