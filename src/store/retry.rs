//! Uploads that keep failing, beside the state file: `NAME.retry` has a JSON object a line for each.
//!
//! The file is a hint: if it cannot be read or written, an upload is tried once more.

use super::files::{self, Names};
use crate::key::Key;
use crate::stamp::LocalStamp;
use crate::state::MapId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// Failures in a row after which the next run tries again at once.
const AT_ONCE: u32 = 2;
/// The first wait and the longest one, milliseconds.
const FIRST_WAIT_MS: i64 = 10 * 60 * 1000;
const LONGEST_WAIT_MS: i64 = 24 * 60 * 60 * 1000;
/// What was not tried again for so long, milliseconds, is forgotten.
const FORGOTTEN_MS: i64 = 30 * LONGEST_WAIT_MS;
/// A longer file is not ours.
const MAX_BYTES: u64 = 16 << 20;

/// How often in a row the upload of one version of a file has failed for the same cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Failures in a row, 1 or more.
    pub failures: u32,
    /// The cause.
    pub cause: String,
    /// When it may be tried again, milliseconds since the epoch.
    pub next_ms: i64,
    size_bytes: u64,
    mtime_ns: i64,
}

impl Retry {
    /// The time until the next try, milliseconds; `None` if it may be made now. A longer wait than
    /// any that is ever set comes from a clock that was wrong.
    #[must_use]
    pub fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let wait_ms = self.next_ms.saturating_sub(now_ms);
        (1..=LONGEST_WAIT_MS).contains(&wait_ms).then_some(wait_ms)
    }

    fn is_of(&self, source: &LocalStamp) -> bool {
        (self.size_bytes, self.mtime_ns) == (source.size_bytes, source.mtime_ns)
    }

    /// The same after one more failure at `now_ms`.
    fn again(before: Option<&Self>, source: &LocalStamp, cause: &str, now_ms: i64) -> Self {
        let same = before.filter(|retry| retry.is_of(source) && retry.cause == cause);
        let failures = same.map_or(0, |retry| retry.failures).saturating_add(1);
        Self {
            failures,
            cause: cause.to_owned(),
            next_ms: now_ms.saturating_add(wait_ms(failures)),
            size_bytes: source.size_bytes,
            mtime_ns: source.mtime_ns,
        }
    }
}

/// The time to wait after so many failures in a row, milliseconds.
fn wait_ms(failures: u32) -> i64 {
    match failures.checked_sub(AT_ONCE + 1) {
        None => 0,
        Some(doublings) => (FIRST_WAIT_MS << doublings.min(16)).min(LONGEST_WAIT_MS),
    }
}

/// All of them, by map and key as text.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<(String, String), Retry>);

impl Retries {
    /// Reads the file; lines that are not ours are left out.
    pub(super) fn read(names: &Names) -> Self {
        let mut text = String::new();
        let read = files::open(&names.retry).ok().flatten();
        let read = read.map(|file| file.take(MAX_BYTES).read_to_string(&mut text));
        if !matches!(read, Some(Ok(_))) {
            return Self::default();
        }
        Self(text.lines().filter_map(parse).collect())
    }

    pub(super) fn find(&self, map: MapId, key: &Key, source: &LocalStamp) -> Option<Retry> {
        let retry = self.0.get(&name(map, key))?;
        retry.is_of(source).then(|| retry.clone())
    }

    pub(super) fn note(
        &mut self,
        map: MapId,
        key: &Key,
        source: &LocalStamp,
        cause: &str,
        now_ms: i64,
    ) -> u32 {
        self.0
            .retain(|_, retry| retry.next_ms.saturating_add(FORGOTTEN_MS) > now_ms);
        let name = name(map, key);
        let retry = Retry::again(self.0.get(&name), source, cause, now_ms);
        let failures = retry.failures;
        self.0.insert(name, retry);
        failures
    }

    /// Forgets one key of a map, or all of them; returns true if that changed anything.
    pub(super) fn forget(&mut self, map: MapId, key: Option<&Key>) -> bool {
        let count = self.0.len();
        let map = map.to_string();
        let is_meant = |of: &str| key.is_none_or(|key| key.as_str() == of);
        self.0.retain(|(of, name), _| *of != map || !is_meant(name));
        self.0.len() != count
    }

    /// Replaces the file as a whole.
    pub(super) fn write(&self, names: &Names) {
        let written = || -> Result<(), super::Error> {
            if self.0.is_empty() {
                return files::remove(&names.retry);
            }
            let mut text = Vec::new();
            for entry in &self.0 {
                writeln!(text, "{}", line(entry)).map_err(failed(names))?;
            }
            let mut file = files::create(&names.retry_temp)?;
            file.write_all(&text).map_err(failed(names))?;
            files::rename(&names.retry_temp, &names.retry)
        };
        // A lost hint costs one more try.
        let _ = written();
    }
}

fn failed(names: &Names) -> impl FnOnce(io::Error) -> super::Error + '_ {
    super::Error::io("write", &names.retry_temp)
}

fn name(map: MapId, key: &Key) -> (String, String) {
    (map.to_string(), key.as_str().to_owned())
}

fn line(((map, key), retry): (&(String, String), &Retry)) -> Value {
    json!({
        "map": map,
        "key": key,
        "size": retry.size_bytes,
        "mtime_ns": retry.mtime_ns,
        "failures": retry.failures,
        "next_ms": retry.next_ms,
        "cause": retry.cause,
    })
}

fn parse(line: &str) -> Option<((String, String), Retry)> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let retry = Retry {
        failures: u32::try_from(value["failures"].as_u64()?).ok()?,
        cause: text("cause")?,
        next_ms: value["next_ms"].as_i64()?,
        size_bytes: value["size"].as_u64()?,
        mtime_ns: value["mtime_ns"].as_i64()?,
    };
    Some(((text("map")?, text("key")?), retry))
}

impl super::Store {
    /// Failures of uploads of this version of a file, if there were any.
    #[must_use]
    pub fn retry(&mut self, map: MapId, key: &Key, source: &LocalStamp) -> Option<Retry> {
        self.retries().find(map, key, source)
    }

    /// Notes that the upload of a file failed for a cause that does not pass by itself; returns how
    /// often in a row it has.
    pub fn note_failure(
        &mut self,
        map: MapId,
        key: &Key,
        source: &LocalStamp,
        cause: &str,
        now_ms: i64,
    ) -> u32 {
        let failures = self.retries().note(map, key, source, cause, now_ms);
        self.write_retries();
        failures
    }

    /// Forgets the failures of a key of a map, or of all its keys.
    pub fn forget_failures(&mut self, map: MapId, key: Option<&Key>) {
        if self.retries().forget(map, key) {
            self.write_retries();
        }
    }

    fn retries(&mut self) -> &mut Retries {
        let names = &self.names;
        self.retries.get_or_insert_with(|| Retries::read(names))
    }

    fn write_retries(&mut self) {
        // Without the lock nothing is written.
        if let (Some(_), Some(retries)) = (&self.lock, &self.retries) {
            retries.write(&self.names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: MapId = MapId([7; 8]);
    const MINUTE_MS: i64 = 60 * 1000;

    fn stamp(size_bytes: u64) -> LocalStamp {
        LocalStamp {
            size_bytes,
            mtime_ns: 1,
            ctime_ns: 2,
            inode: 3,
        }
    }

    #[test]
    fn waits_double_up_to_a_day() {
        let waits = [1, 2, 3, 4, 5, 6, 10, 11, 1000, u32::MAX].map(wait_ms);
        let minutes = waits.map(|ms| ms / MINUTE_MS);
        assert_eq!(minutes, [0, 0, 10, 20, 40, 80, 1280, 1440, 1440, 1440]);
    }

    #[test]
    fn a_clock_that_was_ahead_keeps_no_upload_waiting() {
        let set_ms = 40 * LONGEST_WAIT_MS;
        let mut retry = Retry::again(None, &stamp(1), "x", set_ms);
        for _ in 0..3 {
            retry = Retry::again(Some(&retry), &stamp(1), "x", set_ms);
        }
        assert_eq!(retry.wait_ms(set_ms), Some(20 * MINUTE_MS));
        assert_eq!(retry.wait_ms(set_ms + 20 * MINUTE_MS), None);
        assert_eq!(retry.wait_ms(0), None);
    }

    #[test]
    fn only_the_same_cause_of_the_same_file_counts_on() {
        let (mut retries, key) = (Retries::default(), Key::parse("a").unwrap());
        let mut note = |size, cause| retries.note(MAP, &key, &stamp(size), cause, 0);
        assert_eq!([note(1, "x"), note(1, "x"), note(1, "x")], [1, 2, 3]);
        assert_eq!([note(1, "y"), note(1, "y"), note(2, "y")], [1, 2, 1]);
        assert_eq!(retries.find(MAP, &key, &stamp(1)), None);
        assert_eq!(retries.find(MAP, &key, &stamp(2)).unwrap().failures, 1);
        assert!(retries.forget(MAP, Some(&key)) && !retries.forget(MAP, None));
    }

    #[test]
    fn what_is_written_is_read_again_and_anything_else_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::of(&dir.path().join("state")).unwrap();
        let (mut retries, key) = (Retries::default(), Key::parse("a \"b\"\n").unwrap());
        retries.note(MAP, &key, &stamp(1), "x", i64::MIN / 2);
        retries.note(MAP, &key, &stamp(1), "x", 5);
        retries.write(&names);
        let mut text = std::fs::read_to_string(&names.retry).unwrap();
        text.push_str("{}\nnonsense\n{\"map\":1}\n");
        std::fs::write(&names.retry, text).unwrap();
        let mut read = Retries::read(&names);
        assert_eq!(read.0, retries.0);
        assert_eq!(read.find(MAP, &key, &stamp(1)).unwrap().next_ms, 5);
        assert!(read.forget(MAP, None));
        read.write(&names);
        assert!(!names.retry.exists() && !names.retry_temp.exists());
    }
}
