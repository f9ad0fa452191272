//! What a reader sees of a payload: the bytes that are left, their place in the file, and whether
//! somebody is told of every field that is read.
//!
//! The same parsers decode a file and annotate it, so that the two cannot differ.

use super::field::wide;
use nom::{Input, Needed};
use std::cell::RefCell;
use std::ops::Deref;

/// One field of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// How many bytes it has; 0 for a mark before the fields of one record.
    pub length: usize,
    /// Its name in the tables of `spec/FORMAT.md`.
    pub name: &'static str,
    /// What its bytes say.
    pub value: Value,
}

/// What the bytes of a field say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing but themselves.
    Bytes,
    /// A number.
    Number(u64),
    /// A number that stands for something.
    Code(u64, String),
    /// A text; not to be shown unescaped.
    Text(String),
    /// Milliseconds since 1970-01-01 UTC.
    TimeMs(i64),
    /// Nanoseconds since 1970-01-01 UTC.
    TimeNs(i64),
    /// The checksum of a block.
    Checksum {
        /// As it stands in the file.
        stored: u32,
        /// As the bytes have it.
        computed: u32,
    },
}

impl Value {
    pub(super) fn number<T: Copy + Into<u64>>(number: &T) -> Self {
        Self::Number((*number).into())
    }

    pub(super) fn bytes<T>(_: &T) -> Self {
        Self::Bytes
    }

    /// The names of the bits that are set.
    pub(super) fn bits<T: Copy + Into<u64>>(found: T, names: &[(T, &str)]) -> Self {
        let found = found.into();
        let set = names.iter().filter(|(bit, _)| found & (*bit).into() != 0);
        let words: Vec<_> = set.map(|(_, name)| *name).collect();
        Self::Code(found, words.join(", "))
    }
}

/// Who is told of the fields, if anybody is.
pub(super) type Watch<'a> = Option<&'a RefCell<Vec<Field>>>;

/// The bytes that are left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a> {
    left: &'a [u8],
    /// Offset in the file of the byte after the last.
    end: u64,
    watch: Watch<'a>,
}

impl<'a> Bytes<'a> {
    /// Bytes that begin at `start` in the file.
    pub(super) fn new(left: &'a [u8], start: u64, watch: Watch<'a>) -> Self {
        let end = start.saturating_add(wide(left.len()));
        Self { left, end, watch }
    }

    /// Bytes of which nobody is told.
    pub(super) fn unwatched(left: &'a [u8]) -> Self {
        Self::new(left, 0, None)
    }

    /// The bytes themselves.
    pub(super) fn slice(self) -> &'a [u8] {
        self.left
    }

    /// What is left after the first `count` bytes.
    pub(super) fn after(self, count: usize) -> Self {
        let left = self.left.get(count..).unwrap_or_default();
        Self { left, ..self }
    }

    /// Offset of the first byte in the file.
    pub(super) fn at(self) -> u64 {
        self.end.saturating_sub(wide(self.left.len()))
    }

    /// Offset in the file of the byte after the last.
    pub(super) fn end(self) -> u64 {
        self.end
    }

    /// Tells of the field that lies between these bytes and what is left `after` it.
    pub(super) fn tell(self, name: &'static str, after: Self, value: impl FnOnce() -> Value) {
        if let Some(watch) = self.watch {
            watch.borrow_mut().push(Field {
                offset: self.at(),
                length: self.left.len().saturating_sub(after.left.len()),
                name,
                value: value(),
            });
        }
    }
}

impl Deref for Bytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.left
    }
}

impl<'a> Input for Bytes<'a> {
    type Item = u8;
    type Iter = <&'a [u8] as Input>::Iter;
    type IterIndices = <&'a [u8] as Input>::IterIndices;

    fn input_len(&self) -> usize {
        self.left.len()
    }

    fn take(&self, index: usize) -> Self {
        self.take_split(index).1
    }

    fn take_from(&self, index: usize) -> Self {
        self.after(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        let head = self.left.get(..index).unwrap_or(self.left);
        (self.after(index), Bytes::new(head, self.at(), self.watch))
    }

    fn position<P: Fn(u8) -> bool>(&self, predicate: P) -> Option<usize> {
        self.left.position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.left.iter_elements()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.left.iter_indices()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        self.left.slice_index(count)
    }
}
