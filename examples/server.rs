//! The tests' S3 server on loopback, in memory, with counters, for measuring programs beside each
//! other (`benches/compare`).
//!
//! ```text
//! cargo run --release --example server -- --port 9000 --delay-ms 20
//! ```
//!
//! `GET /-/counts` answers how many requests of each kind came and how many bytes went each way,
//! `POST /-/forget` begins anew. A delay is added to every other request, before it takes effect.

#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the tests' server, of which this needs a part"
)]
#[path = "../tests/support/server/mod.rs"]
mod server;
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "the tests' wire, of which this needs the names of operations"
)]
#[path = "../tests/support/wire/mod.rs"]
mod wire;

use argh::FromArgs;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use s3s::service::S3Service;
use server::{ACCESS_KEY, BucketHand, REGION, SECRET_KEY, Store, service};
use std::collections::BTreeMap;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use wire::Op;

type Broken = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, Broken>>;

/// An S3 server in memory that counts what is asked of it.
#[derive(FromArgs)]
struct Args {
    /// port on loopback (default: any free one)
    #[argh(option, default = "0")]
    port: u16,
    /// milliseconds that every request takes longer
    #[argh(option, default = "0")]
    delay_ms: u64,
    /// a bucket to begin with, may be repeated (default: bench)
    #[argh(option)]
    bucket: Vec<String>,
}

/// What was asked so far.
#[derive(Default)]
struct Counts {
    requests: BTreeMap<Op, u64>,
    received_bytes: u64,
    sent_bytes: u64,
}

struct Shared {
    service: S3Service,
    delay: Duration,
    counts: Mutex<Counts>,
}

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let args: Args = argh::from_env();
    let store = Arc::new(Store::in_memory());
    let named = if args.bucket.is_empty() {
        vec!["bench".to_owned()]
    } else {
        args.bucket
    };
    for bucket in &named {
        BucketHand::new(&store, bucket);
    }
    let shared = Arc::new(Shared {
        service: service(&store),
        delay: Duration::from_millis(args.delay_ms),
        counts: Mutex::default(),
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    println!("export AWS_ENDPOINT_URL=http://{}", listener.local_addr()?);
    println!("export AWS_ACCESS_KEY_ID={ACCESS_KEY}");
    println!("export AWS_SECRET_ACCESS_KEY={SECRET_KEY}");
    println!("export AWS_REGION={REGION}");
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            // An error here is a client that left.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Broken> {
    if request.uri().path().starts_with("/-/") {
        return Ok(shared.about_itself(&request));
    }
    if !shared.delay.is_zero() {
        tokio::time::sleep(shared.delay).await;
    }
    let op = operation(&request);
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    shared.count(|counts| {
        *counts.requests.entry(op).or_default() += 1;
        counts.received_bytes += body.len() as u64;
    });
    let has_body = parts.method != Method::HEAD;
    let request = Request::from_parts(parts, s3s::Body::from(body));
    let answer = shared.service.call(request).await.map_err(Broken::from)?;
    let answer = answer.map(BodyExt::boxed_unsync);
    let length = answer.headers().get(http::header::CONTENT_LENGTH);
    let sent = length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .unwrap_or_else(|| answer.body().size_hint().lower());
    shared.count(|counts| counts.sent_bytes += if has_body { sent } else { 0 });
    Ok(answer)
}

fn operation<B>(request: &Request<B>) -> Op {
    let path = request.uri().path().trim_start_matches('/');
    let key = path.split_once('/').map_or("", |(_, key)| key);
    let key = percent_decode_str(key).decode_utf8_lossy();
    let query = request.uri().query().unwrap_or_default();
    Op::of(request.method(), &key, query, request.headers())
}

impl Shared {
    fn count(&self, add: impl FnOnce(&mut Counts)) {
        add(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn about_itself(&self, request: &Request<Incoming>) -> Answer {
        let mut text = String::new();
        self.count(|counts| {
            if request.method() == Method::POST {
                *counts = Counts::default();
            }
            let requests = counts.requests.iter();
            let requests: Vec<_> = requests.map(|(op, n)| format!("\"{op}\":{n}")).collect();
            text = format!(
                "{{\"requests\":{{{}}},\"received_bytes\":{},\"sent_bytes\":{}}}\n",
                requests.join(","),
                counts.received_bytes,
                counts.sent_bytes
            );
        });
        let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
        Response::new(body.boxed_unsync())
    }
}
