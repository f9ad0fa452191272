//! Files in an envelope: compressed, encrypted, and never mistaken for what they are not.

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod keys;
mod never_plain;
mod reencode;
mod refused;
mod travels;
mod unchanged;

use support::noise;
use support::world::{Machine, Object, World};

/// A world on our own server whose map encrypts and can read what it wrote.
fn sealed(settings: &[&str]) -> (World, keys::Pair) {
    let world = World::new();
    let pair = keys::Pair::new(world.home(), "key.txt");
    let age = pair.flags();
    world
        .local("zz", "stays")
        .init_with(&[&age, settings].concat());
    (world, pair)
}

/// The object of a name, which must be there.
#[track_caller]
fn object(machine: &Machine, name: &str) -> Object {
    let found = machine.object(name);
    found.unwrap_or_else(|| panic!("no object {name}"))
}

/// Bytes that any compressor makes smaller.
fn text(length: usize) -> Vec<u8> {
    let lines = (0_u32..).flat_map(|n| format!("line {n} of a long text\n").into_bytes());
    lines.take(length).collect()
}
