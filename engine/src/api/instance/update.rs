//! `POST /v1/system/update-env {SettingKey: "value", …}` (reference §12.2).
//!
//! Values go into the instance's record, by the names of the variables that [`settings_table`] gives them: no
//! file and no environment is written, so nothing that a client sends can become a variable of a process.
//!
//! [`settings_table`]: super::settings_table

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, events};
use super::destinations::Stray;
use super::settings_table::Setting;
use super::view::{MASK, without_password};
use super::{checks, probe, reset};
use crate::Engine;
use crate::model::Instance;
use crate::store::{key, retry};
use serde_json::{Map, Value, json};

/// All values together, in bytes: the record is read with every call.
const RECORD_BYTES_MAX: usize = 64 << 10;

/// Changes settings, which are in effect with the next call.
///
/// The first value that does not pass ends it; those before it stay changed, and `error` says why, with status
/// 200. An embedder that would make the stored vectors useless is taken only with `"confirmReset": true`, which
/// takes all documents out of all workspaces. An address that would get a key that is stored for another one is taken
/// only with the key; nothing is changed otherwise.
pub async fn update_env(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let wanted = wanted(&fields)?;
    let confirmed = match fields.get("confirmReset") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(confirmed)) => *confirmed,
        Some(_) => return Err(ApiError::field("confirmReset", "true or false")),
    };
    let mut attempts = retry(&call.cx);
    let (done, engine) = loop {
        let mut tx = attempts.next().await?;
        let old = tx.get::<Instance>(key::instance()).await?.unwrap_or_default();
        let mut done = Done::of(&old, &wanted);
        let before = call.engine.set_up_by(&old);
        if let Some(stray) = done.strays(&call.engine, &before).first() {
            done = Done { error: Some(stray.refusal()), ..Done::of(&old, &[]) };
        }
        let other_embedder = |done: &Done| is_other(&before, &call.engine.set_up_by(&done.instance));
        let mut reset = None;
        if other_embedder(&done) {
            let indexes = reset::indexes(&mut tx).await?;
            if !indexes.is_empty() && confirmed {
                reset = Some(indexes);
            } else if !indexes.is_empty() {
                done.keep_embedder(&old, &before, indexes.rows());
            }
        }
        if done.instance == old {
            break (done, None);
        }
        if let Some(indexes) = &reset {
            indexes.remove(&mut tx);
            let metadata = json!({ "reason": "System vector configuration changed" });
            events::log(&call.cx, &mut tx, "workspace_vectors_reset", metadata).await?;
        }
        tx.put(key::instance(), &done.instance)?;
        let engine = call.engine.set_up_by(&done.instance);
        for (event, metadata) in done.events(&engine) {
            events::log(&call.cx, &mut tx, event, metadata).await?;
        }
        if tx.commit().await? {
            reset.iter().for_each(|indexes| indexes.forget(&call));
            break (done, Some(engine));
        }
    };
    let mut warnings = done.warnings.clone();
    if let Some(engine) = engine {
        let changed: Vec<&Setting> = done.changed.iter().map(|(setting, _)| *setting).collect();
        // The change stands, and nobody waits for what is said of it when the client has gone.
        let told = call.cx.while_connected(probe::warnings(&call.cx, &engine, &changed)).await;
        warnings.extend(told.unwrap_or_default());
    }
    Ok(done.answer(&warnings))
}

/// What the body asks for, in its order.
///
/// # Errors
/// `Code::InvalidField` for a value that is no string: nothing has been changed then.
fn wanted(fields: &Fields) -> Result<Vec<(String, String)>, ApiError> {
    let named = fields.iter().filter(|(name, _)| *name != "confirmReset");
    let text = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        _ if Setting::by_key(name).is_some() => Err(ApiError::field(name, "a string")),
        _ => Ok((name.clone(), String::new())),
    };
    named.map(text).collect()
}

/// The engine as these settings would make it, and what there is to say of them; nothing is changed. Stored secrets
/// are left out where they would go to another address.
///
/// # Errors
/// [`Code::InvalidField`] and why the first value that does not pass does not.
pub(super) fn as_if(call: &Call, settings: &Fields) -> Result<(Engine, Vec<String>), ApiError> {
    let done = Done::of(&call.instance, &wanted(settings)?);
    if let Some(problem) = done.error {
        return Err(ApiError::new(Code::InvalidField, problem));
    }
    let strays = done.strays(&call.engine, &call.engine.set_up_by(&call.instance));
    let mut instance = done.instance;
    // An empty value covers also what the environment of the process says.
    instance.env.extend(strays.iter().map(|stray| (stray.var.to_owned(), String::new())));
    Ok((call.engine.set_up_by(&instance), strays.iter().map(Stray::warning).collect()))
}

/// Vectors can be compared only if engine, model and dimensions are the same.
fn is_other(before: &Engine, after: &Engine) -> bool {
    let of = |engine: &Engine| {
        let embedder = engine.embedder();
        let dimensions = engine.settings().vars.get("EMBEDDING_OUTPUT_DIMENSIONS").map(str::to_owned);
        (embedder.engine().to_owned(), embedder.model_name().to_owned(), dimensions)
    };
    of(before) != of(after)
}

/// What came of the settings.
struct Done {
    instance: Instance,
    changed: Vec<(&'static Setting, String)>,
    error: Option<String>,
    warnings: Vec<String>,
}

impl Done {
    fn of(old: &Instance, wanted: &[(String, String)]) -> Done {
        let mut done = Done { instance: old.clone(), changed: Vec::new(), error: None, warnings: Vec::new() };
        for (name, value) in wanted {
            if value.contains(MASK) {
                continue;
            }
            if matches!(name.as_str(), "AuthToken" | "JWTSecret") {
                done.error = Some("Cannot set this setting.".to_owned());
                break;
            }
            let Some(setting) = Setting::by_key(name) else {
                let name: String = name.chars().take(64).collect();
                done.warnings.push(format!("{name:?} is not a setting of this server and was ignored."));
                continue;
            };
            if let Some(problem) = checks::problem(setting.checks, value) {
                done.error = Some(problem);
                break;
            }
            let mut env = done.instance.env.clone();
            env.insert(setting.var.to_owned(), value.clone());
            if env.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > RECORD_BYTES_MAX {
                done.error = Some("The settings are too long together.".to_owned());
                break;
            }
            done.instance.env = env;
            done.changed.retain(|(known, _)| known.key != setting.key);
            done.changed.push((setting, value.clone()));
        }
        done.warnings.truncate(20);
        done
    }

    /// The stored secrets that would go to another address than `before`.
    fn strays(&self, engine: &Engine, before: &Engine) -> Vec<Stray> {
        let came: Vec<&Setting> = self.changed.iter().map(|(setting, _)| *setting).collect();
        Stray::all(before.settings(), engine.set_up_by(&self.instance).settings(), &came)
    }

    /// Takes back what would have changed the embedder.
    fn keep_embedder(&mut self, old: &Instance, before: &Engine, rows: u64) {
        let taken_back = self.changed.extract_if(.., |(setting, _)| setting.is_of_embedder());
        for (setting, _) in taken_back {
            match old.env.get(setting.var) {
                Some(value) => self.instance.env.insert(setting.var.to_owned(), value.clone()),
                None => self.instance.env.remove(setting.var),
            };
        }
        let (embedder, chunks) = (before.embedder(), if rows == 1 { "chunk" } else { "chunks" });
        self.error.get_or_insert(format!(
            "{rows} {chunks} came from the embedder {} {}, and vectors of another one cannot be compared with \
             theirs: the embedder was not changed. To change it, send \"confirmReset\": true as well. That takes \
             all documents out of all workspaces; the documents stay, and can be added again.",
            embedder.engine(),
            embedder.model_name(),
        ));
    }

    /// Lines for the event log: theirs, and one that names what changed. Never a value that may be secret.
    fn events(&self, engine: &Engine) -> Vec<(&'static str, Value)> {
        let has = |key: &str| self.changed.iter().any(|(setting, _)| setting.key == key);
        let mut events = Vec::new();
        if has("LLMProvider") {
            events.push(("update_llm_provider", json!({ "provider": engine.settings().llm.provider_id() })));
        }
        if has("EmbeddingEngine") || has("EmbeddingModelPref") {
            let embedder = engine.embedder();
            let metadata = json!({ "engine": embedder.engine(), "model": embedder.model_name() });
            events.push(("update_embedding_engine", metadata));
        }
        if has("VectorDB") {
            events.push(("update_vector_db", json!({ "vectorDb": "lancedb" })));
        }
        let keys: Vec<&str> = self.changed.iter().map(|(setting, _)| setting.key).collect();
        events.push(("settings_updated", json!({ "keys": keys })));
        events
    }

    fn answer(&self, warnings: &[String]) -> Answer {
        let shown = |(setting, value): &(&Setting, String)| {
            let value = if setting.is_secret() { MASK.to_owned() } else { without_password(value) };
            (setting.key.to_owned(), Value::String(value))
        };
        let values: Map<String, Value> = self.changed.iter().map(shown).collect();
        let error = self.error.clone().map_or(Value::Bool(false), Value::String);
        let mut body = json!({ "newValues": values, "error": error });
        if !warnings.is_empty() {
            body["warnings"] = json!(warnings);
        }
        Answer::ok(&body)
    }
}
