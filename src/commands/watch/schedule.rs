//! When which maps are synced next. Knows no clock: times are milliseconds since the watch began.

use std::collections::BTreeMap;

/// Quiet that a map must have had after its last event, so that what is written in many steps is
/// read once.
const SETTLE_MS: u64 = 1_000;
/// The longest that a map waits for such a quiet.
const PATIENCE_MS: u64 = 10_000;
/// After a run that another one kept away.
const TURN_MS: u64 = 5_000;
/// After a run that failed, where the interval is not shorter; twice as long after each more.
const RETRY_MS: u64 = 10_000;
/// The longest that a run is put off after one that failed or took long, where the interval is not
/// longer.
const PUT_OFF_MS: u64 = 300_000;

/// What is to be synced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Due {
    /// All maps.
    All,
    /// The maps of these names.
    Some(Vec<String>),
}

/// How a run ended, as far as the next one depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Ended {
    /// Well, or with trouble of single files.
    Well,
    /// Something stands in the way of whole maps.
    Badly,
    /// Another run was under way.
    Elsewhere,
}

/// When which maps are synced next.
#[derive(Debug)]
pub(super) struct Schedule {
    interval_ms: u64,
    /// When all maps are synced.
    all_ms: u64,
    /// Before that no run begins: a run that took long is followed by as long a pause.
    rest_ms: u64,
    /// First and last event of maps in which something happened.
    touched: BTreeMap<String, (u64, u64)>,
    /// Until when events in a map that failed are no reason for a run.
    held: BTreeMap<String, u64>,
    failures: u32,
}

impl Schedule {
    /// All maps are due at once, and then each `interval_ms`.
    pub(super) fn new(interval_ms: u64) -> Self {
        Self {
            interval_ms,
            all_ms: 0,
            rest_ms: 0,
            touched: BTreeMap::new(),
            held: BTreeMap::new(),
            failures: 0,
        }
    }

    /// Something happened in a map.
    pub(super) fn touch(&mut self, map: &str, now_ms: u64) {
        let (_, last) = self
            .touched
            .entry(map.to_owned())
            .or_insert((now_ms, now_ms));
        *last = now_ms;
    }

    /// All maps are due now.
    pub(super) fn hurry(&mut self, now_ms: u64) {
        self.all_ms = now_ms;
        self.rest_ms = now_ms;
    }

    /// What is due; it counts as begun.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Option<Due> {
        if now_ms < self.rest_ms {
            return None;
        }
        if now_ms >= self.all_ms {
            self.touched.clear();
            return Some(Due::All);
        }
        let touched = self.touched.keys();
        let due: Vec<String> = touched
            .filter(|map| now_ms >= self.ripe_ms(map))
            .cloned()
            .collect();
        self.touched.retain(|map, _| !due.contains(map));
        (!due.is_empty()).then_some(Due::Some(due))
    }

    /// A run ended that had begun at `begun_ms`.
    pub(super) fn ended(&mut self, due: &Due, ended: Ended, begun_ms: u64, now_ms: u64) {
        let took_ms = now_ms.saturating_sub(begun_ms);
        self.rest_ms = now_ms + took_ms.min(self.longest_ms());
        match (ended, due) {
            (Ended::Elsewhere, Due::All) => self.all_ms = now_ms + TURN_MS.min(self.interval_ms),
            (Ended::Elsewhere, Due::Some(maps)) => {
                self.rest_ms = now_ms + TURN_MS.min(self.interval_ms);
                for map in maps {
                    self.touch(map, now_ms);
                }
            }
            (Ended::Well, Due::Some(maps)) => self.held.retain(|map, _| !maps.contains(map)),
            (Ended::Well, Due::All) => {
                self.failures = 0;
                self.held.clear();
                self.all_ms = now_ms + self.interval_ms;
            }
            (Ended::Badly, Due::All) => self.all_ms = now_ms + self.put_off_ms(),
            // What it was to sync is not left until the interval is over, which may be long.
            (Ended::Badly, Due::Some(maps)) => {
                let again_ms = now_ms + self.put_off_ms();
                self.all_ms = self.all_ms.min(again_ms);
                let held = maps.iter().map(|map| (map.clone(), again_ms));
                self.held.extend(held);
            }
        }
    }

    /// For how long a run that failed is put off; longer the next time.
    fn put_off_ms(&mut self) -> u64 {
        let first_ms = RETRY_MS.min(self.interval_ms);
        let put_off_ms = first_ms.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        put_off_ms.min(self.longest_ms())
    }

    fn longest_ms(&self) -> u64 {
        PUT_OFF_MS.max(self.interval_ms)
    }

    /// When a map in which something happened is due.
    fn ripe_ms(&self, map: &str) -> u64 {
        let times = self.touched.get(map);
        let ripe_ms = times.map_or(u64::MAX, |(first, last)| {
            (last + SETTLE_MS).min(first + PATIENCE_MS)
        });
        ripe_ms.max(self.held.get(map).copied().unwrap_or(0))
    }

    /// When something may be due next.
    pub(super) fn wake_ms(&self) -> u64 {
        let ripe = self.touched.keys().map(|map| self.ripe_ms(map)).min();
        let next = ripe.map_or(self.all_ms, |ripe| ripe.min(self.all_ms));
        next.max(self.rest_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(maps: &[&str]) -> Due {
        let maps = maps.iter().map(|&map| map.to_owned()).collect();
        Due::Some(maps)
    }

    /// A schedule whose first run took no time.
    fn begun() -> Schedule {
        let mut schedule = Schedule::new(60_000);
        assert_eq!(schedule.take_due(0), Some(Due::All));
        schedule.ended(&Due::All, Ended::Well, 0, 0);
        schedule
    }

    #[test]
    fn all_maps_are_synced_at_once_and_then_each_interval() {
        let mut schedule = begun();
        assert_eq!(
            (schedule.take_due(59_999), schedule.wake_ms()),
            (None, 60_000)
        );
        assert_eq!(schedule.take_due(60_000), Some(Due::All));
    }

    #[test]
    fn a_map_is_synced_when_it_has_been_quiet_for_a_second() {
        let mut schedule = begun();
        schedule.touch("a", 100);
        schedule.touch("b", 500);
        schedule.touch("a", 900);
        assert_eq!(schedule.wake_ms(), 1_500);
        assert_eq!(schedule.take_due(1_499), None);
        assert_eq!(schedule.take_due(1_500), Some(some(&["b"])));
        assert_eq!(schedule.take_due(1_900), Some(some(&["a"])));
        assert_eq!(schedule.wake_ms(), 60_000);
    }

    #[test]
    fn a_map_that_is_never_quiet_waits_no_longer_than_ten_seconds() {
        let mut schedule = begun();
        for at in (100..10_100).step_by(500) {
            schedule.touch("a", at);
            assert_eq!(schedule.take_due(at), None, "{at}");
        }
        assert_eq!(schedule.take_due(10_100), Some(some(&["a"])));
    }

    #[test]
    fn a_long_run_is_followed_by_as_long_a_pause() {
        let mut schedule = begun();
        schedule.touch("a", 0);
        let due = schedule.take_due(1_000).unwrap();
        schedule.touch("a", 3_000);
        schedule.ended(&due, Ended::Well, 1_000, 9_000);
        assert_eq!(
            (schedule.take_due(16_999), schedule.wake_ms()),
            (None, 17_000)
        );
        assert_eq!(schedule.take_due(17_000), Some(some(&["a"])));
    }

    #[test]
    fn what_fails_is_tried_less_and_less_often_and_never_given_up() {
        let mut schedule = begun();
        let mut now = 60_000;
        let mut waits = Vec::new();
        for _ in 0..40 {
            assert_eq!(schedule.take_due(now), Some(Due::All));
            schedule.ended(&Due::All, Ended::Badly, now, now);
            waits.push(schedule.wake_ms() - now);
            now = schedule.wake_ms();
        }
        assert_eq!(waits[..3], [10_000, 20_000, 40_000]);
        assert_eq!(waits[4..6], [160_000, 300_000]);
        assert_eq!(waits[39], 300_000);
        schedule.take_due(now);
        schedule.ended(&Due::All, Ended::Well, now, now);
        assert_eq!(schedule.wake_ms(), now + 60_000);
    }

    #[test]
    fn a_run_that_another_kept_away_is_tried_again_soon() {
        let mut schedule = begun();
        schedule.touch("a", 0);
        let due = schedule.take_due(1_000).unwrap();
        schedule.ended(&due, Ended::Elsewhere, 1_000, 1_000);
        assert_eq!(schedule.take_due(5_999), None);
        assert_eq!(schedule.take_due(6_000), Some(some(&["a"])));
        schedule.hurry(7_000);
        assert_eq!(schedule.take_due(7_000), Some(Due::All));
        schedule.ended(&Due::All, Ended::Elsewhere, 7_000, 7_000);
        assert_eq!(schedule.wake_ms(), 12_000);
    }

    #[test]
    fn an_edit_that_failed_to_go_up_is_tried_again_long_before_a_long_interval_is_over() {
        let mut schedule = Schedule::new(3_600_000);
        schedule.take_due(0);
        schedule.ended(&Due::All, Ended::Well, 0, 0);
        schedule.touch("a", 0);
        let due = schedule.take_due(1_000).unwrap();
        schedule.ended(&due, Ended::Badly, 1_000, 1_000);
        assert_eq!(schedule.wake_ms(), 11_000);
        assert_eq!(schedule.take_due(11_000), Some(Due::All));
        schedule.ended(&Due::All, Ended::Well, 11_000, 11_000);
        assert_eq!(schedule.wake_ms(), 3_611_000);
    }

    #[test]
    fn events_in_a_map_that_failed_do_not_hurry_it_and_hold_up_no_other() {
        let mut schedule = begun();
        schedule.touch("a", 0);
        let due = schedule.take_due(1_000).unwrap();
        schedule.ended(&due, Ended::Badly, 1_000, 1_000);
        schedule.touch("a", 2_000);
        schedule.touch("b", 2_000);
        assert_eq!(schedule.take_due(3_000), Some(some(&["b"])));
        schedule.ended(&some(&["b"]), Ended::Well, 3_000, 3_000);
        assert_eq!(
            (schedule.take_due(9_000), schedule.wake_ms()),
            (None, 11_000)
        );
        assert_eq!(schedule.take_due(11_000), Some(Due::All));
        schedule.ended(&Due::All, Ended::Well, 11_000, 11_000);
        schedule.touch("a", 12_000);
        assert_eq!(schedule.take_due(13_000), Some(some(&["a"])));
    }

    #[test]
    fn a_run_longer_than_the_interval_is_not_followed_by_the_next_at_once() {
        let mut schedule = begun();
        schedule.take_due(60_000);
        schedule.ended(&Due::All, Ended::Well, 60_000, 200_000);
        assert_eq!(
            (schedule.take_due(339_999), schedule.wake_ms()),
            (None, 340_000)
        );
        assert_eq!(schedule.take_due(340_000), Some(Due::All));
        // Hours of a first run are no reason to be blind for as long.
        schedule.ended(&Due::All, Ended::Well, 340_000, 9_000_000);
        assert_eq!(schedule.wake_ms(), 9_300_000);
    }
}
