//! What a run came to, for the textfile collector of Prometheus' `node_exporter`.
//!
//! The file holds what is known of every map: a run replaces what it is about and carries the rest
//! over, above all when each map last went well.

mod page;

use super::Replaced;
use crate::commands::sync::{Ended, Report};
use crate::event::Event;
use crate::exit::Exit;
use crate::guard::{Change, Held};
use page::{Page, Sample};
use rustix::fs::{Access, access};
use std::collections::HashMap;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A file of metrics that is longer is not ours, and not read.
const MAX_BYTES: u64 = 16 << 20;

/// Which maps a run is about, as far as it is known before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// All there are: what has no place in the run's report is no map any more.
    All,
    /// These; the others stay as they are.
    Some(Vec<String>),
}

pub(super) struct Metrics {
    path: PathBuf,
    about: About,
    now_ms: i64,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// When the maps at work have begun.
    begun: HashMap<String, Instant>,
    took: HashMap<String, Duration>,
    held: HashMap<String, Held>,
    is_discarded: bool,
}

impl Heard {
    fn leave(&mut self, map: &str) {
        if let Some(since) = self.begun.remove(map) {
            self.took.insert(map.to_owned(), since.elapsed());
        }
    }
}

impl Metrics {
    /// Finds out whether the file can be written later.
    pub(super) fn begin(path: &Path, about: About, now_ms: i64) -> io::Result<Self> {
        let parent = path.parent().unwrap_or(path);
        if !fs::metadata(parent)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        access(parent, Access::WRITE_OK | Access::EXEC_OK)?;
        check_name(path)?;
        Ok(Self {
            path: path.to_owned(),
            about,
            now_ms,
            heard: Mutex::default(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn tell(&self, map: &str, event: &Event<'_>) {
        let mut heard = self.heard();
        match event {
            Event::Begun { .. } => {
                heard.begun.insert(map.to_owned(), Instant::now());
            }
            Event::Guarded(held) if held.change == Change::Deletion => {
                heard.held.insert(map.to_owned(), *held);
            }
            Event::Over => heard.leave(map),
            _ => {}
        }
    }

    /// Writes how a run ended.
    pub(super) fn end(&self, report: &Report) -> io::Result<()> {
        let mut page = self.read();
        if self.about == About::All && report.exit != Exit::Interrupted {
            page.keep_maps(|map| report.maps.iter().any(|ended| ended.map == map));
        }
        for ended in &report.maps {
            let exit = match report.exit {
                Exit::Interrupted => Exit::Interrupted,
                _ => ended.exit(),
            };
            self.put(&mut page, ended, exit);
        }
        self.write(page, report.exit)
    }

    /// Writes that a run could not begin, or not save what it did.
    pub(super) fn stop(&self, exit: Exit) -> io::Result<()> {
        let mut page = self.read();
        // A wrong command line says nothing of any map.
        if exit != Exit::Misuse {
            let maps = match &self.about {
                About::All => page.maps(),
                About::Some(maps) => maps.clone(),
            };
            for map in maps {
                let ended = Ended {
                    map,
                    counts: crate::event::Counts::default(),
                    halt: None,
                };
                self.put(&mut page, &ended, exit);
            }
        }
        self.write(page, exit)
    }

    /// Leaves the file as it is, where it may not be.
    pub(super) fn discard(&self) {
        self.heard().is_discarded = true;
    }

    fn put(&self, page: &mut Page, ended: &Ended, exit: Exit) {
        let mut heard = self.heard();
        let map = &ended.map[..];
        // Of a run without a map, and of one that broke off, nobody has said that it is over.
        heard.leave(map);
        let took = heard.took.get(map).copied().unwrap_or_default();
        let held = heard.held.get(map).map_or(0, |held| held.changes);
        drop(heard);
        let success = Sample::of("last_success_timestamp_seconds", map);
        if exit == Exit::InSync {
            page.put(success, self.seconds());
        } else {
            // An alert on the age of a sample never fires without one.
            page.put_first(success, "0".to_owned());
        }
        page.put(
            Sample::of("last_run_timestamp_seconds", map),
            self.seconds(),
        );
        page.put(
            Sample::of("last_run_exit_code", map),
            exit.code().to_string(),
        );
        let took = format!("{:.3}", took.as_secs_f64());
        page.put(Sample::of("last_run_duration_seconds", map), took);
        page.put(Sample::of("last_run_held_back", map), held.to_string());
        for (name, count) in ended.counts.fields() {
            let sample = match name.strip_suffix("_bytes") {
                Some(what) => Sample::of("last_run_bytes", map).what(what),
                None => Sample::of("last_run_files", map).what(name),
            };
            page.put(sample, count.to_string());
        }
    }

    fn seconds(&self) -> String {
        format!(
            "{}.{:03}",
            self.now_ms.div_euclid(1000),
            self.now_ms.rem_euclid(1000)
        )
    }

    /// What the file holds; nothing where it is not there, or not ours.
    fn read(&self) -> Page {
        let mut text = Vec::new();
        if check_name(&self.path).is_ok()
            && let Ok(file) = fs::File::open(&self.path)
            && file.take(MAX_BYTES).read_to_end(&mut text).is_err()
        {
            text.clear();
        }
        Page::parse(&String::from_utf8_lossy(&text))
    }

    /// The file is replaced in one go, so that who reads it sees the one or the other.
    fn write(&self, mut page: Page, exit: Exit) -> io::Result<()> {
        if self.heard().is_discarded {
            return Ok(());
        }
        page.put(Sample::of_run("run_timestamp_seconds"), self.seconds());
        page.put(Sample::of_run("run_exit_code"), exit.code().to_string());
        // node_exporter reads names that end in .prom only.
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temp = self.path.with_file_name(name);
        let written = fill(&temp, &page.to_string())
            // Much time may have passed.
            .and_then(|()| check_name(&self.path))
            .and_then(|()| fs::rename(&temp, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&temp);
        }
        written
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Only metrics, or an empty file, are replaced by metrics.
fn check_name(path: &Path) -> io::Result<()> {
    match Replaced::at(path, page::HEAD)? {
        Replaced::Own => Ok(()),
        Replaced::Directory => Err(io::ErrorKind::IsADirectory.into()),
        Replaced::Special => Err(io::Error::other("not a regular file")),
        Replaced::Foreign => Err(io::Error::other("it holds something else")),
    }
}

/// Creates a file that everybody may read: `node_exporter` is another user.
fn fill(path: &Path, text: &str) -> io::Result<()> {
    // A killed run of the same process number may have left one.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
