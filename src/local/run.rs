//! The names of the recovery folder's runs, which carry the time at which the run began.

use std::fmt;
use time::{Date, Month, OffsetDateTime, Time};

/// The folder into which one run moves what it displaces, such as `2026-11-20T22-55-01Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRun {
    name: String,
    started_ms: i64,
}

impl RecoveryRun {
    /// The folder of a run that began at this time, milliseconds since the epoch. Times outside
    /// the years 1 to 9999 are taken as the epoch.
    #[must_use]
    pub fn at(now_ms: i64) -> Self {
        let seconds = now_ms.div_euclid(1000);
        let at = OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|at| (1..=9999).contains(&at.year()))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute, second) = at.to_hms();
        Self {
            name: format!(
                "{:04}-{:02}-{:02}T{hour:02}-{minute:02}-{second:02}Z",
                at.year(),
                u8::from(at.month()),
                at.day()
            ),
            started_ms: at.unix_timestamp() * 1000,
        }
    }

    /// Reads a folder's name, with or without the number that tells folders of one second apart.
    #[must_use]
    pub fn parse(folder: &str) -> Option<Self> {
        let (name, number) = folder.split_at_checked("2026-11-20T22-55-01Z".len())?;
        let is_numbered = match number.strip_prefix('-') {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit()),
            None => number.is_empty(),
        };
        let read = |at: std::ops::Range<usize>| name.get(at)?.parse::<u16>().ok();
        let small = |at| u8::try_from(read(at)?).ok();
        let month = Month::try_from(small(5..7)?).ok()?;
        let date = Date::from_calendar_date(i32::from(read(0..4)?), month, small(8..10)?).ok()?;
        let time = Time::from_hms(small(11..13)?, small(14..16)?, small(17..19)?).ok()?;
        let started = OffsetDateTime::new_utc(date, time).unix_timestamp();
        let run = Self::at(started * 1000);
        (is_numbered && run.name == name).then_some(run)
    }

    /// The folder's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the run began, to the second, milliseconds since the epoch.
    #[must_use]
    pub fn started_ms(&self) -> i64 {
        self.started_ms
    }

    /// The name of the folder for what finds its place in the first `number` folders taken.
    pub(super) fn folder(&self, number: usize) -> String {
        match number {
            0 => self.name.clone(),
            number => format!("{}-{}", self.name, number + 1),
        }
    }
}

impl fmt::Display for RecoveryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_carries_its_time() {
        for (ms, name) in [
            (1_795_215_301_987, "2026-11-20T22-55-01Z"),
            (0, "1970-01-01T00-00-00Z"),
            (-1, "1969-12-31T23-59-59Z"),
            (i64::MAX, "1970-01-01T00-00-00Z"),
        ] {
            let run = RecoveryRun::at(ms);
            assert_eq!(run.name(), name);
            assert_eq!(RecoveryRun::parse(name), Some(run.clone()));
            assert_eq!(RecoveryRun::parse(&run.folder(1)), Some(run));
        }
        for no in [
            "",
            "x",
            "2026-11-20T22-55-01Zx",
            "2026-11-20T22-55-01Z-",
            "2026-13-20T22-55-01Z",
            "2026-11-20T22-60-01Z",
            "2026-11-20 22-55-01Z",
            "+026-11-20T22-55-01Z",
            "\u{e9}026-11-20T22-55-01",
        ] {
            assert_eq!(RecoveryRun::parse(no), None, "{no}");
        }
    }
}
