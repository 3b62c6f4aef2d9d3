//! Finding the workspace that a command is about.

use crate::instance::Instance;
use serde_json::{Value, json};

/// The slug of the workspace that `wanted` names by slug or name; without `wanted`, of the only one.
pub async fn find(instance: &Instance, wanted: Option<&str>) -> Result<String, String> {
    let all = list(instance).await?;
    match wanted {
        Some(wanted) => slug_of(&all, wanted)
            .ok_or_else(|| format!("there is no workspace {wanted}; there {}", names(&all))),
        None => match &all[..] {
            [only] => Ok(text(only, "slug")),
            [] => Err("there is no workspace yet; `haversack add FILE --workspace NAME` makes one".into()),
            _ => Err(format!("say which with --workspace; there {}", names(&all))),
        },
    }
}

/// As [`find`], but makes the workspace if there is none of that name.
pub async fn find_or_create(instance: &Instance, wanted: &str) -> Result<String, String> {
    if let Some(slug) = slug_of(&list(instance).await?, wanted) {
        return Ok(slug);
    }
    let made = instance.call("POST", "/api/v1/workspace/new", Some(json!({ "name": wanted }))).await?;
    Ok(text(&made["workspace"], "slug"))
}

async fn list(instance: &Instance) -> Result<Vec<Value>, String> {
    let answer = instance.call("GET", "/api/v1/workspaces", None).await?;
    Ok(answer["workspaces"].as_array().cloned().unwrap_or_default())
}

fn slug_of(all: &[Value], wanted: &str) -> Option<String> {
    all.iter()
        .find(|row| text(row, "slug") == wanted)
        .or_else(|| all.iter().find(|row| text(row, "name").eq_ignore_ascii_case(wanted)))
        .map(|row| text(row, "slug"))
}

fn names(all: &[Value]) -> String {
    let slugs: Vec<_> = all.iter().map(|row| text(row, "slug")).collect();
    if slugs.is_empty() { "is none yet".into() } else { format!("are: {}", slugs.join(", ")) }
}

/// A field as text; empty if it is not there.
pub fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or("").to_owned()
}

/// A slug as part of a path.
pub fn encode(slug: &str) -> String {
    percent_encoding::utf8_percent_encode(slug, percent_encoding::NON_ALPHANUMERIC).to_string()
}
