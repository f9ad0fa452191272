//! `--dump`.
use crate::{cli::Dump, exit::Exit, store};
#[derive(Debug)]
pub struct Error(pub store::Error);
impl std::fmt::Display for Error {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
impl std::error::Error for Error {}
pub fn dump(_: &Dump) -> Exit {
    todo!()
}
