//! `add`: a new map. At a terminal what the command line does not say is asked for, and the bucket
//! is looked at before anything is saved; elsewhere it is saved as `--init --dir` saves it.

#[cfg(test)]
mod tests;
mod wizard;

use super::init::{self, init};
use super::paste::command;
use super::runtime::{RUN_ENDS, in_runtime, now_ms};
use super::settings::{self, Taken};
use super::{ended, failed};
use crate::cli::{Add, Init, Level, NewMap, S3Uri, Start, values_typed};
use crate::exit::Exit;
use crate::local::RecoveryRun;
use crate::remote::{self, Network, Timeout};
use crate::report::Reporter;
use crate::report::ask::{is_attended, read_line};
use crate::state::{Access, Capabilities, State};
use crate::stop::Stop;
use crate::store::{self, Mode, Store};
use std::fmt;
use std::io;
use wizard::{Ended, Otherwise, Wizard};

/// Why no map was added. Nothing was changed then.
#[derive(Debug)]
pub enum Error {
    /// It cannot be saved.
    Init(init::Error),
    /// The directory that was given is none that can be mapped; why.
    BadDirectory(String),
    /// This is not said, and nobody can be asked.
    Unanswered(&'static str),
    /// The input ended before all was answered.
    Ended,
    /// The bucket cannot be used, and a person did not want the map then.
    Declined,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Init(error) => error.fmt(f),
            Self::BadDirectory(why) => write!(f, "cannot add a map: {why}"),
            Self::Unanswered(what) => {
                write!(f, "{what} is not given, and there is nobody to ask")
            }
            Self::Ended => write!(f, "the input ended before all was answered"),
            Self::Declined => write!(f, "the map was not saved"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Init(error) => error.source(),
            Self::BadDirectory(_) | Self::Unanswered(_) | Self::Ended | Self::Declined => None,
        }
    }
}

impl Error {
    /// The exit code it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Init(error) => error.exit(),
            Self::BadDirectory(_) | Self::Unanswered(_) | Self::Ended => Exit::Misuse,
            Self::Declined => Exit::Stopped,
        }
    }
}

impl From<init::Error> for Error {
    fn from(error: init::Error) -> Self {
        Self::Init(error)
    }
}

impl From<Ended> for Error {
    fn from(Ended: Ended) -> Self {
        Self::Ended
    }
}

/// Adds a map, and tells of it; gives the exit code.
pub(super) fn carry_out(asked: &Add) -> Exit {
    let reporter = Reporter::new(asked.voice);
    let done = in_runtime(&reporter, &RUN_ENDS, async |stop| {
        let done = add(asked, &reporter, &stop, now_ms()).await;
        match done {
            Err(_) if stop.is_wished() => Ok(Exit::Interrupted),
            done => done.map(|()| Exit::InSync),
        }
    });
    ended(done, |error| failed(&reporter, &error, error.exit()))
}

/// Adds a map; tells which, and how to sync it.
///
/// # Errors
/// [`Error`]; the state file is as it was then.
pub async fn add(asked: &Add, reporter: &Reporter, stop: &Stop, now_ms: i64) -> Result<(), Error> {
    let state = known(asked, now_ms)?;
    // What was given is wrong before anything is asked.
    let given = asked.dir.as_deref().map(|dir| given_dir(&state, dir));
    let given = given.transpose()?;
    settings::check(&asked.settings)?;
    if let Some(name) = &asked.settings.name {
        check_name(&state, name)?;
    }
    let new = if asked.voice.level != Level::Quiet && is_attended() {
        let mut line = || read_line(stop);
        let mut wizard = Wizard::new(&mut line, io::stderr());
        let new = wizard::fill(&mut wizard, asked, given, &state)?;
        reporter.mention(&format!("looking at {}", new.dest));
        let looked = look(&new, stop).await;
        if stop.is_wished() {
            return Err(Error::Ended);
        }
        if let Err(error) = looked {
            reporter.complain(&error.to_string(), &error);
            if !wizard.is_so("Save the map all the same?", Otherwise::No)? {
                return Err(Error::Declined);
            }
        }
        new
    } else {
        let path = given.ok_or(Error::Unanswered("the directory"))?;
        let dest = asked.dest.clone();
        let mut settings = asked.settings.clone();
        let name = settings.name.take();
        settings.name = Some(name.unwrap_or_else(|| init::free_name(&state, &path)));
        NewMap {
            path,
            dest: dest.ok_or(Error::Unanswered("the S3 URI"))?,
            settings,
        }
    };
    // `--init` would take one between the same two for a change of it.
    check_apart(&state, &new.path, &new.dest, &new.settings.access)?;
    let name = new.settings.name.clone().unwrap_or_default();
    let told = init(
        &Init {
            file: asked.file.clone(),
            voice: asked.voice,
            start: Start::Existing,
            add: vec![new],
            remove: Vec::new(),
        },
        now_ms,
    )?;
    for line in told {
        reporter.say(&line);
    }
    reporter.say(&format!(
        "to sync it: {}",
        command(&asked.file, &["sync", &name])
    ));
    Ok(())
}

/// The maps there are.
fn known(asked: &Add, now_ms: i64) -> Result<State, init::Error> {
    let now = RecoveryRun::at(now_ms);
    match Store::open(&asked.file, Mode::ReadOnly, now.name()) {
        Ok(store) => Ok(store.state().clone()),
        Err(store::Error::Missing(_)) => Ok(State::new(store::new_replica_id()?)),
        Err(error) => Err(error.into()),
    }
}

fn given_dir(state: &State, dir: &str) -> Result<String, Error> {
    let path = directory(dir).map_err(Error::BadDirectory)?;
    check_path(state, &path)?;
    Ok(path)
}

/// The absolute path of what a person calls so: from here, or with `~` from home.
fn directory(text: &str) -> Result<String, String> {
    let home = std::env::home_dir();
    let from_home = match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Some(home.join(rest.trim_start_matches('/')))
        }
        _ => None,
    };
    let path = from_home.unwrap_or_else(|| text.into());
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    let path = path.into_os_string().into_string();
    values_typed::directory(&path.map_err(|_| "its path is not UTF-8".to_owned())?)
}

/// Refuses a directory that is not there, or that shares files with a map's.
fn check_path(state: &State, path: &str) -> Result<(), init::Error> {
    init::check_directory(path)?;
    // No bucket has an empty name, so only the paths can meet.
    let nowhere = S3Uri {
        bucket: String::new(),
        prefix: String::new(),
    };
    check_apart(state, path, &nowhere, &Access::default())
}

/// Refuses a map that would share files with another.
fn check_apart(
    state: &State,
    path: &str,
    dest: &S3Uri,
    access: &Access,
) -> Result<(), init::Error> {
    let mut state = state.clone();
    let name = init::free_name(&state, path);
    let taken = Taken {
        bucket: dest.bucket.clone(),
        access: access.clone(),
        map: init::blank(name, path.to_owned(), dest)?,
    };
    settings::put(&mut state, taken);
    init::check_maps(&state)
}

fn check_name(state: &State, name: &str) -> Result<(), init::Error> {
    if state.maps().any(|(_, map)| map.name == name) {
        return Err(init::Error::NameTaken(name.to_owned()));
    }
    Ok(())
}

/// Lists one page of the prefix.
async fn look(new: &NewMap, stop: &Stop) -> Result<(), remote::Error> {
    let network = Network::new(stop.clone(), Timeout::default());
    let S3Uri { bucket, prefix } = &new.dest;
    let client = remote::connect(&new.settings.access, bucket, &network).await?;
    let remote = client.remote(prefix, Capabilities::default());
    remote.list(&[]).next().await.map(drop)
}
