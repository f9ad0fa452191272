//! What bounds the bytes in flight: how many at a time, and how many a second.

use super::Failure;
use super::buffers::Buffers;
use crate::stop::Stop;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Bytes in flight over all transfers.
pub(super) const BUDGET_BYTES: u64 = 48 * crate::digest::MIB;
/// What one permit of the budget stands for.
const PERMIT_BYTES: u64 = 64 * 1024;

/// The budget of a map's bytes in flight, the buffers they are in, and how fast they may go.
pub struct Flow {
    pub(super) budget: Arc<Semaphore>,
    /// Permits that the budget has, those that are out included.
    permits: AtomicUsize,
    pub(super) buffers: Buffers,
    /// Turns at the work that a core is busy with: more at a time would only take more memory.
    pub(super) turns: Semaphore,
    pace: Option<Arc<Mutex<Faucet>>>,
}

/// Lets so many bytes a second through, whichever map they are of.
#[derive(Debug)]
struct Faucet {
    bytes_per_s: NonZeroU64,
    /// When the next bytes may go.
    next: Instant,
}

impl Flow {
    /// Flows of at most so many bytes a second together, up and down; `None` for no limit. They
    /// divide the budget of bytes in flight evenly, so that a flow whose server is silent leaves
    /// the others theirs.
    #[must_use]
    pub fn divided(flows: usize, bytes_per_s: Option<NonZeroU64>) -> Vec<Self> {
        let pace = bytes_per_s.map(|bytes_per_s| {
            Arc::new(Mutex::new(Faucet {
                bytes_per_s,
                next: Instant::now(),
            }))
        });
        let all = usize::try_from(BUDGET_BYTES / PERMIT_BYTES).unwrap_or(1);
        let permits = (all / flows.max(1)).max(1);
        let flow = |_| Self {
            budget: Arc::new(Semaphore::new(permits)),
            permits: AtomicUsize::new(permits),
            buffers: Buffers::default(),
            turns: Semaphore::new(available_parallelism().map_or(2, NonZeroUsize::get)),
            pace: pace.clone(),
        };
        (0..flows).map(flow).collect()
    }

    /// Permits of the budget for `bytes`; never more than there are.
    pub(super) fn permits(&self, bytes: u64) -> u32 {
        let permits = bytes.clamp(1, BUDGET_BYTES).div_ceil(PERMIT_BYTES);
        let most = self.permits.load(Ordering::Relaxed);
        u32::try_from(permits.min(most as u64)).unwrap_or(u32::MAX)
    }

    /// Divides the budget of a flow that has ended among these.
    pub fn inherit<'a>(&self, heirs: impl ExactSizeIterator<Item = &'a Self>) {
        let mut left = self.permits.swap(0, Ordering::Relaxed);
        let mut number = heirs.len();
        for heir in heirs {
            let permits = left / number;
            heir.permits.fetch_add(permits, Ordering::Relaxed);
            heir.budget.add_permits(permits);
            left -= permits;
            number -= 1;
        }
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
        let (flows, stop) = (Flow::divided(2, NonZeroU64::new(1)), Stop::default());
        runtime.block_on(async {
            assert!(flows[0].pass(3600, &stop).await.is_ok());
            let begun = Instant::now();
            let wish = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                stop.wish();
            };
            let (passed, ()) = tokio::join!(flows[1].pass(1, &stop), wish);
            assert!(matches!(passed, Err(Failure::Interrupted)));
            assert!(begun.elapsed() < Duration::from_mins(1));
        });
    }

    #[test]
    fn flows_divide_the_budget_and_inherit_it() {
        let flows = Flow::divided(3, None);
        let all = BUDGET_BYTES / PERMIT_BYTES;
        let most = |flow: &Flow| u64::from(flow.permits(u64::MAX));
        assert_eq!(most(&flows[0]), all / 3);
        flows[0].inherit(flows[1..].iter());
        assert_eq!(most(&flows[1]) + most(&flows[2]), all);
        flows[1].inherit(flows[2..].iter());
        assert_eq!(most(&flows[2]), all);
        assert_eq!(flows[2].budget.available_permits() as u64, all);
        assert_eq!(flows[2].permits(1), 1);
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
