//! Bytes are those that were asked for.

use crate::canned::{FULL, KEYS, alone, head, key, refusal, remote, reply, serve};
use s3_bsync::remote::{Error, Kind, Readability, Remote};
use s3_bsync::stamp::ETag;
use std::ops::Range;

async fn read(remote: &Remote, range: Option<Range<u64>>) -> Result<Vec<u8>, Error> {
    let (_, mut body) = remote.get(&key("a"), &ETag::parse("e1"), range).await?;
    let mut all = Vec::new();
    while let Some(bytes) = body.next().await? {
        all.extend_from_slice(&bytes);
    }
    Ok(all)
}

#[test]
fn a_range_is_the_range_or_an_error() {
    alone("reading::a_range_is_the_range_or_an_error", KEYS, range());
}

async fn range() {
    let cases = [
        (
            reply(
                206,
                &[("etag", "\"e1\""), ("content-range", "bytes 2-4/7")],
                "cde",
            ),
            None,
        ),
        (
            reply(200, &[("etag", "\"e1\"")], "abcdefg"),
            Some("without its bounds"),
        ),
        (
            reply(
                206,
                &[("etag", "\"e1\""), ("content-range", "bytes 0-2/7")],
                "abc",
            ),
            Some("another range"),
        ),
        (
            reply(
                206,
                &[("etag", "\"e1\""), ("content-range", "bytes 2-4/7")],
                "cdefg",
            ),
            Some("another range"),
        ),
        (
            reply(
                206,
                &[("etag", "\"e1\""), ("content-range", "bytes 2-3/4")],
                "cd",
            ),
            Some("another range"),
        ),
        (
            reply(206, &[("content-range", "bytes 2-4/7")], "cde"),
            Some("no ETag"),
        ),
    ];
    for (answer, bad) in cases {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (endpoint, log) = serve(move |_, _| answer.clone());
        let ended = read(&remote(&endpoint, FULL).await, Some(2..5)).await;
        match (bad, ended) {
            (None, ended) => assert_eq!(ended.unwrap(), b"cde"),
            (Some(why), Err(error)) => match error.kind {
                Kind::BadAnswer(found) => assert!(found.contains(why), "{found}: {text}"),
                kind => panic!("{kind:?}: {text}"),
            },
            (Some(_), Ok(_)) => panic!("{text}"),
        }
        let log = log.lock().unwrap();
        assert_eq!(log[0].header("range"), "bytes=2-4");
        assert_eq!(log[0].header("if-match"), "\"e1\"");
        assert_eq!(log[0].header("x-amz-checksum-mode"), "ENABLED");
    }
}

#[test]
fn another_object_is_not_read() {
    alone("reading::another_object_is_not_read", KEYS, another());
}

async fn another() {
    for (answer, kind) in [
        (reply(200, &[("etag", "\"e2\"")], "abcdefg"), Kind::Changed),
        (refusal(412, "PreconditionFailed"), Kind::Changed),
        (refusal(404, "NoSuchKey"), Kind::Changed),
        (refusal(404, "NoSuchBucket"), Kind::NoBucket),
        (refusal(403, "InvalidObjectState"), Kind::Archived),
        (refusal(403, "AccessDenied"), Kind::Denied),
    ] {
        let (endpoint, log) = serve(move |_, _| answer.clone());
        let error = read(&remote(&endpoint, FULL).await, None)
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind);
        assert_eq!(log.lock().unwrap().len(), 1, "{kind:?} is not asked again");
    }
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    alone(
        "reading::a_broken_connection_is_taken_up_where_it_broke",
        KEYS,
        broken(),
    );
}

async fn broken() {
    let etag = ("etag", "\"e1\"");
    let cut = move |headers: &[(&str, &str)], body: &str| reply(206, headers, body);
    let (endpoint, log) = serve(move |at, _| match at {
        0 => reply(200, &[etag, ("content-length", "7")], "abc"),
        1 => cut(
            &[
                etag,
                ("content-range", "bytes 3-6/7"),
                ("content-length", "4"),
            ],
            "d",
        ),
        _ => cut(&[etag, ("content-range", "bytes 4-6/7")], "efg"),
    });
    assert_eq!(
        read(&remote(&endpoint, FULL).await, None).await.unwrap(),
        b"abcdefg"
    );
    let log = log.lock().unwrap();
    let ranges: Vec<_> = log.iter().map(|request| request.header("range")).collect();
    assert_eq!(ranges, ["", "bytes=3-6", "bytes=4-6"]);
    assert!(
        log.iter()
            .all(|request| request.header("if-match") == "\"e1\"")
    );
}

#[test]
fn an_object_replaced_meanwhile_is_not_mixed() {
    alone(
        "reading::an_object_replaced_meanwhile_is_not_mixed",
        KEYS,
        mixed(),
    );
}

async fn mixed() {
    let (endpoint, _) = serve(|at, _| match at {
        0 => reply(200, &[("etag", "\"e1\""), ("content-length", "7")], "abc"),
        _ => reply(
            206,
            &[("etag", "\"e2\""), ("content-range", "bytes 3-6/7")],
            "DEFG",
        ),
    });
    let error = read(&remote(&endpoint, FULL).await, None)
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Changed);
}

#[test]
fn a_look_tells_present_absent_or_unknown() {
    alone(
        "reading::a_look_tells_present_absent_or_unknown",
        KEYS,
        look(),
    );
}

async fn look() {
    let class = |more: &[(&str, &str)]| {
        let mut headers = vec![("etag", "\"e1\""), ("content-length", "7")];
        headers.extend(more);
        reply(200, &headers, "")
    };
    let glacier = ("x-amz-storage-class", "GLACIER");
    let tiered = ("x-amz-storage-class", "INTELLIGENT_TIERING");
    let archive = ("x-amz-archive-status", "ARCHIVE_ACCESS");
    let going = ("x-amz-restore", "ongoing-request=\"true\"");
    let back = (
        "x-amz-restore",
        "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2029 00:00:00 GMT\"",
    );
    for (answer, expected) in [
        (class(&[]), Readability::Readable),
        (class(&[glacier]), Readability::Archived),
        (class(&[glacier, going]), Readability::Restoring),
        (class(&[glacier, back]), Readability::Readable),
        (class(&[tiered]), Readability::Readable),
        (class(&[tiered, archive]), Readability::Archived),
        (class(&[tiered, archive, going]), Readability::Restoring),
    ] {
        let (endpoint, _) = serve(move |_, _| answer.clone());
        let remote = remote(&endpoint, FULL).await;
        let found = remote.head(&key("a")).await.unwrap().unwrap();
        assert_eq!(found.readability, expected);
    }
    let (endpoint, _) = serve(|_, _| reply(404, &[], ""));
    assert_eq!(
        remote(&endpoint, FULL).await.head(&key("a")).await.unwrap(),
        None
    );
    let (endpoint, _) = serve(|_, _| reply(403, &[], ""));
    let error = remote(&endpoint, FULL)
        .await
        .head(&key("a"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    let (endpoint, _) = serve(|_, _| head("", ""));
    let error = remote(&endpoint, FULL)
        .await
        .head(&key("a"))
        .await
        .unwrap_err();
    assert!(matches!(error.kind, Kind::BadAnswer(_)), "{error:?}");
}
