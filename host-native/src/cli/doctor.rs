//! `haversack doctor`.

use super::keys;
use super::out::say;
use crate::config::Config;
use crate::instance::Instance;
use crate::store::{self, DAMAGE_FILE_NAME, FILE_NAME};
use clap::Args;
use haversack_engine::llm::ChatModel;
use haversack_engine::seam::{HttpRequest, Trust};
use std::net::TcpListener;

/// Less free space than this is worth a word.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// Check the set-up and say what to do next.
#[derive(Args)]
pub struct Doctor {
    /// Read the whole database and every record in it, not only its structure
    #[arg(long)]
    thorough: bool,
    /// Check every record and mend what is damaged; says what is lost. Stop the server first
    #[arg(long)]
    repair: bool,
}

/// What a check found.
enum Finding {
    Good(String),
    /// It works, but somebody may want to know.
    Remark(String),
    /// What is wrong, and what to do about it.
    Bad(String),
}

use Finding::{Bad, Good, Remark};

impl Doctor {
    /// Carries it out; fails if anything is wrong.
    pub async fn run(self, config: &Config) -> Result<(), String> {
        if self.repair {
            return super::repair::run(config).await;
        }
        let mut findings = vec![files(config), space(config), port(config)];
        match Instance::open(config) {
            Ok(instance) => {
                findings.push(Good(format!("The data directory {} is writable.", config.data.display())));
                findings.push(database(config, self.thorough));
                let damaged = instance.host.effects().store.is_damaged();
                if damaged {
                    findings.push(Bad(format!(
                        "The data was found to be damaged, so nothing is written to it ({}). Stop the server and run: \
                         haversack doctor --repair",
                        config.data.join(DAMAGE_FILE_NAME).display()
                    )));
                }
                if self.thorough || damaged {
                    findings.extend(records(config).await);
                }
                findings.push(keys_present(config, &instance).await);
                findings.push(provider(&instance).await);
                instance.close(super::GRACE).await;
            }
            Err(error) => findings.push(Bad(error.message)),
        }
        let bad = findings.iter().filter(|finding| matches!(finding, Bad(_))).count();
        for finding in findings {
            match finding {
                Good(text) => say!("  ok    {text}"),
                Remark(text) => say!("  note  {text}"),
                Bad(text) => say!("  BAD   {text}"),
            }
        }
        match bad {
            0 => {
                say!("\nAll is well. Start the server with: haversack serve");
                Ok(())
            }
            _ => Err(format!("{bad} of the checks failed; see above for what to do")),
        }
    }
}

fn files(config: &Config) -> Finding {
    match &config.files[..] {
        [] => Good("No .env and no haversack.toml: defaults and the environment apply.".into()),
        files => {
            let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
            Good(format!("Settings were read from {}.", names.join(", ")))
        }
    }
}

fn space(config: &Config) -> Finding {
    // The directory may not be there yet: its nearest ancestor tells.
    let existing = config.data.ancestors().find(|path| path.exists()).unwrap_or(&config.data);
    match fs4::available_space(existing) {
        Ok(free) if free < FREE_BYTES_MIN => Bad(format!(
            "Only {} MB are free at {}: make room, or name another place with --data.",
            free >> 20,
            existing.display()
        )),
        Ok(free) => Good(format!("{} GB are free.", free >> 30)),
        Err(error) => Remark(format!("Cannot tell how much space is free: {error}.")),
    }
}

fn port(config: &Config) -> Finding {
    match TcpListener::bind(config.listen) {
        Ok(_) => Good(format!("{} is free to listen on.", config.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Remark(format!(
            "{} is in use, by a running server perhaps; if not, choose another with --listen.",
            config.listen
        )),
        Err(error) => {
            Bad(format!("Cannot listen on {}: {error}. Choose another with --listen.", config.listen))
        }
    }
}

fn database(config: &Config, thorough: bool) -> Finding {
    match store::check(&config.data.join(FILE_NAME), thorough) {
        Ok(problems) if problems.is_empty() => Good("The database is sound.".into()),
        Ok(problems) => Bad(format!(
            "The database is damaged: {}. Stop the server and run: haversack doctor --repair",
            problems.join("; ")
        )),
        Err(error) => Bad(error.message),
    }
}

/// Every record, as the engine reads it.
async fn records(config: &Config) -> Vec<Finding> {
    match super::repair::look(config).await {
        Ok(lines) if lines.is_empty() => vec![Good("Every record can be read.".into())],
        Ok(lines) => {
            let more = "Stop the server and run: haversack doctor --repair".to_owned();
            lines.into_iter().chain([more]).map(Bad).collect()
        }
        Err(error) => vec![Bad(format!("The records cannot be checked: {error}."))],
    }
}

async fn keys_present(config: &Config, instance: &Instance) -> Finding {
    match keys::list(instance).await {
        Ok(keys) if !keys.is_empty() => Good(format!("{} API keys exist.", keys.len())),
        Ok(_) if config.api_key.is_some() => Good("HAVERSACK_API_KEY will be the first key.".into()),
        Ok(_) if config.listen.ip().is_loopback() => {
            Remark("There is no API key yet; the first start makes one and shows it.".into())
        }
        Ok(_) => Bad(format!(
            "There is no API key yet, and {} can be reached from other machines: run `haversack keys create`.",
            config.listen
        )),
        Err(error) => Bad(format!("The keys cannot be read: {error}.")),
    }
}

async fn provider(instance: &Instance) -> Finding {
    let model = match instance.engine.settings().llm.resolve(None, None) {
        Ok(ChatModel::Http(model)) => model,
        Ok(ChatModel::Extractive) => {
            let text = "No language model is configured: answers are quoted from the documents. \
                        Set LLM_PROVIDER (ollama, openai, generic-openai, …) for more.";
            return Remark(text.into());
        }
        Ok(ChatModel::Host(_)) => {
            return Bad("LLM_PROVIDER=host: this server has no model of its own; choose another.".into());
        }
        Err(error) => return Bad(error.to_string()),
    };
    // Any answer at all will do: without the key it is a refusal.
    let request = HttpRequest {
        method: "GET".into(),
        url: model.base_url.clone(),
        headers: Vec::new(),
        body: Default::default(),
        trust: Trust::Operator,
        max_bytes: 1 << 20,
        head_timeout_ms: 5_000,
        idle_timeout_ms: 5_000,
    };
    match instance.host.effects().http.send(request).await {
        Ok(_) => Good(format!("The language model's server answers ({}).", model.provider.name)),
        Err(error) => Bad(format!("{}: {error}. Is it running? Is its address right?", model.provider.name)),
    }
}
