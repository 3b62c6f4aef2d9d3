//! Environment variables, read so that a typing error is told and changes nothing else.

use super::Secret;
use std::collections::BTreeMap;

/// Variables, read with care.
pub(crate) struct Vars<'a> {
    pub vars: &'a BTreeMap<String, String>,
    pub problems: Vec<String>,
}

impl<'a> Vars<'a> {
    /// The value without white space around it; `None` when unset or empty.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    pub fn number<N: std::str::FromStr>(&mut self, name: &str) -> Option<N> {
        let text = self.text(name)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.problems.push(format!("{name} must be a number; `{text}` is ignored."));
        }
        number
    }

    pub fn positive(&mut self, name: &str) -> Option<u32> {
        let number = self.number::<u32>(name)?;
        if number == 0 {
            self.problems.push(format!("{name} must be greater than zero; it is ignored."));
        }
        (number > 0).then_some(number)
    }

    /// An http(s) address without slashes at its end; with `/v1` added to a bare host if `v1`.
    pub fn url(&mut self, name: &str, v1: bool) -> Option<String> {
        let text = self.text(name)?;
        let url = text.trim_end_matches('/');
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or_default();
        if host.is_empty() || host.contains(char::is_whitespace) {
            self.problems.push(format!("{name} must be a URL that begins with http:// or https://."));
            return None;
        }
        Some(if v1 && !host.contains('/') { format!("{url}/v1") } else { url.to_owned() })
    }

    /// `Name:value,Name:value`; the value begins after the first colon.
    pub fn headers(&mut self, name: &str) -> Vec<(String, Secret)> {
        let mut headers = Vec::new();
        for pair in self.text(name).unwrap_or_default().split(',').filter(|pair| !pair.trim().is_empty()) {
            let valid = |name: &str| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            };
            match pair.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some((header, value)) if valid(header) && !value.is_empty() => {
                    headers.push((header.to_ascii_lowercase(), Secret::new(value)));
                }
                _ => self.problems.push(format!("{name} must look like `Name:value,Name:value`.")),
            }
        }
        headers
    }
}
