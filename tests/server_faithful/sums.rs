//! Checksums: verified on the way in, given back on the way out.

use crate::{Stage, answer};
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder as Put;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ObjectAttributes};

const HELLO_CRC64: &str = "M3eFcAZSQlc=";

fn put(stage: &Stage) -> Put {
    let put = stage.client.put_object().bucket(&stage.bucket).key("a");
    put.body(ByteStream::from_static(b"hello"))
}

#[test]
fn a_wrong_checksum_is_refused_and_nothing_is_written() {
    let stage = Stage::own();
    stage.put("a", b"old");
    for wrong in [
        put(&stage).checksum_crc32("AAAAAA=="),
        put(&stage).checksum_crc32_c("AAAAAA=="),
        put(&stage).checksum_crc64_nvme("AAAAAAAAAAA="),
        put(&stage).checksum_sha1("AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        put(&stage).content_md5("AAAAAAAAAAAAAAAAAAAAAA=="),
    ] {
        assert_eq!(stage.refused(wrong.send()), answer(400, "BadDigest"));
    }
    assert_eq!(stage.get("a"), b"old");
}

#[test]
fn every_algorithm_is_kept_and_given_back() {
    let stage = Stage::own();
    let head = || {
        let head = stage.client.head_object().bucket(&stage.bucket).key("a");
        let head = head.checksum_mode(ChecksumMode::Enabled).send();
        stage.runtime.block_on(head).expect("a head")
    };
    let send = |put: Put| stage.runtime.block_on(put.send()).expect("a put");
    send(put(&stage).checksum_algorithm(ChecksumAlgorithm::Crc32));
    assert_eq!(head().checksum_crc32(), Some("NhCmhg=="));
    send(put(&stage).checksum_algorithm(ChecksumAlgorithm::Crc32C));
    assert_eq!(head().checksum_crc32_c(), Some("mnG7TA=="));
    send(put(&stage).checksum_algorithm(ChecksumAlgorithm::Sha1));
    assert_eq!(head().checksum_sha1(), Some("qvTGHdzF6KLavt4PO0gs2a6pQ00="));
    send(put(&stage).checksum_algorithm(ChecksumAlgorithm::Sha256));
    let sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    assert_eq!(head().checksum_sha256(), Some(sha256));
    send(put(&stage).checksum_crc64_nvme(HELLO_CRC64));
    assert_eq!(head().checksum_crc64_nvme(), Some(HELLO_CRC64));
    let plain = stage
        .client
        .head_object()
        .bucket(&stage.bucket)
        .key("a")
        .send();
    let plain = stage.runtime.block_on(plain).expect("a head");
    assert_eq!(plain.checksum_crc64_nvme(), None, "only when asked for");
}

#[test]
fn a_streamed_body_brings_its_checksum_in_a_trailer() {
    let stage = Stage::own();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), vec![b'x'; 200_000]).expect("written");
    let body = stage
        .runtime
        .block_on(ByteStream::from_path(file.path()))
        .expect("a body");
    let put = put(&stage)
        .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
        .body(body);
    stage.runtime.block_on(put.send()).expect("a put");
    let sent = stage.wire.log().pop().expect("a request");
    assert_eq!(
        sent.header("x-amz-trailer"),
        Some("x-amz-checksum-crc64nvme")
    );
    let seen = stage.hand().get("a").expect("an object");
    assert_eq!(seen.bytes.map(|b| b.len()), Some(200_000));
    assert_eq!(
        seen.headers.get("content-encoding"),
        None,
        "aws-chunked is not kept"
    );
}

#[test]
fn attributes_tell_it_without_the_bytes() {
    let stage = Stage::own();
    stage.hand().put("a", "hello");
    let ask = stage
        .client
        .get_object_attributes()
        .bucket(&stage.bucket)
        .key("a");
    let ask = ask
        .object_attributes(ObjectAttributes::Checksum)
        .object_attributes(ObjectAttributes::ObjectSize)
        .send();
    let told = stage.runtime.block_on(ask).expect("attributes");
    assert_eq!(told.object_size(), Some(5));
    let sums = told.checksum().expect("checksums");
    assert_eq!(sums.checksum_crc64_nvme(), Some(HELLO_CRC64));
    assert_eq!(told.e_tag(), None, "only what was asked for");
}
