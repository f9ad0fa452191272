//! What lies beside a state file, in words.

use crate::commands::dump::view::{About, Known};
use crate::commands::dump::words::counted;
use crate::key::Shown;
use crate::store::{Beside, Holder, Journaled};

/// Lines of a name and a value; whatever is as it should be takes none or a short one.
pub(super) fn told(about: &About<'_>, found: &Beside) -> Vec<(&'static str, String)> {
    let mut lines = vec![("previous", previous(about, found))];
    if let Some(journal) = &found.journal {
        lines.push(("journal", self::journal(about, found, journal)));
    }
    if let Some(Holder { pid, since }) = &found.holder {
        let since = Shown(since);
        lines.push((
            "locked",
            format!("by process {pid} since {since}: a run is under way"),
        ));
    }
    if found.holder.is_none() {
        lines.extend(found.unfinished.iter().map(|name| {
            let name = Shown(name);
            (
                "left over",
                format!("{name}, of a run that died while it saved; it does no harm"),
            )
        }));
    }
    lines.extend(
        found
            .aside
            .iter()
            .map(|name| ("moved aside", Shown(name).to_string())),
    );
    lines
}

fn previous(about: &About<'_>, found: &Beside) -> String {
    let is_first = about.known == Known::Identity && about.state.generation == 0;
    match &found.previous {
        Some(Ok(generation)) => format!("generation {generation}, intact"),
        Some(Err(why)) => why.clone(),
        None if is_first => "none yet".to_owned(),
        None => "none: nothing could take this file's place if it were damaged".to_owned(),
    }
}

fn journal(about: &About<'_>, found: &Beside, journal: &Result<Journaled, String>) -> String {
    let journal = match journal {
        Ok(journal) => journal,
        Err(why) => return why.clone(),
    };
    let state = about.state;
    let is_known = about.known == Known::Identity && about.version > 1;
    let is_ours = (journal.replica, journal.generation) == (Some(state.replica), state.generation);
    let whose = match found.holder {
        _ if !is_known => "which the next run does not use",
        _ if !is_ours => "of another generation; the next run removes it",
        Some(_) => "of the run under way",
        None => "of a run that was interrupted; the next one takes them in if this file is intact",
    };
    let entries = entries(journal);
    match &journal.torn {
        Some(why) => format!("{entries}, {whose}; behind them: {why}"),
        None => format!("{entries}, {whose}"),
    }
}

/// How many entries of each kind.
pub(super) fn entries(found: &Journaled) -> String {
    let kinds: Vec<_> = [
        (found.upserts, "upsert"),
        (found.removals, "removal"),
        (found.uploads, "upload"),
        (found.intents, "intent"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, kind)| counted(count, kind))
    .collect();
    if kinds.is_empty() {
        "no entries".to_owned()
    } else {
        kinds.join(", ")
    }
}
