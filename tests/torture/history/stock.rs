//! What people do in the bucket with stock tools.

use super::contents::{appended, contents, halved, patched};
use super::person::RULES;
use super::stage::Stage;
use super::words::{Act, Size, Time};
use crate::support::world::Object;
use std::time::{SystemTime, UNIX_EPOCH};

const PREFIX: &str = "docs/";

/// Does it, if it can be done.
pub fn act(stage: &Stage, number: u64, act: &Act) {
    let change = |name: &str, change: fn(Vec<u8>, u64) -> Vec<u8>| {
        if let Some(old) = read(stage, name) {
            put(stage, name, &change(old, number), Time::Now);
        }
    };
    match act {
        Act::Write(name, size, time) => put(stage, name, &contents(number, *size), *time),
        Act::Append(name) => change(name, appended),
        Act::Truncate(name) => change(name, |old, _| halved(old)),
        Act::Patch(name) => change(name, patched),
        Act::Rename(from, to) if from != to => {
            for key in below(stage, from) {
                let new = format!("{PREFIX}{to}{}", &key[PREFIX.len() + from.len()..]);
                stage.hand.rename(&key, &new, None);
            }
        }
        Act::Swap(one, other) if one != other => {
            if let (Some(first), Some(second)) = (read(stage, one), read(stage, other)) {
                put(stage, one, &second, Time::Now);
                put(stage, other, &first, Time::Now);
            }
        }
        Act::Copy(from, to) if from != to => {
            if let Some(old) = read(stage, from) {
                put(stage, to, &old, Time::Now);
            }
        }
        Act::Touch(name, time) => {
            if let Some(old) = read(stage, name) {
                put(stage, name, &old, *time);
            }
        }
        Act::Infect(name) if read(stage, name).is_some() => {
            put(stage, name, &contents(number, Size::Line), Time::Now);
        }
        Act::RemoveRules => {
            for key in stage.hand.keys() {
                if key.rsplit('/').next() == Some(RULES) {
                    stage.hand.delete(&key);
                }
            }
        }
        Act::Remove(name) => {
            for key in below(stage, name) {
                stage.hand.delete(&key);
            }
        }
        _ => {}
    }
}

/// The object of this name alone, or all below it.
fn below(stage: &Stage, name: &str) -> Vec<String> {
    let object = format!("{PREFIX}{name}");
    if stage.hand.get(&object).is_some() {
        return vec![object];
    }
    let folder = format!("{object}/");
    let mut keys = stage.hand.keys();
    keys.retain(|key| key.starts_with(&folder));
    keys
}

fn read(stage: &Stage, name: &str) -> Option<Vec<u8>> {
    let seen = stage.hand.get(&format!("{PREFIX}{name}"))?;
    Some(stage.opened(&Object {
        bytes: seen.bytes?.to_vec(),
        etag: seen.etag,
        meta: seen.meta,
    }))
}

fn put(stage: &Stage, name: &str, plain: &[u8], time: Time) {
    let (bytes, mut meta) = stage.sealed(plain);
    if let Time::Ago(seconds) = time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(since.map_or(0, |d| d.as_secs())).expect("before the year 292e9");
        meta.push(("mtime", format!("{}.000000000", now - seconds)));
    }
    let meta: Vec<(&str, &str)> = meta.iter().map(|(name, value)| (*name, &**value)).collect();
    stage
        .hand
        .put_with(&format!("{PREFIX}{name}"), bytes, &meta);
}
