//! A strict reader of pages: what it takes is well-formed as XML is, refers to nothing outside and
//! runs nothing.

use std::collections::HashSet;

const ENTITIES: &[&str] = &["amp", "lt", "gt", "quot", "#39", "#8211"];

/// What a page is found to hold.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Headings in order: level and text.
    pub(crate) headings: Vec<(u8, String)>,
    /// Titles of areas.
    pub(crate) titles: Vec<String>,
    /// All text that is shown, piece by piece.
    pub(crate) texts: Vec<String>,
    /// Names of elements.
    pub(crate) elements: HashSet<String>,
    ids: HashSet<String>,
    links: Vec<String>,
}

impl Found {
    /// Reads a page.
    ///
    /// # Panics
    /// At the first fault.
    #[track_caller]
    pub(crate) fn read(page: &str) -> Self {
        let mut found = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut rest = page.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
        while !rest.is_empty() {
            let Some(inside) = rest.strip_prefix('<') else {
                let end = rest.find('<').unwrap_or(rest.len());
                found.text(&unescaped(&rest[..end]), open.last());
                rest = &rest[end..];
                continue;
            };
            let end = inside.find('>').expect("a tag ends");
            let tag = &inside[..end];
            rest = &inside[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closes what is open");
                continue;
            }
            let (tag, is_closed) = match tag.strip_suffix('/') {
                Some(tag) => (tag, true),
                None => (tag, false),
            };
            let name = found.element(tag);
            if name == "style" {
                let end = rest.find("</style>").expect("the style ends");
                rest = &rest[end..];
            }
            if !is_closed {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
        found.check();
        found
    }

    /// Takes a start tag; gives the element's name.
    fn element(&mut self, tag: &str) -> String {
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(!name.is_empty() && is_name(name), "<{tag}>");
        let mut known = HashSet::new();
        while !rest.trim().is_empty() {
            let (attribute, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("<{tag}>"));
            let (value, more) = value.split_once('"').unwrap_or_else(|| panic!("<{tag}>"));
            let attribute = attribute.trim_start();
            assert!(known.insert(attribute), "<{tag}> has {attribute} twice");
            assert!(
                !attribute.starts_with("on") && attribute != "src",
                "<{tag}>"
            );
            let value = unescaped(value);
            match attribute {
                "id" => assert!(self.ids.insert(value.clone()), "two are {value}"),
                "href" => self.links.push(value),
                _ => {}
            }
            rest = more;
        }
        if name == "th" {
            assert!(known.contains("scope"), "<{tag}> has no scope");
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse().ok()) {
            self.headings.push((level, String::new()));
        }
        self.elements.insert(name.to_owned());
        name.to_owned()
    }

    fn text(&mut self, text: &str, within: Option<&String>) {
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "a control character in {text:?}"
        );
        let within = within.map_or("", String::as_str);
        let is_heading = within.len() == 2 && within.starts_with('h') && within != "hr";
        if let (true, Some((_, heading))) = (is_heading, self.headings.last_mut()) {
            heading.push_str(text);
        }
        if within == "title" {
            self.titles.push(text.to_owned());
        } else if !text.trim().is_empty() {
            self.texts.push(text.to_owned());
        }
    }

    fn check(&self) {
        for link in &self.links {
            let is_here = link
                .strip_prefix('#')
                .is_some_and(|id| self.ids.contains(id));
            assert!(is_here, "{link} leads away or nowhere");
        }
        for forbidden in ["script", "link", "img", "iframe", "object", "embed", "form"] {
            assert!(!self.elements.contains(forbidden), "{forbidden}");
        }
        let levels: Vec<u8> = self.headings.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels.first(), Some(&1), "{levels:?}");
        assert!(!levels[1..].contains(&1), "{levels:?}");
        let skips = levels.windows(2).any(|two| two[1] > two[0] + 1);
        assert!(!skips, "{levels:?}");
    }

    /// Whether this text is shown, as a whole piece.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.texts.iter().any(|shown| shown == text)
    }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains(['<', '>']), "{text:?}");
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (entity, rest) = piece.split_once(';').expect("an entity ends");
        assert!(ENTITIES.contains(&entity), "&{entity};");
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            _ => '\u{2013}',
        });
        plain.push_str(rest);
    }
    plain
}
