//! One map's records with changes merged in, as a stream.

use super::error::Error;
use super::files::FileAt;
use crate::format;
use crate::key::Key;
use crate::state::{Change, Record};
use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};
use std::iter::{Flatten, Peekable};
use std::option;
use std::path::PathBuf;

/// The records of one map in key order. Ends after the first error.
pub struct Records {
    path: PathBuf,
    base: Peekable<Flatten<option::IntoIter<format::Records<FileAt>>>>,
    changes: Peekable<btree_map::IntoIter<Key, Change>>,
}

impl Records {
    /// `base` as it stands in the file at `path`, `None` for a map that is new.
    pub(super) fn new(
        path: PathBuf,
        base: Option<format::Records<FileAt>>,
        changes: BTreeMap<Key, Change>,
    ) -> Self {
        Self {
            path,
            base: base.into_iter().flatten().peekable(),
            changes: changes.into_iter().peekable(),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.base.peek(), self.changes.peek()) {
                (Some(Err(_)), _) | (_, None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(Ok(record)), Some((key, _))) => record.key.cmp(key),
            };
            if order == Ordering::Less {
                let item = self.base.next()?;
                return Some(item.map_err(|error| {
                    // Changes to what was not read are not a map's records.
                    self.changes = BTreeMap::new().into_iter().peekable();
                    Error::reading(&self.path, error)
                }));
            }
            if order == Ordering::Equal {
                self.base.next();
            }
            if let Some((_, Change::Upsert(record))) = self.changes.next() {
                return Some(Ok(record));
            }
        }
    }
}
