//! Drafting: keys with a decision to a [`Plan`].
//!
//! Puts every step into the phase in which it is safe, and settles the one case in which keys are
//! not independent of each other: a file's name that is also a directory's. Pure.

mod asides;
mod tops;

use crate::key::Key;
use crate::plan::{Clash, Item, Loser, Obstacle, Plan, Quiet, Readability, Step};
use crate::reconcile::{Action, Settlement};
use crate::state::{Content, Direction, Holding, Record};
pub use asides::Asides;
pub use tops::Tops;

/// What is to become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What the law says; for [`Action::Adopt`] what the object holds.
    Law(Action, Holding),
    /// How a conflict ends.
    Conflict(Settlement),
    /// Nothing: the map goes one way, and this is not on it.
    Stay,
    /// The object goes and is kept aside.
    Clear,
    /// Nothing: the file was emptied by no one.
    Emptied,
}

/// An item with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The key and what is seen of it.
    pub item: Item,
    /// What is to become of it.
    pub outcome: Outcome,
}

/// A plan and what is worth telling about how it came to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// What to do.
    pub plan: Plan,
    /// Keys left alone, and why.
    pub skipped: Vec<(Key, Obstacle)>,
    /// Conflicts that a rule settled.
    pub settled: Vec<(Key, Settlement)>,
}

/// Drafts the plan for `decided`, which is sorted by key, as are `clashes` by their tops.
pub fn draft(
    decided: Vec<Decided>,
    clashes: &[Clash],
    direction: Direction,
    asides: &mut Asides,
) -> Draft {
    let places = match direction {
        // Files come from one directory, and in a bucket all names are free.
        Direction::Push | Direction::PushMirror => vec![Place::default(); decided.len()],
        Direction::Both | Direction::Pull | Direction::PullMirror => {
            place(&decided, clashes, direction)
        }
    };
    let mut draft = Draft::default();
    for (Decided { item, outcome }, place) in decided.into_iter().zip(places) {
        draft.add(item, outcome, place, asides);
    }
    draft
}

/// Where an item stands in a clash of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Free,
    /// A file that goes; a directory comes in its place.
    MakesWay,
    /// A file that comes; the directory in its place goes.
    NeedsWay,
    /// A file that loses its name to a directory, on the side that has it.
    Yields,
    Blocked(Obstacle),
}

fn place(decided: &[Decided], clashes: &[Clash], direction: Direction) -> Vec<Place> {
    let mut places = vec![Place::default(); decided.len()];
    // What is below is settled first, so that nothing makes way for what does not come.
    for clash in clashes.iter().rev() {
        let at = decided.binary_search_by(|one| one.item.key.cmp(&clash.top));
        let below = children(decided, &clash.top);
        let top = at.ok().map(|at| &decided[at]);
        let top_stays = clash.top_is_quiet == Quiet::Yes || top.is_some_and(stays);
        let directory = Directory::of(clash, &below, decided, &places);
        match (top_stays, directory.stays, at) {
            (false, _, Ok(at)) => places[at] = Place::MakesWay,
            (true, false, Ok(at)) => places[at] = Place::NeedsWay,
            (true, true, Ok(at)) if yields(&decided[at].item, &directory, direction) => {
                places[at] = Place::Yields;
            }
            (true, true, Ok(at)) if decided[at].item.local.is_none() => {
                places[at] = Place::Blocked(Obstacle::IsDirectory);
            }
            (true, true, _) => {
                for child in below.into_iter().filter(|&child| stays(&decided[child])) {
                    places[child] = Place::Blocked(Obstacle::BelowFile(clash.top.clone()));
                }
            }
            (_, _, Err(_)) => {}
        }
    }
    places
}

/// Positions of the items below the directory `top`; `top` sorts before them, not always next to them.
fn children(decided: &[Decided], top: &Key) -> Vec<usize> {
    let start = decided.partition_point(|one| one.item.key < *top);
    let mut found = Vec::new();
    for (at, one) in decided.iter().enumerate().skip(start) {
        if one.item.key.is_below(top.as_str()) {
            found.push(at);
        } else if !one.item.key.as_str().starts_with(top.as_str()) {
            break;
        }
    }
    found
}

fn stays(one: &Decided) -> bool {
    !matches!(
        one.outcome,
        Outcome::Law(
            Action::DeleteLocal | Action::DeleteRemote | Action::Forget,
            _
        ) | Outcome::Clear
    )
}

/// What becomes of the directory in a clash.
struct Directory {
    /// Something is to be in it.
    stays: bool,
    /// Something will be in it at the end of this run.
    comes: bool,
    /// It is among the files now.
    is_here: bool,
}

impl Directory {
    fn of(clash: &Clash, below: &[usize], decided: &[Decided], places: &[Place]) -> Self {
        let is_quiet = clash.below_is_quiet == Quiet::Yes;
        let any = |is: fn(&Decided, &Place) -> bool| {
            is_quiet || below.iter().any(|&at| is(&decided[at], &places[at]))
        };
        Self {
            stays: any(|child, _| stays(child)),
            comes: any(|child, place| {
                let is_free = !matches!(place, Place::Blocked(_) | Place::Yields);
                is_free && stays(child) && obstacle(&child.item, child.outcome).is_none()
            }),
            is_here: any(|child, _| child.item.local.is_some()),
        }
    }
}

/// Why nothing is done about an item, whatever its place.
fn obstacle(item: &Item, outcome: Outcome) -> Option<Obstacle> {
    let needs = match outcome {
        Outcome::Conflict(Settlement::Leave) => return Some(Obstacle::Undecided),
        Outcome::Emptied => return Some(Obstacle::Emptied),
        Outcome::Conflict(Settlement::LocalWins) | Outcome::Clear => Needs::Copy,
        Outcome::Conflict(_) | Outcome::Law(Action::Download, _) => Needs::Bytes,
        Outcome::Law(..) | Outcome::Stay => return None,
    };
    match (needs, item.readability) {
        (_, Readability::Readable) | (Needs::Copy, Readability::Sealed) => None,
        (Needs::Bytes, Readability::Sealed) => Some(Obstacle::Sealed),
        (_, Readability::Archived | Readability::Restoring) => Some(Obstacle::Archived {
            size_bytes: item.remote.as_ref().map_or(0, |object| object.size_bytes),
        }),
    }
}

/// What an outcome needs of the object.
enum Needs {
    /// The server can copy it.
    Copy,
    /// Its bytes can be had and understood.
    Bytes,
}

/// A directory beats a file, and the file is kept aside, where that leaves one side without the
/// file anyway: it is only here, or it was replaced by a directory here. Objects that clash in the
/// bucket alone are left as they are, and so are all objects where the bucket is the truth.
fn yields(top: &Item, directory: &Directory, direction: Direction) -> bool {
    let was_here = top.base.as_ref().is_some_and(|base| base.local.is_some());
    directory.comes
        && match (&top.local, &top.remote) {
            (Some(_), None) => true,
            (None, Some(_)) => {
                direction == Direction::Both
                    && was_here
                    && directory.is_here
                    && top.readability == Readability::Readable
            }
            _ => false,
        }
}

impl Draft {
    fn add(&mut self, item: Item, outcome: Outcome, place: Place, asides: &mut Asides) {
        match place {
            Place::Blocked(obstacle) => return self.skipped.push((item.key, obstacle)),
            Place::Yields => return self.set_aside(item),
            Place::Free | Place::MakesWay | Place::NeedsWay => {}
        }
        if let Some(obstacle) = obstacle(&item, outcome) {
            return self.skipped.push((item.key, obstacle));
        }
        match outcome {
            Outcome::Law(action, holding) => self.add_law(item, action, holding, &place),
            Outcome::Stay | Outcome::Emptied => {}
            Outcome::Clear => self.clear(item),
            Outcome::Conflict(settlement) => self.add_conflict(item, settlement, asides),
        }
    }

    fn add_law(&mut self, item: Item, action: Action, holding: Holding, place: &Place) {
        let Item {
            key,
            base,
            local,
            remote,
            ..
        } = item;
        let is_proven = base.as_deref().is_none_or(Record::is_proven);
        let is_displaced = match action {
            Action::DeleteRemote => remote.is_some(),
            _ => local.is_some() && remote.is_some(),
        };
        let loser = if is_displaced && !is_proven {
            Loser::Keep
        } else {
            Loser::Discard
        };
        let plan = &mut self.plan;
        match (action, local, remote) {
            (Action::Adopt, Some(local), Some(remote)) => {
                plan.records.push(Step::Adopt(Box::new(adopted(
                    key, base, local, remote, holding,
                ))));
            }
            (Action::Forget, ..) => plan.records.push(Step::Forget(key)),
            (Action::Upload, Some(local), over) => {
                plan.transfers.push(Step::Upload {
                    key,
                    local,
                    over,
                    loser,
                });
            }
            (Action::Download, over, Some(remote)) => {
                let phase = match place {
                    Place::NeedsWay if over.is_none() => &mut plan.replacements,
                    _ => &mut plan.transfers,
                };
                phase.push(Step::Download {
                    key,
                    remote,
                    over,
                    loser,
                });
            }
            (Action::DeleteLocal, Some(local), _) => {
                let phase = match place {
                    Place::MakesWay => &mut plan.clearing,
                    _ => &mut plan.deletions,
                };
                phase.push(Step::DeleteLocal { key, local });
            }
            (Action::DeleteRemote, _, Some(remote)) => {
                plan.deletions
                    .push(Step::DeleteRemote { key, remote, loser });
            }
            // Keep needs nothing, Meet ends as Adopt or as a conflict, and no other action comes
            // without the stamps it needs.
            _ => {}
        }
    }

    fn add_conflict(&mut self, item: Item, settlement: Settlement, asides: &mut Asides) {
        let Item {
            key,
            local: Some(local),
            remote: Some(remote),
            ..
        } = item
        else {
            return;
        };
        let step = match settlement {
            Settlement::LocalWins => Step::Upload {
                key: key.clone(),
                local,
                over: Some(remote),
                loser: Loser::Keep,
            },
            Settlement::RemoteWins => Step::Download {
                key: key.clone(),
                remote,
                over: Some(local),
                loser: Loser::Keep,
            },
            Settlement::Leave => return self.skipped.push((key, Obstacle::Undecided)),
            Settlement::KeepBoth => match asides.name(&key) {
                Some(aside) => Step::KeepBoth {
                    key: key.clone(),
                    aside,
                    local,
                    remote,
                },
                None => return self.skipped.push((key, Obstacle::NoRoom)),
            },
        };
        self.plan.transfers.push(step);
        self.settled.push((key, settlement));
    }

    /// The file loses its name to a directory and is kept aside on the side that has it.
    fn set_aside(&mut self, item: Item) {
        if let Some(local) = item.local {
            let key = item.key;
            self.settled.push((key.clone(), Settlement::RemoteWins));
            self.plan.clearing.push(Step::DeleteLocal { key, local });
        } else {
            self.settled.push((item.key.clone(), Settlement::LocalWins));
            self.clear(item);
        }
    }

    /// The object goes and is kept aside.
    fn clear(&mut self, item: Item) {
        let Item { key, remote, .. } = item;
        self.plan
            .deletions
            .extend(remote.map(|remote| Step::DeleteRemote {
                key,
                remote,
                loser: Loser::Keep,
            }));
    }
}

/// The record of two equal sides: what the base knows of the content still holds where the object
/// is the recorded one, or the content is what it was.
fn adopted(
    key: Key,
    base: Option<Box<Record>>,
    local: crate::stamp::LocalStamp,
    remote: crate::stamp::RemoteStamp,
    holding: Holding,
) -> Record {
    match base {
        Some(base)
            if base.remote.is_same_object(&remote) && holding.content == Content::Unknown =>
        {
            Record {
                local: Some(local),
                ..*base
            }
        }
        _ => Record {
            key,
            local: Some(local),
            remote,
            content: holding.content,
            encoding: holding.encoding,
            parts: None,
        },
    }
}
