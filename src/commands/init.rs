//! `--init`: changes the settings in the state file. Touches no file on either side and no network.

use super::identity_files;
use super::settings::{self, Taken};
use super::unencrypted::left_behind;
use crate::cli::{Init, NewMap, S3Uri, Start, Unmap};
use crate::envelope::KeyError;
use crate::exit::Exit;
use crate::key::Shown;
use crate::local::{self, RecoveryRun};
use crate::overlap::{self, Overlap, Place};
use crate::remote;
use crate::state::{Bucket, DirMap, RootId, State};
use crate::store::{self, Store};
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Why settings could not be changed. Nothing was changed then.
#[derive(Debug)]
pub enum Error {
    /// The state file.
    Store(store::Error),
    /// A path to map is not there, or is no directory.
    NoDirectory(String, Option<std::io::Error>),
    /// There is no such map.
    NoMap(Unmap),
    /// There is no map of this name.
    NoName(String),
    /// A file that a map is to name is not there, or is none that can be read.
    BadFile {
        /// What is in it.
        what: &'static str,
        /// Its path, as shown.
        path: String,
        /// Why it cannot be read; `None` where it is no regular file.
        source: Option<std::io::Error>,
    },
    /// The age recipients cannot be used.
    Key(KeyError),
    /// The profile cannot be used.
    Profile(remote::Error),
    /// A file of identities tells no recipients.
    NoRecipients {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// A name is taken.
    NameTaken(String),
    /// Two maps would share files.
    Overlap(Overlap),
    /// An age identity is in the directory of a map.
    IdentityInside {
        /// Its path.
        path: String,
        /// The map's name.
        map: String,
    },
    /// A map's directory.
    Root(local::Error),
    /// There is nothing to do.
    NothingAsked,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::NoDirectory(path, Some(_)) => write!(f, "cannot map {}", Shown(path)),
            Self::NoDirectory(path, None) => {
                write!(f, "cannot map {}: not a directory", Shown(path))
            }
            Self::NoMap(Unmap {
                path,
                dest: Some(dest),
            }) => write!(f, "there is no map of {path} to {dest}"),
            Self::NoMap(Unmap { path, dest: None }) => write!(f, "there is no map of {path}"),
            Self::NoName(name) => write!(f, "there is no map called {}", Shown(name)),
            Self::BadFile { what, path, source } => match source {
                Some(_) => write!(f, "cannot read {what} {path}"),
                None => write!(f, "cannot read {what} {path}: not a regular file"),
            },
            Self::Key(error) => error.fmt(f),
            Self::Profile(error) => error.kind.fmt(f),
            Self::NoRecipients { path, reason } => {
                let path = Shown(path);
                write!(f, "no recipients can be told from {path}: {reason}")
            }
            Self::NameTaken(name) => write!(f, "another map is called {name}"),
            Self::Overlap(overlap) => overlap.fmt(f),
            Self::IdentityInside { path, map } => write!(
                f,
                "the identity file {} is in the directory of map {}",
                Shown(path),
                Shown(map)
            ),
            Self::Root(error) => error.fmt(f),
            Self::NothingAsked => write!(f, "--init was given nothing to do"),
        }
    }
}

impl Error {
    /// The exit code it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Store(_) | Self::Root(_) => Exit::Stopped,
            Self::NoDirectory(..)
            | Self::NoMap(_)
            | Self::NoName(_)
            | Self::BadFile { .. }
            | Self::Key(_)
            | Self::Profile(_)
            | Self::NoRecipients { .. }
            | Self::NameTaken(_)
            | Self::Overlap(_)
            | Self::IdentityInside { .. }
            | Self::NothingAsked => Exit::Misuse,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::NoDirectory(_, source) | Self::BadFile { source, .. } => {
                source.as_ref().map(|error| error as _)
            }
            Self::Key(error) => error.source(),
            Self::Profile(error) => error.source(),
            Self::Root(error) => error.source(),
            Self::NoMap(_)
            | Self::NoName(_)
            | Self::NoRecipients { .. }
            | Self::NameTaken(_)
            | Self::Overlap(_)
            | Self::IdentityInside { .. }
            | Self::NothingAsked => None,
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Changes settings; gives one line for each thing done.
///
/// # Errors
/// [`Error`]; the state file is as it was then.
pub fn init(asked: &Init, now_ms: i64) -> Result<Vec<String>, Error> {
    let now = RecoveryRun::at(now_ms);
    let now_utc = now.name();
    if asked.start == Start::Existing && asked.add.is_empty() && asked.remove.is_empty() {
        return Err(Error::NothingAsked);
    }
    for map in &asked.add {
        check_directory(&map.path)?;
    }
    if asked.start == Start::Purge {
        return start_anew(asked, now_utc);
    }
    let (mut state, store) = match Store::open(&asked.file, store::Mode::Write, now_utc) {
        Ok(store) => (store.state().clone(), Some(store)),
        Err(store::Error::Missing(_)) => (State::new(store::new_replica_id()?), None),
        Err(error) => return Err(error.into()),
    };
    let before = state.clone();
    let mut told = edit(&mut state, asked)?;
    match store {
        Some(mut store) => {
            store.commit(state)?;
            told.extend(left_behind_by(asked, &store, &before));
        }
        None => drop(Store::create(&asked.file, state, now_utc)?),
    }
    Ok(told)
}

/// Lines about objects of changed maps that are stored otherwise than their encryption now asks for.
fn left_behind_by(asked: &Init, store: &Store, before: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, map) in store.state().maps() {
        let is_changed = asked.add.iter().any(|new| new.path == map.path);
        let earlier = before.maps().find(|(_, earlier)| earlier.id == map.id);
        if is_changed && let Some((_, earlier)) = earlier {
            let encryption = &earlier.encryption;
            // The change is saved; what cannot be counted must not look like a failure of it.
            let told = left_behind(store, &asked.file, &map.name, encryption);
            lines.extend(told.unwrap_or_default());
        }
    }
    lines
}

/// Deletes the state file and writes another, if there are maps to put in it.
fn start_anew(asked: &Init, now_utc: &str) -> Result<Vec<String>, Error> {
    let mut state = State::new(store::new_replica_id()?);
    let added = edit(&mut state, asked)?;
    let mut told = Vec::new();
    match store::purge(&asked.file, now_utc) {
        Ok(()) => told.push(format!("deleted {}", asked.file.display())),
        Err(store::Error::Missing(_)) => {}
        Err(error) => return Err(error.into()),
    }
    if !asked.add.is_empty() {
        drop(Store::create(&asked.file, state, now_utc)?);
    }
    told.extend(added);
    Ok(told)
}

/// Drops and adds maps; gives one line for each.
fn edit(state: &mut State, asked: &Init) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    if asked.start == Start::Overwrite {
        drop_maps(state, &mut told, |bucket, map| {
            !asked.add.iter().any(|new| is_same_map(new, bucket, map))
        });
    }
    for unmap in &asked.remove {
        let before = told.len();
        drop_maps(state, &mut told, |bucket, map| is_meant(unmap, bucket, map));
        if told.len() == before {
            return Err(Error::NoMap(unmap.clone()));
        }
    }
    for new in &asked.add {
        told.push(add(state, new)?);
    }
    state.buckets.retain(|bucket| !bucket.maps.is_empty());
    check_maps(state)?;
    Ok(told)
}

fn drop_maps(
    state: &mut State,
    told: &mut Vec<String>,
    is_dropped: impl Fn(&str, &DirMap) -> bool,
) {
    for Bucket { name, maps, .. } in &mut state.buckets {
        maps.retain(|map| {
            let goes = is_dropped(name, map);
            if goes {
                told.push(line("dropped", name, map));
            }
            !goes
        });
    }
}

pub(super) fn line(verb: &str, bucket: &str, map: &DirMap) -> String {
    let uri = map.uri(bucket);
    let (name, path, uri) = (Shown(&map.name), Shown(&map.path), Shown(&uri));
    format!("{verb} map {name}: {path} and {uri}")
}

pub(super) fn check_directory(path: &str) -> Result<(), Error> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Error::NoDirectory(path.to_owned(), None)),
        Err(error) => Err(Error::NoDirectory(path.to_owned(), Some(error))),
    }
}

/// The path without symlinks, or as it is where it cannot be resolved.
pub(super) fn real_path(path: &str) -> String {
    std::fs::canonicalize(path)
        .ok()
        .and_then(|real| real.into_os_string().into_string().ok())
        .unwrap_or_else(|| path.to_owned())
}

/// Checks that no two maps share files and no map holds an age identity.
pub(super) fn check_maps(state: &State) -> Result<(), Error> {
    overlap::check(state, place).map_err(Error::Overlap)?;
    match identity_files::in_a_map(state) {
        Some((path, map)) => Err(Error::IdentityInside { path, map }),
        None => Ok(()),
    }
}

/// Finds a map's directory by its path.
pub(super) fn place(path: &str) -> Place {
    let path = real_path(path);
    let id = |found: std::fs::Metadata| RootId {
        device: found.dev(),
        inode: found.ino(),
    };
    let ids = match std::fs::metadata(&path) {
        Ok(_) => Path::new(&path)
            .ancestors()
            .filter_map(|above| std::fs::metadata(above).ok().map(id))
            .collect(),
        Err(_) => Vec::new(),
    };
    Place { path, ids }
}

fn is_same_map(new: &NewMap, bucket: &str, map: &DirMap) -> bool {
    new.path == map.path && new.dest.bucket == bucket && new.dest.prefix == map.prefix
}

fn is_meant(unmap: &Unmap, bucket: &str, map: &DirMap) -> bool {
    let is_there = |dest: &S3Uri| dest.bucket == bucket && dest.prefix == map.prefix;
    unmap.path == map.path && unmap.dest.as_ref().is_none_or(is_there)
}

/// Adds a map, or changes the one that is there already.
fn add(state: &mut State, new: &NewMap) -> Result<String, Error> {
    let known = settings::take(state, |bucket, map| is_same_map(new, bucket, map));
    let verb = if known.is_some() { "changed" } else { "added" };
    let mut taken = match known {
        Some(known) => known,
        None => Taken {
            bucket: new.dest.bucket.clone(),
            access: new.settings.access.clone(),
            map: fresh(state, new)?,
        },
    };
    settings::change(state, &mut taken, &new.settings)?;
    let told = line(verb, &taken.bucket, &taken.map);
    settings::put(state, taken);
    Ok(told)
}

fn fresh(state: &State, new: &NewMap) -> Result<DirMap, Error> {
    blank(free_name(state, &new.path), new.path.clone(), &new.dest)
}

/// What a map of this path is called where nobody says.
pub(super) fn free_name(state: &State, path: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path);
    let is_taken = |name: &str| state.maps().any(|(_, map)| map.name == name);
    (1..=u32::MAX)
        .map(|n| {
            if n == 1 {
                stem.to_owned()
            } else {
                format!("{stem}-{n}")
            }
        })
        .find(|name| !is_taken(name))
        .unwrap_or_else(|| stem.to_owned())
}

/// A map of which nothing is said yet.
pub(super) fn blank(name: String, path: String, dest: &S3Uri) -> Result<DirMap, Error> {
    let id = store::new_map_id()?;
    Ok(DirMap::new(id, name, path, dest.prefix.clone()))
}
