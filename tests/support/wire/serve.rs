//! The server itself: one task per connection, one exchange after the other.

use super::fault::Fault;
use super::request::Exchange;
use super::spoil::{error_xml, spoil};
use super::{Shared, held};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::request::Parts;
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Who answers in the end.
#[derive(Clone)]
pub enum Backend {
    /// The embedded server.
    Embedded(S3Service),
    /// A server at `host:port`.
    Proxy(String),
}

type Broken = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Broken>;
type Answer = Response<Body>;

/// Why a connection ends without an answer: it was told to.
#[derive(Debug)]
struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("told to hang up")
    }
}

impl std::error::Error for Hangup {}

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| exchange(Arc::clone(&shared), request));
            // An error here is a client that left, or a hang-up of ours.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn exchange(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut seen = Exchange::of(&parts);
    seen.body_bytes = body.len() as u64;
    let at = {
        let mut log = held(&shared.log);
        seen.number = log.last().map_or(1, |last| last.number + 1);
        log.push(seen.clone());
        seen.number
    };
    if let Some(judge) = &*held(&shared.judge)
        && let Some(finding) = judge(&seen, &body)
    {
        held(&shared.findings).push(finding);
    }
    let passes = held(&shared.gate)
        .as_ref()
        .is_none_or(|gate| gate(&seen, &body));
    let mut faults: Vec<Fault> = held(&shared.rules)
        .iter_mut()
        .filter_map(|rule| rule.strike(&seen))
        .collect();
    if !passes {
        faults.insert(0, Fault::Status(403, "AccessDenied"));
    }

    let early = before(&faults).await?;
    let mut answer = match early {
        Some(answer) => answer,
        None => forward(&shared.backend, parts, body).await?,
    };
    for fault in &faults {
        answer = after(fault, &seen, answer).await?;
    }
    if let Some(entry) = held(&shared.log).iter_mut().find(|e| e.number == at) {
        entry.status = Some(answer.status().as_u16());
    }
    Ok(answer)
}

/// Faults that strike before the effect; an answer where there is to be no effect.
async fn before(faults: &[Fault]) -> Result<Option<Answer>, Broken> {
    for fault in faults {
        match fault {
            Fault::Delay(time) => tokio::time::sleep(*time).await,
            // Another client may be what happens, so the other workers must go on.
            Fault::Call(happens) => tokio::task::block_in_place(|| happens()),
            Fault::HoldBefore(tell) => {
                let _ = tell.send(());
                std::future::pending::<()>().await;
            }
            Fault::Reset => return Err(Hangup.into()),
            Fault::Status(status, code) => return Ok(Some(error(*status, code)?)),
            Fault::SlowDown(seconds) => {
                let mut answer = error(503, "SlowDown")?;
                let headers = answer.headers_mut();
                headers.insert(header::RETRY_AFTER, (*seconds).into());
                return Ok(Some(answer));
            }
            Fault::Hidden(code) => return Ok(Some(error(200, code)?)),
            _ => {}
        }
    }
    Ok(None)
}

async fn after(fault: &Fault, seen: &Exchange, answer: Answer) -> Result<Answer, Broken> {
    let is_edit = matches!(
        fault,
        Fault::FlipBit
            | Fault::TruncateList
            | Fault::LoopList
            | Fault::ShuffleList
            | Fault::RepeatKey
    );
    let (mut parts, body) = answer.into_parts();
    match fault {
        Fault::Lose => {
            body.collect().await?;
            Err(Hangup.into())
        }
        Fault::CallAfter(happens) => {
            let whole = body.collect().await?.to_bytes();
            tokio::task::block_in_place(|| happens());
            Ok(Response::from_parts(parts, self::whole(whole)))
        }
        Fault::HoldAfter(tell) => {
            body.collect().await?;
            let _ = tell.send(());
            std::future::pending().await
        }
        Fault::Cut(len) => {
            let whole = body.collect().await?.to_bytes();
            let start = whole.slice(..whole.len().min(*len));
            // The pause lets the start go out before the connection ends.
            let end = async {
                tokio::time::sleep(Duration::from_millis(30)).await;
                Err(Broken::from(Hangup))
            };
            let frames = stream::iter([Ok(Frame::data(start))]).chain(stream::once(end));
            Ok(Response::from_parts(
                parts,
                StreamBody::new(frames).boxed_unsync(),
            ))
        }
        Fault::Stall(len) => {
            let whole = body.collect().await?.to_bytes();
            let start = whole.slice(..whole.len().min(*len));
            let silence = stream::pending::<Result<Frame<Bytes>, Broken>>();
            let frames = stream::iter([Ok(Frame::data(start))]).chain(silence);
            Ok(Response::from_parts(
                parts,
                StreamBody::new(frames).boxed_unsync(),
            ))
        }
        Fault::Trickle(pause) => {
            let whole = body.collect().await?.to_bytes();
            let pause = *pause;
            let frames = stream::iter(0..whole.len()).then(move |at| {
                let byte = whole.slice(at..=at);
                async move {
                    tokio::time::sleep(pause).await;
                    Ok(Frame::data(byte))
                }
            });
            Ok(Response::from_parts(
                parts,
                StreamBody::new(frames).boxed_unsync(),
            ))
        }
        _ if is_edit => {
            let spoiled = spoil(fault, seen, body.collect().await?.to_bytes());
            parts.headers.remove(header::TRANSFER_ENCODING);
            parts
                .headers
                .insert(header::CONTENT_LENGTH, spoiled.len().into());
            Ok(Response::from_parts(parts, whole(spoiled)))
        }
        _ => Ok(Response::from_parts(parts, body)),
    }
}

fn error(status: u16, code: &str) -> Result<Answer, Broken> {
    let body = error_xml(code);
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/xml")
        .header(header::CONTENT_LENGTH, body.len())
        .body(whole(body))?)
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never| match never {})
        .boxed_unsync()
}

async fn forward(backend: &Backend, parts: Parts, body: Bytes) -> Result<Answer, Broken> {
    match backend {
        Backend::Embedded(service) => {
            let request = Request::from_parts(parts, s3s::Body::from(body));
            let answer = service.call(request).await.map_err(Broken::from)?;
            Ok(answer.map(BodyExt::boxed_unsync))
        }
        Backend::Proxy(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut client, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
            // Ends with the exchange: nothing holds the client afterwards.
            tokio::spawn(connection);
            let request = Request::from_parts(parts, Full::new(body));
            let (mut parts, body) = client.send_request(request).await?.into_parts();
            // This hop's own framing; the next one chooses its own.
            parts.headers.remove(header::CONNECTION);
            parts.headers.remove(header::TRANSFER_ENCODING);
            let body = body.collect().await?.to_bytes();
            Ok(Response::from_parts(parts, whole(body)))
        }
    }
}
