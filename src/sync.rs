//! The story of one map's run: read both sides, join them with the base, decide, plan, carry out.
//!
//! Nothing flows back up: a stale step is not repaired but looked at anew in a further round.

mod archive;
mod ask;
mod each;
mod halt;
mod hands;
mod join;
mod look;
mod pace;
mod pair;
mod perform;
mod prepare;
mod scribe;
mod share;
mod sides;
mod stand;
mod steer;
mod streams;
mod task;
#[cfg(test)]
mod tests_hands;
#[cfg(test)]
mod tests_laws;
#[cfg(test)]
mod tests_model;
mod verify;

use crate::draft::{Asides, Decided, Draft, draft};
use crate::event::{Counts, Event};
use crate::guard::{hold_back, judge_plan};
use crate::key::Key;
use crate::local::Root;
use crate::plan::{Clash, Item, Obstacle, Plan, Step};
use crate::reconcile::{Ground, Settlement, Why, why};
use crate::state::{Capabilities, Direction, Record, RootId};
use crate::store::Store;
use crate::transfer::{Failure, Hands, partial_path};
pub use archive::{Cold, Frozen, Wish, archived, ask};
pub use ask::{Contents, Dispute, Person, Ruling, Version};
pub use each::each;
pub use halt::Halt;
pub use join::{Broken, Joined, Scope, Trust, join};
pub use share::{Share, Shares};
pub use stand::{Generation, Standing, confirm, stand};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;
pub use streams::{Received, Sender, Unheard, stream};
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
        Err(halt) => return Outcome::halted(halt),
    };
    if let Err(halt) = run.go().await {
        run.outcome.halt.get_or_insert(halt);
    }
    run.outcome
}

struct Sync<'a> {
    task: &'a Task,
    store: Option<&'a Arc<Mutex<Store>>>,
    hands: Arc<Hands>,
    ground: Ground,
    /// Records of the keys under work, for a further round.
    bases: HashMap<Key, Box<Record>>,
    /// What removals are measured by: records that are not left out of this run, or where it goes
    /// one way, what the side has from which they would be.
    records: u64,
    asides: Asides,
    pace: pace::Pace,
    begun: Instant,
    /// What got another name.
    moved: Vec<((Key, Key), Why)>,
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
        let hands = hands::hands(task, root, store).await?;
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
            ground: standing.ground(),
            bases: HashMap::new(),
            records: 0,
            asides: Asides::new(tag, &map.prefix),
            pace: pace::Pace::of(terms.jobs),
            begun: Instant::now(),
            moved: Vec::new(),
            outcome,
        })
    }

    async fn go(&mut self) -> Result<(), Halt> {
        let terms = &self.task.terms;
        let read = sides::read(self.task, &self.hands, self.ground, self.store).await?;
        if terms.stop.is_wished() {
            return Ok(());
        }
        let mut joined = read.joined;
        for item in &mut joined.items {
            item.readability = self.hands.readability(item.readability);
        }
        let based = joined
            .items
            .iter()
            .filter_map(|item| Some((item.key.clone(), item.base.clone()?)));
        self.bases = based.collect();
        let counts = &mut self.outcome.counts;
        counts.scanned = joined.scanned;
        counts.listed = joined.listed;
        counts.unchanged_by_state = joined.unchanged;
        counts.ignored = joined.ignored;
        counts.skipped += joined.hidden.len() as u64;
        for (name, why) in &joined.hidden {
            (terms.sink)(Event::Hidden { name, why });
        }
        let decided = self.decide(joined.items).await?;
        let paired = self.pair(decided, &joined.clashes).await?;
        let mut draft = self.draft(paired.rest, &joined.clashes);
        // Before all that creates, so that what is told of them together is done together.
        draft.plan.transfers.splice(..0, paired.moves);
        self.records = match self.task.map.direction {
            Direction::Both => joined.records,
            Direction::Push | Direction::PushMirror => joined.objects,
            Direction::Pull | Direction::PullMirror => joined.files,
        };
        let plan = self.judge(draft);
        (terms.sink)(Event::Planned {
            steps: plan
                .steps()
                .filter(|step| !matches!(step, Step::Adopt(_) | Step::Forget(_)))
                .count(),
            bytes: plan.steps().map(Step::transfer_bytes).sum(),
        });
        if terms.mode == Mode::DryRun {
            for step in plan.steps() {
                (terms.sink)(Event::Would(step, self.why(step)));
                self.outcome.counts.add_step(step);
            }
            let moves: Vec<_> = plan.steps().filter_map(|step| self.names(step)).collect();
            self.tell_moves(&moves);
            return Ok(());
        }
        let mut leftovers = read.leftovers;
        if !leftovers.is_empty() {
            let carried_on: HashSet<_> = plan.steps().filter_map(partial_path).collect();
            leftovers.retain(|left| !carried_on.contains(left.path()));
        }
        let root = &self.hands.root;
        if let Err(error) = root.sweep_temps(&leftovers, &self.hands.recovery) {
            let text = format!("a temporary file of an earlier run stays: {error}");
            (terms.sink)(Event::Notice(&text));
        }
        self.abandon(&plan).await;
        if plan.is_empty() {
            return Ok(());
        }
        self.remember()?;
        self.prepare(&plan).await?;
        self.carry_out(plan).await
    }

    async fn decide(&mut self, items: Vec<Item>) -> Result<Vec<Decided>, Halt> {
        let looked = look::look(self.task, &self.hands, self.ground, items).await?;
        for (key, failure) in looked.failed {
            self.fail(&key, &failure);
        }
        let (direction, reencode) = (self.task.map.direction, self.task.terms.reencode);
        let decided = looked.decided.into_iter().map(|one| {
            let one = steer::steered(direction, one);
            steer::sent_anew(reencode, direction, one)
        });
        let mut decided = decided.collect();
        self.ask(&mut decided).await;
        Ok(decided)
    }

    fn draft(&mut self, decided: Vec<Decided>, clashes: &[Clash]) -> Draft {
        draft(decided, clashes, self.task.map.direction, &mut self.asides)
    }

    /// Tells what a draft leaves out, and holds its removals back where there are too many.
    fn judge(&mut self, draft: Draft) -> Plan {
        let Draft {
            mut plan,
            skipped,
            settled,
        } = draft;
        let terms = &self.task.terms;
        for (key, obstacle) in &skipped {
            self.skip(key, obstacle);
        }
        if let Err(held) = judge_plan(&plan, self.records, &self.outcome.counts, terms.limit)
            && terms.safety == Safety::Heeded
        {
            (terms.sink)(Event::Guarded(held));
            self.outcome.halt = Some(Halt::Guarded(held));
            for key in hold_back(&mut plan) {
                self.skip(&key, &Obstacle::Held);
            }
        }
        self.tell_settled(&plan, &settled);
        if self.store.is_none() {
            // There is nothing to record it in.
            for step in plan.records.drain(..) {
                self.outcome.counts.add_step(&step);
            }
        }
        plan
    }

    /// Tells of the conflicts whose steps the guard has left in the plan.
    fn tell_settled(&mut self, plan: &Plan, settled: &[(Key, Settlement)]) {
        if settled.is_empty() {
            return;
        }
        let left: HashSet<_> = plan.steps().map(Step::key).collect();
        for (key, settlement) in settled.iter().filter(|(key, _)| left.contains(key)) {
            self.outcome.counts.conflicts += 1;
            (self.task.terms.sink)(Event::Settled {
                key,
                settlement: *settlement,
            });
        }
    }

    fn why(&self, step: &Step) -> Why {
        let base = self.bases.get(step.key()).map(|base| &**base);
        why(step, base, self.task.map.direction)
    }

    fn fail(&mut self, key: &Key, failure: &Failure) {
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

    async fn carry_out(&mut self, plan: Plan) -> Result<(), Halt> {
        let scribe = scribe::Scribe::start(
            self.task.map.id,
            self.hands.root.clone(),
            self.store.cloned(),
        );
        let mut plan = plan;
        let mut result = Ok(());
        for round in 1..=ROUNDS {
            let done = self.perform(plan, &scribe).await;
            let stale = match done {
                Ok(stale) => stale,
                Err(halt) => {
                    result = Err(halt);
                    break;
                }
            };
            if stale.is_empty() || self.task.terms.stop.is_wished() {
                break;
            }
            if round == ROUNDS {
                for (key, failure) in stale {
                    self.fail(&key, &failure);
                }
                break;
            }
            match self.again(stale).await {
                Ok(next) => plan = next,
                Err(halt) => {
                    result = Err(halt);
                    break;
                }
            }
        }
        self.tell_moves(&self.moved);
        let (recorded, written) = scribe.finish().await;
        self.outcome.recorded = recorded;
        // That the journal broke off is the cause, whatever the steps made of it.
        written.and(result)
    }

    /// Looks at stale keys anew and plans for them.
    async fn again(&mut self, stale: perform::Stale) -> Result<Plan, Halt> {
        let mut items = Vec::with_capacity(stale.len());
        for (key, _) in stale {
            let base = self.bases.get(&key).cloned();
            match look::observe(&self.hands, base, key.clone()).await {
                Ok(item) => items.push(item),
                Err(failure) => self.fail(&key, &failure),
            }
        }
        items.sort_by(|a, b| a.key.cmp(&b.key));
        let decided = self.decide(items).await?;
        let draft = self.draft(decided, &[]);
        let plan = self.judge(draft);
        self.learn(&plan).await?;
        Ok(plan)
    }
}
