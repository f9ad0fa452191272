//! What surrounds a run: an object's other properties, and the bare environment of cron.

use crate::support::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn an_object_that_only_got_tags_or_another_date_is_no_change() {
    let world = World::embedded();
    let Some(hand) = world.hand() else { return };
    world.local("a", "1").local("b", "2").init().sync();
    hand.set_tags("docs/a", &[("project", "x")]);
    hand.set_modified("docs/b", 1_900_000_000_000);
    world.expect_idle();
    world.local("b", "2 edited").remove("a").sync();
    world.expect_both(&[("b", "2 edited")]);
}

/// Runs as cron does: no HOME, no terminal, hardly a PATH, in `/`, under this mask.
fn from_cron(world: &World, mask: &str) -> std::process::Output {
    let plain = world.command(&[]);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir("/")
        .env_clear()
        .stdin(std::process::Stdio::null());
    for (name, value) in plain.get_envs() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env(name, value.unwrap_or_default());
        }
    }
    command.output().expect("sh can be started")
}

#[test]
fn cron_hears_nothing_and_nobody_else_can_read_the_state() {
    for mask in ["077", "000"] {
        let world = World::new();
        world.local("a", "1").init();
        for contents in ["1", "2"] {
            world.local("a", contents).remote("b", contents);
            let output = from_cron(&world, mask);
            let said = [output.stdout, output.stderr].concat();
            assert_eq!(String::from_utf8_lossy(&said), "");
            assert_eq!(output.status.code(), Some(0));
            world
                .expect_remote("a", contents)
                .expect_local("b", contents);
        }
        let own = fs::read_dir(world.home()).expect("it is ours").flatten();
        let files = own.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        for entry in files
            .map(|entry| entry.path())
            .chain([world.path(".s3bsync/marker")])
        {
            let mode = entry.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "{entry:?}");
        }
        let mode = world
            .path("b")
            .metadata()
            .expect("it came")
            .permissions()
            .mode();
        let wanted = if mask == "077" { 0o600 } else { 0o666 };
        assert_eq!(
            mode & 0o777,
            wanted,
            "a file of the map is anybody's as the mask has it"
        );
    }
}

#[test]
fn a_trouble_is_told_in_one_line_and_its_hint() {
    let world = World::new();
    world.local("a", "1").init().sync();
    fs::rename(world.root(), world.home().join("away")).expect("a folder can be renamed");
    let output = from_cron(&world, "022");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert_eq!(
        stderr
            .lines()
            .filter(|line| line.starts_with("error:"))
            .count(),
        1,
        "{stderr}"
    );
    assert_eq!(output.stdout, b"");
}
