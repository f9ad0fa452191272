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
    /// What can be said of it in words.
    Said(String),
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

/// Who is told of the fields that are read. Chosen at compile time: to tell nobody costs nothing.
pub(super) trait Watch: Copy {
    /// The same one for bytes that end at `end` in the file.
    fn over(self, end: u64) -> Self;

    /// Takes note of a field that lay between the place where `before` bytes were left and that
    /// where `after` are.
    fn note(self, before: usize, after: usize, name: &'static str, value: impl FnOnce() -> Value);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unwatched;

impl Watch for Unwatched {
    fn over(self, _: u64) -> Self {
        self
    }

    fn note(self, _: usize, _: usize, _: &'static str, _: impl FnOnce() -> Value) {}
}

/// All fields are kept in the order in which they are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    fields: &'a RefCell<Vec<Field>>,
    /// Offset in the file of the byte after the last.
    end: u64,
}

impl<'a> Listed<'a> {
    pub(super) fn new(fields: &'a RefCell<Vec<Field>>) -> Self {
        Self { fields, end: 0 }
    }
}

impl Watch for Listed<'_> {
    fn over(self, end: u64) -> Self {
        Self { end, ..self }
    }

    fn note(self, before: usize, after: usize, name: &'static str, value: impl FnOnce() -> Value) {
        self.fields.borrow_mut().push(Field {
            offset: self.end.saturating_sub(wide(before)),
            length: before.saturating_sub(after),
            name,
            value: value(),
        });
    }
}

/// The bytes that are left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a, W> {
    left: &'a [u8],
    watch: W,
}

impl<'a, W: Watch> Bytes<'a, W> {
    /// Bytes that begin at `start` in the file.
    pub(super) fn new(left: &'a [u8], start: u64, watch: W) -> Self {
        let watch = watch.over(start.saturating_add(wide(left.len())));
        Self { left, watch }
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

    /// Tells of the field that lies between these bytes and what is left `after` it.
    pub(super) fn tell(self, name: &'static str, after: Self, value: impl FnOnce() -> Value) {
        self.watch
            .note(self.left.len(), after.left.len(), name, value);
    }
}

impl<W> Deref for Bytes<'_, W> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.left
    }
}

impl<'a, W: Watch> Input for Bytes<'a, W> {
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

    /// Of the bytes that are split off only their content is of use: fields are told by what is
    /// left after them.
    fn take_split(&self, index: usize) -> (Self, Self) {
        let left = self.left.get(..index).unwrap_or(self.left);
        (self.after(index), Self { left, ..*self })
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
