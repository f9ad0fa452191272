//! What goes up in an envelope comes down the same on another machine.

use crate::keys::Pair;
use crate::support::wire::Op;
use crate::support::world::World;
use crate::{noise, object, text};

/// Larger than what travels in one request, and than what fits in one part.
const LARGE: usize = (20 << 20) + 12_345;

fn there_and_back(settings: &[&str], is_encrypted: bool) {
    let world = World::new();
    let pair = Pair::new(world.home(), "key.txt");
    let age = pair.flags();
    let age = if is_encrypted { &age[..] } else { &[] };
    let settings = [age, settings].concat();
    let files = [
        ("empty", vec![]),
        ("small", text(10_000)),
        ("one", b"x".to_vec()),
        ("deep/er/noise", noise(50_000, 1)),
        ("large text", text(LARGE)),
        ("large noise", noise(LARGE, 2)),
    ];
    for (name, bytes) in &files {
        world.local(name, bytes);
    }
    world.init_with(&settings).sync().expect_idle();
    let other = world.machine("b");
    other.init_with(&settings).sync().expect_idle();
    for (name, bytes) in &files {
        other.expect_local(name, bytes);
        assert_eq!(other.mtime_ns(name), world.mtime_ns(name), "{name}");
        let stored = object(&world, name);
        assert!(pair.unwrap(&stored) == *bytes, "{name}");
        let chain = stored.meta.get("s3bsync-encoding").map(String::as_str);
        assert_eq!(
            chain.is_some_and(|chain| chain.ends_with("age")),
            is_encrypted,
            "{name}: {chain:?}"
        );
    }
    // An edit there, a deletion here.
    other.local("small", "edited").sync();
    world.remove("one").sync();
    world.expect_local("small", "edited").expect_idle();
    other.sync().expect_no_local("one").expect_idle();
    world.expect_idle();
}

#[test]
fn compressed() {
    there_and_back(&["--compress", "6"], false);
}

#[test]
fn encrypted() {
    there_and_back(&[], true);
}

#[test]
fn compressed_and_encrypted() {
    there_and_back(&["--compress", "1"], true);
}

#[test]
fn the_hardest_levels_give_what_any_gzip_reads() {
    let world = World::new();
    let pair = Pair::new(world.home(), "key.txt");
    for level in ["10", "11"] {
        let name = format!("at {level}");
        world.local(&name, text(100_000));
        world.init_with(&["--compress", level]).sync();
        let stored = object(&world, &name);
        assert_eq!(pair.unwrap(&stored), text(100_000));
        assert!(stored.bytes.len() < 30_000);
    }
}

#[test]
fn what_does_not_shrink_is_stored_plain_in_a_map_that_only_compresses() {
    let world = World::new();
    world.local("noise", noise(100_000, 3));
    world.local("large noise", noise(LARGE, 4));
    world.local("text", text(100_000));
    world.init_with(&["--compress", "9"]).sync();
    for name in ["noise", "large noise"] {
        let stored = object(&world, name);
        assert_eq!(stored.meta.get("s3bsync-encoding"), None, "{name}");
        world.expect_remote(name, world.read(name).unwrap());
    }
    let stored = object(&world, "text");
    assert_eq!(stored.meta["s3bsync-encoding"], "gzip");
    assert_eq!(stored.meta["s3bsync-size"], "100000");
    assert_eq!(stored.bytes[..2], [0x1f, 0x8b]);
    world.expect_idle();
}

#[test]
fn a_large_file_that_shrinks_to_little_takes_one_request() {
    let world = World::new();
    world
        .local("first", "probed before")
        .init_with(&["--compress", "6"]);
    world.sync().local("log", text(LARGE));
    world.expect_requests_of_sync(&[(Op::List, 1), (Op::ListMpus, 1), (Op::Put, 1)]);
    let other = world.machine("b");
    other.init_with(&["--compress", "6"]).sync();
    other.expect_local("log", text(LARGE));
}

#[test]
fn several_recipients_can_each_open_what_is_sent() {
    let world = World::new();
    let (one, two) = (
        Pair::new(world.home(), "one"),
        Pair::new(world.home(), "two"),
    );
    let list = world.home().join("recipients");
    std::fs::write(&list, format!("# both\n{}\n", two.recipient)).unwrap();
    let list = list.to_str().unwrap();
    let flags = [
        "--age-recipient",
        &one.recipient,
        "--age-recipients-file",
        list,
    ];
    world.local("a", "for both").init_with(&flags).sync();
    for pair in [one, two] {
        assert_eq!(pair.unwrap(&object(&world, "a")), b"for both");
    }
}

#[test]
fn an_identity_alone_is_for_whom_a_map_encrypts() {
    let world = World::new();
    let pair = Pair::new(world.home(), "key.txt");
    world
        .local("a", "mine")
        .init_with(&["--age-identity", &pair.file]);
    world.sync().expect_idle();
    assert_eq!(pair.unwrap(&object(&world, "a")), b"mine");
    let other = world.machine("b");
    other.init_with(&["--age-identity", &pair.file]).sync();
    other.expect_local("a", "mine");
}

#[test]
fn a_conflict_keeps_both_in_their_envelopes() {
    let (world, pair) = crate::sealed(&["--compress", "6"]);
    world.local("a", "v1").sync();
    let other = world.machine("b");
    let age = pair.flags();
    other.init_with(&[&age[..], &["--compress", "6", "--conflict", "keep-both"]].concat());
    other.sync();
    world.local("a", "one side").sync();
    other.local("a", "other side");
    other.sync_code(0).expect_stderr("conflict a");
    world.sync().expect_idle();
    let copies: Vec<_> = world.tree().into_iter().map(|(_, text)| text).collect();
    assert!(copies.contains(&"one side".to_owned()), "{copies:?}");
    assert!(copies.contains(&"other side".to_owned()), "{copies:?}");
    assert_eq!(world.tree(), other.tree());
    for (name, text) in world.tree() {
        assert_eq!(pair.unwrap(&object(&world, &name)), text.as_bytes());
    }
}

#[test]
fn an_interrupted_download_resumes_and_opens() {
    use crate::support::wire::{Fault, When};
    let (world, pair) = crate::sealed(&[]);
    world.local("large", noise(LARGE, 5)).sync();
    let other = world.machine("b");
    let age = pair.flags();
    other.init_with(&age);
    world
        .wire()
        .fault(When::op(Op::Get).nth(2), Fault::Cut(100_000));
    other.sync().expect_local("large", noise(LARGE, 5));
    assert_eq!(world.wire().heal(), 1);
}
