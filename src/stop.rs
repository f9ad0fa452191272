//! The request to stop: one flag that everything that waits is raced against.

use std::sync::Arc;
use tokio::sync::watch;

/// The request to stop a run. Clones share it; once made it is never taken back.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Requests the stop, and wakes all who wait for it.
    pub fn wish(&self) {
        self.0.send_replace(true);
    }

    /// Returns true once the stop was requested. For loops that do not wait.
    #[must_use]
    pub fn is_wished(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the request to stop.
    pub async fn wished(&self) {
        // Fails only without a sender, and `self` is one.
        let _ = self.0.subscribe().wait_for(|is_wished| *is_wished).await;
    }

    /// Runs `work` until it ends or the stop is requested; `None` if the stop came first. The work
    /// is dropped then.
    pub async fn race<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.wished() => None,
            done = work => Some(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn run<T>(work: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.build().unwrap().block_on(work)
    }

    #[test]
    fn what_waits_for_ever_ends_when_the_stop_is_requested() {
        let stop = Stop::default();
        let (raced, ()) =
            run(async { tokio::join!(stop.race(pending::<()>()), async { stop.wish() }) });
        assert_eq!(raced, None);
        assert!(stop.is_wished());
    }

    #[test]
    fn a_stop_that_was_requested_before_ends_what_begins_later() {
        let stop = Stop::default();
        stop.clone().wish();
        assert_eq!(run(stop.race(ready(1))), None);
    }

    #[test]
    fn work_ends_as_ever_while_no_stop_is_requested() {
        assert_eq!(run(Stop::default().race(ready(1))), Some(1));
    }
}
