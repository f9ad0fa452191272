//! An object above 5 GiB, which no one request copies.

use crate::canned::{FULL, KEYS, Request, alone, key, refusal, remote, reply, serve};
use s3_bsync::remote::{Error, Expect, WriteId};
use s3_bsync::stamp::{ETag, RemoteStamp};

const SIZE: u64 = (12 << 30) + 7;
const PART: u64 = 512 << 20;
const ETAG: &str = "\"old-25\"";

/// What HEAD says of the object, or of its copy under another ETag.
fn head(etag: &str) -> Vec<u8> {
    let size = SIZE.to_string();
    let headers = [
        ("etag", etag),
        ("content-length", &size),
        ("last-modified", "Fri, 20 Nov 2026 23:00:00 GMT"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA="),
        ("x-amz-checksum-type", "FULL_OBJECT"),
        ("x-amz-meta-s3bsync-mtime", "1767225600.5"),
        ("x-amz-meta-mode", "100755"),
        ("x-amz-meta-mine", "kept"),
        ("content-type", "video/mp4"),
    ];
    reply(200, &headers, "")
}

/// Serves one copy in parts; `copy` answers the copy of a part, by its number from 1.
async fn copied(
    copy: impl Fn(u64) -> Vec<u8> + Send + 'static,
) -> (Result<RemoteStamp, Error>, Vec<Request>) {
    let (endpoint, log) = serve(move |_, log| {
        let request = &log[log.len() - 1];
        let query = request.path.split_once('?').map_or("", |(_, query)| query);
        let number = query.split('&').find_map(|pair| {
            let number = pair.strip_prefix("partNumber=")?;
            number.parse().ok()
        });
        match (request.method.as_str(), number) {
            ("HEAD", _) if request.path.starts_with("/b/p/new") => head("\"copy-25\""),
            ("HEAD", _) => head(ETAG),
            ("PUT", Some(number)) => copy(number),
            ("POST", _) if query.contains("uploadId") => reply(
                200,
                &[],
                "<CompleteMultipartUploadResult><ETag>\"copy-25\"</ETag></CompleteMultipartUploadResult>",
            ),
            ("POST", _) => reply(
                200,
                &[],
                "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>",
            ),
            _ => reply(204, &[], ""),
        }
    });
    let remote = remote(&endpoint, FULL).await;
    let source = RemoteStamp {
        etag: ETag::parse(ETAG),
        size_bytes: SIZE,
        modified_ms: 0,
        version: None,
    };
    let (old, new) = (key("old"), key("new"));
    let write = WriteId([7; 16]);
    let copying = remote.copy(&old, &source, &new, Expect::Absent, write);
    let copied = copying.await;
    let log = log.lock().unwrap().clone();
    (copied, log)
}

fn part(number: u64) -> Vec<u8> {
    let etag = format!("<CopyPartResult><ETag>\"part{number}\"</ETag></CopyPartResult>");
    reply(200, &[], &etag)
}

#[test]
fn an_object_above_5_gib_is_copied_in_parts() {
    let name = "large_copies::an_object_above_5_gib_is_copied_in_parts";
    alone(name, KEYS, in_parts());
}

async fn in_parts() {
    let (copied, log) = copied(part).await;
    let stamp = copied.unwrap();
    assert_eq!(stamp.etag, ETag::parse("\"copy-25\""));
    assert_eq!(stamp.size_bytes, SIZE);
    let of = |method: &str| {
        let method = method.to_owned();
        log.iter().filter(move |request| request.method == method)
    };
    let mut ranges: Vec<(u64, u64)> = of("PUT")
        .map(|put| {
            assert_eq!(put.header("x-amz-copy-source"), "b/p/old");
            assert_eq!(put.header("x-amz-copy-source-if-match"), ETAG);
            assert!(put.body.is_empty());
            let range = put.header("x-amz-copy-source-range");
            let (first, last) = range
                .strip_prefix("bytes=")
                .unwrap()
                .split_once('-')
                .unwrap();
            (first.parse().unwrap(), last.parse::<u64>().unwrap() + 1)
        })
        .collect();
    ranges.sort_unstable();
    assert_eq!(ranges.len() as u64, SIZE.div_ceil(PART));
    assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, SIZE));
    assert!(ranges.windows(2).all(|pair| pair[0].1 == pair[1].0));
    let posts: Vec<_> = of("POST").collect();
    let [create, complete] = posts[..] else {
        panic!("{posts:?}");
    };
    assert_eq!(create.header("x-amz-storage-class"), "STANDARD_IA");
    assert_eq!(create.header("x-amz-meta-mode"), "100755");
    assert_eq!(create.header("x-amz-meta-mine"), "kept");
    assert_eq!(create.header("x-amz-meta-s3bsync-mtime"), "1767225600.5");
    assert_eq!(create.header("content-type"), "video/mp4");
    assert_eq!(complete.header("if-none-match"), "*");
    assert_eq!(of("DELETE").count(), 0);
}

#[test]
fn a_copy_in_parts_of_an_object_that_changed_is_aborted() {
    let name = "large_copies::a_copy_in_parts_of_an_object_that_changed_is_aborted";
    alone(name, KEYS, changed());
}

async fn changed() {
    let (copied, log) = copied(|number| match number {
        7 => refusal(412, "PreconditionFailed"),
        number => part(number),
    })
    .await;
    assert!(copied.is_err());
    let last = &log[log.len() - 1];
    assert_eq!(last.method, "DELETE");
    assert!(last.path.contains("uploadId=u1"), "{}", last.path);
    let is_completed =
        |request: &Request| request.method == "POST" && request.path.contains("uploadId");
    assert!(!log.iter().any(is_completed));
}
