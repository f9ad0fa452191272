//! The planner under torture: machines that share a bucket, people at each of them, and the turns
//! that their runs have, one request at a time. A case comes from a seed, or is one of all small
//! ones; either way it must lose nothing that is owed, and end with all sides equal.

mod case;
mod every;
mod fleet;
mod infection;
mod random;
mod shrink;

pub use every::{Scope, Tally, every};
pub use infection::undone;
pub use shrink::{Fault, found, shrunk};
