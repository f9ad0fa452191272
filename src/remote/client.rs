//! Connection settings to a [`Client`]: credentials, region, TLS, proxies, retries, time-outs.
//!
//! Credentials come from the usual AWS chain (environment, files, SSO, `credential_process`, web
//! identity, container, instance) and are never stored. A map's profile wins over the environment.

use super::Remote;
use super::answer::Chain;
use super::breaker::Breakers;
use super::error::{Error, Kind, Operation};
use super::exchange::Patient;
use super::profile::{self, Source};
use super::retry::{Patience, Unhurried};
use super::timeout::Timeout;
use crate::state::{Access, Addressing, Capabilities};
use crate::stop::Stop;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, ConfigBag, Intercept, RequestChecksumCalculation, ResponseChecksumValidation,
    RuntimeComponents, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::BoxError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder as HttpBuilder, ConnectorBuilder};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Attempts the SDK makes by itself.
const ATTEMPTS: u32 = 4;
const DEFAULT_REGION: &str = "us-east-1";

/// What the connections of a run share. Clones share it too.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The request to stop: it ends whatever waits for a server.
    pub stop: Stop,
    /// How long a server may be silent.
    pub timeout: Timeout,
    breakers: Breakers,
}

impl Network {
    /// The network of a run.
    #[must_use]
    pub fn new(stop: Stop, timeout: Timeout) -> Self {
        Self {
            stop,
            timeout,
            breakers: Breakers::default(),
        }
    }
}

/// A connection to one bucket with one set of credentials; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) sdk: aws_sdk_s3::Client,
    pub(super) shared: Arc<Shared>,
}

/// What all clones of a client share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) patience: Patience,
    /// Set once a server refused to tell restore states in listings.
    pub(super) restore_states_refused: AtomicBool,
    throttled: Throttled,
}

/// Counts answers that ask for fewer requests, those that the SDK then asks again among them.
#[derive(Debug, Clone, Default)]
struct Throttled(Arc<AtomicU64>);

impl Intercept for Throttled {
    fn name(&self) -> &'static str {
        "s3-bsync throttled answers"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if matches!(context.response().status().as_u16(), 429 | 503) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Client {
    /// How often a server has asked for fewer requests so far.
    pub(super) fn throttled(&self) -> u64 {
        self.shared.throttled.0.load(Ordering::Relaxed)
    }

    /// The bucket and a prefix of it (no leading or trailing `/`, empty for the whole bucket).
    ///
    /// `capabilities` are those found by [`Remote::probe`]; without a probe pass the default,
    /// which relies on no condition at all.
    #[must_use]
    pub fn remote(&self, prefix: &str, capabilities: Capabilities) -> Remote {
        Remote {
            client: self.clone(),
            bucket: (*self.shared.patience.bucket).into(),
            prefix: prefix.into(),
            capabilities,
        }
    }
}

/// Builds a client for a bucket. Sends no request to it, but may read AWS configuration files.
///
/// Proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. Root certificates are
/// the system's (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, which the loader of the system's
/// certificates heeds); `AWS_CA_BUNDLE` names a PEM file to be trusted instead. Where an endpoint
/// is set and no region, the region is `us-east-1`, since private servers rarely care.
///
/// # Errors
/// What [`profile::check_profile`] returns, [`Kind::NoRegion`], [`Kind::Stopped`], and
/// [`Kind::Other`] where the file of `AWS_CA_BUNDLE` cannot be used.
pub async fn connect(access: &Access, bucket: &str, network: &Network) -> Result<Client, Error> {
    let source = access.profile.as_deref().map(profile::check_profile);
    let source = source.transpose()?;
    let http = http_client()?;
    let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(http.clone())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(network.timeout.connect())
                .build(),
        )
        // The exchange itself is watched, either way and with other bounds.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &access.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(region) = &access.region {
        loader = loader.region(aws_config::Region::new(region.clone()));
    } else if has_endpoint(access) {
        loader = loader.region(region_or_default(access));
    }
    // Asking an instance for its region can take long.
    let loading = network.stop.race(Box::pin(loader.load())).await;
    let config = loading.ok_or_else(|| Error::new(Kind::Stopped, Operation::Connect, bucket))?;
    if config.region().is_none() {
        return Err(Error::new(Kind::NoRegion, Operation::Connect, ""));
    }
    let retries = RetryPartition::custom("s3-bsync")
        .token_bucket(
            TokenBucket::builder()
                .capacity(5000)
                .refill_rate(100.0)
                .build(),
        )
        .build();
    let throttled = Throttled::default();
    let breaker = network.breakers.of(access, bucket);
    let patient = Patient::new(http.clone(), network.timeout, Arc::clone(&breaker));
    let mut sdk = Builder::from(&config)
        .http_client(patient)
        .interceptor(throttled.clone())
        .retry_classifier(Unhurried)
        .force_path_style(access.addressing == Addressing::Path)
        .retry_partition(retries);
    if let (Some(profile), Some(Source::Profile)) = (&access.profile, source) {
        let region = config.region().cloned();
        sdk = sdk.credentials_provider(profile::credentials(profile, region, http));
    }
    let sdk = aws_sdk_s3::Client::from_conf(sdk.build());
    let patience = Patience {
        bucket: bucket.to_owned(),
        timeout: network.timeout,
        stop: network.stop.clone(),
        breaker,
        sdk: sdk.clone(),
    };
    Ok(Client {
        sdk,
        shared: Arc::new(Shared {
            patience,
            restore_states_refused: AtomicBool::new(false),
            throttled,
        }),
    })
}

fn has_endpoint(access: &Access) -> bool {
    access.endpoint.is_some()
        || ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// As the SDK's own chain, but without asking the instance metadata service, which costs seconds
/// wherever there is none.
fn region_or_default(access: &Access) -> RegionProviderChain {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &access.profile {
        profile = profile.profile_name(name);
    }
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(DEFAULT_REGION)
}

fn http_client() -> Result<SharedHttpClient, Error> {
    let tls = tls_context()?;
    Ok(
        HttpBuilder::new().build_with_connector_fn(move |settings, components| {
            let mut builder = ConnectorBuilder::default()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(tls.clone());
            builder.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                builder.set_sleep_impl(components.sleep_impl());
            }
            builder.set_proxy_config(Some(ProxyConfig::from_env()));
            builder.build()
        }),
    )
}

fn tls_context() -> Result<TlsContext, Error> {
    let fail = || Error::new(Kind::Other, Operation::Connect, "");
    let store = match std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        None => TrustStore::default(),
        Some(path) => {
            let pem = std::fs::read(&path).map_err(|source| {
                fail().because(format!("AWS_CA_BUNDLE {}: {source}", path.display()))
            })?;
            if !holds_certificates(&pem) {
                let text = format!("AWS_CA_BUNDLE {}: no PEM certificates", path.display());
                return Err(fail().because(text));
            }
            TrustStore::empty().with_pem_certificate(pem)
        }
    };
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|source| fail().because(Chain::of(&source)))
}

/// Whether every certificate of a PEM file is base64 of one DER sequence, and there is one. The
/// HTTP client panics on a file that is not.
fn holds_certificates(pem: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(pem) else {
        return false;
    };
    let mut certificates = text.split("-----BEGIN CERTIFICATE-----").skip(1).peekable();
    certificates.peek().is_some()
        && certificates.all(|rest| {
            let Some((body, _)) = rest.split_once("-----END CERTIFICATE-----") else {
                return false;
            };
            let base64: String = body.split_whitespace().collect();
            STANDARD
                .decode(base64)
                .is_ok_and(|der| is_der_sequence(&der))
        })
}

/// Whether these bytes are one DER sequence of at least 256 bytes, as every certificate is.
fn is_der_sequence(der: &[u8]) -> bool {
    match der {
        [0x30, 0x82, high, low, rest @ ..] => {
            rest.len() == usize::from(*high) << 8 | usize::from(*low)
        }
        [0x30, 0x81, length, rest @ ..] => rest.len() == usize::from(*length),
        _ => false,
    }
}
