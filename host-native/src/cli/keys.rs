//! `haversack keys`.

use super::out::say;
use super::workspace::text;
use crate::config::Config;
use crate::instance::Instance;
use clap::Subcommand;
use serde_json::{Value, json};

/// Create, list and revoke API keys.
#[derive(Subcommand)]
pub enum Keys {
    /// Make a key and print it, once
    Create {
        /// What it is for
        #[arg(default_value = "command line")]
        name: String,
        /// What it may do: read, chat, write or admin; can be given several times (default: everything)
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// A workspace that it is limited to, by its slug; can be given several times (default: all)
        #[arg(long = "workspace", value_name = "SLUG")]
        workspaces: Vec<String>,
        /// When it ends, e.g. 2030-12-31 (default: never)
        #[arg(long, value_name = "DATE")]
        expires: Option<String>,
    },
    /// List the keys; their secrets are not kept
    List,
    /// Make a key useless
    Revoke {
        /// Its id, as `keys list` shows it
        id: u64,
    },
}

impl Keys {
    /// Carries it out.
    pub async fn run(self, config: &Config, instance: &Instance) -> Result<(), String> {
        match self {
            Keys::Create { name, scopes, workspaces, expires } => {
                let mut body = json!({ "name": name });
                for (field, list) in [("scopes", scopes), ("workspaces", workspaces)] {
                    if !list.is_empty() {
                        body[field] = list.into();
                    }
                }
                if let Some(expires) = expires {
                    body["expiresAt"] = expires.into();
                }
                let secret = make(instance, body).await?;
                say!("{secret}");
                eprintln!("This is the only time it is shown. To open the page with it:");
                eprintln!("  http://{}/#token={secret}", config.listen);
            }
            Keys::List => {
                for key in list(instance).await? {
                    let id = key["id"].as_u64().unwrap_or_default();
                    let hint = key["hint"].as_str().map_or_else(String::new, |hint| format!("…{hint}"));
                    say!(
                        "{id:>4}  {hint:<8}  {}  {}{}",
                        text(&key, "createdAt"),
                        text(&key, "name"),
                        limits(&key)
                    );
                }
            }
            Keys::Revoke { id } => {
                instance.call("DELETE", &format!("/api/system/api-key/{id}"), None).await?;
                say!("Key {id} is revoked.");
            }
        }
        Ok(())
    }
}

/// Makes a key; its secret.
pub async fn create(instance: &Instance, name: &str, secret: Option<&str>) -> Result<String, String> {
    let mut body = json!({ "name": name });
    if let Some(secret) = secret {
        body["secret"] = secret.into();
    }
    make(instance, body).await
}

async fn make(instance: &Instance, body: Value) -> Result<String, String> {
    let answer = instance.call("POST", "/api/system/generate-api-key", Some(body)).await?;
    Ok(text(&answer["apiKey"], "secret"))
}

/// What a key may do, where, for how long, and whose it is; nothing for what is not limited.
fn limits(key: &Value) -> String {
    let list = |field: &str| {
        let items = key[field].as_array()?.iter().filter_map(Value::as_str);
        Some(items.collect::<Vec<_>>().join(", "))
    };
    let mut limits: Vec<String> = Vec::new();
    limits.extend(list("scopes").map(|scopes| format!("may {scopes}")));
    limits.extend(list("workspaces").map(|slugs| format!("in {slugs}")));
    limits.extend(key["expiresAt"].as_str().map(|at| format!("until {at}")));
    limits.extend(key["createdBy"]["id"].as_u64().map(|id| match key["createdBy"]["username"].as_str() {
        Some(name) => format!("belongs to {name}"),
        None => format!("belonged to user {id}, who is gone"),
    }));
    limits.extend(key["createdWith"].as_u64().map(|id| format!("made with key {id}")));
    limits.extend(key["lastUsedAt"].as_str().map(|at| format!("last used {at}")));
    if limits.is_empty() { String::new() } else { format!("  ({})", limits.join("; ")) }
}

/// All keys, without their secrets.
pub async fn list(instance: &Instance) -> Result<Vec<Value>, String> {
    let answer = instance.call("GET", "/api/system/api-keys", None).await?;
    Ok(answer["apiKeys"].as_array().cloned().unwrap_or_default())
}
