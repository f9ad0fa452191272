//! A dump for machines: one JSON object, documented in `spec/DUMP.md`, written as it is read.
//!
//! Records are written piece by piece: as values they would take longer to build than to read.

mod settings;

pub(in crate::commands) use settings::of as settings_json;

use super::view::{About, AboutJournal, Known, Tally, Totals, View, Voucher};
use crate::format::DecodeError;
use crate::format::journal::{Entry, Intent, Origin, Upload};
use crate::key::Key;
use crate::stamp::{Hex, LocalStamp};
use crate::state::{Bucket, Change, Content, DirMap, MapId, Record};
use crate::store::{Beside, Journaled};
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::{self, Write};

/// The name of what is written here; members may be added to it, others get another name.
const FORMAT: &str = "s3-bsync-dump-1";

pub(super) struct Json<W> {
    out: W,
    /// Whether the array that is open has an item.
    has_map: bool,
    has_item: bool,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            has_map: false,
            has_item: false,
        }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    /// Begins the next item of the innermost array.
    fn item(&mut self) -> io::Result<()> {
        let comma = if self.has_item { ",\n" } else { "\n" };
        self.has_item = true;
        self.out.write_all(comma.as_bytes())
    }

    fn head(&mut self, kind: &str, path: &str, bytes: u64, version: Option<u8>) -> io::Result<()> {
        write!(
            self.out,
            "{{\"format\":\"{FORMAT}\",\"kind\":\"{kind}\",\"file\":{},\"bytes\":{bytes},\"version\":{}",
            Value::from(path),
            Value::from(version),
        )
    }

    fn or_null(&mut self, value: Option<impl Display>) -> io::Result<()> {
        match value {
            Some(value) => write!(self.out, "{value}"),
            None => self.out.write_all(b"null"),
        }
    }

    /// The members of a record, without braces.
    fn members(&mut self, record: &Record) -> io::Result<()> {
        self.key(&record.key)?;
        self.out.write_all(b",\"local\":")?;
        self.or_null(record.local.as_ref().map(Stamp))?;
        self.out.write_all(b",\"remote\":{\"etag\":")?;
        match &record.remote.etag {
            crate::stamp::ETag::Md5(sum) => write!(self.out, "\"{}\"", Hex(sum))?,
            crate::stamp::ETag::Other(text) => self.text(text)?,
        }
        write!(
            self.out,
            ",\"size\":{},\"modified_ms\":{},\"version\":",
            record.remote.size_bytes, record.remote.modified_ms
        )?;
        match &record.remote.version {
            Some(version) => self.text(version)?,
            None => self.out.write_all(b"null")?,
        }
        self.out.write_all(b"},\"content\":")?;
        match &record.content {
            Content::Unknown => self.out.write_all(b"null")?,
            Content::Blake3(sum) => write!(self.out, "\"blake3:{}\"", Hex(sum))?,
            Content::ByMd5(sum) => write!(self.out, "\"md5+blake3:{}\"", Hex(sum))?,
        }
        write!(self.out, ",\"encoding\":\"{}\",\"parts\":", record.encoding)?;
        let parts = record.parts.as_ref().map(|parts| {
            let digests = parts.digests.iter().map(|sum| Hex(sum).to_string());
            json!({"part_bytes": parts.part_bytes, "digests": digests.collect::<Vec<_>>()})
        });
        self.or_null(parts)
    }

    fn key(&mut self, key: &Key) -> io::Result<()> {
        self.out.write_all(b"\"key\":")?;
        self.text(key.as_str())
    }

    fn upload(&mut self, upload: &Upload) -> io::Result<()> {
        self.key(&upload.key)?;
        self.out.write_all(b",\"upload_id\":")?;
        self.text(&upload.upload_id)?;
        write!(
            self.out,
            ",\"part_bytes\":{},\"local\":{},\"write_id\":\"{}\"",
            upload.part_bytes,
            Stamp(&upload.source),
            Hex(&upload.write_id)
        )
    }

    fn intent(&mut self, intent: &Intent) -> io::Result<()> {
        self.members(&intent.record)?;
        write!(self.out, ",\"write_id\":\"{}\"", Hex(&intent.write_id))?;
        match &intent.origin {
            Origin::Sent { crc64 } => write!(self.out, ",\"crc64\":\"{crc64:016x}\""),
            Origin::Copied(from) => {
                self.out.write_all(b",\"copied_from\":")?;
                self.text(from.as_str())
            }
        }
    }

    fn foot(&mut self, defect: Option<&DecodeError>) -> io::Result<()> {
        writeln!(self.out, "\"error\":{}}}", Value::from(defect.map(error)))
    }
}

impl<W: Write> View for Json<W> {
    fn state(&mut self, about: &About<'_>) -> io::Result<()> {
        let state = about.state;
        let has_identity = about.known == Known::Identity;
        let replica = (has_identity && about.version > 1).then(|| state.replica.to_string());
        let generation = has_identity.then_some(state.generation);
        let synced_ms = (about.known != Known::Nothing).then_some(state.synced_ms);
        self.head("state", about.path, about.bytes, Some(about.version))?;
        write!(
            self.out,
            ",\"replica\":{},\"generation\":{},\"synced_ms\":{},\"beside\":{},\"buckets\":{},\"maps\":[",
            Value::from(replica),
            Value::from(generation),
            Value::from(synced_ms),
            Value::from(about.beside.map(beside)),
            state
                .buckets
                .iter()
                .map(|bucket| &*bucket.name)
                .collect::<Value>(),
        )
    }

    fn map(&mut self, version: u8, bucket: &Bucket, map: &DirMap) -> io::Result<()> {
        let comma = if self.has_map { ",\n" } else { "\n" };
        let settings = settings::of(version, bucket, map).to_string();
        let settings = settings.strip_suffix('}').unwrap_or(&settings);
        self.has_map = true;
        self.has_item = false;
        write!(self.out, "{comma}{settings},\"objects\":[")
    }

    fn record(&mut self, record: &Record, voucher: Voucher) -> io::Result<()> {
        self.item()?;
        self.out.write_all(b"{")?;
        self.members(record)?;
        self.out.write_all(match voucher {
            Voucher::Block => b"}",
            Voucher::None => b",\"unverified\":true}",
        })
    }

    fn map_end(&mut self, _: &DirMap, tally: &Tally) -> io::Result<()> {
        write!(self.out, "],{}}}", counts(tally))
    }

    fn state_end(&mut self, totals: &Totals, defect: Option<&DecodeError>) -> io::Result<()> {
        write!(
            self.out,
            "],\n\"total\":{{\"maps\":{},{}}},\"dropped\":{},",
            totals.maps,
            counts(&totals.tally),
            totals.dropped
        )?;
        self.foot(defect)
    }

    fn journal(&mut self, about: &AboutJournal<'_>) -> io::Result<()> {
        let version = Some(crate::format::VERSION);
        self.head("journal", about.path, about.bytes, version)?;
        write!(
            self.out,
            ",\"replica\":\"{}\",\"generation\":{},\"entries\":[",
            about.replica, about.generation
        )
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        self.item()?;
        match entry {
            Entry::Change(map, Change::Upsert(record)) => {
                self.entry_head("upsert", *map)?;
                self.members(record)?;
            }
            Entry::Change(map, Change::Remove(key)) => {
                self.entry_head("removal", *map)?;
                self.key(key)?;
            }
            Entry::Upload(map, upload) => {
                self.entry_head("upload", *map)?;
                self.upload(upload)?;
            }
            Entry::Intent(map, intent) => {
                self.entry_head("intent", *map)?;
                self.intent(intent)?;
            }
        }
        self.out.write_all(b"}")
    }

    fn journal_end(
        &mut self,
        found: &Journaled,
        _: u64,
        defect: Option<&DecodeError>,
    ) -> io::Result<()> {
        write!(
            self.out,
            "],\n\"upserts\":{},\"removals\":{},\"uploads\":{},\"intents\":{},",
            found.upserts, found.removals, found.uploads, found.intents
        )?;
        self.foot(defect)
    }

    fn nothing(&mut self, path: &str, bytes: u64, defect: &DecodeError) -> io::Result<()> {
        write!(
            self.out,
            "{{\"format\":\"{FORMAT}\",\"kind\":null,\"file\":{},\"bytes\":{bytes},",
            Value::from(path)
        )?;
        self.foot(Some(defect))
    }
}

impl<W: Write> Json<W> {
    fn entry_head(&mut self, entry: &str, map: MapId) -> io::Result<()> {
        write!(self.out, "{{\"entry\":\"{entry}\",\"map\":\"{map}\",")
    }
}

/// A local stamp. What mostly lies beyond 2^53, or need not be a number at all, is text: a
/// reader whose numbers are floating would round it without a word.
struct Stamp<'a>(&'a LocalStamp);

impl Display for Stamp<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let LocalStamp {
            size_bytes,
            mtime_ns,
            ctime_ns,
            inode,
        } = self.0;
        write!(
            f,
            "{{\"size\":{size_bytes},\"mtime_ns\":\"{mtime_ns}\",\"ctime_ns\":\"{ctime_ns}\",\"inode\":\"{inode}\"}}"
        )
    }
}

fn counts(tally: &Tally) -> String {
    format!(
        "\"records\":{},\"plain_bytes\":{},\"stored_bytes\":{},\"unstamped\":{},\"unsettled\":{}",
        tally.records, tally.plain_bytes, tally.stored_bytes, tally.unstamped, tally.unsettled
    )
}

fn error(defect: &DecodeError) -> Value {
    json!({
        "kind": defect.kind.name(),
        "offset": defect.offset,
        "section": defect.section.to_string(),
        "message": defect.to_string(),
    })
}

fn beside(found: &Beside) -> Value {
    let previous = found.previous.as_ref().map(|previous| match previous {
        Ok(generation) => json!({"generation": generation, "error": null}),
        Err(error) => json!({"generation": null, "error": error}),
    });
    let journal = found.journal.as_ref().map(|journal| match journal {
        Ok(found) => json!({
            "replica": found.replica.map(|replica| replica.to_string()),
            "generation": found.generation,
            "upserts": found.upserts,
            "removals": found.removals,
            "uploads": found.uploads,
            "intents": found.intents,
            "error": found.torn,
        }),
        Err(error) => json!({
            "replica": null,
            "generation": null,
            "upserts": null,
            "removals": null,
            "uploads": null,
            "intents": null,
            "error": error,
        }),
    });
    let lock = found.holder.as_ref();
    json!({
        "previous": previous,
        "journal": journal,
        "lock": lock.map(|holder| json!({"pid": holder.pid, "since": holder.since})),
        "unfinished": found.unfinished,
        "aside": found.aside,
    })
}
