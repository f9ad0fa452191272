//! Goes over a plan once before anything is done: counts it, reports what it leaves out, and lets the
//! guard judge it.

use super::planned::Planned;
use super::{Halt, Safety, Sync, Task};
use crate::event::Event;
use crate::format::journal::Upload;
use crate::guard::{Tally, hold_back, hold_replacements};
use crate::key::Key;
use crate::local::{Displaced, Leftover};
use crate::plan::{Obstacle, Plan, Step};
use crate::transfer::{goes_in_parts, partial_path};
use std::collections::HashSet;
use std::sync::Arc;

/// What is held back of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Nothing,
    Removals,
    Replacements,
    Both,
}

impl Hold {
    /// Takes what is held back out of a plan; gives the keys that are left alone for that.
    pub(super) fn take_from(self, plan: &mut Plan) -> Vec<Key> {
        if matches!(self, Self::Replacements | Self::Both) {
            hold_replacements(plan);
        }
        match self {
            Self::Nothing | Self::Replacements => Vec::new(),
            Self::Removals | Self::Both => hold_back(plan),
        }
    }
}

/// A plan that the guard has judged.
pub(super) struct Judged {
    pub(super) planned: Arc<Planned>,
    pub(super) hold: Hold,
    pub(super) survey: Survey,
}

/// What is in a plan.
#[derive(Debug, Clone, Default)]
pub(super) struct Survey {
    /// All steps.
    pub(super) all: usize,
    /// Steps that do more than to record something.
    pub(super) steps: usize,
    /// Bytes that they transfer, as far as known.
    pub(super) bytes: u64,
    pub(super) deletions: usize,
    pub(super) replacements: usize,
    pub(super) fetches: usize,
    pub(super) writes_remote: usize,
    pub(super) in_parts: usize,
    /// Paths of unfinished downloads that it carries on.
    pub(super) partial: HashSet<String>,
    /// Keys of unfinished uploads that it carries on.
    pub(super) resumed: HashSet<Key>,
}

/// What dead runs have left unfinished.
#[derive(Debug, Default)]
pub(super) struct Remains {
    partial: HashSet<String>,
    uploads: Vec<Upload>,
}

impl Survey {
    fn add(&mut self, plan: &Plan, remains: &Remains) {
        self.deletions += plan.deletions.len();
        self.replacements += plan.replacements.len();
        for step in plan.steps() {
            self.all += 1;
            self.steps += usize::from(step.recorded().is_none());
            self.bytes = self.bytes.saturating_add(step.transfer_bytes());
            let fetches = matches!(step, Step::Download { .. } | Step::KeepBoth { .. });
            self.fetches += usize::from(fetches);
            self.writes_remote += usize::from(step.writes_remote());
            self.in_parts += usize::from(goes_in_parts(step));
            if !remains.partial.is_empty() {
                let path = partial_path(step);
                let path = path.filter(|path| remains.partial.contains(path));
                self.partial.extend(path);
            }
            if let Step::Upload { key, local, .. } = step {
                let is_it = |begun: &Upload| begun.key == *key && begun.source == *local;
                if remains.uploads.iter().any(is_it) {
                    self.resumed.insert(key.clone());
                }
            }
        }
    }
}

impl Sync<'_> {
    /// Surveys a plan, with what dead runs have left.
    pub(super) async fn survey(
        &mut self,
        planned: Arc<Planned>,
        leftovers: &[Leftover],
    ) -> Result<Judged, Halt> {
        let remains = Remains {
            partial: leftovers
                .iter()
                .map(|left| left.path().to_owned())
                .collect(),
            uploads: self.hands.unfinished.all(),
        };
        let mut tally = Tally::default();
        let (mut whole, mut reduced) = (Survey::default(), Survey::default());
        let mut settled = false;
        let mut blocked = Vec::new();
        let mut names = self.asides.clone();
        for part in 0..planned.parts() {
            if self.task.terms.stop.is_wished() {
                break;
            }
            let mut drafted = self.draft(&planned, part, &mut names).await?;
            for (key, obstacle) in &drafted.skipped {
                self.skip(key, obstacle);
            }
            tally.add(&drafted.plan);
            settled |= !drafted.settled.is_empty();
            if self.store.is_none() {
                // There is nothing to record it in.
                for step in drafted.plan.records.drain(..) {
                    self.outcome.counts.add_step(&step);
                }
            }
            whole.add(&drafted.plan, &remains);
            blocked.extend(hold_back(&mut drafted.plan));
            reduced.add(&drafted.plan, &remains);
        }
        let hold = self.judge(tally);
        if matches!(hold, Hold::Removals | Hold::Both) {
            for key in blocked {
                self.skip(&key, &Obstacle::Held);
            }
        }
        let survey = match hold {
            Hold::Nothing => whole,
            Hold::Removals => reduced,
            Hold::Replacements | Hold::Both => self.survey_rest(&planned, hold, &remains).await?,
        };
        let judged = Judged {
            planned,
            hold,
            survey,
        };
        if settled {
            self.tell_settled(&judged).await?;
        }
        Ok(judged)
    }

    /// Reports what the guard holds back.
    fn judge(&mut self, tally: Tally) -> Hold {
        let Task { map, terms, .. } = self.task;
        if terms.safety != Safety::Heeded {
            return Hold::Nothing;
        }
        let removals = tally.judge(self.known, &self.outcome.counts, terms.limit);
        let root = &self.hands.root;
        let replaced = root.displaced(Displaced::Replaced) + root.displaced(Displaced::Conflict);
        let replacements = map.max_replace.map_or(Ok(()), |limit| {
            tally.judge_replacements(self.known, replaced, limit)
        });
        for held in [removals, replacements].into_iter().filter_map(Result::err) {
            (terms.sink)(Event::Guarded(held));
            self.outcome.halt.get_or_insert(Halt::Guarded(held));
        }
        match (removals, replacements) {
            (Ok(()), Ok(())) => Hold::Nothing,
            (Err(_), Ok(())) => Hold::Removals,
            (Ok(()), Err(_)) => Hold::Replacements,
            (Err(_), Err(_)) => Hold::Both,
        }
    }

    /// Surveys what is left of a plan of which so much is held back.
    async fn survey_rest(
        &mut self,
        planned: &Arc<Planned>,
        hold: Hold,
        remains: &Remains,
    ) -> Result<Survey, Halt> {
        let mut survey = Survey::default();
        let mut names = self.asides.clone();
        for part in 0..planned.parts() {
            let mut drafted = self.draft(planned, part, &mut names).await?;
            let _ = hold.take_from(&mut drafted.plan);
            survey.add(&drafted.plan, remains);
        }
        Ok(survey)
    }

    /// Tells of the conflicts whose steps the guard has left in the plan.
    async fn tell_settled(&mut self, judged: &Judged) -> Result<(), Halt> {
        let mut names = self.asides.clone();
        for part in 0..judged.planned.parts() {
            let mut drafted = self.draft(&judged.planned, part, &mut names).await?;
            let _ = judged.hold.take_from(&mut drafted.plan);
            let left: HashSet<_> = drafted.plan.steps().map(Step::key).collect();
            for (key, settlement) in &drafted.settled {
                if left.contains(key) {
                    self.outcome.counts.conflicts += 1;
                    (self.task.terms.sink)(Event::Settled {
                        key,
                        settlement: *settlement,
                    });
                }
            }
        }
        Ok(())
    }
}
