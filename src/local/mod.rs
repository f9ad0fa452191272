//! The directory: turns the tree below a root into a sorted stream of stamps, and carries out
//! single changes in it.
//!
//! Promises: nothing outside the root is ever touched, whatever the tree or a key looks like (every
//! path is opened from the root's descriptor, no symlink is followed, no mount point is crossed); no
//! file is overwritten or removed whose stamp is not the one the caller saw; what was displaced
//! is kept in the recovery folder. What could not be seen is
//! reported as hidden, never left out.
//!
//! Blocking code. Must not know buckets, records or the law of reconciling.

mod error;
mod found;
mod ignored;
mod kernel;
mod links;
mod listing;
mod make_way;
mod marked;
mod marker;
mod moves;
mod pattern;
mod place;
mod prune;
mod read;
mod recovery;
mod retention;
mod root;
mod rules;
mod run;
mod scan;
mod spelling;
mod temp;
mod touched;
mod undo;

pub use crate::plan::Loser;
pub use error::{Error, Kind};
pub use found::{Found, Leftover, Why};
pub use links::Astray;
pub use marked::{Mark, marked_path};
pub use marker::Marker;
pub use place::PlaceAs;
pub use read::Opened;
pub use recovery::Kept;
pub use retention::{Bounds, Removed, Space};
pub use root::{OwnFiles, Root};
pub use rules::Rules;
pub use run::{Displaced, RecoveryRun, is_kept_by_other_map};
pub use scan::Scan;
pub use temp::Temp;

#[cfg(test)]
mod tests_confine;
#[cfg(test)]
mod tests_ignore;
#[cfg(test)]
mod tests_place;
#[cfg(test)]
mod tests_recovery;
#[cfg(test)]
mod tests_scan;
#[cfg(test)]
mod tests_support;
