//! `verify`: reads everything back and compares it. Changes nothing, and takes no lock.

use super::init::Error;
use super::survey::{Look, Survey, stand};
use crate::cli::Verify;
use crate::event::Event;
use crate::exit::Exit;
use crate::key::{Key, Shown};
use crate::report::Reporter;
use crate::report::ask::passphrase;
use crate::stop::Stop;
use crate::sync::{By, Finding, Halt, Task, Verified, verify as compare};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Compares the maps that are asked for.
///
/// # Errors
/// [`Error`] where the state file cannot be read, or there is no such map.
pub(super) async fn verify(
    asked: &Verify,
    reporter: &Arc<Reporter>,
    now_ms: i64,
    stop: Stop,
) -> Result<Exit, Error> {
    let look = Look {
        jobs: asked.jobs,
        bytes_per_s: asked.bytes_per_s,
        passphrase: passphrase(asked.passphrase_command.as_deref(), reporter, &stop),
        timeout: asked.timeout,
        ..Look::new(&asked.file, &asked.which, reporter, now_ms, &stop)
    };
    let survey = look.begin()?;
    let mut exit = Exit::InSync;
    for task in &survey.tasks {
        if stop.is_wished() {
            break;
        }
        exit = exit.max(match one(asked, reporter, task, &survey).await {
            Ok(exit) => exit,
            Err(halt) if halt.is_interruption() => break,
            Err(halt) => {
                reporter.complain(&format!("map {}: {halt}", task.map.name), &halt);
                reporter.record(&json!({
                    "event": "summary",
                    "map": task.map.name,
                    "halt": halt.to_string(),
                    "exit": Exit::Stopped.code(),
                }));
                Exit::Stopped
            }
        });
    }
    Ok(if stop.is_wished() {
        Exit::Interrupted
    } else {
        exit
    })
}

async fn one(
    asked: &Verify,
    reporter: &Reporter,
    task: &Task,
    survey: &Survey,
) -> Result<Exit, Halt> {
    let name = Shown(&task.map.name);
    let (root, standing) = stand(task)?;
    let mut doubts: BTreeMap<String, u64> = BTreeMap::new();
    let mut tell = |key: &Key, finding: &Finding| {
        match finding {
            Finding::Differs(_) => reporter.complain(&format!("{key}: {finding}"), finding),
            Finding::Proven(_) => reporter.debug(&format!("{key}: {finding}")),
            Finding::Unproven(_) => {
                reporter.debug(&format!("{key}: {finding}"));
                *doubts.entry(finding.to_string()).or_default() += 1;
            }
        }
        reporter.record(&json!({
            "event": "verified",
            "map": task.map.name,
            "key": key.as_str(),
            "finding": finding.word(),
            "reason": finding.to_string(),
        }));
    };
    let wanted = |key: &Key| asked.which.keys.has(key);
    let store: &Arc<Mutex<_>> = &survey.store;
    let verified = compare(task, root, standing, store, asked.proof, wanted, &mut tell).await?;
    for (path, why) in &verified.hidden {
        reporter.tell(&Event::Hidden { name: path, why });
    }
    for (doubt, count) in &doubts {
        reporter.mention(&format!("map {name}: {}: {doubt}", files(*count)));
    }
    reporter.say(&format!("{name}: {}", summary(&verified)));
    let is_proven = verified.differing == 0 && verified.unproven == 0 && verified.hidden.is_empty();
    let exit = if is_proven {
        Exit::InSync
    } else {
        Exit::Partial
    };
    reporter.record(&json!({
        "event": "summary",
        "map": task.map.name,
        "proven": By::ALL.iter().zip(verified.proven)
            .map(|(by, count)| (by.to_string(), count.into()))
            .collect::<serde_json::Map<_, _>>(),
        "differing": verified.differing,
        "unproven": verified.unproven,
        "hidden": verified.hidden.len(),
        "exit": exit.code(),
    }));
    Ok(exit)
}

fn files(count: u64) -> String {
    match count {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

fn summary(verified: &Verified) -> String {
    let Verified {
        proven,
        differing,
        unproven,
        hidden,
    } = verified;
    let by: Vec<_> = By::ALL
        .iter()
        .zip(proven)
        .filter(|(_, count)| **count > 0)
        .map(|(by, count)| match by {
            By::Unchanged => format!("{count} {by}"),
            by => format!("{count} by {by}"),
        })
        .collect();
    let all = files(proven.iter().sum());
    let mut text = format!("{all} proven equal");
    if !by.is_empty() {
        text = format!("{text} ({})", by.join(", "));
    }
    let rest = [
        (*differing, "differ"),
        (*unproven, "not proven"),
        (hidden.len() as u64, "left out"),
    ];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        text = format!("{text}, {count} {what}");
    }
    let mut proofs = By::ALL.iter().zip(proven);
    if proofs.any(|(by, count)| by.is_forgeable() && *count > 0) {
        text += "; MD5 alone can be forged, --download reads the objects";
    }
    text
}
