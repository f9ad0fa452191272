//! The state file's bytes: [`State`](crate::state::State) and records to bytes and back, as
//! `spec/FORMAT.md` lays down.
//!
//! Promises: one encoding per state, and a reader that takes nothing else; memory bounded by the
//! limits of the specification, whatever a file declares; every defect is a [`DecodeError`] with
//! its place. Knows streams of bytes, and no file, clock or random number.
//!
//! `read` and `write` hold the same functions in the order of the specification; `reader` and
//! `writer` carry them over a whole file.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::unwrap_used
)]

mod annotate;
mod error;
mod field;
mod frame;
pub mod journal;
mod read;
mod reader;
mod records;
mod salvage;
mod survey;
mod trace;
mod v1;
mod wire;
mod write;
mod writer;

pub use annotate::{Annotated, Part, UNREAD};
pub use error::{DecodeError, Kind, ReadError, Section, WriteError};
pub use reader::Reader;
pub use records::Records;
pub use salvage::Salvage;
pub use trace::{Field, Value};
pub use wire::{JOURNAL_SIGNATURE, SIGNATURE, VERSION};
pub use write::is_storable;
pub use writer::{Writer, patch_synced};
