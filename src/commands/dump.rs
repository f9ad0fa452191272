//! `--dump`: a state file, a previous generation or a journal as text or JSON, or byte by byte.
//!
//! Shows the file that is named, up to its end or first defect: a journal is not merged in, and
//! nothing takes a damaged file's place. Takes no lock and changes nothing.

mod hex;
mod journal;
mod json;
mod state;
mod text;
mod view;
pub(crate) mod words;

pub(super) use json::settings_json;
pub(super) use text::settings_told;

use crate::cli::{Detail, Dump, Form};
use crate::format::{DecodeError, JOURNAL_SIGNATURE, Kind, ReadError};
use crate::key::Shown;
use crate::store;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use view::View;

const BUFFER_BYTES: usize = 262_144;

/// Why a file could not be printed, or not to its end.
#[derive(Debug)]
pub enum Error {
    /// It is not there, or none that this program reads.
    Store(store::Error),
    /// The output.
    Output(io::Error),
    /// The file cannot be read.
    Unreadable(String, io::Error),
    /// It is damaged; what comes before the damage is printed.
    Damaged(Damage),
}

/// A damaged file.
#[derive(Debug)]
pub struct Damage {
    /// The file.
    pub path: String,
    /// Its first defect.
    pub defect: DecodeError,
    /// What could take its place.
    pub spare: Spare,
}

/// What could take a damaged file's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spare {
    /// The previous generation, which is intact.
    Previous,
    /// Nothing.
    None,
    /// It need not be replaced: it is not the state file itself.
    NotNeeded,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Output(_) => write!(f, "cannot write the output"),
            Self::Unreadable(path, _) => write!(f, "cannot read '{}'", Shown(path)),
            Self::Damaged(Damage { path, defect, .. }) => {
                let kind = defect.kind.name();
                write!(f, "{} is damaged: {defect} ({kind})", Shown(path))
            }
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

/// Prints the file on stdout.
///
/// # Errors
/// [`Error`]; what could be read before is printed. A reader of the output that went away is none.
pub fn dump(asked: &Dump, now_ms: i64) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock());
    let printed = match (&asked.detail, asked.form) {
        (Detail::Bytes, _) => hex::print(&asked.file, &mut out),
        (_, Form::Text) => print(asked, now_ms, text::Text::new(&mut out, &asked.detail)),
        (_, Form::Json) => print(asked, now_ms, json::Json::new(&mut out)),
    };
    // What was read stands before what is said of the rest, whichever stream comes first.
    let flushed = out.flush().map_err(Error::Output);
    match flushed.and(printed) {
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

fn print(asked: &Dump, now_ms: i64, view: impl View) -> Result<(), Error> {
    let source = Source::open(&asked.file)?;
    if source.is_journal {
        journal::print(asked, &source, view)
    } else {
        state::print(asked, &source, now_ms, view)
    }
}

fn open(path: &Path) -> Result<File, Error> {
    match store::open_file(path) {
        Ok(Some(file)) => Ok(file),
        Ok(None) => Err(Error::Store(store::Error::Missing(path.to_owned()))),
        Err(store::Error::Io { source, .. }) => {
            Err(Error::Unreadable(path.display().to_string(), source))
        }
        Err(error) => Err(Error::Store(error)),
    }
}

/// The file that is printed.
struct Source {
    file: File,
    path: String,
    bytes: u64,
    is_journal: bool,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let unreadable = |error| Error::Unreadable(shown.clone(), error);
        let mut file = open(path)?;
        let mut signature = Vec::new();
        let bytes = file.metadata().map_err(unreadable)?.len();
        (&file)
            .take(JOURNAL_SIGNATURE.len() as u64)
            .read_to_end(&mut signature)
            .and_then(|_| file.seek(SeekFrom::Start(0)))
            .map_err(unreadable)?;
        Ok(Self {
            file,
            path: shown,
            bytes,
            is_journal: signature == JOURNAL_SIGNATURE,
        })
    }

    fn unreadable(&self, error: ReadError) -> Error {
        let error = match error {
            ReadError::Io(error) => error,
            other => io::Error::other(other),
        };
        Error::Unreadable(self.path.clone(), error)
    }

    /// The error of a file with this defect.
    fn damaged(&self, defect: DecodeError, spare: Spare) -> Error {
        match defect.kind {
            Kind::BadMagic if spare != Spare::Previous => {
                Error::Store(store::Error::NotAStateFile(self.path.clone().into()))
            }
            Kind::UnsupportedVersion(version) => Error::Store(store::Error::UnknownVersion {
                path: self.path.clone().into(),
                version,
            }),
            _ => Error::Damaged(Damage {
                path: self.path.clone(),
                defect,
                spare,
            }),
        }
    }
}
