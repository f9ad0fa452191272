//! A line on a terminal that tells how far a run is, and nothing anywhere else.
//!
//! Events only count; what is shown is made of the counts ten times a second.

mod state;

use crate::cli::{Form, Level, Voice};
use crate::event::Event;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use rustix::termios::tcgetwinsize;
use state::States;
use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// Columns of a terminal that does not tell.
const COLUMNS: usize = 80;

pub(super) struct Progress {
    bar: ProgressBar,
    state: Arc<Mutex<States>>,
    /// Held while a question is open, so that there is one at a time.
    question: Mutex<()>,
    is_asking: AtomicBool,
}

impl Progress {
    /// A line that draws itself only where stderr is a terminal.
    pub(super) fn new(voice: Voice) -> Self {
        let target = match (voice.level, voice.form) {
            (Level::Normal, Form::Text) => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let state = Arc::new(Mutex::new(States::default()));
        if let Ok(style) = ProgressStyle::with_template("{state}") {
            let shown = Arc::clone(&state);
            let draw = move |_: &ProgressState, line: &mut dyn Write| {
                let text = lock(&shown).text(Instant::now(), columns());
                let _ = line.write_str(&text);
            };
            bar.set_style(style.with_key("state", draw));
        }
        // One that has not begun would be drawn, empty, whenever something is printed.
        bar.finish_and_clear();
        Self {
            bar,
            state,
            question: Mutex::default(),
            is_asking: AtomicBool::new(false),
        }
    }

    pub(super) fn follow(&self, map: Option<&str>, event: &Event<'_>) {
        if self.bar.is_hidden() {
            return;
        }
        let Some(map) = map else {
            return;
        };
        if let Event::Begun { .. } = event {
            // The line belongs to this map once it begins to be read.
            self.finish();
            lock(&self.state).begin(map);
        }
        let mut states = lock(&self.state);
        let Some(state) = states.of(map) else {
            return;
        };
        match event {
            Event::Read { files, objects } => {
                let is_first = state.read(*files, *objects);
                drop(states);
                if is_first && !self.is_asking.load(Ordering::SeqCst) {
                    self.bar.reset();
                    self.bar.enable_steady_tick(TICK);
                }
            }
            Event::Planned { steps, bytes } => state.plan(*steps as u64, *bytes, Instant::now()),
            Event::Moved { bytes } => state.add_bytes(*bytes, Instant::now()),
            Event::Done(step, _) if step.recorded().is_none() => state.add_step(),
            Event::Failed { .. } => state.add_step(),
            Event::Over => states.end(map),
            _ => {}
        }
    }

    pub(super) fn finish(&self) {
        self.bar.disable_steady_tick();
        self.bar.finish_and_clear();
    }

    /// Takes the line away while a question is open. Unlike [`Progress::suspend`] it makes nobody wait
    /// who has something to report: a signal could not end the run if all threads waited.
    pub(super) fn pause<T>(&self, talk: impl FnOnce() -> T) -> T {
        let one = self.question.lock().unwrap_or_else(PoisonError::into_inner);
        let is_drawn = !self.bar.is_finished();
        self.is_asking.store(true, Ordering::SeqCst);
        self.finish();
        let said = talk();
        self.is_asking.store(false, Ordering::SeqCst);
        if is_drawn {
            self.bar.reset();
            self.bar.enable_steady_tick(TICK);
        }
        drop(one);
        said
    }

    /// Takes the line away while something is printed.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

fn lock(state: &Mutex<States>) -> MutexGuard<'_, States> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Columns of the terminal now; it may change at any time.
fn columns() -> usize {
    match tcgetwinsize(io::stderr()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => COLUMNS,
    }
}
