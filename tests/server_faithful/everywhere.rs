//! What any S3 server does.

use crate::support::client::failure;
use crate::{MIB, Stage, answer};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, EncodingType};
use percent_encoding::percent_decode_str;

fn decoded(key: &str) -> String {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn listed(stage: &Stage, prefix: &str, page: i32) -> Vec<String> {
    let list = stage
        .client
        .list_objects_v2()
        .bucket(&stage.bucket)
        .prefix(prefix);
    let mut pages = list
        .max_keys(page)
        .encoding_type(EncodingType::Url)
        .into_paginator()
        .send();
    stage.runtime.block_on(async {
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.expect("a page");
            keys.extend(
                page.contents()
                    .iter()
                    .map(|o| decoded(o.key().expect("a key"))),
            );
        }
        keys
    })
}

#[test]
fn bytes_and_metadata_come_back() {
    let stage = Stage::any();
    let put = stage.client.put_object().bucket(&stage.bucket).key("a/b");
    let put = put.metadata("mtime", "1.5").body(b"hello".to_vec().into());
    let put = stage.runtime.block_on(put.send()).expect("a put");
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    let head = stage.client.head_object().bucket(&stage.bucket).key("a/b");
    let head = stage.runtime.block_on(head.send()).expect("a head");
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.metadata().expect("metadata")["mtime"], "1.5");
    assert_eq!(stage.get("a/b"), b"hello");
    stage.put("empty", b"");
    assert_eq!(stage.get("empty"), b"");
}

#[test]
fn a_range_is_a_range() {
    let stage = Stage::any();
    stage.put("a", b"0123456789");
    let get = |range: &str| {
        let get = stage
            .client
            .get_object()
            .bucket(&stage.bucket)
            .key("a")
            .range(range);
        stage.runtime.block_on(async {
            let got = get.send().await.map_err(|e| failure(&e).0)?;
            let named = got.content_range().unwrap_or_default().to_owned();
            let bytes = got.body.collect().await.expect("a body").to_vec();
            Ok::<_, u16>((named, String::from_utf8(bytes).expect("digits")))
        })
    };
    let part = |named: &str, bytes: &str| Ok((named.to_owned(), bytes.to_owned()));
    assert_eq!(get("bytes=2-4"), part("bytes 2-4/10", "234"));
    assert_eq!(get("bytes=7-"), part("bytes 7-9/10", "789"));
    assert_eq!(get("bytes=-2"), part("bytes 8-9/10", "89"));
    assert_eq!(get("bytes=8-99"), part("bytes 8-9/10", "89"));
    assert_eq!(get("bytes=10-"), Err(416));
}

#[test]
fn what_is_missing_is_404() {
    let stage = Stage::any();
    let get = stage
        .client
        .get_object()
        .bucket(&stage.bucket)
        .key("nothing");
    assert_eq!(stage.refused(get.send()), answer(404, "NoSuchKey"));
    let head = stage
        .client
        .head_object()
        .bucket(&stage.bucket)
        .key("nothing");
    assert_eq!(stage.refused(head.send()).0, 404);
    let list = stage
        .client
        .list_objects_v2()
        .bucket("s3bsync-no-such-bucket");
    assert_eq!(stage.refused(list.send()), answer(404, "NoSuchBucket"));
    let delete = stage
        .client
        .delete_object()
        .bucket(&stage.bucket)
        .key("nothing");
    stage
        .runtime
        .block_on(delete.send())
        .expect("deleting nothing is fine");
}

#[test]
fn listings_are_in_byte_order_and_in_pages() {
    let stage = Stage::any();
    let mut keys = [
        "a", "a-b", "a/b", "a0", "B", " x", "+", "~", "a b", "p/1", "p/2",
    ];
    for key in keys {
        stage.put(key, b"x");
    }
    keys.sort_unstable();
    for page in [1, 2, 3, 5, 1000] {
        assert_eq!(listed(&stage, "", page), keys, "pages of {page}");
    }
    assert_eq!(listed(&stage, "p/", 1), ["p/1", "p/2"]);
    let list = stage
        .client
        .list_objects_v2()
        .bucket(&stage.bucket)
        .start_after("a0");
    let page = stage.runtime.block_on(list.send()).expect("a page");
    let after: Vec<_> = page.contents().iter().filter_map(|o| o.key()).collect();
    assert_eq!(
        after,
        keys[keys.binary_search(&"a0").expect("listed") + 1..]
    );
    let list = stage
        .client
        .list_objects_v2()
        .bucket(&stage.bucket)
        .delimiter("/");
    let page = stage.runtime.block_on(list.send()).expect("a page");
    let groups: Vec<_> = page
        .common_prefixes()
        .iter()
        .filter_map(|p| p.prefix())
        .collect();
    assert_eq!(groups, ["a/", "p/"]);
}

#[test]
fn odd_keys_are_keys() {
    let stage = Stage::any();
    let mut keys = [
        "\u{e9}",
        "e\u{301}",
        "line\nfeed",
        "a//b",
        "tab\t",
        "100%",
        "q?a=b&c",
        "a+b",
        "<&>",
        "'\"",
        "dir/",
    ];
    for key in keys {
        stage.put(key, key.as_bytes());
    }
    keys.sort_unstable();
    assert_eq!(listed(&stage, "", 1000), keys);
    for key in keys {
        assert_eq!(stage.get(key), key.as_bytes(), "{key:?}");
    }
    let request = stage.wire.log().into_iter().find(|e| e.key == "q?a=b&c");
    assert!(request.is_some(), "the log has the key decoded");
}

#[test]
fn a_copy_keeps_bytes_and_metadata() {
    let stage = Stage::any();
    let put = stage
        .client
        .put_object()
        .bucket(&stage.bucket)
        .key("from x");
    let put = put.metadata("mtime", "7").body(b"bytes".to_vec().into());
    stage.runtime.block_on(put.send()).expect("a put");
    let copy = stage.client.copy_object().bucket(&stage.bucket).key("to");
    let copy = copy.copy_source(format!("{}/from%20x", stage.bucket));
    stage.runtime.block_on(copy.send()).expect("a copy");
    assert_eq!(stage.get("to"), b"bytes");
    let head = stage.client.head_object().bucket(&stage.bucket).key("to");
    let head = stage.runtime.block_on(head.send()).expect("a head");
    assert_eq!(head.metadata().expect("metadata")["mtime"], "7");
    assert_eq!(head.e_tag(), Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\""));
}

#[test]
fn parts_make_an_object() {
    let stage = Stage::any();
    let first = vec![b'a'; 5 * MIB];
    stage.put("old", &[&first[..], b"tail"].concat());
    stage.runtime.block_on(async {
        let create = stage
            .client
            .create_multipart_upload()
            .bucket(&stage.bucket)
            .key("new");
        let created = create.send().await.expect("an upload");
        let id = created.upload_id().expect("an id");
        let copy = stage
            .client
            .upload_part_copy()
            .bucket(&stage.bucket)
            .key("new")
            .upload_id(id);
        let copied = copy
            .part_number(1)
            .copy_source(format!("{}/old", stage.bucket))
            .copy_source_range(format!("bytes=0-{}", 5 * MIB - 1))
            .customize()
            // The SDK sends no length with an empty body; Ceph answers 411 to that.
            .mutate_request(|request| {
                request.headers_mut().insert("content-length", "0");
            })
            .send()
            .await
            .expect("a copied part");
        let put = stage
            .client
            .upload_part()
            .bucket(&stage.bucket)
            .key("new")
            .upload_id(id);
        let put = put.part_number(2).body(b"other".to_vec().into());
        let put = put.send().await.expect("a part");
        let list = stage
            .client
            .list_parts()
            .bucket(&stage.bucket)
            .key("new")
            .upload_id(id);
        assert_eq!(list.send().await.expect("parts").parts().len(), 2);
        let part = |n, etag: Option<&str>| {
            CompletedPart::builder()
                .part_number(n)
                .set_e_tag(etag.map(str::to_owned))
                .build()
        };
        let parts = CompletedMultipartUpload::builder()
            .parts(part(1, copied.copy_part_result().and_then(|r| r.e_tag())))
            .parts(part(2, put.e_tag()))
            .build();
        let complete = stage
            .client
            .complete_multipart_upload()
            .bucket(&stage.bucket)
            .key("new");
        let complete = complete.upload_id(id).multipart_upload(parts);
        complete.send().await.expect("a whole");
    });
    assert_eq!(stage.get("new"), [&first[..], b"other"].concat());
    let head = stage.client.head_object().bucket(&stage.bucket).key("new");
    let head = stage.runtime.block_on(head.send()).expect("a head");
    assert!(head.e_tag().expect("an etag").ends_with("-2\""));
}

#[test]
fn an_aborted_upload_is_gone() {
    let stage = Stage::any();
    stage.runtime.block_on(async {
        let create = stage
            .client
            .create_multipart_upload()
            .bucket(&stage.bucket)
            .key("x");
        let created = create.send().await.expect("an upload");
        let list = stage.client.list_multipart_uploads().bucket(&stage.bucket);
        assert_eq!(
            list.clone().send().await.expect("uploads").uploads().len(),
            1
        );
        let abort = stage
            .client
            .abort_multipart_upload()
            .bucket(&stage.bucket)
            .key("x");
        let abort = abort.set_upload_id(created.upload_id().map(str::to_owned));
        abort.send().await.expect("an abort");
        assert_eq!(list.send().await.expect("uploads").uploads().len(), 0);
    });
}

#[test]
fn a_new_object_is_not_written_over_another() {
    let stage = Stage::any();
    let put = || {
        let put = stage
            .client
            .put_object()
            .bucket(&stage.bucket)
            .key("a")
            .if_none_match("*");
        put.body(b"mine".to_vec().into()).send()
    };
    stage.runtime.block_on(put()).expect("nothing is there");
    assert_eq!(stage.refused(put()), answer(412, "PreconditionFailed"));
}
