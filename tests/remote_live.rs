//! The bucket against a real server: what `remote` promises holds, whatever the server honours.
//!
//! Runs where `S3BSYNC_TEST_ENDPOINT` names a server (with credentials in the usual variables and
//! the bucket `S3BSYNC_TEST_BUCKET`, by default `s3bsync-test`), else says that it is skipped.

use bytes::Bytes;
use crc_fast::CrcAlgorithm::Crc64Nvme;
use s3_bsync::key::Key;
use s3_bsync::remote::{
    Body, Error, Expect, Gone, Kept, Kind, Listed, Meta, Network, Part, Remote, WriteId, connect,
};
use s3_bsync::stamp::{ETag, RemoteStamp};
use s3_bsync::state::{Access, Addressing, Capabilities, Encoding, ReplicaId};

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(Crc64Nvme, bytes)
}

fn meta() -> Meta {
    Meta {
        mtime_ns: 1_354_040_105_123_456_789,
        mode: None,
        encoding: Encoding::Plain,
        plain_size_bytes: 0,
        writer: ReplicaId([1; 16]),
        write: WriteId::random().unwrap(),
        storage_class: None,
    }
}

async fn put(
    remote: &Remote,
    name: &str,
    text: &[u8],
    expect: Expect<'_>,
) -> Result<RemoteStamp, Error> {
    let bytes = Bytes::copy_from_slice(text);
    remote
        .put(&key(name), bytes, crc64(text), expect, &meta())
        .await
}

async fn collect(mut body: Body) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(bytes) = body.next().await.unwrap() {
        all.extend_from_slice(&bytes);
    }
    all
}

async fn list(remote: &Remote, cuts: &[Key]) -> Vec<Listed> {
    let mut listing = remote.list(cuts);
    let mut all = Vec::new();
    while let Some(batch) = listing.next().await.unwrap() {
        all.extend(batch);
    }
    all
}

fn names(listed: &[Listed]) -> Vec<String> {
    listed
        .iter()
        .map(|entry| match entry {
            Listed::Object { key, .. } => key.as_str().to_owned(),
            Listed::Hidden { name, .. } => format!("hidden {name}"),
        })
        .collect()
}

async fn remote() -> Option<Remote> {
    let Ok(endpoint) = std::env::var("S3BSYNC_TEST_ENDPOINT") else {
        println!("skipped: S3BSYNC_TEST_ENDPOINT is not set");
        return None;
    };
    let access = Access {
        endpoint: Some(endpoint),
        addressing: Addressing::Path,
        ..Access::default()
    };
    let bucket = std::env::var("S3BSYNC_TEST_BUCKET").unwrap_or_else(|_| "s3bsync-test".to_owned());
    let prefix = format!("live-{}", WriteId::random().unwrap());
    let client = connect(&access, &bucket, &Network::default())
        .await
        .unwrap();
    let remote = client.remote(&prefix, Capabilities::default());
    remote.check_bucket().await.unwrap();
    let found = remote.probe(ReplicaId([7; 16])).await.unwrap();
    println!("{found:#?}");
    assert_eq!(list(&remote, &[]).await, [], "the probe left something");
    Some(remote.with_capabilities(found))
}

#[tokio::test]
async fn a_real_server_is_read_and_written_as_promised() {
    let Some(remote) = remote().await else {
        return;
    };
    story(&remote, "run-1").await;
    // And as if it honoured nothing.
    let careful = Capabilities {
        bare_etags: remote.capabilities().bare_etags,
        ..Capabilities::default()
    };
    story(&remote.with_capabilities(careful), "run-2").await;
}

async fn story(remote: &Remote, run: &str) {
    let first = put(remote, "a", b"one", Expect::Absent).await.unwrap();
    let wrong = ETag::parse("00000000000000000000000000000000");
    for (name, expect) in [
        ("a", Expect::Absent),
        ("a", Expect::Is(&wrong)),
        ("none", Expect::Is(&wrong)),
    ] {
        let refused = put(remote, name, b"two", expect).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Changed, "{name} {expect:?}");
    }

    let head = remote.head(&key("a")).await.unwrap().unwrap();
    assert_eq!(head.stamp.etag, first.etag);
    assert_eq!(head.told.mtime_ns, Some(meta().mtime_ns));
    assert_eq!(head.told.writer, Some(ReplicaId([1; 16])));
    assert_eq!(remote.head(&key("none")).await.unwrap(), None);

    let expect = Expect::Is(&first.etag);
    let second = put(remote, "a", b"second", expect).await.unwrap();
    let stale = remote.get(&key("a"), &first.etag, None).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Changed);
    let (head, body) = remote.get(&key("a"), &second.etag, None).await.unwrap();
    assert_eq!(head.stamp.size_bytes, 6);
    assert_eq!(collect(body).await, b"second");
    let range = Some(2..5);
    let (head, body) = remote.get(&key("a"), &second.etag, range).await.unwrap();
    assert_eq!((head.stamp.size_bytes, body.remaining_bytes()), (6, 3));
    assert_eq!(collect(body).await, b"con");

    names_are_kept(remote).await;
    parts(remote).await;
    copies(remote, &first, &second, run).await;

    let stale = remote.delete(&key("a"), &first.etag).await.unwrap_err();
    assert_eq!(stale.kind, Kind::Changed);
    for gone in [Gone::Deleted, Gone::Already] {
        let found = remote.delete(&key("a"), &second.etag).await.unwrap();
        assert_eq!(found, gone);
    }
    for entry in list(remote, &[]).await {
        if let Listed::Object { key, stamp, .. } = entry {
            remote.delete(&key, &stamp.etag).await.unwrap();
        }
    }
    assert_eq!(list(remote, &[]).await, [], "own objects are not listed");
}

async fn names_are_kept(remote: &Remote) {
    let odd = [
        "a",
        "b c",
        "b+c",
        "b%2Bc",
        "d/e&<>\"'",
        "d/\u{e9}",
        "d/e\u{301}",
        "~",
    ];
    for name in &odd[1..] {
        put(remote, name, name.as_bytes(), Expect::Absent)
            .await
            .unwrap();
    }
    let mut sorted = odd.map(str::to_owned);
    sorted.sort_unstable();
    assert_eq!(names(&list(remote, &[]).await), sorted);
    let cuts = ["0", "a", "c", "d/e&<>\"'", "x"].map(key);
    // LocalStack compares `start-after` with encoded names, which moves those beyond ASCII.
    let ascii = |names: &[String]| -> Vec<String> {
        let ascii = names.iter().filter(|name| name.is_ascii());
        ascii.cloned().collect()
    };
    assert_eq!(ascii(&names(&list(remote, &cuts).await)), ascii(&sorted));
    for entry in list(remote, &[]).await {
        let Listed::Object { key, stamp, .. } = entry else {
            panic!("{entry:?}");
        };
        let head = remote.head(&key).await.unwrap().unwrap();
        assert!(head.stamp.is_same_object(&stamp), "{key}");
        if key.as_str() != "a" {
            let gone = remote.delete(&key, &stamp.etag).await.unwrap();
            assert_eq!(gone, Gone::Deleted);
        }
    }
}

async fn parts(remote: &Remote) {
    let big = Bytes::from(vec![7_u8; 5 << 20]);
    let whole = |end: &[u8]| [&big[..], end].concat();
    let size = (5 << 20) + 3;
    let upload = remote.start_upload(&key("big"), &meta()).await.unwrap();
    let first = upload.part(1, big.clone(), crc64(&big)).await.unwrap();
    let end = Bytes::from_static(b"end");
    let last = upload.part(2, end.clone(), crc64(&end)).await.unwrap();
    match upload.parts().await {
        Ok(found) => {
            let found = found
                .iter()
                .map(|(Part { number, .. }, size)| (*number, *size));
            assert_eq!(found.collect::<Vec<_>>(), [(1, 5 << 20), (2, 3)]);
        }
        // moto's answer has a root element of its own invention.
        Err(error) => assert!(matches!(error.kind, Kind::BadAnswer(_)), "{error:?}"),
    }
    let total = Some(crc64(&whole(b"end")));
    let stamp = upload
        .complete(vec![last, first], total, size, Expect::Absent)
        .await
        .unwrap();
    let (head, body) = remote.get(&key("big"), &stamp.etag, None).await.unwrap();
    assert_eq!(head.told.write, Some(upload.write()));
    assert!(collect(body).await == whole(b"end"));

    if remote.capabilities().part_copy {
        let from = key("big");
        let upload = remote.start_upload(&from, &meta()).await.unwrap();
        let kept = upload.part_copy(1, &from, &stamp.etag, 0..5 << 20);
        let kept = kept.await.unwrap();
        let end = Bytes::from_static(b"END");
        let new = upload.part(2, end.clone(), crc64(&end)).await.unwrap();
        let total = Some(crc64(&whole(b"END")));
        let delta = upload
            .complete(vec![kept, new], total, size, Expect::Is(&stamp.etag))
            .await
            .unwrap();
        let (_, body) = remote.get(&from, &delta.etag, None).await.unwrap();
        assert!(collect(body).await == whole(b"END"));
    }

    let upload = remote.start_upload(&key("big"), &meta()).await.unwrap();
    let part = upload.part(1, end.clone(), crc64(&end)).await.unwrap();
    let refused = upload.complete(vec![part], None, 3, Expect::Absent).await;
    assert_eq!(refused.unwrap_err().kind, Kind::Changed);
    upload.abort().await.unwrap();
    let _left = remote.start_upload(&key("left"), &meta()).await.unwrap();
    for (before_ms, aborted) in [(0, 0), (i64::MAX, 1), (i64::MAX, 0)] {
        assert_eq!(remote.sweep_uploads(before_ms, &[]).await.unwrap(), aborted);
    }
}

async fn copies(remote: &Remote, first: &RemoteStamp, second: &RemoteStamp, run: &str) {
    let kept = remote.keep_loser(&key("a"), second, run).await.unwrap();
    match kept {
        Kept::Version(_) => assert!(remote.capabilities().versioned),
        Kept::Copy { object_key, stamp } => {
            assert!(object_key.ends_with(&format!("/.s3bsync/recovery/{run}/a")));
            assert_eq!(stamp.size_bytes, second.size_bytes);
            let recovery = remote.recovery();
            let kept = key(&format!("{run}/a"));
            let listed = names(&list(&recovery, &[]).await);
            assert!(
                listed.iter().any(|name| name == kept.as_str()),
                "{listed:?}"
            );
            let gone = recovery.delete(&kept, &stamp.etag).await.unwrap();
            assert_eq!(gone, Gone::Deleted);
        }
    }
    let (from, to) = (key("a"), key("d/copy"));
    let write = meta().write;
    let copy = remote.copy(&from, second, &to, Expect::Absent, write);
    let copy = copy.await.unwrap();
    let (head, body) = remote.get(&to, &copy.etag, None).await.unwrap();
    assert_eq!(collect(body).await, b"second");
    assert_eq!(head.told.mtime_ns, Some(meta().mtime_ns));
    for (source, to) in [(first, "new"), (second, "d/copy")] {
        let (from, to) = (key("a"), key(to));
        let refused = remote.copy(&from, source, &to, Expect::Absent, write);
        assert_eq!(refused.await.unwrap_err().kind, Kind::Changed, "{to}");
    }
    assert_eq!(remote.head(&key("new")).await.unwrap(), None);
}
