//! The ends of earlier runs, as the logs of a folder tell them. A log without an end is that of a
//! run that was cut off; what is no log is passed over.

use crate::event::Counts;
use crate::report::log_began_ms as began_ms;
use crate::report::page::{End, PastRun};
use rustix::fs::{Mode, OFlags};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Runs that are looked at, of the newest.
const RUNS: usize = 90;
/// The longest line that tells of an end.
const LINE_BYTES: u64 = 1 << 20;

/// The runs that began before `now_ms`, the newest first, and how many there were before those; or
/// why the folder cannot be read.
pub(super) fn read(folder: &Path, now_ms: i64) -> Result<(Vec<PastRun>, usize), String> {
    let unreadable = |error: io::Error| format!("the log folder cannot be read: {error}");
    let mut newest = BinaryHeap::new();
    let mut earlier = 0;
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let Some(name) = name.to_str() else { continue };
        // The log of this very run has no end yet.
        let Some(began_ms) = began_ms(name).filter(|ms| *ms < now_ms - now_ms.rem_euclid(1000))
        else {
            continue;
        };
        newest.push(Reverse((began_ms, name.to_owned())));
        if newest.len() > RUNS {
            newest.pop();
            earlier += 1;
        }
    }
    let newest = newest.into_sorted_vec().into_iter();
    let runs = newest.map(|Reverse((began_ms, name))| PastRun {
        began_ms,
        end: last_line(&folder.join(name))
            .ok()
            .and_then(|line| end(&line)),
    });
    Ok((runs.collect(), earlier))
}

/// A file's last line, of which it has the end.
fn last_line(path: &Path) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    file.seek(SeekFrom::Start(meta.len().saturating_sub(LINE_BYTES)))?;
    let mut tail = Vec::new();
    file.take(LINE_BYTES).read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail);
    let line = tail.trim_end_matches('\n').rsplit('\n').next();
    Ok(line.unwrap_or_default().to_owned())
}

/// What a line such as `2026-11-25T07:38:25.345Z  end {"exit":0,...}` says.
fn end(line: &str) -> Option<End> {
    let (time, told) = line.split_once("  end ")?;
    if time.contains(' ') {
        return None;
    }
    let told: Value = serde_json::from_str(told).ok()?;
    let mut end = End {
        exit: told.get("exit")?.as_u64()?,
        seconds: told.get("seconds").and_then(Value::as_f64).unwrap_or(-1.0),
        counts: Counts::default(),
        halts: Vec::new(),
    };
    let maps = told.get("maps").and_then(Value::as_array);
    for map in maps.into_iter().flatten() {
        let counts = map.get("counts").and_then(Value::as_object);
        for (name, count) in counts.into_iter().flatten() {
            end.counts.add_named(name, count.as_u64().unwrap_or(0));
        }
        let text = |name| map.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(halt) = text("halt") {
            end.halts.push((text("map").unwrap_or_default(), halt));
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn names_of_logs_say_when() {
        for (name, ms) in [
            ("s3-bsync-2026-11-25T07-38-13Z.log", Some(1_795_592_293_000)),
            (
                "s3-bsync-2026-11-25T07-38-13Z-2.log",
                Some(1_795_592_293_000),
            ),
            ("s3-bsync-2026-13-25T07-38-13Z.log", None),
            ("s3-bsync-2026-11-25T07-38-1\u{e9}Z.log", None),
            ("s3-bsync-+026-11-25T07-38-13Z.log", None),
            ("s3-bsync-2026-11-25T07-38-13Zx.log", None),
            ("s3-bsync-.log", None),
            ("other.log", None),
        ] {
            assert_eq!(began_ms(name), ms, "{name}");
        }
    }

    #[test]
    fn what_an_end_says_is_added_up() {
        let line = "2026-11-25T07:38:25.345Z  end {\"exit\":3,\"seconds\":12.345,\"maps\":[\
            {\"map\":\"docs\",\"counts\":{\"uploaded\":2,\"uploaded_bytes\":30,\"new\":9},\"halt\":null},\
            {\"map\":\"more\",\"counts\":{\"uploaded\":1},\"halt\":\"held back\"},7]}";
        let end = end(line).unwrap();
        assert_eq!(
            (end.exit, end.counts.uploaded, end.counts.uploaded_bytes),
            (3, 3, 30)
        );
        assert!((end.seconds - 12.345).abs() < 1e-9);
        assert_eq!(end.halts, [("more".to_owned(), "held back".to_owned())]);
    }

    #[test]
    fn garbage_says_nothing() {
        for line in [
            "",
            "  end ",
            "t  end {",
            "t  end []",
            "t  end {\"exit\":-1}",
            "t  end {\"exit\":\"0\"}",
            "t  uploaded x  end {\"exit\":0}",
        ] {
            assert_eq!(end(line), None, "{line}");
        }
        let odd = end("t  end {\"exit\":0,\"maps\":{\"a\":1},\"seconds\":\"x\"}").unwrap();
        assert_eq!((odd.exit, odd.counts), (0, Counts::default()));
    }

    #[test]
    fn a_folder_gives_the_newest_runs_and_how_each_ended() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
        for minute in 0..60 {
            for hour in [1, 2] {
                let name = format!("s3-bsync-2026-01-02T{hour:02}-{minute:02}-00Z.log");
                put(&name, b"t  map a\nt  end {\"exit\":0}\n");
            }
        }
        put("s3-bsync-2026-01-03T00-00-00Z.log", b"t  upload");
        put("s3-bsync-2026-01-03T00-00-01Z.log", b"");
        put("s3-bsync-2026-01-03T00-00-02Z.log", &[0xff; 3000]);
        put("notes.txt", b"t  end {\"exit\":0}\n");
        let name = |name: &str| folder.path().join(name);
        symlink(name("notes.txt"), name("s3-bsync-2026-01-03T00-00-03Z.log")).unwrap();
        fs::create_dir(name("s3-bsync-2026-01-03T00-00-04Z.log")).unwrap();
        put("s3-bsync-2027-01-15T08-00-00Z.log", b"t  map a\n");
        let (runs, earlier) = read(folder.path(), NOW_MS + 999).unwrap();
        assert_eq!((runs.len(), earlier), (RUNS, 125 - RUNS));
        assert!(runs[..5].iter().all(|run| run.end.is_none()), "{runs:?}");
        assert!(runs[5..].iter().all(|run| run.end.is_some()));
        assert!(runs.windows(2).all(|two| two[0].began_ms > two[1].began_ms));
        assert!(read(&name("nowhere"), NOW_MS).is_err());
    }
}
