//! One story per command, and the way from argv to an exit code.

pub mod add;
pub mod dump;
pub mod edit;
mod identity_files;
pub mod init;
mod ls;
pub mod mapless;
mod named;
pub mod page;
mod paste;
pub mod prune;
pub mod recover;
pub mod restore;
mod runtime;
mod settings;
pub mod status;
mod survey;
pub mod sync;
pub mod targets;
mod unencrypted;
mod verify;
mod watch;

use crate::cli::{self, Command, Edit, Form, Level, Mapless, Recover, Run, StatePage, Voice};
use crate::event::Event;
use crate::exit::Exit;
use crate::report::ask::{Questions, is_attended, passphrase};
use crate::report::{self, Memory, Output, Reporter};
use crate::stop::Stop;
use crate::store;
use crate::sync::{Mode, Person};
use page::{AskedPage, RunPage};
pub(crate) use runtime::now_ms;
use runtime::{RUN_ENDS, WATCH_ENDS, in_runtime, unless_stopped};
use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

/// Runs the whole program with this argv, the program's name first; gives the exit code.
#[must_use]
pub fn main_with(argv: Vec<OsString>) -> u8 {
    let exit = match cli::parse(argv) {
        Ok(command) => carry_out(command),
        Err(misuse) => {
            report::complain(&misuse.to_string(), &misuse);
            Exit::Misuse
        }
    };
    match report::lost_output() {
        None => exit.code(),
        Some(error) => {
            let what = format!("cannot write to standard output: {error}");
            report::complain(&what, &error);
            exit.max(Exit::Stopped).code()
        }
    }
}

fn carry_out(command: Command) -> Exit {
    match command {
        Command::Print(text) => print(&text),
        Command::Completions(shell) => print(&shell.completions()),
        Command::Init(asked) => say(asked.voice, init::init(&asked, now_ms())),
        Command::Dump(asked) => match dump::dump(&asked, now_ms()) {
            Ok(()) => Exit::InSync,
            Err(error) => {
                report::complain(&error.to_string(), &error);
                Exit::Stopped
            }
        },
        Command::StatePage(asked) => state_page(&asked),
        Command::Add(asked) => add::carry_out(&asked),
        Command::Edit(asked) => edit(&asked),
        Command::Remove(asked) => {
            let told = edit::remove(&asked.file, &asked.name, now_ms());
            say(asked.voice, told.map(|line| vec![line]))
        }
        Command::Prune(asked) => say(asked.voice, prune::prune(&asked, now_ms())),
        Command::Recover(asked) => recover(&asked),
        Command::Targets(asked) => match targets::targets(&asked, now_ms()) {
            Ok(text) => print(&text),
            Err(error) => {
                report::complain(&error.to_string(), &error);
                error.exit()
            }
        },
        Command::Mapless(asked) => run(&asked.run, Errand::Mapless(&asked)),
        Command::Restore(asked) => told(asked.voice, async |reporter, stop| {
            restore::restore(&asked, reporter, now_ms(), stop).await
        }),
        Command::RestoreStatus(asked) => told(asked.voice, async |reporter, stop| {
            restore::status::status(&asked, reporter, now_ms(), stop).await
        }),
        Command::Ls(asked) => told(asked.voice, async |reporter, stop| {
            ls::ls(&asked, reporter, now_ms(), stop).await
        }),
        Command::Verify(asked) => told(asked.voice, async |reporter, stop| {
            let verified = verify::verify(&asked, reporter, now_ms(), stop).await;
            Ok(verified?)
        }),
        Command::Watch(asked) => {
            let reporter = Arc::new(Reporter::new(asked.run.voice));
            reporter.finish();
            let ended = in_runtime(&reporter, &WATCH_ENDS, async |stop| {
                watch::watch(&asked, &reporter, stop).await
            });
            ended.unwrap_or(Exit::Stopped)
        }
        Command::Sync(asked) => run(&asked, Errand::Sync),
        Command::Status(asked) => run(&asked, Errand::Status),
    }
}

fn print(text: &str) -> Exit {
    let _ = Output::new().write_all(text.as_bytes());
    Exit::InSync
}

/// Tells what was done, or why not.
fn say(voice: Voice, told: Result<Vec<String>, init::Error>) -> Exit {
    let reporter = Reporter::new(voice);
    match told {
        Ok(lines) => {
            for line in lines {
                reporter.say(&line);
            }
            Exit::InSync
        }
        Err(error) => failed(&reporter, &error, error.exit()),
    }
}

/// Tells of the error that ended a command; gives the exit code.
fn failed(reporter: &Reporter, error: &(dyn Error + 'static), exit: Exit) -> Exit {
    reporter.complain(&error.to_string(), error);
    exit
}

/// The exit code of work that ended so, or never began.
fn ended<E>(ended: Option<Result<Exit, E>>, tell: impl FnOnce(E) -> Exit) -> Exit {
    ended.map_or(Exit::Stopped, |ended| ended.unwrap_or_else(tell))
}

/// Does what tells of itself while it goes on.
fn told(
    voice: Voice,
    work: impl AsyncFnOnce(&Arc<Reporter>, Stop) -> Result<Exit, restore::Error>,
) -> Exit {
    let reporter = Arc::new(Reporter::new(voice));
    // Nobody knows how many bytes it will be, and a bar would stand in the way of a question.
    reporter.finish();
    let done = in_runtime(&reporter, &RUN_ENDS, async |stop| {
        unless_stopped(&stop, work(&reporter, stop.clone()).await)
    });
    ended(done, |error| {
        reporter.stop(&error, error.exit());
        error.exit()
    })
}

/// Changes a map's settings, and syncs it where that is asked for too.
fn edit(asked: &Edit) -> Exit {
    if let Some(settings) = &asked.settings {
        let edited = edit::edit(&asked.file, &asked.name, settings, now_ms());
        let told = edited.map(|edited| match asked.then {
            Some(_) => vec![edited.line],
            None => [vec![edited.line], edited.left_behind].concat(),
        });
        match say(asked.voice, told) {
            Exit::InSync => {}
            exit => return exit,
        }
    }
    match &asked.then {
        Some(then) => run(then, Errand::Sync),
        None => Exit::InSync,
    }
}

fn recover(asked: &Recover) -> Exit {
    let reporter = Arc::new(Reporter::new(asked.voice));
    let done = in_runtime(&reporter, &RUN_ENDS, async |stop| {
        let done = recover::recover(asked, &reporter, &stop, now_ms()).await;
        unless_stopped(&stop, done)
    });
    ended(done, |error| failed(&reporter, &error, error.exit()))
}

/// Writes a page of a state file; one of which the previous generation is used says so.
fn state_page(asked: &StatePage) -> Exit {
    match page::of_state(asked, now_ms()) {
        Ok(None) => Exit::InSync,
        Ok(Some(notice)) => {
            report::mention(&notice);
            Exit::Partial
        }
        Err(error) => {
            report::complain(&error.to_string(), &error);
            error.exit()
        }
    }
}

/// What a run is made for.
#[derive(Clone, Copy)]
enum Errand<'a> {
    /// The state file's maps.
    Sync,
    /// To be told what it comes to, map by map.
    Status,
    /// A directory and a prefix that are no map.
    Mapless(&'a Mapless),
}

/// Who is asked in a run, if it may ask and somebody is there.
fn person(asked: &Run, reporter: &Arc<Reporter>, stop: &Stop) -> Option<Arc<dyn Person>> {
    let Voice { level, form } = asked.voice;
    let may_ask = level != Level::Quiet && form == Form::Text && asked.mode == Mode::Apply;
    (may_ask && is_attended()).then(|| {
        let questions = Questions::new(Arc::clone(reporter), stop.clone());
        Arc::new(questions) as Arc<dyn Person>
    })
}

fn run(asked: &Run, errand: Errand<'_>) -> Exit {
    let now_ms = now_ms();
    let page = match begin_page(asked, errand, now_ms) {
        Ok(page) => page.map(Arc::new),
        Err(error) => {
            Reporter::new(asked.voice).stop(&error, error.exit());
            return error.exit();
        }
    };
    let mapless = match errand {
        Errand::Mapless(given) => Some(mapless::name(given)),
        Errand::Sync | Errand::Status => None,
    };
    let reporter = match Reporter::of_run(asked, mapless.as_deref(), now_ms) {
        Ok(reporter) => Arc::new(reporter),
        Err(error) => {
            Reporter::new(asked.voice).stop(&error, Exit::Stopped);
            return Exit::Stopped;
        }
    };
    let ended = in_runtime(&reporter, &RUN_ENDS, async |stop| {
        let person = person(asked, &reporter, &stop);
        one_run(
            asked,
            errand,
            &reporter,
            page.as_ref(),
            person,
            stop,
            now_ms,
        )
        .await
    });
    let Some((mut ended, written)) = ended else {
        reporter.close(Exit::Stopped);
        return Exit::Stopped;
    };
    if let Some(Err(error)) = written {
        reporter.complain(&error.to_string(), &error);
        if let Ok(report) = &mut ended {
            report.exit = report.exit.max(Exit::Partial);
        }
    }
    match ended {
        Ok(report) => {
            reporter.end(&report);
            match errand {
                Errand::Status => {
                    reporter.tell_status(&report, &status::condition(&asked.file, &report));
                }
                Errand::Sync | Errand::Mapless(_) => reporter.sum_up(&report),
            }
            report.exit
        }
        Err(error) => {
            if let sync::Error::Inside { .. } = error {
                reporter.discard();
            }
            reporter.stop(&error, error.exit());
            error.exit()
        }
    }
}

/// One run, and its page; signals are heeded while either is made.
async fn one_run(
    asked: &Run,
    errand: Errand<'_>,
    reporter: &Arc<Reporter>,
    page: Option<&Arc<RunPage>>,
    person: Option<Arc<dyn Person>>,
    stop: Stop,
    now_ms: i64,
) -> (
    Result<sync::Report, sync::Error>,
    Option<Result<(), page::Error>>,
) {
    let listener = (Arc::clone(reporter), page.cloned());
    let run = sync::Asked {
        person,
        file: &asked.file,
        maps: &asked.maps,
        reencode: asked.reencode,
        jobs: asked.jobs,
        bytes_per_s: asked.bytes_per_s,
        limit: asked.limit,
        mode: asked.mode,
        trust: asked.trust,
        safety: asked.safety,
        passphrase: passphrase(asked.passphrase_command.as_deref(), reporter, &stop),
        now_ms,
        timeout: asked.timeout,
        stop,
        sink: Arc::new(move |map: Option<&str>, event: Event<'_>| {
            let (reporter, page) = &listener;
            reporter.hear(map, &event);
            if let Some(page) = page {
                page.hear(map, &event);
            }
        }),
        written: reporter.written(),
    };
    let ended = match errand {
        Errand::Mapless(given) => mapless::mapless(&run, given).await,
        Errand::Sync | Errand::Status => sync::sync(&run).await,
    };
    let logs = asked.log_dir.as_deref();
    let written = page.map(|page| page.finish(ended.as_ref(), logs));
    (ended, written)
}

/// A run of a watch, told to a log and to metrics as any other, and at the terminal as far as it is
/// news.
async fn watched_run(asked: &Run, memory: &Arc<Memory>, stop: Stop) -> watch::Ended {
    let now_ms = now_ms();
    let reporter = match Reporter::of_run(asked, None, now_ms) {
        Ok(reporter) => Arc::new(reporter.with_memory(memory)),
        Err(error) => {
            let told = Reporter::new(asked.voice).with_memory(memory);
            told.stop(&error, Exit::Stopped);
            return watch::Ended::Badly;
        }
    };
    let (ended, _) = one_run(asked, Errand::Sync, &reporter, None, None, stop, now_ms).await;
    match ended {
        Ok(report) => {
            if report.is_uneventful() {
                reporter.forget_log();
            }
            reporter.end(&report);
            if report.exit == Exit::Stopped {
                watch::Ended::Badly
            } else {
                watch::Ended::Well
            }
        }
        Err(sync::Error::Store(store::Error::Locked { .. })) => {
            reporter.discard();
            watch::Ended::Elsewhere
        }
        Err(error) => {
            if let sync::Error::Inside { .. } = error {
                reporter.discard();
            }
            reporter.stop(&error, error.exit());
            watch::Ended::Badly
        }
    }
}

/// The page of a run, where one is asked for.
fn begin_page(
    asked: &Run,
    errand: Errand<'_>,
    now_ms: i64,
) -> Result<Option<RunPage>, page::Error> {
    let page = asked.page.as_deref().map(|page| {
        RunPage::begin(&AskedPage {
            page,
            file: &asked.file,
            directory: match errand {
                Errand::Mapless(given) => Some(&given.dir),
                Errand::Sync | Errand::Status => None,
            },
            mode: asked.mode,
            now_ms,
        })
    });
    page.transpose()
}
