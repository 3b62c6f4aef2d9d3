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
            Keys::Create { name } => {
                let secret = create(instance, &name, None).await?;
                say!("{secret}");
                eprintln!("This is the only time it is shown. To open the page with it:");
                eprintln!("  http://{}/#token={secret}", config.listen);
            }
            Keys::List => {
                for key in list(instance).await? {
                    let id = key["id"].as_u64().unwrap_or_default();
                    let hint = key["hint"].as_str().map_or_else(String::new, |hint| format!("…{hint}"));
                    say!("{id:>4}  {hint:<8}  {}  {}", text(&key, "createdAt"), text(&key, "name"));
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
    let answer = instance.call("POST", "/api/system/generate-api-key", Some(body)).await?;
    Ok(text(&answer["apiKey"], "secret"))
}

/// All keys, without their secrets.
pub async fn list(instance: &Instance) -> Result<Vec<Value>, String> {
    let answer = instance.call("GET", "/api/system/api-keys", None).await?;
    Ok(answer["apiKeys"].as_array().cloned().unwrap_or_default())
}
