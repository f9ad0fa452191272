//! Settings given on the command line, put into a map of a state.

use super::init::Error;
use crate::cli::{Age, Settings};
use crate::envelope::{self, Recipients};
use crate::key::Shown;
use crate::remote;
use crate::state::{Access, Addressing, Bucket, DirMap, Encryption, MAX_RECIPIENTS, State};
use crate::store;
use std::fs::File;
use std::path::Path;

/// A map and how its bucket is reached, on their way from one place in a state to another.
pub(super) struct Taken {
    pub(super) bucket: String,
    pub(super) access: Access,
    pub(super) map: DirMap,
}

/// Takes the first map out of a state that `is_meant` says.
pub(super) fn take(state: &mut State, is_meant: impl Fn(&str, &DirMap) -> bool) -> Option<Taken> {
    state.buckets.iter_mut().find_map(|bucket| {
        let mut maps = bucket.maps.iter();
        let at = maps.position(|map| is_meant(&bucket.name, map))?;
        Some(Taken {
            bucket: bucket.name.clone(),
            access: bucket.access.clone(),
            map: bucket.maps.remove(at),
        })
    })
}

/// Puts a map into a state, beside others that are reached in the same way.
pub(super) fn put(state: &mut State, taken: Taken) {
    let Taken {
        bucket: name,
        access,
        map,
    } = taken;
    let mut buckets = state.buckets.iter_mut();
    match buckets.find(|bucket| bucket.name == name && bucket.access == access) {
        Some(bucket) => bucket.maps.push(map),
        None => state.buckets.push(Bucket {
            name,
            access,
            capabilities: None,
            maps: vec![map],
        }),
    }
}

/// Changes a map that was taken out of `state`; what is not given stays.
pub(super) fn change(state: &State, taken: &mut Taken, settings: &Settings) -> Result<(), Error> {
    check_profile(&settings.access)?;
    let access = merged(&settings.access, &taken.access);
    let map = &mut taken.map;
    // Reached in another way (a profile names an endpoint too) it may be another bucket: nothing is
    // known of what that holds.
    let reach = |access: &Access| {
        let Access {
            endpoint,
            region,
            profile,
            ..
        } = access;
        (endpoint.clone(), region.clone(), profile.clone())
    };
    if reach(&access) != reach(&taken.access) {
        map.id = store::new_map_id()?;
        map.generation = 0;
        map.root = None;
    }
    taken.access = access;
    set(map, settings)?;
    if let Some(name) = &settings.name {
        if state.maps().any(|(_, other)| other.name == *name) {
            return Err(Error::NameTaken(name.clone()));
        }
        map.name.clone_from(name);
    }
    Ok(())
}

/// Refuses settings that no new map can have.
pub(super) fn check(settings: &Settings) -> Result<(), Error> {
    check_profile(&settings.access)?;
    let age = encryption(Encryption::None, &settings.age)?;
    check_recipients(&age)
}

/// Checks that a profile that is given exists.
fn check_profile(access: &Access) -> Result<(), Error> {
    let checked = access.profile.as_deref().map(remote::check_profile);
    checked.transpose().map(drop).map_err(Error::Profile)
}

/// Puts what is said of a map itself into it.
pub(super) fn set(map: &mut DirMap, settings: &Settings) -> Result<(), Error> {
    map.recursion = settings.recursion.unwrap_or(map.recursion);
    map.links = settings.links.unwrap_or(map.links);
    map.modes = settings.modes.unwrap_or(map.modes);
    map.gzip_level = settings.gzip_level.unwrap_or(map.gzip_level);
    map.conflict = settings.conflict.unwrap_or(map.conflict);
    map.direction = settings.direction.unwrap_or(map.direction);
    map.keep_days = settings.keep_days.unwrap_or(map.keep_days);
    map.keep_size = settings.keep_size.unwrap_or(map.keep_size);
    map.max_replace = settings.max_replace.unwrap_or(map.max_replace);
    if settings.storage_class.is_some() {
        map.storage_class.clone_from(&settings.storage_class);
    }
    map.encryption = encryption(std::mem::take(&mut map.encryption), &settings.age)?;
    if settings.age != Age::default() {
        check_recipients(&map.encryption)?;
    }
    Ok(())
}

/// Found out now, it need not stop a run that nobody watches.
fn check_recipients(encryption: &Encryption) -> Result<(), Error> {
    if let Encryption::Age {
        recipients,
        recipients_file,
        ..
    } = encryption
    {
        Recipients::load(recipients, recipients_file.as_deref()).map_err(Error::Key)?;
    }
    Ok(())
}

fn merged(given: &Access, old: &Access) -> Access {
    let or = |given: &Option<String>, old: &Option<String>| given.clone().or_else(|| old.clone());
    Access {
        endpoint: or(&given.endpoint, &old.endpoint),
        region: or(&given.region, &old.region),
        profile: or(&given.profile, &old.profile),
        addressing: match given.addressing {
            Addressing::VirtualHost => old.addressing,
            path @ Addressing::Path => path,
        },
    }
}

/// Recipients given now replace all those from before, and an identity file the one from before.
/// Nothing takes encryption away: plain bytes must never follow encrypted ones.
fn encryption(old: Encryption, age: &Age) -> Result<Encryption, Error> {
    let Age {
        recipients,
        recipients_file,
        identity_file,
    } = age;
    let are_named = !recipients.is_empty() || recipients_file.is_some();
    if !are_named && identity_file.is_none() {
        return Ok(old);
    }
    check_file("the recipients file", recipients_file.as_deref())?;
    check_file("the identity file", identity_file.as_deref())?;
    let (old_recipients, old_file, old_identities) = match old {
        Encryption::Age {
            recipients,
            recipients_file,
            identity_file,
        } => (recipients, recipients_file, identity_file),
        Encryption::None | Encryption::RecipientMissing { .. } => (Vec::new(), None, None),
    };
    let (recipients, recipients_file) = if are_named {
        (recipients.clone(), recipients_file.clone())
    } else if old_recipients.is_empty() && old_file.is_none() {
        (derived(identity_file.as_deref().unwrap_or_default())?, None)
    } else {
        (old_recipients, old_file)
    };
    Ok(Encryption::Age {
        recipients,
        recipients_file,
        identity_file: identity_file.clone().or(old_identities),
    })
}

/// What a run needs to know of encryption that reads only: nothing is encrypted, so recipients are
/// not asked for.
pub(super) fn only_read(identity_file: &str) -> Result<Encryption, Error> {
    check_file("the identity file", Some(identity_file))?;
    Ok(Encryption::Age {
        recipients: Vec::new(),
        recipients_file: None,
        identity_file: Some(identity_file.to_owned()),
    })
}

fn derived(identity_file: &str) -> Result<Vec<String>, Error> {
    let no_recipients = |reason: String| Error::NoRecipients {
        path: identity_file.to_owned(),
        reason,
    };
    let recipients = envelope::recipients_of(Path::new(identity_file))
        .map_err(|error| no_recipients(error.to_string()))?;
    match recipients.len() as u64 {
        0 => Err(no_recipients("it holds no identity".to_owned())),
        1..=MAX_RECIPIENTS => Ok(recipients),
        count => Err(no_recipients(format!(
            "it holds {count} identities, and a map can have {MAX_RECIPIENTS} recipients"
        ))),
    }
}

/// A file that a map names must be there and readable now: found out later, it would stop a run
/// that nobody watches.
fn check_file(what: &'static str, path: Option<&str>) -> Result<(), Error> {
    let Some(path) = path else {
        return Ok(());
    };
    let bad = |source| Error::BadFile {
        what,
        path: Shown(path).to_string(),
        source,
    };
    // To open a pipe would wait for its writer.
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(bad(None)),
        Ok(_) => File::open(path).map(drop).map_err(|error| bad(Some(error))),
        Err(error) => Err(bad(Some(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(recipients: &[&str], file: Option<&str>, identities: Option<&str>) -> Encryption {
        let own = |text: Option<&str>| text.map(str::to_owned);
        Encryption::Age {
            recipients: recipients.iter().map(|&one| one.to_owned()).collect(),
            recipients_file: own(file),
            identity_file: own(identities),
        }
    }

    fn given(recipients: &[&str], file: Option<&str>, identities: Option<&str>) -> Age {
        match named(recipients, file, identities) {
            Encryption::Age {
                recipients,
                recipients_file,
                identity_file,
            } => Age {
                recipients,
                recipients_file,
                identity_file,
            },
            _ => Age::default(),
        }
    }

    #[test]
    fn recipients_given_anew_replace_all_and_an_identity_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            path.into_os_string().into_string().unwrap()
        };
        let (ours, mine, new) = (file("ours"), file("mine"), file("new"));
        let (ours, mine, new) = (Some(&*ours), Some(&*mine), Some(&*new));
        let email = "ann@example.com".to_owned();
        let full = || named(&["a", "b"], ours, mine);
        for (old, age, wanted) in [
            (full(), given(&[], None, None), full()),
            (full(), given(&["c"], None, None), named(&["c"], None, mine)),
            (full(), given(&[], new, None), named(&[], new, mine)),
            (full(), given(&[], None, new), named(&["a", "b"], ours, new)),
            (
                named(&[], ours, None),
                given(&[], None, new),
                named(&[], ours, new),
            ),
            (
                Encryption::None,
                given(&["c"], ours, mine),
                named(&["c"], ours, mine),
            ),
            (
                Encryption::RecipientMissing { email },
                given(&["c"], None, None),
                named(&["c"], None, None),
            ),
        ] {
            assert_eq!(encryption(old, &age).unwrap(), wanted, "{age:?}");
        }
        for old in [Encryption::None, full()] {
            let kept = encryption(old.clone(), &Age::default()).unwrap();
            assert_eq!(kept, old, "nothing is said");
        }
    }
}
