//! A dump for people: settings in words, columns that stay in line, and what is wrong where it is.

mod beside;
mod settings;

use super::view::{About, AboutJournal, Known, Tally, Totals, View, Voucher};
use super::words::{Size, ago, counted, grouped, utc};
use crate::cli::{Detail, Keys};
use crate::format::DecodeError;
use crate::format::journal::{Entry, Upload};
use crate::key::Shown;
use crate::state::{Bucket, Change, DirMap, Encryption, MapId, Record};
use crate::store::Journaled;
pub(in crate::commands) use settings::told as settings_told;
use std::fmt::Display;
use std::io::{self, Write};

pub(super) struct Text<W> {
    out: W,
    blank: Blank,
    /// The head of a map that is shown once one of its records is.
    waiting: Vec<(&'static str, String)>,
    /// Whether the columns of the records below have their names yet.
    has_columns: bool,
    has_warned: bool,
    has_counts: bool,
    /// Per map, for the overview: what it comes to, and its name.
    maps: Vec<(Tally, String)>,
}

/// What becomes of maps without a record to show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blank {
    Shown,
    LeftOut,
}

impl<W: Write> Text<W> {
    pub(super) fn new(out: W, detail: &Detail) -> Self {
        Self {
            out,
            blank: match detail {
                Detail::Objects(Keys::Like(_)) => Blank::LeftOut,
                Detail::Objects(Keys::All) | Detail::Maps | Detail::Bytes => Blank::Shown,
            },
            waiting: Vec::new(),
            has_columns: false,
            has_warned: false,
            has_counts: false,
            maps: Vec::new(),
        }
    }

    /// A line of what is told of the whole file.
    fn tell(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        writeln!(self.out, "{name:<12} {value}")
    }

    /// A line of what is told of a map.
    fn tell_map(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        writeln!(self.out, "  {name:<10} {value}")
    }

    /// Writes the head of a map that was not written yet.
    fn map_head(&mut self) -> io::Result<()> {
        for (n, (name, value)) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            if n == 0 {
                writeln!(self.out, "\n{name} {}", Shown(&value))?;
            } else {
                self.tell_map(name, Shown(&value))?;
            }
        }
        Ok(())
    }

    fn columns(&mut self, before: &str) -> io::Result<()> {
        if std::mem::replace(&mut self.has_columns, true) {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n  {before}{:>15}  {:<24}  {:<24}  {:<8}  key",
            "bytes", "modified here", "modified in the bucket", "stored"
        )
    }

    fn row(&mut self, record: &Record) -> io::Result<()> {
        let (size, mtime) = match record.local {
            Some(stamp) => (stamp.size_bytes, utc(stamp.mtime_ns.div_euclid(1_000_000))),
            None => (record.remote.size_bytes, "-".to_owned()),
        };
        // Of what was sent no time is known until a listing told it.
        let modified = match record.remote.modified_ms {
            0 => "-".to_owned(),
            ms => utc(ms),
        };
        writeln!(
            self.out,
            "{:>15}  {mtime:<24}  {modified:<24}  {:<8}  {}",
            grouped(size),
            record.encoding,
            record.key
        )
    }

    fn upload(&mut self, upload: &Upload) -> io::Result<()> {
        writeln!(
            self.out,
            "{:>15}  {:<24}  {:<24}  {:<8}  {}, upload id {}",
            grouped(upload.source.size_bytes),
            utc(upload.source.mtime_ns.div_euclid(1_000_000)),
            "under way",
            "-",
            upload.key,
            Shown(&upload.upload_id)
        )
    }

    fn damaged(&mut self, bytes: u64, defect: &DecodeError) -> io::Result<()> {
        let kind = defect.kind.name();
        writeln!(self.out)?;
        self.tell("DAMAGED", format_args!("{defect} ({kind})"))?;
        match bytes.saturating_sub(defect.offset) {
            0 => self.tell("", "the file ends there")?,
            rest => {
                let rest = counted(rest, "byte");
                self.tell("", format_args!("not shown: {rest} from there to the end"))?;
            }
        }
        if self.has_counts {
            self.tell("", "counts above are of what could be read and vouched for")?;
        }
        Ok(())
    }
}

impl<W: Write> View for Text<W> {
    fn state(&mut self, about: &About<'_>) -> io::Result<()> {
        let state = about.state;
        self.tell("state file", Shown(about.path))?;
        match (about.version, about.known) {
            (1, _) => self.tell(
                "version",
                "1, which is only read; what is written is version 2",
            )?,
            (version, Known::Identity) => {
                self.tell(
                    "version",
                    format_args!("{version}, generation {}", state.generation),
                )?;
                self.tell("replica", state.replica)?;
            }
            (version, _) => self.tell("version", version)?,
        }
        self.tell("size", Size(about.bytes))?;
        if about.known != Known::Nothing {
            match i64::try_from(state.synced_ms) {
                Ok(0) => self.tell("last synced", "never")?,
                Ok(ms) => {
                    let ago = ago(about.now_ms.saturating_sub(ms));
                    self.tell("last synced", format_args!("{} ({ago})", utc(ms)))?;
                }
                Err(_) => self.tell("last synced", format_args!("{} ms", state.synced_ms))?,
            }
        }
        if let Some(found) = about.beside {
            for (name, value) in beside::told(about, found) {
                self.tell(name, value)?;
            }
        }
        for bucket in state.buckets.iter().filter(|of| of.maps.is_empty()) {
            let name = Shown(&bucket.name);
            self.tell("bucket", format_args!("{name}, without a map"))?;
        }
        Ok(())
    }

    fn map(&mut self, version: u8, bucket: &Bucket, map: &DirMap) -> io::Result<()> {
        self.has_columns = false;
        self.waiting = settings::told(version, bucket, map);
        match self.blank {
            Blank::Shown => self.map_head(),
            Blank::LeftOut => Ok(()),
        }
    }

    fn record(&mut self, record: &Record, voucher: Voucher) -> io::Result<()> {
        self.map_head()?;
        self.columns("")?;
        if voucher == Voucher::None && !std::mem::replace(&mut self.has_warned, true) {
            let warning = "in a damaged block; nothing vouches for what follows:";
            writeln!(self.out, "  {warning}")?;
        }
        self.out.write_all(b"  ")?;
        self.row(record)
    }

    fn map_end(&mut self, map: &DirMap, tally: &Tally) -> io::Result<()> {
        if !self.waiting.is_empty() {
            return Ok(());
        }
        if self.has_columns {
            writeln!(self.out)?;
        }
        self.has_counts = true;
        self.tell_map("files", files(tally))?;
        if self.has_columns && tally.listed < tally.records {
            self.tell_map("matching", grouped(tally.listed))?;
        }
        let unencrypted = match map.encryption {
            Encryption::Age { .. } => tally.unencrypted,
            Encryption::None | Encryption::RecipientMissing { .. } => 0,
        };
        for (count, what) in [
            (unencrypted, "still stored unencrypted"),
            (tally.unstamped, "not compared with a local file yet"),
            (
                tally.unsettled,
                "changed while a run looked; the next one reads them",
            ),
        ] {
            if count > 0 {
                self.tell_map("", format_args!("{} of them {what}", grouped(count)))?;
            }
        }
        self.maps.push((*tally, Shown(&map.name).to_string()));
        Ok(())
    }

    fn state_end(&mut self, totals: &Totals, defect: Option<&DecodeError>) -> io::Result<()> {
        match self.maps.len() {
            _ if self.blank == Blank::LeftOut => {
                let listed = grouped(totals.tally.listed);
                let records = counted(totals.tally.records, "record");
                writeln!(self.out)?;
                self.tell("matching", format_args!("{listed} of {records}"))?;
            }
            0 if defect.is_none() => writeln!(self.out, "\nno maps")?,
            0 | 1 => {}
            maps => {
                writeln!(self.out, "\n{:>15}  {:>10}  map", "files", "size")?;
                let total = (totals.tally, format!("all {maps} maps"));
                for (tally, name) in self.maps.iter().chain([&total]) {
                    let size = indicatif::HumanBytes(tally.plain_bytes).to_string();
                    let records = grouped(tally.records);
                    writeln!(self.out, "{records:>15}  {size:>10}  {name}")?;
                }
            }
        }
        if totals.dropped > 0 {
            let dropped = counted(totals.dropped, "object");
            writeln!(self.out)?;
            self.tell(
                "left out",
                format_args!("{dropped} under no map, or with a key that no file can have"),
            )?;
        }
        defect.map_or(Ok(()), |defect| self.damaged(totals.bytes, defect))
    }

    fn journal(&mut self, about: &AboutJournal<'_>) -> io::Result<()> {
        self.tell("journal", Shown(about.path))?;
        self.tell("version", crate::format::VERSION)?;
        self.tell("size", Size(about.bytes))?;
        self.tell(
            "belongs to",
            format_args!("generation {} of {}", about.generation, about.replica),
        )
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        self.columns(&format!("{:<7}  {:<16}  ", "entry", "map id"))?;
        match entry {
            Entry::Change(map, Change::Upsert(record)) => {
                self.begin("upsert", *map)?;
                self.row(record)
            }
            Entry::Change(map, Change::Remove(key)) => {
                self.begin("removal", *map)?;
                let none = "-";
                writeln!(
                    self.out,
                    "{none:>15}  {none:<24}  {none:<24}  {none:<8}  {key}"
                )
            }
            Entry::Upload(map, upload) => {
                self.begin("upload", *map)?;
                self.upload(upload)
            }
            Entry::Intent(map, intent) => {
                self.begin("intent", *map)?;
                self.row(&intent.record)
            }
        }
    }

    fn journal_end(
        &mut self,
        found: &Journaled,
        bytes: u64,
        defect: Option<&DecodeError>,
    ) -> io::Result<()> {
        if self.has_columns {
            writeln!(self.out)?;
        }
        self.has_counts = true;
        self.tell("entries", beside::entries(found))?;
        defect.map_or(Ok(()), |defect| self.damaged(bytes, defect))
    }

    fn nothing(&mut self, path: &str, bytes: u64, defect: &DecodeError) -> io::Result<()> {
        self.tell("file", Shown(path))?;
        self.tell("size", Size(bytes))?;
        self.damaged(bytes, defect)
    }
}

impl<W: Write> Text<W> {
    fn begin(&mut self, entry: &str, map: MapId) -> io::Result<()> {
        write!(self.out, "  {entry:<7}  {map}  ")
    }
}

fn files(tally: &Tally) -> String {
    let files = grouped(tally.records);
    let plain = Size(tally.plain_bytes);
    if tally.stored_bytes == tally.plain_bytes {
        format!("{files}; {plain}")
    } else {
        format!("{files}; {plain}, stored as {}", Size(tally.stored_bytes))
    }
}
