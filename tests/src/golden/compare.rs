//! The list of places where two normalised values differ.

use serde_json::Value;
use std::fmt;

/// One place where we differ from the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// JSON pointer into the step, e.g. `/response/body/error`.
    pub at: String,
    /// What was recorded; `None`: nothing.
    pub golden: Option<Value>,
    /// What we did; `None`: nothing.
    pub ours: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| match value {
            None => "(absent)".to_owned(),
            Some(value) => cut(&value.to_string()),
        };
        write!(f, "{}\n    golden {}\n    ours   {}", self.at, show(&self.golden), show(&self.ours))
    }
}

fn cut(text: &str) -> String {
    const SHOWN: usize = 400;
    if text.chars().count() <= SHOWN {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(SHOWN).collect::<String>())
    }
}

/// Adds to `out` where `ours` differs from `golden`, both normalised.
pub fn compare(golden: &Value, ours: &Value, at: &str, out: &mut Vec<Difference>) {
    compare_under("", golden, ours, at, out);
}

fn compare_under(key: &str, golden: &Value, ours: &Value, at: &str, out: &mut Vec<Difference>) {
    match (golden, ours) {
        (Value::Number(a), Value::Number(b)) => {
            let near = match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => (a - b).abs() <= tolerance(key),
                _ => a == b,
            };
            if !near {
                out.push(different(at, Some(golden), Some(ours)));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at_item in 0..a.len().max(b.len()) {
                let pointer = format!("{at}/{at_item}");
                compare_options(key, a.get(at_item), b.get(at_item), &pointer, out);
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            for name in a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))) {
                let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                compare_options(name, a.get(name), b.get(name), &pointer, out);
            }
        }
        _ if golden == ours => {}
        _ => out.push(different(at, Some(golden), Some(ours))),
    }
}

fn compare_options(
    key: &str,
    golden: Option<&Value>,
    ours: Option<&Value>,
    at: &str,
    out: &mut Vec<Difference>,
) {
    match (golden, ours) {
        (Some(golden), Some(ours)) => compare_under(key, golden, ours, at, out),
        _ => out.push(different(at, golden, ours)),
    }
}

fn different(at: &str, golden: Option<&Value>, ours: Option<&Value>) -> Difference {
    Difference { at: at.to_owned(), golden: golden.cloned(), ours: ours.cloned() }
}

/// Scores come from sums in another order; token counts from prompts that hold the clock.
fn tolerance(key: &str) -> f64 {
    match key {
        "score" | "distance" | "_distance" => 2e-3,
        "prompt_tokens" | "total_tokens" => 4.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(golden: Value, ours: Value) -> Vec<String> {
        let mut out = Vec::new();
        compare(&golden, &ours, "", &mut out);
        out.into_iter().map(|d| d.at).collect()
    }

    #[test]
    fn every_kind_of_difference_is_named_once() {
        let golden = json!({"same": 1, "gone": 1, "list": [1, 2], "kind": "1", "score": 0.5});
        let ours = json!({"same": 1, "new": 1, "list": [1, 3, 4], "kind": 1, "score": 0.5019});
        assert_eq!(places(golden, ours), ["/gone", "/list/1", "/list/2", "/kind", "/new"]);
    }

    #[test]
    fn an_absent_key_is_not_null() {
        assert_eq!(places(json!({"a": null}), json!({})), ["/a"]);
        assert_eq!(places(json!({"prompt_tokens": 10}), json!({"prompt_tokens": 15})), ["/prompt_tokens"]);
    }
}
