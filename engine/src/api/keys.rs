//! Making, listing and revoking API keys.

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::wire::iso;
use super::{Call, Caller, auth, events};
use crate::model::ApiKey;
use crate::store::{self, key, retry};
use serde_json::{Value, json};

/// The alphabet of Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `POST /system/generate-api-key {name?}`: the only answer that ever holds the secret.
///
/// The operator may bring a `secret` of their own (`HAVERSACK_API_KEY`); bringing the same one twice
/// gives the key that is there.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let name = fields.string("name")?.map(|name| name.chars().take(255).collect::<String>());
    let secret = match fields.string("secret")? {
        Some(secret) if call.caller == Caller::Operator => {
            if secret.len() < 8 || !secret.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(ApiError::field("secret", "at least 8 printable ASCII characters, no spaces"));
            }
            secret.to_owned()
        }
        Some(_) => {
            return Err(ApiError::new(Code::Forbidden, "Only the operator may choose a key's secret."));
        }
        None => generate(&call),
    };
    let hash = auth::hash(&secret);
    let mut attempts = retry(&call.cx);
    let record = loop {
        let mut tx = attempts.next().await?;
        if let Some(known) = tx.get::<ApiKey>(key::api_key(&hash)).await? {
            break known;
        }
        let record = ApiKey {
            id: store::next_id(&call.cx, "key").await?,
            name: name.clone(),
            hint: secret.chars().skip(secret.chars().count().saturating_sub(4)).collect(),
            created_at: call.cx.now(),
            created_by: call.cx.actor().user,
            scopes: None,
            workspaces: None,
            expires_at: None,
        };
        tx.put(key::api_key(&hash), &record)?;
        tx.put(key::api_key_id(record.id), &hash)?;
        events::log(&call.cx, &mut tx, "api_key_created", json!({ "id": record.id, "name": record.name }))
            .await?;
        if tx.commit().await? {
            break record;
        }
    };
    let mut row = row(&record);
    row["secret"] = secret.into();
    Ok(Answer::ok(&json!({ "apiKey": row, "error": null })))
}

/// `GET /system/api-keys`: without their secrets, which are not kept.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let hashes = store::all::<String>(&call.cx, key::api_key_ids()).await?;
    let keys = hashes.iter().map(|(_, hash)| key::api_key(hash)).collect();
    let records = store::get_many::<ApiKey>(&call.cx, keys).await?;
    let rows: Vec<Value> = records.iter().flatten().map(row).collect();
    Ok(Answer::ok(&json!({ "apiKeys": rows, "error": null })))
}

/// `DELETE /system/api-key/:id`.
pub async fn revoke(call: Call) -> Result<Answer, ApiError> {
    let id = call.param(0).parse().map_err(|_| ApiError::field("id", "a number"))?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(hash) = tx.get::<String>(key::api_key_id(id)).await? else {
            return Err(ApiError::new(Code::NotFound, format!("No API key has the id {id}.")));
        };
        tx.delete(key::api_key(&hash));
        tx.delete(key::api_key_id(id));
        events::log(&call.cx, &mut tx, "api_key_revoked", json!({ "id": id })).await?;
        if tx.commit().await? {
            return Ok(Answer::text(200, ""));
        }
    }
}

/// Four groups of seven: the shape that existing clients insist on (reference §2). 140 random bits.
fn generate(call: &Call) -> String {
    let mut bytes = [0; 28];
    call.cx.random(&mut bytes);
    let digits: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    digits.chunks(7).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn row(record: &ApiKey) -> Value {
    json!({
        "id": record.id,
        "name": record.name,
        "secret": null,
        "hint": record.hint,
        "createdBy": null,
        "createdAt": iso(record.created_at),
        "lastUpdatedAt": iso(record.created_at),
    })
}
