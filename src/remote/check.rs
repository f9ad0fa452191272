//! Looks at a bucket as a whole.

use super::Remote;
use super::error::{Error, Operation};

impl Remote {
    /// Checks with one request that the bucket is there and these credentials may use it.
    ///
    /// # Errors
    /// [`super::Kind::NoBucket`], [`super::Kind::Denied`], [`super::Kind::NoCredentials`],
    /// [`super::Kind::WrongRegion`] and whatever else stops a request.
    pub async fn check_bucket(&self) -> Result<(), Error> {
        let patience = &self.client.shared.patience;
        patience.retry(|| self.check_once()).await
    }

    async fn check_once(&self) -> Result<(), Error> {
        self.sdk()
            .head_bucket()
            .bucket(&*self.bucket)
            .send()
            .await
            .map(drop)
            .map_err(|sdk| Error::of_sdk(Operation::CheckBucket, &self.bucket, &sdk))
    }
}
