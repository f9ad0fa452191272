//! The log of one run: all that `--debug` tells and all that is complained of, a line each, with
//! the time. Its last line is for machines.

use super::json;
use super::lines::{Line, complaint, line, shown};
use super::redact::redacted;
use super::words;
use crate::commands::dump::words::utc;
use crate::commands::now_ms;
use crate::commands::sync::{Ended, Report};
use crate::event::Event;
use crate::exit::Exit;
use crate::local::RecoveryRun;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Logs that a directory keeps, the newest.
const KEPT: usize = 1000;
/// Logs that may begin in one second.
const IN_A_SECOND: u64 = 1000;
const BEGIN: &str = "s3-bsync-";
const END: &str = ".log";

pub(super) struct Log {
    path: PathBuf,
    /// Whether lines of several maps come in any order, so that each is to name its own.
    names_maps: AtomicBool,
    writing: Mutex<Writing>,
}

enum Writing {
    To(File),
    /// It broke off, which was not told yet.
    Broken(io::Error),
    Over,
}

impl Log {
    /// Begins a log in this directory, and removes the oldest of the others.
    pub(super) fn begin(directory: &Path, now_ms: i64) -> io::Result<Self> {
        let (path, file) = create(directory, now_ms)?;
        expire(directory);
        Ok(Self {
            path,
            names_maps: AtomicBool::new(false),
            writing: Mutex::new(Writing::To(file)),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn tell(&self, map: Option<&str>, event: &Event<'_>) {
        if let Event::Maps(maps) = event {
            self.names_maps.store(maps.len() > 1, Ordering::Relaxed);
        }
        let mut lines = match line(event) {
            Some(Line::Detail(text) | Line::Mention(text)) => vec![text],
            Some(Line::Trouble(what, cause)) => complaint(&what, cause),
            None => return,
        };
        if let Some(map) = map
            && self.names_maps.load(Ordering::Relaxed)
            && !matches!(event, Event::Begun { .. })
        {
            lines[0].insert_str(0, &format!("{map}: "));
        }
        self.write(&lines);
    }

    pub(super) fn complain(&self, what: &str, error: &(dyn Error + 'static)) {
        self.write(&complaint(what, error));
    }

    /// Tells how a run ended; no more is written afterwards.
    pub(super) fn end(&self, report: &Report, took: Duration) {
        for ended in &report.maps {
            if ended.was_looked_at() {
                let counts = words::counted(&ended.counts);
                self.write(&[format!("map {}: {counts}", ended.map)]);
            }
            if let Some(halt) = &ended.halt {
                self.complain(&format!("map {}: {halt}", ended.map), halt);
            }
        }
        self.close(report.exit, &report.maps, took);
    }

    /// Writes the last line.
    pub(super) fn close(&self, exit: Exit, maps: &[Ended], took: Duration) {
        self.write(&[format!("end {}", json::end(exit, took.as_secs_f64(), maps))]);
        let mut writing = self.lock();
        if let Writing::To(_) = *writing {
            *writing = Writing::Over;
        }
    }

    /// Takes the log back, where it lies where none may be.
    pub(super) fn discard(&self) {
        *self.lock() = Writing::Over;
        // What stays behind is a log without an end.
        let _ = fs::remove_file(&self.path);
    }

    /// Why it broke off, told once.
    pub(super) fn take_trouble(&self) -> Option<io::Error> {
        let mut writing = self.lock();
        if !matches!(*writing, Writing::Broken(_)) {
            return None;
        }
        match std::mem::replace(&mut *writing, Writing::Over) {
            Writing::Broken(error) => Some(error),
            Writing::To(_) | Writing::Over => None,
        }
    }

    /// Each piece is in the file before the run goes on, so that a killed run's log is there. The
    /// first line stands as it is, the rest, which belong to it, farther in.
    fn write(&self, lines: &[String]) {
        let mut writing = self.lock();
        let Writing::To(file) = &mut *writing else {
            return;
        };
        let time = time_now();
        let mut text = String::new();
        for (n, line) in shown(lines.to_vec()).iter().enumerate() {
            let indent = if n == 0 { "" } else { "  " };
            let _ = writeln!(text, "{time}  {indent}{}", redacted(line));
        }
        if let Err(error) = file.write_all(text.as_bytes()) {
            *writing = Writing::Broken(error);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time now, as log lines have it: `2026-11-25T07:38:13.123Z`.
pub(super) fn time_now() -> String {
    utc(now_ms())
}

/// Creates a file that was not there, not even as a symlink.
fn create(directory: &Path, now_ms: i64) -> io::Result<(PathBuf, File)> {
    let run = RecoveryRun::at(now_ms);
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 1..=IN_A_SECOND {
        let name = match number {
            1 => format!("{BEGIN}{run}{END}"),
            number => format!("{BEGIN}{run}-{number}{END}"),
        };
        let path = directory.join(name);
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// When a log of this name was begun, and which of that second it is; `None` for other names.
fn age(name: &str) -> Option<(i64, u64)> {
    let name = name.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let run = RecoveryRun::parse(name)?;
    let number = match name.strip_prefix(run.name())?.strip_prefix('-') {
        Some(number) => number.parse().ok()?,
        None => 1,
    };
    Some((run.started_ms(), number))
}

/// When the run began, milliseconds since the epoch, whose log has this name; `None` for other names.
#[must_use]
pub fn began_ms(name: &str) -> Option<i64> {
    age(name).map(|(began_ms, _)| began_ms)
}

/// Removes all logs but the newest; what cannot be removed stays.
fn expire(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let mut logs: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| Some((age(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    logs.sort();
    let surplus = logs.len().saturating_sub(KEPT);
    for (_, path) in &logs[..surplus] {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_s_name_tells_when_it_was_begun() {
        let at = |name| age(&format!("s3-bsync-{name}.log"));
        assert_eq!(at("1970-01-01T00-00-02Z"), Some((2000, 1)));
        assert_eq!(at("1970-01-01T00-00-02Z-12"), Some((2000, 12)));
        for other in ["", "1970-01-01T00-00-02Z-", "1970-01-01", "x"] {
            assert_eq!(at(other), None, "{other}");
        }
        assert_eq!(age("s3-bsync-1970-01-01T00-00-02Z.log.gz"), None);
        assert_eq!(age("1970-01-01T00-00-02Z.log"), None);
    }

    #[test]
    fn two_logs_of_one_second_are_two_files() {
        let dir = tempfile::tempdir().unwrap();
        let names = [0, 0, 1000].map(|now_ms| Log::begin(dir.path(), now_ms).unwrap().path);
        let names = names.map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(
            names,
            [
                "s3-bsync-1970-01-01T00-00-00Z.log",
                "s3-bsync-1970-01-01T00-00-00Z-2.log",
                "s3-bsync-1970-01-01T00-00-01Z.log"
            ]
        );
    }

    #[test]
    fn only_the_oldest_logs_go_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for ms in (0..=1_000_000).step_by(1000) {
            let run = RecoveryRun::at(ms);
            fs::write(dir.path().join(format!("s3-bsync-{run}.log")), "").unwrap();
        }
        for other in [
            "s3-bsync-1969-01-01T00-00-00Z.txt",
            "a.log",
            "s3-bsync-.log",
        ] {
            fs::write(dir.path().join(other), "").unwrap();
        }
        Log::begin(dir.path(), 10_000_000).unwrap();
        let left = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, KEPT + 3);
        for second in [0, 1] {
            let run = RecoveryRun::at(second * 1000);
            assert!(!dir.path().join(format!("s3-bsync-{run}.log")).exists());
        }
    }

    #[test]
    fn a_symlink_of_the_log_s_name_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("target");
        let name = "s3-bsync-1970-01-01T00-00-00Z.log";
        std::os::unix::fs::symlink(&target, dir.path().join(name)).unwrap();
        let log = Log::begin(dir.path(), 0).unwrap();
        log.write(&["text".to_owned()]);
        assert!(!target.exists());
        assert!(log.path.ends_with("s3-bsync-1970-01-01T00-00-00Z-2.log"));
    }

    #[test]
    fn a_log_that_breaks_off_says_so_once() {
        let log = Log {
            path: PathBuf::from("/dev/full"),
            names_maps: AtomicBool::new(false),
            writing: Mutex::new(Writing::To(
                File::options().write(true).open("/dev/full").unwrap(),
            )),
        };
        assert!(log.take_trouble().is_none());
        log.write(&["text".to_owned()]);
        log.write(&["text".to_owned()]);
        assert!(log.take_trouble().is_some());
        log.write(&["text".to_owned()]);
        assert!(log.take_trouble().is_none());
    }
}
