//! Reading the event log. There is no way to change it (reference §13).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::super::wire::iso;
use super::super::{Call, numbers};
use crate::model::User;
use crate::seam::{KeyRange, UnixMs};
use crate::store::{self, key};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Lines in one answer.
const LIMIT_MAX: u64 = 500;

/// A line, as `events::log` writes it.
#[derive(Deserialize)]
struct Line {
    id: u64,
    event: String,
    metadata: Value,
    user: Option<u64>,
    key: Option<u64>,
    occurred_at: UnixMs,
}

/// `POST /system/event-logs {offset?, limit?}`: page `offset` (from 0) of `limit` lines (10), newest first, as
/// AnythingLLM's web client asks for them.
pub async fn list_pages(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let page = numbers::whole(&fields, "offset", 0..=u64::MAX)?.unwrap_or(0);
    let limit = numbers::whole(&fields, "limit", 1..=LIMIT_MAX)?.unwrap_or(10);
    let skip = page.saturating_mul(limit);
    let (total, from) = count(&call, skip).await?;
    let lines = match from {
        Some(range) => read(&call, range, limit).await?,
        None => Vec::new(),
    };
    let rows = rows(&call, &lines).await?;
    let has_pages = total > skip.saturating_add(limit);
    Ok(Answer::ok(&json!({ "logs": rows, "hasPages": has_pages, "totalLogs": total })))
}

/// `GET /v1/system/event-logs?limit&before&event`: up to `limit` lines (100), newest first; `before` is the id
/// of the last line seen, `event` the name of the only events wanted.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let query = Fields::of_query(&call.request);
    let limit = numbers::whole(&query, "limit", 1..=LIMIT_MAX)?.unwrap_or(100);
    let mut range = key::events();
    if let Some(before) = numbers::id(&query, "before")? {
        range.end = key::event(before).min(range.end);
    }
    let wanted = query.string("event")?.filter(|name| !name.is_empty()).map(str::to_owned);
    let mut lines = Vec::new();
    let mut looked_at = 0;
    let mut more = true;
    // A rare event is not looked for through all of a long log at once: `next` says where to go on.
    while more && (lines.len() as u64) < limit && looked_at < 20 * LIMIT_MAX {
        let page = read(&call, range.clone(), LIMIT_MAX).await?;
        more = page.len() as u64 == LIMIT_MAX;
        looked_at += page.len() as u64;
        for line in page {
            if lines.len() as u64 == limit {
                more = true;
                break;
            }
            range.end = key::event(line.id);
            if wanted.as_ref().is_none_or(|name| *name == line.event) {
                lines.push(line);
            }
        }
    }
    let next = if more { key::trailing_id(&range.end) } else { None };
    Ok(Answer::ok(&json!({ "logs": rows(&call, &lines).await?, "next": next })))
}

/// How many lines there are, and the range that is left when the newest `skip` are not looked at.
async fn count(call: &Call, skip: u64) -> Result<(u64, Option<KeyRange>), ApiError> {
    const PAGE: u32 = 2000;
    let mut rest = key::events();
    let mut from = (skip == 0).then(|| rest.clone());
    let mut total = 0;
    loop {
        let keys = store::scan(&call.cx, rest.clone(), true, PAGE, true).await?;
        let within = skip.checked_sub(total + 1).and_then(|n| usize::try_from(n).ok());
        if let Some((last, _)) = within.and_then(|n| keys.get(n)) {
            from = Some(KeyRange { start: rest.start.clone(), end: last.clone() });
        }
        total += keys.len() as u64;
        match keys.last() {
            Some((last, _)) if keys.len() == PAGE as usize => rest.end = last.clone(),
            _ => return Ok((total, from)),
        }
    }
}

async fn read(call: &Call, range: KeyRange, limit: u64) -> Result<Vec<Line>, ApiError> {
    let lines = store::last_n::<Line>(&call.cx, range, u32::try_from(limit).unwrap_or(u32::MAX)).await?;
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

async fn rows(call: &Call, lines: &[Line]) -> Result<Vec<Value>, ApiError> {
    let names = user_names(call, lines.iter().filter_map(|line| line.user)).await?;
    let row = |line: &Line| {
        let user = line.user.and_then(|id| names.get(&id).map(|name| json!({ "id": id, "username": name })));
        json!({
            "id": line.id,
            "event": line.event,
            // JSON inside a string, as theirs.
            "metadata": line.metadata.to_string(),
            "userId": line.user,
            "occurredAt": iso(line.occurred_at),
            "user": user,
            "apiKeyId": line.key,
        })
    };
    Ok(lines.iter().map(row).collect())
}

/// The names of users by id; who was deleted has none.
pub(super) async fn user_names(
    call: &Call,
    ids: impl Iterator<Item = u64>,
) -> Result<BTreeMap<u64, String>, ApiError> {
    let ids: std::collections::BTreeSet<u64> = ids.collect();
    let mut names = BTreeMap::new();
    if ids.is_empty() {
        return Ok(names);
    }
    let keys = ids.iter().map(|id| key::user(*id)).collect();
    for user in store::get_many::<User>(&call.cx, keys).await?.into_iter().flatten() {
        names.insert(user.id, user.username);
    }
    Ok(names)
}
