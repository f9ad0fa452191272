//! Events and errors as lines of text, for a terminal and for a log.

use super::words;
use crate::event::Event;
use crate::key::Shown;
use std::error::Error;

/// A line, by whom it is for.
pub(super) enum Line<'a> {
    /// For who wants to know everything.
    Detail(String),
    /// For a person, once.
    Mention(String),
    /// What went wrong, and why.
    Trouble(String, &'a (dyn Error + 'static)),
}

/// What is said of an event; `None` where that is nothing, or is said with another.
pub(super) fn line<'a>(event: &Event<'a>) -> Option<Line<'a>> {
    Some(match event {
        Event::Failed { key, cause } => Line::Trouble(format!("{key}: {cause}"), *cause),
        Event::Skipped { key, obstacle } => Line::Mention(format!("skipped {key}: {obstacle}")),
        Event::Hidden { name, why } => Line::Mention(format!("skipped {name}: {why}")),
        Event::Settled { key, settlement } => {
            let settled = words::settled(*settlement);
            Line::Mention(format!("conflict {key}: {settled}"))
        }
        Event::Notice(text) => Line::Mention(format!("note: {text}")),
        Event::Maps(_)
        | Event::Guarded(_)
        | Event::Read { .. }
        | Event::Moved { .. }
        | Event::Over => return None,
        Event::Begun { map, path, uri } => Line::Detail(format!("map {map}: {path} and {uri}")),
        Event::Planned { steps, bytes } => {
            Line::Detail(format!("plan: {}", words::planned(*steps, *bytes)))
        }
        // They are told together.
        Event::Would(step, _) | Event::Done(step, _) if step.old_key().is_some() => return None,
        Event::WouldMove(fold, why) => Line::Detail(format!("would move {fold}: {why}")),
        Event::HasMoved(fold, why) => Line::Detail(format!("moved {fold}: {why}")),
        Event::Would(step, why) => Line::Detail(format!("{}: {why}", words::would(step))),
        Event::Done(step, why) => Line::Detail(format!("{}: {why}", words::done(step))),
        Event::KeptRemote { key, place, .. } => {
            Line::Detail(format!("kept the object of {key}: {place}"))
        }
    })
}

/// An error and its causes, a line each.
pub(super) fn complaint(what: &str, error: &(dyn Error + 'static)) -> Vec<String> {
    let mut lines = vec![format!("error: {what}")];
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !lines.iter().any(|line| line.contains(&told)) {
            lines.push(format!("caused by: {told}"));
        }
        cause = error.source();
    }
    lines
}

/// The same where each must stay on its line.
pub(super) fn shown(lines: Vec<String>) -> Vec<String> {
    let lines = lines.into_iter();
    lines.map(|line| Shown(&line).to_string()).collect()
}
