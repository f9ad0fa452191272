//! Messages that a person can read: long names are shortened, and of a thousand messages of one kind
//! the first ones and a count are printed. Logs have all of it.

use crate::event::Event;
use indicatif::HumanCount;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Characters of the longest name that is printed whole.
const NAME_CHARS: usize = 200;
/// Messages of one kind that are printed for a map.
const MESSAGES: u64 = 100;

/// A group of messages that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Something failed, and this is the hint.
    Failed(Option<&'static str>),
    /// Something was skipped.
    Skipped,
    /// A conflict was settled.
    Settled,
}

impl Kind {
    /// The kind of an event's message; `None` for those that are printed however many there are.
    pub(super) fn of(event: &Event<'_>) -> Option<Self> {
        match event {
            Event::Failed { cause, .. } => Some(Self::Failed(super::hint(*cause))),
            Event::Skipped { .. } | Event::Hidden { .. } => Some(Self::Skipped),
            Event::Settled { .. } => Some(Self::Settled),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Failed(_) => "error",
            Self::Skipped => "skipped",
            Self::Settled => "conflict",
        }
    }
}

/// How many messages of each kind each map has had.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<(String, Kind), u64>);

impl Tally {
    /// Counts a message; returns true if it is one of the first.
    pub(super) fn admits(&mut self, map: &str, kind: Kind) -> bool {
        let count = self.0.entry((map.to_owned(), kind)).or_default();
        *count += 1;
        *count <= MESSAGES
    }

    /// Ends a map; returns a line for each kind of which some were not printed.
    pub(super) fn end(&mut self, map: &str) -> Vec<(Kind, String)> {
        let of_map = self.0.extract_if(.., |(of, _), _| of == map);
        let counts = of_map.filter(|(_, count)| *count > MESSAGES);
        let lines = counts.map(|((_, kind), count)| {
            let more = HumanCount(count - MESSAGES);
            let word = kind.word();
            (kind, format!("{word}: and {more} more; --log-dir has all"))
        });
        lines.collect()
    }
}

/// A message with its event's name shortened in the middle, if it is long.
pub(super) fn shortened<'a>(text: &'a str, event: &Event<'_>) -> Cow<'a, str> {
    let name = match event {
        Event::Failed { key, .. } | Event::Skipped { key, .. } | Event::Settled { key, .. } => {
            key.to_string()
        }
        Event::Hidden { name, .. } => (*name).to_owned(),
        _ => return Cow::Borrowed(text),
    };
    let count = name.chars().count();
    if count <= NAME_CHARS {
        return Cow::Borrowed(text);
    }
    let half = NAME_CHARS / 2;
    let start: String = name.chars().take(half).collect();
    let end: String = name.chars().skip(count - (half - 3)).collect();
    Cow::Owned(text.replace(&name, &format!("{start}...{end}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::plan::Obstacle;

    fn message(name: &str) -> String {
        let key = Key::parse(name).unwrap();
        let obstacle = &Obstacle::Undecided;
        let event = Event::Skipped {
            key: &key,
            obstacle,
        };
        let text = format!("skipped {key}: cannot do it: {key} is in the way");
        shortened(&text, &event).into_owned()
    }

    #[test]
    fn only_a_long_name_is_shortened_and_in_the_middle() {
        let name = format!("{}/{}/z", "\u{fc}".repeat(120), "b".repeat(77));
        assert_eq!(name.chars().count(), NAME_CHARS);
        assert!(message(&name).starts_with(&format!("skipped {name}: ")));
        let name = format!("{}/{}/z", "\u{fc}".repeat(120), "b".repeat(120));
        let short = format!("{}...{}/z", "\u{fc}".repeat(100), "b".repeat(95));
        assert_eq!(short.chars().count(), NAME_CHARS);
        let told = format!("skipped {short}: cannot do it: {short} is in the way");
        assert_eq!(message(&name), told);
    }

    #[test]
    fn each_map_and_kind_has_its_own_hundred() {
        let mut tally = Tally::default();
        let mut printed = 0;
        for _ in 0..3000 {
            printed += u32::from(tally.admits("docs", Kind::Skipped));
        }
        assert_eq!(printed, 100);
        assert!(tally.admits("docs", Kind::Failed(None)));
        assert!(tally.admits("docs", Kind::Failed(Some("hint"))));
        assert!(tally.admits("mail", Kind::Skipped));
        let more = "skipped: and 2,900 more; --log-dir has all".to_owned();
        assert_eq!(tally.end("docs"), [(Kind::Skipped, more)]);
        assert_eq!(tally.end("docs"), []);
        assert_eq!(tally.end("mail"), []);
    }
}
