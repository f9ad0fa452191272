//! A server that answers what a test tells it to, byte for byte, hostile answers included.

use s3_bsync::key::Key;
use s3_bsync::remote::{Meta, Network, Remote, WriteId, connect};
use s3_bsync::state::{Access, Addressing, Capabilities, Encoding, ReplicaId};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map_or("", |(_, value)| value)
    }
}

/// The requests a server got.
pub(crate) type Log = Arc<Mutex<Vec<Request>>>;

/// Starts a server. `answer` gets the number of the request, from 0, and all requests so far, the
/// present one last; what it gives is sent as it is, then the connection is closed.
pub(crate) fn serve(
    answer: impl Fn(usize, &[Request]) -> Vec<u8> + Send + 'static,
) -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let log = Log::default();
    let seen = Arc::clone(&log);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = read(&stream) else {
                continue;
            };
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            let bytes = answer(seen.len() - 1, &seen);
            // The client may have gone.
            let _ = stream.write_all(&bytes);
        }
    });
    (endpoint, log)
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let method = words.next()?.to_owned();
    let path = words.next()?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        path,
        headers,
        body: Vec::new(),
    };
    let length = request.header("content-length").parse().unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// An answer with its length.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        write!(text, "content-length: {}\r\n", body.len()).unwrap();
    }
    write!(text, "\r\n{body}").unwrap();
    text.into_bytes()
}

/// An error as S3 words it.
pub(crate) fn refusal(status: u16, code: &str) -> Vec<u8> {
    reply(
        status,
        &[],
        &format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>"),
    )
}

/// What HEAD says of an object of seven bytes; `write` is its write id.
pub(crate) fn head(etag: &str, write: &str) -> Vec<u8> {
    reply(
        200,
        &[
            ("etag", etag),
            ("content-length", "7"),
            ("last-modified", "Fri, 20 Nov 2026 23:00:00 GMT"),
            ("x-amz-meta-s3bsync-write", write),
        ],
        "",
    )
}

/// Everything honoured.
pub(crate) const FULL: Capabilities = Capabilities {
    put_if_absent: true,
    put_if_match: true,
    complete_if_absent: true,
    complete_if_match: true,
    copy_if_absent: true,
    copy_source_if_match: true,
    delete_if_match: true,
    batch_delete_if_match: true,
    part_copy: true,
    crc64_checked: true,
    bare_etags: false,
    versioned: false,
};

/// The prefix `p` of the bucket `b` at this endpoint.
pub(crate) async fn remote(endpoint: &str, capabilities: Capabilities) -> Remote {
    let access = Access {
        endpoint: Some(endpoint.to_owned()),
        addressing: Addressing::Path,
        ..Access::default()
    };
    let client = connect(&access, "b", &Network::default()).await.unwrap();
    client.remote("p", capabilities)
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

pub(crate) fn meta() -> Meta {
    Meta {
        mtime_ns: -1_500_000_000,
        mode: None,
        encoding: Encoding::Plain,
        plain_size_bytes: 7,
        writer: ReplicaId([1; 16]),
        write: WriteId([9; 16]),
        storage_class: None,
    }
}

/// Runs a test in a process of its own, whose environment holds throw-away credentials and nothing
/// of the machine's, so that no test can reach a real bucket.
pub(crate) fn alone(test: &str, environment: &[(&str, &str)], story: impl Future<Output = ()>) {
    const INSIDE: &str = "S3BSYNC_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(story);
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_clear()
        .env(INSIDE, "1")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Throw-away credentials.
pub(crate) const KEYS: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
];
