//! A gate on the wire: what a policy does not allow is refused as S3 does it.

use super::iam::{Need, Policy};
use super::support::wire::{Exchange, Op};
use super::support::world::World;
use percent_encoding::percent_decode_str;
use std::sync::{Arc, Mutex};

/// What was refused, in words.
#[derive(Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<Vec<String>>>);

impl Refused {
    /// What was refused since it was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Lets through what the policy allows, and nothing else, from now on.
pub(crate) fn guard(world: &World, policy: Policy) -> Refused {
    let refused = Refused::default();
    let (told, hand) = (refused.clone(), world.hand().unwrap().clone());
    world.wire().gate(move |exchange, body| {
        let mut needs = needs(exchange, body);
        let reads = matches!(exchange.op, Op::Get | Op::Head);
        if reads && hand.get(&exchange.key).is_none() {
            // Whether it is there is for those to know who may list it; the key is the prefix then.
            needs.push(Need {
                prefix: Some(exchange.key.clone()),
                ..of_bucket("s3:ListBucket", exchange)
            });
        }
        if exchange.op == Op::Copy && exchange.header("x-amz-tagging-directive").is_none() {
            let (path, _) = source(exchange);
            let key = path.split_once('/').unwrap().1;
            // Tags come along by themselves, and S3 asks whether they may.
            if !hand.tags(key).is_empty() {
                needs.push(of_object("s3:GetObjectTagging", &path));
                let to = format!("{}/{}", exchange.bucket, exchange.key);
                needs.push(of_object("s3:PutObjectTagging", &to));
            }
        }
        let denied = needs.into_iter().find(|need| !policy.allows(need));
        if let Some(need) = &denied {
            let words = format!("{exchange:?} needs {} on {}", need.action, need.resource);
            told.0.lock().unwrap().push(words);
        }
        denied.is_none()
    });
    refused
}

fn of_bucket(action: &'static str, exchange: &Exchange) -> Need {
    Need {
        action,
        resource: format!("arn:aws:s3:::{}", exchange.bucket),
        prefix: None,
    }
}

fn of_object(action: &'static str, path: &str) -> Need {
    Need {
        action,
        resource: format!("arn:aws:s3:::{path}"),
        prefix: None,
    }
}

/// Everything that must be allowed for a request to go through.
fn needs(exchange: &Exchange, body: &[u8]) -> Vec<Need> {
    let bucket = |action| of_bucket(action, exchange);
    let path = format!("{}/{}", exchange.bucket, exchange.key);
    let object = |action| of_object(action, &path);
    let listing = |action| Need {
        prefix: Some(asked(&exchange.query, "prefix").unwrap_or_default()),
        ..bucket(action)
    };
    let is_version = asked(&exchange.query, "versionId").is_some();
    let version = |plain, of_version| object(if is_version { of_version } else { plain });
    let mut needs = match exchange.op {
        Op::List => vec![listing("s3:ListBucket")],
        Op::ListVersions => vec![listing("s3:ListBucketVersions")],
        Op::HeadBucket => vec![bucket("s3:ListBucket")],
        Op::ListMpus => vec![bucket("s3:ListBucketMultipartUploads")],
        Op::GetVersioning => vec![bucket("s3:GetBucketVersioning")],
        Op::PutVersioning => vec![bucket("s3:PutBucketVersioning")],
        Op::Bucket => vec![bucket("s3:*")],
        Op::Get | Op::Head => vec![version("s3:GetObject", "s3:GetObjectVersion")],
        Op::Attributes => vec![object("s3:GetObject"), object("s3:GetObjectAttributes")],
        Op::Put | Op::CreateMpu | Op::UploadPart | Op::CompleteMpu => {
            vec![object("s3:PutObject")]
        }
        Op::Copy | Op::PartCopy => {
            let (source, action) = match source(exchange) {
                (path, None) => (path, "s3:GetObject"),
                (path, Some(_)) => (path, "s3:GetObjectVersion"),
            };
            vec![object("s3:PutObject"), of_object(action, &source)]
        }
        Op::AbortMpu => vec![object("s3:AbortMultipartUpload")],
        Op::ListParts => vec![object("s3:ListMultipartUploadParts")],
        Op::Delete => vec![version("s3:DeleteObject", "s3:DeleteObjectVersion")],
        // S3 refuses the single objects; to refuse them all is good enough here.
        Op::BatchDelete => keys_within(body)
            .map(|key| of_object("s3:DeleteObject", &format!("{}/{key}", exchange.bucket)))
            .collect(),
        Op::Restore => vec![object("s3:RestoreObject")],
        Op::Tagging if body.is_empty() => vec![object("s3:GetObjectTagging")],
        Op::Tagging => vec![object("s3:PutObjectTagging")],
    };
    if exchange.header("if-match").is_some() {
        needs.push(object("s3:GetObject"));
    }
    for (header, action) in [
        ("x-amz-tagging", "s3:PutObjectTagging"),
        ("x-amz-acl", "s3:PutObjectAcl"),
        ("x-amz-object-lock-mode", "s3:PutObjectRetention"),
        (
            "x-amz-bypass-governance-retention",
            "s3:BypassGovernanceRetention",
        ),
    ] {
        if exchange.header(header).is_some() {
            needs.push(object(action));
        }
    }
    needs
}

/// Bucket and key that a copy is made of, and the version.
fn source(exchange: &Exchange) -> (String, Option<String>) {
    let header = exchange.header("x-amz-copy-source").unwrap();
    let header = header.trim_start_matches('/');
    let (path, version) = match header.split_once("?versionId=") {
        Some((path, version)) => (path, Some(version.to_owned())),
        None => (header, None),
    };
    let path = percent_decode_str(path).decode_utf8().unwrap();
    (path.into_owned(), version)
}

/// A parameter of a query.
fn asked(query: &str, name: &str) -> Option<String> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|pair| pair.0 == name)?;
    let spaced = value.replace('+', " ");
    Some(
        percent_decode_str(&spaced)
            .decode_utf8()
            .unwrap()
            .into_owned(),
    )
}

/// The keys that a batch deletes; no test has one that XML escapes.
fn keys_within(body: &[u8]) -> impl Iterator<Item = String> {
    let text = str::from_utf8(body).unwrap().to_owned();
    let keys: Vec<_> = text
        .split("<Key>")
        .skip(1)
        .map(|rest| rest.split("</Key>").next().unwrap().to_owned())
        .collect();
    assert!(!keys.is_empty() && !keys.iter().any(|key| key.contains('&')));
    keys.into_iter()
}
