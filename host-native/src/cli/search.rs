//! `haversack search`, and how passages look in a terminal.

use super::out::say;
use super::workspace::{self, encode, text};
use crate::instance::Instance;
use clap::Args;
use serde_json::{Value, json};

/// Find passages in a workspace without asking a language model.
#[derive(Args)]
pub struct Search {
    /// What to look for
    query: String,
    /// The workspace's slug or name; may be left out if there is only one
    #[arg(long, short)]
    workspace: Option<String>,
    /// How many passages
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5)]
    top: u32,
    /// Print the API's JSON
    #[arg(long)]
    json: bool,
}

impl Search {
    /// Carries it out.
    pub async fn run(self, instance: &Instance) -> Result<(), String> {
        let slug = workspace::find(instance, self.workspace.as_deref()).await?;
        let path = format!("/api/v1/workspace/{}/vector-search", encode(&slug));
        let body = json!({ "query": self.query, "topN": self.top, "scoreThreshold": 0 });
        let answer = instance.call("POST", &path, Some(body)).await?;
        if self.json {
            say!("{answer:#}");
            return Ok(());
        }
        let results = answer["results"].as_array().cloned().unwrap_or_default();
        if results.is_empty() {
            say!("{}", answer["message"].as_str().unwrap_or("Nothing was found."));
        }
        for (number, result) in (1..).zip(&results) {
            print_passage(number, &result["metadata"], &text(result, "text"), result["score"].as_f64());
        }
        Ok(())
    }
}

/// Lines of a passage that are shown.
const LINES_MAX: usize = 6;
const WIDTH: usize = 96;

/// Prints one passage with where it is from.
pub fn print_passage(number: usize, metadata: &Value, passage: &str, score: Option<f64>) {
    let mut place = text(metadata, "title");
    if let Some(page) = metadata["page"].as_u64() {
        place.push_str(&format!(", page {page}"));
    }
    if let Some(score) = score {
        place.push_str(&format!("  ({score:.2})"));
    }
    say!("[{number}] {}", printable(&place));
    let lines = wrap(&printable(without_header(passage)), WIDTH);
    for line in lines.iter().take(LINES_MAX) {
        say!("    {line}");
    }
    if lines.len() > LINES_MAX {
        say!("    …");
    }
    say!();
}

/// The passage without the block that tells a model where it is from.
fn without_header(passage: &str) -> &str {
    let after =
        passage.strip_prefix("<document_metadata>").and_then(|rest| rest.split_once("</document_metadata>"));
    after.map_or(passage, |(_, text)| text).trim()
}

/// Documents must not move the cursor or change colours: control characters become spaces.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_wrapped_and_harmless() {
        assert_eq!(wrap("aa bb  cc\ndd", 5), ["aa bb", "cc dd"]);
        assert_eq!(printable("a\u{1b}[31mb\u{7}"), "a [31mb ");
        let passage = "<document_metadata>\nsourceDocument: x\n</document_metadata>\n\nHello";
        assert_eq!(without_header(passage), "Hello");
        assert_eq!(without_header("plain"), "plain");
    }
}
