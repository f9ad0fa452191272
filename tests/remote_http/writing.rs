//! A write is done, or changed nothing, or nobody knows; and the right one of these is said.

use crate::canned::{FULL, KEYS, Request, alone, head, key, meta, refusal, remote, reply, serve};
use bytes::Bytes;
use s3_bsync::remote::{Error, Expect, Kind, Remote};
use s3_bsync::stamp::{ETag, RemoteStamp};
use s3_bsync::state::Capabilities;

pub(crate) const OURS: &str = "09090909090909090909090909090909";
pub(crate) const THEIRS: &str = "07070707070707070707070707070707";

async fn put(remote: &Remote, expect: Expect<'_>) -> Result<RemoteStamp, Error> {
    let bytes = Bytes::from_static(b"content");
    remote.put(&key("a"), bytes, 1, expect, &meta()).await
}

pub(crate) fn methods(log: &[Request]) -> String {
    let methods: Vec<_> = log.iter().map(|request| request.method.as_str()).collect();
    methods.join(" ")
}

#[test]
fn a_small_object_is_one_plain_request() {
    alone(
        "writing::a_small_object_is_one_plain_request",
        KEYS,
        plain(),
    );
}

async fn plain() {
    let (endpoint, log) = serve(|_, _| reply(200, &[("etag", "\"e1\"")], ""));
    let remote = remote(&endpoint, FULL).await;
    let stamp = put(&remote, Expect::Absent).await.unwrap();
    assert_eq!((stamp.etag, stamp.size_bytes), (ETag::parse("e1"), 7));
    let old = ETag::parse("old");
    put(&remote, Expect::Is(&old)).await.unwrap();
    let bare = remote.with_capabilities(Capabilities {
        bare_etags: true,
        ..FULL
    });
    put(&bare, Expect::Is(&old)).await.unwrap();

    let log = log.lock().unwrap();
    assert_eq!(methods(&log), "PUT PUT PUT");
    let first = &log[0];
    assert!(first.path.starts_with("/b/p/a"), "{}", first.path);
    for (name, value) in [
        ("if-none-match", "*"),
        ("if-match", ""),
        ("content-length", "7"),
        ("content-type", "application/octet-stream"),
        ("content-encoding", ""),
        ("transfer-encoding", ""),
        ("x-amz-trailer", ""),
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAE="),
        ("content-md5", ""),
        ("x-amz-meta-mtime", "-1.500000000"),
        ("x-amz-meta-s3bsync-write", OURS),
        ("x-amz-meta-s3bsync-encoding", ""),
    ] {
        assert_eq!(first.header(name), value, "{name}");
    }
    assert_eq!(first.body, b"content");
    assert_eq!(log[1].header("if-match"), "\"old\"");
    assert_eq!(log[2].header("if-match"), "old");
}

#[test]
fn a_server_that_honours_nothing_is_looked_at_first() {
    alone(
        "writing::a_server_that_honours_nothing_is_looked_at_first",
        KEYS,
        careful(),
    );
}

async fn careful() {
    let old = ETag::parse("old");
    let is_old = Expect::Is(&old);
    let missing = || reply(404, &[], "");
    for (found, expect, requests) in [
        (missing(), Expect::Absent, "HEAD PUT"),
        (missing(), is_old, "HEAD"),
        (head("\"old\"", THEIRS), is_old, "HEAD PUT"),
        (head("\"new\"", THEIRS), is_old, "HEAD"),
        (head("\"old\"", THEIRS), Expect::Absent, "HEAD"),
    ] {
        let (endpoint, log) = serve(move |at, _| match at {
            0 => found.clone(),
            _ => reply(200, &[("etag", "\"e1\"")], ""),
        });
        let ended = put(&remote(&endpoint, Capabilities::default()).await, expect).await;
        let log = log.lock().unwrap();
        assert_eq!(methods(&log), requests, "{expect:?}");
        match ended {
            Ok(_) => {
                let put = &log[1];
                assert!(
                    put.header("if-match").is_empty() && put.header("if-none-match").is_empty()
                );
                assert_eq!(put.header("content-md5"), "mgNkuembtIDdJeHwKEyFVQ==");
                assert_eq!(put.header("x-amz-checksum-crc64nvme"), "");
            }
            Err(error) => assert_eq!((error.kind, requests), (Kind::Changed, "HEAD")),
        }
    }
}

#[test]
fn a_refusal_is_read_back_before_it_is_believed() {
    alone(
        "writing::a_refusal_is_read_back_before_it_is_believed",
        KEYS,
        refused(),
    );
}

async fn refused() {
    let old = ETag::parse("old");
    let expect = Expect::Is(&old);
    let missing = || reply(404, &[], "");
    let failed = |code| refusal(412, code);
    for (answer, found, outcome) in [
        // The answer to our own success was lost on the way, and the SDK asked again.
        (failed("PreconditionFailed"), head("\"e1\"", OURS), Ok(())),
        (
            failed("PreconditionFailed"),
            head("\"e1\"", THEIRS),
            Err(Kind::Changed),
        ),
        (failed("PreconditionFailed"), missing(), Err(Kind::Changed)),
        (
            failed("PreconditionFailed"),
            reply(403, &[], ""),
            Err(Kind::Unknown),
        ),
        (refusal(404, "NoSuchKey"), missing(), Err(Kind::Changed)),
        (refusal(404, "NoSuchKey"), head("\"e1\"", OURS), Ok(())),
        (
            refusal(404, "NoSuchBucket"),
            head("\"e1\"", OURS),
            Err(Kind::NoBucket),
        ),
        (
            refusal(403, "AccessDenied"),
            head("\"e1\"", OURS),
            Err(Kind::Denied),
        ),
        (refusal(500, "InternalError"), head("\"e1\"", OURS), Ok(())),
        (
            refusal(500, "InternalError"),
            head("\"e1\"", THEIRS),
            Err(Kind::Changed),
        ),
        // A success without an ETag.
        (reply(200, &[], ""), head("\"e1\"", OURS), Ok(())),
        (
            reply(200, &[], ""),
            head("\"e2\"", THEIRS),
            Err(Kind::Changed),
        ),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (endpoint, _) = serve(move |_, log| match log[log.len() - 1].method.as_str() {
            "PUT" => answer.clone(),
            _ => found.clone(),
        });
        let ended = put(&remote(&endpoint, FULL).await, expect).await;
        match outcome {
            Ok(()) => assert_eq!(ended.unwrap().etag, ETag::parse("e1"), "{text}"),
            Err(kind) => assert_eq!(ended.unwrap_err().kind, kind, "{text}"),
        }
    }
}

#[test]
fn a_conflict_is_asked_again_and_a_lost_answer_too() {
    alone(
        "writing::a_conflict_is_asked_again_and_a_lost_answer_too",
        KEYS,
        again(),
    );
}

async fn again() {
    let conflict = refusal(409, "ConditionalRequestConflict");
    for (first, requests) in [(conflict, "PUT HEAD PUT"), (Vec::new(), "PUT PUT")] {
        let (endpoint, log) =
            serve(
                move |at, log| match (at, log[log.len() - 1].method.as_str()) {
                    (0, _) => first.clone(),
                    (_, "HEAD") => reply(404, &[], ""),
                    _ => reply(200, &[("etag", "\"e1\"")], ""),
                },
            );
        put(&remote(&endpoint, FULL).await, Expect::Absent)
            .await
            .unwrap();
        assert_eq!(methods(&log.lock().unwrap()), requests);
    }
}
