//! A state file, record by record.

use super::view::{About, Known, Tally, Totals, View, Voucher};
use super::{Error, Source, Spare};
use crate::cli::{Detail, Dump, Keys};
use crate::format::{DecodeError, ReadError, Reader, Salvage, Section};
use crate::state::Record;
use crate::store::{self, Beside};
use std::fs::File;
use std::io;
use std::path::Path;

/// Prints what the file has up to its end or first defect.
pub(super) fn print(
    asked: &Dump,
    source: &Source,
    now_ms: i64,
    view: impl View,
) -> Result<(), Error> {
    let beside = beside(&asked.file);
    let spare = spare(beside.as_ref());
    let mut page = Page {
        source,
        view,
        keys: match &asked.detail {
            Detail::Objects(keys) => Some(keys),
            Detail::Maps | Detail::Bytes => None,
        },
    };
    let found = match salvage(&source.file) {
        Ok(found) => found,
        Err(ReadError::Decode(defect)) => {
            page.view.nothing(&source.path, source.bytes, &defect)?;
            return Err(source.damaged(defect, spare));
        }
        Err(error) => return Err(source.unreadable(error)),
    };
    page.view.state(&About {
        path: &source.path,
        bytes: source.bytes,
        version: found.reader.version(),
        state: found.reader.state(),
        known: known(found.defect.as_ref()),
        beside: beside.as_ref(),
        now_ms,
    })?;
    match page.maps(found)? {
        Some(defect) => Err(source.damaged(defect, spare)),
        None => Ok(()),
    }
}

struct Page<'a, V> {
    source: &'a Source,
    view: V,
    /// The keys of the records to show; `None` for none.
    keys: Option<&'a Keys>,
}

impl<V: View> Page<'_, V> {
    /// Prints all maps and gives the first defect.
    fn maps(&mut self, found: Salvage<&File>) -> Result<Option<DecodeError>, Error> {
        let mut reader = found.reader;
        let state = reader.state().clone();
        let version = reader.version();
        let mut totals = Totals {
            dropped: reader.dropped(),
            bytes: self.source.bytes,
            ..Totals::default()
        };
        let last = state.maps().count().saturating_sub(1);
        let mut defect = None;
        for (index, (bucket, map)) in state.maps().enumerate() {
            self.view.map(version, bucket, map)?;
            let mut tally = Tally::default();
            defect = self.records(&mut reader, index, &mut tally)?;
            if defect.is_none() && index == last {
                for record in &found.unvouched {
                    self.record(record, Voucher::None)?;
                }
            }
            self.view.map_end(map, &tally)?;
            totals.maps += 1;
            totals.tally.add_all(&tally);
            if defect.is_some() {
                break;
            }
        }
        let defect = defect.or(found.defect);
        self.view.state_end(&totals, defect.as_ref())?;
        Ok(defect)
    }

    /// Counts and prints a map's records, and gives the defect at which they end.
    fn records(
        &mut self,
        reader: &mut Reader<&File>,
        map: usize,
        tally: &mut Tally,
    ) -> Result<Option<DecodeError>, Error> {
        let records = reader.records(map);
        for record in records.map_err(|error| self.source.unreadable(error))? {
            match record {
                Ok(record) => {
                    tally.add(&record);
                    tally.listed += self.record(&record, Voucher::Block)?;
                }
                Err(ReadError::Decode(defect)) => return Ok(Some(defect)),
                Err(error) => return Err(self.source.unreadable(error)),
            }
        }
        Ok(None)
    }

    /// Prints a record if it was asked for; gives how many were printed.
    fn record(&mut self, record: &Record, voucher: Voucher) -> io::Result<u64> {
        if !self.keys.is_some_and(|keys| keys.has(&record.key)) {
            return Ok(0);
        }
        self.view.record(record, voucher)?;
        Ok(1)
    }
}

fn salvage(file: &File) -> Result<Salvage<&File>, ReadError> {
    let is_torn = |found: &Salvage<_>| {
        let section = found.defect.map(|defect| defect.section);
        section == Some(Section::Metadata)
    };
    match Reader::salvage(file)? {
        // Without the lock a time may be seen half written; it is whole at the next look.
        found if is_torn(&found) => Reader::salvage(file),
        found => Ok(found),
    }
}

fn known(defect: Option<&DecodeError>) -> Known {
    match defect.map(|defect| defect.section) {
        Some(Section::Metadata) => Known::Nothing,
        Some(Section::Identity) => Known::Time,
        _ => Known::Identity,
    }
}

/// What lies beside a state file; nothing is looked for beside one that was moved aside itself.
fn beside(path: &Path) -> Option<Beside> {
    let name = path.file_name().unwrap_or_default();
    (!store::is_companion(name)).then(|| store::beside(path))
}

fn spare(beside: Option<&Beside>) -> Spare {
    match beside.map(|beside| &beside.previous) {
        None => Spare::NotNeeded,
        Some(Some(Ok(_))) => Spare::Previous,
        Some(_) => Spare::None,
    }
}
