//! Which attributes the loaded policies read at all: what they do not read cannot change an answer.
//!
//! Works on the JSON form of policies and errs to the safe side: what it does not understand counts as read.

use std::collections::BTreeSet;

use serde_json::Value;

/// How far the policies look at an optional attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Not at all.
    Never,
    /// Whether it is there.
    Presence,
    /// What it is.
    Value,
}

/// The attributes and variables that occur in a set of policies.
#[derive(Clone, Debug, Default)]
pub(super) struct Mentions {
    read: BTreeSet<String>,
    tested: BTreeSet<String>,
    everything: bool,
    identity: bool,
}

impl Mentions {
    /// Adds what one policy, given in Cedar's JSON form, mentions.
    pub(super) fn add(&mut self, policy: &Value) {
        let narrow = |scope: &Value| {
            !matches!(scope.get("op").and_then(Value::as_str), Some("All" | "is")) || scope.get("in").is_some()
        };
        self.identity |= policy.get("resource").is_none_or(narrow);
        match policy.get("conditions") {
            Some(conditions) => self.walk(conditions),
            None => self.everything = true,
        }
    }

    /// How far the policies look at `attribute`.
    pub(super) fn look(&self, attribute: &str) -> Look {
        match (self.everything || self.read.contains(attribute), self.tested.contains(attribute)) {
            (true, _) => Look::Value,
            (false, true) => Look::Presence,
            (false, false) => Look::Never,
        }
    }

    /// Whether the policies look at `attribute` in any way.
    pub(super) fn any(&self, attribute: &str) -> bool {
        self.look(attribute) != Look::Never
    }

    /// Whether a policy asks which field or item it is, beyond its attributes.
    pub(super) fn identity(&self) -> bool {
        self.identity || self.everything
    }

    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(parts) => parts.iter().for_each(|part| self.walk(part)),
            Value::Object(map) => {
                for (key, value) in map {
                    match key.as_str() {
                        "." => self.access(value, true),
                        "has" => self.access(value, false),
                        "Var" => self.bare(value),
                        _ => self.walk(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn access(&mut self, node: &Value, whole: bool) {
        let names = if whole { &mut self.read } else { &mut self.tested };
        match node.get("attr") {
            Some(Value::String(name)) => {
                names.insert(name.clone());
            }
            _ => self.everything = true,
        }
        match node.get("left") {
            Some(left) if left.get("Var").is_some() => {}
            Some(left) => self.walk(left),
            None => self.everything = true,
        }
    }

    fn bare(&mut self, variable: &Value) {
        match variable.as_str() {
            Some("resource") => self.identity = true,
            Some("principal" | "action") => {}
            _ => self.everything = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(conditions: &str, resource: &str) -> Mentions {
        let text = format!(r#"{{"effect":"permit","resource":{resource},"conditions":{conditions}}}"#);
        let mut mentions = Mentions::default();
        mentions.add(&serde_json::from_str(&text).unwrap());
        mentions
    }

    #[test]
    fn attributes_that_are_tested_or_read_are_told_apart() {
        let found = mentions(
            r#"[{"kind":"when","body":{"&&":{"left":{"has":{"left":{"Var":"context"},"attr":"purpose"}},
                "right":{"==":{"left":{".":{"left":{"Var":"resource"},"attr":"tier"}},"right":{"Value":1}}}}}}]"#,
            r#"{"op":"All"}"#,
        );
        assert_eq!(found.look("purpose"), Look::Presence);
        assert_eq!(found.look("tier"), Look::Value);
        assert_eq!(found.look("provider"), Look::Never);
        assert!(!found.identity());
    }

    #[test]
    fn naming_a_field_or_an_item_counts_as_looking_at_its_identity() {
        assert!(mentions("[]", r#"{"op":"==","entity":{"type":"Field","id":"a.b"}}"#).identity());
        assert!(mentions(r#"[{"body":{"in":{"left":{"Var":"resource"},"right":{}}}}]"#, r#"{"op":"All"}"#).identity());
        assert!(mentions("[]", r#"{"op":"is","entity_type":"Field","in":{}}"#).identity());
    }

    #[test]
    fn what_is_not_understood_counts_as_everything() {
        let found =
            mentions(r#"[{"body":{"==":{"left":{"Var":"context"},"right":{"Record":{}}}}}]"#, r#"{"op":"All"}"#);
        assert_eq!(found.look("anything"), Look::Value);
        assert!(found.identity());
    }
}
