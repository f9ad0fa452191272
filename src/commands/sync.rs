//! The main job: the maps of the state file, all or some, several at a time.

mod apart;
mod error;
mod side_by_side;
mod tidy;

use super::identity_files;
use super::init::place;
use super::named::missing;
use super::unencrypted::Unencrypted;
use crate::cli::Maps;
use crate::envelope::Passphrase;
use crate::event::{Counts, Event, RunSink};
use crate::exit::Exit;
use crate::format::DecodeError;
use crate::local::{OwnFiles, RecoveryRun, Root};
use crate::overlap;
use crate::remote::{Network, Timeout};
use crate::state::{DirMap, MapId, ReplicaId, State};
use crate::stop::Stop;
use crate::store::{self, Store};
use crate::sync::{self, Halt, Mode, Outcome, Recorded, Share, Standing, Task, Terms};
pub(super) use apart::{apart, lies_in};
pub use error::Error;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What a run is asked for.
pub struct Asked<'a> {
    /// The state file.
    pub file: &'a Path,
    /// Which of its maps.
    pub maps: &'a Maps,
    /// Steps at a time.
    pub jobs: Option<usize>,
    /// The most bytes that travel in a second.
    pub bytes_per_s: Option<NonZeroU64>,
    /// How many removals are allowed.
    pub limit: crate::guard::Limit,
    /// Whether anything is changed.
    pub mode: Mode,
    /// Whether recorded stamps are believed.
    pub trust: sync::Trust,
    /// Whether safety stops are heeded.
    pub safety: sync::Safety,
    /// Source of the passphrase of an identity file.
    pub passphrase: Passphrase,
    /// Which objects are packed anew.
    pub reencode: sync::Reencode,
    /// When the run began, milliseconds since the epoch.
    pub now_ms: i64,
    /// Who settles what a map's policy leaves to a person.
    pub person: Option<Arc<dyn sync::Person>>,
    /// How long a server may be silent.
    pub timeout: Timeout,
    /// The wish to stop.
    pub stop: Stop,
    /// Where events go.
    pub sink: Arc<RunSink>,
    /// What the run itself writes besides: none of it may lie in a map.
    pub written: Vec<PathBuf>,
}

/// How a map's run ended, by name.
pub struct Ended {
    /// The map's name.
    pub map: String,
    /// What was done.
    pub counts: Counts,
    /// Why it ended early.
    pub halt: Option<Halt>,
}

impl Ended {
    /// The exit code that the map alone means, where nobody interrupted the run.
    #[must_use]
    pub fn exit(&self) -> Exit {
        exit_of(&self.counts, self.halt.as_ref())
    }

    /// Whether the map was looked at, so that its counts say something.
    #[must_use]
    pub fn was_looked_at(&self) -> bool {
        self.halt.is_none() || self.counts != Counts::default()
    }
}

/// How a run ended.
pub struct Report {
    /// How each map ended.
    pub maps: Vec<Ended>,
    /// The exit code.
    pub exit: Exit,
    /// When a run of all maps last ended well, milliseconds since the epoch; 0 if none did.
    pub synced_ms: u64,
    /// Maps of a dry run with objects that are stored unencrypted although their map encrypts.
    pub unencrypted: Vec<Unencrypted>,
}

impl Report {
    /// Whether nothing was done, and nothing stood in the way.
    #[must_use]
    pub fn is_uneventful(&self) -> bool {
        let is_quiet = |counts: &Counts| {
            let done = counts.uploaded + counts.downloaded + counts.moved + counts.deleted_local;
            done + counts.deleted_remote + counts.conflicts + counts.skipped + counts.failed == 0
        };
        self.exit == Exit::InSync && self.maps.iter().all(|ended| is_quiet(&ended.counts))
    }
}

/// Syncs the maps that are asked for.
///
/// # Errors
/// [`Error`] where nothing could be begun, or what was done could not be saved.
pub async fn sync(asked: &Asked<'_>) -> Result<Report, Error> {
    let store_mode = match asked.mode {
        Mode::Apply => store::Mode::Write,
        Mode::DryRun => store::Mode::ReadOnly,
    };
    let mut store = Store::open(asked.file, store_mode, RecoveryRun::at(asked.now_ms).name())?;
    let mut exit = Exit::InSync;
    if let Some(fell_back) = store.fell_back() {
        (asked.sink)(None, Event::Notice(&fallen_back(&fell_back.defect)));
        exit = Exit::Partial;
    }
    overlap::check(store.state(), place).map_err(Error::Overlap)?;
    for (_, map) in store.state().maps() {
        apart(&asked.written, &map.name, &map.path)?;
    }
    if store.state().maps().next().is_none() {
        let text = "the state file holds no map, so there is nothing to sync";
        (asked.sink)(None, Event::Notice(text));
    }
    let generation = match store.fell_back() {
        None => sync::Generation::Last,
        Some(_) => sync::Generation::Before,
    };
    let own = own_files(
        store.own_name_prefix(),
        store.state().maps().map(|(_, map)| map),
    );
    let terms = asked.terms(store.state().replica, generation, own);
    let tasks = tasks(store.state(), asked.maps, &terms)?;
    let mut stands = BTreeMap::new();
    let mut ended: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut roots = BTreeMap::new();
    let mut resets = Vec::new();
    for task in &tasks {
        match sync::stand(task) {
            Ok((root, standing)) => {
                if standing == Standing::Foreign {
                    let text = format!(
                        "map {}: what is recorded is of another time or directory and is not used; nothing is deleted this run",
                        task.map.name
                    );
                    (asked.sink)(None, Event::Notice(&text));
                    resets.push(task.map.id);
                }
                stands.insert(task.index, (root, standing));
            }
            Err(halt) => {
                ended.insert(
                    task.index,
                    Outcome {
                        halt: Some(halt),
                        ..Outcome::default()
                    },
                );
            }
        }
    }
    if !resets.is_empty() && asked.mode == Mode::Apply {
        reset(&mut store, &resets)?;
    }
    let mut tasks = self::tasks(store.state(), asked.maps, &terms)?;
    let store = Arc::new(Mutex::new(store));
    let mut ready = Vec::new();
    for task in &mut tasks {
        if let Some((root, standing)) = stands.remove(&task.index) {
            if standing == Standing::Foreign {
                // A directory of another time is no model for a mirror either.
                task.map.direction = task.map.direction.without_deletions();
            }
            roots.insert(task.map.id, root.clone());
            ready.push(side_by_side::Ready {
                task: task.clone(),
                root,
                standing,
            });
        }
    }
    ended.extend(side_by_side::run(asked, ready, &store).await);
    finish(asked, tasks, ended, &roots, &store, exit)
}

/// What is said where a damaged state file has an intact previous generation.
pub(super) fn fallen_back(defect: &DecodeError) -> String {
    format!("the state file is damaged ({defect}); its previous generation is used")
}

impl Asked<'_> {
    pub(super) fn terms(
        &self,
        replica: ReplicaId,
        generation: sync::Generation,
        own: OwnFiles,
    ) -> Terms {
        let sink = Arc::clone(&self.sink);
        Terms {
            replica,
            now_ms: self.now_ms,
            generation,
            mode: self.mode,
            trust: self.trust,
            safety: self.safety,
            limit: self.limit,
            passphrase: self.passphrase.clone(),
            reencode: self.reencode,
            jobs: self.jobs,
            share: Share::whole(self.jobs, self.bytes_per_s),
            own,
            person: self.person.clone(),
            stop: self.stop.clone(),
            sink: Arc::new(move |event: Event<'_>| sink(None, event)),
            network: Network::new(self.stop.clone(), self.timeout),
        }
    }
}

/// The files beside and including the state file that are the program's own, and the identities.
pub(super) fn own_files<'a>(file: &Path, maps: impl Iterator<Item = &'a DirMap>) -> OwnFiles {
    let directory = file.parent().map(Path::to_string_lossy).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    OwnFiles {
        directory: directory.into_owned(),
        name_prefix: name.into_owned(),
        identities: identity_files::ids(maps),
    }
}

/// The maps that are asked for, in the order of the state file.
fn tasks(state: &State, maps: &Maps, terms: &Terms) -> Result<Vec<Task>, Error> {
    let names = match maps {
        Maps::All => &[],
        Maps::Named(names) => &names[..],
        Maps::OneWay(name, _) => std::slice::from_ref(name),
    };
    if let Some(name) = missing(state, names) {
        return Err(Error::NoName(name.to_owned()));
    }
    let tasks = state
        .maps()
        .enumerate()
        .filter(|(_, (_, map))| *maps == Maps::All || names.contains(&map.name))
        .map(|(index, (bucket, map))| {
            let mut map = map.clone();
            let stored_direction = map.direction;
            if let Maps::OneWay(_, direction) = maps {
                map.direction = *direction;
            }
            Task {
                index,
                bucket: bucket.clone(),
                map,
                stored_direction,
                terms: terms.clone(),
            }
        });
    Ok(tasks.collect())
}

/// Forgets the records of maps whose base is not to be believed, durably, before anything is done
/// on the word of their absence: under a new id a map starts without any.
fn reset(store: &mut Store, maps: &[MapId]) -> Result<(), Error> {
    let mut state = store.state().clone();
    for map in state.buckets.iter_mut().flat_map(|bucket| &mut bucket.maps) {
        if maps.contains(&map.id) {
            map.id = store::new_map_id()?;
            map.generation = 0;
            map.root = None;
        }
    }
    Ok(store.commit(state)?)
}

fn finish(
    asked: &Asked<'_>,
    tasks: Vec<Task>,
    mut ended: BTreeMap<usize, Outcome>,
    roots: &BTreeMap<MapId, Root>,
    store: &Mutex<Store>,
    mut exit: Exit,
) -> Result<Report, Error> {
    let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
    let mut state = store.state().clone();
    let mut changed = Vec::new();
    let mut maps = Vec::new();
    let mut unencrypted = Vec::new();
    for Task { index, map, .. } in tasks {
        let Some(outcome) = ended.remove(&index) else {
            continue;
        };
        exit = exit.max(exit_of(&outcome.counts, outcome.halt.as_ref()));
        let Outcome {
            counts,
            recorded,
            capabilities,
            root,
            halt,
        } = outcome;
        for bucket in &mut state.buckets {
            if let Some(found) = bucket.maps.iter_mut().find(|found| found.id == map.id) {
                // Until a run has come to its end, what has no record may be the rest of a first
                // run; afterwards an idle run changes nothing.
                let is_ended = halt.is_none() && !asked.stop.is_wished();
                if is_ended && (found.root.is_none() || recorded == Recorded::Something) {
                    found.root = root.or(found.root);
                }
                bucket.capabilities = capabilities.or(bucket.capabilities);
            }
        }
        if recorded == Recorded::Something {
            changed.push(map.id);
        }
        if asked.mode == Mode::DryRun {
            unencrypted.extend(super::unencrypted::unencrypted(&store, asked.file, index)?);
        }
        maps.push(Ended {
            map: map.name,
            counts,
            halt,
        });
    }
    if asked.stop.is_wished() {
        exit = Exit::Interrupted;
    }
    if asked.mode == Mode::Apply {
        if exit <= Exit::Partial && *asked.maps == Maps::All {
            state.synced_ms = u64::try_from(asked.now_ms).unwrap_or(0);
        }
        store.commit(state)?;
        for (_, map) in store.state().maps() {
            if changed.contains(&map.id)
                && let Some(root) = roots.get(&map.id)
            {
                // The marker fits as it is; this only makes it tell one generation from the next.
                let _ = sync::confirm(root, store.state().replica, map);
            }
        }
    }
    Ok(Report {
        maps,
        exit,
        synced_ms: store.state().synced_ms,
        unencrypted,
    })
}

pub(super) fn exit_of(counts: &Counts, halt: Option<&Halt>) -> Exit {
    if halt.is_some() {
        Exit::Stopped
    } else if counts.failed + counts.skipped > 0 {
        Exit::Partial
    } else {
        Exit::InSync
    }
}
