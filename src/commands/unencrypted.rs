//! Objects that are stored otherwise than the encryption of their map now asks for.

use super::paste;
use crate::key::Shown;
use crate::state::{DirMap, Direction, Encoding, Encryption};
use crate::store::{Error, Store};
use indicatif::HumanCount;
use std::path::Path;

/// Objects of an encrypted map that are stored unencrypted, as far as its records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unencrypted {
    /// The map's name.
    pub map: String,
    /// How many, not 0.
    pub objects: u64,
    /// One line that says so and names the command that encrypts them.
    pub text: String,
}

/// Counts the unencrypted objects of the map at this position of the state; `None` for none, and for
/// a map without encryption. Streams all records of the map.
///
/// # Errors
/// What reading the records gives.
pub(super) fn unencrypted(
    store: &Store,
    file: &Path,
    index: usize,
) -> Result<Option<Unencrypted>, Error> {
    let Some((_, map)) = store.state().maps().nth(index) else {
        return Ok(None);
    };
    if !matches!(map.encryption, Encryption::Age { .. }) {
        return Ok(None);
    }
    let objects = count(store, index, |encoding| !encoding.is_encrypted())?;
    Ok((objects > 0).then(|| Unencrypted {
        map: map.name.clone(),
        objects,
        text: line(map, file, objects, "stored unencrypted", "encrypt with"),
    }))
}

/// What `edit` and `--init` report of the map called `name` after a change, `before` being its
/// encryption before: objects that are stored unencrypted, or encrypted for earlier recipients.
///
/// # Errors
/// What reading the records gives.
pub(super) fn left_behind(
    store: &Store,
    file: &Path,
    name: &str,
    before: &Encryption,
) -> Result<Vec<String>, Error> {
    let mut maps = store.state().maps().enumerate();
    let Some((index, (_, map))) = maps.find(|(_, (_, map))| map.name == name) else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    if let Some(unencrypted) = unencrypted(store, file, index)? {
        lines.push(unencrypted.text);
    }
    if has_other_recipients(before, &map.encryption) {
        let objects = count(store, index, Encoding::is_encrypted)?;
        if objects > 0 {
            let how = "encrypted for the earlier recipients";
            lines.push(line(map, file, objects, how, "encrypt again with"));
        }
    }
    Ok(lines)
}

fn has_other_recipients(before: &Encryption, after: &Encryption) -> bool {
    let of = |encryption: &Encryption| match encryption {
        Encryption::Age {
            recipients,
            recipients_file,
            ..
        } => {
            let mut recipients = recipients.clone();
            recipients.sort();
            Some((recipients, recipients_file.clone()))
        }
        Encryption::None | Encryption::RecipientMissing { .. } => None,
    };
    let (before, after) = (of(before), of(after));
    before.is_some() && before != after
}

fn count(store: &Store, index: usize, counts: impl Fn(Encoding) -> bool) -> Result<u64, Error> {
    let mut objects = 0;
    for record in store.records(index)? {
        let record = record?;
        // Version 1 did not record how it stored an object.
        let is_known = record.local.is_some();
        objects += u64::from(is_known && counts(record.encoding));
    }
    Ok(objects)
}

fn line(map: &DirMap, file: &Path, objects: u64, how: &str, act: &str) -> String {
    let (name, count) = (Shown(&map.name), HumanCount(objects));
    let what = match objects {
        1 => "object is",
        _ => "objects are",
    };
    match map.direction {
        Direction::Pull | Direction::PullMirror => format!(
            "{name}: {count} {what} still {how}; this map only downloads, so a machine that uploads must do it"
        ),
        Direction::Both | Direction::Push | Direction::PushMirror => {
            let command = paste::command(file, &["edit", &map.name, "--reencode"]);
            format!("{name}: {count} {what} still {how}; {act}: {command}")
        }
    }
}
