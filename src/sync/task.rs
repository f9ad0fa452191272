//! What a map's run is asked for.

use super::{Generation, Person, Share, Trust};
use crate::envelope::{Envelope, Identities, KeyError, Passphrase, Recipients, Secrecy};
use crate::event::Sink;
use crate::guard::Limit;
use crate::local::OwnFiles;
use crate::remote::Network;
use crate::state::{Bucket, DirMap, Direction, Encryption, ReplicaId};
use crate::stop::Stop;
use std::sync::Arc;

/// Whether anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Things are done.
    Apply,
    /// Things are only planned.
    DryRun,
}

/// Whether safety stops are heeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// They are.
    Heeded,
    /// They are let pass this once.
    Forced,
}

/// Which files are sent although both sides hold the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reencode {
    /// None.
    #[default]
    Changed,
    /// All, so that every object is held as the map's settings now say.
    All,
}

/// What all maps of a run share.
#[derive(Clone)]
pub struct Terms {
    /// Who writes.
    pub replica: ReplicaId,
    /// When the run began, milliseconds since the epoch.
    pub now_ms: i64,
    /// Which generation of the state file the records are from.
    pub generation: Generation,
    /// Whether anything is changed.
    pub mode: Mode,
    /// Whether recorded stamps are believed.
    pub trust: Trust,
    /// Whether safety stops are heeded.
    pub safety: Safety,
    /// Which files are sent although both sides hold the same.
    pub reencode: Reencode,
    /// How many removals are allowed.
    pub limit: Limit,
    /// Source of the passphrase of an identity file. A command comes from the command line alone,
    /// so that no state file can start a program.
    pub passphrase: Passphrase,
    /// Steps at a time; `None` to adapt to the work.
    pub jobs: Option<usize>,
    /// What the map may use at a time, of what all maps have.
    pub share: Arc<Share>,
    /// The program's own files, which are no part of any map.
    pub own: OwnFiles,
    /// Who settles what a map's policy leaves to a person; `None` where nobody is there.
    pub person: Option<Arc<dyn Person>>,
    /// The wish to stop.
    pub stop: Stop,
    /// What the connections of the run share, that wish among it.
    pub network: Network,
    /// Where events go.
    pub sink: Arc<Sink>,
}

/// One map to be synced.
#[derive(Clone)]
pub struct Task {
    /// Its position in the state file.
    pub index: usize,
    /// Its bucket's settings.
    pub bucket: Bucket,
    /// Its own.
    pub map: DirMap,
    /// The direction that the state file has for it. This run may have another.
    pub stored_direction: Direction,
    /// What all maps share.
    pub terms: Terms,
}

/// The encoding and encryption of a map's files.
///
/// # Errors
/// [`KeyError`] where a recipient cannot be used. Identities are read when they are needed.
pub fn envelope(map: &DirMap, passphrase: &Passphrase) -> Result<Envelope, KeyError> {
    let (secrecy, identity_file) = match &map.encryption {
        Encryption::None => (Secrecy::Open, None),
        Encryption::RecipientMissing { .. } => (Secrecy::Unknown, None),
        Encryption::Age {
            recipients,
            recipients_file,
            identity_file,
        } => {
            let secrecy = if recipients.is_empty() && recipients_file.is_none() {
                Secrecy::Unknown
            } else {
                let loaded = Recipients::load(recipients, recipients_file.as_deref())?;
                Secrecy::For(Arc::new(loaded))
            };
            (secrecy, identity_file.as_deref())
        }
    };
    let identities = identity_file.map(|path| Identities::of(path, passphrase.clone()));
    Ok(Envelope::new(map.gzip_level, secrecy, identities))
}
