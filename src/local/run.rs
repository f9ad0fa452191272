//! The names of the recovery folder's folders: when a run began, and why it displaced what they hold.

use crate::key::{Key, OWN_FOLDER};
use std::fmt;
use time::{Date, Month, OffsetDateTime, Time};

/// The folder into which one run moves what it displaces, such as `2026-11-20T22-55-01Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryRun {
    name: String,
    started_ms: i64,
}

/// Returns true if the key names something that a map keeps in its own folder, below this map's
/// root: a marker, or a kept version under the name of a run.
#[must_use]
pub fn is_kept_by_other_map(key: &Key) -> bool {
    let own = format!("/{OWN_FOLDER}/");
    key.as_str().match_indices(&own).any(|(at, _)| {
        let rest = &key.as_str()[at + own.len()..];
        let run = rest
            .strip_prefix("recovery/")
            .and_then(|rest| rest.split_once('/'));
        rest == "marker" || run.is_some_and(|(run, _)| RunFolder::parse(run).is_some())
    })
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
        let (run, rest) = Self::split(folder)?;
        is_number(rest).then_some(run)
    }

    /// The run at the start of a folder's name, and the rest of the name.
    fn split(folder: &str) -> Option<(Self, &str)> {
        let (name, rest) = folder.split_at_checked("2026-11-20T22-55-01Z".len())?;
        let read = |at: std::ops::Range<usize>| name.get(at)?.parse::<u16>().ok();
        let small = |at| u8::try_from(read(at)?).ok();
        let month = Month::try_from(small(5..7)?).ok()?;
        let date = Date::from_calendar_date(i32::from(read(0..4)?), month, small(8..10)?).ok()?;
        let time = Time::from_hms(small(11..13)?, small(14..16)?, small(17..19)?).ok()?;
        let started = OffsetDateTime::new_utc(date, time).unix_timestamp();
        let run = Self::at(started * 1000);
        (run.name == name).then_some((run, rest))
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
}

/// `-2` and the like, or nothing.
fn is_number(rest: &str) -> bool {
    match rest.strip_prefix('-') {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit()),
        None => rest.is_empty(),
    }
}

/// Why a file is in the recovery folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Displaced {
    /// A download took its name.
    Replaced,
    /// It was removed here because its object was gone.
    Deleted,
    /// It lost a conflict.
    Conflict,
    /// A run was killed while it replaced a file. The bytes may be those that were to come.
    Interrupted,
    /// An `undo` put a kept version in its place.
    Undone,
}

impl Displaced {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Replaced,
        Self::Deleted,
        Self::Conflict,
        Self::Interrupted,
        Self::Undone,
    ];

    /// The word for it in the names of folders and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Conflict => "conflict",
            Self::Interrupted => "interrupted",
            Self::Undone => "undone",
        }
    }
}

/// A folder of the recovery folder, such as `2026-11-20T22-55-01Z-replaced`: what one run displaced
/// for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunFolder {
    pub(super) run: RecoveryRun,
    /// `None` if an earlier version of the program made the folder.
    pub(super) why: Option<Displaced>,
}

impl RunFolder {
    pub(super) fn parse(folder: &str) -> Option<Self> {
        let (run, rest) = RecoveryRun::split(folder)?;
        let why = Displaced::ALL.into_iter().find_map(|why| {
            let number = rest.strip_prefix('-')?.strip_prefix(why.name())?;
            is_number(number).then_some(why)
        });
        (why.is_some() || is_number(rest)).then_some(Self { run, why })
    }

    /// The name of the folder for a file whose place is taken in the first `number` folders.
    pub(super) fn name(run: &RecoveryRun, why: Displaced, number: usize) -> String {
        let (run, why) = (run.name(), why.name());
        match number {
            0 => format!("{run}-{why}"),
            number => format!("{run}-{why}-{}", number + 1),
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
            assert_eq!(RecoveryRun::parse(&format!("{name}-2")), Some(run.clone()));
            for why in Displaced::ALL {
                for number in 0..2 {
                    let folder = RunFolder::name(&run, why, number);
                    let parsed = RunFolder::parse(&folder).expect("it is a folder's name");
                    assert_eq!((&parsed.run, parsed.why), (&run, Some(why)), "{folder}");
                    assert_eq!(RecoveryRun::parse(&folder), None, "{folder}");
                }
            }
            let earlier = RunFolder::parse(&format!("{name}-2")).expect("it is a folder's name");
            assert_eq!((earlier.run, earlier.why), (run, None));
        }
        for no in [
            "",
            "x",
            "2026-11-20T22-55-01Zx",
            "2026-11-20T22-55-01Z-",
            "2026-11-20T22-55-01Z-replace",
            "2026-11-20T22-55-01Z-replaced-",
            "2026-11-20T22-55-01Zreplaced",
            "2026-13-20T22-55-01Z",
            "2026-11-20T22-60-01Z",
            "2026-11-20 22-55-01Z",
            "+026-11-20T22-55-01Z",
            "\u{e9}026-11-20T22-55-01",
        ] {
            assert_eq!(RecoveryRun::parse(no), None, "{no}");
            assert_eq!(RunFolder::parse(no), None, "{no}");
        }
    }
}
