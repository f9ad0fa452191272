//! bash.

use super::super::surface::{Flag, Takes, Word};
use super::{alternatives, flags_of, names};
use std::fmt::Write as _;

const HEAD: &str = r#"# bash completion for s3-bsync
_s3_bsync_maps() {
    local name
    while IFS= read -r name; do
        [[ $name == "$2"* ]] && COMPREPLY+=("$(printf %q "$name")")
    done < <("$1" "${file[@]}" targets 2> /dev/null | sed 's|  */.*||')
}

_s3_bsync() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local verb= word flags= i
    local -a file=()
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == --file ]]; then
            file=(--file "${COMP_WORDS[i + 1]}")
        fi
"#;

pub(super) fn script(words: &[Word], flags: &[Flag]) -> String {
    let mut script = HEAD.to_owned();
    let verbs: Vec<_> = words.iter().map(|word| word.name).collect();
    let _ = writeln!(script, "        case $word in");
    let _ = writeln!(
        script,
        "            {}) [[ $verb ]] || verb=$word ;;",
        verbs.join("|")
    );
    script.push_str("        esac\n    done\n    case $prev in\n");
    let mut case = |of: &str, does: &str| {
        if !of.is_empty() {
            let _ = writeln!(script, "        {of}) {does}; return ;;");
        }
    };
    let files = "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))";
    let directories = "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))";
    case(&alternatives(flags, |takes| *takes == Takes::File), files);
    case(
        &alternatives(flags, |takes| *takes == Takes::Directory),
        directories,
    );
    for flag in flags {
        if let Takes::OneOf(choices) = &flag.takes {
            let choices = choices.join(" ");
            case(
                flag.name,
                &format!("COMPREPLY=($(compgen -W \"{choices}\" -- \"$cur\"))"),
            );
        }
    }
    case(&alternatives(flags, |takes| *takes == Takes::Other), ":");
    script.push_str("    esac\n    case $verb in\n");
    for verb in std::iter::once("").chain(verbs.iter().copied()) {
        let taken = flags_of(flags, verb).into_iter().map(|flag| flag.name);
        let taken = taken.collect::<Vec<_>>().join(" ");
        let verb = if verb.is_empty() { "''" } else { verb };
        let _ = writeln!(script, "        {verb}) flags=\"{taken}\" ;;");
    }
    script.push_str(
        "    esac\n    if [[ $cur == -* ]]; then\n        \
         COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n        return\n    fi\n    \
         case $verb in\n",
    );
    let _ = writeln!(
        script,
        "        '') COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")) ;;",
        verbs.join(" ")
    );
    let maps = names(words, &[Takes::Maps]).join("|");
    let both = names(words, &[Takes::MapsOrDirectory]).join("|");
    let _ = writeln!(script, "        {maps}) _s3_bsync_maps \"$1\" \"$cur\" ;;");
    let _ = writeln!(
        script,
        "        {both}) compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\")); \
         _s3_bsync_maps \"$1\" \"$cur\" ;;"
    );
    for word in words {
        if let Takes::OneOf(choices) = &word.takes {
            let (name, choices) = (word.name, choices.join(" "));
            let _ = writeln!(
                script,
                "        {name}) COMPREPLY=($(compgen -W \"{choices}\" -- \"$cur\")) ;;"
            );
        }
    }
    script.push_str("    esac\n}\n\ncomplete -F _s3_bsync s3-bsync\n");
    script
}
