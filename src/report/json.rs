//! Events as JSON lines.

use crate::commands::dump::words::utc;
use crate::commands::status::Condition;
use crate::commands::sync::{Ended, Report};
use crate::event::Event;
use crate::exit::Exit;
use crate::plan::Step;
use crate::reconcile::{Settlement, Why};
use serde_json::{Map, Value, json};

/// An event as one line, with the map that it is about; `None` for those that only a progress bar
/// needs.
pub(super) fn event(map: Option<&str>, event: &Event<'_>) -> Option<String> {
    let mut value = match event {
        Event::Begun { map, path, uri } => {
            json!({"event": "map", "map": map, "path": path, "uri": uri})
        }
        Event::Planned { steps, bytes } => json!({"event": "plan", "steps": steps, "bytes": bytes}),
        Event::Would(told, why) => step("would", told, *why),
        Event::Done(told, why) => step("done", told, *why),
        Event::Failed { key, cause } => {
            json!({"event": "failed", "key": key.as_str(), "reason": cause.to_string()})
        }
        Event::Skipped { key, obstacle } => {
            json!({"event": "skipped", "key": key.as_str(), "reason": obstacle.to_string()})
        }
        Event::Hidden { name, why } => json!({"event": "hidden", "name": name, "reason": why}),
        Event::Settled { key, settlement } => {
            json!({"event": "conflict", "key": key.as_str(), "settlement": word(*settlement)})
        }
        Event::KeptRemote { key, place, .. } => {
            json!({"event": "kept", "key": key.as_str(), "place": place})
        }
        Event::Guarded(held) => json!({"event": "guard", "reason": held.to_string()}),
        Event::Notice(text) => json!({"event": "notice", "text": text}),
        // Each of the moves is told by itself, and how far a run is, to a terminal only.
        Event::Maps(_)
        | Event::WouldMove(..)
        | Event::HasMoved(..)
        | Event::Read { .. }
        | Event::Moved { .. }
        | Event::Over => return None,
    };
    if let Some(map) = map {
        value["map"] = json!(map);
    }
    Some(value.to_string())
}

fn step(event: &str, step: &Step, why: Why) -> Value {
    let mut told = json!({
        "event": event,
        "step": step.verb(),
        "key": step.key().as_str(),
        "bytes": step.transfer_bytes(),
        "why": why.to_string(),
    });
    if let Some(from) = step.old_key() {
        told["from"] = json!(from.as_str());
    }
    told
}

fn word(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::LocalWins => "local",
        Settlement::RemoteWins => "remote",
        Settlement::KeepBoth => "keep-both",
        Settlement::Leave => "left",
    }
}

/// How a state file stands.
pub(super) fn status(condition: &Condition, report: &Report) -> Value {
    let holder = condition.holder.as_ref();
    let unencrypted = report.unencrypted.iter();
    let unencrypted: Map<_, _> = unencrypted
        .map(|one| (one.map.clone(), one.objects.into()))
        .collect();
    json!({
        "event": "status",
        "last_sync": condition.synced_ms.map(utc),
        "locked_by": holder.map(|holder| json!({"pid": holder.pid, "since": holder.since})),
        "unencrypted": unencrypted,
    })
}

/// Why a run could not begin, or not save, as one line.
pub(super) fn stopped(reason: &str, exit: Exit) -> String {
    json!({"event": "error", "reason": reason, "exit": exit.code()}).to_string()
}

/// A map's end as one line.
pub(super) fn summary(ended: &Ended, exit: Exit) -> String {
    json!({
        "event": "summary",
        "map": ended.map,
        "counts": counts(ended),
        "halt": ended.halt.as_ref().map(ToString::to_string),
        "exit": exit.code(),
    })
    .to_string()
}

fn counts(ended: &Ended) -> Map<String, Value> {
    let fields = ended.counts.fields().into_iter();
    fields
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect()
}

/// A run's end as the last line of its log has it; no map where it could not begin.
pub(super) fn end(exit: Exit, seconds: f64, maps: &[Ended]) -> String {
    let maps = maps.iter().map(|ended| {
        let halt = ended.halt.as_ref().map(ToString::to_string);
        let (map, counts, halt) = (json!(ended.map), json!(counts(ended)), json!(halt));
        format!("{{\"map\":{map},\"counts\":{counts},\"halt\":{halt}}}")
    });
    let maps: Vec<_> = maps.collect();
    format!(
        "{{\"exit\":{},\"seconds\":{seconds:.3},\"maps\":[{}]}}",
        exit.code(),
        maps.join(",")
    )
}
