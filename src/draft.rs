//! Drafting: keys with a decision to a [`Plan`].
//!
//! Puts every step into the phase in which it is safe, and settles the one case in which keys are
//! not independent of each other: a file's name that is also a directory's. Pure.

use crate::key::{Key, MAX_COMPONENT_BYTES};
use crate::plan::{Clash, Item, Loser, Obstacle, Plan, Quiet, Readability, Step};
use crate::reconcile::{Action, Settlement};
use crate::state::{Content, Encoding, Record};

/// What is to become of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What the law says; for [`Action::Adopt`] the identity of the content.
    Law(Action, Content),
    /// How a conflict ends.
    Conflict(Settlement),
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

/// Drafts the plan for `decided`, which is sorted by key, as are `clashes` by their tops. `tag`
/// tells this run's conflict copies from all others'.
#[must_use]
pub fn draft(decided: Vec<Decided>, clashes: &[Clash], tag: &str) -> Draft {
    let places = place(&decided, clashes);
    let mut draft = Draft::default();
    for (Decided { item, outcome }, place) in decided.into_iter().zip(places) {
        draft.add(item, outcome, place, tag);
    }
    draft
}

/// The name under which a conflict's file goes on: `notes.conflict-TAG.txt` for `notes.txt`.
/// Long names are cut so that the whole stays within a component's limit.
#[must_use]
pub fn conflict_name(key: &Key, tag: &str) -> Option<Key> {
    let name = key.file_name();
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    };
    let added = format!(".conflict-{tag}{extension}");
    let room = MAX_COMPONENT_BYTES.checked_sub(added.len())?;
    let cut = (0..=stem.len().min(room))
        .rev()
        .find(|&at| stem.is_char_boundary(at))?;
    let folder = &key.as_str()[..key.as_str().len() - name.len()];
    Key::parse(&format!("{folder}{}{added}", &stem[..cut])).ok()
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

fn place(decided: &[Decided], clashes: &[Clash]) -> Vec<Place> {
    let mut places = vec![Place::default(); decided.len()];
    for clash in clashes {
        let at = decided.binary_search_by(|one| one.item.key.cmp(&clash.top));
        if at.is_ok_and(|at| matches!(places[at], Place::Blocked(_))) {
            continue;
        }
        let below = children(decided, &clash.top);
        let top = at.ok().map(|at| &decided[at]);
        let top_stays = clash.top_is_quiet == Quiet::Yes || top.is_some_and(stays);
        let child_stays =
            clash.below_is_quiet == Quiet::Yes || below.iter().any(|&child| stays(&decided[child]));
        match (top_stays, child_stays, at) {
            (false, _, Ok(at)) => places[at] = Place::MakesWay,
            (true, false, Ok(at)) => places[at] = Place::NeedsWay,
            (true, true, Ok(at)) if yields(&decided[at].item) => places[at] = Place::Yields,
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
        )
    )
}

/// A directory beats a file, and the file is kept aside, where that leaves one side without the
/// file anyway: it is only here, or it was replaced by a directory here.
fn yields(item: &Item) -> bool {
    match (&item.local, &item.remote) {
        (Some(_), None) => true,
        (None, Some(_)) => item.base.is_some() && item.readability == Readability::Readable,
        _ => false,
    }
}

impl Draft {
    fn add(&mut self, item: Item, outcome: Outcome, place: Place, tag: &str) {
        match place {
            Place::Blocked(obstacle) => return self.skipped.push((item.key, obstacle)),
            Place::Yields => return self.set_aside(item),
            Place::Free | Place::MakesWay | Place::NeedsWay => {}
        }
        if item.readability != Readability::Readable && reads_remote(outcome) {
            return self.skipped.push((item.key, Obstacle::Archived));
        }
        match outcome {
            Outcome::Law(action, content) => self.add_law(item, action, content, &place),
            Outcome::Conflict(Settlement::Leave) => {
                self.skipped.push((item.key, Obstacle::Undecided));
            }
            Outcome::Conflict(settlement) => self.add_conflict(item, settlement, tag),
        }
    }

    fn add_law(&mut self, item: Item, action: Action, content: Content, place: &Place) {
        let Item {
            key,
            base,
            local,
            remote,
            ..
        } = item;
        let plan = &mut self.plan;
        match (action, local, remote) {
            (Action::Adopt, Some(local), Some(remote)) => {
                plan.records.push(Step::Adopt(Box::new(adopted(
                    key, base, local, remote, content,
                ))));
            }
            (Action::Forget, ..) => plan.records.push(Step::Forget(key)),
            (Action::Upload, Some(local), over) => {
                plan.transfers.push(Step::Upload {
                    key,
                    local,
                    over,
                    loser: Loser::Discard,
                });
            }
            (Action::Download, over, Some(remote)) => {
                let phase = match place {
                    Place::NeedsWay => &mut plan.replacements,
                    _ => &mut plan.transfers,
                };
                phase.push(Step::Download {
                    key,
                    remote,
                    over,
                    loser: Loser::Discard,
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
                plan.deletions.push(Step::DeleteRemote {
                    key,
                    remote,
                    loser: Loser::Discard,
                });
            }
            // Keep needs nothing, Meet ends as Adopt or as a conflict, and no other action comes
            // without the stamps it needs.
            _ => {}
        }
    }

    fn add_conflict(&mut self, item: Item, settlement: Settlement, tag: &str) {
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
            Settlement::KeepBoth | Settlement::Leave => match conflict_name(&key, tag) {
                Some(aside) => Step::KeepBoth {
                    key: key.clone(),
                    aside,
                    local,
                    remote,
                },
                None => return self.skipped.push((key, Obstacle::Undecided)),
            },
        };
        self.plan.transfers.push(step);
        self.settled.push((key, settlement));
    }

    /// The file loses its name to a directory and is kept aside on the side that has it.
    fn set_aside(&mut self, item: Item) {
        let Item {
            key, local, remote, ..
        } = item;
        if let Some(local) = local {
            self.settled.push((key.clone(), Settlement::RemoteWins));
            self.plan.clearing.push(Step::DeleteLocal { key, local });
        } else if let Some(remote) = remote {
            self.settled.push((key.clone(), Settlement::LocalWins));
            self.plan.deletions.push(Step::DeleteRemote {
                key,
                remote,
                loser: Loser::Keep,
            });
        }
    }
}

fn reads_remote(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Law(action, _) => action == Action::Download,
        Outcome::Conflict(settlement) => settlement != Settlement::Leave,
    }
}

/// The record of two equal sides: what the base knows of the content still holds where the object
/// is the recorded one, or the content is what it was.
fn adopted(
    key: Key,
    base: Option<Box<Record>>,
    local: crate::stamp::LocalStamp,
    remote: crate::stamp::RemoteStamp,
    content: Content,
) -> Record {
    match base {
        Some(base) if base.remote.is_same_object(&remote) && content == Content::Unknown => {
            Record {
                local: Some(local),
                ..*base
            }
        }
        _ => Record {
            key,
            local: Some(local),
            remote,
            content,
            encoding: Encoding::Plain,
            parts: None,
        },
    }
}
