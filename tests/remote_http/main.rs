//! What `remote` makes of answers as they should be and of answers as they must not be.

mod canned;
mod errors;
mod finishing;
mod large_copies;
mod listing;
mod part_sums;
mod reading;
mod writing;
