//! Asks again, for as long as that makes sense: until the request succeeds, the run is to stop, or
//! the bucket is given up.
//!
//! The SDK repeats a failed attempt by itself within seconds. What still fails then is asked again
//! here, a few times and more slowly, and also what the SDK never repeats (409, silence, a server
//! that says when to come back).

use super::answer::Chain;
use super::breaker::{Breaker, Verdict};
use super::error::{Error, Kind, Operation, Passing};
use super::exchange::Silence;
use super::timeout::Timeout;
use crate::stop::Stop;
use aws_sdk_s3::config::interceptors::InterceptorContext;
use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Repeats of a request that got no answer.
const REPEATS: u32 = 3;
/// Repeats of a request that a server wants to see less often.
const SLOW_REPEATS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long requests under way may go on after a stop was requested.
const LAST_REQUESTS: Duration = Duration::from_millis(700);

/// How long the requests of one client go on.
#[derive(Debug)]
pub(super) struct Patience {
    pub(super) bucket: String,
    pub(super) timeout: Timeout,
    pub(super) stop: Stop,
    pub(super) breaker: Arc<Breaker>,
    pub(super) sdk: aws_sdk_s3::Client,
}

impl Patience {
    /// Runs `request` until it succeeds, fails for good or has been repeated often enough.
    pub(super) async fn retry<T, F>(&self, request: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.race(Box::pin(self.repeat(request))).await?
    }

    /// Does `work`, unless the run is to stop or the bucket is given up before its end. What is
    /// under way when a stop is requested has [`LAST_REQUESTS`] to end, and nothing begins then.
    ///
    /// # Errors
    /// [`Kind::Stopped`], or what the bucket is given up for.
    pub(super) async fn race<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        let stopped = || Error::new(Kind::Stopped, Operation::Reach, &self.bucket);
        if self.stop.is_wished() {
            return Err(stopped());
        }
        let stop = async {
            self.stop.wished().await;
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            biased;
            () = stop => Err(stopped()),
            cause = self.breaker.opened() => Err(self.given_up(cause)),
            done = work => Ok(done),
        }
    }

    fn given_up(&self, (kind, cause): (Kind, String)) -> Error {
        Error::new(kind, Operation::Reach, &self.bucket).because(cause)
    }

    /// Waits before a repeat, longer from repeat to repeat.
    pub(super) async fn pause(&self, repeats: u32) {
        tokio::time::sleep(wait(repeats)).await;
    }

    async fn repeat<T, F>(&self, mut request: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let begun = Instant::now();
        let mut repeats = 0;
        loop {
            let error = match request().await {
                Err(error) if error.passing != Passing::No => error,
                ended => return ended,
            };
            let Some(pause) = self.pause_after(&error, repeats, begun.elapsed()) else {
                return Err(self.give_up(error).await);
            };
            if self.stop.is_wished() {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            repeats += 1;
        }
    }

    /// How long to wait before the next repeat, if there is to be one.
    fn pause_after(&self, error: &Error, repeats: u32, elapsed: Duration) -> Option<Duration> {
        if error.kind == Kind::Throttled {
            let left = self.timeout.slow_down().checked_sub(elapsed)?;
            let pause = wait(repeats).max(error.retry_after.unwrap_or_default());
            return (repeats < SLOW_REPEATS && !left.is_zero()).then(|| pause.min(left));
        }
        (repeats < REPEATS && elapsed < self.timeout.repeats()).then(|| wait(repeats))
    }

    /// Takes note of a request that is not repeated any more, and gives the bucket up if it does
    /// not answer others either; gives the error that counts.
    pub(super) async fn give_up(&self, error: Error) -> Error {
        // A fatal one ends the map by itself.
        if error.is_fatal() || !matches!(error.kind, Kind::Unreachable | Kind::Throttled) {
            return error;
        }
        let key = error.key.as_deref();
        let is_dead = match self.breaker.failed(key.unwrap_or_default()) {
            // Without a key it is about many.
            Verdict::Own if key.is_some() => false,
            Verdict::Own | Verdict::Doubtful => !self.answers().await,
            Verdict::Dead => true,
        };
        if !is_dead {
            return error;
        }
        let cause = error.source.as_ref().map(ToString::to_string);
        self.breaker.open(error.kind, cause.unwrap_or_default());
        self.given_up(self.breaker.opened().await)
    }

    /// Returns true if the bucket answers a look at it, whatever it says.
    async fn answers(&self) -> bool {
        let look = self.sdk.head_bucket().bucket(&self.bucket).send();
        match tokio::time::timeout(self.timeout.check(), look).await {
            Ok(Ok(_)) => true,
            Ok(Err(SdkError::ServiceError(answer))) => {
                !matches!(answer.raw().status().as_u16(), 429 | 500..=599)
            }
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

/// Between half of the capped exponential wait and all of it.
fn wait(repeats: u32) -> Duration {
    let full = FIRST_WAIT
        .saturating_mul(4_u32.saturating_pow(repeats))
        .min(LONGEST_WAIT);
    let mut byte = [0_u8; 1];
    // Without randomness the wait is merely not spread.
    let _ = getrandom::fill(&mut byte);
    full / 2 + full / 2 * u32::from(byte[0]) / 255
}

/// Keeps the SDK from repeating at once what has its own time: silence, and a server that says when
/// to come back.
#[derive(Debug)]
pub(super) struct Unhurried;

impl ClassifyRetry for Unhurried {
    fn name(&self) -> &'static str {
        "s3-bsync unhurried"
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let is_silence = match context.output_or_error() {
            Some(Err(error)) => Silence::among(error).is_some(),
            _ => false,
        };
        let is_told_when = context.response().is_some_and(|response| {
            matches!(response.status().as_u16(), 429 | 503)
                && response.headers().contains_key("retry-after")
        });
        if is_silence || is_told_when {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }
}

/// The cause of an error of the SDK's, with the silence that this side ended named as such.
pub(super) fn cause(error: &(dyn std::error::Error + 'static)) -> Chain {
    match Silence::among(error) {
        Some(silence) => Chain(silence.to_string()),
        None => Chain::root(error),
    }
}
