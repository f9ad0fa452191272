//! A listing is complete or an error.

use crate::canned::{FULL, KEYS, alone, key, refusal, remote, reply, serve};
use s3_bsync::remote::{Error, Kind, Listed, Readability, Remote};
use std::fmt::Write;

fn entry(name: &str) -> String {
    sized(name, 7, "")
}

fn sized(name: &str, size: i64, more: &str) -> String {
    format!(
        "<Contents><Key>{name}</Key><LastModified>2026-11-20T23:00:00.123Z</LastModified>\
         <ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag><Size>{size}</Size>{more}</Contents>"
    )
}

fn page(entries: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><Prefix>p/</Prefix>{more}{entries}\
         </ListBucketResult>"
    )
}

fn last(entries: &str) -> String {
    page(entries, "<IsTruncated>false</IsTruncated>")
}

fn goes_on(entries: &str, token: &str) -> String {
    page(
        entries,
        &format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
        ),
    )
}

async fn all(remote: &Remote, cuts: &[&str]) -> Result<Vec<Listed>, Error> {
    let cuts: Vec<_> = cuts.iter().map(|cut| key(cut)).collect();
    let mut listing = remote.list(&cuts);
    let mut found = Vec::new();
    loop {
        match listing.next().await {
            Ok(Some(batch)) => found.extend(batch),
            Ok(None) => return Ok(found),
            Err(error) => {
                let again = listing.next().await;
                assert!(again.is_err(), "a failed listing ended well: {again:?}");
                return Err(error);
            }
        }
    }
}

fn shown(listed: &[Listed]) -> Vec<String> {
    listed
        .iter()
        .map(|entry| match entry {
            Listed::Object { key, .. } => key.as_str().to_owned(),
            Listed::Hidden { name, why } => format!("{name}: {why:?}"),
        })
        .collect()
}

#[test]
fn an_answer_that_cannot_be_believed_fails_the_listing() {
    alone(
        "listing::an_answer_that_cannot_be_believed_fails_the_listing",
        KEYS,
        hostile(),
    );
}

async fn hostile() {
    let (a, b) = (entry("p/a"), entry("p/b"));
    let good = last(&format!("{a}{b}"));
    let cases: Vec<(&str, Vec<String>)> = vec![
        (
            "repeats a continuation token",
            vec![goes_on(&a, "t"), goes_on(&b, "t")],
        ),
        ("out of order", vec![last(&format!("{b}{a}"))]),
        ("out of order", vec![last(&format!("{a}{a}"))]),
        ("out of order", vec![goes_on(&b, "t"), last(&a)]),
        ("out of order", vec![goes_on(&a, "t"), goes_on(&a, "u")]),
        ("outside the prefix", vec![last(&entry("q/a"))]),
        ("outside the prefix", vec![last(&entry("p2/a"))]),
        (
            "without a token",
            vec![page(&a, "<IsTruncated>true</IsTruncated>")],
        ),
        ("without a token", vec![goes_on(&a, "")]),
        ("whether it is the last", vec![page(&a, "")]),
        ("another prefix", vec![last("").replace("p/", "q/")]),
        ("no key", vec![last(&a.replace("<Key>p/a</Key>", ""))]),
        ("no ETag", vec![last(&a.replace("ETag>", "Tag>"))]),
        ("no size", vec![last(&a.replace("Size>", "Sice>"))]),
        ("no time", vec![last(&a.replace("LastModified>", "Time>"))]),
        ("negative", vec![last(&sized("p/a", -1, ""))]),
        // The SDK reports success for the last three, with the entries before the fault.
        ("malformed", vec![good.replace("p/b", "p/\u{1}b")]),
        (
            "malformed",
            vec![good.replace("</Contents><Contents>", "</Contents><<Contents>")],
        ),
        ("malformed", vec![good[..good.len() - 40].to_owned()]),
        ("malformed", vec![good.replace("</ListBucketResult>", "")]),
    ];
    for (why, pages) in cases {
        let text = format!("{pages:?}");
        let (endpoint, _) = serve(move |at, _| reply(200, &[], &pages[at.min(pages.len() - 1)]));
        let error = all(&remote(&endpoint, FULL).await, &[]).await.unwrap_err();
        match error.kind {
            Kind::BadListing(found) => assert!(found.contains(why), "{found}, not {why}: {text}"),
            kind => panic!("{kind:?} for {text}"),
        }
        assert!(error.is_fatal());
    }
    // What the SDK itself refuses, and what ends a listing in the middle.
    for second in [
        refusal(403, "AccessDenied"),
        refusal(404, "NoSuchBucket"),
        reply(200, &[], "<html>sign in</html>"),
        reply(200, &[], ""),
        reply(200, &[], "<Error><Code>AccessDenied</Code></Error>"),
    ] {
        let first = reply(200, &[], &goes_on(&a, "t"));
        let text = String::from_utf8_lossy(&second).into_owned();
        let (endpoint, _) = serve(move |at, _| if at == 0 { &first } else { &second }.clone());
        let ended = all(&remote(&endpoint, FULL).await, &[]).await;
        assert!(ended.is_err(), "{text}");
    }
}

#[test]
fn pages_are_read_in_order_with_one_request_each() {
    alone(
        "listing::pages_are_read_in_order_with_one_request_each",
        KEYS,
        pages(),
    );
}

async fn pages() {
    let glacier = "<StorageClass>GLACIER</StorageClass>";
    let thawing = |text: &str| format!("{glacier}<RestoreStatus>{text}</RestoreStatus>");
    let going = thawing("<IsRestoreInProgress>true</IsRestoreInProgress>");
    let back = thawing(
        "<IsRestoreInProgress>false</IsRestoreInProgress>\
         <RestoreExpiryDate>2026-12-01T00:00:00Z</RestoreExpiryDate>",
    );
    let wide = "x".repeat(256);
    let first = [
        sized("p/", 0, ""),
        entry("p/.s3bsync/marker"),
        entry("p/%00"),
        entry("p/%1B%5B2J%2F%2Fx"),
        entry("p/../x"),
        entry("p//x"),
        entry("p/a+b%2Bc"),
        sized("p/d/", 0, ""),
        entry("p/d/%C3%A9"),
        entry("p/d/%FF"),
        entry("p/e/"),
    ];
    // As S3 would sort them.
    let mut first = first.to_vec();
    first.sort_by_key(|text| {
        let name = text
            .split("<Key>")
            .nth(1)
            .unwrap()
            .split('<')
            .next()
            .unwrap();
        percent_encoding::percent_decode_str(name).collect::<Vec<u8>>()
    });
    let second = [
        entry(&format!("p/{wide}")),
        sized("p/y1", 7, glacier),
        sized("p/y2", 7, &going),
        sized("p/y3", 7, &back),
    ];
    let encoded = "<EncodingType>url</EncodingType>";
    let pages = [
        goes_on(&first.concat(), "t1").replace("<Name>", &format!("{encoded}<Name>")),
        // This one ignores the wish for encoding.
        last(&second.concat()),
    ];
    let (endpoint, log) = serve(move |at, _| reply(200, &[], &pages[at]));
    let listed = all(&remote(&endpoint, FULL).await, &[]).await.unwrap();
    assert_eq!(
        shown(&listed),
        [
            "\\u{0}: Nul".to_owned(),
            "\\u{1b}[2J//x: EmptyComponent".to_owned(),
            "../x: DotComponent".to_owned(),
            "/x: EmptyComponent".to_owned(),
            "a b+c".to_owned(),
            "d/\u{e9}".to_owned(),
            "d/\u{fffd}: NotUtf8".to_owned(),
            "e/: EmptyComponent".to_owned(),
            format!("{wide}: LongComponent(256)"),
            "y1".to_owned(),
            "y2".to_owned(),
            "y3".to_owned(),
        ]
    );
    let states: Vec<_> = listed
        .iter()
        .rev()
        .take(3)
        .map(|entry| match entry {
            Listed::Object {
                readability, stamp, ..
            } => {
                assert_eq!(stamp.modified_ms, 1_795_215_600_123);
                *readability
            }
            Listed::Hidden { why, .. } => panic!("{why:?}"),
        })
        .collect();
    assert_eq!(
        states,
        [
            Readability::Readable,
            Readability::Restoring,
            Readability::Archived
        ]
    );
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 2);
    assert!(log[0].path.contains("prefix=p%2F"), "{}", log[0].path);
    assert!(log[1].path.contains("continuation-token=t1"));
    assert_eq!(
        log[0].header("x-amz-optional-object-attributes"),
        "RestoreStatus"
    );
}

#[test]
fn ranges_are_joined_in_order() {
    alone("listing::ranges_are_joined_in_order", KEYS, ranges());
}

/// A faithful server of two keys per page.
async fn ranges() {
    let names: Vec<String> = ('a'..='j').map(|name| format!("p/{name}")).collect();
    let (endpoint, log) = serve(move |_, requests| {
        let path = &requests[requests.len() - 1].path;
        let parameter = |name: &str| {
            let found = path
                .split(['?', '&'])
                .find_map(|pair| pair.strip_prefix(name));
            found.unwrap_or_default().replace("%2F", "/")
        };
        let after = parameter("continuation-token=").max(parameter("start-after="));
        let rest: Vec<_> = names.iter().filter(|name| **name > after).collect();
        let entries = rest.iter().take(2).fold(String::new(), |mut text, name| {
            text.write_str(&entry(name)).unwrap();
            text
        });
        let text = if rest.len() > 2 {
            goes_on(&entries, rest[1])
        } else {
            last(&entries)
        };
        reply(200, &[], &text)
    });
    let remote = remote(&endpoint, FULL).await;
    let expected: Vec<String> = ('a'..='j').map(String::from).collect();
    for (cuts, fewest, most) in [
        (&[][..], 5, 5),
        (&["f"], 5, 5),
        (&["e"], 6, 6),
        (&["a", "b", "c", "d", "e", "f", "g", "h"], 9, 10),
        (&["h", "0", "zz"], 5, 8),
    ] {
        log.lock().unwrap().clear();
        let listed = all(&remote, cuts).await.unwrap();
        assert_eq!(shown(&listed), expected, "{cuts:?}");
        let requests = log.lock().unwrap().len();
        assert!((fewest..=most).contains(&requests), "{cuts:?}: {requests}");
    }
}

#[test]
fn the_own_folder_is_stepped_over() {
    alone("listing::the_own_folder_is_stepped_over", KEYS, own());
}

async fn own() {
    let (endpoint, log) = serve(|at, _| {
        let text = if at == 0 {
            let own = format!("{}{}", entry("p/.a"), entry("p/.s3bsync/recovery/1"));
            goes_on(&own, "t1")
        } else {
            last(&entry("p/.s3bsync0"))
        };
        reply(200, &[], &text)
    });
    let listed = all(&remote(&endpoint, FULL).await, &[]).await.unwrap();
    assert_eq!(shown(&listed), [".a", ".s3bsync0"]);
    let log = log.lock().unwrap();
    let path = &log[1].path;
    assert!(
        path.contains("start-after=p%2F.s3bsync%2F%F4%8F%BF%BF"),
        "{path}"
    );
    assert!(!path.contains("continuation-token"), "{path}");
}

#[test]
fn a_server_without_restore_states_is_listed_without_them() {
    alone(
        "listing::a_server_without_restore_states_is_listed_without_them",
        KEYS,
        no_states(),
    );
}

async fn no_states() {
    let (endpoint, log) = serve(|_, requests| {
        let request = &requests[requests.len() - 1];
        if request
            .header("x-amz-optional-object-attributes")
            .is_empty()
        {
            reply(200, &[], &last(&entry("p/a")))
        } else {
            refusal(501, "NotImplemented")
        }
    });
    let remote = remote(&endpoint, FULL).await;
    for requests in [2, 3] {
        assert_eq!(shown(&all(&remote, &[]).await.unwrap()), ["a"]);
        assert_eq!(log.lock().unwrap().len(), requests);
    }
}

#[test]
fn a_page_that_is_longer_than_16_mib_is_refused() {
    alone(
        "listing::a_page_that_is_longer_than_16_mib_is_refused",
        KEYS,
        async {
            let (endpoint, log) = serve(|_, _| {
                let long = " ".repeat((16 << 20) + 1);
                reply(200, &[], &last(&format!("{}{long}", entry("p/a"))))
            });
            let remote = remote(&endpoint, FULL).await;
            let error = all(&remote, &[]).await.unwrap_err();
            assert_eq!(error.kind, Kind::BadListing("a page is too long"));
            assert_eq!(log.lock().unwrap().len(), 1, "it is not asked for again");
        },
    );
}

#[test]
fn a_listing_that_goes_on_without_end_is_an_error() {
    alone(
        "listing::a_listing_that_goes_on_without_end_is_an_error",
        KEYS,
        async {
            let (endpoint, log) = serve(|n, _| {
                let page = goes_on(&entry(&format!("p/{n:08}")), &format!("token-{n}"));
                reply(200, &[], &page)
            });
            let remote = remote(&endpoint, FULL).await;
            let error = all(&remote, &[]).await.unwrap_err();
            assert!(matches!(error.kind, Kind::BadListing(_)), "{error}");
            assert!(log.lock().unwrap().len() <= 1025);
        },
    );
}
