//! The passphrase of an identity file, asked for at a terminal.

use crate::support::terminal::{Turn, at_a_terminal_in};
use crate::support::wire::Op;
use crate::support::world::{Machine, World};
use age::secrecy::ExposeSecret;
use std::fs;

const RIGHT: &str = "correct horse battery staple";

/// An encrypted prefix with one file, and a second machine that has the identity under a passphrase.
fn sealed() -> (World, Machine, String) {
    let world = World::new();
    let key = age::x25519::Identity::generate();
    let mut passphrase = age::scrypt::Recipient::new(RIGHT.to_owned().into());
    passphrase.set_work_factor(4);
    let sealed = age::encrypt(&passphrase, key.to_string().expose_secret().as_bytes())
        .expect("it can be sealed");
    let identity = world.home().with_file_name("identity");
    fs::write(&identity, sealed).expect("a file can be written");
    let identity = identity.to_str().expect("UTF-8").to_owned();
    let recipient = key.to_public().to_string();
    world
        .local("a", "for me")
        .init_with(&["--age-recipient", &recipient]);
    world.sync();
    let other = world.machine("b");
    other.init_with(&["--age-recipient", &recipient, "--age-identity", &identity]);
    (world, other, identity)
}

#[test]
fn the_prompt_stays_visible_until_it_is_answered() {
    let (_world, other, identity) = sealed();
    let types = format!("{RIGHT}\n");
    let turn = Turn {
        sees: "Passphrase of ",
        meanwhile: "sleep 1",
        types: &types,
    };
    let seen = at_a_terminal_in(&other, &[("TERM", "xterm")], &[], &[turn]);
    seen.expect_code(0)
        .expect("reading both sides")
        .expect(&format!("Passphrase of {identity}: \n"))
        .expect_no(RIGHT);
    other.expect_local("a", "for me");
}

#[test]
fn the_passphrase_is_asked_for_before_the_first_transfer_and_ctrl_c_ends_the_run() {
    let (world, other, _) = sealed();
    world.wire().forget();
    let turn = Turn {
        sees: "Passphrase of ",
        meanwhile: "",
        types: "\x03",
    };
    let seen = at_a_terminal_in(&other, &[("TERM", "xterm")], &[], &[turn]);
    seen.expect_code(130);
    world.expect_requests(&[(Op::List, 1)]);
    assert_eq!(other.tree(), []);
}

#[test]
fn ctrl_c_ends_a_run_that_asks_while_it_compares() {
    let (world, other, _) = sealed();
    // Times in whole seconds prove nothing, so the objects are opened.
    let names: Vec<String> = (0..64).map(|n| format!("b{n}")).collect();
    for name in &names {
        world.local_at(name, "compared", 1_600_000_000);
        other.local_at(name, "compared", 1_600_000_000);
    }
    world.sync();
    let turn = Turn {
        sees: "Passphrase of ",
        meanwhile: "sleep 1",
        types: "\x03",
    };
    let seen = at_a_terminal_in(&other, &[("TERM", "xterm")], &[], &[turn]);
    seen.expect_code(130);
}
