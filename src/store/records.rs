//! One map's records with changes merged in, as a stream.

use super::changes::ChangesOf;
use super::error::Error;
use super::files::FileAt;
use crate::format;
use crate::state::{Change, Record};
use std::cmp::Ordering;
use std::iter::{Flatten, Peekable};
use std::option;
use std::path::PathBuf;

/// The records of one map in key order. Ends after the first error.
pub struct Records {
    path: PathBuf,
    base: Peekable<Flatten<option::IntoIter<format::Records<FileAt>>>>,
    changes: Option<Peekable<ChangesOf>>,
}

impl Records {
    /// `base` as it stands in the file at `path`, `None` for a map that is new; `changes` sorted by
    /// key.
    pub(super) fn new(
        path: PathBuf,
        base: Option<format::Records<FileAt>>,
        changes: Option<ChangesOf>,
    ) -> Self {
        Self {
            path,
            base: base.into_iter().flatten().peekable(),
            changes: changes.map(Iterator::peekable),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let change = self.changes.as_mut().and_then(Peekable::peek);
            let order = match (self.base.peek(), change) {
                (Some(Err(_)), _) | (_, None) => Ordering::Less,
                (None, Some(_)) | (_, Some(Err(_))) => Ordering::Greater,
                (Some(Ok(record)), Some(Ok(change))) => record.key.cmp(change.key()),
            };
            if order == Ordering::Less {
                let item = self.base.next()?;
                return Some(item.map_err(|error| {
                    // Changes to what was not read are not a map's records.
                    self.changes = None;
                    Error::reading(&self.path, error)
                }));
            }
            if order == Ordering::Equal {
                self.base.next();
            }
            let change = self.changes.as_mut().and_then(Iterator::next);
            match change {
                Some(Ok(Change::Upsert(record))) => return Some(Ok(record)),
                Some(Err(error)) => {
                    // Records without their changes are not a map's records.
                    self.base = None.into_iter().flatten().peekable();
                    self.changes = None;
                    return Some(Err(Error::io("read", &self.path)(error)));
                }
                Some(Ok(Change::Remove(_))) | None => {}
            }
        }
    }
}
