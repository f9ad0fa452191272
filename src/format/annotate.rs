//! A file of either version, or a journal, as fields: every byte with its place, name and meaning.
//!
//! It has no grammar of its own: the readers run over the file and tell of each field that they
//! read. The bytes are kept as they pass, so that those of all parts together are what was read of
//! the file, byte for byte; what no reader understood is a field named [`UNREAD`].

use super::error::{DecodeError, Kind, ReadError, Section};
use super::field::{length, wide};
use super::frame::read_full;
use super::journal;
use super::read;
use super::reader::{header_error, unknown_version, version, version_1_bytes};
use super::records::{self, Unpack};
use super::survey::Survey;
use super::trace::{Bytes, Field, Listed, Value};
use super::{v1, wire};
use nom::Parser;
use std::cell::RefCell;
use std::io::{self, Read};

/// The name of bytes of which no field was made: those at a defect, and after it in its block.
pub const UNREAD: &str = "not understood";

/// A part of a file, with its fields in their order: between them they have all its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which part.
    pub section: Section,
    /// Bytes from the start of the file.
    pub offset: u64,
    /// All its bytes.
    pub bytes: Vec<u8>,
    /// What they are.
    pub fields: Vec<Field>,
}

impl Part {
    /// The bytes of one of its fields.
    #[must_use]
    pub fn bytes_of(&self, field: &Field) -> &[u8] {
        let from = length(field.offset.saturating_sub(self.offset));
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.get(..field.length).unwrap_or(rest)
    }
}

/// The parts of a file one after the other, up to the first defect in the file's order.
///
/// Memory is that of one block; a version-1 file, which has none, is read as a whole.
pub struct Annotated<R> {
    input: Kept<R>,
    /// Offset of the first byte that no part has had yet.
    done: u64,
    fields: RefCell<Vec<Field>>,
    body: Body,
    stopped: Option<DecodeError>,
    /// Bytes after the last part that were read from the source.
    skipped: u64,
}

enum Body {
    Header,
    Blocks(Box<Survey>, Unpack),
    Journal { next: u64, payload: Vec<u8> },
    Version1(v1::Steps, Vec<u8>),
    Over,
}

/// A source whose bytes are kept when they were read.
struct Kept<R> {
    source: R,
    bytes: Vec<u8>,
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.source.read(buffer)?;
        self.bytes
            .extend_from_slice(buffer.get(..got).unwrap_or_default());
        Ok(got)
    }
}

/// A source whose bytes are counted when they were read.
struct Counted<'a, R> {
    source: &'a mut R,
    skipped: &'a mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.source.read(buffer)?;
        *self.skipped = self.skipped.saturating_add(wide(got));
        Ok(got)
    }
}

impl<R: Read> Annotated<R> {
    /// Begins at a file's first byte. Reads in small pieces: the source should be buffered.
    pub fn new(source: R) -> Self {
        Self {
            input: Kept {
                source,
                bytes: Vec::new(),
            },
            done: 0,
            fields: RefCell::default(),
            body: Body::Header,
            stopped: None,
            skipped: 0,
        }
    }

    /// The defect at which the parts end; `None` before their end, and where the file is intact.
    pub fn stopped(&self) -> Option<&DecodeError> {
        self.stopped.as_ref()
    }

    /// How many bytes follow the last part, which is 0 where the file is intact.
    ///
    /// # Errors
    /// What the source says.
    pub fn rest_bytes(mut self) -> io::Result<u64> {
        let more = io::copy(&mut self.input.source, &mut io::sink())?;
        Ok(more.saturating_add(self.skipped))
    }

    /// Reads on and says which part it was; `None` at the file's end.
    fn step(&mut self) -> Result<Option<Section>, ReadError> {
        let watch = Listed::new(&self.fields);
        match &mut self.body {
            Body::Header => {
                self.body = header(&mut self.input, &self.fields, &mut self.skipped)?;
                Ok(Some(Section::Header))
            }
            Body::Blocks(survey, unpack) => {
                let Some(block) = survey.step(&mut self.input, watch)? else {
                    return Ok(None);
                };
                match block.section {
                    Section::Map => *unpack = Unpack::default(),
                    Section::Objects => {
                        unpack.begin(block.payload_start(), &survey.payload)?;
                        while unpack.record(&survey.payload, watch)?.is_some() {}
                    }
                    _ => {}
                }
                Ok(Some(block.section))
            }
            Body::Journal { next, payload } if *next == wire::HEADER_BYTES => {
                *next = journal::identity(&mut self.input, payload, watch)?.0;
                Ok(Some(Section::Identity))
            }
            Body::Journal { next, payload } => {
                match journal::next_entry(&mut self.input, *next, payload, watch) {
                    Ok((end, _)) => {
                        *next = end;
                        Ok(Some(Section::Entry))
                    }
                    Err(ReadError::Decode(defect)) => match journal::stop_of(defect, *next) {
                        Some(defect) => Err(defect.into()),
                        None => Ok(None),
                    },
                    Err(other) => Err(other),
                }
            }
            Body::Version1(steps, bytes) => {
                let used = steps.used();
                let item = steps.next(bytes, watch)?;
                let read = bytes.get(used..steps.used()).unwrap_or_default();
                self.input.bytes.extend_from_slice(read);
                Ok(item.map(|item| item.section()))
            }
            Body::Over => Ok(None),
        }
    }

    /// Reads what a damaged frame holds as far as it goes; nothing vouches for it.
    fn glance(&self, defect: &DecodeError) {
        let next = match &self.body {
            Body::Blocks(survey, _) => survey.next,
            Body::Journal { next, .. } => *next,
            Body::Header | Body::Version1(..) | Body::Over => return,
        };
        // Where a frame was whole its payload is read already, and `next` is behind it.
        if defect.offset < next.saturating_add(wire::LEAD_BYTES) {
            return;
        }
        let declared = self.fields.borrow().iter().find_map(|field| match field {
            Field {
                name: "length",
                value: Value::Number(declared),
                ..
            } => Some(length(*declared)),
            _ => None,
        });
        let rest = self.input.bytes.get(length(wire::LEAD_BYTES)..);
        let rest = rest.unwrap_or_default();
        let there = rest.get(..declared.unwrap_or(0)).unwrap_or(rest);
        let start = next.saturating_add(wire::LEAD_BYTES);
        let end = start.saturating_add(wide(there.len()));
        let watch = Listed::new(&self.fields);
        let bytes = Bytes::new(there, start, watch);
        // Where the frame is whole the payload was read already, up to the defect.
        self.fields
            .borrow_mut()
            .retain(|field| field.offset < start || field.offset >= end);
        // What does not parse is left unread, and the frame's own defect is the one that is told.
        let _ = match defect.section {
            Section::Metadata => read::metadata.map(drop).parse_complete(bytes).is_ok(),
            Section::Identity => read::identity.map(drop).parse_complete(bytes).is_ok(),
            Section::Bucket => read::bucket.map(drop).parse_complete(bytes).is_ok(),
            Section::Map => read::dir_map.map(drop).parse_complete(bytes).is_ok(),
            Section::Objects => {
                let mut unpack = Unpack::default();
                let count = records::count(start, bytes);
                let begun = count.and_then(|_| unpack.begin(start, there));
                while let Ok(Some(_)) = unpack.record(there, watch) {}
                begun.is_ok()
            }
            Section::End => read::end.map(drop).parse_complete(bytes).is_ok(),
            Section::Entry => journal::entry.map(drop).parse_complete(bytes).is_ok(),
            Section::Header => false,
        };
    }

    /// Makes a part of what was read since the last one.
    fn part(&mut self, section: Section) -> Option<Part> {
        let bytes = std::mem::take(&mut self.input.bytes);
        let mut told = self.fields.take();
        if bytes.is_empty() {
            return None;
        }
        // A mark comes before the field that begins where it stands.
        told.sort_by_key(|field| (field.offset, field.length));
        let offset = self.done;
        self.done = self.done.saturating_add(wide(bytes.len()));
        let mut fields = Vec::with_capacity(told.len());
        let mut at = offset;
        for field in told {
            fill(&mut fields, at, field.offset);
            at = field.offset.saturating_add(wide(field.length));
            fields.push(field);
        }
        fill(&mut fields, at, self.done);
        Some(Part {
            section,
            offset,
            bytes,
            fields,
        })
    }
}

impl<R: Read> Iterator for Annotated<R> {
    /// Only reading itself can fail: a defect ends the parts, and [`Annotated::stopped`] has it.
    type Item = io::Result<Part>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.step() {
            Ok(Some(section)) => self.part(section).map(Ok),
            Ok(None) | Err(ReadError::NoSuchMap(_)) => {
                self.body = Body::Over;
                None
            }
            Err(ReadError::Io(error)) => {
                self.body = Body::Over;
                Some(Err(error))
            }
            Err(ReadError::Decode(defect)) => {
                self.glance(&defect);
                if let Body::Version1(steps, bytes) = &self.body {
                    let rest = bytes.get(steps.used()..).unwrap_or_default();
                    let start = wire::HEADER_BYTES.saturating_add(wide(steps.used()));
                    let fields = self.fields.borrow();
                    let ends = fields
                        .iter()
                        .map(|field| field.offset.saturating_add(wide(field.length)));
                    let told = ends.max().unwrap_or_default();
                    let shown = told.max(defect.offset.saturating_add(16));
                    let shown = length(shown.saturating_sub(start));
                    let shown = rest.get(..shown).unwrap_or(rest);
                    self.skipped = wide(rest.len().saturating_sub(shown.len()));
                    self.input.bytes.extend_from_slice(shown);
                }
                self.body = Body::Over;
                self.stopped = Some(defect);
                self.part(defect.section).map(Ok)
            }
        }
    }
}

fn header<R: Read>(
    input: &mut Kept<R>,
    fields: &RefCell<Vec<Field>>,
    skipped: &mut u64,
) -> Result<Body, ReadError> {
    let mut header = [0; 5];
    let got = read_full(input, &mut header)?;
    let header = header.get(..got).unwrap_or_default();
    let is_journal = header.starts_with(&wire::JOURNAL_SIGNATURE);
    let signature = if is_journal {
        wire::JOURNAL_SIGNATURE
    } else {
        wire::SIGNATURE
    };
    match version(&mut &*header, signature, Listed::new(fields))? {
        wire::VERSION if is_journal => Ok(Body::Journal {
            next: wire::HEADER_BYTES,
            payload: Vec::new(),
        }),
        wire::VERSION_1 if !is_journal => {
            let bytes = version_1_bytes(&mut input.source)?;
            Ok(Body::Version1(v1::Steps::default(), bytes))
        }
        wire::VERSION => Ok(Body::Blocks(Box::new(Survey::new()), Unpack::default())),
        other if is_journal => Err(header_error(4, Kind::UnsupportedVersion(other)).into()),
        other => {
            let source = &mut input.source;
            Err(unknown_version(&mut Counted { source, skipped }, other))
        }
    }
}

fn fill(fields: &mut Vec<Field>, from: u64, to: u64) {
    if from < to {
        fields.push(Field {
            offset: from,
            length: length(to.saturating_sub(from)),
            name: UNREAD,
            value: Value::Bytes,
        });
    }
}
