//! `restore`: asks for archived objects. Changes no file, no record and no object's content.

mod cost;
pub(super) mod status;

use super::init;
use super::named::remote;
use super::survey::{Look, Survey, stand};
use crate::cli::{Consent, Restore};
use crate::event::Event;
use crate::exit::Exit;
use crate::key::{Key, Shown};
use crate::plan::Readability;
use crate::remote::{Thawing, Tier};
use crate::report::Reporter;
use crate::report::ask::{Said, agree, is_attended};
use crate::stop::Stop;
use crate::sync::{Cold, Frozen, Halt, Mode, Safety, Task, archived, ask};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// Why nothing was asked for, or not all.
#[derive(Debug)]
pub enum Error {
    /// The state file cannot be read, or there is no such map.
    Open(init::Error),
    /// A map could not be looked at.
    Halt(String, Box<Halt>),
    /// Nobody is there who could agree.
    NoConsent,
    /// So many objects have no expedited tier.
    TooFast(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Halt(map, halt) => write!(f, "map {}: {halt}", Shown(map)),
            Self::NoConsent => write!(
                f,
                "restoring costs money, and there is no terminal to ask at whether it is meant"
            ),
            Self::TooFast(count) => write!(
                f,
                "--tier expedited: {} in Deep Archive, which has no such tier",
                cost::objects(*count as u64)
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(error) => error.source(),
            Self::Halt(_, halt) => halt.source(),
            Self::NoConsent | Self::TooFast(_) => None,
        }
    }
}

impl Error {
    /// The exit code it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Open(error) => error.exit(),
            Self::Halt(..) => Exit::Stopped,
            Self::NoConsent | Self::TooFast(_) => Exit::Misuse,
        }
    }
}

impl From<init::Error> for Error {
    fn from(error: init::Error) -> Self {
        Self::Open(error)
    }
}

/// What asking came to, over all maps.
#[derive(Default)]
struct Tally {
    asked: u64,
    running: u64,
    readable: u64,
    failed: u64,
}

/// Finds what is archived, tells what it takes, and asks for it.
///
/// # Errors
/// [`Error`]; nothing was asked for then, unless it is a [`Error::Halt`] while that was under way.
pub(super) async fn restore(
    asked: &Restore,
    reporter: &Arc<Reporter>,
    now_ms: i64,
    stop: Stop,
) -> Result<Exit, Error> {
    let look = Look {
        jobs: asked.jobs,
        // After a disaster the marker is gone as well, and nothing is deleted here.
        safety: Safety::Forced,
        ..Look::new(&asked.file, &asked.which, reporter, now_ms, &stop)
    };
    let survey = look.begin()?;
    let mut tally = Tally::default();
    let mut found = Vec::new();
    for task in &survey.tasks {
        let wanted = |key: &Key| asked.which.keys.has(key);
        let frozen = find(task, &survey, asked.wish, wanted).await?;
        tally.failed += tell_unsure(reporter, task, &frozen);
        found.push((task, frozen.objects));
    }
    if stop.is_wished() {
        return Ok(Exit::Interrupted);
    }
    refuse_too_fast(reporter, asked.tier, &found)?;
    // To ask anew may only make it faster, and nothing is slower than bulk.
    for (_, objects) in &mut found {
        let before = objects.len();
        objects.retain(|one| one.readability == Readability::Archived || asked.tier != Tier::Bulk);
        tally.running += (before - objects.len()) as u64;
    }
    let all: Vec<&Cold> = found.iter().flat_map(|(_, objects)| objects).collect();
    for (task, objects) in &found {
        cost::tell(reporter, &task.map.name, objects, asked.tier);
    }
    if all.is_empty() {
        reporter.say(if tally.running > 0 {
            "all that is archived is being restored"
        } else {
            "nothing is archived that is to be restored"
        });
        return Ok(end(reporter, &tally));
    }
    reporter.say(&cost::note(&all, asked.days));
    if asked.mode == Mode::DryRun {
        return Ok(if tally.failed > 0 {
            Exit::Partial
        } else {
            Exit::InSync
        });
    }
    if asked.consent == Consent::Asked {
        if !is_attended() {
            return Err(Error::NoConsent);
        }
        match agree(&format!("ask for {}?", cost::sum(&all)), &stop) {
            Said::Yes => {}
            Said::No => {
                reporter.say("nothing was asked for");
                return Ok(Exit::InSync);
            }
            Said::Interrupted => return Ok(Exit::Interrupted),
        }
    }
    drop(all);
    for (task, objects) in found.into_iter().filter(|(_, objects)| !objects.is_empty()) {
        ask_of(asked, reporter, task, objects, &stop, &mut tally).await?;
    }
    let exit = end(reporter, &tally);
    Ok(if stop.is_wished() {
        Exit::Interrupted
    } else {
        exit
    })
}

async fn find(
    task: &Task,
    survey: &Survey,
    wish: crate::sync::Wish,
    wanted: impl Fn(&Key) -> bool,
) -> Result<Frozen, Error> {
    let halted = |halt| Error::Halt(task.map.name.clone(), Box::new(halt));
    let (root, standing) = stand(task).map_err(halted)?;
    archived(task, root, standing, &survey.store, wish, wanted)
        .await
        .map_err(halted)
}

/// Tells of what could not be looked at; gives how many objects failed.
fn tell_unsure(reporter: &Reporter, task: &Task, frozen: &Frozen) -> u64 {
    for (key, failure) in &frozen.failed {
        reporter.tell(&Event::Failed {
            key,
            cause: failure,
        });
    }
    if frozen.unseen > 0 {
        reporter.mention(&format!(
            "note: map {}: {} not looked at one by one, as only that could tell whether they can be read; narrow it with a PATTERN",
            Shown(&task.map.name),
            cost::objects(frozen.unseen)
        ));
    }
    frozen.failed.len() as u64
}

fn refuse_too_fast(
    reporter: &Reporter,
    tier: Tier,
    found: &[(&Task, Vec<Cold>)],
) -> Result<(), Error> {
    if tier != Tier::Expedited {
        return Ok(());
    }
    let all = found.iter().flat_map(|(_, objects)| objects);
    let deep: Vec<&Cold> = all.filter(|one| cost::is_deep(one)).collect();
    for one in &deep {
        reporter.mention(&format!("{}: it lies in Deep Archive", one.key));
    }
    if deep.is_empty() {
        Ok(())
    } else {
        Err(Error::TooFast(deep.len()))
    }
}

async fn ask_of(
    asked: &Restore,
    reporter: &Reporter,
    task: &Task,
    objects: Vec<Cold>,
    stop: &Stop,
    tally: &mut Tally,
) -> Result<(), Error> {
    let name = &task.map.name;
    let halted = |halt| Error::Halt(name.clone(), Box::new(halt));
    let remote = remote(&task.bucket, &task.map, &task.terms.network)
        .await
        .map_err(|error| halted(Halt::Remote(error)))?;
    let how = (asked.tier, asked.days);
    let mut tell = |one: &Cold, answer: Result<Thawing, crate::remote::Error>| {
        let word = match answer {
            Ok(Thawing::Asked) => {
                tally.asked += 1;
                "asked"
            }
            Ok(Thawing::Running) => {
                tally.running += 1;
                "running"
            }
            Ok(Thawing::Readable) => {
                tally.readable += 1;
                "readable"
            }
            Err(error) => {
                tally.failed += 1;
                let (key, cause) = (&one.key, &error);
                reporter.tell(&Event::Failed { key, cause });
                return;
            }
        };
        reporter.debug(&format!("{word} {}", one.key));
        reporter.record(&json!({
            "event": word, "map": name, "key": one.key.as_str(), "bytes": one.size_bytes,
        }));
    };
    ask(&remote, objects, how, asked.jobs, stop, &mut tell)
        .await
        .map_err(halted)
}

fn end(reporter: &Reporter, tally: &Tally) -> Exit {
    let exit = if tally.failed > 0 {
        Exit::Partial
    } else {
        Exit::InSync
    };
    let counts = [
        (tally.asked, "asked for"),
        (tally.running, "being restored already"),
        (tally.readable, "readable already"),
        (tally.failed, "failed"),
    ];
    let told: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !told.is_empty() {
        reporter.say(&told.join(", "));
    }
    reporter.record(&json!({
        "event": "summary",
        "asked": tally.asked,
        "running": tally.running,
        "readable": tally.readable,
        "failed": tally.failed,
        "exit": exit.code(),
    }));
    exit
}
