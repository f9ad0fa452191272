//! The heads of the sorted streams that a join reads.

use super::Broken;
use crate::key::Key;
use crate::plan::Readability;
use crate::stamp::{LocalStamp, RemoteStamp};
use crate::state::Record;

/// A stream and its head.
pub(super) struct Stream<I, T> {
    source: I,
    pub(super) head: Option<T>,
}

impl<T: Keyed, I: Iterator<Item = Result<T, Broken>>> Stream<I, T> {
    pub(super) fn new(mut source: I) -> Result<Self, Broken> {
        let head = source.next().transpose()?;
        Ok(Self { source, head })
    }

    pub(super) fn key(&self) -> Option<&Key> {
        self.head.as_ref().map(Keyed::key)
    }

    /// Takes the head and fetches the next one.
    pub(super) fn advance(&mut self) -> Result<Option<T>, Broken> {
        let next = self.source.next().transpose()?;
        Ok(std::mem::replace(&mut self.head, next))
    }
}

pub(super) struct File {
    pub(super) key: Key,
    pub(super) stamp: LocalStamp,
}

pub(super) struct Object {
    pub(super) key: Key,
    pub(super) stamp: RemoteStamp,
    pub(super) readability: Readability,
    pub(super) class: Option<Box<str>>,
}

pub(super) trait Keyed {
    fn key(&self) -> &Key;
}

impl Keyed for Record {
    fn key(&self) -> &Key {
        &self.key
    }
}

impl Keyed for File {
    fn key(&self) -> &Key {
        &self.key
    }
}

impl Keyed for Object {
    fn key(&self) -> &Key {
        &self.key
    }
}
