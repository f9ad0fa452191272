//! A profile of the AWS configuration files, named by a map.
//!
//! Credentials of a named profile win over those in the environment, as `--profile` does for the
//! AWS CLI: keys of another account that happen to be set must not decide which bucket is written.

use super::answer::Chain;
use super::error::{Error, Kind, Operation};
use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_sdk_s3::config::{Region, SharedHttpClient};
use futures_util::FutureExt;

/// Settings of a profile that name credentials or where they come from.
const CREDENTIALS: &[&str] = &[
    "aws_access_key_id",
    "aws_secret_access_key",
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "source_profile",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// Source of the credentials that go with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The profile. If its settings are incomplete, nothing else is tried.
    Profile,
    /// The usual chain: the profile has only other settings, such as a region.
    Chain,
}

/// Checks that the AWS configuration files contain this profile. Sends no request.
///
/// # Errors
/// [`Kind::NoProfile`], and [`Kind::BadProfiles`] if the files cannot be read.
pub fn check_profile(name: &str) -> Result<Source, Error> {
    let fail = |kind| Error::new(kind, Operation::Connect, "");
    let (files, variables, paths) = Default::default();
    let loaded = profile::load(&files, &variables, &paths, None);
    // The SDK reads the files without waiting for anything else.
    let profiles = match loaded.now_or_never() {
        Some(Ok(profiles)) => profiles,
        Some(Err(error)) => return Err(fail(Kind::BadProfiles).because(Chain::of(&error))),
        None => return Err(fail(Kind::BadProfiles)),
    };
    let Some(profile) = profiles.get_profile(name) else {
        return Err(fail(Kind::NoProfile(name.to_owned())));
    };
    let has_credentials = CREDENTIALS.iter().any(|name| profile.get(name).is_some());
    Ok(if has_credentials {
        Source::Profile
    } else {
        Source::Chain
    })
}

/// The credentials of this profile.
pub(super) fn credentials(
    name: &str,
    region: Option<Region>,
    http: SharedHttpClient,
) -> ProfileFileCredentialsProvider {
    let config = ProviderConfig::without_region()
        .with_http_client(http)
        .with_region(region);
    ProfileFileCredentialsProvider::builder()
        .profile_name(name)
        .configure(&config)
        .build()
}
