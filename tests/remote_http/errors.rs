//! Every failure has its kind, and no failure shows a secret.

use crate::canned::{FULL, KEYS, alone, key, refusal, remote, reply, serve};
use s3_bsync::remote::{Kind, Network, connect};
use s3_bsync::state::Access;
use std::error::Error as _;

#[test]
fn a_bucket_is_there_or_the_reason_is_told() {
    alone(
        "errors::a_bucket_is_there_or_the_reason_is_told",
        KEYS,
        bucket(),
    );
}

async fn bucket() {
    let there = ("x-amz-bucket-region", "eu-west-1");
    let region = Some("eu-west-1".to_owned());
    for (answer, kind) in [
        (reply(404, &[], ""), Kind::NoBucket),
        (reply(403, &[], ""), Kind::Denied),
        (
            reply(301, &[there], ""),
            Kind::WrongRegion {
                region: region.clone(),
            },
        ),
        (reply(400, &[there], ""), Kind::WrongRegion { region }),
    ] {
        let (endpoint, _) = serve(move |_, _| answer.clone());
        let error = remote(&endpoint, FULL)
            .await
            .check_bucket()
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.is_fatal());
    }
    let (endpoint, log) = serve(|_, _| reply(200, &[], ""));
    remote(&endpoint, FULL).await.check_bucket().await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1);
    let signature = log[0].header("authorization");
    assert!(signature.contains("/us-east-1/s3/"), "{signature}");
}

#[test]
fn missing_credentials_are_named() {
    alone("errors::missing_credentials_are_named", &[], missing());
}

async fn missing() {
    let (endpoint, log) = serve(|_, _| reply(200, &[], ""));
    let error = remote(&endpoint, FULL)
        .await
        .check_bucket()
        .await
        .unwrap_err();
    assert_eq!(error.kind, Kind::NoCredentials, "{:?}", error.source());
    assert_eq!(log.lock().unwrap().len(), 0);
}

#[test]
fn a_failure_shows_facts_and_no_secret() {
    alone("errors::a_failure_shows_facts_and_no_secret", KEYS, shown());
}

async fn shown() {
    let (endpoint, _) = serve(|_, _| refusal(403, "AccessDenied\u{1b}[31m"));
    let remote_ = remote(&endpoint, FULL).await;
    let denied = remote_.head(&key("a")).await.unwrap_err();
    assert_eq!(
        denied.to_string(),
        "cannot look at s3://b/p/a: access denied"
    );
    let unreachable = remote("http://127.0.0.1:1", FULL).await;
    let unreachable = unreachable.check_bucket().await.unwrap_err();
    assert_eq!(unreachable.kind, Kind::Unreachable);
    for error in [denied, unreachable] {
        let mut text = format!("{error} {error:?}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &error.to_string();
            cause = error.source();
        }
        for secret in ["not-a-secret", "AKIDEXAMPLE", "Signature", "\u{1b}"] {
            assert!(!text.contains(secret), "{secret:?} in {text}");
        }
    }
}

#[test]
fn a_certificate_file_that_is_none_is_refused() {
    let environment = [KEYS, &[("AWS_CA_BUNDLE", "/dev/null")]].concat();
    alone(
        "errors::a_certificate_file_that_is_none_is_refused",
        &environment,
        async {
            let error = connect(&Access::default(), "b", &Network::default())
                .await
                .unwrap_err();
            assert_eq!(error.kind, Kind::Other);
            let cause = error.source().unwrap().to_string();
            assert_eq!(cause, "AWS_CA_BUNDLE /dev/null: no PEM certificates");
        },
    );
}

#[test]
fn what_a_server_says_is_cut_and_shows_none_of_our_keys() {
    let environment = [KEYS, &[("AWS_SESSION_TOKEN", "t0k3n-of-this-session")]].concat();
    alone(
        "errors::what_a_server_says_is_cut_and_shows_none_of_our_keys",
        &environment,
        async {
            let (endpoint, _) = serve(|_, log| {
                let headers = &log.last().unwrap();
                let echo = format!(
                    "{} {} {}",
                    headers.header("authorization"),
                    headers.header("x-amz-security-token"),
                    "x".repeat(1000)
                );
                let body = format!("<Error><Code>Odd</Code><Message>{echo}</Message></Error>");
                reply(400, &[], &body)
            });
            let remote = remote(&endpoint, FULL).await;
            let error = remote.list(&[]).next().await.unwrap_err();
            let text = format!("{error} {} {error:?}", error.source().unwrap());
            assert!(text.contains("Credential=.../"), "{text}");
            assert!(text.contains("Signature=..."), "{text}");
            for secret in ["AKIDEXAMPLE", "t0k3n"] {
                assert!(!text.contains(secret), "{text}");
            }
            assert!(!text.contains(&"x".repeat(300)), "{text}");
            assert!(text.contains("xxx..."), "{text}");
        },
    );
}
