//! The official SDK as a client, for tests of the server and for what a test does to a server
//! that is not our own.

use super::server;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::env;

/// A pair of keys.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The public half.
    pub access: String,
    /// The secret half.
    pub secret: String,
}

impl Keys {
    /// The embedded server's owner.
    pub fn embedded() -> Self {
        Self {
            access: server::ACCESS_KEY.to_owned(),
            secret: server::SECRET_KEY.to_owned(),
        }
    }
}

/// An independent server that the environment names.
#[derive(Debug, Clone)]
pub struct External {
    /// `host:port`, plain HTTP.
    pub address: String,
    /// Its owner's keys.
    pub keys: Keys,
}

impl External {
    /// The server that `S3BSYNC_TEST_ENDPOINT` names, with the usual AWS variables for its keys.
    pub fn from_env() -> Option<Self> {
        let endpoint = env::var("S3BSYNC_TEST_ENDPOINT").ok()?;
        let address = endpoint.trim_end_matches('/').strip_prefix("http://");
        let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        Some(Self {
            address: address
                .expect("S3BSYNC_TEST_ENDPOINT is http://host:port")
                .to_owned(),
            keys: Keys {
                access: variable("AWS_ACCESS_KEY_ID"),
                secret: variable("AWS_SECRET_ACCESS_KEY"),
            },
        })
    }
}

/// Says why a test does nothing here; use as `skipped("...")` before returning.
pub fn skipped(why: &str) {
    println!("skipped: {why}");
}

/// An SDK client that never retries, so that a test sees every answer.
pub fn client(endpoint: &str, keys: &Keys) -> aws_sdk_s3::Client {
    let credentials = Credentials::new(&keys.access, &keys.secret, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(credentials)
        .region(Region::new(server::REGION))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

/// The status and code of a failed call; status 0 where no whole answer came.
pub fn failure<E: ProvideErrorMetadata>(error: &SdkError<E>) -> (u16, String) {
    let code = error.code().unwrap_or_default().to_owned();
    (
        error.raw_response().map_or(0, |raw| raw.status().as_u16()),
        code,
    )
}
