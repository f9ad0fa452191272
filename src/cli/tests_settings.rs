//! Every map setting lands in its field; those that no map can have are refused.

use super::tests::{init, refused, run};
use super::{Misuse, Settings};
use crate::state::{Addressing, ConflictPolicy, Direction, KeepSize, Limit, Recursion};

#[test]
fn map_settings_land_in_their_fields() {
    let map = |settings: &str| {
        let mut init = init(&format!("--dir /d s3://bucket/p {settings}"));
        init.add.remove(0)
    };
    let plain = map("");
    assert_eq!(
        (plain.path.as_str(), plain.dest.bucket.as_str()),
        ("/d", "bucket")
    );
    assert_eq!(plain.dest.prefix, "p");
    assert_eq!(plain.settings, Settings::default());
    let set = |settings: &str| map(settings).settings;
    assert_eq!(set("--name n").name.as_deref(), Some("n"));
    assert_eq!(set("--no-recursive").recursion, Some(Recursion::TopOnly));
    let endpoint = set("--endpoint-url http://h:1").access.endpoint;
    assert_eq!(endpoint.as_deref(), Some("http://h:1"));
    assert_eq!(set("--region r").access.region.as_deref(), Some("r"));
    assert_eq!(set("--profile p").access.profile.as_deref(), Some("p"));
    assert_eq!(set("--path-style").access.addressing, Addressing::Path);
    assert_eq!(set("--storage-class C").storage_class.as_deref(), Some("C"));
    assert_eq!(set("--keep 0").keep_days, Some(0));
    let size = set("--keep-size 5%").keep_size;
    assert_eq!(size, Some(KeepSize::Percent(5)));
    let most = set("--max-replace 7").max_replace;
    assert_eq!(most, Some(Some(Limit::Count(7))));
    assert_eq!(set("--max-replace off").max_replace, Some(None));
    for level in [0, 6, 11] {
        assert_eq!(set(&format!("--compress {level}")).gzip_level, Some(level));
    }
    for (word, policy) in [
        ("newer", ConflictPolicy::Newer),
        ("keep-both", ConflictPolicy::KeepBoth),
        ("local", ConflictPolicy::Local),
        ("remote", ConflictPolicy::Remote),
        ("ask", ConflictPolicy::Ask),
    ] {
        assert_eq!(set(&format!("--conflict {word}")).conflict, Some(policy));
    }
    for (words, direction) in [
        ("both", Direction::Both),
        ("push", Direction::Push),
        ("push --delete", Direction::PushMirror),
        ("pull", Direction::Pull),
        ("pull --delete", Direction::PullMirror),
    ] {
        let direction = Some(direction);
        assert_eq!(set(&format!("--direction {words}")).direction, direction);
    }
}

/// Two recipients that are such, whoever checks them.
const ALICE: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const BOB: &str = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";

#[test]
fn recipients_and_their_files_land_in_their_fields() {
    let age = |words: &str| {
        let mut init = init(&format!("--dir /d s3://bucket {words}"));
        init.add.remove(0).settings.age
    };
    let several = age(&format!("--age-recipient {ALICE} --age-recipient {BOB}"));
    assert_eq!(several.recipients, [ALICE, BOB]);
    let files = age("--age-recipients-file /etc/r --age-identity /etc/i");
    assert_eq!(files.recipients_file.as_deref(), Some("/etc/r"));
    assert_eq!(files.identity_file.as_deref(), Some("/etc/i"));
    let run = run("--age-passphrase-command pass");
    assert_eq!(run.passphrase_command.as_deref(), Some("pass"));
    let many = format!(" --age-recipient {ALICE}").repeat(256);
    assert_eq!(
        refused(&format!("--init --dir /d s3://bucket{many}")),
        Misuse::TooManyRecipients(256)
    );
    let long = format!(
        "--init --dir /d s3://bucket --age-recipient age1{}",
        "a".repeat(4096)
    );
    assert!(refused(&long).to_string().contains("4100 bytes"));
}

#[test]
fn what_is_deleted_follows_a_direction() {
    for words in ["--delete", "--direction both --delete"] {
        let refused = refused(&format!("--init --dir /d s3://bucket {words}"));
        assert_eq!(refused, Misuse::Aimless, "{words}");
    }
}
