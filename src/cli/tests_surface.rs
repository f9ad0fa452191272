//! Completions and the manual say what the help says.

use super::completions::Shell;
use super::help::HELP;
use super::manual;
use super::surface::{Takes, flags, words};
use super::verbs::VERBS;

fn takers(flag: &str) -> Vec<&'static str> {
    let flags = flags();
    let found = flags.into_iter().find(|found| found.name == flag);
    found.unwrap_or_else(|| panic!("{flag}")).verbs
}

#[test]
fn every_command_of_the_table_stands_in_the_help() {
    let words = words();
    assert_eq!(words.len(), VERBS.len());
    for word in words {
        assert!(!word.about.is_empty(), "{}", word.name);
    }
}

#[test]
fn every_long_flag_of_the_help_is_offered_with_what_takes_it() {
    let offered = flags();
    let named = HELP
        .split(|c: char| c.is_whitespace() || "[],;:()".contains(c))
        .filter(|word| word.starts_with("--") && word.len() > 2);
    for name in named {
        let flag = offered.iter().find(|flag| flag.name == name);
        let flag = flag.unwrap_or_else(|| panic!("{name} is not offered"));
        assert!(!flag.about.is_empty(), "{name}");
        assert!(
            !flag.verbs.is_empty() || ["--help", "--version", "--file"].contains(&name),
            "{name}: {:?}",
            flag.verbs
        );
    }
}

#[test]
fn a_flag_is_offered_where_it_is_taken_and_nowhere_else() {
    assert_eq!(takers("--dir"), [""]);
    assert_eq!(takers("--hex"), [""]);
    assert_eq!(takers("--reencode"), ["edit"]);
    assert_eq!(takers("--to"), ["recover"]);
    assert!(takers("--force").contains(&"recover"));
    assert!(takers("--keep").contains(&"edit") && !takers("--keep").contains(&"sync"));
    for verb in ["sync", "push", "pull", "status", "edit", ""] {
        assert!(takers("--jobs").contains(&verb), "{verb}");
    }
    assert!(!takers("--jobs").contains(&"targets"));
}

#[test]
fn the_values_of_a_flag_are_known_by_what_the_help_calls_them() {
    let flags = flags();
    let takes = |name: &str| &flags.iter().find(|flag| flag.name == name).unwrap().takes;
    assert_eq!(*takes("--dryrun"), Takes::Nothing);
    assert_eq!(*takes("--file"), Takes::File);
    assert_eq!(*takes("--dir"), Takes::Directory);
    assert_eq!(*takes("--jobs"), Takes::Other);
    let ways = ["both", "push", "pull"].map(str::to_owned).to_vec();
    assert_eq!(*takes("--direction"), Takes::OneOf(ways));
}

#[test]
fn each_script_names_all_commands_and_flags() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = shell.completions();
        for word in words() {
            assert!(script.contains(word.name), "{shell:?}: {}", word.name);
        }
        for flag in flags() {
            let name = flag.name.trim_start_matches('-');
            assert!(script.contains(name), "{shell:?}: {name}");
        }
    }
}

#[test]
fn the_manual_holds_every_word_of_the_help() {
    let plain = manual()
        .replace("\\-", "-")
        .replace("\\e", "\\")
        .replace("\\&", "");
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '-');
        let words = words.filter(|word| !word.is_empty()).map(str::to_lowercase);
        words.collect()
    };
    let in_page = words(&plain);
    for word in words(HELP) {
        let is_heading = ["usage", "codes"].contains(&&*word);
        assert!(is_heading || in_page.contains(&word), "{word}");
    }
}
