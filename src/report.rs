//! Events and errors to text, JSON lines, hints and exit codes.
//!
//! Silent where all is well. What is wrong goes to stderr, each thing once; `--debug` and `--json`
//! speak on stdout. Hints live here and nowhere else.

mod hint;
mod json;
pub mod page;
mod progress;
mod redact;
mod words;

use crate::cli::{Form, Level, Voice};
use crate::commands::sync::Report;
use crate::event::Event;
use crate::exit::Exit;
use crate::key::Shown;
pub use hint::hint;
use progress::Progress;
use redact::redacted;
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Tells of one run.
pub struct Reporter {
    voice: Voice,
    progress: Progress,
    hints: Mutex<HashSet<&'static str>>,
}

impl Reporter {
    /// A reporter that speaks so.
    #[must_use]
    pub fn new(voice: Voice) -> Self {
        Self {
            voice,
            progress: Progress::new(voice),
            hints: Mutex::default(),
        }
    }

    /// Tells of an event.
    pub fn tell(&self, event: &Event<'_>) {
        if self.voice.form == Form::Json
            && let Some(line) = json::event(event)
        {
            self.out(&line);
        }
        self.progress.follow(event);
        match event {
            Event::Failed { key, cause } => self.complain(&format!("{key}: {cause}"), *cause),
            Event::Skipped { key, obstacle } => self.mention(&format!("skipped {key}: {obstacle}")),
            Event::Hidden { name, why } => self.mention(&format!("skipped {name}: {why}")),
            Event::Settled { key, settlement } => {
                self.mention(&format!("conflict {key}: {}", words::settled(*settlement)));
            }
            Event::Notice(text) => self.mention(&format!("note: {text}")),
            Event::Guarded(_) | Event::Moved { .. } => {}
            Event::Begun { map, path, uri } => self.debug(&format!("map {map}: {path} and {uri}")),
            Event::Planned { steps, bytes } => {
                self.debug(&format!("plan: {}", words::planned(*steps, *bytes)));
            }
            // They are told together.
            Event::Would(step, _) | Event::Done(step, _) if step.old_key().is_some() => {}
            Event::WouldMove(fold, why) => self.debug(&format!("would move {fold}: {why}")),
            Event::HasMoved(fold, why) => self.debug(&format!("moved {fold}: {why}")),
            Event::Would(step, why) => self.debug(&format!("{}: {why}", words::would(step))),
            Event::Done(step, why) => self.debug(&format!("{}: {why}", words::done(step))),
            Event::KeptRemote { key, place, .. } => {
                self.debug(&format!("kept the object of {key}: {place}"));
            }
        }
    }

    /// Tells how a run ended.
    pub fn end(&self, report: &Report) {
        self.progress.finish();
        for ended in &report.maps {
            if self.voice.form == Form::Json {
                self.out(&json::summary(ended, report.exit));
            }
            if ended.was_looked_at() {
                let counts = words::counted(&ended.counts);
                self.debug(&format!("map {}: {counts}", ended.map));
            }
            if let Some(halt) = &ended.halt {
                self.complain(&format!("map {}: {halt}", ended.map), halt);
            }
        }
    }

    /// Tells what a dry run came to, a line for each map that could be looked at.
    pub fn tell_status(&self, report: &Report) {
        for ended in report.maps.iter().filter(|ended| ended.was_looked_at()) {
            let name = Shown(&ended.map);
            self.say(&format!("{name}: {}", words::pending(&ended.counts)));
        }
    }

    /// Tells why a run could not begin, or could not save what it did.
    pub fn stop(&self, error: &(dyn Error + 'static), exit: Exit) {
        self.progress.finish();
        if self.voice.form == Form::Json {
            self.out(&json::stopped(&error.to_string(), exit));
        }
        self.complain(&error.to_string(), error);
    }

    /// Tells of an error: what, why, and what to do about it.
    pub fn complain(&self, what: &str, error: &(dyn Error + 'static)) {
        let mut text = complaint(what, error);
        if let Some(hint) = hint(error)
            && self.is_new(hint)
        {
            let _ = writeln!(text, "hint: {hint}");
        }
        self.err(&text);
    }

    /// Tells what was done, to a person who asked for it.
    pub fn say(&self, text: &str) {
        if self.voice.level != Level::Quiet && self.voice.form == Form::Text {
            self.out(text);
        }
    }

    /// Whether a hint was not given yet: a thousand files without rights need it once.
    fn is_new(&self, hint: &'static str) -> bool {
        let hints = self.hints.lock();
        hints.unwrap_or_else(PoisonError::into_inner).insert(hint)
    }

    fn mention(&self, text: &str) {
        if self.voice.level != Level::Quiet {
            self.err(&format!("{text}\n"));
        }
    }

    fn debug(&self, text: &str) {
        if self.voice.level == Level::Debug && self.voice.form == Form::Text {
            self.out(text);
        }
    }

    /// A reader that went away is no error of ours.
    fn out(&self, line: &str) {
        self.progress.suspend(|| {
            let _ = writeln!(io::stdout(), "{}", redacted(line));
        });
    }

    fn err(&self, text: &str) {
        self.progress.suspend(|| {
            let _ = io::stderr().write_all(redacted(text).as_bytes());
        });
    }
}

fn complaint(what: &str, error: &(dyn Error + 'static)) -> String {
    let mut text = format!("error: {what}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            let _ = writeln!(text, "caused by: {told}");
        }
        cause = error.source();
    }
    text
}

/// Tells, without a run, what a person should know.
pub fn mention(text: &str) {
    let text = format!("note: {text}\n");
    let _ = io::stderr().write_all(redacted(&text).as_bytes());
}

/// Prints an error without a run.
pub fn complain(what: &str, error: &(dyn Error + 'static)) {
    let mut text = complaint(what, error);
    if let Some(hint) = hint(error) {
        let _ = writeln!(text, "hint: {hint}");
    }
    let _ = io::stderr().write_all(redacted(&text).as_bytes());
}
