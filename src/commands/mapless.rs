//! `push DIR S3_URI` and `pull S3_URI DIR`: one run between a directory and a prefix that are no
//! map. No state file is read or written and no marker; as on a first run nothing is known of
//! either side, so whatever is replaced is kept.

use super::init::blank;
use super::settings;
use super::sync::{Asked, Ended, Error, Report, apart, exit_of, own_files};
use crate::cli::{Age, Mapless, Settings};
use crate::event::{Event, sink_of};
use crate::exit::Exit;
use crate::state::{Bucket, Direction};
use crate::store;
use crate::sync::{self, Generation, Halt, Mode, Outcome, Task};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Pushes or pulls once.
///
/// # Errors
/// [`Error`] where nothing could be begun.
pub async fn mapless(asked: &Asked<'_>, given: &Mapless) -> Result<Report, Error> {
    let mut map = blank(String::new(), String::new(), &given.dest)?;
    let Settings { age, direction, .. } = &given.settings;
    let reads = matches!(direction, Some(Direction::Pull | Direction::PullMirror));
    match &age.identity_file {
        Some(file) if reads => {
            let rest = Settings {
                age: Age::default(),
                ..given.settings.clone()
            };
            settings::set(&mut map, &rest)?;
            map.encryption = settings::only_read(file)?;
        }
        _ => settings::set(&mut map, &given.settings)?,
    }
    let place = Place::find(&given.dir, map.direction, asked.mode)?;
    apart(&asked.written, &place.path, &place.path)?;
    map.path.clone_from(&place.path);
    map.name.clone_from(&place.path);
    let name = map.name.clone();
    let bucket = Bucket {
        name: given.dest.bucket.clone(),
        access: given.settings.access.clone(),
        capabilities: None,
        maps: Vec::new(),
    };
    // The state file may lie in the directory all the same, and is no part of it.
    let own = fs::canonicalize(asked.file).unwrap_or_else(|_| asked.file.to_owned());
    let replica = store::new_replica_id().map_err(Error::Store)?;
    (asked.sink)(None, Event::Maps(std::slice::from_ref(&name)));
    let own = own_files(&own, std::iter::once(&map));
    let mut task = Task {
        index: 0,
        bucket,
        stored_direction: map.direction,
        map,
        terms: asked.terms(replica, Generation::Last, own),
    };
    task.terms.sink = sink_of(&asked.sink, &name);
    if let Some(stand_in) = &place.stand_in {
        task.map.path.clone_from(&stand_in.0);
    }
    let stood = sync::stand(&task);
    task.map.path.clone_from(&place.path);
    let outcome = match stood {
        Ok((root, standing)) => sync::sync(&task, root, standing, None).await,
        Err(halt) => halted(halt),
    };
    let exit = if asked.stop.is_wished() {
        Exit::Interrupted
    } else {
        exit_of(&outcome.counts, outcome.halt.as_ref())
    };
    let Outcome { counts, halt, .. } = outcome;
    Ok(Report {
        maps: vec![Ended {
            map: name,
            counts,
            halt,
        }],
        exit,
        synced_ms: 0,
        unencrypted: Vec::new(),
    })
}

/// What such a run is called: the directory's path.
pub(super) fn name(given: &Mapless) -> String {
    let path = fs::canonicalize(&given.dir).or_else(|_| std::path::absolute(&given.dir));
    let path = path.unwrap_or_else(|_| given.dir.clone());
    path.display().to_string()
}

fn halted(halt: Halt) -> Outcome {
    Outcome {
        halt: Some(halt),
        ..Outcome::default()
    }
}

/// The directory, and what stands in for it where there is none yet.
struct Place {
    path: String,
    stand_in: Option<StandIn>,
}

impl Place {
    /// A directory to push from must be there; one to pull into is made, but by no dry run.
    fn find(dir: &Path, direction: Direction, mode: Mode) -> Result<Self, Error> {
        let bad = |error| Error::Directory(dir.display().to_string(), error);
        let pulls = matches!(direction, Direction::Pull | Direction::PullMirror);
        let is_missing =
            fs::symlink_metadata(dir).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        if pulls && is_missing && mode == Mode::DryRun {
            let path = std::path::absolute(dir).map_err(bad)?;
            return Ok(Self {
                path: text(path).map_err(bad)?,
                stand_in: Some(StandIn::new()?),
            });
        }
        if pulls && is_missing {
            fs::create_dir_all(dir).map_err(bad)?;
        }
        let path = fs::canonicalize(dir).map_err(bad)?;
        if !path.is_dir() {
            return Err(bad(io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self {
            path: text(path).map_err(bad)?,
            stand_in: None,
        })
    }
}

fn text(path: PathBuf) -> Result<String, io::Error> {
    path.into_os_string()
        .into_string()
        .map_err(|_| io::Error::other("its path is not UTF-8"))
}

/// An empty directory for as long as it is held.
struct StandIn(String);

impl StandIn {
    fn new() -> Result<Self, Error> {
        let id = store::new_map_id().map_err(Error::Store)?;
        let path = std::env::temp_dir().join(format!("s3-bsync-{id}"));
        let shown = path.display().to_string();
        fs::create_dir(&path)
            .and_then(|()| text(path))
            .map(Self)
            .map_err(|error| Error::Directory(shown, error))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // Nothing was put into it; left behind it would harm nobody.
        let _ = fs::remove_dir(&self.0);
    }
}
