//! What cannot be opened or may not be taken: a clear word, nothing overwritten, nothing deleted.

use crate::keys::{Pair, gzip};
use crate::sealed;
use crate::support::world::World;

/// A changed object that must be refused, and what is said about it. The local file stays, the
/// object stays, nothing is kept aside, and the rest goes on.
#[track_caller]
fn is_refused(world: &World, bytes: &[u8], meta: &[(&str, &str)], said: &str) {
    for name in ["known", "fresh"] {
        world.remote_with(name, bytes, meta);
    }
    world.local("other", said);
    let run = world.sync_code(1);
    run.expect_stderr(said)
        .expect_stderr("known: ")
        .expect_stderr("fresh: ");
    world.expect_local("known", "v1").expect_no_local("fresh");
    world
        .expect_remote("known", bytes)
        .expect_remote("fresh", bytes);
    world.expect_nothing_kept();
    assert!(world.object("other").is_some(), "the rest goes on");
    assert_eq!(temps(world), Vec::<String>::new());
    world.remove("known");
    world.sync_code(1).expect_stderr("known: ");
    world.expect_remote("known", bytes).expect_no_local("known");
}

/// Temporary files that were left behind.
fn temps(world: &World) -> Vec<String> {
    let names = world.tree().into_iter().map(|(name, _)| name);
    names
        .filter(|name| !["known", "other", "zz"].contains(&name.as_str()))
        .collect()
}

fn agreed() -> (World, Pair) {
    let (world, pair) = sealed(&[]);
    world.local("known", "v1").sync();
    (world, pair)
}

const AGE: &[(&str, &str)] = &[("s3bsync-encoding", "age"), ("s3bsync-size", "6")];
const GZIP_AGE: &[(&str, &str)] = &[("s3bsync-encoding", "gzip+age"), ("s3bsync-size", "6")];

#[test]
fn an_object_for_somebody_else() {
    let (world, _pair) = agreed();
    let stranger = Pair::new(world.home(), "stranger");
    is_refused(
        &world,
        &stranger.seal(b"secret"),
        AGE,
        "none of the map's age identities",
    );
}

#[test]
fn an_object_that_was_cut_off() {
    let (world, pair) = agreed();
    let bytes = pair.seal(b"secret");
    is_refused(
        &world,
        &bytes[..bytes.len() - 1],
        AGE,
        "damaged: it does not decrypt",
    );
    let (world, pair) = agreed();
    let bytes = pair.seal(b"secret");
    is_refused(&world, &bytes[..100], AGE, "the object is cut off");
}

#[test]
fn an_object_with_a_rotten_bit() {
    let (world, pair) = agreed();
    let mut bytes = pair.seal(b"secret");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    is_refused(&world, &bytes, AGE, "damaged: it does not decrypt");
}

#[test]
fn an_object_that_holds_more_than_it_says() {
    let (world, pair) = agreed();
    let bomb = pair.seal(&gzip(&vec![0; 30_000_000]));
    is_refused(&world, &bomb, GZIP_AGE, "more than the 6 bytes");
}

#[test]
fn an_object_that_holds_less_than_it_says() {
    let (world, pair) = agreed();
    is_refused(
        &world,
        &pair.seal(b"short"),
        AGE,
        "holds 5 bytes, its metadata says 6",
    );
}

#[test]
fn a_compressed_object_of_unknown_size() {
    let (world, pair) = agreed();
    let meta = [("s3bsync-encoding", "gzip+age")];
    is_refused(
        &world,
        &pair.seal(&gzip(b"secret")),
        &meta,
        "does not say how many bytes",
    );
}

#[test]
fn an_object_that_is_no_age_file() {
    let (world, _pair) = agreed();
    is_refused(&world, b"secret", AGE, "no age file");
}

#[test]
fn an_object_of_an_unknown_encoding() {
    let (world, _pair) = agreed();
    is_refused(
        &world,
        b"secret",
        &[("s3bsync-encoding", "rot13")],
        "does not know",
    );
}

#[test]
fn a_plain_object_in_an_encrypted_map() {
    let (world, _pair) = agreed();
    is_refused(
        &world,
        b"secret",
        &[],
        "is plain, and the map takes encrypted objects only",
    );
}

#[test]
fn a_compressed_object_in_an_encrypted_map() {
    let (world, _pair) = agreed();
    let meta = [("s3bsync-encoding", "gzip"), ("s3bsync-size", "6")];
    is_refused(
        &world,
        &gzip(b"secret"),
        &meta,
        "is gzip, and the map takes encrypted",
    );
}

#[test]
fn an_encrypted_object_in_a_plain_map() {
    let world = World::agreed(&[("known", "v1")]);
    let pair = Pair::new(world.home(), "key.txt");
    is_refused(
        &world,
        &pair.seal(b"secret"),
        AGE,
        "is age, and the map has no age identity",
    );
}

#[test]
fn a_file_that_is_the_same_in_the_clear_is_not_agreed_on_in_an_encrypted_map() {
    let (world, _pair) = agreed();
    world
        .local("leaked", "the same")
        .remote("leaked", "the same");
    world
        .sync_code(1)
        .expect_stderr("leaked: the object is plain");
    world
        .expect_local("leaked", "the same")
        .expect_remote("leaked", "the same");
}

#[test]
fn an_identity_that_is_gone_or_broken_stops_nothing_else() {
    for broken in [None, Some("nonsense")] {
        let (world, pair) = agreed();
        let other = world.machine("b");
        let age = pair.flags();
        other.init_with(&age).sync();
        other.local("known", "v2").sync();
        match broken {
            None => std::fs::remove_file(&pair.file).unwrap(),
            Some(text) => std::fs::write(&pair.file, text).unwrap(),
        }
        world.local("mine", "goes up");
        let run = world.sync_code(1);
        run.expect_stderr("known: ").expect_stderr("key.txt");
        world.expect_local("known", "v1");
        assert_eq!(pair.open(&world.object("mine").unwrap().bytes), b"goes up");
    }
}

#[test]
fn no_word_of_a_secret_is_ever_said() {
    let (world, pair) = agreed();
    let secret = std::fs::read_to_string(&pair.file).unwrap();
    let secret = secret.lines().last().unwrap().to_owned();
    let mut said = Vec::new();
    for flag in ["--age-recipient", "--age-identity", "--age-recipients-file"] {
        let given = if flag == "--age-identity" {
            &pair.recipient
        } else {
            &secret
        };
        said.push(world.run(&["edit", "root", flag, given]));
    }
    // A secret where a recipient belongs, and one that is damaged.
    let list = world.home().join("list");
    std::fs::write(&list, &secret).unwrap();
    let list = list.to_str().unwrap();
    said.push(world.run(&["edit", "root", "--age-recipients-file", list]));
    world.remote_with("known", pair.seal(b"secret"), AGE);
    for text in [&secret[..], &secret[..secret.len() - 3]] {
        std::fs::write(&pair.file, text).unwrap();
        world.touch("known", 1_600_000_000);
        said.push(world.run(&["--debug", "--full"]));
        said.push(world.run(&["--dump", "--objects"]));
    }
    let state = std::fs::read(world.state_file()).unwrap();
    for text in said.iter().flat_map(|run| [&run.stdout, &run.stderr]) {
        assert!(!text.contains(&secret[16..40]), "{text}");
    }
    assert!(memchr::memmem::find(&state, &secret.as_bytes()[16..40]).is_none());
}

#[test]
fn an_idle_run_neither_reads_the_identity_nor_asks_for_its_passphrase() {
    let (world, pair) = agreed();
    std::fs::remove_file(&pair.file).unwrap();
    world.expect_idle();
}

#[test]
fn recipients_that_cannot_be_used_stop_the_map_before_anything_is_done() {
    let world = World::new();
    let list = world.home().join("list");
    let pair = Pair::new(world.home(), "key.txt");
    std::fs::write(&list, &pair.recipient).unwrap();
    world.local("a", "text");
    world.init_with(&["--age-recipients-file", list.to_str().unwrap()]);
    for text in ["", "# nobody\n", "age1nobody\n"] {
        std::fs::write(&list, text).unwrap();
        world.wire().forget();
        world.sync_code(3).expect_stderr("age recipient");
        assert_eq!(
            world.wire().log().len(),
            0,
            "nothing is asked of the bucket"
        );
    }
}

#[test]
fn an_identity_in_a_synced_directory_is_refused_and_never_sent() {
    let (world, pair) = crate::sealed(&[]);
    world.local("a", "v1").sync();
    let inside = world.path("keys/key.txt");
    let shown = inside.to_str().expect("UTF-8");
    std::fs::create_dir(world.path("keys")).expect("a folder can be made");
    std::fs::copy(&pair.file, &inside).expect("a key can be copied");
    let uri = world.uri();
    let refused = "is in the directory of map root";
    world
        .try_init(
            &uri,
            &["--age-recipient", &pair.recipient, "--age-identity", shown],
        )
        .expect_code(2)
        .expect_stderr(refused)
        .expect_stderr("hint: it is a private key");
    world
        .run(&["edit", "root", "--age-identity", shown])
        .expect_code(2)
        .expect_stderr(refused);
    std::fs::remove_file(&inside).expect("it is there");
    // One that comes there later, under whatever name.
    std::fs::hard_link(&pair.file, &inside).expect("a link can be made");
    world.local("b", "v1").sync_code(1).expect_stderr(
        "skipped keys/key.txt: it is an age identity (a private key), which is never sent",
    );
    world.expect_no_remote("keys/key.txt");
    assert!(world.object("b").is_some(), "the rest is sent");
    world.expect_frozen(1, "skipped keys/key.txt");
}
