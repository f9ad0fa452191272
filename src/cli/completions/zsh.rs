//! zsh.

use super::super::surface::{Flag, Takes, Word};
use super::{alternatives, flags_of, names};
use std::fmt::Write as _;

const HEAD: &str = r#"#compdef s3-bsync
# zsh completion for s3-bsync: a file _s3-bsync in a directory of $fpath
_s3-bsync_maps() {
    local -a maps
    maps=(${(f)"$($words[1] $file targets 2> /dev/null | sed 's|  */.*||')"})
    compadd -a maps
}

_s3-bsync() {
    local verb word
    local -a verbs flags file
    integer i
    for ((i = 2; i < CURRENT; i++)); do
        word=$words[i]
        [[ $word == --file ]] && file=(--file ${(Q)words[i + 1]})
"#;

pub(super) fn script(words: &[Word], flags: &[Flag]) -> String {
    let mut script = HEAD.to_owned();
    let verbs: Vec<_> = words.iter().map(|word| word.name).collect();
    let _ = writeln!(
        script,
        "        case $word in\n            ({}) [[ -n $verb ]] || verb=$word ;;\n        \
         esac\n    done\n    case $words[CURRENT-1] in",
        verbs.join("|")
    );
    let mut case = |of: &str, does: &str| {
        if !of.is_empty() {
            let _ = writeln!(script, "        ({of}) {does}return ;;");
        }
    };
    case(
        &alternatives(flags, |takes| *takes == Takes::File),
        "_files; ",
    );
    case(
        &alternatives(flags, |takes| *takes == Takes::Directory),
        "_directories; ",
    );
    for flag in flags {
        if let Takes::OneOf(choices) = &flag.takes {
            case(flag.name, &format!("compadd {}; ", choices.join(" ")));
        }
    }
    case(&alternatives(flags, |takes| *takes == Takes::Other), "");
    script.push_str("    esac\n    if [[ $PREFIX == -* ]]; then\n        case $verb in\n");
    for verb in std::iter::once("").chain(verbs.iter().copied()) {
        let taken = flags_of(flags, verb)
            .into_iter()
            .map(|flag| quoted(flag.name, &flag.about));
        let taken = taken.collect::<Vec<_>>().join(" ");
        let verb = if verb.is_empty() { "''" } else { verb };
        let _ = writeln!(script, "            ({verb}) flags=({taken}) ;;");
    }
    script.push_str("        esac\n        _describe -o flag flags\n        return\n    fi\n");
    let told = words.iter().map(|word| quoted(word.name, &word.about));
    let _ = writeln!(
        script,
        "    case $verb in\n        ('') verbs=({}); _describe command verbs ;;",
        told.collect::<Vec<_>>().join(" ")
    );
    let maps = names(words, &[Takes::Maps]).join("|");
    let both = names(words, &[Takes::MapsOrDirectory]).join("|");
    let _ = writeln!(script, "        ({maps}) _s3-bsync_maps ;;");
    let _ = writeln!(script, "        ({both}) _s3-bsync_maps; _directories ;;");
    for word in words {
        if let Takes::OneOf(choices) = &word.takes {
            let _ = writeln!(
                script,
                "        ({}) compadd {} ;;",
                word.name,
                choices.join(" ")
            );
        }
    }
    script.push_str(
        "    esac\n}\n\nif [[ $funcstack[1] == _s3-bsync ]]; then\n    _s3-bsync \"$@\"\nelse\n    \
         compdef _s3-bsync s3-bsync\nfi\n",
    );
    script
}

/// A name and what is said of it, as `_describe` takes the two.
fn quoted(name: &str, about: &str) -> String {
    let about = about.replace('\'', "'\\''").replace(':', "\\:");
    format!("'{name}:{about}'")
}
