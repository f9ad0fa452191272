//! A machine that may add and replace, in a bucket that keeps versions.

use super::gate::{Refused, guard};
use super::iam::Policy;
use super::support::client::{Keys, client, failure};
use super::support::server::{Seen, Versioning};
use super::support::wire::Op;
use super::support::world::World;
use super::{LARGE, noise};
use age::secrecy::ExposeSecret;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

const NAME: &str = "backup-only.json";

fn world(policy: impl Fn(Policy) -> Policy) -> (World, Refused, age::x25519::Identity) {
    let world = World::embedded();
    world.hand().unwrap().set_versioning(Versioning::Enabled);
    let refused = guard(&world, policy(Policy::example(NAME, world.bucket())));
    let key = age::x25519::Identity::generate();
    init(&world, &key);
    (world, refused, key)
}

fn init(world: &World, key: &age::x25519::Identity) {
    let recipient = key.to_public().to_string();
    world.init_with(&[
        "--direction",
        "push",
        "--compress",
        "6",
        "--age-recipient",
        &recipient,
    ]);
}

/// Syncs; all goes well, and nothing that is not allowed was asked for.
#[track_caller]
fn sync(world: &World, refused: &Refused) {
    world.sync();
    assert_eq!(refused.take(), [""; 0]);
}

#[test]
fn a_backup_needs_no_more() {
    let (world, refused, key) = world(|policy| policy);
    world
        .local("a", "v1")
        .local("b", "stays")
        .local("sub/c", "moves");
    sync(&world, &refused);
    world.local("a", "v2").local("large", noise(LARGE, 1));
    sync(&world, &refused);
    world.local("large", noise(LARGE, 2)).local("a", "");
    sync(&world, &refused);
    assert_eq!(world.wire().count(Op::Delete), probes(&world));

    let theirs = age::encrypt(&key.to_public(), b"foreign").unwrap();
    let meta = [("s3bsync-encoding", "age"), ("s3bsync-size", "7")];
    for name in ["a", "b"] {
        world.remote_with(name, &theirs, &meta);
    }
    world.local("b", "edited");
    sync(&world, &refused);
    for name in ["a", "b"] {
        let versions = world.hand().unwrap().versions(&format!("docs/{name}"));
        let is_kept = |it: &Seen| !it.is_current && it.bytes.as_deref() == Some(&theirs[..]);
        assert!(versions.iter().any(is_kept), "{name}: {versions:?}");
    }
    world.expect_nothing_kept();

    let objects = world.hand().unwrap().keys();
    world.remove("b");
    sync(&world, &refused);
    assert_eq!(world.hand().unwrap().keys(), objects);
    world.rename("sub/c", "sub/d");
    sync(&world, &refused);
    world.local("b", "back again");
    sync(&world, &refused);
    world.remove_remote("sub/d");
    sync(&world, &refused);
    world.expect_idle();

    std::fs::remove_file(world.state_file()).unwrap();
    init(&world, &key);
    sync(&world, &refused);
    world.wire().forget();
    world.run(&["edit", "root", "--reencode"]).expect_code(0);
    assert!(world.wire().count(Op::Put) > 2, "all is sent anew");
    assert_eq!(refused.take(), [""; 0]);
    expect_restored(&world, &key);
    assert_eq!(refused.take(), [""; 0]);
}

/// How many requests the probe deletes with.
fn probes(world: &World) -> usize {
    let log = world.wire().log();
    log.iter()
        .filter(|it| it.op == Op::Delete && it.key.contains("/.s3bsync/probe-"))
        .count()
}

/// Who has the key has all of it.
#[track_caller]
fn expect_restored(world: &World, key: &age::x25519::Identity) {
    let other = world.machine("b");
    let file = other.home().join("key");
    std::fs::write(&file, key.to_string().expose_secret()).unwrap();
    let settings = [
        "--direction",
        "pull",
        "--age-identity",
        file.to_str().unwrap(),
    ];
    other.init_with(&settings).sync();
    for (name, _) in world.tree() {
        other.expect_local(&name, world.read(&name).unwrap());
    }
}

#[test]
fn a_backup_works_where_nothing_at_all_may_be_deleted() {
    let (world, refused, _) = world(|policy| policy.without("s3:DeleteObject"));
    world
        .local("a", "v1")
        .local("large", noise(LARGE, 1))
        .sync();
    let tried = refused.take();
    let is_probe = |words: &String| words.contains("/.s3bsync/probe-");
    assert!(
        !tried.is_empty() && tried.iter().all(is_probe),
        "{tried:#?}"
    );
    world.local("a", "v2").local("large", noise(LARGE, 2));
    world.remote("b", "foreign").sync();
    world.expect_idle();
    assert_eq!(refused.take(), [""; 0]);
}

#[test]
fn whoever_takes_the_machine_can_destroy_nothing() {
    let (world, refused, _) = world(|policy| policy);
    world.local("a", "v1");
    sync(&world, &refused);
    world.remote(".s3bsync/recovery/r/a", "kept");
    let hand = world.hand().unwrap();
    let version = hand.versions("docs/a")[0].version.clone();
    hand.put("other/x", "no business of this machine");
    let before = hand
        .all_keys()
        .iter()
        .map(|key| hand.versions(key))
        .collect::<Vec<_>>();

    let client = client(&world.wire().endpoint(), &Keys::embedded());
    let bucket = world.bucket();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut tried = 0;
    macro_rules! refused {
        ($request:expr) => {
            let sent = runtime.block_on($request.bucket(bucket).send());
            let (status, code) = failure(&sent.unwrap_err());
            // The answer to HEAD has no body to tell a code.
            assert!(status == 403 && (code == "AccessDenied" || code.is_empty()));
            tried += 1;
        };
    }
    for key in ["docs/a", "docs/.s3bsync/recovery/r/a", "other/x"] {
        refused!(client.delete_object().key(key));
        refused!(client.delete_object().key(key).if_match("*"));
        refused!(client.delete_object().key(key).version_id(&version));
        refused!(client.get_object().key(key).version_id(&version));
        let named = |builder: aws_sdk_s3::types::builders::ObjectIdentifierBuilder| {
            let named = builder.key(key).build().unwrap();
            Delete::builder().objects(named).build().unwrap()
        };
        refused!(
            client
                .delete_objects()
                .delete(named(ObjectIdentifier::builder()))
        );
        let version = ObjectIdentifier::builder().version_id(&version);
        refused!(client.delete_objects().delete(named(version)));
    }
    refused!(client.put_object().key("other/x"));
    refused!(client.get_object().key("other/x"));
    refused!(client.head_object().key("other/x"));
    refused!(
        client
            .copy_object()
            .key("docs/x")
            .copy_source(format!("{bucket}/other/x"))
    );
    refused!(client.list_objects_v2());
    refused!(client.list_objects_v2().prefix("other/"));
    refused!(client.list_object_versions().prefix("docs/"));
    refused!(client.head_bucket());
    let suspended = aws_sdk_s3::types::VersioningConfiguration::builder()
        .status(aws_sdk_s3::types::BucketVersioningStatus::Suspended)
        .build();
    refused!(
        client
            .put_bucket_versioning()
            .versioning_configuration(suspended)
    );
    refused!(client.delete_bucket());
    assert_eq!(refused.take().len(), tried);
    let after = hand
        .all_keys()
        .iter()
        .map(|key| hand.versions(key))
        .collect::<Vec<_>>();
    assert_eq!(after, before);
}
