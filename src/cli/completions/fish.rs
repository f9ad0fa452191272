//! fish.

use super::super::surface::{Flag, Takes, Word};
use super::names;
use std::fmt::Write as _;

const HEAD: &str = r#"# fish completion for s3-bsync
function __s3_bsync_maps
    set -l words (commandline -opc)
    set -l at (contains -i -- --file $words)
    set -l file
    if test -n "$at"; and test (count $words) -gt $at
        set file --file $words[(math $at + 1)]
    end
    $words[1] $file targets 2> /dev/null | string replace -r '  */.*' ''
end

complete -c s3-bsync -f
"#;

/// The function of fish that tells whether one of these commands stands in the line.
const SEEN: &str = "__fish_seen_subcommand_from";

pub(super) fn script(words: &[Word], flags: &[Flag]) -> String {
    let mut script = HEAD.to_owned();
    let verbs: Vec<_> = words.iter().map(|word| word.name).collect();
    for Word { name, about, .. } in words {
        let _ = writeln!(
            script,
            "complete -c s3-bsync -n 'not {SEEN} {}' -a {name} -d {}",
            verbs.join(" "),
            quoted(about)
        );
    }
    let mut seen = |of: &[&str], rest: &str| {
        let of = of.join(" ");
        let _ = writeln!(script, "complete -c s3-bsync -n '{SEEN} {of}' {rest}");
    };
    seen(
        &names(words, &[Takes::Maps, Takes::MapsOrDirectory]),
        "-a '(__s3_bsync_maps)'",
    );
    seen(
        &names(words, &[Takes::MapsOrDirectory]),
        "-a '(__fish_complete_directories)'",
    );
    for word in words {
        if let Takes::OneOf(choices) = &word.takes {
            seen(&[word.name], &format!("-a '{}'", choices.join(" ")));
        }
    }
    for flag in flags {
        let long = flag.name.trim_start_matches('-');
        let value = match &flag.takes {
            Takes::Nothing => String::new(),
            Takes::File => " -rF".to_owned(),
            Takes::Directory => " -x -a '(__fish_complete_directories)'".to_owned(),
            Takes::OneOf(choices) => format!(" -x -a '{}'", choices.join(" ")),
            Takes::Maps | Takes::MapsOrDirectory | Takes::Other => " -x".to_owned(),
        };
        let (taking, refusing): (Vec<&str>, Vec<&str>) =
            verbs.iter().partition(|verb| flag.verbs.contains(*verb));
        let condition = match (flag.verbs.contains(&""), &refusing[..]) {
            (true, []) => String::new(),
            (true, refusing) => format!(" -n 'not {SEEN} {}'", refusing.join(" ")),
            (false, _) => format!(" -n '{SEEN} {}'", taking.join(" ")),
        };
        let about = quoted(&flag.about);
        let _ = writeln!(
            script,
            "complete -c s3-bsync{condition} -l {long}{value} -d {about}"
        );
    }
    script
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
