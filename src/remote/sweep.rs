//! Finds and aborts uploads that were never finished.

use super::Remote;
use super::error::{Error, Kind, Operation};
use super::page::decode;
use aws_sdk_s3::operation::list_multipart_uploads::ListMultipartUploadsOutput;
use aws_sdk_s3::types::{EncodingType, MultipartUpload};

impl Remote {
    /// Aborts the uploads under the prefix that were started before `before_ms` (milliseconds
    /// since the epoch) and gives their number. Those with an id that is `spared` stay.
    ///
    /// A listing of uploads shows no metadata, so whose they are cannot be seen; pass a time at
    /// least a day ago, so that no upload is hit that somebody is still at. An aborted upload
    /// loses no object, only the parts sent so far.
    ///
    /// # Errors
    /// Any failed request; some stores cannot list uploads at all ([`Kind::Unsupported`]).
    pub async fn sweep_uploads(&self, before_ms: i64, spared: &[&str]) -> Result<u64, Error> {
        let folder = self.folder();
        let mut aborted = 0;
        let mut markers = None;
        loop {
            let patience = &self.client.shared.patience;
            let page = patience
                .retry(|| self.uploads_page(&folder, markers.clone()))
                .await?;
            let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
            let is_spared = |upload: &&MultipartUpload| {
                upload.upload_id().is_some_and(|id| spared.contains(&id))
            };
            for upload in page.uploads().iter().filter(|upload| !is_spared(upload)) {
                if self
                    .sweep(upload, &folder, before_ms, is_encoded)
                    .await?
                    .is_some()
                {
                    aborted += 1;
                }
            }
            let next = page.next_key_marker().map(|key| {
                let key = String::from_utf8_lossy(&decode(key, is_encoded)).into_owned();
                (key, page.next_upload_id_marker().map(str::to_owned))
            });
            if page.is_truncated() != Some(true) || next.is_none() || next == markers {
                return Ok(aborted);
            }
            markers = next;
        }
    }

    async fn uploads_page(
        &self,
        folder: &str,
        markers: Option<(String, Option<String>)>,
    ) -> Result<ListMultipartUploadsOutput, Error> {
        let (key, id) = markers.unzip();
        self.sdk()
            .list_multipart_uploads()
            .bucket(&*self.bucket)
            .prefix(folder)
            .encoding_type(EncodingType::Url)
            .set_key_marker(key)
            .set_upload_id_marker(id.flatten())
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Sweep, &self.bucket, &sdk))
    }

    async fn sweep(
        &self,
        upload: &MultipartUpload,
        folder: &str,
        before_ms: i64,
        is_encoded: bool,
    ) -> Result<Option<()>, Error> {
        let started_ms = upload.initiated().and_then(|time| time.to_millis().ok());
        let (Some(key), Some(id), Some(started_ms)) =
            (upload.key(), upload.upload_id(), started_ms)
        else {
            return Ok(None);
        };
        let Ok(key) = String::from_utf8(decode(key, is_encoded).into_owned()) else {
            return Ok(None);
        };
        if started_ms >= before_ms || !key.starts_with(folder) {
            return Ok(None);
        }
        let aborting = self
            .sdk()
            .abort_multipart_upload()
            .bucket(&*self.bucket)
            .key(&key)
            .upload_id(id)
            .send();
        let patience = &self.client.shared.patience;
        let sent = patience
            .race(Box::pin(aborting))
            .await?
            .map_err(|sdk| Error::of_sdk(Operation::Sweep, &self.bucket, &sdk).at(&key));
        match sent {
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            sent => sent.map(|_| Some(())),
        }
    }
}
