//! What comes with the program: completions in the shells themselves, the manual page before the
//! formatter, the units before systemd.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use support::world::World;

/// Runs a tool; `None` where there is none, which continuous integration must not bear.
fn tool(command: &mut Command, input: &str) -> Option<Output> {
    let spawned = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            let name = command.get_program().to_string_lossy().into_owned();
            assert!(std::env::var_os("CI").is_none(), "{name}: {error}");
            eprintln!("left out: {name}: {error}");
            return None;
        }
    };
    // A tool that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Some(child.wait_with_output().unwrap())
}

fn said(output: &Output) -> Vec<String> {
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A machine with the maps `docs` and `old docs`, and a directory `photos` in its home.
fn machine() -> World {
    let world = World::embedded();
    world.init_with(&["--name", "docs"]);
    let other = world.home().join("other");
    fs::create_dir(&other).unwrap();
    let other = other.display().to_string();
    let args = ["--init", "--dir", &other, "s3://more", "--name", "old docs"];
    world.run(&args).expect_code(0);
    fs::create_dir(world.home().join("photos")).unwrap();
    world
}

fn script(world: &World, shell: &str) -> String {
    let run = world.run(&["completions", shell]);
    run.expect_code(0);
    run.stdout
}

/// The command line as a shell sees it, with the word under the cursor last.
fn words(world: &World, line: &str) -> Vec<String> {
    let state = world.state_file().display().to_string();
    let first = ["s3-bsync", "--file", &state].map(str::to_owned);
    let rest = line.split(' ').map(str::to_owned);
    first.into_iter().chain(rest).collect()
}

fn shell(world: &World, program: &str, args: &[&str]) -> Command {
    let folder = Path::new(env!("CARGO_BIN_EXE_s3-bsync")).parent().unwrap();
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("HOME", world.home())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env("LC_ALL", "C.UTF-8")
        .current_dir(world.home());
    command
}

/// What bash offers for the last word of the line.
fn bash(world: &World, line: &str) -> Option<Vec<String>> {
    let words = words(world, line);
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let input = format!(
        "{}\ncompopt() {{ :; }}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_s3_bsync s3-bsync\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        script(world, "bash"),
        quoted.join(" "),
        words.len() - 1
    );
    tool(&mut shell(world, "bash", &["--norc", "-s"]), &input).map(|output| said(&output))
}

/// What zsh offers: its own functions that show candidates are replaced by some that print.
fn zsh(world: &World, line: &str) -> Option<Vec<String>> {
    let words = words(world, line);
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    let input = format!(
        "compdef() {{ :; }}\n\
         compadd() {{ if [[ $1 == -a ]]; then print -rl -- ${{(P)2}}; else print -rl -- $@; fi; }}\n\
         _describe() {{ [[ $1 == -o ]] && shift; print -rl -- ${{${{(P)2}}%%:*}}; }}\n\
         _files() {{ print -rl -- *; }}\n_directories() {{ print -rl -- *(/); }}\n{}\n\
         words=({})\nCURRENT={}\nPREFIX={}\n_s3-bsync\n",
        script(world, "zsh"),
        quoted.join(" "),
        words.len(),
        quoted.last().unwrap()
    );
    tool(&mut shell(world, "zsh", &["-f", "-s"]), &input).map(|output| said(&output))
}

/// What fish offers, without what it says of each.
fn fish(world: &World, line: &str) -> Option<Vec<String>> {
    let line = words(world, line).join(" ");
    let input = format!("{}\ncomplete -C '{line}'\n", script(world, "fish"));
    let offered = tool(&mut shell(world, "fish", &["--no-config"]), &input)?;
    let lines = said(&offered).into_iter();
    Some(
        lines
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
            .collect(),
    )
}

/// What each of the shells offers.
fn offers(world: &World, line: &str) -> Vec<(&'static str, Vec<String>)> {
    let all = [
        ("bash", bash(world, line)),
        ("zsh", zsh(world, line)),
        ("fish", fish(world, line)),
    ];
    all.into_iter()
        .filter_map(|(shell, offered)| Some((shell, offered?)))
        .collect()
}

#[track_caller]
fn expect(world: &World, line: &str, with: &[&str], without: &[&str]) {
    for (shell, offered) in offers(world, line) {
        for word in with {
            let is_offered = offered.iter().any(|it| it.trim_end_matches('/') == *word);
            assert!(is_offered, "{shell}, {line}: {word} of {offered:?}");
        }
        for word in without {
            let is_offered = offered.iter().any(|it| it == word);
            assert!(!is_offered, "{shell}, {line}: {word} of {offered:?}");
        }
    }
}

#[test]
fn a_shell_offers_the_commands_first() {
    expect(&machine(), "", &["sync", "edit", "completions"], &["docs"]);
}

#[test]
fn a_shell_offers_the_names_of_maps_where_a_command_takes_them() {
    let world = machine();
    expect(&world, "sync ", &["docs"], &["edit", "photos"]);
    expect(&world, "edit d", &["docs"], &["sync"]);
    expect(&world, "push ", &["docs", "photos"], &["edit"]);
    // As the shell takes a name with a space.
    let shown = bash(&world, "rm ").unwrap_or_default();
    assert!(
        shown.is_empty() || shown.contains(&"old\\ docs".to_owned()),
        "{shown:?}"
    );
}

#[test]
fn a_shell_offers_the_flags_that_a_command_takes() {
    let world = machine();
    expect(
        &world,
        "--",
        &["--dryrun", "--init", "--dir"],
        &["--reencode"],
    );
    expect(
        &world,
        "edit docs --",
        &["--keep", "--reencode"],
        &["--init"],
    );
    expect(&world, "targets --", &["--json"], &["--keep", "--jobs"]);
}

#[test]
fn a_shell_offers_the_values_of_a_flag() {
    let world = machine();
    let all = ["newer", "keep-both", "local", "remote", "ask"];
    expect(&world, "edit docs --conflict ", &all, &["docs"]);
    expect(&world, "completions ", &["bash", "zsh", "fish"], &["docs"]);
    expect(&world, "--init --dir ", &["photos"], &["docs", "sync"]);
}

#[test]
fn a_shell_is_silent_where_there_is_no_state_file() {
    let world = World::embedded();
    for (shell, offered) in offers(&world, "sync ") {
        assert!(offered.iter().all(String::is_empty), "{shell}: {offered:?}");
    }
}

#[test]
fn the_manual_page_is_formatted_without_a_warning() {
    let page = s3_bsync::cli::manual();
    let mut groff = Command::new("groff");
    groff.args(["-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-o", "-P-u"]);
    if let Some(output) = tool(&mut groff, &page) {
        let text = said(&output).join("\n");
        for section in [
            "NAME",
            "SYNOPSIS",
            "COMMANDS",
            "OPTIONS",
            "EXIT STATUS",
            "FILES",
        ] {
            assert!(text.contains(section), "{section}: {text}");
        }
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/systemd");
    let dir = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        // systemd looks for the program where the unit says it is.
        let program = env!("CARGO_BIN_EXE_s3-bsync");
        let text = fs::read_to_string(entry.path()).unwrap();
        let text = text.replace("/usr/bin/s3-bsync", program);
        let unit = dir.path().join(entry.file_name());
        fs::write(&unit, text).unwrap();
        units.push(unit);
    }
    assert!(units.len() > 1, "{units:?}");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).args(&units);
    if let Some(output) = tool(&mut verify, "") {
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.trim().is_empty(), "{text}");
    }
}
