//! What a server said, and what it means.

use super::error::{Kind, Passing};
use crate::key::Shown;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use std::fmt;
use std::time::{Duration, SystemTime};

/// Maps a status and an error code.
pub(super) fn classify(status: u16, code: &str, region: Option<String>) -> (Kind, Passing) {
    let kind = match code {
        "NoSuchBucket" => Kind::NoBucket,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidToken"
        | "NotSignedUp"
        | "SignatureDoesNotMatch"
        | "TokenRefreshRequired" => Kind::ExpiredCredentials,
        "RequestExpired" | "RequestTimeTooSkewed" => Kind::ClockSkew,
        "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException"
        | "PermanentRedirect" => Kind::WrongRegion { region },
        "InvalidObjectState" | "ObjectNotInActiveTierError" => Kind::Archived,
        "RequestLimitExceeded" | "SlowDown" | "Throttling" => {
            return (Kind::Throttled, Passing::Unclear);
        }
        "InternalError" | "RequestTimeout" => return (Kind::Unreachable, Passing::Unclear),
        "GlacierExpeditedRetrievalNotAvailable" => Kind::NoCapacity,
        "NotImplemented" | "XNotImplemented" => Kind::Unsupported,
        "ConditionalRequestConflict" | "OperationAborted" => {
            return (Kind::Changed, Passing::Refused);
        }
        _ => return of_status(status, code, region),
    };
    (kind, Passing::No)
}

fn of_status(status: u16, code: &str, region: Option<String>) -> (Kind, Passing) {
    let kind = match status {
        // Success, but the SDK could not read it.
        200..=299 if code.is_empty() => Kind::BadAnswer("it cannot be read"),
        301 | 307 => Kind::WrongRegion { region },
        // An answer to HEAD has no body and so no code.
        400 if code.is_empty() && region.is_some() => Kind::WrongRegion { region },
        401 => Kind::ExpiredCredentials,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        405 | 501 => Kind::Unsupported,
        409 => return (Kind::Changed, Passing::Refused),
        412 => Kind::Changed,
        429 | 503 => return (Kind::Throttled, Passing::Unclear),
        500 | 502 | 504 => return (Kind::Unreachable, Passing::Unclear),
        _ => Kind::Other,
    };
    (kind, Passing::No)
}

/// The longest text of a server's that is shown, in characters.
const SHOWN_CHARS: usize = 300;

/// The beginning of a text.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// When to come back, of a `Retry-After` header: in so many seconds, or at a time.
pub(super) fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = DateTime::from_str(text.trim(), DateTimeFormat::HttpDate).ok()?;
    let time = SystemTime::try_from(time).ok()?;
    Some(time.duration_since(SystemTime::now()).unwrap_or_default())
}

/// What a server answered, as people may see it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", Shown(&self.code))?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", Shown(&self.message))?;
        }
        Ok(())
    }
}

impl std::error::Error for Answer {}

/// The texts of an error and of all its causes. The SDK's errors carry whole requests, signed
/// headers included, in their `Debug` form; only their `Display` texts leave this module.
#[derive(Debug)]
pub(super) struct Chain(pub(super) String);

impl Chain {
    pub(super) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut last = text.clone();
        let mut cause = error.source();
        while let Some(error) = cause {
            let next = error.to_string();
            if next != last {
                text.push_str(": ");
                text.push_str(&next);
            }
            last = next;
            cause = error.source();
        }
        Self(text)
    }

    /// The text of the first cause alone: what stands above it says only through which parts of
    /// the SDK it came.
    pub(super) fn root(error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |error| error.source());
        let texts = causes.map(ToString::to_string);
        Self(
            texts
                .filter(|text| !text.is_empty())
                .last()
                .unwrap_or_default(),
        )
    }

    pub(super) fn names(&self, word: &str) -> bool {
        self.0.to_lowercase().contains(word)
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.0).fmt(f)
    }
}

impl std::error::Error for Chain {}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::http::HttpResponse;
    use aws_sdk_s3::error::{ConnectorError, SdkError};

    #[test]
    fn a_code_counts_before_a_status() {
        let region = || Some("eu-west-1".to_owned());
        for (status, code, kind) in [
            (404, "NoSuchBucket", Kind::NoBucket),
            (404, "NoSuchKey", Kind::NotFound),
            (404, "", Kind::NotFound),
            (403, "", Kind::Denied),
            (403, "AccessDenied", Kind::Denied),
            (403, "RequestTimeTooSkewed", Kind::ClockSkew),
            (403, "InvalidObjectState", Kind::Archived),
            (400, "ExpiredToken", Kind::ExpiredCredentials),
            (400, "", Kind::WrongRegion { region: region() }),
            (400, "BadDigest", Kind::Other),
            (301, "", Kind::WrongRegion { region: region() }),
            (412, "PreconditionFailed", Kind::Changed),
            (409, "ConditionalRequestConflict", Kind::Changed),
            (200, "InternalError", Kind::Unreachable),
            (200, "SlowDown", Kind::Throttled),
            (503, "", Kind::Throttled),
            (501, "NotImplemented", Kind::Unsupported),
        ] {
            assert_eq!(classify(status, code, region()).0, kind, "{status} {code}");
        }
    }

    #[test]
    fn a_text_of_a_server_is_cut_at_300_characters() {
        assert_eq!(cut("short"), "short");
        let long = "\u{e9}".repeat(301);
        assert_eq!(cut(&long), format!("{}...", "\u{e9}".repeat(300)));
        assert_eq!(cut(&long[2..]), &long[2..]);
    }

    #[test]
    fn a_time_to_come_back_is_in_seconds_or_a_date() {
        assert_eq!(retry_after(" 120 "), Some(Duration::from_mins(2)));
        let past = retry_after("Fri, 21 Dec 2012 00:00:00 GMT");
        assert_eq!(past, Some(Duration::ZERO));
        let far = retry_after("Fri, 21 Dec 2212 00:00:00 GMT").unwrap();
        assert!(far > Duration::from_hours(24));
        assert_eq!(retry_after("soon"), None);
    }

    #[test]
    fn a_root_is_the_first_cause_alone() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let told =
            SdkError::<Answer, HttpResponse>::dispatch_failure(ConnectorError::io(refused.into()));
        assert_eq!(Chain::root(&told).to_string(), "connection refused");
        assert_ne!(Chain::of(&told).to_string(), "connection refused");
    }

    #[test]
    fn only_a_conflict_is_surely_without_effect() {
        assert_eq!(classify(409, "", None).1, Passing::Refused);
        assert_eq!(classify(503, "SlowDown", None).1, Passing::Unclear);
        assert_eq!(classify(412, "", None).1, Passing::No);
    }
}
