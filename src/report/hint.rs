//! What to do about an error: one sentence for each kind a user can act on.

mod misuse;

use super::outlet::Outlet;
use crate::commands::{add, dump, init, page, recover, restore, sync};
use crate::envelope::{KeyError, OpenError};
use crate::guard::{Change, Held};
use crate::key::OWN_FOLDER;
use crate::sync::{Broken, Difference, Finding, Halt, Suspect};
use crate::transfer::Failure;
use crate::{local, remote, store};
use std::error::Error;

/// The hint for an error, if there is one.
#[must_use]
pub fn hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(misuse) = error.downcast_ref() {
        return Some(misuse::of_misuse(misuse));
    }
    if let Some(error) = error.downcast_ref() {
        return of_init(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_sync(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_halt(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_failure(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_restore(error);
    }
    if let Some(finding) = error.downcast_ref::<Finding>() {
        return of_finding(finding);
    }
    if let Some(error) = error.downcast_ref() {
        return of_remote(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_recover(error);
    }
    if let Some(error) = error.downcast_ref() {
        return of_page(error);
    }
    if let Some(error) = error.downcast_ref() {
        return Some(of_outlet(error));
    }
    if let Some(error) = error.downcast_ref() {
        return of_add(error);
    }
    match error.downcast_ref()? {
        dump::Error::Store(error) => of_store(error),
        dump::Error::Damaged(damage) => match damage.spare {
            dump::Spare::Previous => Some(
                "the next run puts the previous generation in its place, which is intact; to see it, --dump --file with this name and a ~",
            ),
            dump::Spare::None => Some(NO_SPARE),
            dump::Spare::NotNeeded => None,
        },
        dump::Error::Output(_) | dump::Error::Unreadable(..) => None,
    }
}

fn of_page(error: &page::Error) -> Option<&'static str> {
    match error {
        page::Error::Store(error) => of_store(error),
        page::Error::NotAFile(_) => Some("name the file itself, and not a link to it"),
        page::Error::Foreign(_) => Some("choose another name; this file was not touched"),
        page::Error::Synced { .. } => {
            Some("put it outside of what is synced, or it would change with every run")
        }
        page::Error::OwnFile(_) => Some("choose another name"),
        page::Error::Io { .. } => {
            Some("its directory must be there, and writable for the user that runs s3-bsync")
        }
    }
}

const NO_SPARE: &str = "restore the file from a backup, or delete it and add the maps again: the next run then compares everything and deletes nothing";

const SEE_MAPS: &str = "s3-bsync targets shows the maps";

fn of_init(error: &init::Error) -> Option<&'static str> {
    match error {
        init::Error::Store(error) => of_store(error),
        init::Error::NoDirectory(..) => Some("create the directory, or correct the path"),
        init::Error::NoMap(_) | init::Error::NoName(_) => Some(SEE_MAPS),
        init::Error::BadFile { .. } => {
            Some("correct the path, or make the file readable for the user that runs s3-bsync")
        }
        init::Error::Key(error) => Some(of_key(error)),
        init::Error::Profile(error) => of_remote(error),
        init::Error::NoRecipients { .. } => {
            Some("name the recipients with --age-recipient or --age-recipients-file")
        }
        init::Error::Root(error) => of_local(error),
        init::Error::NameTaken(_) => Some("choose another --name"),
        init::Error::Overlap(_) => {
            Some("map directories and prefixes that do not contain each other")
        }
        init::Error::IdentityInside { .. } => Some(
            "it is a private key: move it out of every synced directory, then name its new path",
        ),
        init::Error::NothingAsked => {
            Some("add --dir PATH S3_DEST, --rmdir PATH, --overwrite or --purge")
        }
    }
}

fn of_add(error: &add::Error) -> Option<&'static str> {
    match error {
        add::Error::Init(error) => of_init(error),
        add::Error::BadDirectory(_) => Some("name a directory by its path, without .. in it"),
        add::Error::Unanswered(_) => Some(
            "run at a terminal and without --quiet, or give both: s3-bsync --init --dir PATH S3_DEST",
        ),
        add::Error::Ended => Some("nothing was saved"),
        add::Error::Declined => {
            Some("correct what the server complained of, then add the map again")
        }
    }
}

fn of_restore(error: &restore::Error) -> Option<&'static str> {
    match error {
        restore::Error::Open(error) => of_init(error),
        restore::Error::Halt(_, halt) => of_halt(halt),
        restore::Error::NoConsent => Some("add --yes to go on, or see with --dryrun what it is"),
        restore::Error::TooFast(_) => {
            Some("nothing was asked for; use --tier standard, or name others with a PATTERN")
        }
    }
}

fn of_finding(finding: &Finding) -> Option<&'static str> {
    let Finding::Differs(difference) = finding else {
        return None;
    };
    match difference {
        Difference::Content(Suspect::Here) => Some(
            "nothing was changed; to have the object in its place, move the file away, and sync with pull NAME",
        ),
        Difference::Content(Suspect::There) => {
            Some("nothing was changed; to have the file in its place, touch the file, and sync")
        }
        Difference::Content(_)
        | Difference::Size { .. }
        | Difference::MissingHere
        | Difference::MissingThere
        | Difference::Missing => Some("status tells what a sync would do about it"),
        Difference::Unreadable(failure) | Difference::Unopenable(failure) => of_failure(failure),
    }
}

fn of_recover(error: &recover::Error) -> Option<&'static str> {
    use recover::Error;
    match error {
        Error::Map(error) => of_init(error),
        Error::Remote(error) => of_remote(error),
        Error::Key(error) => Some(of_key(error)),
        Error::Failure(failure) => of_failure(failure),
        Error::NoneKept(_) => Some("s3-bsync recover NAME lists what a map's folders keep"),
        Error::Several(..) => Some(
            "name it as recover lists it, with its time: TIME/PATH, and local: or bucket: before that where both sides have it",
        ),
        Error::Taken(_) => Some("choose another --to, or leave it out: then a free name is found"),
        Error::NoRoom(_) | Error::Unfit(..) => Some("name a free path with --to"),
        Error::NoFile(_) => Some("recover show prints the kept version"),
        Error::Unconfirmed => Some("run at a terminal, or add --force"),
        Error::Output(_) => None,
    }
}

fn of_sync(error: &sync::Error) -> Option<&'static str> {
    match error {
        sync::Error::Store(error) => of_store(error),
        sync::Error::NoName(_) => Some(SEE_MAPS),
        sync::Error::Directory(..) => Some("create the directory, or correct the path"),
        sync::Error::Inside { .. } => Some("name a place outside of all maps"),
        sync::Error::Settings(error) => of_init(error),
        sync::Error::Overlap(_) => Some("drop one of the maps: --init --rmdir PATH S3_DEST"),
    }
}

fn of_outlet(error: &Outlet) -> &'static str {
    match error {
        Outlet::NoLog(..) | Outlet::NoMetrics(..) => {
            "create the directory, or correct the path, or give the user that runs s3-bsync access"
        }
        Outlet::LogLost(..) | Outlet::MetricsLost(..) => {
            "free some space, or give the user that runs s3-bsync access; the run itself went on"
        }
    }
}

fn of_halt(halt: &Halt) -> Option<&'static str> {
    match halt {
        Halt::Root(error) => of_root(error),
        Halt::Broken(Broken::Local(error)) => of_local(error),
        Halt::MarkerMissing(_) | Halt::Unrecognized(_) => Some(
            "is the right disk mounted there? if this really is the directory, run once with --force: nothing will be deleted",
        ),
        Halt::MarkerForeign(_) => Some(
            "two state files must not sync one directory; to take it over, run once with --force: nothing will be deleted",
        ),
        Halt::RecipientMissing(_) => Some(
            "version 1 encrypted with GPG; name an age recipient: --init --dir PATH S3_DEST --age-recipient age1...",
        ),
        Halt::Key(error) => Some(of_key(error)),
        Halt::Broken(Broken::Remote(error)) | Halt::Remote(error) => of_remote(error),
        Halt::Broken(Broken::Base(error)) | Halt::Store(error) => of_store(error),
        Halt::Guarded(Held { limit: None, .. }) => Some(
            "see them with --dryrun --debug --force; if they are meant, run once with --force; everything else was done",
        ),
        Halt::Guarded(Held {
            change: Change::Replacement,
            ..
        }) => Some(
            "see them with --dryrun --debug --force; if they are meant, run once with --force, or raise the map's --max-replace; everything else was done",
        ),
        Halt::Guarded(Held { limit: Some(_), .. }) => Some(
            "see them with --dryrun --debug --force; if they are meant, run once with --force, or raise --max-delete; everything else was done",
        ),
        Halt::Broken(Broken::Lost(_)) | Halt::Internal(_) => {
            Some("this is a fault of s3-bsync, please report it")
        }
    }
}

fn of_root(error: &local::Error) -> Option<&'static str> {
    use local::Kind;
    match &error.kind {
        Kind::NotADirectory | Kind::Loop | Kind::Clash if error.path.starts_with(OWN_FOLDER) => {
            Some(
                "move .s3bsync out of the way: s3-bsync keeps its own files in a directory of that name",
            )
        }
        Kind::NotADirectory => {
            Some("a map's path must be a directory: correct it, or drop the map")
        }
        _ => of_local(error),
    }
}

fn of_failure(failure: &Failure) -> Option<&'static str> {
    match failure {
        Failure::Local(error) => of_local(error),
        Failure::Remote(error) => of_remote(error),
        Failure::Stale | Failure::ChangedWhileRead => Some("the next run looks at it again"),
        Failure::Sealed(_) => Some(
            "name a file of identities with --age-identity; until then the object is left alone",
        ),
        Failure::Unencrypted(_) => Some(
            "somebody put it there, or it is older than the map's encryption; it is left alone: remove it, or have the machine that holds the file send all anew with edit NAME --reencode",
        ),
        Failure::UnknownEncoding => {
            Some("another program or a newer s3-bsync wrote it; it is left alone")
        }
        Failure::Open(OpenError::Key(error)) => Some(of_key(error)),
        Failure::Open(OpenError::NotForUs) => Some(
            "it was encrypted for somebody else, or --age-identity names the wrong file; nothing was changed",
        ),
        Failure::Open(OpenError::SizeUnknown) => Some(
            "whoever puts compressed objects must give their metadata s3bsync-size, the file's bytes",
        ),
        Failure::Open(_) => Some("nothing was overwritten; the object stays as it is"),
        Failure::Damaged { .. } => Some("nothing was overwritten; the next run tries again"),
        Failure::Postponed { .. } => {
            Some("earlier logs have the server's answers; --full tries again at once")
        }
        Failure::Interrupted => None,
        Failure::Aside(_, failure) => of_failure(failure),
        Failure::Broken(_) => Some("this is a fault of s3-bsync, please report it"),
    }
}

fn of_key(error: &KeyError) -> &'static str {
    match error {
        KeyError::Recipient { .. } | KeyError::RecipientLine { .. } => {
            "a recipient is age1... as age-keygen prints it, or an ssh-ed25519 or ssh-rsa public key"
        }
        KeyError::NoRecipient => "name one with --age-recipient or --age-recipients-file",
        KeyError::Incompatible(_) => "post-quantum recipients go with their kind only",
        KeyError::Unreadable { .. } => {
            "correct the path, or give the user that runs s3-bsync access"
        }
        KeyError::NoIdentity { .. } => {
            "an identity file holds AGE-SECRET-KEY-1... as age-keygen writes it, or an SSH private key"
        }
        KeyError::NoPassphrase { .. } => {
            "run at a terminal, or name a command that prints it: --age-passphrase-command"
        }
        KeyError::WrongPassphrase { .. } => "nothing was changed; try again with the right one",
    }
}

fn of_local(error: &local::Error) -> Option<&'static str> {
    use local::Kind;
    match &error.kind {
        Kind::Missing => Some("is the disk mounted, and the path still right?"),
        Kind::Denied => Some("give the user that runs s3-bsync access to it"),
        Kind::NoSpace => Some("free some space; uploads and deletions in the bucket went on"),
        Kind::ReadOnly => Some("mount the file system read-write, or map it with --direction push"),
        Kind::Clash | Kind::NotARegularFile | Kind::NotADirectory => {
            Some("rename or remove one of the two; nothing was changed")
        }
        Kind::Link => Some(
            "to take what the bucket has, remove the link; to end this, map with --links skip or ignore it",
        ),
        Kind::Astray(_) => Some("lead the link to a file below the same directory, or ignore it"),
        Kind::Stale => Some("the next run looks at it again"),
        Kind::Alias => Some("rename one of the two"),
        Kind::BadMarker(_) => Some(
            "remove .s3bsync/marker if you know this is the right directory, then run once with --force",
        ),
        Kind::Loop | Kind::MountPoint => Some("add it to .s3syncignore, or map it on its own"),
        Kind::TooLong => Some("shorten the name, or ignore it"),
        // An ignore file that cannot be used is reported as a directory that is left alone.
        Kind::BadIgnore { .. } | Kind::Identity | Kind::Io(_) => None,
    }
}

fn of_remote(error: &remote::Error) -> Option<&'static str> {
    use remote::Kind;
    match &error.kind {
        Kind::NoRegion => Some("set --region, AWS_REGION or a profile's region"),
        Kind::NoProfile(_) => Some(
            "correct --profile, or add the profile to ~/.aws/config; AWS_CONFIG_FILE can name another file",
        ),
        Kind::BadProfiles => Some("correct ~/.aws/config and ~/.aws/credentials"),
        Kind::NoBucket => Some("create the bucket, or correct the map's destination or endpoint"),
        Kind::Denied => Some("check the key's rights on this bucket and prefix"),
        Kind::NoCredentials => Some(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a --profile in the AWS configuration files",
        ),
        Kind::ExpiredCredentials => {
            Some("renew or correct the credentials; what was finished is saved")
        }
        Kind::ClockSkew => Some("set this machine's clock"),
        Kind::WrongRegion { .. } => Some("set the map's --region to the bucket's"),
        Kind::NoCapacity => Some("run again later, or with --tier standard"),
        Kind::Throttled => Some("run again later, or with fewer --jobs"),
        Kind::Unreachable => Some("check the network, the endpoint and the proxy settings"),
        Kind::Archived => Some("ask for it with s3-bsync restore, then run again"),
        Kind::Unknown => Some("the next run finds out whether it was done"),
        Kind::BadListing(_) => Some("the server's listing cannot be trusted, so nothing was done"),
        Kind::Changed | Kind::NotFound => Some("the next run looks at it again"),
        Kind::Unsupported => {
            Some("is the endpoint right? this server answers that it has no such request")
        }
        Kind::BadAnswer(_) | Kind::Stopped | Kind::Other => None,
    }
}

fn of_store(error: &store::Error) -> Option<&'static str> {
    use store::Error;
    match error {
        Error::Missing(_) => Some("add a map first: s3-bsync --init --dir PATH S3_DEST"),
        Error::Exists(_) => Some("drop --purge, or choose another --file"),
        Error::Locked { .. } => Some("wait for the other run; the lock ends with its process"),
        Error::NoLocks(_) => Some(
            "its file system has no locks, as some network file systems: keep the state file on a local disk, with --file",
        ),
        Error::NotAStateFile(_) => Some("choose another --file; this one was not touched"),
        Error::UnknownVersion { .. } => Some("a newer s3-bsync wrote it: use that one"),
        Error::Corrupt { .. } => Some(NO_SPARE),
        Error::Io { .. } => {
            Some("check the directory's rights and free space; the old state is whole")
        }
        Error::Refused { .. }
        | Error::UnknownMap(_)
        | Error::NoSuchMap(_)
        | Error::ReadOnly
        | Error::Random(_) => None,
    }
}
