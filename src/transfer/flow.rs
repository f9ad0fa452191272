//! What bounds the bytes in flight: how many at a time, and how many a second.

use super::Failure;
use super::buffers::Buffers;
use crate::stop::Stop;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Bytes in flight over all transfers.
pub(super) const BUDGET_BYTES: u64 = 48 * crate::digest::MIB;
/// What one permit of the budget stands for.
const PERMIT_BYTES: u64 = 64 * 1024;

/// The budget of all bytes in flight, the buffers they are in, and how fast they may go.
pub struct Flow {
    pub(super) budget: Arc<Semaphore>,
    pub(super) buffers: Buffers,
    /// Turns at the work that a core is busy with: more at a time would only take more memory.
    pub(super) turns: Semaphore,
    pace: Option<Mutex<Faucet>>,
}

/// Lets so many bytes a second through, whoever they are from.
struct Faucet {
    bytes_per_s: NonZeroU64,
    /// When the next bytes may go.
    next: Instant,
}

impl Flow {
    /// A flow of at most so many bytes a second, up and down together; `None` for no limit.
    #[must_use]
    pub fn limited(bytes_per_s: Option<NonZeroU64>) -> Self {
        let permits = usize::try_from(BUDGET_BYTES / PERMIT_BYTES).unwrap_or(1);
        Self {
            budget: Arc::new(Semaphore::new(permits)),
            buffers: Buffers::default(),
            turns: Semaphore::new(available_parallelism().map_or(2, NonZeroUsize::get)),
            pace: bytes_per_s.map(|bytes_per_s| {
                Mutex::new(Faucet {
                    bytes_per_s,
                    next: Instant::now(),
                })
            }),
        }
    }

    /// Permits of the budget for `bytes`; never more than there are.
    pub(super) fn permits(bytes: u64) -> u32 {
        let permits = bytes.clamp(1, BUDGET_BYTES).div_ceil(PERMIT_BYTES);
        u32::try_from(permits).unwrap_or(u32::MAX)
    }

    /// Waits until `bytes` may go by the limit.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] where the end is wished for meanwhile: at a low limit the turn of
    /// what is already in line may be minutes away.
    pub(super) async fn pass(&self, bytes: u64, stop: &Stop) -> Result<(), Failure> {
        let Some(pace) = &self.pace else {
            return Ok(());
        };
        let turn = {
            let mut faucet = pace.lock().unwrap_or_else(PoisonError::into_inner);
            faucet.turn(bytes, Instant::now())
        };
        let waited = stop.race(tokio::time::sleep_until(turn)).await;
        waited.ok_or(Failure::Interrupted)
    }
}

impl Faucet {
    /// When `bytes` may begin to go. What comes after them waits until they are through.
    fn turn(&mut self, bytes: u64, now: Instant) -> Instant {
        let turn = self.next.max(now);
        let rate = u128::from(self.bytes_per_s.get());
        let ns = u128::from(bytes) * 1_000_000_000 / rate;
        self.next = turn + Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX / 2));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_turn_heeds_the_wish_to_stop() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let (flow, stop) = (Flow::limited(NonZeroU64::new(1)), Stop::default());
        runtime.block_on(async {
            assert!(flow.pass(3600, &stop).await.is_ok());
            let begun = Instant::now();
            let wish = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                stop.wish();
            };
            let (passed, ()) = tokio::join!(flow.pass(1, &stop), wish);
            assert!(matches!(passed, Err(Failure::Interrupted)));
            assert!(begun.elapsed() < Duration::from_mins(1));
        });
    }

    #[test]
    fn bytes_wait_for_those_before_them() {
        let now = Instant::now();
        let mut faucet = Faucet {
            bytes_per_s: NonZeroU64::new(1000).unwrap(),
            next: now,
        };
        assert_eq!(faucet.turn(500, now), now);
        assert_eq!(faucet.turn(1000, now) - now, Duration::from_millis(500));
        assert_eq!(faucet.turn(1, now) - now, Duration::from_millis(1500));
        let later = now + Duration::from_mins(1);
        assert_eq!(
            faucet.turn(1, later),
            later,
            "what was not used is not saved up"
        );
    }
}
