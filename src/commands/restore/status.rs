//! `restore-status`: what is archived, being restored, or restored for a time.

use super::super::dump::words::utc;
use super::{Error, cost, find, tell_unsure};
use crate::cli::RestoreStatus;
use crate::commands::survey::Look;
use crate::exit::Exit;
use crate::key::{Key, Shown};
use crate::plan::Readability;
use crate::report::Reporter;
use crate::stop::Stop;
use crate::sync::{Cold, Safety, Wish};
use serde_json::json;
use std::sync::Arc;

/// Tells of every such object, and of each map how many there are.
///
/// # Errors
/// [`Error`].
pub(in crate::commands) async fn status(
    asked: &RestoreStatus,
    reporter: &Arc<Reporter>,
    now_ms: i64,
    stop: Stop,
) -> Result<Exit, Error> {
    let look = Look {
        safety: Safety::Forced,
        ..Look::new(&asked.file, &asked.which, reporter, now_ms, &stop)
    };
    let survey = look.begin()?;
    let mut exit = Exit::InSync;
    for task in &survey.tasks {
        let wanted = |key: &Key| asked.which.keys.has(key);
        let frozen = find(task, &survey, Wish::Thawed, wanted).await?;
        if stop.is_wished() {
            return Ok(Exit::Interrupted);
        }
        if tell_unsure(reporter, task, &frozen) > 0 {
            exit = Exit::Partial;
        }
        tell(reporter, &task.map.name, &frozen.objects);
    }
    Ok(exit)
}

fn tell(reporter: &Reporter, map: &str, objects: &[Cold]) {
    let name = Shown(map);
    let mut counts = [0_u64; 3];
    for one in objects {
        let (at, word) = match one.readability {
            Readability::Restoring => (1, "restoring"),
            Readability::Readable => (2, "restored"),
            Readability::Archived | Readability::Sealed => (0, "archived"),
        };
        counts[at] += 1;
        let until = one.until_ms.map(utc);
        let state = match (at, &until) {
            (1, _) => "being restored".to_owned(),
            (2, Some(until)) => format!("restored until {until}"),
            (2, None) => "restored".to_owned(),
            _ => "archived".to_owned(),
        };
        let place = cost::place(one);
        reporter.say(&format!("{name}: {}: {state} ({place})", one.key));
        reporter.record(&json!({
            "event": word,
            "map": map,
            "key": one.key.as_str(),
            "bytes": one.size_bytes,
            "place": place,
            "until": until,
        }));
    }
    let [archived, restoring, restored] = counts;
    reporter.say(&format!(
        "{name}: {archived} archived, {restoring} being restored, {restored} restored"
    ));
    reporter.record(&json!({
        "event": "summary",
        "map": map,
        "archived": archived,
        "restoring": restoring,
        "restored": restored,
    }));
}
