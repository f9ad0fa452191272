//! Asks again: one budget of repeats that all requests of a client share.
//!
//! The SDK repeats a failed attempt by itself within seconds. What still fails then is asked again
//! here, a few times and more slowly, and also what the SDK never repeats (409). The budget is
//! shared, so that a dead server costs a run a bounded time, whatever the number of keys.

use super::error::{Error, Passing};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Repeats a run may make in all.
const REPEATS_PER_RUN: u32 = 200;
/// Repeats of one request.
const REPEATS_PER_REQUEST: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is left of the repeats.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(REPEATS_PER_RUN))
    }

    /// Waits before a repeat, longer from repeat to repeat; `false` where the budget is used up.
    pub(super) async fn pause(&self, repeats: u32) -> bool {
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
        if taken.is_ok() {
            tokio::time::sleep(wait(repeats)).await;
        }
        taken.is_ok()
    }

    /// Runs `request` until it succeeds, fails for good or the repeats are used up.
    pub(super) async fn retry<T, F>(&self, mut request: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut repeats = 0;
        loop {
            let ended = request().await;
            let may_repeat = repeats < REPEATS_PER_REQUEST
                && matches!(&ended, Err(error) if error.passing != Passing::No);
            if !may_repeat || !self.pause(repeats).await {
                return ended;
            }
            repeats += 1;
        }
    }
}

/// Between half of the capped exponential wait and all of it.
fn wait(repeats: u32) -> Duration {
    let full = FIRST_WAIT
        .saturating_mul(4_u32.saturating_pow(repeats))
        .min(LONGEST_WAIT);
    let mut byte = [0_u8; 1];
    // Without randomness the wait is merely not spread.
    let _ = getrandom::fill(&mut byte);
    full / 2 + full / 2 * u32::from(byte[0]) / 255
}
