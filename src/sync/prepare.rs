//! What must be so before the first change: what the server honours is known, the marker names
//! this run, and what dead runs left half uploaded is gone.

use super::stand::is_unmarked;
use super::survey::Survey;
use super::{Halt, Reencode, Sync, Task};
use crate::event::Event;
use crate::local::{self, Marker};
use crate::state::Capabilities;
use crate::transfer::Hands;
use std::sync::Arc;

/// Age from which an unfinished multipart upload is nobody's any more: a day, in milliseconds.
const UPLOADS_REST_MS: i64 = 24 * 60 * 60 * 1000;

const OLD_VERSIONS: &str = "this bucket keeps old versions: whoever could read an object before can \
     still read its old versions; to remove them, add a lifecycle rule that expires noncurrent versions";

const NOT_RECORDED: &str = "no space left for .s3bsync/marker, so this run is not recorded; \
     the next one compares again what it did";

impl Sync<'_> {
    /// Makes everything so.
    pub(super) async fn prepare(&mut self, survey: &Survey) -> Result<(), Halt> {
        self.unlock(survey).await;
        self.learn(survey).await?;
        self.warn_of_old_versions();
        self.sweep_uploads(survey).await;
        self.forget_unrecognized().await?;
        let Task { map, terms, .. } = self.task;
        let marker = Marker {
            replica: terms.replica,
            map: map.id,
            next: map.generation + 1,
            base: map.generation,
        };
        let root = self.hands.root.clone();
        let is_marked = self.store.is_some() && !is_unmarked(&root, self.task);
        let written = tokio::task::spawn_blocking(move || {
            root.check_in_place()?;
            // A marker vouches for records; where there will be none, so is there no marker.
            if is_marked {
                root.write_marker(&marker)?;
            }
            Ok::<_, local::Error>(())
        })
        .await
        .map_err(|error| Halt::Internal(error.to_string()))?;
        match written {
            Err(error) if matches!(error.kind, local::Kind::NoSpace) => {
                // The next run would not believe records without their marker, so none are made.
                self.store = None;
                self.outcome.root = None;
                (terms.sink)(Event::Notice(NOT_RECORDED));
                Ok(())
            }
            written => written.map_err(Halt::Root),
        }
    }

    /// Reads the identities before the first object that may need them, so that a passphrase is
    /// asked for once and before all else. A failure is told by each step that needs them.
    async fn unlock(&self, survey: &Survey) {
        if survey.fetches > 0 {
            let envelope = self.hands.envelope.clone();
            let _ = tokio::task::spawn_blocking(move || envelope.load_identities()).await;
        }
    }

    /// Aborts the uploads of dead runs that no step of this one carries on. One that cannot be
    /// aborted now is tried again by the next run.
    pub(super) async fn abandon(&self, survey: &Survey) {
        let unfinished = self.hands.unfinished.all();
        // A plan that was broken off says nothing of what would have been in it.
        if unfinished.is_empty() || self.task.terms.stop.is_wished() {
            return;
        }
        for begun in unfinished {
            if !survey.resumed.contains(&begun.key) {
                // Not to succeed harms nobody but the bill.
                let _ = self.hands.abandon(&begun).await;
            }
        }
    }

    fn hands(&mut self) -> Result<&mut Hands, Halt> {
        let hands = Arc::get_mut(&mut self.hands);
        hands.ok_or_else(|| Halt::Internal("a look is still under way".to_owned()))
    }

    /// Finds out what the bucket's server honours, once, before the first plan that writes there.
    pub(super) async fn learn(&mut self, survey: &Survey) -> Result<(), Halt> {
        let is_known =
            self.task.bucket.capabilities.is_some() || self.outcome.capabilities.is_some();
        if is_known || survey.writes_remote == 0 {
            return Ok(());
        }
        let probed = self.hands.remote.probe(self.hands.replica).await;
        let found = probed.map_err(Halt::Remote)?;
        for shortcoming in shortcomings(found).into_iter().flatten() {
            (self.task.terms.sink)(Event::Notice(shortcoming));
        }
        let remote = self.hands.remote.with_capabilities(found);
        self.hands()?.remote = remote;
        self.outcome.capabilities = Some(found);
        Ok(())
    }

    /// Encrypting everything again does not reach the old versions of a versioned bucket.
    fn warn_of_old_versions(&self) {
        let Task { bucket, terms, .. } = self.task;
        let found = self.outcome.capabilities.or(bucket.capabilities);
        if terms.reencode == Reencode::All
            && self.hands.envelope.demands_encryption()
            && found.is_some_and(|found| found.versioned)
        {
            (terms.sink)(Event::Notice(OLD_VERSIONS));
        }
    }

    /// Aborts what dead runs left half uploaded and no journal knows of. Asked for only where a large
    /// file is uploaded, so that other runs cost nothing; not to succeed harms nobody but the bill.
    async fn sweep_uploads(&self, survey: &Survey) {
        if survey.in_parts > 0 {
            let before_ms = self.task.terms.now_ms.saturating_sub(UPLOADS_REST_MS);
            let spared = self.hands.unfinished.all();
            let spared: Vec<&str> = spared.iter().map(|begun| &*begun.upload_id).collect();
            let _ = self.hands.remote.sweep_uploads(before_ms, &spared).await;
        }
    }
}

/// What a person should know of a server that does less than S3.
fn shortcomings(found: Capabilities) -> [Option<&'static str>; 2] {
    let is_put_safe = found.put_if_absent && found.put_if_match;
    let is_complete_safe = found.complete_if_absent && found.complete_if_match;
    let writes = match (is_put_safe, is_complete_safe) {
        (true, true) => None,
        (true, false) => Some(
            "this server does not honour conditions on multipart uploads: two machines writing the \
             same large file in the same moment can overwrite each other",
        ),
        (false, _) => Some(
            "this server does not honour conditional writes: two machines writing the same file in \
             the same moment can overwrite each other",
        ),
    };
    let deletes = (!found.delete_if_match).then_some(
        "this server does not honour conditional deletes: what one machine writes in the moment \
         when another deletes the same file can be lost",
    );
    [writes, deletes]
}
