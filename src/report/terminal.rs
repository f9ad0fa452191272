//! What a run says where it was started: text, or JSON lines.

use super::brief::{Kind, Tally, shortened};
use super::held::{Held, Piece};
use super::lines::{Line, complaint, line};
use super::log::time_now;
use super::memory::Memory;
use super::output::Output;
use super::progress::Progress;
use super::redact::redacted;
use super::turns::Turns;
use super::{hint, json, summary, words};
use crate::cli::{Form, Level, Voice};
use crate::commands::status::Condition;
use crate::commands::sync::Report;
use crate::event::Event;
use crate::exit::Exit;
use crate::key::Shown;
use crate::plan::Step;
use crate::sync::Mode;
use std::collections::HashSet;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) struct Terminal {
    voice: Voice,
    /// What was said in the runs before, where runs follow each other.
    memory: Option<Arc<Memory>>,
    progress: Progress,
    hints: Mutex<HashSet<String>>,
    /// Held while something is printed, so that a block has no other line in it.
    turns: Mutex<Turns>,
    tally: Mutex<Tally>,
}

impl Terminal {
    pub(super) fn new(voice: Voice) -> Self {
        Self {
            voice,
            memory: None,
            progress: Progress::new(voice),
            hints: Mutex::default(),
            turns: Mutex::default(),
            tally: Mutex::default(),
        }
    }

    pub(super) fn with_memory(self, memory: Arc<Memory>) -> Self {
        self.progress.finish();
        Self {
            memory: Some(memory),
            ..self
        }
    }

    /// Whether something is still to be said.
    fn is_news(&self, text: &str) -> bool {
        self.memory
            .as_ref()
            .is_none_or(|memory| memory.is_new(text))
    }

    pub(super) fn tell(&self, map: Option<&str>, event: &Event<'_>) {
        if self.memory.is_none() {
            self.progress.follow(map, event);
        }
        match (event, map) {
            (Event::Maps(maps), _) => *self.turns() = Turns::of(maps),
            (Event::Over, Some(map)) => {
                for (kind, text) in self.tally().end(map) {
                    let piece = match kind {
                        Kind::Failed(_) => Some(Piece::Err(vec![text], None)),
                        Kind::Skipped | Kind::Settled => self.mentioned(&text),
                    };
                    self.put(Some(map), piece);
                }
                let mut turns = self.turns();
                self.print_all(turns.end(map));
            }
            _ => self.print_event(map, event),
        }
    }

    fn print_event(&self, map: Option<&str>, event: &Event<'_>) {
        if self.voice.form == Form::Json
            && let Some(line) = json::event(map, event)
        {
            self.put(map, Some(Piece::Out(line)));
        }
        let piece = match line(event) {
            Some(Line::Trouble(what, _) | Line::Mention(what))
                if !self.is_news(&what) || !self.admits(map, event) =>
            {
                None
            }
            Some(Line::Trouble(what, cause)) => {
                let lines = complaint(&what, cause).into_iter();
                let lines = lines.map(|line| shortened(&line, event).into_owned());
                Some(Piece::Err(lines.collect(), hint(cause).map(str::to_owned)))
            }
            Some(Line::Mention(text)) => self.mentioned(&shortened(&text, event)),
            Some(Line::Detail(text)) if self.memory.is_some() && is_change(event) => {
                self.said(&format!("{}  {text}", time_now()))
            }
            Some(Line::Detail(text)) => self.debugged(&text),
            None => None,
        };
        self.put(map, piece);
    }

    /// Whether a message of a map is one of the first of its kind.
    fn admits(&self, map: Option<&str>, event: &Event<'_>) -> bool {
        match (map, Kind::of(event)) {
            (Some(map), Some(kind)) => self.tally().admits(map, kind),
            _ => true,
        }
    }

    pub(super) fn end(&self, report: &Report) {
        self.progress.finish();
        self.print_rest();
        for ended in &report.maps {
            if self.voice.form == Form::Json {
                self.out(&json::summary(ended, report.exit));
            }
            if ended.was_looked_at() {
                let counts = words::counted(&ended.counts);
                self.debug(&format!("map {}: {counts}", ended.map));
            }
            if let Some(halt) = &ended.halt {
                let what = format!("map {}: {halt}", ended.map);
                if self.is_news(&what) {
                    self.complain(&what, halt);
                }
            }
        }
    }

    /// Sums a run up for a person who waited for it; nothing anywhere else.
    pub(super) fn sum_up(&self, report: &Report, mode: Mode, took: Duration) {
        if (self.voice.level, self.voice.form) == (Level::Normal, Form::Text)
            && io::stdout().is_terminal()
        {
            for line in summary::lines(report, mode, took) {
                self.say(&line);
            }
        }
    }

    pub(super) fn tell_status(&self, report: &Report, condition: &Condition) {
        for ended in report.maps.iter().filter(|ended| ended.was_looked_at()) {
            let name = Shown(&ended.map);
            let pending = words::pending(&ended.counts, ended.halt.as_ref());
            self.say(&format!("{name}: {pending}"));
        }
        for unencrypted in &report.unencrypted {
            self.say(&unencrypted.text);
        }
        for line in words::condition(condition) {
            self.say(&line);
        }
        self.record(&json::status(condition, report));
    }

    pub(super) fn stop(&self, error: &(dyn Error + 'static), exit: Exit) {
        self.progress.finish();
        self.print_rest();
        if self.voice.form == Form::Json {
            self.out(&json::stopped(&error.to_string(), exit));
        }
        let what = error.to_string();
        if self.is_news(&what) {
            self.complain(&what, error);
        }
    }

    pub(super) fn complain(&self, what: &str, error: &(dyn Error + 'static)) {
        let hint = hint(error).map(str::to_owned);
        self.put(None, Some(Piece::Err(complaint(what, error), hint)));
    }

    pub(super) fn say(&self, text: &str) {
        self.put(None, self.said(text));
    }

    fn said(&self, text: &str) -> Option<Piece> {
        let is_shown = self.voice.level != Level::Quiet && self.voice.form == Form::Text;
        is_shown.then(|| Piece::Out(text.to_owned()))
    }

    /// Whether a hint was not given yet: a thousand files without rights need it once.
    fn is_new(&self, hint: &str) -> bool {
        let hints = self.hints.lock();
        let mut hints = hints.unwrap_or_else(PoisonError::into_inner);
        hints.insert(hint.to_owned())
    }

    pub(super) fn record(&self, told: &serde_json::Value) {
        if self.voice.form == Form::Json {
            self.out(&told.to_string());
        }
    }

    /// Prints a piece, or keeps it until the turn of its map comes.
    fn put(&self, map: Option<&str>, piece: Option<Piece>) {
        let mut turns = self.turns();
        if let Some(piece) = piece.and_then(|piece| turns.pass(map, piece)) {
            self.print(piece);
        }
    }

    fn print_rest(&self) {
        let mut turns = self.turns();
        self.print_all(turns.end_all());
    }

    fn print_all(&self, due: Vec<Held>) {
        for held in due {
            held.print(|piece| self.print(piece));
        }
    }

    fn print(&self, piece: Piece) {
        match piece {
            Piece::Out(line) => self.out(&line),
            Piece::Err(mut lines, hint) => {
                let hint = hint.filter(|hint| self.is_new(hint));
                lines.extend(hint.map(|hint| format!("hint: {hint}")));
                self.progress.suspend(|| err(&lines));
            }
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn finish(&self) {
        self.progress.finish();
    }

    /// Shows no line of progress while somebody talks.
    pub(super) fn undisturbed<T>(&self, talk: impl FnOnce() -> T) -> T {
        self.progress.pause(talk)
    }

    pub(super) fn mention(&self, text: &str) {
        self.put(None, self.mentioned(text));
    }

    fn mentioned(&self, text: &str) -> Option<Piece> {
        let is_shown = self.voice.level != Level::Quiet;
        is_shown.then(|| Piece::Err(vec![text.to_owned()], None))
    }

    pub(super) fn debug(&self, text: &str) {
        self.put(None, self.debugged(text));
    }

    fn debugged(&self, text: &str) -> Option<Piece> {
        let is_shown = self.voice.level == Level::Debug && self.voice.form == Form::Text;
        is_shown.then(|| Piece::Out(text.to_owned()))
    }

    fn out(&self, line: &str) {
        self.progress.suspend(|| {
            let _ = writeln!(Output::new(), "{}", redacted(line));
        });
    }
}

/// Whether something was done to a file or an object.
fn is_change(event: &Event<'_>) -> bool {
    match event {
        Event::HasMoved(..) => true,
        Event::Done(step, _) => !matches!(step, Step::Adopt(_) | Step::Forget(_)),
        _ => false,
    }
}

/// Writes lines to standard error, in one piece.
pub(super) fn err(lines: &[String]) {
    let text = lines.join("\n") + "\n";
    let _ = io::stderr().write_all(redacted(&text).as_bytes());
}
