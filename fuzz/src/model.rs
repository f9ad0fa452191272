//! Machines, each with a directory and a base, and the bucket that they share; what people and
//! accidents do to them, and the program's runs, one request at a time.

mod act;
mod client;
mod hands;
pub mod laws;
mod local;
mod names;
mod owed;
mod recovery;
mod run;
mod server;
mod sight;
mod turn;
mod world;

pub use act::{Act, Manner, other};
pub use hands::Failure;
pub use names::NAMES;
pub use recovery::Keeping;
pub use run::{Company, Planned, Renames, Terms, Work};
pub use server::HONOURS_ALL;
pub use turn::{Grain, Luck, Pace, go};
pub use world::{Bytes, Machine, World};

/// The map's prefix; the longest names leave little room for it.
const PREFIX: &str = "p";
/// Rounds of one run, as the program has them.
const ROUNDS: usize = 3;
