//! Which maps the system says something happened in. An event decides only that a map is looked at:
//! what happened is for the run to find out, so that events that are lost or come late lose nothing.

use crate::key::{OWN_FOLDER, TEMP_PREFIX};
use crate::state::Recursion;
use crate::store;
use notify::event::EventKind;
use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A map as it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) recursion: Recursion,
}

/// The system's events.
pub(super) struct Events {
    watcher: RecommendedWatcher,
    heard: Arc<Heard>,
    /// What is watched, with the directory's device and inode.
    watched: Vec<(Watched, Option<(u64, u64)>)>,
}

/// What happened since it was last asked for.
#[derive(Default)]
struct Heard {
    maps: Mutex<Vec<Watched>>,
    touched: Mutex<BTreeSet<String>>,
    /// The state file, whose companions are the program's own.
    state: PathBuf,
    news: Notify,
}

impl Events {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the system answers.
    pub(super) fn begin(state: &Path) -> Result<Self, notify::Error> {
        let heard = Arc::new(Heard {
            state: fs::canonicalize(state).unwrap_or_else(|_| state.to_owned()),
            ..Heard::default()
        });
        let listener = Arc::clone(&heard);
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(move |event| listener.hear(event), config)?;
        Ok(Self {
            watcher,
            heard,
            watched: Vec::new(),
        })
    }

    /// Watches these maps and no others, and anew those whose directory is another by now. Gives
    /// why some are not watched.
    pub(super) fn watch(&mut self, maps: &[Watched]) -> Vec<String> {
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.watched)
            .into_iter()
            .partition(|(map, id)| {
                maps.contains(map) && id.is_some() && *id == identity(&map.path)
            });
        for (map, _) in gone {
            // A directory that is no longer there is not watched any more.
            let _ = self.watcher.unwatch(&map.path);
        }
        self.watched = kept;
        *lock(&self.heard.maps) = maps.to_vec();
        let mut troubles = Vec::new();
        for map in maps {
            if self.watched.iter().any(|(known, _)| known == map) {
                continue;
            }
            let id = identity(&map.path);
            let mode = match map.recursion {
                Recursion::Recursive => RecursiveMode::Recursive,
                Recursion::TopOnly => RecursiveMode::NonRecursive,
            };
            // Where there is no directory the run says so.
            let watched = id.map(|_| self.watcher.watch(&map.path, mode));
            if let Some(Err(error)) = watched {
                troubles.push(format!("map {}: {}", map.name, told(&error)));
                continue;
            }
            self.watched.push((map.clone(), id));
        }
        troubles
    }

    /// The maps in which something happened since this was last asked.
    pub(super) fn take(&self) -> BTreeSet<String> {
        std::mem::take(&mut *lock(&self.heard.touched))
    }

    /// Waits until something happens.
    pub(super) async fn wait(&self) {
        self.heard.news.notified().await;
    }
}

impl Heard {
    fn hear(&self, event: Result<Event, notify::Error>) {
        let maps = lock(&self.maps);
        let names: BTreeSet<String> = match event {
            // Somebody who reads changes nothing.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) && !event.need_rescan() => {
                return;
            }
            Ok(event) if !event.need_rescan() && !event.paths.is_empty() => {
                let touched = |map: &&Watched| {
                    let of_map = |path: &PathBuf| self.is_of(map, path);
                    event.paths.iter().any(of_map)
                };
                maps.iter().filter(touched).map(name).collect()
            }
            // Something was lost: it may have been anywhere.
            Ok(_) | Err(_) => maps.iter().map(name).collect(),
        };
        drop(maps);
        if !names.is_empty() {
            lock(&self.touched).extend(names);
            self.news.notify_one();
        }
    }

    /// Whether a path is a map's, and not one of the program's own files.
    fn is_of(&self, map: &Watched, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&map.path) else {
            return false;
        };
        let is_own = below.iter().any(|name| {
            name == OWN_FOLDER || name.as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes())
        });
        !is_own && !store::is_own_file(&self.state, path)
    }
}

fn name(map: &Watched) -> String {
    map.name.clone()
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

fn told(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => "it has more directories than the system may watch \
             (fs.inotify.max_user_watches); it is synced each interval only"
            .to_owned(),
        _ => format!("it cannot be watched and is synced each interval only: {error}"),
    }
}

fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}
