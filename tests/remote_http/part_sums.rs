//! The sums of an object's parts are believed only where they add up.

use crate::canned::{FULL, KEYS, alone, key, refusal, remote, reply, serve};
use s3_bsync::remote::PartSum;

/// Two parts of 5 and 3 bytes, as S3 tells of them.
const TWO: &str = "<Part><PartNumber>1</PartNumber><Size>5</Size>\
     <ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></Part>\
     <Part><PartNumber>2</PartNumber><Size>3</Size>\
     <ChecksumCRC64NVME>AAAAAAAAAAI=</ChecksumCRC64NVME></Part>";

fn answer(etag: &str, size: u64, parts: &str) -> Vec<u8> {
    let text = format!(
        "<?xml version=\"1.0\"?><GetObjectAttributesResponse><ETag>{etag}</ETag>\
         <ObjectParts><PartsCount>2</PartsCount>{parts}</ObjectParts>\
         <ObjectSize>{size}</ObjectSize></GetObjectAttributesResponse>"
    );
    reply(200, &[("content-type", "application/xml")], &text)
}

#[test]
fn part_sums_count_only_where_they_add_up() {
    alone(
        "part_sums::part_sums_count_only_where_they_add_up",
        KEYS,
        sums(),
    );
}

async fn sums() {
    let etag = "0123456789abcdef0123456789abcdef-2";
    let object = [
        ("content-type", "application/octet-stream"),
        ("etag", "\"0123456789abcdef0123456789abcdef-2\""),
    ];
    let one = TWO.split("</Part>").next().unwrap_or_default();
    let one = format!("{one}</Part>");
    let unsummed = TWO.replace("ChecksumCRC64NVME", "ChecksumSHA256");
    for (found, told) in [
        (answer(etag, 8, TWO), true),
        (answer("other-2", 8, TWO), false),
        (answer(etag, 9, TWO), false),
        (answer(etag, 8, &one), false),
        (answer(etag, 8, &unsummed), false),
        (answer(etag, 8, ""), false),
        (reply(200, &object, "the object itself"), false),
        (reply(200, &[], &"long".repeat(1 << 19)), false),
        (reply(200, &[], "no XML"), false),
        (refusal(501, "NotImplemented"), false),
        (refusal(403, "AccessDenied"), false),
    ] {
        let (endpoint, log) = serve(move |_, log| match log[log.len() - 1].method.as_str() {
            "HEAD" => reply(
                200,
                &[("etag", &format!("\"{etag}\"")), ("content-length", "8")],
                "",
            ),
            _ => found.clone(),
        });
        let remote = remote(&endpoint, FULL).await;
        let head = remote.head(&key("a")).await.unwrap().unwrap();
        let parts = remote.part_sums(&key("a"), &head).await;
        let wanted = [(5, 1), (3, 2)].map(|(size_bytes, crc64)| PartSum { size_bytes, crc64 });
        let asked = log.lock().unwrap();
        let path = &asked[asked.len() - 1].path;
        assert!(path.contains("attributes"), "{path}");
        assert_eq!(parts.as_deref(), told.then_some(&wanted[..]), "{path}");
    }
}
