//! What restoring takes: how many objects, how many bytes, how long.

use super::super::dump::words::Size;
use crate::key::Shown;
use crate::remote::{TIERED, Tier};
use crate::report::Reporter;
use crate::sync::Cold;
use serde_json::json;
use std::collections::BTreeMap;

/// Whether an object lies where nothing comes back within minutes.
pub(super) fn is_deep(one: &Cold) -> bool {
    *one.class == *"DEEP_ARCHIVE" || one.tier.as_deref() == Some("DEEP_ARCHIVE_ACCESS")
}

/// How long it takes (S3 API, `RestoreObject`).
fn wait(is_deep: bool, tier: Tier) -> &'static str {
    match (is_deep, tier) {
        (false, Tier::Expedited) => "in 1 to 5 minutes",
        (false, Tier::Standard) => "in 3 to 5 hours",
        (false, Tier::Bulk) => "in 5 to 12 hours",
        (true, Tier::Expedited | Tier::Standard) => "within 12 hours",
        (true, Tier::Bulk) => "within 48 hours",
    }
}

/// Where an object lies, in one word.
pub(super) fn place(one: &Cold) -> String {
    match &one.tier {
        None => one.class.to_string(),
        Some(tier) => format!("{} {tier}", one.class),
    }
}

pub(super) fn objects(count: u64) -> String {
    match count {
        1 => "1 object".to_owned(),
        count => format!("{count} objects"),
    }
}

pub(super) fn sum(all: &[&Cold]) -> String {
    let bytes = all.iter().map(|one| one.size_bytes).sum();
    format!("{}, {}", objects(all.len() as u64), Size(bytes))
}

/// Tells what is meant of a map, a line for each place.
pub(super) fn tell(reporter: &Reporter, map: &str, found: &[Cold], tier: Tier) {
    let mut places: BTreeMap<String, Vec<&Cold>> = BTreeMap::new();
    for one in found {
        places.entry(place(one)).or_default().push(one);
    }
    for (place, all) in places {
        let wait = wait(all.iter().any(|one| is_deep(one)), tier);
        let name = Shown(map);
        reporter.say(&format!("{name}: {place}: {}, readable {wait}", sum(&all)));
        reporter.record(&json!({
            "event": "archived",
            "map": map,
            "place": place,
            "objects": all.len(),
            "bytes": all.iter().map(|one| one.size_bytes).sum::<u64>(),
            "wait": wait,
        }));
    }
}

/// What a person should know before it is asked for.
pub(super) fn note(all: &[&Cold], days: u16) -> String {
    let is_tiered = |one: &&&Cold| *one.class == *TIERED;
    let tiered = all.iter().filter(is_tiered).count();
    let stay = match days {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let copies = format!(
        "a restored copy stays for {stay}; retrieval is billed by request and byte, the copy as standard storage"
    );
    match tiered {
        0 => copies,
        some if some == all.len() => {
            "what is in Intelligent-Tiering comes back for good".to_owned()
        }
        _ => format!("{copies}; what is in Intelligent-Tiering comes back for good"),
    }
}
