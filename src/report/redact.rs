//! The last look at what is said: no secret key is ever shown, wherever it was given by mistake.

use std::borrow::Cow;

/// How age's identities begin, in either case.
const SECRET: &str = "AGE-SECRET-KEY-";

/// The text without what follows the beginning of a secret key.
pub(super) fn redacted(text: &str) -> Cow<'_, str> {
    let upper = text.to_ascii_uppercase();
    if !upper.contains(SECRET) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    let mut rest = text;
    let mut upper = &upper[..];
    while let Some(at) = upper.find(SECRET) {
        let end = at + SECRET.len();
        shown.push_str(&rest[..end]);
        shown.push_str("...");
        let is_secret = |c: char| c.is_ascii_alphanumeric();
        let length = rest[end..].find(|c| !is_secret(c));
        let after = end + length.unwrap_or(rest.len() - end);
        rest = &rest[after..];
        upper = &upper[after..];
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_are_left_out() {
        for (text, shown) in [
            ("nothing \u{e9} here", "nothing \u{e9} here"),
            ("a AGE-SECRET-KEY-1QQ'b", "a AGE-SECRET-KEY-...'b"),
            (
                "\u{e9} age-secret-key-1q, AGE-SECRET-KEY-1Z",
                "\u{e9} age-secret-key-..., AGE-SECRET-KEY-...",
            ),
            ("AGE-SECRET-KEY-", "AGE-SECRET-KEY-..."),
        ] {
            assert_eq!(redacted(text), shown);
        }
    }
}
