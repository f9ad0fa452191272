//! A bar on a terminal, and nothing anywhere else.

use crate::cli::{Form, Level, Voice};
use crate::event::Event;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";

pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar that draws itself only where stderr is a terminal.
    pub(super) fn new(voice: Voice) -> Self {
        let target = match (voice.level, voice.form) {
            (Level::Normal, Form::Text) => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(super) fn follow(&self, event: &Event<'_>) {
        match event {
            Event::Begun { map, .. } => {
                self.0.reset();
                self.0.set_length(0);
                self.0.set_message((*map).to_owned());
            }
            Event::Planned { bytes, .. } => self.0.set_length(*bytes),
            Event::Moved { bytes } => self.0.inc(*bytes),
            _ => {}
        }
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }

    /// Takes the bar away while something is printed.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}
