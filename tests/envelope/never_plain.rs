//! Plaintext is never pushed to a map that demands encryption, whatever happens.
//!
//! Every body that crosses the wire is looked at: an object's must begin as age files do, and none
//! may hold a word that stands in every file of these stories. Then anything that can happen does.

use crate::keys::Pair;
use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Kill, Machine, World};
use crate::{noise, sealed};
use std::fs;

/// Stands in every file. No compressor hides it, since what follows it is noise.
const CANARY: &[u8] = b"canary-Zu5pLkq8-";
const MAGIC: &[u8] = b"age-encryption.org/v1\n";

/// What a request must not carry.
fn leak(exchange: &Exchange, body: &[u8]) -> Option<String> {
    if memchr::memmem::find(body, CANARY).is_some() {
        return Some(format!("{exchange} carries plaintext"));
    }
    let is_own = exchange.key.contains(".s3bsync/");
    let begins_object = match exchange.op {
        Op::Put => true,
        Op::UploadPart => exchange.query.split('&').any(|pair| pair == "partNumber=1"),
        _ => false,
    };
    (begins_object && !is_own && !body.starts_with(MAGIC))
        .then(|| format!("{exchange} begins as no age file"))
}

fn contents(seed: u64) -> Vec<u8> {
    // Some are empty but for the word, some compressible, some large enough for parts.
    match seed % 7 {
        0 => CANARY.to_vec(),
        1 => CANARY.repeat(700),
        2 => [CANARY, &noise(17 << 20, seed)].concat(),
        _ => [CANARY, &noise(2000, seed), CANARY].concat(),
    }
}

#[track_caller]
fn nothing_leaked(world: &World) {
    assert_eq!(world.wire().findings(), Vec::<String>::new());
    let hand = world
        .hand()
        .expect("these stories are told on our own server");
    for key in hand.all_keys() {
        for version in hand.versions(&key) {
            let bytes = version.bytes.unwrap_or_default();
            assert!(memchr::memmem::find(&bytes, CANARY).is_none(), "{key}");
        }
    }
}

fn watched(settings: &[&str]) -> (World, Pair) {
    let (world, pair) = sealed(settings);
    fs::write(world.path("zz"), CANARY).unwrap();
    world.wire().judge(leak);
    (world, pair)
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Something that a person does.
fn act(machine: &Machine, dice: &mut Dice) {
    let names = ["a", "b", "d/a", "d/b", "e"];
    let name = names[usize::try_from(dice.roll(5)).unwrap()];
    let path = machine.path(name);
    match dice.roll(8) {
        0 if path.is_file() => {
            machine.remove(name);
        }
        1 if path.is_file() => {
            machine.touch(name, 1_500_000_000 + dice.roll(1_000_000));
        }
        2 if path.is_file() && !machine.path("moved").exists() => {
            machine.rename(name, "moved");
        }
        3 => {
            let _ = fs::remove_file(machine.state_file());
        }
        4 => {
            let _ = fs::remove_file(machine.path(".s3bsync/marker"));
        }
        _ => {
            machine.local(name, contents(dice.roll(1 << 30)));
        }
    }
}

/// Something that goes wrong on the wire.
fn fault(world: &World, dice: &mut Dice) {
    let faults = [
        Fault::Status(500, "InternalError"),
        Fault::Status(503, "SlowDown"),
        Fault::Status(403, "AccessDenied"),
        Fault::Status(412, "PreconditionFailed"),
        Fault::Status(404, "NoSuchUpload"),
        Fault::Status(400, "InvalidRequest"),
        Fault::Hidden("InternalError"),
        Fault::Reset,
        Fault::Lose,
        Fault::Cut(50),
        Fault::FlipBit,
    ];
    let fault = faults[usize::try_from(dice.roll(11)).unwrap()].clone();
    let nth = usize::try_from(dice.roll(30)).unwrap() + 1;
    let times = usize::try_from(dice.roll(4)).unwrap() + 1;
    world.wire().fault(When::any().nth(nth).times(times), fault);
}

fn history(seed: u64, settings: &[&str]) {
    let (world, pair) = watched(settings);
    let other = world.machine("b");
    let age = pair.flags();
    let blind = ["--age-recipient", &pair.recipient];
    let mut dice = Dice(seed);
    other.init_with(&[&age[..], settings].concat());
    for _ in 0..14 {
        let machine = if dice.roll(2) == 0 { &*world } else { &other };
        for _ in 0..dice.roll(4) {
            act(machine, &mut dice);
        }
        if !machine.state_file().exists() {
            let flags = if dice.roll(3) == 0 { &blind[..] } else { &age };
            machine.init_with(&[flags, settings].concat());
        }
        match dice.roll(4) {
            0 => fault(&world, &mut dice),
            1 => {
                let nth = usize::try_from(dice.roll(25)).unwrap() + 1;
                let kill = if dice.roll(2) == 0 {
                    Kill::Before
                } else {
                    Kill::After
                };
                machine.killed(&["--force"], When::any().nth(nth), kill);
            }
            _ => {}
        }
        // However it ends, nothing may have leaked.
        machine.run(&["--force"]);
        world.wire().heal();
        nothing_leaked(&world);
    }
}

#[test]
fn in_any_history_of_an_encrypted_map() {
    for seed in 1..=6 {
        history(seed, &[]);
    }
}

#[test]
fn in_any_history_of_a_compressed_and_encrypted_map() {
    for seed in 11..=16 {
        history(seed, &["--compress", "1", "--conflict", "keep-both"]);
    }
}

#[test]
fn with_a_fault_at_every_request_of_a_run() {
    for fault in [
        Fault::Lose,
        Fault::Status(412, "PreconditionFailed"),
        Fault::Reset,
    ] {
        let (world, _pair) = watched(&["--compress", "1"]);
        for nth in 1..40 {
            world.local("small", contents(3 + 7 * nth));
            world.local(&format!("new {nth}"), contents(4));
            if nth % 8 == 0 {
                world.local("large", contents(2 + 7 * nth));
            }
            let nth = usize::try_from(nth).unwrap();
            world.wire().fault(When::any().nth(nth), fault.clone());
            world.run(&[]);
            world.wire().heal();
        }
        nothing_leaked(&world);
    }
}

#[test]
fn with_recipients_taken_away_nothing_is_sent() {
    let world = World::new();
    let pair = Pair::new(world.home(), "key.txt");
    let list = world.home().join("list");
    fs::write(&list, &pair.recipient).unwrap();
    let flags = ["--age-recipients-file", list.to_str().unwrap()];
    world.local("a", contents(3)).init_with(&flags);
    world.wire().judge(leak);
    world.sync();
    for text in ["", "# nobody\n", "garbage\n"] {
        fs::write(&list, text).unwrap();
        world.local("a", contents(4)).local("b", contents(5));
        world.sync_code(3);
    }
    fs::remove_file(&list).unwrap();
    world.sync_code(3);
    nothing_leaked(&world);
}

#[test]
fn with_encryption_turned_on_while_plain_objects_are_there() {
    let world = World::agreed(&[("old", "in the clear since before"), ("both", "v1")]);
    let pair = Pair::new(world.home(), "key.txt");
    world.init_with(&["--age-recipient", &pair.recipient]);
    world.wire().judge(leak);
    world
        .local("old", contents(3))
        .local("both", contents(4))
        .local("new", contents(2));
    world.remote("both", "changed by a stranger");
    world.sync_code(1);
    nothing_leaked(&world);
    world.expect_remote("both", "changed by a stranger");
}

#[test]
fn with_a_file_that_changes_while_it_is_sent() {
    let (world, _pair) = watched(&["--compress", "1"]);
    world.local("large", contents(2)).sync();
    let path = world.path("large");
    let write = move || fs::write(&path, contents(9)).unwrap();
    world.local("large", contents(16));
    world
        .wire()
        .fault(When::op(Op::UploadPart), Fault::call(write));
    world.run(&[]);
    world.wire().heal();
    world.run(&[]).expect_code(0);
    nothing_leaked(&world);
}
