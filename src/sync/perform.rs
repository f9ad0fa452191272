//! Carries out a plan, phase by phase, so many steps at a time.

use super::scribe::Scribe;
use super::{Halt, Sync};
use crate::event::Event;
use crate::key::Key;
use crate::plan::{Plan, Receipt, Step};
use crate::transfer::Failure;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Keys whose sides were not what their step expected.
pub(super) type Stale = Vec<(Key, Failure)>;

type Ended = (Step, Result<Receipt, Failure>);

impl Sync<'_> {
    /// Carries out a plan; what is stale is given back to be decided anew.
    pub(super) async fn perform(&mut self, plan: Plan, scribe: &Scribe) -> Result<Stale, Halt> {
        let mut stale = Stale::new();
        for phase in plan.into_phases() {
            self.phase(phase, scribe, &mut stale).await?;
        }
        Ok(stale)
    }

    async fn phase(
        &mut self,
        steps: Vec<Step>,
        scribe: &Scribe,
        stale: &mut Stale,
    ) -> Result<(), Halt> {
        let mut running: JoinSet<Ended> = JoinSet::new();
        let mut steps = steps.into_iter();
        let mut fatal = None;
        loop {
            let may_start = fatal.is_none() && !self.task.terms.stop.is_wished();
            while may_start
                && running.len() < self.pace.limit()
                && let Some(step) = steps.next()
            {
                let hands = Arc::clone(&self.hands);
                running.spawn(async move {
                    let result = hands.carry_out(&step).await;
                    (step, result)
                });
            }
            if steps.as_slice().is_empty() {
                self.pace.runs_dry();
            }
            let Some(ended) = running.join_next().await else {
                break;
            };
            let (step, result) = ended.map_err(|error| Halt::Internal(error.to_string()))?;
            let throttled = self.hands.remote.throttled();
            self.pace
                .ended(self.begun.elapsed(), step.transfer_bytes(), throttled);
            match result {
                Ok(receipt) => {
                    (self.task.terms.sink)(Event::Done(&step, self.why(&step)));
                    self.outcome.counts.add_step(&step);
                    if scribe.write(receipt).await.is_err() {
                        fatal.get_or_insert(Halt::Internal("the journal broke off".to_owned()));
                    }
                }
                Err(failure) => fatal = self.note(&step, failure, stale).or(fatal),
            }
        }
        fatal.map_or(Ok(()), Err)
    }

    /// Notes a failed step; gives the reason to end the map, if it is one.
    fn note(&mut self, step: &Step, failure: Failure, stale: &mut Stale) -> Option<Halt> {
        if failure.is_fatal()
            && let Failure::Remote(error) = failure
        {
            return Some(Halt::Remote(error));
        }
        if matches!(failure, Failure::Interrupted) {
            return None;
        }
        if failure.is_stale() {
            stale.push((step.key().clone(), failure));
        } else {
            self.fail(step.key(), &failure);
        }
        None
    }
}
