//! Hints for what is wrong with a command line.

use crate::cli::Misuse;

pub(super) fn of_misuse(misuse: &Misuse) -> &'static str {
    match misuse {
        Misuse::NotUtf8(_) => {
            "names below a mapped directory may be anything, what is given here must be UTF-8"
        }
        Misuse::UnknownFlag(_)
        | Misuse::Stray(_)
        | Misuse::NoValue { .. }
        | Misuse::BadValue { .. } => "s3-bsync --help names all flags and what they take",
        Misuse::Joined(_) => "put a space between a flag and its value",
        Misuse::Repeated(_) => {
            "give it once; only --dir, --rmdir and --age-recipient may be repeated"
        }
        Misuse::BadFile(_) => "begin it with /: cron starts programs in another directory",
        Misuse::NoHome => "set HOME, or name the state file with --file",
        Misuse::Contradiction(..) => "give one of them",
        Misuse::WithoutDump(_) => "add --dump",
        Misuse::WithoutInit(_) => "add --init to change settings; leave the flag out to sync",
        Misuse::WithInit(_) => "change the settings first, then run again without --init",
        Misuse::WithoutDir(_) => "name the map: --init --dir PATH S3_DEST",
        Misuse::Operands { .. } | Misuse::NotTaken { .. } | Misuse::WithoutVerb { .. } => {
            "s3-bsync --help shows the commands and what each takes"
        }
        Misuse::WithoutReencode(_) => "add --reencode, or run sync afterwards",
        Misuse::WithoutEdit(_) => "name the map: edit NAME",
        Misuse::WithoutPutBack(_) => "name the map and what is kept: recover put-back NAME KEPT",
        Misuse::NoChange => "name the settings, as in edit NAME --keep 90",
        Misuse::EmptyPath => "a dot stands for the directory you are in",
        Misuse::Aimless => "add --direction push or --direction pull",
        Misuse::TooManyRecipients(_) => {
            "put them into a file and name that with --age-recipients-file"
        }
        Misuse::NameOfMany => "add the maps one at a time",
        Misuse::SecondGlob => "put the pattern in quotes, so that the shell leaves it alone",
    }
}
