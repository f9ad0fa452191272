//! Events and errors to text, JSON lines, hints and exit codes.
//!
//! Silent where all is well. What is wrong goes to stderr, each thing once; `--debug` and `--json`
//! speak on stdout. A run may be told to a log and to metrics as well. Hints live here and nowhere
//! else.

pub mod ask;
mod brief;
mod held;
mod hint;
mod json;
mod lines;
mod log;
mod memory;
mod metrics;
mod outlet;
mod output;
pub mod page;
mod progress;
mod redact;
mod replaced;
mod summary;
mod terminal;
mod turns;
mod words;

use crate::cli::{Maps, Run, Voice};
use crate::commands::status::Condition;
use crate::commands::sync::Report;
use crate::event::Event;
use crate::exit::Exit;
use crate::sync::Mode;
pub use hint::hint;
use log::Log;
pub use log::began_ms as log_began_ms;
pub use memory::Memory;
use metrics::{About, Metrics};
pub use outlet::Outlet;
pub use output::{Output, lost as lost_output};
pub(crate) use replaced::Replaced;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use terminal::Terminal;

/// Tells of one run, to each who is to hear of it.
pub struct Reporter {
    terminal: Terminal,
    log: Option<Log>,
    metrics: Option<Metrics>,
    mode: Mode,
    begun: Instant,
}

impl Reporter {
    /// A reporter that speaks so, and only where the program was started.
    #[must_use]
    pub fn new(voice: Voice) -> Self {
        Self {
            terminal: Terminal::new(voice),
            log: None,
            metrics: None,
            mode: Mode::Apply,
            begun: Instant::now(),
        }
    }

    /// A reporter of this run, which begins now, milliseconds since the epoch. `mapless` is what a
    /// run without a map is called.
    ///
    /// # Errors
    /// [`Outlet`] where a log or metrics are asked for that cannot be written.
    pub fn of_run(run: &Run, mapless: Option<&str>, now_ms: i64) -> Result<Self, Outlet> {
        let about = match (&run.maps, mapless) {
            (_, Some(name)) => About::Some(vec![name.to_owned()]),
            (Maps::All, None) => About::All,
            (Maps::Named(names), None) => About::Some(names.clone()),
            (Maps::OneWay(name, _), None) => About::Some(vec![name.clone()]),
        };
        // A dry run leaves things as they are, and how the last run ended is one of them.
        let file = run.metrics.as_ref().filter(|_| run.mode == Mode::Apply);
        let metrics = file.map(|file| {
            Metrics::begin(file, about, now_ms).map_err(|e| Outlet::NoMetrics(file.clone(), e))
        });
        let metrics = metrics.transpose()?;
        let directory = run.log_dir.as_ref();
        let log = directory.map(|directory| {
            Log::begin(directory, now_ms).map_err(|e| Outlet::NoLog(directory.clone(), e))
        });
        Ok(Self {
            log: log.transpose()?,
            metrics,
            mode: run.mode,
            ..Self::new(run.voice)
        })
    }

    /// The same, which says at the terminal what is done, each thing with its time, and of trouble
    /// only what is not remembered.
    #[must_use]
    pub fn with_memory(mut self, memory: &Arc<Memory>) -> Self {
        self.terminal = self.terminal.with_memory(Arc::clone(memory));
        self
    }

    /// Where it writes: the directory of the logs, the file of the metrics.
    #[must_use]
    pub fn written(&self) -> Vec<PathBuf> {
        let log = self.log.as_ref().and_then(|log| log.path().parent());
        let metrics = self.metrics.as_ref().map(Metrics::path);
        log.into_iter().chain(metrics).map(PathBuf::from).collect()
    }

    /// Tells of an event that is not of a map's run.
    pub fn tell(&self, event: &Event<'_>) {
        self.hear(None, event);
    }

    /// Tells of an event of this map's run, or of the run as a whole.
    pub fn hear(&self, map: Option<&str>, event: &Event<'_>) {
        self.terminal.tell(map, event);
        if let Some(log) = &self.log {
            log.tell(map, event);
        }
        if let (Some(metrics), Some(map)) = (&self.metrics, map) {
            metrics.tell(map, event);
        }
        self.tell_of_log();
    }

    /// Tells how a run ended.
    pub fn end(&self, report: &Report) {
        self.terminal.end(report);
        if let Some(metrics) = &self.metrics {
            self.tell_of_metrics(metrics, metrics.end(report));
        }
        if let Some(log) = &self.log {
            log.end(report, self.begun.elapsed());
        }
        self.tell_of_log();
    }

    /// Sums a run up for a person at a terminal; says nothing to anybody else.
    pub fn sum_up(&self, report: &Report) {
        self.terminal
            .sum_up(report, self.mode, self.begun.elapsed());
    }

    /// Tells what a dry run came to, a line for each map that could be looked at.
    pub fn tell_status(&self, report: &Report, condition: &Condition) {
        self.terminal.tell_status(report, condition);
    }

    /// Tells why a run could not begin, or could not save what it did.
    pub fn stop(&self, error: &(dyn Error + 'static), exit: Exit) {
        self.terminal.stop(error, exit);
        if let Some(log) = &self.log {
            log.complain(&error.to_string(), error);
        }
        self.close(exit);
    }

    /// Ends the log and the metrics of a run of which all is told.
    pub fn close(&self, exit: Exit) {
        if let Some(metrics) = &self.metrics {
            self.tell_of_metrics(metrics, metrics.stop(exit));
        }
        if let Some(log) = &self.log {
            log.close(exit, &[], self.begun.elapsed());
        }
        self.tell_of_log();
    }

    /// Takes the log back, of a run of which there is nothing to tell.
    pub fn forget_log(&self) {
        if let Some(log) = &self.log {
            log.discard();
        }
    }

    /// Takes back what was written of the run, where it lies where it may not be.
    pub fn discard(&self) {
        self.forget_log();
        if let Some(metrics) = &self.metrics {
            metrics.discard();
        }
    }

    /// Tells of an error: what, why, and what to do about it.
    pub fn complain(&self, what: &str, error: &(dyn Error + 'static)) {
        self.terminal.complain(what, error);
        if let Some(log) = &self.log {
            log.complain(what, error);
        }
    }

    /// Does what a person is to see without anything that moves in it.
    pub(crate) fn undisturbed<T>(&self, talk: impl FnOnce() -> T) -> T {
        self.terminal.undisturbed(talk)
    }

    /// Tells what was done, to a person who asked for it.
    pub fn say(&self, text: &str) {
        self.terminal.say(text);
    }

    /// Tells a machine what was found or done.
    pub fn record(&self, told: &serde_json::Value) {
        self.terminal.record(told);
    }

    /// Shows no line of progress from now on.
    pub fn finish(&self) {
        self.terminal.finish();
    }

    /// Tells what a person should know.
    pub fn mention(&self, text: &str) {
        self.terminal.mention(text);
    }

    /// Tells somebody who wants to hear everything.
    pub fn debug(&self, text: &str) {
        self.terminal.debug(text);
    }

    /// A log that broke off stops no run.
    fn tell_of_log(&self) {
        if let Some(log) = &self.log
            && let Some(error) = log.take_trouble()
        {
            let error = Outlet::LogLost(log.path().to_owned(), error);
            self.terminal.complain(&error.to_string(), &error);
        }
    }

    fn tell_of_metrics(&self, metrics: &Metrics, written: io::Result<()>) {
        if let Err(error) = written {
            let error = Outlet::MetricsLost(metrics.path().to_owned(), error);
            self.complain(&error.to_string(), &error);
        }
    }
}

/// Tells, without a run, what a person should know.
pub fn mention(text: &str) {
    terminal::err(&[format!("note: {text}")]);
}

/// Prints an error without a run.
pub fn complain(what: &str, error: &(dyn Error + 'static)) {
    let mut text = lines::complaint(what, error);
    if let Some(hint) = hint(error) {
        text.push(format!("hint: {hint}"));
    }
    terminal::err(&text);
}
