//! A state file of version 1, in both dialects, is taken over: by content, deleting nothing.

use crate::support::world::World;
use std::fs;

/// Whether the e-mail of a map is always there, or only where encryption is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Published,
    Python,
}

struct Bytes(Vec<u8>);

impl Bytes {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend(text.bytes());
        self.byte(0)
    }

    fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// An object that was last modified long ago.
    fn object(&mut self, key: &str, etag: &str, size: u64) -> &mut Self {
        self.byte(0x94).text(key).number(1_500_000_000_000);
        let pairs = etag.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        match pairs.collect::<Option<Vec<u8>>>() {
            Some(md5) if md5.len() == 16 => {
                self.byte(0x96);
                self.0.extend(md5);
            }
            _ => {
                self.byte(0x97).text(etag);
            }
        }
        self.number(size).byte(0x95)
    }
}

/// The state of one map as version 1 has it.
fn version_1(world: &World, dialect: Dialect, encryption: u8, objects: &[(&str, &str, u64)]) {
    let mut bytes = Bytes(vec![0x9d, 0x9f, 0x53, 0x33, 1]);
    bytes.byte(0x9a).number(1_500_000_000_000).byte(0x9b);
    bytes.byte(0x90).text(world.bucket());
    let root = world.root().to_str().expect("UTF-8");
    bytes
        .byte(0x92)
        .text(root)
        .text("docs")
        .byte(0)
        .byte(1)
        .byte(encryption);
    if encryption == 1 || dialect == Dialect::Published {
        bytes.text(if encryption == 1 {
            "someone@example.com"
        } else {
            ""
        });
    }
    bytes.byte(0x93);
    for (key, etag, size) in objects {
        bytes.object(&format!("docs/{key}"), etag, *size);
    }
    bytes.byte(0x91);
    fs::write(world.state_file(), bytes.0).expect("the state file can be written");
}

fn is_taken_over_by_content(dialect: Dialect) {
    let world = World::new();
    let endpoint = world.wire().endpoint();
    let variables = [("AWS_ENDPOINT_URL", &*endpoint)];
    world.local("equal", "the same").remote("equal", "the same");
    world.local("differs", "here").remote("differs", "there");
    world
        .local("only-here", "1")
        .remote("only-there", "2")
        .local("fresh", "3");
    let etag = world.object("equal").expect("it is there").etag;
    let other = "0123456789abcdef0123456789abcdef";
    let objects = [
        ("differs", other, 5),
        ("equal", &*etag, 8),
        ("only-here", other, 1),
        ("only-there", "0123456789abcdef0123456789abcdef-2", 1),
    ];
    version_1(&world, dialect, 0, &objects);
    world.run(&["--dump"]).expect_code(0).expect_stdout("docs");
    world.wire().forget();
    world.run_in(&variables, &[]).expect_code(0);
    let log = world.wire().log();
    let about = log.iter().filter(|e| e.key == "docs/equal").count();
    assert_eq!(
        about, 0,
        "equal content is neither sent nor fetched: {log:#?}"
    );
    for contents in ["the same", "here", "there", "1", "2", "3"] {
        world.expect_findable(contents);
    }
    // On the word of version 1 nothing is deleted.
    world
        .expect_remote("only-here", "1")
        .expect_local("only-there", "2");
    world.expect_same().expect_nothing_kept();
    let state = fs::read(world.state_file()).expect("there is a state file");
    assert_eq!(state[4], 2, "what is written is version 2");
    // Now that there is a base, a deletion is one.
    world.remove("only-here");
    world
        .run_in(&variables, &[])
        .expect_code(0)
        .expect_silence();
    world.expect_no_remote("only-here");
}

#[test]
fn a_state_as_the_published_text_has_it_is_taken_over_by_content() {
    is_taken_over_by_content(Dialect::Published);
}

#[test]
fn a_state_as_the_python_program_wrote_it_is_taken_over_by_content() {
    is_taken_over_by_content(Dialect::Python);
}

#[test]
fn an_encrypted_map_of_version_1_is_not_synced_in_the_clear() {
    for dialect in [Dialect::Published, Dialect::Python] {
        let world = World::new();
        let endpoint = world.wire().endpoint();
        world.local("a", "secret");
        version_1(&world, dialect, 1, &[]);
        world.run(&["--dump"]).expect_code(0);
        let run = world.run_in(&[("AWS_ENDPOINT_URL", &endpoint)], &[]);
        run.expect_code(3).expect_stderr("hint: ");
        world.expect_no_remote("a");
    }
}
