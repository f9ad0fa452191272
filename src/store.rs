//! The state file on disk.
use crate::{key::Key, state::*};
use std::collections::BTreeMap;
#[derive(Debug)]
pub enum Error {
    X,
}
impl Error {
    pub fn is_missing(&self) -> bool {
        false
    }
}
impl std::fmt::Display for Error {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
impl std::error::Error for Error {}
pub enum Mode {
    Write,
    ReadOnly,
}
pub struct Store;
impl Store {
    pub fn open(_: &std::path::Path, _: Mode) -> Result<Self, Error> {
        todo!()
    }
    pub fn state(&self) -> &State {
        todo!()
    }
    pub fn fell_back(&self) -> Option<String> {
        todo!()
    }
    pub fn records(&self, _: usize) -> Result<std::vec::IntoIter<Result<Record, Error>>, Error> {
        todo!()
    }
    pub fn journal(&mut self, _: MapId, _: &[Change]) -> Result<(), Error> {
        todo!()
    }
    pub fn sync_journal(&mut self) -> Result<(), Error> {
        todo!()
    }
    pub fn commit(
        &mut self,
        _: State,
        _: BTreeMap<MapId, BTreeMap<Key, Change>>,
    ) -> Result<(), Error> {
        todo!()
    }
}
pub fn purge(_: &std::path::Path) -> Result<(), Error> {
    todo!()
}
pub fn create(_: &std::path::Path, _: &State) -> Result<(), Error> {
    todo!()
}
