//! Pairs moves, after a reading of the few files that only a reading can tell about, and tells of
//! them.

use super::{Halt, Mode, Reencode, Sync};
use crate::draft::Decided;
use crate::event::Event;
use crate::key::Key;
use crate::moves::{Pairing, Proven, Suspect, fold, pair, suspects};
use crate::plan::{Clash, Step};
use crate::reconcile::Why;
use crate::stamp::ETag;
use crate::state::{Content, Encoding};
use crate::transfer::{Failure, Hands, blocking};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Files read at a time.
const READINGS: usize = 8;

impl Sync<'_> {
    /// Takes the moves out of what was decided.
    pub(super) async fn pair(
        &self,
        decided: Vec<Decided>,
        clashes: &[Clash],
    ) -> Result<Pairing, Halt> {
        if self.task.terms.reencode == Reencode::All {
            // All is to be sent anew, under whatever name.
            return Ok(Pairing {
                moves: Vec::new(),
                rest: decided,
            });
        }
        let proven = self.read(suspects(&decided, clashes)).await?;
        let envelope = &self.hands.envelope;
        let may_keep = |encoding| match encoding {
            Encoding::Plain | Encoding::Gzip => !envelope.demands_encryption(),
            Encoding::Age | Encoding::GzipAge => true,
        };
        Ok(pair(decided, clashes, &proven, &may_keep))
    }

    async fn read(&self, suspects: Vec<Suspect>) -> Result<Vec<Proven>, Halt> {
        let mut reading: JoinSet<Option<Proven>> = JoinSet::new();
        let mut proven = Vec::new();
        let mut take = |ended: Option<Result<Option<Proven>, tokio::task::JoinError>>| {
            let ended = ended.transpose();
            let ended = ended.map_err(|error| Halt::Internal(error.to_string()))?;
            proven.extend(ended.flatten());
            Ok::<(), Halt>(())
        };
        for suspect in suspects {
            if self.task.terms.stop.is_wished() {
                break;
            }
            while reading.len() >= READINGS {
                take(reading.join_next().await)?;
            }
            reading.spawn(prove(Arc::clone(&self.hands), suspect));
        }
        while !reading.is_empty() {
            take(reading.join_next().await)?;
        }
        Ok(proven)
    }

    /// Tells of moves, each folder once.
    pub(super) fn tell_moves(&self, moves: &[((Key, Key), Why)]) {
        for reason in [Why::RenamedHere, Why::RenamedInBucket] {
            let names = moves.iter().filter(|(_, why)| *why == reason);
            for fold in fold(names.map(|((from, to), _)| (from, to))) {
                let event = match self.task.terms.mode {
                    Mode::DryRun => Event::WouldMove(&fold, reason),
                    Mode::Apply => Event::HasMoved(&fold, reason),
                };
                (self.task.terms.sink)(event);
            }
        }
    }

    /// The names of a step that moves, and why it does.
    pub(super) fn names(&self, step: &Step) -> Option<((Key, Key), Why)> {
        let from = step.old_key()?.clone();
        Some(((from, step.key().clone()), self.why(step)))
    }
}

/// A file that cannot be read now, or is another by now, is no proof.
async fn prove(hands: Arc<Hands>, suspect: Suspect) -> Option<Proven> {
    let Suspect {
        from, local, etag, ..
    } = suspect;
    let read: Result<_, Failure> = blocking(move || {
        let sums = hands.sums(&from, local, &etag)?;
        Ok(sums.matches_etag.then_some(Proven {
            from,
            content: match etag {
                ETag::Md5(_) => Content::ETag,
                ETag::Other(_) => Content::Blake3(sums.blake3),
            },
        }))
    })
    .await;
    read.ok().flatten()
}
