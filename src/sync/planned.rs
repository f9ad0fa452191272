//! A map's plan as it waits: decided items on disk, drafted part by part as they are needed, so that
//! memory does not grow with the work.
//!
//! A plan that fits into one part is drafted as a whole. Of a larger one, what takes part in clashes
//! of names is one part, which has no bound; pairs of moves are the next ones, and the rest follows
//! in the order of keys.

use super::pack::{packed, unpacked};
use super::{Halt, Sync};
use crate::draft::{Asides, Decided, Draft, draft};
use crate::key::Key;
use crate::moves::{Contested, Proven, pair};
use crate::plan::Obstacle;
use crate::plan::{Clash, Plan, Step};
use crate::reconcile::{Settlement, Why, why};
use crate::state::{Encoding, Record};
use crate::store::{self, Entries, Spill};
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Items of one part.
pub(super) const BATCH: usize = 2048;

/// Decided items and how they are taken together.
pub(super) struct Planned {
    decided: Spill,
    clashes: Vec<Clash>,
    parts: Vec<Part>,
    /// Numbers of the two halves of each move: new, gone.
    pairs: Vec<(u32, u32)>,
    proven: Vec<Proven>,
    /// What is in a part of its own.
    apart: Marks,
}

/// Items that are drafted together.
enum Part {
    /// All there are.
    Whole,
    /// All, of which none may move.
    Unpaired,
    /// Those in clashes of names.
    Contested(Vec<u32>),
    /// The halves of these pairs.
    Moves(Range<usize>),
    /// What is left of these numbers.
    Rest(Range<u64>),
}

/// A mark for each number.
#[derive(Default)]
pub(super) struct Marks(Vec<u64>);

impl Marks {
    pub(super) fn set(&mut self, number: u32) {
        let (word, bit) = (number as usize / 64, number % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let word = self.0.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// What a map's moves are.
#[derive(Default)]
pub(super) struct Moves {
    /// Items in clashes of names.
    pub(super) contested: Vec<u32>,
    /// Numbers of the halves of each: new, gone.
    pub(super) pairs: Vec<(u32, u32)>,
    /// Files that were read.
    pub(super) proven: Vec<Proven>,
}

impl Planned {
    /// A plan that is drafted as a whole; without `proven` nothing moves.
    pub(super) fn whole(
        decided: Spill,
        clashes: Vec<Clash>,
        proven: Option<Vec<Proven>>,
    ) -> Arc<Self> {
        let part = match proven {
            Some(_) => Part::Whole,
            None => Part::Unpaired,
        };
        Arc::new(Self {
            decided,
            clashes,
            parts: vec![part],
            pairs: Vec::new(),
            proven: proven.unwrap_or_default(),
            apart: Marks::default(),
        })
    }

    /// A plan of which nothing moves and no name is contested.
    pub(super) fn unpaired(decided: Spill) -> Arc<Self> {
        if fits(&decided) {
            Self::whole(decided, Vec::new(), None)
        } else {
            Self::in_parts(decided, Vec::new(), Moves::default())
        }
    }

    /// A plan that is drafted in parts.
    pub(super) fn in_parts(decided: Spill, clashes: Vec<Clash>, moves: Moves) -> Arc<Self> {
        let Moves {
            contested,
            pairs,
            proven,
        } = moves;
        let mut apart = Marks::default();
        let halves = pairs.iter().flat_map(|(new, gone)| [*new, *gone]);
        for number in contested.iter().copied().chain(halves) {
            apart.set(number);
        }
        let mut parts = Vec::new();
        if !contested.is_empty() {
            parts.push(Part::Contested(contested));
        }
        let most = BATCH / 2;
        let ranges = (0..pairs.len()).step_by(most);
        parts.extend(ranges.map(|start| Part::Moves(start..pairs.len().min(start + most))));
        let all = decided.len();
        let ranges = (0..all).step_by(BATCH);
        parts.extend(ranges.map(|start| Part::Rest(start..all.min(start + BATCH as u64))));
        Arc::new(Self {
            decided,
            clashes,
            parts,
            pairs,
            proven,
            apart,
        })
    }

    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    fn load(&self, part: usize) -> io::Result<Vec<Decided>> {
        let get = |number: &u32| unpacked(&self.decided.get(u64::from(*number))?);
        match &self.parts[part] {
            Part::Whole | Part::Unpaired => read(&self.decided),
            Part::Contested(numbers) => numbers.iter().map(get).collect(),
            Part::Moves(range) => {
                let pairs = self.pairs[range.clone()].iter();
                let mut numbers: Vec<u32> = pairs.flat_map(|(new, gone)| [*new, *gone]).collect();
                numbers.sort_unstable();
                numbers.iter().map(get).collect()
            }
            Part::Rest(range) => {
                let entries = Entries::numbered(&self.decided, range.clone())?;
                let left = range.clone().zip(entries).filter(|(number, _)| {
                    !u32::try_from(*number).is_ok_and(|number| self.apart.has(number))
                });
                left.map(|(_, entry)| unpacked(&entry?)).collect()
            }
        }
    }
}

/// Whether these are one part.
pub(super) fn fits(decided: &Spill) -> bool {
    decided.len() <= BATCH as u64
}

/// All decided items.
pub(super) fn read(decided: &Spill) -> io::Result<Vec<Decided>> {
    let entries = Entries::numbered(decided, 0..decided.len())?;
    entries.map(|entry| unpacked(&entry?)).collect()
}

/// Adds decided items.
pub(super) fn write(spill: &mut Spill, decided: &[Decided]) -> Result<(), Halt> {
    for one in decided {
        spill.push(&packed(one).map_err(unreadable)?);
    }
    Ok(())
}

/// What was set aside cannot be had.
pub(super) fn unreadable(source: io::Error) -> Halt {
    Halt::Store(store::Error::Io {
        operation: "set aside and read back",
        path: PathBuf::from("the plan"),
        source,
    })
}

/// Which encodings a map's objects may keep when they are copied to a new name.
pub(super) fn may_keep(sync: &Sync<'_>) -> impl Fn(Encoding) -> bool + Send + use<> {
    let demands_encryption = sync.hands.envelope.demands_encryption();
    move |encoding| match encoding {
        Encoding::Plain | Encoding::Gzip => !demands_encryption,
        Encoding::Age | Encoding::GzipAge => true,
    }
}

/// A part of a plan.
pub(super) struct Drafted {
    pub(super) plan: Plan,
    pub(super) skipped: Vec<(Key, Obstacle)>,
    pub(super) settled: Vec<(Key, Settlement)>,
    bases: HashMap<Key, Box<Record>>,
}

/// A step and why it is planned.
pub(super) struct Act {
    pub(super) step: Step,
    pub(super) why: Why,
}

impl Sync<'_> {
    /// Drafts a part of a plan. The names that it gives come from `asides`.
    pub(super) async fn draft(
        &self,
        planned: &Arc<Planned>,
        part: usize,
        asides: &mut Asides,
    ) -> Result<Drafted, Halt> {
        let own = Arc::clone(planned);
        let loading = tokio::task::spawn_blocking(move || own.load(part));
        let loaded = loading
            .await
            .map_err(|error| Halt::Internal(error.to_string()))?;
        let decided = loaded.map_err(unreadable)?;
        let records = decided
            .iter()
            .filter_map(|one| Some((one.item.key.clone(), one.item.base.clone()?)));
        let bases = records.collect();
        let (decided, clashes, moves) = match &planned.parts[part] {
            Part::Whole | Part::Moves(_) => {
                let paired = pair(decided, &planned.clashes, &planned.proven, &may_keep(self));
                (paired.rest, &planned.clashes[..], paired.moves)
            }
            Part::Unpaired | Part::Contested(_) => (decided, &planned.clashes[..], Vec::new()),
            Part::Rest(_) => (decided, &[][..], Vec::new()),
        };
        let Draft {
            mut plan,
            skipped,
            settled,
        } = draft(decided, clashes, self.task.map.direction, asides);
        // Before all that creates, so that what is told of them together is done together.
        plan.transfers.splice(..0, moves);
        Ok(Drafted {
            plan,
            skipped,
            settled,
            bases,
        })
    }

    /// A step of this part, with its reason.
    pub(super) fn act(&self, bases: &HashMap<Key, Box<Record>>, step: Step) -> Act {
        let base = bases.get(step.key()).map(|base| &**base);
        let why = why(&step, base, self.task.map.direction);
        Act { step, why }
    }
}

impl Drafted {
    /// Takes the plan out, and what its reasons are found in.
    pub(super) fn into_plan(self) -> (Plan, HashMap<Key, Box<Record>>) {
        (self.plan, self.bases)
    }
}

/// Whether any key takes part in a clash of names.
pub(super) fn contested(clashes: &[Clash]) -> Contested<'_> {
    Contested::of(clashes)
}
