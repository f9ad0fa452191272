//! How far a run is, and the line that tells it. Pure but for the times it is given.

use crate::key::Shown;
use crate::report::words;
use indicatif::{HumanBytes, HumanCount};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Over how long the rate is measured.
const WINDOW: Duration = Duration::from_secs(8);
/// Time between two samples of the rate.
const SAMPLE: Duration = Duration::from_millis(500);
/// Signs of the bar.
const BAR: u64 = 10;

/// How far the maps at work are, in the order in which they have begun.
#[derive(Default)]
pub(super) struct States(Vec<(String, State)>);

pub(super) struct State {
    map: String,
    phase: Phase,
}

enum Phase {
    /// Nothing is known yet.
    Begun,
    /// Both sides are read.
    Reading { files: u64, objects: u64 },
    /// What is planned is done.
    Working(Work),
}

struct Work {
    steps: Part,
    bytes: Part,
    /// When how many bytes had travelled, oldest first.
    samples: VecDeque<(Instant, u64)>,
}

struct Part {
    done: u64,
    all: u64,
}

impl States {
    pub(super) fn begin(&mut self, map: &str) {
        self.end(map);
        self.0.push((map.to_owned(), State::of(map)));
    }

    pub(super) fn of(&mut self, map: &str) -> Option<&mut State> {
        let mut maps = self.0.iter_mut();
        let (_, state) = maps.find(|(name, _)| name == map)?;
        Some(state)
    }

    pub(super) fn end(&mut self, map: &str) {
        self.0.retain(|(name, _)| name != map);
    }

    /// The line, in fewer than this many columns: that of the first map which has one, and how many
    /// more there are.
    pub(super) fn text(&mut self, now: Instant, columns: usize) -> String {
        let texts = self.0.iter_mut().map(|(_, state)| state.text(now));
        let mut texts = texts.filter(|text| !text.is_empty());
        let mut text = texts.next().unwrap_or_default();
        match texts.count() {
            0 => {}
            1 => text.push_str(", and 1 more map"),
            more => {
                let _ = write!(text, ", and {more} more maps");
            }
        }
        fitted(text, columns.saturating_sub(1))
    }
}

impl State {
    /// That of a map of this name before anything is read.
    fn of(map: &str) -> Self {
        Self {
            map: Shown(map).to_string(),
            phase: Phase::Begun,
        }
    }

    /// More was read. Whether that was the first word of it.
    pub(super) fn read(&mut self, more_files: u64, more_objects: u64) -> bool {
        match &mut self.phase {
            Phase::Begun => {
                self.phase = Phase::Reading {
                    files: more_files,
                    objects: more_objects,
                };
                true
            }
            Phase::Reading { files, objects } => {
                *files += more_files;
                *objects += more_objects;
                false
            }
            Phase::Working(_) => false,
        }
    }

    pub(super) fn plan(&mut self, steps: u64, bytes: u64, now: Instant) {
        let part = |all| Part { done: 0, all };
        self.phase = Phase::Working(Work {
            steps: part(steps),
            bytes: part(bytes),
            samples: VecDeque::from([(now, 0)]),
        });
    }

    pub(super) fn add_step(&mut self) {
        if let Phase::Working(work) = &mut self.phase {
            work.steps.done += 1;
        }
    }

    pub(super) fn add_bytes(&mut self, bytes: u64, now: Instant) {
        if let Phase::Working(work) = &mut self.phase {
            work.bytes.done += bytes;
            work.sample(now);
        }
    }

    /// The line, what matters most first; empty before anything is read.
    fn text(&mut self, now: Instant) -> String {
        match &mut self.phase {
            Phase::Begun => String::new(),
            Phase::Reading { files, objects } => format!(
                "{}: reading both sides, {} files here, {} objects there",
                self.map,
                HumanCount(*files),
                HumanCount(*objects)
            ),
            Phase::Working(work) => format!("{} {}", self.map, work.text(now)),
        }
    }
}

/// As much of a line as there is room for: whole parts while one is left, then whole signs.
fn fitted(mut text: String, room: usize) -> String {
    while text.chars().count() > room
        && let Some(comma) = text.rfind(", ")
    {
        text.truncate(comma);
    }
    text.chars().take(room).collect()
}

impl Work {
    fn sample(&mut self, now: Instant) {
        let is_due = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) >= SAMPLE;
        if self.samples.back().is_none_or(is_due) {
            self.samples.push_back((now, self.bytes.done));
        }
        while let Some((at, _)) = self.samples.get(1)
            && now.saturating_duration_since(*at) >= WINDOW
        {
            self.samples.pop_front();
        }
    }

    /// Bytes a second, of late.
    fn rate(&mut self, now: Instant) -> u64 {
        self.sample(now);
        let Some((at, bytes)) = self.samples.front() else {
            return 0;
        };
        let ms = now.saturating_duration_since(*at).as_millis();
        let moved = u128::from(self.bytes.done.saturating_sub(*bytes));
        let rate = (moved * 1000).checked_div(ms).unwrap_or(0);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    fn text(&mut self, now: Instant) -> String {
        if self.steps.all == 0 {
            return "nothing to change".to_owned();
        }
        let share = if self.bytes.all > 0 {
            self.bytes.share(1000)
        } else {
            self.steps.share(1000)
        };
        let full = usize::try_from(share * BAR / 1000).unwrap_or(0);
        let empty = usize::try_from(BAR).unwrap_or(0) - full;
        let bar = format!("[{}{}]", "=".repeat(full), " ".repeat(empty));
        let mut text = format!("{:3}% {bar} {}", share / 10, self.steps.text());
        if self.bytes.all > 0 {
            let rate = self.rate(now);
            let (done, all) = (self.bytes.done.min(self.bytes.all), self.bytes.all);
            let _ = write!(text, ", {}/{}", HumanBytes(done), HumanBytes(all));
            if rate > 0 {
                let _ = write!(text, ", {}/s", HumanBytes(rate));
            }
            if let Some(seconds) = (all - done).checked_div(rate)
                && done < all
            {
                let left = words::duration(Duration::from_secs(seconds.max(1)));
                let _ = write!(text, ", {left} left");
            }
        }
        text
    }
}

impl Part {
    /// How much of it is done, in parts of `whole`; what is done again counts once.
    fn share(&self, whole: u64) -> u64 {
        let (done, all) = (u128::from(self.done.min(self.all)), u128::from(self.all));
        let share = (done * u128::from(whole)).checked_div(all);
        share.map_or(whole, |share| u64::try_from(share).unwrap_or(whole))
    }

    fn text(&self) -> String {
        let done = HumanCount(self.done.min(self.all));
        match self.all {
            1 => format!("{done}/1 change"),
            all => format!("{done}/{} changes", HumanCount(all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(begun: Instant, ms: u64) -> Instant {
        begun + Duration::from_millis(ms)
    }

    #[test]
    fn reading_is_counted_and_its_first_word_told() {
        let mut state = State::of("docs");
        let now = Instant::now();
        assert_eq!(state.text(now), "");
        assert!(state.read(0, 0));
        assert!(!state.read(1000, 0) && !state.read(234, 7));
        let told = "docs: reading both sides, 1,234 files here, 7 objects there";
        assert_eq!(state.text(now), told);
    }

    #[test]
    fn the_first_map_with_a_line_has_it_and_the_others_are_counted() {
        let (mut states, now) = (States::default(), Instant::now());
        for map in ["silent", "docs", "mail", "music"] {
            states.begin(map);
        }
        assert_eq!(states.text(now, 80), "");
        for map in ["docs", "mail", "music"] {
            states.of(map).unwrap().plan(0, 0, now);
        }
        let told = "docs nothing to change, and 2 more maps";
        assert_eq!(states.text(now, 80), told);
        states.end("docs");
        assert_eq!(
            states.text(now, 80),
            "mail nothing to change, and 1 more map"
        );
        assert!(states.of("docs").is_none());
    }

    #[test]
    fn bytes_have_a_rate_and_a_time_left() {
        let (mut state, begun) = (State::of("docs"), Instant::now());
        state.plan(2, 10 << 20, begun);
        state.add_bytes(1 << 20, at(begun, 1000));
        state.add_step();
        let told = "docs  10% [=         ] 1/2 changes, 1.00 MiB/10.00 MiB, 1.00 MiB/s, 9.0 s left";
        assert_eq!(state.text(at(begun, 1000)), told);
    }

    #[test]
    fn a_stalled_rate_falls_to_nothing() {
        let (mut state, begun) = (State::of("docs"), Instant::now());
        state.plan(2, 10 << 20, begun);
        state.add_bytes(1 << 20, at(begun, 1000));
        for second in 2..=30 {
            state.text(at(begun, second * 1000));
        }
        let told = state.text(at(begun, 30_000));
        assert!(!told.contains("/s") && !told.contains("left"), "{told}");
    }

    #[test]
    fn steps_without_bytes_make_progress_too() {
        let (mut state, begun) = (State::of("docs"), Instant::now());
        state.plan(4, 0, begun);
        (0..3).for_each(|_| state.add_step());
        let told = "docs  75% [=======   ] 3/4 changes";
        assert_eq!(state.text(begun), told);
    }

    #[test]
    fn what_is_done_twice_is_no_more_than_all() {
        let (mut state, begun) = (State::of("docs"), Instant::now());
        state.plan(1, 5, begun);
        state.add_bytes(50, begun);
        (0..3).for_each(|_| state.add_step());
        let told = state.text(begun);
        assert!(
            told.contains("100% [==========] 1/1 change, 5 B/5 B"),
            "{told}"
        );
    }

    #[test]
    fn where_nothing_is_to_do_there_is_no_bar() {
        let (mut state, begun) = (State::of("docs"), Instant::now());
        state.plan(0, 0, begun);
        let told = "docs nothing to change";
        assert_eq!(state.text(begun), told);
    }

    #[test]
    fn a_narrow_terminal_gets_what_matters_most() {
        let (mut state, begun) = (States::default(), Instant::now());
        state.begin("docs");
        state.of("docs").unwrap().plan(4, 1000, begun);
        let told = "docs   0% [          ] 0/4 changes, 0 B/1000 B";
        assert_eq!(state.text(begun, told.len() + 1), told);
        let told = "docs   0% [          ] 0/4 changes";
        assert_eq!(state.text(begun, 40), told);
        assert_eq!(state.text(begun, 10), "docs   0%");
        assert_eq!(state.text(begun, 0), "");
    }
}
