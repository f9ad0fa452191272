//! The storage class of a map is that of all that it uploads, and of nothing else.

mod support;

use support::noise;
use support::world::World;

const CLASS: [&str; 2] = ["--storage-class", "STANDARD_IA"];

#[track_caller]
fn expect_class(world: &World, name: &str, wanted: &str) {
    let hand = world.hand().expect("the world is embedded");
    let object = hand.get(&format!("docs/{name}")).expect("it is there");
    assert_eq!(object.class, wanted, "{name}");
}

#[test]
fn whatever_a_map_uploads_gets_its_class() {
    let world = World::embedded();
    world
        .local("small", "1")
        .local("large", noise(20 << 20, 1))
        .remote("theirs", "2")
        .init_with(&CLASS)
        .sync();
    expect_class(&world, "small", "STANDARD_IA");
    expect_class(&world, "large", "STANDARD_IA");
    expect_class(&world, "theirs", "STANDARD");
    world
        .local("small", "edited")
        .local("theirs", "edited")
        .sync();
    expect_class(&world, "small", "STANDARD_IA");
    expect_class(&world, "theirs", "STANDARD_IA");
    world.expect_idle();
}

#[test]
fn maps_of_one_state_file_have_classes_of_their_own() {
    let world = World::embedded();
    let other = world.also("other", "docs/other");
    world.local("ignored", "1");
    other.local("b", "2");
    let cold = world.also("cold", "docs/cold");
    cold.local("c", "3");
    other.init();
    cold.init_with(&["--storage-class", "GLACIER_IR"]);
    world.sync();
    expect_class(&world, "other/b", "STANDARD");
    expect_class(&world, "cold/c", "GLACIER_IR");
}
