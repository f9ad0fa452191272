//! The story of one map's run: read both sides, join them with the base, decide, plan, carry out.
//!
//! Nothing flows back up: a stale step is not repaired but looked at anew in a further round.

mod archive;
mod ask;
mod each;
mod halt;
mod hands;
mod ignored;
mod jobs;
mod join;
mod look;
mod own;
mod pace;
mod pack;
mod pair;
mod perform;
mod planned;
mod prepare;
mod scribe;
mod share;
mod sides;
mod stand;
mod steer;
mod streams;
mod survey;
mod task;
#[cfg(test)]
mod tests_hands;
#[cfg(test)]
mod tests_laws;
#[cfg(test)]
mod tests_model;
mod verify;

use crate::draft::{Asides, Decided};
use crate::event::{Counts, Event};
use crate::guard::Population;
use crate::key::Key;
use crate::local::{Leftover, Root};
use crate::moves::Folds;
use crate::plan::{Item, Obstacle};
use crate::reconcile::Ground;
use crate::state::{Capabilities, Direction, Record, RootId};
use crate::store::{Entries, Spill, Store};
use crate::transfer::{Failure, Hands};
pub use archive::{Cold, Frozen, Wish, archived, ask};
pub use ask::{Contents, Dispute, Person, Ruling, Version};
pub use each::each;
pub use halt::Halt;
use jobs::Stale;
pub use join::{Broken, Joined, Scope, Trust, join};
use pair::Ends;
use planned::{BATCH, Planned, unreadable};
pub use share::{Share, Shares};
pub use stand::{Generation, Standing, confirm, stand};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;
pub use streams::{Received, Sender, Unheard, stream};
use survey::Judged;
pub use task::{Mode, Reencode, Safety, Task, Terms, envelope};
pub use verify::{By, Difference, Doubt, Finding, Proof, Suspect, Verified, verify};

/// Rounds in which stale keys are looked at anew before they are left to the next run.
const ROUNDS: u32 = 3;

/// Whether a run has changed a map's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recorded {
    /// It has not.
    #[default]
    Nothing,
    /// It has: the journal says what, and the commit puts it into the state.
    Something,
}

/// What a map's run came to.
#[derive(Default)]
pub struct Outcome {
    /// What was done.
    pub counts: Counts,
    /// Whether the journal has anything of it.
    pub recorded: Recorded,
    /// What the bucket's server was found to honour, if it was asked.
    pub capabilities: Option<Capabilities>,
    /// The root's identity, once it was opened.
    pub root: Option<RootId>,
    /// Why it ended early, or what was held back.
    pub halt: Option<Halt>,
}

impl Outcome {
    fn halted(halt: Halt) -> Self {
        Self {
            halt: Some(halt),
            ..Self::default()
        }
    }
}

/// Syncs one map. `root` and `standing` come from [`stand`]; a foreign base has been reset. Without
/// a store nothing is known before and nothing is remembered, on either side.
pub async fn sync(
    task: &Task,
    root: Root,
    standing: Standing,
    store: Option<&Arc<Mutex<Store>>>,
) -> Outcome {
    let mut run = match Sync::begin(task, root, standing, store).await {
        Ok(run) => run,
        Err(halt) if halt.is_interruption() => return Outcome::default(),
        Err(halt) => return Outcome::halted(halt),
    };
    match run.go().await {
        Err(halt) if halt.is_interruption() => {}
        Err(halt) => {
            run.outcome.halt.get_or_insert(halt);
        }
        Ok(()) => {}
    }
    run.outcome
}

struct Sync<'a> {
    task: &'a Task,
    store: Option<&'a Arc<Mutex<Store>>>,
    hands: Arc<Hands>,
    standing: Standing,
    ground: Ground,
    /// Keys that a dead run was replacing.
    replaced: HashSet<Key>,
    /// Objects that a dead run was about to make.
    own: own::Own,
    /// What removals are measured by: records that are not left out of this run, or in a one-way
    /// map the files of the side that would lose them.
    known: Population,
    asides: Asides,
    pace: pace::Pace,
    begun: Instant,
    /// Steps that got no answer, since the last one that did.
    unanswered: Vec<(Key, Failure)>,
    /// What got another name here, and in the bucket.
    renamed_here: Folds,
    renamed_in_bucket: Folds,
    outcome: Outcome,
}

impl<'a> Sync<'a> {
    async fn begin(
        task: &'a Task,
        root: Root,
        standing: Standing,
        store: Option<&'a Arc<Mutex<Store>>>,
    ) -> Result<Self, Halt> {
        let Task {
            bucket, map, terms, ..
        } = task;
        (terms.sink)(Event::Begun {
            map: &map.name,
            path: &map.path,
            uri: &map.uri(&bucket.name),
        });
        let ground = standing.ground();
        let known = store.filter(|_| ground == Ground::Based);
        let hands = hands::hands(task, root, store, known).await?;
        let own = own::Own::of(&hands, standing);
        let outcome = Outcome {
            root: Some(hands.root.id()),
            ..Outcome::default()
        };
        // Time and replica tell a run's conflict copies from all others'.
        let time: String = hands.recovery.name().replace(['-', ':'], "");
        let replica = terms.replica.to_string();
        let tag = format!("conflict-{time}-{}", &replica[..8]);
        Ok(Self {
            task,
            store,
            hands,
            standing,
            ground,
            replaced: HashSet::new(),
            own,
            known: Population::default(),
            asides: Asides::new(tag, &map.prefix),
            pace: pace::Pace::of(terms.jobs),
            begun: Instant::now(),
            unanswered: Vec::new(),
            renamed_here: Folds::default(),
            renamed_in_bucket: Folds::default(),
            outcome,
        })
    }

    async fn go(&mut self) -> Result<(), Halt> {
        let terms = &self.task.terms;
        let read = sides::read(self.task, &self.hands, self.ground, self.store).await?;
        if terms.stop.is_wished() {
            return Ok(());
        }
        let sides::Read {
            joined,
            items,
            mut leftovers,
        } = read;
        self.recognize(&joined)?;
        // A file that is gone because a dead run was replacing it was not deleted by anybody: it
        // counts as one that was never here.
        self.replaced = leftovers.iter().filter_map(Leftover::replaced).collect();
        let counts = &mut self.outcome.counts;
        counts.scanned = joined.scanned;
        counts.listed = joined.listed;
        counts.unchanged_by_state = joined.unchanged;
        counts.ignored = joined.ignored;
        counts.skipped += joined.hidden.len() as u64;
        for (name, why) in &joined.hidden {
            (terms.sink)(Event::Hidden { name, why });
        }
        self.report_ignored(&joined);
        let (decided, ends) = Box::pin(self.decide_all(&items)).await?;
        drop(items);
        if terms.stop.is_wished() {
            return Ok(());
        }
        self.end_void(joined.hidden.is_empty()).await;
        let planned = self.arrange(decided, joined.clashes, ends).await?;
        self.known = match self.task.map.direction {
            Direction::Both => joined.records,
            Direction::Push | Direction::PushMirror => joined.objects,
            Direction::Pull | Direction::PullMirror => joined.files,
        };
        if self.task.map.direction == Direction::Both {
            self.own.add_to(&mut self.known);
        }
        let judged = Box::pin(self.survey(planned, &leftovers)).await?;
        let survey = &judged.survey;
        if terms.stop.is_wished() {
            return Ok(());
        }
        (terms.sink)(Event::Planned {
            steps: survey.steps,
            bytes: survey.bytes,
        });
        if terms.mode == Mode::DryRun {
            return Box::pin(self.rehearse(&judged)).await;
        }
        leftovers.retain(|left| !survey.partial.contains(left.path()));
        let root = &self.hands.root;
        if let Err(error) = root.sweep_temps(&leftovers, &self.hands.recovery) {
            let text = format!("a temporary file of an earlier run stays: {error}");
            (terms.sink)(Event::Notice(&text));
        }
        self.abandon(survey).await;
        if survey.all == 0 {
            return Ok(());
        }
        self.prepare(survey).await?;
        Box::pin(self.carry_out(judged)).await
    }

    /// Decides all items, some at a time. What was not looked at when a stop is wished is left out.
    async fn decide_all(&mut self, items: &Spill) -> Result<(Spill, Ends), Halt> {
        let mut decided = items.another();
        let mut ends = Ends::default();
        let mut entries = Entries::numbered(items, 0..items.len()).map_err(unreadable)?;
        loop {
            let batch: Result<Vec<Item>, _> = entries
                .by_ref()
                .take(BATCH)
                .map(|entry| Ok(pack::unpacked(&entry?)?.item))
                .collect();
            let mut batch = batch.map_err(unreadable)?;
            if batch.is_empty() || self.task.terms.stop.is_wished() {
                return Ok((decided, ends));
            }
            for item in &mut batch {
                item.readability = self.hands.readability(item.readability);
                if self.is_being_replaced(item) || self.ground == Ground::Baseless {
                    item.base = None;
                }
            }
            let batch = self.claim(batch).await?;
            let batch = self.decide(batch).await?;
            for one in &batch {
                ends.note(one);
            }
            planned::write(&mut decided, &batch)?;
        }
    }

    async fn decide(&mut self, items: Vec<Item>) -> Result<Vec<Decided>, Halt> {
        let looked = look::look(self.task, &self.hands, self.ground, items).await?;
        for (key, failure) in looked.failed {
            match failure {
                Failure::Remote(error) if error.is_fatal() => return Err(Halt::Remote(error)),
                failure => self.fail(&key, &failure),
            }
        }
        let (direction, reencode) = (self.task.map.direction, self.task.terms.reencode);
        let decided = looked.decided.into_iter().map(|one| {
            let one = self.own.recorded(one);
            let one = steer::steered(direction, one);
            steer::sent_anew(reencode, direction, one)
        });
        let mut decided = decided.collect();
        self.ask(&mut decided).await;
        Ok(decided)
    }

    fn fail(&mut self, key: &Key, failure: &Failure) {
        // Of each step that a stop has ended there is nothing to report.
        if matches!(failure, Failure::Interrupted) {
            return;
        }
        self.outcome.counts.failed += 1;
        (self.task.terms.sink)(Event::Failed {
            key,
            cause: failure,
        });
    }

    fn skip(&mut self, key: &Key, obstacle: &Obstacle) {
        self.outcome.counts.add_skipped(obstacle);
        (self.task.terms.sink)(Event::Skipped { key, obstacle });
    }

    async fn carry_out(&mut self, judged: Judged) -> Result<(), Halt> {
        let scribe = scribe::Scribe::start(
            self.task.map.id,
            self.hands.root.clone(),
            self.store.cloned(),
        );
        let result = self.rounds(judged, &scribe).await;
        self.tell_all_moves();
        let (recorded, written) = scribe.finish().await;
        self.outcome.recorded = recorded;
        // That the journal broke off is the cause, whatever the steps made of it.
        written.and(result)
    }

    async fn rounds(&mut self, judged: Judged, scribe: &scribe::Scribe) -> Result<(), Halt> {
        let mut judged = judged;
        for round in 1..=ROUNDS {
            let mut stale = Stale::new(self.spill(), round == ROUNDS);
            Box::pin(self.perform(judged, scribe, &mut stale)).await?;
            if stale.is_empty() || self.task.terms.stop.is_wished() {
                break;
            }
            judged = Box::pin(self.again(&stale)).await?;
        }
        Ok(())
    }

    /// Looks at stale keys anew and plans for them.
    async fn again(&mut self, stale: &Stale) -> Result<Judged, Halt> {
        let mut decided = self.spill();
        for start in (0..).step_by(BATCH) {
            let keys = stale.keys(start, BATCH as u64)?;
            if keys.is_empty() || self.task.terms.stop.is_wished() {
                break;
            }
            let mut items = Vec::with_capacity(keys.len());
            for key in keys {
                let base = self.base(&key).await;
                match look::observe(&self.hands, base, key.clone()).await {
                    Ok(item) => items.push(item),
                    Err(failure) => self.fail(&key, &failure),
                }
            }
            items.sort_by(|a, b| a.key.cmp(&b.key));
            let batch = self.decide(items).await?;
            planned::write(&mut decided, &batch)?;
        }
        let planned = Planned::unpaired(decided);
        let judged = self.survey(planned, &[]).await?;
        self.learn(&judged.survey).await?;
        Ok(judged)
    }

    /// What both sides agreed on before this run, as far as it is believed.
    async fn base(&self, key: &Key) -> Option<Box<Record>> {
        let record = match self.own.record(key) {
            _ if self.replaced.contains(key) => return None,
            Some(record) => record.clone(),
            None if self.ground == Ground::Baseless => return None,
            None => self.hands.known.find(key).await?,
        };
        Some(Box::new(self.task.terms.trust.weighed(record)))
    }

    /// A place for what would take too much memory.
    fn spill(&self) -> Spill {
        self.store
            .map_or_else(Spill::default, |store| sides::lock(store).spill())
    }
}
