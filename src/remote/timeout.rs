//! How long a server may be silent: every bound in one table, derived from one setting.
//!
//! | wait | bound | by default |
//! |---|---|---|
//! | to connect | the timeout, at most 10 s | 10 s |
//! | for the first byte of an answer, after the request went out | the timeout | 60 s |
//! | for the same while the kernel still sends a large body | twice the timeout | 120 s |
//! | for the first byte of a copy or a completion, and for each byte after it | twice the timeout | 120 s |
//! | for a body, either way | 256 bytes a second on average over each timeout | 15 KiB a minute |
//! | until a request that got no answer is not sent again | 1.5 timeouts | 90 s |
//! | for a server that asks to slow down, `Retry-After` included | 4 timeouts | 240 s |
//! | for a listing that gets no answer at all | 3 timeouts | 180 s |
//! | for a bucket that does not answer | 5 timeouts | 300 s |

use std::time::Duration;

/// The slowest a body may be, in bytes a second. So low, since dozens of bodies may share a line.
const FLOOR_BYTES_PER_S: u64 = 256;
/// How long connecting may take, TLS apart.
const CONNECT: Duration = Duration::from_secs(10);

/// The setting `--timeout`: how long a server may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(Duration);

impl Default for Timeout {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

impl Timeout {
    /// The setting where none is given.
    pub const DEFAULT: Duration = Duration::from_mins(1);

    /// A timeout of this length, which is at least a second.
    #[must_use]
    pub fn of(silence: Duration) -> Self {
        Self(silence.max(Duration::from_secs(1)))
    }

    pub(super) fn connect(self) -> Duration {
        self.0.min(CONNECT)
    }

    /// For the first byte of an answer; also the stretch over which the speed of a body is judged.
    pub(super) fn answer(self) -> Duration {
        self.0
    }

    /// For the first byte of an answer to a request with a body that was handed to the kernel.
    /// What that holds of it may still be on its way.
    pub(super) fn answer_to(self, body_bytes: u64) -> Duration {
        const HELD_BYTES: u64 = 256 << 10;
        let held = u32::try_from(body_bytes.min(HELD_BYTES)).unwrap_or(u32::MAX);
        self.0 + self.0 * held / (256 << 10)
    }

    /// For the first byte of an answer for which a server copies or joins by itself, and for each
    /// byte by which it shows that it is still at it.
    pub(super) fn server_side(self) -> Duration {
        self.0 * 2
    }

    /// The fewest bytes of a body that must come in each [`answer`](Self::answer).
    pub(super) fn floor_bytes(self) -> u64 {
        self.0.as_secs().max(1) * FLOOR_BYTES_PER_S
    }

    /// Since its first attempt, until when a request that got no answer is sent again.
    pub(super) fn repeats(self) -> Duration {
        self.0 * 3 / 2
    }

    /// Since its first attempt, until when a request waits for a server that asks to slow down.
    pub(super) fn slow_down(self) -> Duration {
        self.0 * 4
    }

    /// For the answer to the question whether a bucket answers at all.
    pub(super) fn check(self) -> Duration {
        self.0 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_listing_ends_within_three_minutes() {
        let timeout = Timeout::default();
        // Attempts begin at 0 and after the first has failed; a third would begin too late.
        let pauses = 11 * SECOND;
        let second = timeout.answer() + pauses;
        assert!(timeout.answer() < timeout.repeats());
        assert!(second + timeout.answer() > timeout.repeats());
        let whole = second + timeout.answer() + timeout.connect();
        assert!(whole <= Duration::from_mins(3), "{whole:?}");
    }

    #[test]
    fn a_silent_bucket_ends_its_map_within_five_minutes() {
        let timeout = Timeout::default();
        // The outcome of a write is read back: the failure of that is what counts.
        let read_back = timeout.answer() * 2 + 11 * SECOND;
        let put = timeout.answer_to(u64::MAX) + read_back;
        let copy = timeout.server_side() + read_back;
        for request in [put, copy, timeout.slow_down()] {
            let whole = request + timeout.check();
            assert!(whole <= Duration::from_mins(5), "{whole:?}");
        }
    }

    #[test]
    fn a_body_on_a_line_of_64_kbit_that_it_shares_with_30_others_is_not_cut() {
        let timeout = Timeout::default();
        let share = 64_000 / 8 / 31 * timeout.answer().as_secs();
        assert!(share >= timeout.floor_bytes(), "{share}");
    }

    #[test]
    fn a_timeout_scales_every_bound_and_is_never_none() {
        let short = Timeout::of(Duration::ZERO);
        assert_eq!(short.answer(), SECOND);
        assert_eq!(short.connect(), SECOND);
        assert_eq!(short.answer_to(1 << 30), 2 * SECOND);
        assert_eq!(short.answer_to(0), SECOND);
        assert_eq!(Timeout::of(Duration::from_hours(1)).connect(), 10 * SECOND);
    }
}
