//! Multipart uploads, as Amazon has them.

use crate::{MIB, Stage, answer};
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};
use base64::Engine;

fn crc64(bytes: &[u8]) -> String {
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    base64::engine::general_purpose::STANDARD.encode(crc.to_be_bytes())
}

/// Begins an upload of `key` with CRC64NVME and sends these parts, numbered from 1.
fn sent(stage: &Stage, key: &str, parts: &[&[u8]]) -> (String, Vec<CompletedPart>) {
    stage.runtime.block_on(async {
        let create = stage
            .client
            .create_multipart_upload()
            .bucket(&stage.bucket)
            .key(key);
        let create = create
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .metadata("mtime", "1");
        let id = create
            .send()
            .await
            .expect("an upload")
            .upload_id
            .expect("an id");
        let mut completed = Vec::new();
        for (n, bytes) in (1..).zip(parts) {
            let part = stage
                .client
                .upload_part()
                .bucket(&stage.bucket)
                .key(key)
                .upload_id(&id);
            let part = part.part_number(n).checksum_crc64_nvme(crc64(bytes));
            let part = part
                .body(bytes.to_vec().into())
                .send()
                .await
                .expect("a part");
            let done = CompletedPart::builder()
                .part_number(n)
                .set_e_tag(part.e_tag);
            completed.push(done.build());
        }
        (id, completed)
    })
}

fn complete(
    stage: &Stage,
    key: &str,
    id: &str,
    parts: Vec<CompletedPart>,
) -> CompleteMultipartUploadFluentBuilder {
    let parts = CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build();
    let complete = stage
        .client
        .complete_multipart_upload()
        .bucket(&stage.bucket)
        .key(key);
    complete.upload_id(id).multipart_upload(parts)
}

#[test]
fn the_whole_has_the_parts_etag_and_the_bytes_checksum() {
    let stage = Stage::own();
    let (first, last) = (vec![1; 5 * MIB], vec![2; 3]);
    let (id, parts) = sent(&stage, "big", &[&first, &last]);
    assert_eq!(
        stage.hand().pending_uploads(),
        [("big".to_owned(), id.clone())]
    );
    assert_eq!(
        stage.hand().keys(),
        Vec::<String>::new(),
        "nothing is visible before"
    );
    let whole = [&first[..], &last].concat();
    let size = i64::try_from(whole.len()).expect("small");
    let wrong_size = complete(&stage, "big", &id, parts.clone()).mpu_object_size(size + 1);
    assert_eq!(
        stage.refused(wrong_size.send()),
        answer(400, "InvalidRequest")
    );
    let wrong_sum = complete(&stage, "big", &id, parts.clone())
        .checksum_type(ChecksumType::FullObject)
        .checksum_crc64_nvme(crc64(b"other"));
    assert_eq!(stage.refused(wrong_sum.send()), answer(400, "BadDigest"));
    let right = complete(&stage, "big", &id, parts.clone())
        .mpu_object_size(size)
        .checksum_type(ChecksumType::FullObject)
        .checksum_crc64_nvme(crc64(&whole));
    let done = stage.runtime.block_on(right.send()).expect("a whole");
    assert_eq!(done.checksum_crc64_nvme(), Some(&crc64(&whole)[..]));
    assert_eq!(stage.get("big"), whole);
    let head = stage.client.head_object().bucket(&stage.bucket).key("big");
    let head = head.checksum_mode(ChecksumMode::Enabled).send();
    let head = stage.runtime.block_on(head).expect("a head");
    assert_eq!(head.checksum_crc64_nvme(), Some(&crc64(&whole)[..]));
    assert_eq!(head.checksum_type(), Some(&ChecksumType::FullObject));
    assert!(head.e_tag().expect("an etag").ends_with("-2\""));
    let again = complete(&stage, "big", &id, parts);
    assert_eq!(stage.refused(again.send()), answer(404, "NoSuchUpload"));
    assert_eq!(stage.hand().pending_uploads(), []);
}

#[test]
fn a_copy_of_it_has_the_md5_of_its_bytes() {
    let stage = Stage::own();
    let (id, parts) = sent(&stage, "big", &[b"hello"]);
    stage
        .runtime
        .block_on(complete(&stage, "big", &id, parts).send())
        .expect("a whole");
    let copy = stage.client.copy_object().bucket(&stage.bucket).key("copy");
    let copy = copy.copy_source(format!("{}/big", stage.bucket)).send();
    stage.runtime.block_on(copy).expect("a copy");
    let seen = stage.hand().get("copy").expect("the copy");
    assert_eq!(seen.etag, "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(seen.meta["mtime"], "1");
    assert!(
        stage
            .hand()
            .get("big")
            .expect("the source")
            .etag
            .ends_with("-1")
    );
}

#[test]
fn conditions_hold_at_completion() {
    let stage = Stage::own();
    let (id, parts) = sent(&stage, "a", &[b"mine"]);
    stage.hand().put("a", "theirs");
    let create = complete(&stage, "a", &id, parts.clone()).if_none_match("*");
    assert_eq!(
        stage.refused(create.send()),
        answer(412, "PreconditionFailed")
    );
    let replace = complete(&stage, "a", &id, parts.clone()).if_match("\"0\"");
    assert_eq!(
        stage.refused(replace.send()),
        answer(412, "PreconditionFailed")
    );
    assert_eq!(stage.get("a"), b"theirs");
    let etag = stage.hand().get("a").expect("theirs").etag;
    stage.hand().delete("a");
    let replace = complete(&stage, "a", &id, parts.clone()).if_match(etag);
    assert_eq!(stage.refused(replace.send()), answer(404, "NoSuchKey"));
    let create = complete(&stage, "a", &id, parts).if_none_match("*");
    let conflict = stage.refused(create.send());
    assert_eq!(
        conflict,
        answer(409, "ConditionalRequestConflict"),
        "removed meanwhile"
    );
}

#[test]
fn parts_have_rules() {
    let stage = Stage::own();
    let (id, parts) = sent(&stage, "a", &[b"small", b"last"]);
    let refused =
        |parts: Vec<CompletedPart>| stage.refused(complete(&stage, "a", &id, parts).send());
    assert_eq!(refused(parts.clone()), answer(400, "EntityTooSmall"));
    let backwards = parts.iter().rev().cloned().collect();
    assert_eq!(refused(backwards), answer(400, "InvalidPartOrder"));
    let missing = vec![CompletedPart::builder().part_number(7).e_tag("0").build()];
    assert_eq!(refused(missing), answer(400, "InvalidPart"));
    let wrong = stage
        .client
        .upload_part()
        .bucket(&stage.bucket)
        .key("a")
        .upload_id(&id);
    let wrong = wrong
        .part_number(1)
        .checksum_crc32("AAAAAA==")
        .body(Vec::new().into());
    assert_eq!(
        stage.refused(wrong.send()),
        answer(400, "InvalidRequest"),
        "another algorithm"
    );
}

#[test]
fn parts_can_be_copied_under_a_condition() {
    let stage = Stage::own();
    stage.hand().put("old", vec![7; 6 * MIB]);
    let (id, _) = sent(&stage, "new", &[]);
    let copy = || {
        let copy = stage
            .client
            .upload_part_copy()
            .bucket(&stage.bucket)
            .key("new");
        let copy = copy.upload_id(&id).part_number(1);
        copy.copy_source(format!("{}/old", stage.bucket))
    };
    let outdated = copy().copy_source_if_match("\"0\"").send();
    assert_eq!(stage.refused(outdated), answer(412, "PreconditionFailed"));
    let beyond = copy()
        .copy_source_range(format!("bytes=0-{}", 6 * MIB))
        .send();
    assert_eq!(stage.refused(beyond), answer(416, "InvalidRange"));
    let right = copy()
        .copy_source_range(format!("bytes=0-{}", 5 * MIB - 1))
        .send();
    let copied = stage
        .runtime
        .block_on(right)
        .expect("a part")
        .copy_part_result;
    let copied = copied.expect("a result");
    assert_eq!(
        copied.checksum_crc64_nvme(),
        Some(&crc64(&vec![7; 5 * MIB])[..])
    );
}

#[test]
fn an_object_is_dated_from_the_beginning_of_its_upload() {
    let stage = Stage::own();
    let (id, parts) = sent(&stage, "a", &[b"x"]);
    stage.hand().age_uploads(3_600_000);
    stage.hand().put("b", "now");
    stage
        .runtime
        .block_on(complete(&stage, "a", &id, parts).send())
        .expect("a whole");
    let modified = |key: &str| stage.hand().get(key).expect("an object").modified_ms;
    assert!(modified("b") - modified("a") > 3_000_000);
}
