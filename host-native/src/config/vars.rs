//! Variables of several sources, merged.

use std::collections::BTreeMap;
use std::str::FromStr;

const PREFIX: &str = "HAVERSACK_";

/// Name to value; later layers have overridden earlier ones. Empty values count as absent.
pub struct Vars(BTreeMap<String, String>);

impl Vars {
    /// Merges `layers`, the weakest first.
    pub fn merge(layers: Vec<BTreeMap<String, String>>) -> Vars {
        Vars(layers.into_iter().flatten().collect())
    }

    /// A variable by its whole name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// One of our own, by its name without the prefix.
    pub fn own(&self, name: &str) -> Option<&str> {
        self.get(&format!("{PREFIX}{name}"))
    }

    /// A number by its whole name.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.get(name).map(|text| text.parse().map_err(|_| wrong(name, text, "a whole number"))).transpose()
    }

    /// One of our own numbers.
    pub fn own_number<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        self.number(&format!("{PREFIX}{name}"))
    }

    /// One of our own switches; off if absent.
    pub fn own_flag(&self, name: &str) -> Result<bool, String> {
        match self.own(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("0" | "false" | "no" | "off") => Ok(false),
            Some("1" | "true" | "yes" | "on") => Ok(true),
            Some(text) => Err(wrong(&format!("{PREFIX}{name}"), text, "true or false")),
        }
    }

    /// All of them, with `HAVERSACK_X` as `X` too.
    pub fn for_engine(self) -> BTreeMap<String, String> {
        let own: Vec<_> = self
            .0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())))
            .collect();
        let mut all = self.0;
        all.extend(own);
        all
    }
}

fn wrong(name: &str, text: &str, expected: &str) -> String {
    format!("{name}={text}: {expected} is expected")
}
