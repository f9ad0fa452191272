//! Names that say how a file is stored, in a map that stores files so.

use crate::support::world::World;

#[test]
fn files_whose_names_end_as_envelopes_do_stay_themselves() {
    let world = World::embedded();
    let names = ["a", "a.age", "a.gz", "a.gz.age"];
    for name in names {
        let contents = format!("{name} {}", "again and again ".repeat(100));
        world.local(name, contents);
    }
    world.init_with(&["--compress", "6"]).sync();
    let keys: Vec<_> = world
        .remote_tree()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys, names, "a key is the file's own name");
    let b = world.machine("b");
    b.init_with(&["--compress", "6"]).sync();
    assert_eq!(b.tree(), world.tree());
    b.remove("a.gz").sync();
    world.sync();
    world.expect_no_local("a.gz").expect_no_remote("a.gz");
    assert_eq!(b.tree(), world.tree());
    assert_eq!(world.tree().len(), 3);
    world.expect_idle();
}
