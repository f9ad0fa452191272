//! Decisions of the two-way law, steered the one way that a map goes.

use crate::draft::{Decided, Outcome};
use crate::reconcile::{Course, Seen, Verdict, steer};
use crate::state::{Content, Direction};

/// Steers one decision; those of a map that goes both ways stand.
pub(super) fn steered(direction: Direction, decided: Decided) -> Decided {
    let Decided { item, outcome } = decided;
    let (verdict, content) = match outcome {
        Outcome::Law(action, content) => (Verdict::Do(action), content),
        Outcome::Conflict(_) => (Verdict::Conflict, Content::Unknown),
        Outcome::Stay | Outcome::Clear | Outcome::Emptied => return Decided { item, outcome },
    };
    let seen = Seen {
        base: item.base.as_deref(),
        local: item.local.as_ref(),
        remote: item.remote.as_ref(),
    };
    let outcome = match steer(direction, seen, verdict) {
        None => outcome,
        Some(Course::Do(action)) => Outcome::Law(action, content),
        Some(Course::Win(settlement)) => Outcome::Conflict(settlement),
        Some(Course::Stay) => Outcome::Stay,
        Some(Course::Clear) => Outcome::Clear,
        Some(Course::Emptied) => Outcome::Emptied,
    };
    Decided { item, outcome }
}
