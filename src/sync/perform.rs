//! Carries out a plan, phase by phase, so many steps at a time.
//!
//! Promises: of a move the old object is removed only when its copy is recorded for good. What
//! removes begins when all that creates has ended. A step that takes long holds up no other: the
//! next part of the plan is begun while it is under way.

use super::jobs::{Ended, Feed, Half, Job, Phase, Stale, ended_key};
use super::planned::{Act, Planned};
use super::scribe::Scribe;
use super::survey::{Hold, Judged};
use super::{Halt, Sync};
use crate::event::Event;
use crate::key::Key;
use crate::plan::Step;
use crate::remote::{Kind, MOST_DELETES};
use crate::transfer::Failure;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Moves whose copies are made before their old objects are removed.
const MOST_COPIED: usize = 2 * MOST_DELETES;
/// Steps under way at a time from which on no job begins; only batches of removals have so many.
const MOST_UNDER_WAY: usize = 2 * MOST_DELETES;
/// How long steps under way may go on after a stop was requested.
const LAST_STEPS: Duration = Duration::from_millis(1_200);

/// Returns true if the server did not answer, or asked to slow down until the end.
fn is_unanswered(failure: &Failure) -> bool {
    match failure {
        Failure::Remote(error) => matches!(
            error.kind,
            Kind::Unreachable | Kind::Throttled | Kind::Unknown
        ),
        _ => false,
    }
}

fn broken_off() -> Halt {
    Halt::Internal("the journal broke off".to_owned())
}

impl Sync<'_> {
    /// Prints what carrying out a plan would do.
    pub(super) async fn rehearse(&mut self, judged: &Judged) -> Result<(), Halt> {
        for phase in [Phase::Creations, Phase::Deletions, Phase::Replacements] {
            for part in 0..judged.planned.parts() {
                if self.task.terms.stop.is_wished() {
                    return Ok(());
                }
                let phases = self.part(&judged.planned, part, judged.hold, phase).await?;
                for act in phases.into_iter().flatten() {
                    (self.task.terms.sink)(Event::Would(&act.step, act.why));
                    self.outcome.counts.add_step(&act.step);
                    self.fold(&act);
                }
            }
        }
        self.tell_all_moves();
        Ok(())
    }

    /// Carries out a plan; what is stale is given back to be decided anew.
    pub(super) async fn perform(
        &mut self,
        judged: Judged,
        scribe: &Scribe,
        stale: &mut Stale,
    ) -> Result<(), Halt> {
        let Judged {
            planned,
            hold,
            survey,
        } = judged;
        let mut copied = Vec::new();
        let feed = |phase, jobs, parts: bool| Feed {
            next: if parts { 0 } else { planned.parts() },
            planned: Arc::clone(&planned),
            hold,
            phase,
            jobs,
            after: VecDeque::new(),
        };
        let creations = feed(Phase::Creations, VecDeque::new(), true);
        self.phase(creations, &mut copied, scribe, stale).await?;
        if !copied.is_empty() && scribe.settle().await.is_err() {
            return Err(broken_off());
        }
        let has_deletions = survey.deletions > 0;
        let jobs = if has_deletions {
            VecDeque::new()
        } else {
            self.removals(std::mem::take(&mut copied).into_iter())
        };
        let deletions = feed(Phase::Deletions, jobs, has_deletions);
        self.phase(deletions, &mut copied, scribe, stale).await?;
        let replacements = feed(
            Phase::Replacements,
            VecDeque::new(),
            survey.replacements > 0,
        );
        self.phase(replacements, &mut copied, scribe, stale).await
    }

    /// The steps of one phase in a part of a plan: records, what goes first, what follows.
    async fn part(
        &mut self,
        planned: &Arc<Planned>,
        part: usize,
        hold: Hold,
        phase: Phase,
    ) -> Result<[Vec<Act>; 3], Halt> {
        let mut names = self.asides.clone();
        let drafted = self.draft(planned, part, &mut names).await?;
        if phase == Phase::Creations {
            self.asides = names;
        }
        let (mut plan, bases) = drafted.into_plan();
        let _ = hold.take_from(&mut plan);
        if self.store.is_none() {
            plan.records.clear();
        }
        let steps = match phase {
            Phase::Creations => [plan.records, plan.clearing, plan.transfers],
            Phase::Deletions => [Vec::new(), Vec::new(), plan.deletions],
            Phase::Replacements => [Vec::new(), Vec::new(), plan.replacements],
        };
        Ok(steps.map(|steps| {
            let acts = steps.into_iter().map(|step| self.act(&bases, step));
            acts.collect()
        }))
    }

    /// Gives a phase the jobs of the next part.
    async fn refill(
        &mut self,
        feed: &mut Feed,
        copied: &mut Vec<Act>,
        scribe: &Scribe,
        stale: &mut Stale,
    ) -> Result<(), Halt> {
        let part = feed.next;
        feed.next += 1;
        let phases = self.part(&feed.planned, part, feed.hold, feed.phase);
        let [records, first, then] = phases.await?;
        match feed.phase {
            Phase::Creations => {
                self.record(records, scribe).await?;
                let then = self.spelled(then, stale).await?;
                feed.jobs.extend(first.into_iter().map(Job::Whole));
                let then = then.into_iter().map(Job::Whole);
                if feed.jobs.is_empty() {
                    feed.jobs.extend(then);
                } else {
                    feed.after.extend(then);
                }
            }
            Phase::Deletions => {
                let copied = std::mem::take(copied);
                feed.jobs = self.removals(then.into_iter().chain(copied));
            }
            Phase::Replacements => feed.jobs.extend(then.into_iter().map(Job::Whole)),
        }
        Ok(())
    }

    /// Does what changes records only, and waits for nothing.
    async fn record(&mut self, acts: Vec<Act>, scribe: &Scribe) -> Result<(), Halt> {
        for act in acts {
            if self.task.terms.stop.is_wished() {
                break;
            }
            let receipt = act.step.recorded().into_iter().collect();
            scribe.write(receipt).await.map_err(|()| broken_off())?;
            self.tell_done(&act);
        }
        Ok(())
    }

    /// Takes out the downloads to new names that lead to a file of another name, so that nothing is
    /// fetched for them.
    async fn spelled(&mut self, acts: Vec<Act>, stale: &mut Stale) -> Result<Vec<Act>, Halt> {
        let root = self.hands.root.clone();
        let checking = tokio::task::spawn_blocking(move || {
            let mut spelled = Vec::with_capacity(acts.len());
            let mut refused = Vec::new();
            for act in acts {
                let checked = match &act.step {
                    Step::Download {
                        key, over: None, ..
                    } => root.check_spelling(key),
                    _ => Ok(()),
                };
                match checked {
                    Ok(()) => spelled.push(act),
                    Err(error) => refused.push((act, error)),
                }
            }
            (spelled, refused)
        });
        let checked = checking.await;
        let (spelled, refused) = checked.map_err(|error| Halt::Internal(error.to_string()))?;
        for (act, error) in refused {
            // Looking makes no failure that ends the map.
            drop(self.note(&act.step, Half::First, Failure::Local(error), stale));
        }
        Ok(spelled)
    }

    /// The jobs of all removals: those in the bucket go together where its server is able to.
    fn removals(&self, acts: impl Iterator<Item = Act>) -> VecDeque<Job> {
        let most = if self.hands.removes_many() {
            MOST_DELETES
        } else {
            1
        };
        let mut jobs: VecDeque<Job> = VecDeque::new();
        // Where the last batch stands: each at the place of its first step.
        let mut last = None;
        for act in acts {
            if matches!(act.step, Step::DeleteLocal { .. }) {
                jobs.push_back(Job::Whole(act));
                continue;
            }
            match last.and_then(|at: usize| jobs.get_mut(at)) {
                Some(Job::Removals(acts)) if acts.len() < most => acts.push(act),
                _ => {
                    last = Some(jobs.len());
                    jobs.push_back(Job::Removals(vec![act]));
                }
            }
        }
        jobs
    }

    /// Does jobs; adds the moves in the bucket of which the copy is made and the rest is to do.
    async fn phase(
        &mut self,
        mut feed: Feed,
        copied: &mut Vec<Act>,
        scribe: &Scribe,
        stale: &mut Stale,
    ) -> Result<(), Halt> {
        let mut running: JoinSet<(Half, Vec<Ended>)> = JoinSet::new();
        let mut under_way = 0;
        let mut fatal = None;
        // What waits for the server ends by itself when a stop is requested. What works on the disk
        // for longer is left as a crash would leave it.
        let stop = self.task.terms.stop.clone();
        let mut cut_off = pin!(async move {
            stop.wished().await;
            tokio::time::sleep(LAST_STEPS).await;
        });
        loop {
            while fatal.is_none()
                && !self.task.terms.stop.is_wished()
                && running.len() < self.pace.limit().min(self.task.terms.share.steps())
                && under_way < MOST_UNDER_WAY
            {
                if let Some(job) = feed.jobs.pop_front() {
                    under_way += job.steps();
                    running.spawn(job.run(Arc::clone(&self.hands)));
                } else if !feed.after.is_empty() {
                    if !running.is_empty() {
                        break;
                    }
                    feed.jobs = std::mem::take(&mut feed.after);
                } else if feed.is_over() {
                    break;
                } else if let Err(halt) =
                    Box::pin(self.refill(&mut feed, copied, scribe, stale)).await
                {
                    fatal = Some(halt);
                }
            }
            if feed.is_over() {
                self.pace.runs_dry();
            }
            let ended = tokio::select! {
                ended = running.join_next() => ended,
                () = &mut cut_off => break,
            };
            let Some(ended) = ended else {
                break;
            };
            let throttled = self.hands.remote.throttled();
            let (half, ended) = ended.map_err(|error| Halt::Internal(error.to_string()))?;
            under_way -= ended.len();
            for (act, result) in ended {
                let (now, bytes) = (self.begun.elapsed(), act.step.transfer_bytes());
                self.pace.ended(now, bytes, throttled);
                match result {
                    Ok(receipt) => {
                        if scribe.write(receipt).await.is_err() {
                            fatal.get_or_insert(broken_off());
                        }
                        if half == Half::First && matches!(act.step, Step::MoveRemote { .. }) {
                            copied.push(act);
                        } else {
                            self.tell_done(&act);
                        }
                    }
                    Err(failure) => {
                        let ends = self.note(&act.step, half, failure, stale);
                        if ends.is_some() {
                            fatal = ends;
                            break;
                        }
                    }
                }
            }
            if copied.len() >= MOST_COPIED && fatal.is_none() {
                if scribe.settle().await.is_err() {
                    fatal = Some(broken_off());
                }
                for job in self.removals(copied.drain(..)) {
                    feed.jobs.push_front(job);
                }
            }
        }
        if fatal.is_none() {
            self.tell_unanswered();
        }
        fatal.map_or(Ok(()), Err)
    }

    fn tell_done(&mut self, act: &Act) {
        self.tell_unanswered();
        (self.task.terms.sink)(Event::Done(&act.step, act.why));
        self.outcome.counts.add_step(&act.step);
        self.fold(act);
    }

    /// Notes a failed step; gives the reason to end the map, if it is one.
    fn note(
        &mut self,
        step: &Step,
        half: Half,
        failure: Failure,
        stale: &mut Stale,
    ) -> Option<Halt> {
        if failure.is_fatal()
            && let Failure::Remote(error) = failure
        {
            return Some(Halt::Remote(error));
        }
        if matches!(failure, Failure::Interrupted) {
            return None;
        }
        match (half, step.old_key()) {
            // What cannot be moved may still be sent, or fetched, and removed.
            (Half::First, Some(from)) => {
                self.note_stale(from, &Failure::Stale, stale);
                self.note_stale(step.key(), &failure, stale);
            }
            _ if failure.is_stale() => self.note_stale(ended_key(step), &failure, stale),
            _ if is_unanswered(&failure) => {
                self.unanswered.push((ended_key(step).clone(), failure));
            }
            _ => self.fail(ended_key(step), &failure),
        }
        None
    }

    fn note_stale(&mut self, key: &Key, failure: &Failure, stale: &mut Stale) {
        if !stale.is_last {
            stale.keys.push(key.as_bytes());
        } else if !self.task.terms.stop.is_wished() {
            self.fail(key, failure);
        }
    }

    /// Reports the steps that got no answer. That waits until another step has had one, or there is
    /// none left: if the whole bucket does not answer, that is the one thing to report.
    fn tell_unanswered(&mut self) {
        for (key, failure) in std::mem::take(&mut self.unanswered) {
            self.fail(&key, &failure);
        }
    }
}
