//! Decisions of the two-way law, steered the one way that a map goes.

use super::Reencode;
use crate::draft::{Decided, Outcome};
use crate::reconcile::Action;
use crate::reconcile::{Course, Seen, Verdict, steer};
use crate::state::{Content, Direction, Holding};

/// Steers one decision; those of a map that goes both ways stand.
pub(super) fn steered(direction: Direction, decided: Decided) -> Decided {
    let Decided { item, outcome } = decided;
    let unknown = Holding::plain(Content::Unknown);
    let (verdict, holding) = match outcome {
        Outcome::Law(action, holding) => (Verdict::Do(action), holding),
        Outcome::Conflict(_) => (Verdict::Conflict, unknown),
        Outcome::Stay | Outcome::Clear | Outcome::Emptied => return Decided { item, outcome },
    };
    let seen = Seen {
        base: item.base.as_deref(),
        local: item.local.as_ref(),
        remote: item.remote.as_ref(),
    };
    let outcome = match steer(direction, seen, verdict) {
        None => outcome,
        Some(Course::Do(action)) => Outcome::Law(action, holding),
        Some(Course::Win(settlement)) => Outcome::Conflict(settlement),
        Some(Course::Stay) => Outcome::Stay,
        Some(Course::Clear) => Outcome::Clear,
        Some(Course::Emptied) => Outcome::Emptied,
    };
    Decided { item, outcome }
}

/// Where all is to be sent anew, what is equal on both sides is sent as well, unless the map takes
/// from the bucket only.
pub(super) fn sent_anew(reencode: Reencode, direction: Direction, decided: Decided) -> Decided {
    let sends = !matches!(direction, Direction::Pull | Direction::PullMirror);
    let Decided { item, outcome } = decided;
    let outcome = match outcome {
        Outcome::Law(Action::Keep | Action::Adopt, holding)
            if reencode == Reencode::All
                && sends
                && item.local.is_some()
                && item.remote.is_some() =>
        {
            Outcome::Law(Action::Upload, holding)
        }
        outcome => outcome,
    };
    Decided { item, outcome }
}
