//! One HTTP exchange with a bucket's server, held to the bounds of the [`Timeout`].
//!
//! Promises: a server that sends nothing, or takes nothing, ends the exchange with a [`Silence`]; an
//! answer that is read into memory is bounded. A body that moves is never cut for its length.

mod body;

use super::breaker::Breaker;
use super::timeout::Timeout;
use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{
    ConfigBag, HttpClient, RuntimeComponents, RuntimeComponentsBuilder, SharedHttpClient,
};
use aws_sdk_s3::error::{BoxError, ConnectorError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use body::{Sent, receive};
use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Why an exchange was ended from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// No byte of an answer came.
    NoAnswer(Duration),
    /// A body was slower than may be.
    Stalled(Duration),
    /// The answer is longer than any that is read into memory.
    TooLong,
}

impl Silence {
    /// The one among an error and its causes.
    pub(super) fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(silence) = error.downcast_ref::<Self>() {
                return Some(*silence);
            }
            cause = error.source();
        }
        None
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(time) => write!(f, "no answer within {} s", time.as_secs()),
            Self::Stalled(time) => write!(f, "the transfer stalled for {} s", time.as_secs()),
            Self::TooLong => f.write_str("the answer is longer than 16 MiB"),
        }
    }
}

impl Error for Silence {}

/// What a request asks a server for, as far as the bounds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// An answer that is read into memory.
    Answer,
    /// An object's bytes, which may be many.
    Object,
    /// To copy or to join by itself, which takes its time.
    ServerSide,
}

impl Work {
    fn of(request: &HttpRequest) -> Self {
        let query = request.uri().split_once('?').map_or("", |(_, query)| query);
        let has = |name: &str| query.split('&').any(|pair| pair.starts_with(name));
        match request.method() {
            "GET" if has("x-id=GetObject") => Self::Object,
            "PUT" if request.headers().contains_key("x-amz-copy-source") => Self::ServerSide,
            "POST" if has("uploadId=") => Self::ServerSide,
            _ => Self::Answer,
        }
    }
}

/// What of a request no message may show, should the server echo it.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Box<str>>);

impl Secrets {
    fn of(request: &HttpRequest) -> Self {
        let headers = request.headers();
        let authorization = headers.get("authorization").unwrap_or_default();
        let after = |name: &str| {
            let (_, rest) = authorization.split_once(name)?;
            rest.split([',', '/', ' ']).next()
        };
        let token = headers.get("x-amz-security-token");
        let secrets = [after("Credential="), after("Signature="), token];
        let secrets = secrets
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty());
        Self(secrets.map(Into::into).collect())
    }

    /// The text without them.
    pub(super) fn hidden(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            text.replace(&**secret, "...")
        })
    }
}

/// The HTTP client of one bucket.
#[derive(Debug)]
pub(super) struct Patient {
    inner: SharedHttpClient,
    bounds: Bounds,
}

#[derive(Debug, Clone)]
struct Bounds {
    timeout: Timeout,
    breaker: Arc<Breaker>,
}

impl Patient {
    pub(super) fn new(inner: SharedHttpClient, timeout: Timeout, breaker: Arc<Breaker>) -> Self {
        Self {
            inner,
            bounds: Bounds { timeout, breaker },
        }
    }
}

impl HttpClient for Patient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            bounds: self.bounds.clone(),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    bounds: Bounds,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let work = Work::of(&request);
        // A look proves nothing: a server may answer those alone.
        let proves = request.method() != "HEAD";
        let secrets = Secrets::of(&request);
        let body_bytes = request.body().content_length().unwrap_or(0);
        let sent = Sent::watch(request.body_mut());
        let answering = self.inner.call(request);
        let bounds = self.bounds.clone();
        HttpConnectorFuture::new(async move {
            let mut response = answered(answering, sent, body_bytes, work, bounds.timeout).await?;
            response.add_extension(secrets);
            let is_answer = !matches!(response.status().as_u16(), 429 | 500..=599);
            let breaker = (proves && is_answer).then_some(bounds.breaker);
            receive(&mut response, work, bounds.timeout, breaker);
            Ok(response)
        })
    }
}

/// Waits for the head of an answer.
async fn answered(
    answering: HttpConnectorFuture,
    sent: Option<Arc<Sent>>,
    body_bytes: u64,
    work: Work,
    timeout: Timeout,
) -> Result<HttpResponse, ConnectorError> {
    let fail = |silence| Err(ConnectorError::timeout(Box::new(silence)));
    let mut answering = pin!(answering);
    while let Some(sent) = &sent {
        let before = sent.bytes();
        tokio::select! {
            biased;
            answer = &mut answering => return answer,
            () = sent.all() => break,
            () = tokio::time::sleep(timeout.answer()) => {
                if sent.bytes() - before < timeout.floor_bytes() {
                    return fail(Silence::Stalled(timeout.answer()));
                }
            }
        }
    }
    let wait = match work {
        Work::ServerSide => timeout.server_side(),
        Work::Answer | Work::Object => timeout.answer_to(body_bytes),
    };
    match tokio::time::timeout(wait, answering).await {
        Ok(answer) => answer,
        Err(_) => fail(Silence::NoAnswer(wait)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::primitives::SdkBody;

    fn request(method: &str, uri: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(method).unwrap();
        request.set_uri(uri).unwrap();
        request
    }

    #[test]
    fn a_server_that_copies_or_joins_is_given_more_time() {
        let uri = "https://s3/bucket/key";
        let mut copy = request("PUT", uri);
        copy.headers_mut().insert("x-amz-copy-source", "bucket/a");
        assert_eq!(Work::of(&copy), Work::ServerSide);
        for (method, query, work) in [
            ("POST", "?uploadId=7", Work::ServerSide),
            ("POST", "?uploads", Work::Answer),
            ("PUT", "?partNumber=1&uploadId=7", Work::Answer),
            ("GET", "?x-id=GetObject", Work::Object),
            ("GET", "?list-type=2&prefix=x-id=GetObject", Work::Answer),
        ] {
            let request = request(method, &format!("{uri}{query}"));
            assert_eq!(Work::of(&request), work, "{method} {query}");
        }
    }

    #[test]
    fn what_a_server_echoes_of_a_request_shows_no_key_id_signature_or_token() {
        let mut request = request("GET", "https://s3/bucket");
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/r/s3/aws4_request, \
                             SignedHeaders=host, Signature=00ff";
        request.headers_mut().insert("authorization", authorization);
        request
            .headers_mut()
            .insert("x-amz-security-token", "t0k3n==");
        let secrets = Secrets::of(&request);
        let echo = "key AKIDEXAMPLE signed 00ff with t0k3n==, not AKIDOTHER";
        assert_eq!(
            secrets.hidden(echo),
            "key ... signed ... with ..., not AKIDOTHER"
        );
    }
}
