//! How one path stands.

use super::super::dump::words::utc;
use crate::key::{Key, Shown};
use crate::plan::{Item, Readability};
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::Encoding;
use serde_json::{Value, json};
use std::fmt;

/// What stands above the lines.
pub(super) const HEAD: &str =
    "HERE     BUCKET           SIZE  FILE TIME             OBJECT TIME           FORM      PATH";

/// How a side stands to what both sides last agreed on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// As it was.
    Same,
    /// Another size, time or object; the content may be the same.
    Changed,
    /// It was not known.
    New,
    /// It was known and is not there.
    Gone,
    /// Neither known nor there.
    Nothing,
}

impl Side {
    fn of<T>(known: Option<&T>, found: Option<&T>, is_same: impl FnOnce(&T, &T) -> bool) -> Self {
        match (known, found) {
            (Some(known), Some(found)) if is_same(known, found) => Self::Same,
            (Some(_), Some(_)) => Self::Changed,
            (None, Some(_)) => Self::New,
            (Some(_), None) => Self::Gone,
            (None, None) => Self::Nothing,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Nothing => "-",
        }
    }
}

/// How one path stands, on both sides.
pub(super) struct Row<'a> {
    key: &'a Key,
    file: Option<&'a LocalStamp>,
    object: Option<&'a RemoteStamp>,
    here: Side,
    there: Side,
    readability: Readability,
    class: Option<&'a str>,
    /// How the object holds the bytes, where that is on record.
    encoding: Option<Encoding>,
}

impl<'a> Row<'a> {
    pub(super) fn of(item: &'a Item) -> Self {
        let base = item.base.as_deref();
        let recorded = base.and_then(|record| record.local.as_ref());
        let agreed = base.map(|record| &record.remote);
        let here = Side::of(recorded, item.local.as_ref(), PartialEq::eq);
        let there = Side::of(agreed, item.remote.as_ref(), RemoteStamp::is_same_object);
        Self {
            key: &item.key,
            file: item.local.as_ref(),
            object: item.remote.as_ref(),
            here,
            there,
            readability: item.readability,
            class: item.class.as_deref(),
            encoding: base
                .map(|record| record.encoding)
                .filter(|_| there == Side::Same),
        }
    }

    fn there(&self) -> &'static str {
        match self.readability {
            Readability::Archived => "archived",
            Readability::Restoring => "thawing",
            Readability::Readable | Readability::Sealed => self.there.word(),
        }
    }

    /// The row for machines.
    pub(super) fn json(&self) -> Value {
        json!({
            "path": self.key.as_str(),
            "here": {
                "state": self.here.word(),
                "size": self.file.map(|file| file.size_bytes),
                "mtime": self.file.map(|file| utc(file.mtime_ns.div_euclid(1_000_000))),
            },
            "bucket": {
                "state": self.there.word(),
                "archived": self.readability == Readability::Archived,
                "restoring": self.readability == Readability::Restoring,
                "size": self.object.map(|object| object.size_bytes),
                "modified": self.object.map(|object| utc(object.modified_ms)),
                "etag": self.object.map(|object| object.etag.to_string()),
                "class": self.object.map(|_| self.class.unwrap_or("STANDARD")),
            },
            "encoding": self.encoding.map(|encoding| encoding.to_string()),
        })
    }
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = match (self.file, self.object) {
            (Some(file), _) => file.size_bytes.to_string(),
            (None, Some(object)) => object.size_bytes.to_string(),
            (None, None) => "-".to_owned(),
        };
        let time = |ms: Option<i64>| ms.map_or("-".to_owned(), seconds);
        let encoding = match (self.encoding, self.object) {
            (Some(encoding), _) => encoding.to_string(),
            (None, Some(_)) => "?".to_owned(),
            (None, None) => "-".to_owned(),
        };
        write!(
            f,
            "{:7}  {:8}  {size:>11}  {:20}  {:20}  {encoding:8}  {}",
            self.here.word(),
            self.there(),
            time(self.file.map(|file| file.mtime_ns.div_euclid(1_000_000))),
            time(self.object.map(|object| object.modified_ms)),
            Shown(self.key.as_str())
        )
    }
}

/// UTC to the second.
fn seconds(ms: i64) -> String {
    let text = utc(ms);
    match text.split_once('.') {
        Some((time, _)) => format!("{time}Z"),
        None => text,
    }
}
