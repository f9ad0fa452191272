//! Deletions, completions and kept losers hit what was expected and say what they did.

use crate::canned::{FULL, KEYS, alone, head, key, meta, refusal, remote, reply, serve};
use crate::writing::{OURS, THEIRS, methods};
use bytes::Bytes;
use s3_bsync::remote::{Expect, Gone, Kept, Kind, Thawing, Tier};
use s3_bsync::stamp::{ETag, RemoteStamp};
use s3_bsync::state::Capabilities;

#[test]
fn a_deletion_hits_only_what_was_expected() {
    alone(
        "finishing::a_deletion_hits_only_what_was_expected",
        KEYS,
        deletion(),
    );
}

async fn deletion() {
    let missing = || reply(404, &[], "");
    let gone = || reply(204, &[], "");
    let failed = || refusal(412, "PreconditionFailed");
    let none = Capabilities::default();
    for (capabilities, delete, found, outcome, requests) in [
        (FULL, gone(), missing(), Ok(Gone::Deleted), "DELETE"),
        (
            FULL,
            failed(),
            head("\"new\"", ""),
            Err(Kind::Changed),
            "DELETE HEAD",
        ),
        (FULL, failed(), missing(), Ok(Gone::Already), "DELETE HEAD"),
        (FULL, missing(), missing(), Ok(Gone::Already), "DELETE HEAD"),
        (
            FULL,
            failed(),
            reply(403, &[], ""),
            Err(Kind::Unknown),
            "DELETE HEAD",
        ),
        (
            FULL,
            refusal(404, "NoSuchBucket"),
            missing(),
            Err(Kind::NoBucket),
            "DELETE",
        ),
        (
            none,
            gone(),
            head("\"old\"", ""),
            Ok(Gone::Deleted),
            "HEAD DELETE",
        ),
        (
            none,
            gone(),
            head("\"new\"", ""),
            Err(Kind::Changed),
            "HEAD",
        ),
        (none, gone(), missing(), Ok(Gone::Already), "HEAD"),
    ] {
        let (endpoint, log) = serve(move |_, log| match log[log.len() - 1].method.as_str() {
            "DELETE" => delete.clone(),
            _ => found.clone(),
        });
        let remote = remote(&endpoint, capabilities).await;
        let ended = remote.delete(&key("a"), &ETag::parse("old")).await;
        let log = log.lock().unwrap();
        assert_eq!(methods(&log), requests);
        assert_eq!(ended.map_err(|error| error.kind), outcome);
        if capabilities == FULL {
            assert_eq!(log[0].header("if-match"), "\"old\"");
        }
    }
}

#[test]
fn a_completion_is_read_back_too() {
    alone(
        "finishing::a_completion_is_read_back_too",
        KEYS,
        completion(),
    );
}

async fn completion() {
    let error = "<Error><Code>InternalError</Code></Error>";
    let done = "<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>";
    for (answer, found, outcome) in [
        (reply(200, &[], error), head("\"e1\"", OURS), Ok(())),
        (
            reply(200, &[], error),
            head("\"e2\"", THEIRS),
            Err(Kind::Changed),
        ),
        (reply(200, &[], done), head("\"e1\"", OURS), Ok(())),
        (refusal(404, "NoSuchUpload"), head("\"e1\"", OURS), Ok(())),
        (
            refusal(404, "NoSuchUpload"),
            reply(404, &[], ""),
            Err(Kind::NotFound),
        ),
        (
            refusal(409, "ConditionalRequestConflict"),
            reply(404, &[], ""),
            Err(Kind::Changed),
        ),
        (
            refusal(412, "PreconditionFailed"),
            head("\"e2\"", THEIRS),
            Err(Kind::Changed),
        ),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (endpoint, log) = serve(move |at, log| {
            let request = &log[log.len() - 1];
            match (at, request.method.as_str()) {
                (0, _) => reply(
                    200,
                    &[],
                    "<InitiateMultipartUploadResult><UploadId>u1</UploadId>\
                     </InitiateMultipartUploadResult>",
                ),
                (_, "PUT") => reply(200, &[("etag", "\"p1\"")], ""),
                (_, "POST") => answer.clone(),
                (_, "DELETE") => reply(204, &[], ""),
                _ => found.clone(),
            }
        });
        let remote = remote(&endpoint, FULL).await;
        let upload = remote.start_upload(&key("a"), &meta()).await.unwrap();
        let part = upload
            .part(1, Bytes::from_static(b"content"), 1)
            .await
            .unwrap();
        let ended = upload
            .complete(vec![part], Some(1), 7, Expect::Absent)
            .await;
        match outcome {
            Ok(()) => assert_eq!(ended.unwrap().etag, ETag::parse("e1"), "{text}"),
            Err(kind) => assert_eq!(ended.unwrap_err().kind, kind, "{text}"),
        }
        upload.abort().await.unwrap();
        let log = log.lock().unwrap();
        assert_eq!(log[0].header("x-amz-checksum-algorithm"), "CRC64NVME");
        assert_eq!(log[0].header("x-amz-checksum-type"), "FULL_OBJECT");
        assert_eq!(log[1].header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
        let post = log
            .iter()
            .rfind(|request| request.method == "POST")
            .unwrap();
        assert_eq!(post.header("if-none-match"), "*");
        assert_eq!(post.header("x-amz-mp-object-size"), "7");
        assert_eq!(post.header("x-amz-checksum-crc64nvme"), "AAAAAAAAAAE=");
    }
}

#[test]
fn a_loser_is_kept_or_the_failure_is_told() {
    alone(
        "finishing::a_loser_is_kept_or_the_failure_is_told",
        KEYS,
        loser(),
    );
}

async fn loser() {
    let stamp = RemoteStamp {
        etag: ETag::parse("old"),
        size_bytes: 7,
        modified_ms: 0,
        version: None,
    };
    let versioned = Capabilities {
        versioned: true,
        ..FULL
    };
    let version = |id| {
        let headers = [
            ("etag", "\"old\""),
            ("content-length", "7"),
            ("x-amz-version-id", id),
        ];
        reply(200, &headers, "")
    };
    let glacier = reply(
        200,
        &[
            ("etag", "\"old\""),
            ("content-length", "7"),
            ("x-amz-storage-class", "GLACIER"),
        ],
        "",
    );
    let copied = "<CopyObjectResult><ETag>&quot;c1&quot;</ETag></CopyObjectResult>";
    for (capabilities, source, copy, outcome) in [
        (
            versioned,
            version("v1"),
            head("\"c1\"", ""),
            Ok("version v1"),
        ),
        (versioned, version("null"), head("\"c1\"", ""), Ok("copy")),
        (FULL, version("v1"), head("\"c1\"", ""), Ok("copy")),
        (
            FULL,
            head("\"new\"", ""),
            head("\"c1\"", ""),
            Err(Kind::Changed),
        ),
        (
            versioned,
            head("\"new\"", ""),
            head("\"c1\"", ""),
            Err(Kind::Changed),
        ),
        (FULL, glacier, head("\"c1\"", ""), Err(Kind::Archived)),
        // What was copied is not what the answer said.
        (FULL, version("v1"), head("\"c2\"", ""), Err(Kind::Changed)),
        (FULL, version("v1"), reply(404, &[], ""), Err(Kind::Changed)),
    ] {
        let (endpoint, log) = serve(move |_, log| {
            let request = &log[log.len() - 1];
            match request.method.as_str() {
                "PUT" => reply(200, &[], copied),
                _ if request.path.contains("recovery") => copy.clone(),
                _ => source.clone(),
            }
        });
        let remote = remote(&endpoint, capabilities).await;
        let kept = remote.keep_loser(&key("a"), &stamp, "r1").await;
        let log = log.lock().unwrap();
        let said = kept.map(|kept| match kept {
            Kept::Version(id) => format!("version {id}"),
            Kept::Copy { object_key, .. } => {
                assert_eq!(object_key, "p/.s3bsync/recovery/r1/a");
                let put = log.iter().find(|request| request.method == "PUT").unwrap();
                assert_eq!(put.header("x-amz-copy-source"), "b/p/a");
                assert_eq!(put.header("x-amz-copy-source-if-match"), "\"old\"");
                assert_eq!(put.header("if-none-match"), "*");
                assert_eq!(put.header("x-amz-metadata-directive"), "REPLACE");
                "copy".to_owned()
            }
        });
        assert_eq!(said.map_err(|error| error.kind), outcome.map(str::to_owned));
    }
}

#[test]
fn an_archived_object_is_asked_for_once() {
    alone(
        "finishing::an_archived_object_is_asked_for_once",
        KEYS,
        thaw(),
    );
}

async fn thaw() {
    for (class, answer, outcome) in [
        ("GLACIER", reply(202, &[], ""), Ok(Thawing::Asked)),
        (
            "INTELLIGENT_TIERING",
            reply(200, &[], ""),
            Ok(Thawing::Asked),
        ),
        (
            "GLACIER",
            refusal(409, "RestoreAlreadyInProgress"),
            Ok(Thawing::Running),
        ),
        (
            "GLACIER",
            refusal(403, "ObjectAlreadyInActiveTierError"),
            Ok(Thawing::Readable),
        ),
        ("GLACIER", refusal(403, "AccessDenied"), Err(Kind::Denied)),
    ] {
        let (endpoint, log) = serve(move |_, _| answer.clone());
        let remote = remote(&endpoint, FULL).await;
        let ended = remote.thaw(&key("a"), class, 3, Tier::Bulk).await;
        assert_eq!(ended.map_err(|error| error.kind), outcome);
        let log = log.lock().unwrap();
        assert_eq!(methods(&log), "POST");
        let body = String::from_utf8_lossy(&log[0].body);
        assert_eq!(
            body.contains("<Days>3</Days>"),
            class == "GLACIER",
            "{body}"
        );
        assert!(body.contains("<Tier>Bulk</Tier>"), "{body}");
    }
}
