//! What differs from run to run gives way to its name in braces.

use super::stage::Stage;

/// Shapes of times and of what is named by time: `0` stands for a digit, `x` for a hex digit.
const SHAPES: &[(&str, &str)] = &[
    ("00000000T000000Z-xxxxxxxx", "{time}-{id}"),
    ("0000-00-00T00:00:00.000Z", "{time}"),
    ("0000-00-00T00:00:00Z", "{time}"),
    ("0000-00-00T00-00-00Z", "{time}"),
    ("00000000T000000Z", "{time}"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "{id}"),
    ("xxxxxxxxxxxxxxxx", "{id}"),
];

/// What is noted of some servers that the tests run against.
const LESSER_SERVER: &str = "this server does not honour";

/// Numbers of so many digits are times or sums.
const LONG: usize = 9;

/// The text as it is in every run.
pub(super) fn steady(text: &str, stage: &Stage) -> String {
    let mut text = text.to_owned();
    for (name, value) in stage.names() {
        text = text.replace(&value, name);
    }
    text = text.replace(env!("CARGO_PKG_VERSION"), "{version}");
    for (before, name) in [("process ", "{pid}"), ("pid\":", "{pid}")] {
        text = number_after(&text, before, name);
    }
    let lines = shapes(&text);
    let lines = lines.lines().filter(|line| !line.contains(LESSER_SERVER));
    lines.map(|line| in_words(line) + "\n").collect()
}

/// What servers and clocks put into a line in their own words.
fn in_words(line: &str) -> String {
    if let Some((before, said)) = line.split_once("the server answered ") {
        let code = said.split(": ").next().unwrap_or_default();
        return format!("{before}the server answered {code}: {{message}}");
    }
    match line.rsplit_once(" (") {
        Some((before, span)) if span.ends_with(" ago)") => format!("{before} ({{ago}})"),
        _ => line.to_owned(),
    }
}

fn number_after(text: &str, before: &str, name: &str) -> String {
    let mut parts = text.split(before);
    let mut steady = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let shown = if rest.len() == part.len() { "" } else { name };
        steady.push_str(before);
        steady.push_str(shown);
        steady.push_str(rest);
    }
    steady
}

fn shapes(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    let mut is_start = true;
    while let Some(c) = rest.chars().next() {
        let found = is_start.then(|| known(rest)).flatten();
        let (shown, length) = match found {
            Some((name, length)) => (name.to_owned(), length),
            None => (c.to_string(), c.len_utf8()),
        };
        is_start = found.is_none() && !c.is_ascii_alphanumeric();
        steady.push_str(&shown);
        rest = &rest[length..];
    }
    steady
}

fn known(text: &str) -> Option<(&'static str, usize)> {
    let shaped = SHAPES.iter().find(|(shape, _)| fits(text, shape));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    shaped
        .map(|(shape, name)| (*name, shape.len()))
        .or_else(|| (digits >= LONG).then_some(("{n}", digits)))
}

fn fits(text: &str, shape: &str) -> bool {
    let ends = text[..].as_bytes().get(shape.len());
    text.len() >= shape.len()
        && ends.is_none_or(|byte| !byte.is_ascii_alphanumeric())
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(is, must)| match must {
                b'0' => is.is_ascii_digit(),
                b'x' => is.is_ascii_hexdigit(),
                _ => is == must,
            })
}
