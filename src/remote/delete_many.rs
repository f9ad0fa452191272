//! Deleting many objects with one request, each only if it is the expected one.

use super::Remote;
use super::error::{Error, Kind, Operation};
use super::write::Gone;
use crate::key::Key;
use crate::stamp::ETag;
use aws_sdk_s3::operation::delete_objects::DeleteObjectsOutput;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use std::collections::HashSet;

/// Keys one request takes (S3 API, `DeleteObjects`).
pub const MOST_DELETES: usize = 1000;

impl Remote {
    /// Deletes objects, each with the ETag it must have. The answers are in the order of `objects`.
    ///
    /// Where the server honours a condition for each key they go with one request for
    /// [`MOST_DELETES`]; whatever that does not report as deleted, and everything elsewhere, goes
    /// one by one, so that each key ends as [`Remote::delete`] says.
    pub async fn delete_many(&self, objects: &[(Key, ETag)]) -> Vec<Result<Gone, Error>> {
        let mut answers = Vec::with_capacity(objects.len());
        for chunk in objects.chunks(MOST_DELETES) {
            let gone = match self.delete_chunk(chunk).await {
                Ok(gone) => gone,
                Err(error) if error.is_fatal() => {
                    // One such answer ends the map; what is left is not even tried.
                    let kind = error.kind.clone();
                    answers.push(Err(error));
                    let fatal = || self.error(kind.clone(), Operation::Delete, "");
                    answers.resize_with(objects.len(), || Err(fatal()));
                    return answers;
                }
                // The request for one key would get no answer either.
                Err(error) if matches!(error.kind, Kind::Unreachable | Kind::Throttled) => {
                    let again = |(key, _): &(Key, ETag)| {
                        let key = self.object_key(key);
                        Err(self.error(error.kind.clone(), Operation::Delete, &key))
                    };
                    answers.extend(chunk.iter().map(again));
                    continue;
                }
                Err(_) => HashSet::new(),
            };
            for (key, etag) in chunk {
                let answer = if gone.contains(&self.object_key(key)) {
                    Ok(Gone::Deleted)
                } else {
                    self.delete(key, etag).await
                };
                answers.push(answer);
            }
        }
        answers
    }

    /// The object keys that one request deleted.
    async fn delete_chunk(&self, chunk: &[(Key, ETag)]) -> Result<HashSet<String>, Error> {
        let fit: Vec<_> = chunk
            .iter()
            .filter(|(key, etag)| is_plain_text(key) && !etag.is_empty())
            .map(|(key, etag)| (self.object_key(key), etag))
            .collect();
        if !self.capabilities.batch_delete_if_match || fit.len() < 2 {
            return Ok(HashSet::new());
        }
        let patience = &self.client.shared.patience;
        let answer = patience.retry(|| self.delete_chunk_once(&fit)).await?;
        let deleted = answer.deleted().iter();
        let failed: HashSet<&str> = answer.errors().iter().filter_map(|one| one.key()).collect();
        Ok(deleted
            .filter_map(|one| one.key())
            .filter(|key| !failed.contains(key))
            .map(str::to_owned)
            .collect())
    }

    async fn delete_chunk_once(
        &self,
        objects: &[(String, &ETag)],
    ) -> Result<DeleteObjectsOutput, Error> {
        let bad = |source| {
            let kind = Kind::BadAnswer("a request could not be built");
            self.error(kind, Operation::Delete, "").because(source)
        };
        let identifiers: Result<Vec<_>, _> = objects
            .iter()
            .map(|(key, etag)| {
                let object = ObjectIdentifier::builder().key(key);
                object.e_tag(self.condition(etag)).build()
            })
            .collect();
        let delete = Delete::builder()
            .set_objects(Some(identifiers.map_err(bad)?))
            .build()
            .map_err(bad)?;
        self.sdk()
            .delete_objects()
            .bucket(&*self.bucket)
            .delete(delete)
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Delete, &self.bucket, &sdk))
    }
}

/// Whether a key comes through the text of a request as it is.
fn is_plain_text(key: &Key) -> bool {
    let is_odd = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    !key.as_str().chars().any(is_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_xml_would_change_goes_by_itself() {
        for (text, is_plain) in [
            ("a b/\u{e9}&<", true),
            ("a\nb", false),
            ("a\u{ffff}", false),
        ] {
            assert_eq!(
                is_plain_text(&Key::parse(text).unwrap()),
                is_plain,
                "{text}"
            );
        }
    }
}
