//! IAM policies, as far as those in examples/ go. What is not understood here is a failed test.

use serde_json::Value;
use std::fs;
use std::path::Path;

/// A policy that allows some things.
#[derive(Clone)]
pub(crate) struct Policy(Vec<Statement>);

/// Something that is allowed.
#[derive(Clone)]
struct Statement {
    actions: Vec<String>,
    resources: Vec<String>,
    /// What `s3:prefix` must be like, where it matters.
    prefixes: Option<Vec<String>>,
}

/// What a request needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// The action.
    pub(crate) action: &'static str,
    /// ARN of the bucket or object.
    pub(crate) resource: String,
    /// `s3:prefix`, where the request has one.
    pub(crate) prefix: Option<String>,
}

impl Policy {
    /// An example, for this bucket.
    pub(crate) fn example(name: &str, bucket: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies");
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let policy: Value = serde_json::from_str(&text.replace("my-bucket", bucket)).unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
        expect_fields(&policy, &["Version", "Statement"]);
        let statements = policy["Statement"].as_array().unwrap();
        Self(statements.iter().map(Statement::read).collect())
    }

    /// Whether all of it is allowed.
    pub(crate) fn allows(&self, need: &Need) -> bool {
        self.0.iter().any(|statement| statement.allows(need))
    }

    /// The same without what allows this action.
    pub(crate) fn without(&self, action: &str) -> Self {
        let is_other = |it: &&Statement| !it.actions.iter().any(|found| found == action);
        let rest: Vec<_> = self.0.iter().filter(is_other).cloned().collect();
        assert!(rest.len() < self.0.len());
        Self(rest)
    }

    /// Every action that is allowed somewhere.
    pub(crate) fn actions(&self) -> Vec<&str> {
        let actions = self.0.iter().flat_map(|statement| &statement.actions);
        actions.map(String::as_str).collect()
    }
}

impl Statement {
    fn read(statement: &Value) -> Self {
        expect_fields(
            statement,
            &["Sid", "Effect", "Action", "Resource", "Condition"],
        );
        assert_eq!(statement["Effect"], "Allow");
        let prefixes = statement.get("Condition").map(|condition| {
            expect_fields(condition, &["StringLike"]);
            expect_fields(&condition["StringLike"], &["s3:prefix"]);
            texts(&condition["StringLike"]["s3:prefix"])
        });
        Self {
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            prefixes,
        }
    }

    fn allows(&self, need: &Need) -> bool {
        let any = |patterns: &[String], text: &str| patterns.iter().any(|it| is_like(it, text));
        // A condition on what the request does not have does not hold.
        let is_below = |patterns: &Vec<String>| {
            let prefix = need.prefix.as_deref();
            prefix.is_some_and(|prefix| any(patterns, prefix))
        };
        any(&self.actions, need.action)
            && any(&self.resources, &need.resource)
            && self.prefixes.as_ref().is_none_or(is_below)
    }
}

fn expect_fields(value: &Value, known: &[&str]) {
    for name in value.as_object().unwrap().keys() {
        assert!(known.contains(&&name[..]), "{name} is not understood");
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect(),
        other => panic!("{other} is neither text nor texts"),
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    assert!(!pattern.contains(['?', '$']), "{pattern} is not understood");
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| is_like(rest, &text[at..]))
        }),
    }
}

#[test]
fn patterns_are_like_what_they_should() {
    assert!(is_like("a/*", "a/") && is_like("a/*", "a/b/c") && is_like("*", ""));
    assert!(is_like("a/*/c-*", "a/b/b/c-d") && is_like("ab", "ab"));
    assert!(!is_like("a/*", "a") && !is_like("a/*/c-*", "a/c-d") && !is_like("ab", "abc"));
}
