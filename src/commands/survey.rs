//! Maps that are looked at without a run: the state file is read and not locked, and nothing is
//! remembered.

use super::init::Error;
use super::named::named;
use super::sync::{fallen_back, own_files};
use crate::cli::Which;
use crate::envelope::Passphrase;
use crate::event::{Event, Sink};
use crate::guard::Limit;
use crate::local::{RecoveryRun, Root};
use crate::remote::{Network, Timeout};
use crate::report::Reporter;
use crate::report::ask::passphrase;
use crate::stop::Stop;
use crate::store::{self, Store};
use crate::sync::{
    self, Generation, Halt, Mode, Reencode, Safety, Share, Standing, Task, Terms, Trust,
};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How maps are looked at.
pub(super) struct Look<'a> {
    /// The state file.
    pub(super) file: &'a Path,
    /// Which maps.
    pub(super) which: &'a Which,
    /// Files or requests at a time.
    pub(super) jobs: Option<usize>,
    /// The most bytes that travel in a second.
    pub(super) bytes_per_s: Option<NonZeroU64>,
    /// Source of the passphrase of an identity file.
    pub(super) passphrase: Passphrase,
    /// Whether a directory without its marker is looked at too, without its records.
    pub(super) safety: Safety,
    /// The time, milliseconds since the epoch.
    pub(super) now_ms: i64,
    /// How long a server may be silent.
    pub(super) timeout: Timeout,
    /// The wish to stop.
    pub(super) stop: &'a Stop,
    /// Where events go.
    pub(super) sink: Arc<Sink>,
}

/// The maps, and the records they are looked at with.
pub(super) struct Survey {
    pub(super) store: Arc<Mutex<Store>>,
    pub(super) tasks: Vec<Task>,
}

impl<'a> Look<'a> {
    /// A look that heeds everything, of which all is told to `reporter`.
    pub(super) fn new(
        file: &'a Path,
        which: &'a Which,
        reporter: &Arc<Reporter>,
        now_ms: i64,
        stop: &'a Stop,
    ) -> Self {
        let listener = Arc::clone(reporter);
        Self {
            file,
            which,
            jobs: None,
            bytes_per_s: None,
            passphrase: passphrase(None, reporter, stop),
            safety: Safety::Heeded,
            now_ms,
            timeout: Timeout::default(),
            stop,
            sink: Arc::new(move |event: Event<'_>| listener.tell(&event)),
        }
    }

    /// Reads the state file.
    ///
    /// # Errors
    /// What opening it gives, and [`Error::NoName`].
    pub(super) fn begin(&self) -> Result<Survey, Error> {
        let run = RecoveryRun::at(self.now_ms);
        let store = Store::open(self.file, store::Mode::ReadOnly, run.name())?;
        let generation = match store.fell_back() {
            None => Generation::Last,
            Some(fell_back) => {
                (self.sink)(Event::Notice(&fallen_back(&fell_back.defect)));
                Generation::Before
            }
        };
        let state = store.state();
        let names = Vec::from_iter(self.which.map.clone());
        let asked = named(state, &names)?;
        let terms = Terms {
            replica: state.replica,
            now_ms: self.now_ms,
            generation,
            mode: Mode::DryRun,
            trust: Trust::Stamps,
            safety: self.safety,
            reencode: Reencode::Changed,
            limit: Limit::default(),
            passphrase: self.passphrase.clone(),
            jobs: self.jobs,
            share: Share::whole(self.jobs, self.bytes_per_s),
            own: own_files(
                store.own_name_prefix(),
                store.state().maps().map(|(_, map)| map),
            ),
            stop: self.stop.clone(),
            network: Network::new(self.stop.clone(), self.timeout),
            sink: Arc::clone(&self.sink),
            person: None,
        };
        let all = state.maps().enumerate();
        let tasks = all
            .filter(|(_, (_, map))| asked.iter().any(|(_, one)| one.id == map.id))
            .map(|(index, (bucket, map))| Task {
                index,
                bucket: bucket.clone(),
                map: map.clone(),
                stored_direction: map.direction,
                terms: terms.clone(),
            });
        Ok(Survey {
            tasks: tasks.collect(),
            store: Arc::new(Mutex::new(store)),
        })
    }
}

/// Opens a map's directory; tells where its records are of no use.
///
/// # Errors
/// [`Halt`] as a run has it.
pub(super) fn stand(task: &Task) -> Result<(Root, Standing), Halt> {
    let (root, standing) = sync::stand(task)?;
    if standing == Standing::Foreign {
        (task.terms.sink)(Event::Notice(&format!(
            "map {}: what is recorded is of another time or directory and is not used",
            task.map.name
        )));
    }
    Ok((root, standing))
}
