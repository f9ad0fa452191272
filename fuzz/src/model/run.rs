//! One run of a machine (`src/sync.rs`): read both sides, decide, plan, carry out, and look anew at
//! what was stale.

use super::hands::Failure;
use super::laws;
use super::sight::{Sides, View};
use super::turn::{Pace, go};
use super::world::World;
use super::{PREFIX, ROUNDS};
use s3_bsync::draft::{Asides, Draft};
use s3_bsync::event::Counts;
use s3_bsync::guard::{Limit, Population, hold_back, judge_plan};
use s3_bsync::key::Key;
use s3_bsync::plan::{Item, Loser, Plan, Readability, Receipt, Step};
use s3_bsync::reconcile::Ground;
use s3_bsync::state::{ConflictPolicy, Record};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// The phase of deletions, among those of a plan.
const DELETIONS: usize = 3;

/// Whether somebody else changes what a run works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    Alone,
    Others,
}

/// Whether what is gone and what is new are paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renames {
    Paired,
    Decomposed,
}

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Terms {
    pub policy: ConflictPolicy,
    pub limit: Limit,
    /// Whether no run has come to its end before: a key without a record has no ground.
    pub is_first: bool,
    pub is_forced: bool,
    /// The order of steps within their phases.
    pub order: u8,
    /// Steps at a time.
    pub jobs: usize,
    /// Where the listing and the scan are interrupted.
    pub cut: Option<Key>,
    pub renames: Renames,
    pub company: Company,
}

/// A run.
pub struct Work<'a> {
    pub(super) world: &'a RefCell<World>,
    pub(super) who: usize,
    pub(super) pace: &'a Pace,
    pub(super) terms: Terms,
    pub(super) ground: Ground,
    /// When it began.
    pub(super) begun: u64,
    asides: RefCell<Asides>,
    counts: RefCell<Counts>,
    records: Cell<u64>,
    /// Steps begun.
    steps: Cell<u8>,
}

/// What a run sees and makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub sides: Sides,
    pub view: View,
    pub draft: Draft,
    /// Records of the keys under work, for a further round.
    bases: BTreeMap<Key, Box<Record>>,
}

type Stepping<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Failure>> + 'a>>;
type Failed = Vec<(Key, Failure)>;

/// How far a phase takes the moves in the bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    First,
    Second,
}

impl<'a> Work<'a> {
    /// A run of a machine that `tag` tells from all others.
    pub fn new(
        world: &'a RefCell<World>,
        who: usize,
        pace: &'a Pace,
        terms: Terms,
        tag: u32,
    ) -> Self {
        let ground = world.borrow().machines[who].ground();
        world.borrow_mut().machines[who].receipts.clear();
        Self {
            world,
            who,
            pace,
            terms,
            ground,
            begun: world.borrow_mut().fresh(),
            asides: RefCell::new(Asides::new(
                format!("conflict-20261121T022529Z-{tag:07}{who}"),
                PREFIX,
            )),
            counts: RefCell::default(),
            records: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// The whole run; gives how many keys it leaves alone.
    pub async fn go(self) -> usize {
        let Some(mut planned) = self.plan().await else {
            return 0;
        };
        let skipped = planned.draft.skipped.len();
        let draft = &mut planned.draft;
        let plan = std::mem::take(&mut draft.plan);
        let plan = self.guarded(plan, planned.view.records);
        let failed = self.carry_out(plan).await;
        self.rounds(failed, &planned).await;
        self.world.borrow_mut().machines[self.who].found_ground();
        skipped
    }

    /// Reads both sides and plans. `None` where the listing fails.
    pub async fn plan(&self) -> Option<Planned> {
        let sides = self.read_sides().await?;
        let mut view = View::of(&self.world.borrow().machines[self.who], &sides);
        let bases = view
            .items
            .iter()
            .filter_map(|item| Some((item.key.clone(), item.base.clone()?)))
            .collect();
        laws::of_view(&self.world.borrow().machines[self.who], &sides, &view);
        let mut asides = self.asides.borrow().clone();
        let draft = self.draft(&mut view, &mut asides).await;
        *self.asides.borrow_mut() = asides;
        let planned = Planned {
            sides,
            view,
            draft,
            bases,
        };
        laws::of_draft(&planned.view, &planned.draft);
        Some(planned)
    }

    /// The plan without its removals, where there are too many.
    pub fn guarded(&self, mut plan: Plan, records: u64) -> Plan {
        self.records.set(records);
        let judged = laws::of_guard(&mut plan.clone(), records, self.terms.limit);
        if judged.is_err() && !self.terms.is_forced {
            let _ = laws::of_guard(&mut plan, records, self.terms.limit);
        }
        plan
    }

    /// Further rounds, in which stale keys are looked at anew.
    pub async fn rounds(&self, mut failed: Failed, planned: &Planned) {
        for _ in 1..ROUNDS {
            let failed_now = std::mem::take(&mut failed).into_iter();
            let stale: BTreeSet<Key> = failed_now
                .filter(|(_, failure)| *failure == Failure::Stale)
                .map(|(key, _)| key)
                .collect();
            if stale.is_empty() {
                break;
            }
            let mut items = Vec::new();
            for key in stale {
                let base = planned.bases.get(&key).cloned();
                let item = Item {
                    key,
                    base,
                    local: None,
                    remote: None,
                    readability: Readability::default(),
                    class: None,
                };
                items.extend(self.observe(item).await);
            }
            let mut view = View::again(items);
            let mut asides = self.asides.borrow().clone();
            let draft = self.draft(&mut view, &mut asides).await;
            *self.asides.borrow_mut() = asides;
            laws::of_draft(&view, &draft);
            let mut plan = draft.plan;
            let counts = *self.counts.borrow();
            let known = Population {
                files: self.records.get(),
                rule_files: 0,
            };
            let judged = judge_plan(&plan, known, &counts, self.terms.limit);
            if judged.is_err() && !self.terms.is_forced {
                let _ = hold_back(&mut plan);
            }
            failed = self.carry_out(plan).await;
        }
    }

    /// Carries out a plan, phase by phase; gives what failed.
    pub async fn carry_out(&self, plan: Plan) -> Failed {
        let mut failed = Failed::new();
        let mut copied = Vec::new();
        for (at, mut phase) in plan.into_phases().into_iter().enumerate() {
            let half = if at == DELETIONS {
                // Of a move the old object is removed only when its copy is recorded for good.
                if !copied.is_empty() {
                    self.world.borrow_mut().machines[self.who].receipts.clear();
                }
                phase.append(&mut copied);
                Half::Second
            } else {
                Half::First
            };
            self.phase(phase, half, &mut failed, &mut copied).await;
        }
        failed
    }

    /// Steps of one phase, so many at a time. A turn takes one of them one moment on.
    async fn phase(
        &self,
        mut waiting: Vec<Step>,
        half: Half,
        failed: &mut Failed,
        copied: &mut Vec<Step>,
    ) {
        let mut running: Vec<(Step, Stepping<'_>)> = Vec::new();
        let mut has_turn = false;
        poll_fn(|_| {
            loop {
                while running.len() < self.terms.jobs && !waiting.is_empty() {
                    let steps = self.steps.get();
                    let turn = usize::from(self.terms.order).wrapping_mul(usize::from(steps) + 1);
                    let step = waiting.swap_remove(turn % waiting.len());
                    self.steps.set(steps.saturating_add(1));
                    let mut stepping = self.begin(step.clone(), half);
                    match go(stepping.as_mut()) {
                        Poll::Ready(ended) => self.note(&step, half, ended, failed, copied),
                        Poll::Pending => running.push((step, stepping)),
                    }
                }
                if running.is_empty() {
                    return Poll::Ready(());
                }
                if !std::mem::take(&mut has_turn) {
                    has_turn = true;
                    return Poll::Pending;
                }
                let at = self.pace.pick.get() % running.len();
                if let Poll::Ready(ended) = go(running[at].1.as_mut()) {
                    let (step, _) = running.swap_remove(at);
                    self.note(&step, half, ended, failed, copied);
                }
            }
        })
        .await;
    }

    fn begin(&self, step: Step, half: Half) -> Stepping<'_> {
        Box::pin(async move {
            match (half, &step) {
                (Half::Second, Step::MoveRemote { source, .. }) => {
                    self.pace.turn(super::turn::Due::Step).await;
                    self.remove_object(&source.key, &source.remote, Loser::Discard)
                        .await
                }
                _ => self.step(&step).await,
            }
        })
    }

    fn note(
        &self,
        step: &Step,
        half: Half,
        ended: Result<Receipt, Failure>,
        failed: &mut Failed,
        copied: &mut Vec<Step>,
    ) {
        let is_move = matches!(step, Step::MoveRemote { .. });
        match (ended, step.old_key()) {
            (Ok(receipt), _) => {
                self.learn(receipt);
                if is_move && half == Half::First {
                    copied.push(step.clone());
                } else {
                    self.counts.borrow_mut().add_step(step);
                }
            }
            // What cannot be moved is looked at anew under both names.
            (Err(_), Some(old)) if half == Half::First => {
                failed.push((old.clone(), Failure::Stale));
                failed.push((step.key().clone(), Failure::Stale));
            }
            (Err(failure), old) => {
                failed.push((old.unwrap_or(step.key()).clone(), failure));
            }
        }
    }
}
