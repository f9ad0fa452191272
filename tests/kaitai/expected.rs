//! What the compiled reader is to make of a vector.

use crate::vectors::Vector;

impl Vector {
    pub(crate) fn is_good_state(&self) -> bool {
        self.expect == "ok"
    }

    /// Whether it is a journal of which at least the beginning counts.
    pub(crate) fn has_entries(&self) -> bool {
        self.expect.contains(" entries")
    }

    /// The kind of its defect; empty where it has none.
    pub(crate) fn kind(&self) -> &str {
        let defect = self.expect.split(", ").last().unwrap();
        defect.split_once(" @ ").map_or("", |(kind, _)| kind)
    }
}
