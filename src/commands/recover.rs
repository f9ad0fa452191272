//! `recover` and `undo`: what the recovery folders of maps hold, on both sides: listed, shown,
//! compared, put back, removed. What changes anything keeps runs away while it works.

mod error;
mod kept;
mod put_back;
mod remove;
mod undo;
mod view;

use super::named;
use super::sync::own_files;
use crate::cli::{Form, Level, Recover, Recovery, Side, Wanted};
use crate::exit::Exit;
use crate::key::{Key, Shown};
use crate::local::RecoveryRun;
use crate::remote::{Network, Timeout};
use crate::report::Reporter;
use crate::report::ask::{Said, is_attended};
use crate::stop::Stop;
use crate::store::{self, Store};
use crate::sync::{Mode, Safety};
pub use error::Error;
use kept::{Folders, Kept};
use std::sync::Arc;
use view::Viewer;

/// Does what is asked for.
///
/// # Errors
/// [`Error`] where it cannot be begun; what fails later is told, and counts for the exit code.
pub async fn recover(
    asked: &Recover,
    reporter: &Arc<Reporter>,
    stop: &Stop,
    now_ms: i64,
) -> Result<Exit, Error> {
    let changes = matches!(
        asked.act,
        Recovery::PutBack(..) | Recovery::Drop(..) | Recovery::Expire(_) | Recovery::Undo(..)
    );
    let store_mode = match asked.mode {
        Mode::Apply if changes => store::Mode::Write,
        _ => store::Mode::ReadOnly,
    };
    let store = Store::open(&asked.file, store_mode, RecoveryRun::at(now_ms).name())?;
    let errand = Errand {
        asked,
        reporter,
        stop,
        network: Network::new(stop.clone(), Timeout::default()),
        now_ms,
        store: &store,
    };
    match &asked.act {
        Recovery::List(name, wanted) => errand.list(name.as_deref(), wanted.as_ref()).await,
        Recovery::Show(name, wanted) => {
            let folders = errand.open(name, wanted).await?;
            let kept = folders.one(wanted).await?;
            errand.viewer(&folders).show(&kept).await?;
            Ok(Exit::InSync)
        }
        Recovery::Diff(name, wanted) => {
            let folders = errand.open(name, wanted).await?;
            let kept = folders.one(wanted).await?;
            errand.viewer(&folders).diff(&kept).await?;
            Ok(Exit::InSync)
        }
        Recovery::PutBack(name, wanted, to) => errand.put_back(name, wanted, to.as_ref()).await,
        Recovery::Drop(name, wanted, safety) => errand.drop(name, wanted, *safety).await,
        Recovery::Expire(names) => errand.expire(names).await,
        Recovery::Runs(name) => errand.runs(name.as_deref()).await,
        Recovery::Undo(name, run, safety) => errand.undo(name, run, *safety).await,
    }
}

const BOTH: [Side; 2] = [Side::Local, Side::Bucket];

struct Errand<'a> {
    asked: &'a Recover,
    reporter: &'a Arc<Reporter>,
    stop: &'a Stop,
    network: Network,
    now_ms: i64,
    store: &'a Store,
}

impl Errand<'_> {
    async fn open(&self, name: &str, wanted: &Wanted) -> Result<Folders, Error> {
        let (bucket, map) = named::one(self.store.state(), name)?;
        let own = own_files(
            self.store.own_name_prefix(),
            self.store.state().maps().map(|(_, map)| map),
        );
        Folders::open(bucket, map, &own, wanted.side(), &self.network).await
    }

    fn viewer<'a>(&'a self, folders: &'a Folders) -> Viewer<'a> {
        Viewer {
            asked: self.asked,
            folders,
            replica: self.store.state().replica,
            now_ms: self.now_ms,
            reporter: self.reporter,
            stop: self.stop,
        }
    }

    /// Lists what is kept, of each map as far as it can be seen.
    async fn list(&self, name: Option<&str>, wanted: Option<&Wanted>) -> Result<Exit, Error> {
        let names: Vec<String> = name.map(str::to_owned).into_iter().collect();
        let mut exit = Exit::InSync;
        let mut found = 0_usize;
        self.each_side(&names, &BOTH, &mut exit, async |folders| {
            for kept in folders.list(wanted).await? {
                found += 1;
                self.reporter.say(&kept.line(&folders.map.name));
                self.reporter.record(&kept.json(&folders.map.name));
            }
            Ok(())
        })
        .await?;
        if found == 0 && exit == Exit::InSync {
            let told = match wanted {
                None => "nothing is kept".to_owned(),
                Some(wanted) => Error::NoneKept(wanted.text().to_owned()).to_string(),
            };
            self.reporter.say(&told);
        }
        Ok(exit)
    }

    /// Removes what is too old, of each map as far as it can be.
    async fn expire(&self, names: &[String]) -> Result<Exit, Error> {
        let mut exit = Exit::InSync;
        let mut failed = Exit::InSync;
        self.each_side(names, &BOTH, &mut exit, async |folders| {
            let keep_days = folders.map.keep_days;
            let mut old = folders.list(None).await?;
            old.retain(|kept| remove::is_too_old(kept, self.now_ms, keep_days));
            failed = failed.max(self.remove(folders, &old).await?);
            Ok(())
        })
        .await?;
        Ok(exit.max(failed))
    }

    /// Goes through the recovery folders of these maps on these sides; reports what fails.
    async fn each_side(
        &self,
        names: &[String],
        sides: &[Side],
        exit: &mut Exit,
        mut work: impl AsyncFnMut(&Folders) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let own = own_files(
            self.store.own_name_prefix(),
            self.store.state().maps().map(|(_, map)| map),
        );
        for (bucket, map) in named::named(self.store.state(), names)? {
            for side in sides {
                let done = match Folders::open(bucket, map, &own, Some(*side), &self.network).await
                {
                    Ok(folders) => work(&folders).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = done {
                    let what = format!("map {}: {error}", Shown(&map.name));
                    self.reporter.complain(&what, &error);
                    *exit = (*exit).max(error.exit());
                }
            }
        }
        Ok(())
    }

    async fn put_back(&self, name: &str, wanted: &Wanted, to: Option<&Key>) -> Result<Exit, Error> {
        let folders = self.open(name, wanted).await?;
        let found = folders.some(wanted).await?;
        put_back::choose(&found, wanted, to)?;
        let mut exit = Exit::InSync;
        for kept in &found {
            if self.stop.is_wished() {
                return Ok(Exit::Interrupted);
            }
            match put_back::put_back(&folders, kept, to, self.asked.mode).await {
                Ok(line) => self.reporter.say(&line),
                Err(error) => exit = exit.max(self.failed(kept, &error)),
            }
        }
        Ok(exit)
    }

    async fn drop(&self, name: &str, wanted: &Wanted, safety: Safety) -> Result<Exit, Error> {
        let folders = self.open(name, wanted).await?;
        let found = folders.some(wanted).await?;
        if self.asked.mode == Mode::Apply && safety == Safety::Heeded {
            let voice = self.asked.voice;
            if voice.level == Level::Quiet || voice.form == Form::Json || !is_attended() {
                return Err(Error::Unconfirmed);
            }
            match remove::confirm(&folders, &found, self.stop) {
                Said::Yes => {}
                Said::No => {
                    self.reporter.say("nothing was removed");
                    return Ok(Exit::InSync);
                }
                Said::Interrupted => return Ok(Exit::Interrupted),
            }
        }
        self.remove(&folders, &found).await
    }

    /// Removes these versions for good, or says that it would.
    async fn remove(&self, folders: &Folders, found: &[Kept]) -> Result<Exit, Error> {
        let mut exit = Exit::InSync;
        for kept in found {
            if self.stop.is_wished() {
                exit = Exit::Interrupted;
                break;
            }
            let verb = match self.asked.mode {
                Mode::DryRun => "would remove",
                Mode::Apply => match remove::remove(folders, kept).await {
                    Ok(()) => "removed",
                    Err(error) => {
                        exit = exit.max(self.failed(kept, &error));
                        continue;
                    }
                },
            };
            self.reporter
                .say(&format!("{verb} {}", kept.line(&folders.map.name)));
        }
        if let Some(root) = &folders.root {
            root.sync_directories()?;
        }
        Ok(exit)
    }

    fn failed(&self, kept: &Kept, error: &Error) -> Exit {
        let what = format!("{}: {error}", Shown(&kept.name()));
        self.reporter.complain(&what, error);
        match error.exit() {
            Exit::Misuse => Exit::Misuse,
            _ => Exit::Partial,
        }
    }
}

/// A kept file's path as a key.
fn key_of(path: &str) -> Result<Key, Error> {
    Key::parse(path).map_err(|why| Error::Unfit(path.to_owned(), why))
}
