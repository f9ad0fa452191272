//! Histories of people, machines and misfortunes, made up from seeds, played with the real program
//! and judged by a model that knows what everybody wrote and what he himself took away.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "shared by the test and the example, each of which uses its own part"
)]

mod book;
mod clock;
mod contents;
mod dice;
mod judge;
#[path = "../../envelope/keys.rs"]
mod keys;
mod look;
mod person;
mod play;
mod run;
mod script;
mod shrink;
mod stage;
mod stock;
mod troubles;
mod undo;
mod words;

pub use play::{Finding, Tally, play};
pub use script::script;
pub use shrink::shrunk;
pub use stage::{KINDS, MapKind};
pub use words::Step;
