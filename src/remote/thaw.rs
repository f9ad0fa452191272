//! Asks for archived objects.

use super::Remote;
use super::error::{Error, Operation};
use crate::key::Key;
use aws_sdk_s3::types::{GlacierJobParameters, RestoreRequest};

/// The class whose objects are archived where nobody asks for them.
pub const TIERED: &str = "INTELLIGENT_TIERING";

/// How fast, and how dear, an archived object comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tier {
    /// Within minutes; not for Deep Archive.
    Expedited,
    /// Within hours.
    #[default]
    Standard,
    /// Within half a day, two for Deep Archive; the cheapest.
    Bulk,
}

/// What asking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thawing {
    /// It is under way, or was restored before and stays so for longer.
    Asked,
    /// It was under way already.
    Running,
    /// The object is not archived.
    Readable,
}

impl Remote {
    /// Asks the server to make an archived object of this storage class readable for `days`. An object in an archive tier
    /// of Intelligent-Tiering comes back for good, and `days` is of no account.
    ///
    /// # Errors
    /// Any failed request; the expedited tier may be refused for want of capacity.
    pub async fn thaw(
        &self,
        key: &Key,
        class: &str,
        days: u16,
        tier: Tier,
    ) -> Result<Thawing, Error> {
        let key = self.object_key(key);
        let patience = &self.client.shared.patience;
        patience
            .retry(|| self.thaw_once(&key, class, days, tier))
            .await
    }

    async fn thaw_once(
        &self,
        key: &str,
        class: &str,
        days: u16,
        tier: Tier,
    ) -> Result<Thawing, Error> {
        let is_tiered = class == TIERED;
        let fail = || self.error(super::Kind::Other, Operation::Thaw, key);
        let job = GlacierJobParameters::builder()
            .tier(match tier {
                Tier::Expedited => aws_sdk_s3::types::Tier::Expedited,
                Tier::Standard => aws_sdk_s3::types::Tier::Standard,
                Tier::Bulk => aws_sdk_s3::types::Tier::Bulk,
            })
            .build()
            .map_err(|source| fail().because(source))?;
        let request = RestoreRequest::builder()
            .set_days((!is_tiered).then_some(i32::from(days)))
            .glacier_job_parameters(job)
            .build();
        let sent = self
            .sdk()
            .restore_object()
            .bucket(&*self.bucket)
            .key(key)
            .restore_request(request)
            .send()
            .await
            .map_err(|sdk| Error::of_sdk(Operation::Thaw, &self.bucket, &sdk).at(key));
        match sent {
            Ok(_) => Ok(Thawing::Asked),
            Err(error) if error.code() == "RestoreAlreadyInProgress" => Ok(Thawing::Running),
            Err(error) if error.code() == "ObjectAlreadyInActiveTierError" => Ok(Thawing::Readable),
            Err(error) => Err(error),
        }
    }
}
