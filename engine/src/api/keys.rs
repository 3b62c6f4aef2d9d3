//! Making, listing and revoking API keys.

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::wire::iso;
use super::{Call, Caller, auth, events};
use crate::model::{ApiKey, Scope, User, Workspace};
use crate::seam::{Cx, UnixMs};
use crate::store::{self, key, retry};
use crate::text::civil;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The alphabet of Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What a body may hold.
const FIELDS: [&str; 5] = ["name", "scopes", "workspaces", "expiresAt", "secret"];
/// Workspaces that a key may be limited to.
pub(super) const WORKSPACES_MAX: usize = 1000;

/// `POST /system/generate-api-key {name?, scopes?, workspaces?, expiresAt?}`: the only answer that ever
/// holds the secret.
///
/// `scopes` is a list of `read`, `chat`, `write`, `admin`; `workspaces` a list of slugs; `expiresAt` an ISO
/// date or time in the future. Without them a key may do everything, everywhere, for ever, so a body that is not
/// wholly understood makes none. A key that itself ends makes none that lasts longer.
///
/// A key belongs to the user who made it, also with another key of theirs, and is refused while that user may not
/// administer the instance. What the operator makes belongs to no user.
///
/// The operator may bring a `secret` of their own (`HAVERSACK_API_KEY`); bringing the same one twice
/// gives the key that is there.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::strict(&call.request, &FIELDS)?;
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
        None => generate(&call.cx),
    };
    let (scopes, workspaces) = (scopes(&fields)?, workspaces(&call, &fields).await?);
    let expires_at = expiry(&call, &fields)?;
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
            created_by: call.caller.owner(),
            created_with: call.cx.actor().key,
            scopes: scopes.clone(),
            workspaces: workspaces.clone(),
            expires_at,
        };
        tx.put(key::api_key(&hash), &record)?;
        tx.put(key::api_key_id(record.id), &hash)?;
        events::log(&call.cx, &mut tx, "api_key_created", json!({ "id": record.id, "name": record.name }))
            .await?;
        if tx.commit().await? {
            break record;
        }
    };
    let mut row = rows(&call, &[(record, None)]).await?.pop().unwrap_or_default();
    row["secret"] = secret.into();
    Ok(Answer::ok(&json!({ "apiKey": row, "error": null })))
}

/// `GET /system/api-keys`: without their secrets, which are not kept.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let hashes = store::all::<String>(&call.cx, key::api_key_ids()).await?;
    let place = |of: fn(&str) -> crate::seam::Key| hashes.iter().map(|(_, hash)| of(hash)).collect();
    let records = store::get_many::<ApiKey>(&call.cx, place(key::api_key)).await?;
    let used = store::get_many::<UnixMs>(&call.cx, place(key::api_key_used)).await?;
    let records: Vec<_> =
        records.into_iter().zip(used).filter_map(|(record, used)| Some((record?, used))).collect();
    Ok(Answer::ok(&json!({ "apiKeys": rows(&call, &records).await?, "error": null })))
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
        tx.delete(key::api_key_used(&hash));
        tx.delete(key::api_key_id(id));
        events::log(&call.cx, &mut tx, "api_key_revoked", json!({ "id": id })).await?;
        if tx.commit().await? {
            return Ok(Answer::text(200, ""));
        }
    }
}

/// Four groups of seven: the shape that existing clients insist on (reference §2). 140 random bits.
pub(super) fn generate(cx: &Cx) -> String {
    let mut bytes = [0; 28];
    cx.random(&mut bytes);
    let digits: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    digits.chunks(7).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

fn scopes(fields: &Fields) -> Result<Option<BTreeSet<Scope>>, ApiError> {
    let wrong = || ApiError::field("scopes", "a list of some of read, chat, write and admin");
    let names = match fields.get("scopes") {
        None => return Ok(None),
        Some(Value::Array(names)) if !names.is_empty() => names,
        Some(_) => return Err(wrong()),
    };
    let scope = |name: &Value| name.as_str().and_then(Scope::parse).ok_or_else(wrong);
    Ok(Some(names.iter().map(scope).collect::<Result<_, _>>()?))
}

async fn workspaces(call: &Call, fields: &Fields) -> Result<Option<BTreeSet<u64>>, ApiError> {
    let wrong = || ApiError::field("workspaces", "a list of slugs of workspaces");
    let slugs = match fields.get("workspaces") {
        None => return Ok(None),
        Some(Value::Array(slugs)) if !slugs.is_empty() && slugs.len() <= WORKSPACES_MAX => slugs,
        Some(_) => return Err(wrong()),
    };
    let mut ids = BTreeSet::new();
    for slug in slugs {
        let slug = slug.as_str().ok_or_else(wrong)?;
        let found = call.workspace_by_slug(slug).await?;
        ids.insert(found.ok_or_else(|| ApiError::unknown_workspace(slug))?.id);
    }
    Ok(Some(ids))
}

fn expiry(call: &Call, fields: &Fields) -> Result<Option<UnixMs>, ApiError> {
    let own = match &call.caller {
        Caller::Key(own) => own.expires_at,
        _ => None,
    };
    let Some(value) = fields.get("expiresAt") else { return Ok(own) };
    let at = value.as_str().and_then(civil::parse).map(UnixMs).filter(|at| *at > call.cx.now());
    let at = at.ok_or_else(|| ApiError::field("expiresAt", "a date or time to come, e.g. 2030-12-31"))?;
    match own {
        Some(own) if at > own => {
            Err(ApiError::new(Code::Forbidden, "A key makes no key that lasts longer than itself."))
        }
        _ => Ok(Some(at)),
    }
}

/// Keys as clients know them, with what ours can do beside it.
async fn rows(call: &Call, records: &[(ApiKey, Option<UnixMs>)]) -> Result<Vec<Value>, ApiError> {
    let ids = records.iter().flat_map(|(key, _)| key.workspaces.iter().flatten());
    let ids: BTreeSet<u64> = ids.copied().collect();
    let found = store::get_many::<Workspace>(&call.cx, ids.into_iter().map(key::workspace).collect()).await?;
    let slugs = store::by_id(found.into_iter().flatten().map(|w| (w.id, w.slug)));
    let ids: BTreeSet<u64> = records.iter().filter_map(|(key, _)| key.created_by).collect();
    let found = store::get_many::<User>(&call.cx, ids.into_iter().map(key::user).collect()).await?;
    let names = store::by_id(found.into_iter().flatten().map(|u| (u.id, u.username)));
    let row = |(record, used): &(ApiKey, Option<UnixMs>)| {
        let owner = record.created_by.map(|id| json!({ "id": id, "username": names.get(&id) }));
        let scopes = record.scopes.as_ref().map(|s| s.iter().map(|s| s.name()).collect::<Vec<_>>());
        let workspaces =
            record.workspaces.as_ref().map(|w| w.iter().filter_map(|id| slugs.get(id)).collect::<Vec<_>>());
        json!({
            "id": record.id,
            "name": record.name,
            "secret": null,
            "hint": record.hint,
            "createdBy": owner,
            "createdWith": record.created_with,
            "createdAt": iso(record.created_at),
            "lastUpdatedAt": iso(record.created_at),
            "scopes": scopes,
            "workspaces": workspaces,
            "expiresAt": record.expires_at.map(iso),
            "lastUsedAt": used.map(iso),
        })
    };
    Ok(records.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{START, TestHost, json_request};

    fn made(host: &mut TestHost, body: &Value) -> (String, Value) {
        let key = host.call("POST", "/system/generate-api-key", body).ok()["apiKey"].clone();
        (key["secret"].as_str().unwrap().to_owned(), key)
    }

    fn status(host: &mut TestHost, secret: &str, method: &str, path: &str, body: Value) -> u16 {
        host.call_with(secret, json_request(method, path, &body)).status
    }

    #[test]
    fn a_key_is_what_it_was_made_to_be() {
        let mut host = TestHost::new(&[]);
        host.workspace("Mine");
        host.workspace("Theirs");
        let body = json!({ "name": "n", "scopes": ["read", "chat"], "workspaces": ["mine"], "expiresAt": "2023-12-01" });
        let (secret, row) = made(&mut host, &body);
        assert_eq!(row["scopes"], json!(["read", "chat"]));
        assert_eq!(row["workspaces"], json!(["mine"]));
        assert_eq!(row["expiresAt"], "2023-12-01T00:00:00.000Z");
        assert_eq!(status(&mut host, &secret, "GET", "/v1/workspace/mine/chats", json!({})), 200);
        assert_eq!(status(&mut host, &secret, "GET", "/v1/workspace/theirs/chats", json!({})), 400);
        assert_eq!(status(&mut host, &secret, "POST", "/v1/workspace/mine/update", json!({})), 403);
        host.now = UnixMs(1_701_388_800_000);
        assert_eq!(status(&mut host, &secret, "GET", "/v1/auth", json!({})), 403);
    }

    #[test]
    fn nonsense_makes_no_key() {
        let mut host = TestHost::new(&[]);
        for body in [
            json!({ "scopes": [] }),
            json!({ "scopes": "read" }),
            json!({ "scopes": ["root"] }),
            json!({ "workspaces": ["nowhere"] }),
            json!({ "workspaces": [] }),
            json!({ "expiresAt": "2020-01-01" }),
            json!({ "expiresAt": "soon" }),
            json!({ "expiresAt": "" }),
            json!({ "expiresAt": 4_102_444_800_000u64 }),
            // A field that is there limits the key or is refused.
            json!({ "scopes": null }),
            json!({ "workspaces": null }),
            json!({ "expiresAt": null }),
            json!({ "scopes": ["read", null] }),
            json!({ "scopes": { "read": true } }),
            json!({ "scope": ["read"] }),
            json!({ "Scopes": ["read"] }),
            json!({ "expiresat": "2030-01-01" }),
            json!({ "name": 5 }),
            json!([]),
            json!([{ "scopes": ["read"] }]),
        ] {
            for path in ["/system/generate-api-key", "/admin/generate-api-key", "/Admin/Generate-API-Key/"] {
                assert_eq!(host.call("POST", path, &body).status, 400, "{body}");
            }
        }
        let mut form = json_request("POST", "/system/generate-api-key", &json!({ "scopes": ["read"] }));
        form.headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
        assert_eq!(host.call_with_request(form).status, 415);
        let asked = host.call("POST", "/system/generate-api-key?scopes=read", &json!(null));
        assert_eq!(asked.status, 400, "{asked:?}");
        assert!(host.keys("key/").is_empty());
    }

    #[test]
    fn no_body_makes_a_key_without_limits_as_clients_ask_for_it() {
        let mut host = TestHost::new(&[]);
        for (media, body) in
            [("", ""), ("application/json", ""), ("application/json", "{}"), ("text/plain", "{}")]
        {
            let mut request = json_request("POST", "/system/generate-api-key", &json!(null));
            request.headers = vec![("content-type".into(), media.into())];
            request.body = body.into();
            let made = host.call_with_request(request).ok();
            assert_eq!(made["apiKey"]["scopes"], Value::Null, "{media} {body}");
        }
    }

    #[test]
    fn no_key_makes_one_that_is_more_than_itself() {
        let mut host = TestHost::new(&[]);
        host.workspace("Mine");
        let new = "/system/generate-api-key";
        let (writer, _) = made(&mut host, &json!({ "scopes": ["write"] }));
        assert_eq!(status(&mut host, &writer, "POST", new, json!({})), 403);
        let (limited, _) = made(&mut host, &json!({ "scopes": ["admin"], "workspaces": ["mine"] }));
        for path in [new, "/admin/generate-api-key"] {
            assert_eq!(status(&mut host, &limited, "POST", path, json!({})), 403);
        }
        let (ending, _) = made(&mut host, &json!({ "expiresAt": "2023-12-01" }));
        assert_eq!(status(&mut host, &ending, "POST", new, json!({ "expiresAt": "2023-12-02" })), 403);
        assert_eq!(status(&mut host, &ending, "POST", new, json!({ "secret": "chosen-secret" })), 403);
        let heir = host.call_with(&ending, json_request("POST", new, &json!({}))).ok();
        assert_eq!(heir["apiKey"]["expiresAt"], "2023-12-01T00:00:00.000Z");
    }

    #[test]
    fn the_last_use_is_noted_now_and_then_and_never_in_the_way() {
        let mut host = TestHost::new(&[]);
        let (secret, row) = made(&mut host, &json!({}));
        assert_eq!(row["lastUsedAt"], Value::Null);
        let last = |host: &mut TestHost| {
            host.call("GET", "/admin/api-keys", &json!(null)).ok()["apiKeys"][0]["lastUsedAt"].clone()
        };
        assert_eq!(status(&mut host, &secret, "GET", "/v1/auth", json!({})), 200);
        let first = last(&mut host);
        assert_eq!(first, iso(START));
        host.now = START.plus(5 * 60_000);
        assert_eq!(status(&mut host, &secret, "GET", "/v1/auth", json!({})), 200);
        assert_eq!(last(&mut host), first);
        host.now = START.plus(11 * 60_000);
        host.fault = Box::new(|effect| {
            let full = crate::seam::HostError::new(crate::seam::HostErrorKind::Full, "full");
            crate::testing::is_commit(effect).then_some(full)
        });
        assert_eq!(status(&mut host, &secret, "GET", "/v1/auth", json!({})), 200);
        assert_eq!(last(&mut host), first);
        host.fault = Box::new(|_| None);
        assert_eq!(status(&mut host, &secret, "GET", "/v1/auth", json!({})), 200);
        assert_ne!(last(&mut host), first);
        assert_eq!(host.call("DELETE", "/admin/delete-api-key/1", &json!(null)).status, 200);
        assert!(host.keys("key").is_empty());
    }
}
