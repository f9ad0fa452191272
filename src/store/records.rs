//! One map's records with changes merged in, as a stream.

use super::error::Error;
use super::files::FileAt;
use crate::format;
use crate::key::Key;
use crate::state::{Change, Record};
use std::cmp::Ordering;
use std::collections::btree_map;
use std::iter::{Flatten, Peekable};
use std::option;
use std::path::PathBuf;

/// The records of one map in key order. Ends after the first error.
pub struct Records<C: Iterator = btree_map::IntoIter<Key, Change>> {
    path: PathBuf,
    base: Peekable<Flatten<option::IntoIter<format::Records<FileAt>>>>,
    changes: Option<Peekable<C>>,
}

impl<C: Iterator<Item = (Key, Change)>> Records<C> {
    /// `base` as it stands in the file at `path`, `None` for a map that is new; `changes` sorted by
    /// key.
    pub(super) fn new(
        path: PathBuf,
        base: Option<format::Records<FileAt>>,
        changes: impl IntoIterator<IntoIter = C>,
    ) -> Self {
        Self {
            path,
            base: base.into_iter().flatten().peekable(),
            changes: Some(changes.into_iter().peekable()),
        }
    }
}

impl<C: Iterator<Item = (Key, Change)>> Iterator for Records<C> {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let change = self.changes.as_mut().and_then(Peekable::peek);
            let order = match (self.base.peek(), change) {
                (Some(Err(_)), _) | (_, None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok(record)), Some((key, _))) => record.key.cmp(key),
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
            if let Some((_, Change::Upsert(record))) = change {
                return Some(Ok(record));
            }
        }
    }
}
