//! Carries out a plan, phase by phase, so many steps at a time.
//!
//! Promises: of a move the old object is removed only when its copy is recorded for good.

use super::scribe::Scribe;
use super::{Halt, Sync};
use crate::event::Event;
use crate::key::Key;
use crate::plan::{Plan, Receipt, Step};
use crate::remote::MOST_DELETES;
use crate::state::Change;
use crate::transfer::{Failure, Hands};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Keys whose sides were not what their step expected.
pub(super) type Stale = Vec<(Key, Failure)>;

type Ended = (Step, Result<Receipt, Failure>);

/// What one job does.
enum Job {
    /// Carries out a step.
    Whole(Step),
    /// Removes the objects of removals, and the old ones of moves whose copies are made.
    Removals(Vec<Step>),
}

impl Job {
    async fn run(self, hands: Arc<Hands>) -> Vec<Ended> {
        match self {
            Self::Whole(step) => {
                let result = hands.carry_out(&step).await;
                vec![(step, result)]
            }
            Self::Removals(steps) => {
                let removed = hands.remove_objects(&steps).await;
                let receipt = |step: &Step| vec![Change::Remove(ended_key(step).clone())];
                let ended = steps.into_iter().zip(removed).map(|(step, removed)| {
                    let result = removed.map(|()| receipt(&step));
                    (step, result)
                });
                ended.collect()
            }
        }
    }
}

fn broken_off() -> Halt {
    Halt::Internal("the journal broke off".to_owned())
}

/// The key that a removal, or a move, ends.
fn ended_key(step: &Step) -> &Key {
    step.old_key().unwrap_or(step.key())
}

/// How far a phase takes the moves in the bucket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    First,
    Second,
}

impl Sync<'_> {
    /// Carries out a plan; what is stale is given back to be decided anew.
    pub(super) async fn perform(&mut self, plan: Plan, scribe: &Scribe) -> Result<Stale, Halt> {
        let mut stale = Stale::new();
        let Plan {
            records,
            clearing,
            transfers,
            deletions,
            replacements,
        } = plan;
        self.record(records, scribe).await?;
        let transfers = self.spelled(transfers, &mut stale).await?;
        let mut copied = Vec::new();
        for steps in [clearing, transfers] {
            let jobs = steps.into_iter().map(Job::Whole).collect();
            copied.extend(self.phase(jobs, Half::First, scribe, &mut stale).await?);
        }
        if !copied.is_empty() && scribe.settle().await.is_err() {
            return Err(broken_off());
        }
        let jobs = self.removals(deletions, copied);
        self.phase(jobs, Half::Second, scribe, &mut stale).await?;
        let jobs = replacements.into_iter().map(Job::Whole).collect();
        self.phase(jobs, Half::First, scribe, &mut stale).await?;
        Ok(stale)
    }

    /// Does what changes records only, and waits for nothing.
    async fn record(&mut self, steps: Vec<Step>, scribe: &Scribe) -> Result<(), Halt> {
        for step in steps {
            if self.task.terms.stop.is_wished() {
                break;
            }
            let receipt = step.recorded().into_iter().collect();
            scribe.write(receipt).await.map_err(|()| broken_off())?;
            self.tell_done(&step);
        }
        Ok(())
    }

    /// Takes out the downloads to new names that lead to a file of another name, so that nothing is
    /// fetched for them.
    async fn spelled(&mut self, steps: Vec<Step>, stale: &mut Stale) -> Result<Vec<Step>, Halt> {
        let root = self.hands.root.clone();
        let checking = tokio::task::spawn_blocking(move || {
            let mut spelled = steps;
            let mut refused = Vec::new();
            spelled.retain(|step| {
                let Step::Download {
                    key, over: None, ..
                } = step
                else {
                    return true;
                };
                let checked = root.check_spelling(key);
                let is_spelled = checked.is_ok();
                refused.extend(checked.err().map(|error| (step.clone(), error)));
                is_spelled
            });
            (spelled, refused)
        });
        let checked = checking.await;
        let (spelled, refused) = checked.map_err(|error| Halt::Internal(error.to_string()))?;
        for (step, error) in refused {
            // Looking makes no failure that ends the map.
            drop(self.note(&step, Half::First, Failure::Local(error), stale));
        }
        Ok(spelled)
    }

    /// The jobs of all removals: those in the bucket go together where its server is able to.
    fn removals(&self, deletions: Vec<Step>, copied: Vec<Step>) -> Vec<Job> {
        let most = if self.hands.removes_many() {
            MOST_DELETES
        } else {
            1
        };
        let mut jobs: Vec<Job> = Vec::new();
        // Where the last batch stands: each at the place of its first step.
        let mut last = None;
        for step in deletions.into_iter().chain(copied) {
            if matches!(step, Step::DeleteLocal { .. }) {
                jobs.push(Job::Whole(step));
                continue;
            }
            match last.and_then(|at: usize| jobs.get_mut(at)) {
                Some(Job::Removals(steps)) if steps.len() < most => steps.push(step),
                _ => {
                    last = Some(jobs.len());
                    jobs.push(Job::Removals(vec![step]));
                }
            }
        }
        jobs
    }

    /// Does jobs; gives the moves in the bucket of which the copy is made and the rest is to do.
    async fn phase(
        &mut self,
        jobs: Vec<Job>,
        half: Half,
        scribe: &Scribe,
        stale: &mut Stale,
    ) -> Result<Vec<Step>, Halt> {
        let mut running: JoinSet<Vec<Ended>> = JoinSet::new();
        let mut jobs = jobs.into_iter();
        let mut copied = Vec::new();
        let mut fatal = None;
        loop {
            let may_start = fatal.is_none() && !self.task.terms.stop.is_wished();
            while may_start
                && running.len() < self.pace.limit().min(self.task.terms.share.steps())
                && let Some(job) = jobs.next()
            {
                running.spawn(job.run(Arc::clone(&self.hands)));
            }
            if jobs.as_slice().is_empty() {
                self.pace.runs_dry();
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            let throttled = self.hands.remote.throttled();
            for (step, result) in ended.map_err(|error| Halt::Internal(error.to_string()))? {
                let (now, bytes) = (self.begun.elapsed(), step.transfer_bytes());
                self.pace.ended(now, bytes, throttled);
                match result {
                    Ok(receipt) => {
                        if scribe.write(receipt).await.is_err() {
                            fatal.get_or_insert(broken_off());
                        }
                        if half == Half::First && matches!(step, Step::MoveRemote { .. }) {
                            copied.push(step);
                        } else {
                            self.tell_done(&step);
                        }
                    }
                    Err(failure) => {
                        let ends = self.note(&step, half, failure, stale);
                        if ends.is_some() {
                            fatal = ends;
                            break;
                        }
                    }
                }
            }
        }
        fatal.map_or(Ok(copied), Err)
    }

    fn tell_done(&mut self, step: &Step) {
        (self.task.terms.sink)(Event::Done(step, self.why(step)));
        self.outcome.counts.add_step(step);
        self.moved.extend(self.names(step));
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
                stale.push((from.clone(), Failure::Stale));
                stale.push((step.key().clone(), failure));
            }
            _ if failure.is_stale() => stale.push((ended_key(step).clone(), failure)),
            _ => self.fail(&ended_key(step).clone(), &failure),
        }
        None
    }
}
