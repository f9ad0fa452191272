//! `--dump`: the state file as text or JSON. Takes no lock and changes nothing.

mod hex;
mod json;
mod text;

use crate::cli::{Detail, Dump, Form};
use crate::format::DecodeError;
use crate::key::Shown;
use crate::local::RecoveryRun;
use crate::state::{Bucket, DirMap, State};
use crate::store::{self, Store};
use std::fmt;
use std::io::{self, BufWriter, Write};

/// Why a state file could not be printed, or not to its end.
#[derive(Debug)]
pub enum Error {
    /// The state file.
    Store(store::Error),
    /// The output.
    Output(io::Error),
    /// The file whose bytes were to be printed.
    Unreadable(String, io::Error),
    /// That file is damaged here; what comes before is printed.
    Damaged(DecodeError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Output(_) => write!(f, "cannot write the output"),
            Self::Unreadable(path, _) => write!(f, "cannot read '{}'", Shown(path)),
            Self::Damaged(defect) => write!(f, "{}: {defect}", defect.kind.name()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Output(error) | Self::Unreadable(_, error) => Some(error),
            Self::Damaged(_) => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// What a dump tells of the file beside its state.
struct About<'a> {
    path: String,
    version: u8,
    state: &'a State,
    now_ms: i64,
}

/// What a dump tells of a map beside its settings. Sums end at the largest number: a file may claim
/// any sizes.
struct Tally {
    records: u64,
    plain_bytes: u64,
    stored_bytes: u64,
}

/// Prints the state file on stdout. Gives the damage where the file is damaged and its previous
/// generation was printed instead.
///
/// # Errors
/// [`Error`]; what could be read before is printed. A reader of the output that went away is none.
pub fn dump(asked: &Dump, now_ms: i64) -> Result<Option<DecodeError>, Error> {
    if asked.detail == Detail::Bytes {
        let mut out = BufWriter::new(io::stdout().lock());
        return match hex::print(&asked.file, &mut out) {
            Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(None),
            printed => printed.map(|()| None),
        };
    }
    let store = Store::open(
        &asked.file,
        store::Mode::ReadOnly,
        RecoveryRun::at(now_ms).name(),
    )?;
    let mut out = BufWriter::new(io::stdout().lock());
    match print(asked, &store, now_ms, &mut out) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed?,
    }
    Ok(store.fell_back().map(|found| found.defect))
}

fn print(asked: &Dump, store: &Store, now_ms: i64, out: &mut impl Write) -> Result<(), Error> {
    let about = About {
        path: asked.file.display().to_string(),
        version: store.version(),
        state: store.state(),
        now_ms,
    };
    match asked.form {
        Form::Text => text::head(&about, out)?,
        Form::Json => json::head(&about, out)?,
    }
    for (index, (bucket, map)) in store.state().maps().enumerate() {
        print_map(asked, store, index, (bucket, map), out)?;
    }
    if asked.form == Form::Json {
        json::foot(out)?;
    }
    Ok(out.flush()?)
}

fn print_map(
    asked: &Dump,
    store: &Store,
    index: usize,
    (bucket, map): (&Bucket, &DirMap),
    out: &mut impl Write,
) -> Result<(), Error> {
    let mut tally = Tally {
        records: 0,
        plain_bytes: 0,
        stored_bytes: 0,
    };
    for record in store.records(index)? {
        let record = record?;
        tally.records += 1;
        let stored_bytes = record.remote.size_bytes;
        let plain_bytes = record.local.map_or(stored_bytes, |stamp| stamp.size_bytes);
        tally.stored_bytes = tally.stored_bytes.saturating_add(stored_bytes);
        tally.plain_bytes = tally.plain_bytes.saturating_add(plain_bytes);
    }
    match asked.form {
        Form::Text => text::map(bucket, map, &tally, out)?,
        Form::Json => json::map(index, bucket, map, &tally, out)?,
    }
    if asked.detail == Detail::Objects {
        for (at, record) in store.records(index)?.enumerate() {
            match asked.form {
                Form::Text => text::record(&record?, out)?,
                Form::Json => json::record(at, &record?, out)?,
            }
        }
    }
    if asked.form == Form::Json {
        json::map_end(out)?;
    }
    Ok(())
}
