//! How many steps are under way at a time: more while that makes a run faster, fewer when the
//! server asks for less. Pure: told the time and what ended.

use std::time::Duration;

/// Steps at a time to begin with.
const START: usize = 32;
/// The fewest and the most that are tried; bytes in flight have a bound of their own.
const LEAST: usize = 4;
pub(super) const MOST: usize = 256;
/// The shortest time over which speed is judged.
const WINDOW: Duration = Duration::from_millis(150);
/// Windows for which a number that was found stays.
const REST: u32 = 25;
/// Bytes that weigh as much as one request.
const BYTES_PER_REQUEST: u64 = 64 << 10;

/// A number of steps that may be under way.
#[derive(Debug)]
pub(super) struct Pace {
    limit: usize,
    /// `None` where a person fixed the number.
    search: Option<Search>,
}

/// The search for the number at which a run is fastest.
#[derive(Debug, Default)]
struct Search {
    since: Duration,
    steps: usize,
    weight: u64,
    throttled: u64,
    /// Whether as many were under way as may be, all the time.
    is_full: bool,
    /// Speed before the limit was last raised, and that limit.
    before: Option<(f64, usize)>,
    rest: u32,
}

impl Pace {
    /// A fixed number, or one that adapts.
    pub(super) fn of(jobs: Option<usize>) -> Self {
        Self {
            limit: jobs.unwrap_or(START),
            search: jobs.is_none().then(Search::default),
        }
    }

    /// How many steps may be under way.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Nothing waits to be begun, so that speed says nothing about the limit.
    pub(super) fn runs_dry(&mut self) {
        if let Some(search) = &mut self.search {
            search.is_full = false;
        }
    }

    /// A step ended at `now`, since any fixed moment, after `bytes` were moved; `throttled` is how
    /// often the server has asked for less so far.
    pub(super) fn ended(&mut self, now: Duration, bytes: u64, throttled: u64) {
        let Some(search) = &mut self.search else {
            return;
        };
        search.steps += 1;
        search.weight += 1 + bytes / BYTES_PER_REQUEST;
        let took = now.saturating_sub(search.since);
        if took < WINDOW || search.steps < self.limit {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a speed is no exact number")]
        let speed = search.weight as f64 / took.as_secs_f64();
        self.limit = search.judge(self.limit, speed, throttled);
        search.since = now;
        search.steps = 0;
        search.weight = 0;
        search.throttled = throttled;
        search.is_full = true;
    }
}

impl Search {
    /// The limit for the next window.
    fn judge(&mut self, limit: usize, speed: f64, throttled: u64) -> usize {
        if throttled > self.throttled {
            self.before = None;
            self.rest = REST;
            return (limit / 2).max(LEAST);
        }
        if self.rest > 0 {
            self.rest -= 1;
            return limit;
        }
        if !self.is_full {
            return limit;
        }
        match self.before {
            // Raising it gained less than a tenth: what it was is as good, and kinder.
            Some((before, lower)) if speed < before * 1.1 => {
                self.before = None;
                self.rest = REST;
                lower
            }
            _ if limit < MOST => {
                self.before = Some((speed, limit));
                (limit * 2).min(MOST)
            }
            _ => limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends steps on a server that answers each after `latency`, and no more than `most` a second.
    fn after(pace: &mut Pace, seconds: u64, latency: f64, most: f64) -> usize {
        let mut now = 0.0;
        while now < Duration::from_secs(seconds).as_secs_f64() {
            let limit = u32::try_from(pace.limit()).unwrap();
            now += (latency / f64::from(limit)).max(1.0 / most);
            pace.ended(Duration::from_secs_f64(now), 1000, 0);
        }
        pace.limit()
    }

    #[test]
    fn a_far_server_is_asked_for_more_at_a_time() {
        let mut pace = Pace::of(None);
        assert!(after(&mut pace, 10, 0.05, 1e9) >= 128);
    }

    #[test]
    fn a_machine_at_its_end_keeps_what_it_began_with() {
        let mut pace = Pace::of(None);
        assert_eq!(after(&mut pace, 3, 0.000_1, 5000.0), START);
    }

    #[test]
    fn a_server_that_asks_for_less_gets_less_but_never_nothing() {
        let mut pace = Pace::of(None);
        for n in 1..2000 {
            pace.ended(Duration::from_millis(n * 10), 1000, n);
        }
        assert_eq!(pace.limit(), LEAST);
        assert!(
            after(&mut pace, 200, 0.05, 1e9) > LEAST,
            "later it tries again"
        );
    }

    #[test]
    fn a_number_that_a_person_fixed_stays() {
        let mut pace = Pace::of(Some(3));
        for n in 1..2000 {
            pace.ended(Duration::from_millis(n * 10), 1000, n);
        }
        assert_eq!(pace.limit(), 3);
    }

    #[test]
    fn a_few_steps_say_nothing() {
        let mut pace = Pace::of(None);
        for n in 0..1000 {
            pace.runs_dry();
            pace.ended(Duration::from_millis(n * 20), 1000, 0);
        }
        assert!(pace.limit() <= 2 * START);
    }
}
