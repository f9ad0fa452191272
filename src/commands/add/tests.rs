//! What a person types, and what comes of it.

use super::wizard::{Wizard, fill};
use crate::cli::{Add, Age, NewMap, Settings, values_typed};
use crate::cli::{Level, S3Uri, Voice};
use crate::commands::add::Error;
use crate::commands::{init, settings};
use crate::report::ask::Line;
use crate::state::{Access, Addressing, State};
use std::path::PathBuf;

/// The first of the state's maps lies in `taken`, and is called so.
struct Scene {
    folder: tempfile::TempDir,
    state: State,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["taken", "docs"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let scene = Self {
            folder,
            state: State::new(crate::store::new_replica_id().unwrap()),
        };
        let dest = uri("s3://bucket/taken");
        let map = init::blank("taken".to_owned(), scene.path("taken"), &dest).unwrap();
        let mut state = scene.state.clone();
        let taken = settings::Taken {
            bucket: dest.bucket,
            access: Access::default(),
            map,
        };
        settings::put(&mut state, taken);
        Self { state, ..scene }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What comes of these lines, and what was shown.
    fn typed(
        &self,
        dir: Option<&str>,
        dest: Option<&str>,
        settings: Settings,
        lines: &[&str],
    ) -> (Result<NewMap, Error>, String) {
        let asked = Add {
            file: PathBuf::from("/state"),
            voice: Voice {
                level: Level::Normal,
                form: crate::cli::Form::Text,
            },
            dir: None,
            dest: dest.map(uri),
            settings,
        };
        let mut lines = lines.iter();
        let mut line = || match lines.next() {
            Some(text) => Line::Text(format!("{text}\n")),
            None => Line::End,
        };
        let mut shown = Vec::new();
        let mut wizard = Wizard::new(&mut line, &mut shown);
        let dir = dir.map(|name| self.path(name));
        let filled = fill(&mut wizard, &asked, dir, &self.state);
        assert_eq!(lines.next(), None, "all that was typed is read");
        (filled, String::from_utf8(shown).unwrap())
    }
}

fn uri(text: &str) -> S3Uri {
    values_typed::destination(text).unwrap()
}

const RECIPIENT: &str = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";

#[test]
fn silence_takes_what_stands_in_brackets() {
    let scene = Scene::new();
    let docs = scene.path("docs");
    let lines = [&docs[..], "s3://bucket/docs", "", "", "", "", "", ""];
    let (filled, shown) = scene.typed(None, None, Settings::default(), &lines);
    let new = filled.unwrap();
    assert_eq!(new.path, docs);
    assert_eq!(new.dest, uri("s3://bucket/docs"));
    let name = Some("docs".to_owned());
    let expected = Settings {
        name,
        ..Settings::default()
    };
    assert_eq!(new.settings, expected);
    let expected = "Local directory: \
        S3 URI (s3://bucket[/prefix]): \
        An S3 server other than AWS? [y/N] \
        Region [as the AWS settings say]: \
        Profile of the AWS configuration files [none]: \
        Compression of uploads, 1 to 11 [0, off]: \
        Encrypt what is uploaded, with age? [y/N] \
        Name of the map [docs]: ";
    assert_eq!(shown, expected);
}

#[test]
fn each_answer_is_kept() {
    let scene = Scene::new();
    let lines = [
        "s3://bucket/docs",
        "yes",
        "https://s3.example.com",
        "",
        "eu-west-1",
        "no-such-profile",
        "",
        "9",
        "y",
        RECIPIENT,
        "",
        "",
        "papers",
    ];
    let (filled, shown) = scene.typed(Some("docs"), None, Settings::default(), &lines);
    let settings = filled.unwrap().settings;
    let reason = "  profile no-such-profile is not in the AWS configuration files\n";
    assert!(shown.contains(reason), "{shown}");
    let own = |text: &str| Some(text.to_owned());
    let access = Access {
        endpoint: own("https://s3.example.com"),
        region: own("eu-west-1"),
        profile: None,
        addressing: Addressing::Path,
    };
    assert_eq!(settings.access, access);
    assert_eq!(settings.gzip_level, Some(9));
    assert_eq!(settings.age.recipients, [RECIPIENT]);
    assert_eq!(settings.age.identity_file, None);
    assert_eq!(settings.name, own("papers"));
}

#[test]
fn an_answer_that_is_none_is_asked_for_again_with_the_reason() {
    let scene = Scene::new();
    let (taken, docs) = (scene.path("taken"), scene.path("docs"));
    let missing = scene.path("missing");
    let identities = scene.path("identities");
    let lines = [
        "",
        "/",
        &missing,
        &taken,
        &docs,
        "bucket/docs",
        "s3://bucket/docs",
        "perhaps",
        "y",
        "s3.example.com",
        "http://s3.example.com",
        "n",
        "",
        "",
        "12",
        "0",
        "y",
        "age1",
        "",
        &identities,
        "keys",
    ];
    let (filled, shown) = scene.typed(None, None, Settings::default(), &lines);
    assert!(matches!(filled, Err(Error::Ended)));
    for reason in [
        "  its name is empty",
        "  the root directory / cannot be mapped\n",
        "missing: No such file",
        "  maps taken and taken-2 overlap",
        "  'bucket/docs' is no S3 destination",
        "  answer y or n\n",
        "  's3.example.com' does not begin with https://",
        "  '12' is not a level from 0 to 11\n",
        "  cannot read the identity file",
        "  'keys' is not the absolute path of a file\n",
    ] {
        assert!(shown.contains(reason), "{reason:?}: {shown}");
    }
    assert_eq!(shown.matches("Recipient, age1...").count(), 2, "{shown}");
}

#[test]
fn what_was_given_is_not_asked_again() {
    let scene = Scene::new();
    let own = |text: &str| Some(text.to_owned());
    let settings = Settings {
        access: Access {
            endpoint: own("http://localhost"),
            region: own("us-east-1"),
            profile: own("work"),
            addressing: Addressing::Path,
        },
        gzip_level: Some(0),
        age: Age {
            recipients: vec![RECIPIENT.to_owned()],
            recipients_file: None,
            identity_file: own("/keys"),
        },
        name: own("papers"),
        ..Settings::default()
    };
    let dest = Some("s3://bucket/docs");
    let (filled, shown) = scene.typed(Some("docs"), dest, settings.clone(), &[]);
    assert_eq!(filled.unwrap().settings, settings);
    assert_eq!(shown, "");
}

#[test]
fn a_name_that_is_taken_is_refused_and_the_default_is_free() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.folder.path().join("other/taken")).unwrap();
    let lines = ["", "", "", "", "", "taken", ""];
    let dest = Some("s3://bucket/docs");
    let (filled, shown) = scene.typed(Some("other/taken"), dest, Settings::default(), &lines);
    assert_eq!(filled.unwrap().settings.name, Some("taken-2".to_owned()));
    assert!(shown.contains("  another map is called taken\n"), "{shown}");
}

#[test]
fn prefixes_that_overlap_end_it() {
    let scene = Scene::new();
    let dest = Some("s3://bucket/taken/inside");
    let lines = ["", "", ""];
    let (filled, _) = scene.typed(Some("docs"), dest, Settings::default(), &lines);
    assert!(matches!(filled, Err(Error::Init(init::Error::Overlap(_)))));
}
