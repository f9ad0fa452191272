//! `--report`: one page of a state, or of a run and the state after it. Reads the records as a
//! stream and the ends of earlier logs; what is told of them is the business of
//! [`crate::report::page`].

mod error;
mod past;
mod place;

use super::dump::settings_told;
use super::init::real_path;
use super::sync::{self, Report};
use crate::cli::StatePage;
use crate::event::Event;
use crate::local::RecoveryRun;
use crate::report::page::{
    self, About, Census, Counted, Listener, MapChapter, MapEnd, Page, PastRun, RunChapter, Told,
};
use crate::store::{self, Mode, Store};
use crate::sync as story;
pub use error::Error;
use place::{Place, Root};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Writes a page of a state file. Takes no lock and changes nothing else; gives what a person
/// should know of the file.
///
/// # Errors
/// [`Error`], and no page is written.
pub fn of_state(asked: &StatePage, now_ms: i64) -> Result<Option<String>, Error> {
    let place = Place::find(&asked.page)?;
    let state = Read::open(&asked.file, now_ms)?;
    place.check(&state.roots(), Some(state.store.own_name_prefix()))?;
    place.try_out()?;
    let notice = state.notice.clone();
    let page = state.page(now_ms, None, None)?;
    place.write(|out| page::write(&page, out))?;
    Ok(notice)
}

/// The page of a run: found fit to be written before the run, told of it meanwhile, and written
/// after it.
pub struct RunPage {
    page: PathBuf,
    file: PathBuf,
    /// The directory of a run that is about no map.
    directory: Option<PathBuf>,
    mode: story::Mode,
    now_ms: i64,
    begun: Instant,
    listener: Listener,
}

/// What the page of a run is about.
pub struct AskedPage<'a> {
    /// Where the page goes.
    pub page: &'a Path,
    /// The state file.
    pub file: &'a Path,
    /// The directory of a run that is about no map.
    pub directory: Option<&'a Path>,
    /// Whether the run changes anything.
    pub mode: story::Mode,
    /// When it begins, milliseconds since the epoch.
    pub now_ms: i64,
}

impl RunPage {
    /// Finds out whether the page can be written.
    ///
    /// # Errors
    /// [`Error`] where it cannot; nothing is changed then.
    pub fn begin(asked: &AskedPage<'_>) -> Result<Self, Error> {
        let run = Self {
            page: asked.page.to_owned(),
            file: asked.file.to_owned(),
            directory: asked.directory.map(Path::to_owned),
            mode: asked.mode,
            now_ms: asked.now_ms,
            begun: Instant::now(),
            listener: Listener::default(),
        };
        let place = Place::find(&run.page)?;
        // Where the state cannot be read the run says so, and there is no page.
        let state = run.read().ok();
        run.check(&place, state.as_ref())?;
        place.try_out()?;
        Ok(run)
    }

    /// Hears of an event.
    pub fn hear(&self, map: Option<&str>, event: &Event<'_>) {
        self.listener.hear(map, event);
    }

    /// Writes the page, with the ends of earlier runs from the log folder, if one is named.
    ///
    /// # Errors
    /// [`Error`] where there is no page, or still the one from before.
    pub fn finish(
        &self,
        ended: Result<&Report, &sync::Error>,
        logs: Option<&Path>,
    ) -> Result<(), Error> {
        let place = Place::find(&self.page)?;
        let state = match self.read() {
            Ok(state) => Some(state),
            Err(_) if self.directory.is_some() => None,
            // The run has said so already.
            Err(_) if ended.is_err() => return Ok(()),
            Err(error) => return Err(error),
        };
        self.check(&place, state.as_ref())?;
        let told = self.listener.told();
        let run = self.chapter(ended, &told);
        let history = logs.map(|logs| past::read(logs, self.now_ms));
        let subject = self
            .directory
            .as_ref()
            .map(|path| path.display().to_string());
        let page = match (&subject, state) {
            (None, Some(state)) => state.page(self.now_ms, Some(run), history)?,
            (subject, _) => Page {
                made_ms: self.now_ms,
                subject: subject.clone().unwrap_or_default(),
                state: None,
                notices: Vec::new(),
                run: Some(run),
                maps: Vec::new(),
                history,
            },
        };
        place.write(|out| page::write(&page, out))
    }

    fn read(&self) -> Result<Read, Error> {
        Read::open(&self.file, self.now_ms)
    }

    /// A page belongs to no map's directory, nor to that of the run.
    fn check(&self, place: &Place, state: Option<&Read>) -> Result<(), Error> {
        let mut roots = state.map(Read::roots).unwrap_or_default();
        if let Some(directory) = &self.directory {
            let path = fs::canonicalize(directory).or_else(|_| std::path::absolute(directory));
            roots.push(Root {
                map: directory.display().to_string(),
                path: path.unwrap_or_else(|_| directory.clone()),
            });
        }
        place.check(&roots, state.map(|state| state.store.own_name_prefix()))
    }

    fn chapter<'a>(&self, ended: Result<&Report, &sync::Error>, told: &'a Told) -> RunChapter<'a> {
        let (exit, stopped, maps) = match ended {
            Ok(report) => (report.exit, None, &report.maps[..]),
            Err(error) => (error.exit(), Some(error.to_string()), &[][..]),
        };
        let maps = maps.iter().map(|ended| MapEnd {
            map: ended.map.clone(),
            counts: ended.counts,
            halt: ended.halt.as_ref().map(ToString::to_string),
        });
        RunChapter {
            mode: self.mode,
            exit,
            seconds: self.begun.elapsed().as_secs_f64(),
            stopped,
            maps: maps.collect(),
            told,
        }
    }
}

/// A state file that was opened to be read.
struct Read {
    store: Store,
    file: PathBuf,
    notice: Option<String>,
}

impl Read {
    fn open(file: &Path, now_ms: i64) -> Result<Self, Error> {
        let store = Store::open(file, Mode::ReadOnly, RecoveryRun::at(now_ms).name())?;
        let notice = store
            .fell_back()
            .map(|fell_back| sync::fallen_back(&fell_back.defect));
        Ok(Self {
            store,
            file: file.to_owned(),
            notice,
        })
    }

    fn roots(&self) -> Vec<Root> {
        let maps = self.store.state().maps();
        maps.map(|(_, map)| Root {
            map: map.name.clone(),
            path: real_path(&map.path).into(),
        })
        .collect()
    }

    fn page(
        self,
        made_ms: i64,
        run: Option<RunChapter<'_>>,
        history: Option<Result<(Vec<PastRun>, usize), String>>,
    ) -> Result<Page<'_>, Error> {
        let state = self.store.state();
        let bytes = fs::metadata(&self.file).map(|meta| meta.len());
        let version = self.store.version();
        let mut maps = Vec::new();
        for (index, (bucket, map)) in state.maps().enumerate() {
            // Numbers that only the program has a use for are left to a dump.
            let mut settings = settings_told(version, bucket, map);
            settings.retain(|(name, _)| *name != "id" && (*name != "root" || map.root.is_none()));
            maps.push(MapChapter {
                settings,
                counted: self.counted(index)?,
            });
        }
        Ok(Page {
            made_ms,
            subject: self.file.display().to_string(),
            state: Some(About {
                bytes: bytes.unwrap_or(0),
                generation: state.generation,
                synced_ms: state.synced_ms,
            }),
            notices: self.notice.into_iter().collect(),
            run,
            maps,
            history,
        })
    }

    /// Counts a map's records, which are read once and not kept.
    fn counted(&self, map: usize) -> Result<Counted, store::Error> {
        let mut census = Census::default();
        for record in self.store.records(map)? {
            census.add(&record?);
        }
        Ok(census.finish())
    }
}
